"""Logs over a real chain: each is read once when it is settled, none is lost, and none outlives its block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests
from eth_utils.crypto import keccak
from web3 import Web3

from headwater.chain.asking import endpoints
from headwater.chain.asking import logs as chain_logs
from headwater.chain.asking.rpc import Chain, connect
from headwater.chain.contracts.opened import open_contracts
from headwater.errors import ChainError
from tests.support import proxy
from tests.support.anvil import Anvil, run_anvil
from tests.support.proxy import FaultProxy, run_proxy

SPEAKER = Web3.to_checksum_address("0x" + "51" * 20)
LOGS_ITS_INPUT = "0x366000600037600035366000a100"
"""Code: log the input, with its first word as topic."""

TOPICS = [keccak(text=f"Event{i}()") for i in range(7)]
MANY = 1_226  # blocks
QUERIES = 7  # that a challenger's look makes at most while nothing is wrong


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
    """Log a topic; the block's number."""
    sent = anvil.web3.eth.send_transaction({"from": anvil.accounts[0].address, "to": SPEAKER, "data": topic + text})
    return anvil.web3.eth.wait_for_transaction_receipt(sent)["blockNumber"]


def look(chain: Chain, *topics: bytes) -> list[tuple[int, bytes]]:
    """Block and data of the logs with these topics, up to the newest block, as a role looks."""
    head = chain.block().number
    return [read for topic in topics for read in until(chain, head, topic)]


def until(chain: Chain, last: int, topic: bytes = TOPICS[0], first: int = 0) -> list[tuple[int, bytes]]:
    return [(log["blockNumber"], bytes(log["data"])) for log in chain.logs(SPEAKER, [topic], first, last)]


def kept(chain: Chain) -> int:
    return sum(len(each.logs) for each in chain._logs._kept.values())


def settle(anvil: Anvil) -> None:
    mine(anvil, chain_logs.SETTLED)


class TestRequests:
    """What looks cost, with all widths ten times smaller than in earnest: many blocks take long to make."""

    CAP = 50  # blocks

    @pytest.fixture
    def one(self, long, monkeypatch) -> Iterator[FaultProxy]:
        monkeypatch.setattr(chain_logs, "MAX_CHUNK", chain_logs.MAX_CHUNK // 10)
        monkeypatch.setattr(chain_logs, "SETTLED", chain_logs.SETTLED // 10)
        with run_proxy(long.url) as one:
            yield one

    @pytest.mark.parametrize("cap", (CAP, MANY), ids=("capped", "free"))
    def test_look__after_another__asks_each_query_for_the_new_blocks_alone(self, long, one, cap):
        one.do(proxy.narrow(cap))
        chain = connect(one.url)
        before = look(chain, *TOPICS)
        for _ in range(3):
            say(long, TOPICS[3])
            one.asked.clear()
            found = look(chain, *TOPICS)

            assert len(found) == len(before) + 1
            before = found
            assert one.asked.count("eth_getLogs") == len(TOPICS)
            assert len(one.asked) == len(TOPICS) + 2  # the newest block, and whether the settled one still stands
        assert found == look(connect(long.url), *TOPICS)

    def test_look__for_as_long_as_blocks_come__stays_as_cheap(self, long, one):
        chain = connect(one.url)
        look(chain, *TOPICS)
        for _ in range(12):
            mine(long, chain_logs.SETTLED // 2)
            one.asked.clear()
            one.do(proxy.narrow(4 * chain_logs.SETTLED))
            look(chain, *TOPICS)
            assert len(one.asked) <= len(TOPICS) + 3

    def test_first_look__at_a_node_that_caps_ranges__remembers_the_width_that_worked(self, one):
        one.do(proxy.narrow(self.CAP))
        chain = connect(one.url)
        one.asked.clear()
        look(chain, *TOPICS)

        chunks = -(-chain.block().number // 31)  # 1,000 blocks, halved until they are at most 50
        assert one.asked.count("eth_getLogs") <= 5 + len(TOPICS) * (chunks + 2)  # one of which tries a wider chunk


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
        chain = connect(one.url)
        one.do(fault)
        one.asked.clear()
        with pytest.raises(ChainError):
            until(chain, 9000)
        assert set(one.asked) == {"eth_getLogs"}
        assert len(one.asked) == (2 if fault is proxy.drop else 1)  # a connection that was closed is opened anew

    def test_logs__when_the_node_does_not_answer_in_time__then_half_of_them_are_tried_once(self, proxies, monkeypatch):
        one, _ = proxies
        chain = connect(one.url)
        monkeypatch.setattr(endpoints, "TIMEOUT_SECONDS", 1.0)
        one.do(proxy.delay(3), "eth_getLogs")
        one.asked.clear()
        with pytest.raises(ChainError, match="in time"):
            until(chain, 9000)
        assert one.asked.count("eth_getLogs") == 2


def test_logs__up_to_a_block__are_those_up_to_it_whatever_is_known(anvil, proxies):
    said = [say(anvil), say(anvil), say(anvil)]
    settle(anvil)
    chain = connect(anvil.url)
    assert [block for block, _ in look(chain, TOPICS[0])] == said
    assert kept(chain) == 3

    for last in range(said[-1] + 1):
        assert [block for block, _ in until(chain, last)] == [block for block in said if block <= last]
    for first in range(said[-1] + 2):
        found = until(chain, said[-1] + 1, first=first)
        assert [block for block, _ in found] == [block for block in said if block >= first]


def test_logs__from_a_later_block_first__are_all_there_from_the_beginning_after(anvil):
    said = [say(anvil), say(anvil), say(anvil)]
    settle(anvil)
    chain = connect(anvil.url)
    head = chain.block().number

    assert [block for block, _ in until(chain, head, first=said[1])] == said[1:]
    assert [block for block, _ in until(chain, head)] == said
    assert kept(chain) == 3


def test_logs__of_which_only_the_first_is_read__are_all_there_the_next_time(anvil):
    said = [say(anvil), say(anvil), say(anvil)]
    settle(anvil)
    chain = connect(anvil.url)

    assert next(chain.logs(SPEAKER, [TOPICS[0]], 0, chain.block().number))["blockNumber"] == said[0]
    assert [block for block, _ in look(chain, TOPICS[0])] == said


@pytest.mark.parametrize("depth", (3, 2 * chain_logs.SETTLED), ids=("shallow", "deep"))
@pytest.mark.parametrize("grown", (0, 5 * chain_logs.SETTLED), ids=("short", "long"))
def test_logs__of_blocks_that_the_chain_drops__are_gone_and_those_of_the_new_ones_are_there(anvil, depth, grown):
    say(anvil, text=b"stays")
    settle(anvil)
    snapshot = anvil.web3.provider.make_request("evm_snapshot", [])["result"]
    say(anvil, text=b"goes")
    mine(anvil, depth)
    chain = connect(anvil.url)
    assert [text[32:] for _, text in look(chain, TOPICS[0])] == [b"stays", b"goes"]

    anvil.web3.provider.make_request("evm_revert", [snapshot])
    mine(anvil, 1)
    say(anvil, text=b"comes")
    mine(anvil, depth + grown)

    for _ in range(2):
        assert [text[32:] for _, text in look(chain, TOPICS[0])] == [b"stays", b"comes"]
        mine(anvil, 1)


@pytest.mark.parametrize("blocks", (1, 3 * chain_logs.SETTLED), ids=("short", "long"))
def test_logs__of_a_chain_that_is_replaced__are_not_those_of_the_other(anvil, proxies, tmp_path, blocks):
    one, _ = proxies
    say(anvil, text=b"old")
    settle(anvil)
    chain = connect(one.url)
    assert len(look(chain, TOPICS[0])) == 1
    with run_anvil(tmp_path / "other.log", "--timestamp", "1900000000") as other:
        begin(other)
        mine(other, blocks)
        one.do(lambda request, _: requests.post(other.url, json=request, timeout=30).json())

        assert look(chain, TOPICS[0]) == []
        say(other, text=b"new")
        assert [text[32:] for _, text in look(chain, TOPICS[0])] == [b"new"]


def test_logs__that_a_node_does_not_have__are_not_taken_for_none_when_another_is_asked(anvil, proxies):
    one, behind = proxies
    said = say(anvil)
    settle(anvil)
    chain = connect([one.url, behind.url])
    behind.do(proxy.result([]), "eth_getLogs")
    one.do(proxy.drop, "eth_getLogs", times=2)

    assert look(chain, TOPICS[0]) == []
    chain._endpoints.endpoints[0].backoff.worked()
    assert [block for block, _ in look(chain, TOPICS[0])] == [said]


def test_logs__that_a_node_has_left_out_by_mistake__are_there_after_a_while(anvil, proxies, monkeypatch):
    one, _ = proxies
    said = say(anvil)
    settle(anvil)
    chain = connect(one.url)
    one.do(proxy.result([]), "eth_getLogs")
    assert look(chain, TOPICS[0]) == []
    one.heal()
    assert look(chain, TOPICS[0]) == []

    monkeypatch.setattr(chain_logs, "KEPT_SECONDS", 0.0)
    assert [block for block, _ in look(chain, TOPICS[0])] == [said]


def test_logs__that_are_too_many_to_keep__are_read_again(anvil, monkeypatch):
    monkeypatch.setattr(chain_logs, "MAX_KEPT", 10_000)
    for topic in TOPICS:
        say(anvil, topic, bytes(1000))
    settle(anvil)
    chain = connect(anvil.url)
    expected = look(connect(anvil.url), *TOPICS)
    for _ in range(2):
        assert look(chain, *TOPICS) == expected
        mine(anvil, 1)
        assert 0 < sum(each.size for each in chain._logs._kept.values()) <= 10_000


def test_challengers_look__a_block_after_another__asks_as_little_however_old_the_task_is(aggregating):
    """One request a query, though its events may be as old as the deployment, and a node gives few blocks at once."""
    cap, old = 2 * chain_logs.SETTLED, 10 * chain_logs.SETTLED
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
    assert second == third <= QUERIES
    assert first > QUERIES * old // cap // 2, "so that a second look would cost as much"
