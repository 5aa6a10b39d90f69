"""Several transactions of one account are on their way at once, and neither crowd nor refusal leaves a nonce open."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from eth_account import Account

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.sending.broadcasting import Broadcaster
from headwater.chain.sending.fees import GWEI, BumpingFees, ConstantFees
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError
from headwater.journal.database import Database
from headwater.journal.intents import Intents, State
from tests.support import proxy
from tests.support.proxy import run_proxy
from tests.support.waiting import rpc, wait_until


@pytest.fixture
def slow(tmp_path):
    """A chain that mines when told to."""
    with run_anvil(tmp_path / "anvil.log", "--no-mining") as anvil:
        yield anvil


@pytest.fixture
def threads():
    with ThreadPoolExecutor(40) as pool:
        yield pool


def gift(wei: int = 1) -> Call:
    return Call(Account.create().address, b"", wei, "a gift")


def waiting(anvil: Anvil) -> int:
    """How many transactions the node could mine now."""
    return int(rpc(anvil, "txpool_status")["pending"], 16)


def send_in_turn(threads: ThreadPoolExecutor, anvil: Anvil, sender: Sender, calls: list[Call]) -> list[Future]:
    """Send each from a thread of its own, the next when the node has those before."""
    sent = []
    for call in calls:
        sent.append(threads.submit(sender.send, call))
        wait_until(lambda: waiting(anvil) == len(sent))
    return sent


def balances(anvil: Anvil, calls: list[Call]) -> list[int]:
    return [anvil.web3.eth.get_balance(call.to) for call in calls]


class TestCrowd:
    def test_thirty_calls_due_at_once__on_a_chain_that_mines_by_the_clock__are_mined_within_two_blocks(
        self, tmp_path, threads
    ):
        calls = [gift() for _ in range(30)]
        with run_anvil(tmp_path / "anvil.log", "--block-time", "4") as anvil:
            sender = Sender(connect(anvil.url), anvil.accounts[0], 60)
            receipts = list(threads.map(sender.send, calls))

            blocks = sorted(receipt.block_number for receipt in receipts)
            assert blocks[-1] - blocks[0] <= 2, Counter(blocks)
            assert balances(anvil, calls) == [1] * 30
            assert len({receipt.transaction_hash for receipt in receipts}) == 30

    def test_callers__beyond_the_limit__wait_until_others_are_mined(self, slow, threads):
        calls = [gift() for _ in range(10)]
        intents = Intents()
        sender = Sender(connect(slow.url), slow.accounts[0], 60, intents=intents, most=6)
        sent = [threads.submit(sender.send, call) for call in calls]

        wait_until(lambda: waiting(slow) == 6)
        time.sleep(1)
        assert len(intents.all()) == 6
        rpc(slow, "evm_mine")
        wait_until(lambda: waiting(slow) == 4)
        rpc(slow, "evm_mine")

        assert sorted(future.result().block_number for future in sent) == [1] * 6 + [2] * 4
        assert balances(slow, calls) == [1] * 10

    def test_caller__for_whom_there_is_never_room__is_told_so(self, slow, threads):
        sender = Sender(connect(slow.url), slow.accounts[0], 1, most=1)
        first = threads.submit(sender.send, gift())
        wait_until(lambda: waiting(slow) == 1)
        sender._delivery._mined_seconds = 0.1

        with pytest.raises(ChainError, match=r"1 transactions of 0x.* are on their way, and a gift waits"):
            sender.send(gift())
        rpc(slow, "evm_mine")
        first.result()

    def test_caller__whose_time_is_up__leaves_what_is_finished_before_anything_new(self, slow, threads):
        intents = Intents()
        sender = Sender(connect(slow.url), slow.accounts[0], 0.3, intents=intents)
        with pytest.raises(ChainError, match="a gift is not mined after"):
            sender.send(gift())
        sender._delivery._mined_seconds = 30
        later = threads.submit(sender.send, gift())
        time.sleep(0.5)
        assert len(intents.all()) == 1

        rpc(slow, "evm_mine")
        wait_until(lambda: len(intents.all()) == 2 and waiting(slow) == 1)
        rpc(slow, "evm_mine")
        assert later.result().block_number == 2


class TestCost:
    """What is asked of a chain that makes a block each six seconds, as its timestamps say."""

    @pytest.fixture
    def chain(self, slow):
        rpc(slow, "anvil_mine", hex(20), hex(6))
        with run_proxy(slow.url) as counted:
            yield slow, counted

    def test_block_seconds__are_learned_from_the_newest_blocks__though_the_clock_was_set_forward_once(self, chain):
        slow, counted = chain
        assert connect(counted.url).block_seconds() == 6
        slow.pass_time(7 * 24 * 3600)
        assert connect(counted.url).block_seconds() == 6

    def test_block_seconds__of_a_young_chain__are_not_known(self, slow):
        assert connect(slow.url).block_seconds() is None

    def test_waiting__for_many__costs_a_look_a_block_and_none_is_asked_for_by_its_hash(self, chain, threads):
        slow, counted = chain
        calls = [gift() for _ in range(10)]
        sender = Sender(connect(counted.url), slow.accounts[0], 60)
        sent = [threads.submit(sender.send, call) for call in calls]
        wait_until(lambda: waiting(slow) == 10)
        time.sleep(1)  # until all have looked at what they have sent
        sending, began = Counter(counted.asked), len(counted.asked)

        time.sleep(3)  # half as long as a block takes
        assert len(counted.asked) - began <= 1
        rpc(slow, "evm_mine")
        for future in sent:
            future.result()

        assert sending["eth_getTransactionCount"] <= 1 + 2 * len(calls)  # before and after each
        assert sending["eth_maxPriorityFeePerGas"] == 1
        assert sending["eth_chainId"] <= 2
        assert sending["eth_call"] == sending["eth_estimateGas"] == sending["eth_sendRawTransaction"] == len(calls)
        assert sending["eth_getTransactionReceipt"] == sending["eth_getTransactionByHash"] == 0
        waited = Counter(counted.asked[began:])
        assert waited == {"eth_getTransactionCount": waited["eth_getTransactionCount"], "eth_getTransactionReceipt": 10}
        assert waited["eth_getTransactionCount"] <= 2

    def test_fees__are_asked_anew__when_there_is_a_new_block_or_the_price_was_refused(self, chain, threads):
        slow, counted = chain
        sender = Sender(connect(counted.url), slow.accounts[0], 60, fees=ConstantFees())

        def asked_for(calls: int) -> int:
            counted.asked.clear()
            sent = [threads.submit(sender.send, gift()) for _ in range(calls)]
            wait_until(lambda: waiting(slow) == calls)
            rpc(slow, "evm_mine")
            for future in sent:
                future.result()
            return counted.asked.count("eth_maxPriorityFeePerGas")

        assert asked_for(2) == asked_for(2) == 1
        assert sender.next_nonce() == 4
        sender._delivery._broadcaster.market.fees()
        rpc(slow, "anvil_setNextBlockBaseFeePerGas", hex(1000 * GWEI))
        rpc(slow, "evm_mine")
        with pytest.raises(ChainError, match="refused a gift"):
            sender.send(gift())
        assert asked_for(1) == 1


class TestStuck:
    HASTY = BumpingFees(after=0.5)

    def test_lowest__when_it_is_stuck__is_replaced_alone_and_all_go(self, slow, threads):
        intents, calls = Intents(), [gift() for _ in range(3)]
        sender = Sender(connect(slow.url), slow.accounts[0], 60, intents=intents, fees=self.HASTY)
        rpc(slow, "anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        sent = send_in_turn(threads, slow, sender, calls)
        wait_until(lambda: len(intents.at(sender.chain.name, sender.address, 0)) >= 3)

        assert [len(intents.at(sender.chain.name, sender.address, nonce)) for nonce in (1, 2)] == [1, 1]
        rpc(slow, "evm_mine")
        assert {future.result().block_number for future in sent} == {1}
        assert balances(slow, calls) == [1] * 3


@pytest.fixture
def holed(slow, threads):
    """Three are on their way; the node forgets all, and takes the middle one no more: its nonce is open."""
    intents, calls = Intents(Database(None)), [gift() for _ in range(3)]
    with run_proxy(slow.url) as fault:
        sender = Sender(connect(fault.url), slow.accounts[0], 60, intents=intents, fees=ConstantFees())
        sent = send_in_turn(threads, slow, sender, calls)
        (middle,) = intents.at(sender.chain.name, sender.address, 1)

        def refuse(request, forward):
            if request["params"][0] == "0x" + middle.raw.hex():
                return proxy.error(-32000, "transaction underpriced")(request, forward)
            return forward(request)

        fault.do(refuse, "eth_sendRawTransaction")
        rpc(slow, "anvil_dropAllTransactions")
        yield slow, sender, intents, calls, sent


class TestHole:
    def test_refused__in_the_middle__is_told_and_the_next_call_takes_its_nonce(self, holed, threads):
        slow, sender, intents, calls, sent = holed
        with pytest.raises(ChainError, match="transaction underpriced"):
            sent[1].result()
        calls[1] = gift()
        sent[1] = threads.submit(sender.send, calls[1])
        mine_until_ended(slow, sent)

        assert balances(slow, calls) == [1] * 3
        assert [len(intents.at(sender.chain.name, sender.address, nonce)) for nonce in range(3)] == [1, 2, 1]

    def test_hole__that_no_call_takes__is_filled_after_a_while(self, holed):
        slow, sender, intents, calls, sent = holed
        with pytest.raises(ChainError, match="transaction underpriced"):
            sent[1].result()
        mine_until_ended(slow, sent)

        assert balances(slow, calls) == [1, 0, 1]
        filler, refused = intents.at(sender.chain.name, sender.address, 1)
        assert (filler.name, filler.state, refused.state) == ("filling nonce 1", State.MINED, State.REPLACED)
        assert sender.next_nonce() == 3

    def test_hole__that_a_process_left__is_filled_by_the_next(self, slow, threads):
        """Killed before it broadcast three, of which the node refuses the middle one now."""
        intents, calls = Intents(Database(None)), [gift() for _ in range(3)]
        with run_proxy(slow.url) as fault:
            first = Sender(connect(fault.url), slow.accounts[0], 60, intents=intents, fees=ConstantFees())
            fill = first._delivery._broadcaster
            for call in calls:
                fill.reserve({**fill.fill(call), "gas": 20_000 if call is calls[1] else 21_000}, call.name, 0)
            again = Sender(connect(fault.url), slow.accounts[0], 60, intents=intents, fees=ConstantFees())
            settling = threads.submit(again.next_nonce)
            mine_until_ended(slow, [settling])

        assert settling.result() == 3
        assert balances(slow, calls) == [1, 0, 1]

    def test_refused__at_once__takes_nothing_from_the_others(self, slow, threads, monkeypatch):
        calls = [gift() for _ in range(6)]
        intents = Intents()
        sender = Sender(connect(slow.url), slow.accounts[0], 60, intents=intents)
        fill = Broadcaster.fill

        def scant(broadcaster, call):
            return {**fill(broadcaster, call), **({"gas": 20_000} if call in calls[::2] else {})}

        monkeypatch.setattr(Broadcaster, "fill", scant)
        sent = [threads.submit(sender.send, call) for call in calls]
        wait_until(lambda: waiting(slow) == 3)
        rpc(slow, "evm_mine")

        for future in sent[::2]:
            with pytest.raises(ChainError, match="refused a gift"):
                future.result()
        assert {future.result().block_number for future in sent[1::2]} == {1}
        assert balances(slow, calls) == [0, 1] * 3

    def test_refused_one__that_is_mined_after_all__is_not_taken_for_the_call_that_got_its_nonce(self, holed, threads):
        """Another node had kept it."""
        slow, sender, intents, calls, sent = holed
        with pytest.raises(ChainError):
            sent[1].result()
        refused = intents.at(sender.chain.name, sender.address, 1)[-1]
        heir = gift()
        taken = threads.submit(sender.send, heir)
        wait_until(lambda: waiting(slow) == 3)
        rpc(slow, "anvil_dropTransaction", "0x" + intents.at(sender.chain.name, sender.address, 1)[0].hash.hex())
        slow.web3.eth.send_raw_transaction(refused.raw)
        mine_until_ended(slow, [*sent, taken])

        with pytest.raises(ChainError, match="which was refused, was mined as number 1 after all"):
            taken.result()
        assert balances(slow, [*calls, heir]) == [1, 1, 1, 0]


def mine_until_ended(anvil: Anvil, sent: list[Future]) -> None:
    """Mine again and again: from what waits, anvil throws out what comes too early."""

    def ended() -> bool:
        rpc(anvil, "evm_mine")
        return all(future.done() for future in sent)

    wait_until(ended)


class TestReorganization:
    def test_blocks__when_they_vanish__then_what_was_in_them_is_sent_again_in_order_beside_what_waits(
        self, slow, threads
    ):
        intents, calls = Intents(Database(None)), [gift() for _ in range(6)]
        sender = Sender(connect(slow.url), slow.accounts[0], 60, intents=intents)
        first = send_in_turn(threads, slow, sender, calls[:3])
        rpc(slow, "evm_mine")
        for future in first:
            future.result()
        later = send_in_turn(threads, slow, sender, calls[3:])
        rpc(slow, "anvil_reorg", 1, [])
        mine_until_ended(slow, later)

        assert balances(slow, calls) == [1] * 6
        assert [(i.nonce, i.state) for i in intents.all()] == [(nonce, State.MINED) for nonce in range(6)]

    def test_key__that_is_used_elsewhere__is_told_to_the_one_who_lost_and_the_others_go_on(self, slow, threads):
        intents, calls, key = Intents(), [gift() for _ in range(3)], slow.accounts[0]
        sender = Sender(connect(slow.url), key, 60, intents=intents, fees=ConstantFees())
        sent = send_in_turn(threads, slow, sender, calls)
        other = {"to": gift().to, "value": 5, "nonce": 1, "gas": 21000, "gasPrice": 100 * GWEI, "chainId": 31337}
        slow.web3.eth.send_raw_transaction(key.sign_transaction(other).raw_transaction)
        mine_until_ended(slow, sent)

        with pytest.raises(ChainError, match=r"another transaction of 0x.* was mined as number 1") as caught:
            sent[1].result()
        assert "is this key used elsewhere" in caught.value.hint
        sent[0].result(), sent[2].result()
        assert balances(slow, calls) == [1, 0, 1]
        assert sender.next_nonce() == 3
