"""Logs over a real chain: each is read once when it is settled, none is lost, and none outlives its block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest
import requests
from eth_utils.crypto import keccak
from web3 import Web3

from headwater.chain.asking import chunks, endpoints, told
from headwater.chain.asking.rpc import Chain, connect
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError, StorageError
from headwater.journal import logs as journal_logs
from headwater.journal.database import Database
from headwater.protocol.decisions import Done, Wait
from tests.support import proxy
from tests.support.anvil import Anvil, run_anvil
from tests.support.proxy import FaultProxy, run_proxy
from tests.support.roles import AGGREGATOR, CHALLENGER

SPEAKER = Web3.to_checksum_address("0x" + "51" * 20)
LOGS_ITS_INPUT = "0x366000600037602035600035366000a200"
"""Code: log the input, with its first two words as topics."""

TOPICS = [keccak(text=f"Event{i}()") for i in range(7)]
TASK = bytes(31) + b"\x07"
MANY = 1_226  # blocks


@pytest.fixture
def anvil(tmp_path) -> Iterator[Anvil]:
    with run_anvil(tmp_path / "anvil.log") as anvil:
        begin(anvil)
        yield anvil


@pytest.fixture
def proxies(anvil) -> Iterator[list[FaultProxy]]:
    """Two ways to the chain."""
    with ExitStack() as stack:
        yield [stack.enter_context(run_proxy(anvil.url)) for _ in range(2)]


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Iterator[Anvil]:
    """A chain with every kind of event three times among many blocks."""
    with run_anvil(tmp_path_factory.mktemp("long") / "anvil.log") as anvil:
        begin(anvil)
        for _ in range(3):
            for topic in TOPICS:
                say(anvil, topic)
            mine(anvil, MANY // 3)
        yield anvil


def begin(anvil: Anvil) -> None:
    anvil.web3.provider.make_request("anvil_setCode", [SPEAKER, LOGS_ITS_INPUT])


def mine(anvil: Anvil, blocks: int) -> None:
    anvil.web3.provider.make_request("anvil_mine", [hex(blocks)])


def say(anvil: Anvil, topic: bytes = TOPICS[0], text: bytes = b"") -> int:
    """Log a topic, of the task; the block's number."""
    data = topic + TASK + text
    sent = anvil.web3.eth.send_transaction({"from": anvil.accounts[0].address, "to": SPEAKER, "data": data})
    return anvil.web3.eth.wait_for_transaction_receipt(sent)["blockNumber"]


def watching(*urls: str, journal: Database | None = None) -> Chain:
    """A chain that reads what is said."""
    chain = connect(urls)
    chain.watch([SPEAKER])
    if journal is not None:
        chain.keep_logs(journal)
    return chain


def look(chain: Chain, *topics: bytes) -> list[tuple[int, bytes]]:
    """Block and data of the logs with these topics, up to the newest block, as a role looks."""
    head = chain.block().number
    return [read for topic in topics for read in until(chain, head, topic)]


def until(chain: Chain, last: int, topic: bytes = TOPICS[0], first: int = 0) -> list[tuple[int, bytes]]:
    return [(log["blockNumber"], log["data"][64:]) for log in chain.logs(SPEAKER, [topic, TASK], first, last)]


def kept(journal: Database) -> int:
    """How many logs are kept, of all queries."""
    return journal.rows("SELECT count(*) FROM kept_logs")[0][0]


def settle(anvil: Anvil) -> None:
    mine(anvil, told.SETTLED)


class TestRequests:
    """What looks cost, with all widths ten times smaller than in earnest: many blocks take long to make."""

    CAP = 100  # blocks

    @pytest.fixture
    def one(self, long, monkeypatch) -> Iterator[FaultProxy]:
        for module, name in ((chunks, "MAX_WIDTH"), (told, "CATCH_UP"), (told, "SETTLED")):
            monkeypatch.setattr(module, name, getattr(module, name) // 10)
        with run_proxy(long.url) as one:
            yield one

    @pytest.mark.parametrize("cap", (CAP, MANY), ids=("capped", "free"))
    def test_look__after_another__asks_for_the_new_blocks_once_for_all_queries(self, long, one, cap):
        one.do(proxy.narrow(cap))
        chain = watching(one.url)
        before = look(chain, *TOPICS)
        for _ in range(3):
            say(long, TOPICS[3])
            one.asked.clear()
            found = look(chain, *TOPICS)

            assert len(found) == len(before) + 1
            before = found
            assert one.asked == ["eth_getBlockByNumber", "eth_getLogs"]
        assert found == look(watching(long.url), *TOPICS)

    def test_look__in_the_same_block_again__asks_for_no_logs(self, one):
        chain = watching(one.url)
        look(chain, *TOPICS)
        one.asked.clear()
        look(chain, *TOPICS)
        assert one.asked == ["eth_getBlockByNumber"]

    def test_look__for_as_long_as_blocks_come__stays_as_cheap(self, long, one):
        chain = watching(one.url)
        look(chain, *TOPICS)
        for _ in range(12):
            mine(long, told.SETTLED // 2)
            one.asked.clear()
            one.do(proxy.narrow(4 * told.SETTLED))
            look(chain, *TOPICS)
            assert one.asked.count("eth_getLogs") == 1
            assert len(one.asked) <= 4  # the newest block, the one seen last, at times one that is settled now

    def test_look__after_a_restart__asks_for_what_came_since_once_for_all_queries(self, long, one):
        one.do(proxy.narrow(self.CAP))
        journal = Database(None)
        before = look(watching(one.url, journal=journal), *TOPICS)
        first_asked = one.asked.count("eth_getLogs")
        for blocks in (0, 1, 3 * self.CAP):
            mine(long, blocks)
            one.asked.clear()
            assert look(watching(one.url, journal=journal), *TOPICS) == before
            assert one.asked.count("eth_getLogs") <= 1 + -(-blocks // (self.CAP // 2))
        assert first_asked > len(TOPICS) * MANY // self.CAP, "so that a restart would cost as much"

    def test_look__after_long__lets_each_query_go_on_by_itself(self, long, one, monkeypatch):
        monkeypatch.setattr(told, "CATCH_UP", 3 * told.SETTLED)
        journal = Database(None)
        before = look(watching(one.url, journal=journal), *TOPICS)
        say(long, TOPICS[3])
        mine(long, 6 * told.SETTLED)
        one.asked.clear()
        found = look(watching(one.url, journal=journal), *TOPICS)
        assert len(found) == len(before) + 1
        assert one.asked.count("eth_getLogs") == 1 + len(TOPICS)

    def test_query__of_blocks_that_are_not_settled__is_complete_for_nothing_when_they_are(self, long, one):
        chain = watching(one.url)
        start = chain.block().number + 1
        said = []
        for blocks in (0, 0, *[told.SETTLED] * 5):
            mine(long, blocks)
            said.append(say(long))
            one.asked.clear()
            assert [block for block, _ in until(chain, chain.block().number, first=start)] == said
            assert one.asked.count("eth_getLogs") == 1

    def test_first_look__at_a_node_that_caps_ranges__remembers_the_width_that_worked(self, one):
        one.do(proxy.narrow(self.CAP))
        chain = watching(one.url)
        one.asked.clear()
        look(chain, *TOPICS)

        blocks = -(-chain.block().number // 62)  # 1,000 blocks, halved until they are at most 100
        assert one.asked.count("eth_getLogs") <= 5 + len(TOPICS) * (blocks + 2)  # one of which tries a wider chunk


class TestFailures:
    """Only a range that was refused is halved."""

    @pytest.fixture(autouse=True)
    def hasty(self, monkeypatch):
        monkeypatch.setattr(endpoints, "ATTEMPTS", 1)

    @pytest.mark.parametrize(
        "fault",
        (proxy.drop, proxy.garbage, proxy.rate_limit, proxy.rate_limit_in_json, proxy.ill_formed),
        ids=("drops", "garbage", "rate", "rate in JSON", "ill-formed"),
    )
    def test_logs__when_the_node_fails__then_it_is_not_asked_again(self, proxies, fault):
        one, _ = proxies
        chain = watching(one.url)
        one.do(fault)
        one.asked.clear()
        with pytest.raises(ChainError):
            until(chain, 9000)
        assert set(one.asked) == {"eth_getLogs"}
        assert len(one.asked) == (2 if fault is proxy.drop else 1)  # a connection that was closed is opened anew

    def test_logs__when_the_node_does_not_answer_in_time__then_half_of_them_are_tried_once(self, proxies, monkeypatch):
        one, _ = proxies
        chain = watching(one.url)
        monkeypatch.setattr(endpoints, "TIMEOUT_SECONDS", 1.0)
        one.do(proxy.delay(3), "eth_getLogs")
        one.asked.clear()
        with pytest.raises(ChainError, match="in time"):
            until(chain, 9000)
        assert one.asked.count("eth_getLogs") == 2


def test_logs__up_to_a_block__are_those_up_to_it_whatever_is_known(anvil):
    said = [say(anvil), say(anvil), say(anvil)]
    settle(anvil)
    journal = Database(None)
    chain = watching(anvil.url, journal=journal)
    assert [block for block, _ in look(chain, TOPICS[0])] == said
    assert kept(journal) == 3

    for last in range(said[-1] + 1):
        assert [block for block, _ in until(chain, last)] == [block for block in said if block <= last]
    for first in range(said[-1] + 2):
        found = until(chain, said[-1] + 1, first=first)
        assert [block for block, _ in found] == [block for block in said if block >= first]


def test_logs__from_a_later_block_first__are_all_there_from_the_beginning_after(anvil):
    said = [say(anvil), say(anvil), say(anvil)]
    settle(anvil)
    journal = Database(None)
    chain = watching(anvil.url, journal=journal)
    head = chain.block().number

    assert [block for block, _ in until(chain, head, first=said[1])] == said[1:]
    assert [block for block, _ in until(chain, head)] == said
    assert kept(journal) == 3


def test_logs__of_which_only_the_first_is_read__are_all_there_the_next_time(anvil):
    said = [say(anvil), say(anvil), say(anvil)]
    settle(anvil)
    chain = watching(anvil.url)

    assert next(chain.logs(SPEAKER, [TOPICS[0], TASK], 0, chain.block().number))["blockNumber"] == said[0]
    assert [block for block, _ in look(chain, TOPICS[0])] == said


@pytest.mark.parametrize("depth", (3, 2 * told.SETTLED), ids=("shallow", "deep"))
@pytest.mark.parametrize("grown", (0, 5 * told.SETTLED), ids=("short", "long"))
def test_logs__of_blocks_that_the_chain_drops__are_gone_and_those_of_the_new_ones_are_there(anvil, depth, grown):
    say(anvil, text=b"stays")
    settle(anvil)
    snapshot = anvil.web3.provider.make_request("evm_snapshot", [])["result"]
    say(anvil, text=b"goes")
    mine(anvil, depth)
    chain = watching(anvil.url)
    assert [text for _, text in look(chain, TOPICS[0])] == [b"stays", b"goes"]

    anvil.web3.provider.make_request("evm_revert", [snapshot])
    mine(anvil, 1)
    say(anvil, text=b"comes")
    mine(anvil, depth + grown)

    for _ in range(2):
        assert [text for _, text in look(chain, TOPICS[0])] == [b"stays", b"comes"]
        mine(anvil, 1)


def test_logs__of_a_chain_that_goes_on_from_long_ago__are_those_of_the_new_blocks(anvil):
    """Every block was seen, so that the first new one is the child of a known one, far below what is settled."""
    mine(anvil, 5)
    chain = watching(anvil.url)
    look(chain, TOPICS[0])
    snapshot = anvil.web3.provider.make_request("evm_snapshot", [])["result"]
    for _ in range(2 * told.SETTLED - 3):
        say(anvil, text=b"goes")
        look(chain, TOPICS[0])
    anvil.web3.provider.make_request("evm_revert", [snapshot])
    for count in range(1, 4):
        say(anvil, text=b"comes")
        assert [text for _, text in look(chain, TOPICS[0])] == [b"comes"] * count
    mine(anvil, 3 * told.SETTLED)
    assert [text for _, text in look(chain, TOPICS[0])] == [b"comes"] * 3


@pytest.mark.parametrize("blocks", (1, 3 * told.SETTLED), ids=("short", "long"))
def test_logs__of_a_chain_that_is_replaced__are_not_those_of_the_other(anvil, proxies, tmp_path, blocks):
    one, _ = proxies
    say(anvil, text=b"old")
    settle(anvil)
    chain = watching(one.url)
    assert len(look(chain, TOPICS[0])) == 1
    with run_anvil(tmp_path / "other.log", "--timestamp", "1900000000") as other:
        begin(other)
        mine(other, blocks)
        one.do(lambda request, _: requests.post(other.url, json=request, timeout=30).json())

        assert look(chain, TOPICS[0]) == []
        say(other, text=b"new")
        assert [text for _, text in look(chain, TOPICS[0])] == [b"new"]


def test_logs__that_a_node_does_not_have__are_not_taken_for_none_when_another_is_asked(anvil, proxies):
    one, behind = proxies
    said = say(anvil)
    settle(anvil)
    chain = watching(one.url, behind.url)
    behind.do(proxy.result([]), "eth_getLogs")
    one.do(proxy.drop, "eth_getLogs", times=2)

    assert look(chain, TOPICS[0]) == []
    chain._endpoints.endpoints[0].backoff.worked()
    assert [block for block, _ in look(chain, TOPICS[0])] == [said]


def test_logs__that_a_node_has_left_out_by_mistake__are_there_when_a_reader_doubts(anvil, proxies):
    one, _ = proxies
    said = say(anvil)
    settle(anvil)
    journal = Database(None)
    chain = watching(one.url, journal=journal)
    one.do(proxy.result([]), "eth_getLogs")
    assert look(chain, TOPICS[0]) == []
    one.heal()
    assert look(chain, TOPICS[0]) == []

    chain.doubt_logs(8)
    assert look(chain, TOPICS[0]) == []
    chain.doubt_logs(7)
    assert [block for block, _ in look(chain, TOPICS[0])] == [said]
    assert look(watching(one.url, journal=journal), TOPICS[0]) == look(chain, TOPICS[0])


def test_logs__that_a_node_knows_later_than_their_block__are_there_in_the_next_and_for_good(anvil, proxies):
    one, _ = proxies
    chain = watching(one.url)
    assert look(chain, TOPICS[0]) == []
    said = say(anvil)
    one.do(proxy.result([]), "eth_getLogs", times=1)
    assert look(chain, TOPICS[0]) == []
    for blocks in (1, *[told.SETTLED // 2] * 6):
        mine(anvil, blocks)
        assert [block for block, _ in look(chain, TOPICS[0])] == [said]


def test_logs__that_are_too_many_to_keep__are_read_again(anvil, monkeypatch):
    monkeypatch.setattr("headwater.chain.asking.logs.MAX_IN_MEMORY", 10_000)
    monkeypatch.setattr(told, "MAX_CACHED", 3_000)
    for topic in TOPICS:
        for _ in range(4):
            say(anvil, topic, os.urandom(1000))
    settle(anvil)
    chain = watching(anvil.url)
    expected = look(watching(anvil.url), *TOPICS)
    for _ in range(4):
        assert look(chain, *TOPICS) == expected
        mine(anvil, told.SETTLED)
    rows = chain._logs._journal._database.rows("SELECT count(*), sum(size) FROM log_queries")[0]
    assert 0 < rows[0] < len(TOPICS)
    assert rows[1] <= 10_000


@pytest.mark.parametrize("most", (0, 5_000), ids=("none", "few"))
def test_logs__of_new_blocks_that_are_too_many_to_hold__are_read_for_each_query(anvil, monkeypatch, most):
    monkeypatch.setattr(told, "MAX_WINDOW", most)
    chain, said = watching(anvil.url), []
    for blocks in (0, 0, 1, *[told.SETTLED] * 3):
        mine(anvil, blocks)
        said += [say(anvil, text=bytes(1000)) for _ in range(3)]
        assert [block for block, _ in look(chain, TOPICS[0])] == said


def test_logs__that_nobody_reads_any_more__go_from_the_journal(anvil, monkeypatch):
    monkeypatch.setattr(journal_logs, "UNUSED", 2 * told.SETTLED)
    journal = Database(None)
    say(anvil, TOPICS[0])
    say(anvil, TOPICS[1])
    settle(anvil)
    chain = watching(anvil.url, journal=journal)
    look(chain, *TOPICS[:2])
    for _ in range(6):
        assert kept(journal) in (1, 2)
        mine(anvil, told.SETTLED)
        look(chain, TOPICS[0])
    assert kept(journal) == 1
    assert len(look(chain, *TOPICS[:2])) == 2


def test_logs_since__a_block__are_all_logs_after_it_or_unknown(anvil):
    chain = watching(anvil.url)
    said = [say(anvil, topic) for topic in TOPICS]
    head = chain.block().number
    assert [log["blockNumber"] for log in chain.logs_since(said[2])] == said[3:]
    assert chain.logs_since(head) == []
    assert all(log["topics"][1] == TASK for log in chain.logs_since(0))
    mine(anvil, 3 * told.SETTLED)
    head = chain.block().number
    assert chain.logs_since(head - 1) == chain.logs_since(head - told.SETTLED) == []
    assert chain.logs_since(said[2]) is None


def test_challengers_look__a_block_after_another__asks_for_logs_once_however_old_the_task_is(aggregating):
    """One query for all, though its events may be as old as the deployment, and a node gives few blocks at once."""
    cap, old = 2 * told.SETTLED, 10 * told.SETTLED
    mine(aggregating.anvil, old)
    with run_proxy(aggregating.anvil.url) as one:
        one.do(proxy.narrow(cap))
        task = replace(aggregating.task, contracts=open_contracts(connect(one.url), aggregating.folder / "deployments"))
        task.__dict__.update(train=aggregating.task.train, average=aggregating.task.average)
        challenger, chain = aggregating.challenger(task=task), task.contracts.chain
        costs = []
        for _ in range(3):
            one.asked.clear()
            challenger.decide(chain.block())
            costs.append(one.asked.count("eth_getLogs"))
            mine(aggregating.anvil, 1)

    first, second, third = costs
    assert second == third == 1
    assert first > old // cap, "so that a second look would cost as much"


def test_round__of_a_node_of_all_roles__asks_for_logs_once_a_block(enrolled):
    """However many queries its roles make, and however old the chain is."""
    world = enrolled
    mine(world.anvil, 5 * told.SETTLED)
    with run_proxy(world.anvil.url) as one:
        one.do(proxy.narrow(1000))
        contracts = open_contracts(connect(one.url), world.folder / "deployments")
        task, chain = replace(world.task, contracts=contracts), contracts.chain
        task.__dict__.update(train=world.task.train, average=world.task.average)
        roles = [world.trainer(0, task), world.aggregator(task=task), world.challenger(task=task)]
        for role, account in zip(roles, (1, AGGREGATOR, CHALLENGER), strict=True):
            role.sender = Sender(chain, world.anvil.accounts[account])
        others = [world.trainer(1), world.trainer(2)]
        begun, seen = chain.block().number, set()
        for role in roles:
            role.decide(chain.block())
        first = one.asked.count("eth_getLogs")
        one.asked.clear()
        while world.rounds.get_state(world.task_id).round == 1:
            block, acted = chain.block(), False
            seen.add(block.number)
            for role in [*others, *roles]:
                with suppress(StorageError):  # updates come a moment after the masks
                    action = role.decide(world.chain.block() if role in others else block)
                    if not isinstance(action, (Wait, Done)):
                        role.act(action)
                        acted = True
                        break
            if not acted and not world.pass_seed_block():
                world.pass_deadline()
        blocks = chain.block().number - begun
    assert world.models.latest(world.task_id).round == 1
    assert len(seen) > 8
    assert one.asked.count("eth_getLogs") <= blocks + 8, "of what is settled, one for each kind of event that is new"
    assert first <= 10


def test_logs__that_another_endpoint_told__are_not_taken_for_the_firsts_which_answers_another_thread(anvil, proxies):
    """Right after the second endpoint has told a thread that there are none, the first answers another thread."""
    one, other = proxies
    said = say(anvil)
    settle(anvil)
    chain = watching(one.url, other.url)
    first, ask = chain._endpoints.endpoints[0], chain._logs._ask_node

    with ThreadPoolExecutor(1) as thread:

        def ask_while_another_thread_looks(*asked):
            found = ask(*asked)
            first.backoff.worked()
            thread.submit(chain.block).result()
            return found

        chain._logs._ask_node = ask_while_another_thread_looks
        one.do(proxy.drop, "eth_getLogs")
        other.do(proxy.result([]), "eth_getLogs")
        assert look(chain, TOPICS[0]) == []
    chain._logs._ask_node = ask
    one.heal()
    other.heal()
    first.backoff.worked()
    assert [block for block, _ in look(chain, TOPICS[0])] == [said]
