"""A transaction arrives once, whatever happens to the process, the node, the fees and the chain meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest
from eth_account import Account

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.sending import broadcasting, pace
from headwater.chain.sending.fees import GWEI, BumpingFees, ConstantFees, Fees
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError, JournalError
from headwater.journal.cursor import Cursor
from headwater.journal.database import Database
from headwater.journal.intents import Intents, State
from headwater.journal.journal import open_journal
from tests.support import proxy
from tests.support.crashing import POINTS
from tests.support.proxy import run_proxy
from tests.support.waiting import rpc, wait_until


@pytest.fixture
def slow(tmp_path):
    """A chain that mines when told to."""
    with run_anvil(tmp_path / "anvil.log", "--no-mining") as anvil:
        yield anvil


@pytest.fixture(scope="module", params=((), ("--block-time", "1")), ids=("mines at once", "mines each second"))
def place(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    with run_anvil(folder / "anvil.log", *request.param) as anvil:
        yield anvil, folder


def fresh_address() -> str:
    return Account.create().address


def gift(target: str, wei: int = 1) -> Call:
    return Call(target, b"", wei, "a gift")


class TestKilled:
    """kill -9 at every point of a delivery, on chains that mine at once and a second later."""

    ACCOUNT = 3

    def run(self, anvil: Anvil, home: Path, targets: list[str], point: str) -> subprocess.CompletedProcess[str]:
        words = (anvil.url, str(home), str(self.ACCOUNT), ",".join(targets), point)
        command = [sys.executable, "-m", "tests.support.crashing", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    @pytest.mark.parametrize("passed", (0, 2), ids=("the first", "with others in flight"))
    @pytest.mark.parametrize("point", POINTS)
    def test_process__when_killed_and_started_again__then_each_transaction_is_mined_once(self, place, point, passed):
        anvil, home = place
        key, targets = anvil.accounts[self.ACCOUNT], [fresh_address() for _ in range(4)]
        before = anvil.web3.eth.get_transaction_count(key.address)

        assert self.run(anvil, home, targets, f"{passed} {point}").returncode == -signal.SIGKILL
        restarted = self.run(anvil, home, targets, "")

        assert restarted.returncode == 0, restarted.stderr
        assert [anvil.web3.eth.get_balance(target) for target in targets] == [1] * 4
        assert anvil.web3.eth.get_transaction_count(key.address, "pending") == before + 4
        with open_journal(home, key) as journal:
            intents = journal.intents.all()
        assert [intent.nonce for intent in intents] == list(range(before + 4))
        assert {intent.state for intent in intents} == {State.MINED}


@pytest.mark.slow
def test_process__when_killed_at_any_time_over_bad_connections__then_every_transaction_is_mined_once(tmp_path):
    """Sixteen gifts, four at once, a process killed at random, and two ways to the node that fail every fifth time."""
    random, home = Random(7), tmp_path
    faults = (proxy.drop, proxy.drop_answer, proxy.duplicate, proxy.garbage, proxy.rate_limit, proxy.delay(0.3))

    def sometimes(request, forward):
        return random.choice(faults)(request, forward) if random.random() < 1 / 5 else forward(request)

    with (
        run_anvil(tmp_path / "anvil.log", "--block-time", "1") as anvil,
        run_proxy(anvil.url) as one,
        run_proxy(anvil.url) as other,
    ):
        one.do(sometimes)
        other.do(sometimes)
        key, targets = anvil.accounts[3], [fresh_address() for _ in range(16)]
        command = [sys.executable, "-m", "tests.support.crashing", f"{one.url} {other.url}", str(home), "3"]
        kills = 0
        for first in range(0, 16, 4):
            words = [*command, ",".join(targets[first : first + 4]), ""]
            code, patience = None, 0.5  # a block takes longer, so that most are killed at least once
            while code != 0:
                with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                    process.stdout.readline()  # it is about to begin
                    try:
                        code = process.wait(random.uniform(0, patience))
                    except subprocess.TimeoutExpired:
                        process.kill()
                        kills += 1
                patience = 3

        assert [anvil.web3.eth.get_balance(target) for target in targets] == [1] * 16
        assert anvil.web3.eth.get_transaction_count(key.address, "pending") == 16
        with open_journal(home, key) as journal:
            assert [i.nonce for i in journal.intents.all() if i.state is State.MINED] == list(range(16))
        assert kills >= 2


class TestFees:
    HASTY = BumpingFees(after=0.2)

    def test_send__when_nobody_mines_it__then_it_offers_more_under_the_same_nonce_and_arrives_once(self, slow):
        intents, target = Intents(), fresh_address()
        sender = Sender(connect(slow.url), slow.accounts[0], 30, intents=intents, fees=self.HASTY)
        rpc(slow, "anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        sending = threading.Thread(target=sender.send, args=(gift(target),))

        sending.start()
        wait_until(lambda: len(intents.all()) >= 3)
        rpc(slow, "evm_mine")
        sending.join()

        states = [intent.state for intent in intents.all()]
        assert states.count(State.MINED) == 1
        assert set(states) == {State.MINED, State.REPLACED}
        assert {intent.nonce for intent in intents.all()} == {0}
        assert slow.web3.eth.get_balance(target) == 1

    def test_send__when_the_first_offer_is_mined_after_all__then_it_is_the_one_that_counts(self, slow, monkeypatch):
        """The replacement is written down, but the node never hears of it."""
        intents, target = Intents(), fresh_address()
        sender = Sender(connect(slow.url), slow.accounts[0], 30, intents=intents, fees=self.HASTY)
        eth = sender.chain.web3.eth
        monkeypatch.setattr(pace.Pace, "patience", 1e9)
        heard = []
        send = eth.send_raw_transaction

        def deaf(raw):
            heard.append(raw)
            return send(raw) if len(heard) == 1 else None

        monkeypatch.setattr(eth, "send_raw_transaction", deaf)
        sending = threading.Thread(target=sender.send, args=(gift(target),))
        sending.start()
        wait_until(lambda: len(heard) >= 2)
        rpc(slow, "evm_mine")
        sending.join()

        first, *later = intents.all()
        assert first.state is State.MINED
        assert {intent.state for intent in later} == {State.REPLACED}

    def test_send__when_the_price_would_pass_the_ceiling__then_it_waits_at_its_first_offer(self, slow):
        intents = Intents()
        fees = BumpingFees(after=0.05, ceiling=3 * GWEI)
        sender = Sender(connect(slow.url), slow.accounts[0], 0.5, intents=intents, fees=fees)

        with pytest.raises(ChainError, match="not mined"):
            sender.send(gift(fresh_address()))
        assert [intent.state for intent in intents.all()] == [State.SENT]

    def test_send__when_the_node_refuses_the_higher_offer__then_the_first_goes_on(self, slow):
        """It would cost more than the account has."""

        class Generous(ConstantFees):
            after = 0.05

            def next(self, offered: Fees, market: Fees) -> Fees:
                return Fees(10**30, 10**30)

        intents, target = Intents(), fresh_address()
        sender = Sender(connect(slow.url), slow.accounts[0], 30, intents=intents, fees=Generous())
        sending = threading.Thread(target=sender.send, args=(gift(target),))
        sending.start()
        wait_until(lambda: any(intent.state is State.FAILED for intent in intents.all()))
        rpc(slow, "evm_mine")
        sending.join()

        assert intents.all()[0].state is State.MINED
        assert State.MINED not in [intent.state for intent in intents.all()[1:]]
        assert slow.web3.eth.get_balance(target) == 1

    def test_bumping__offers_an_eighth_more_and_never_less_than_the_market(self):
        fees, market = BumpingFees(), Fees(100, 10)

        assert fees.first(market) == market
        assert fees.next(Fees(100, 10), market) == Fees(113, 12)
        assert fees.next(Fees(100, 10), Fees(900, 50)) == Fees(900, 50)
        assert fees.next(Fees(0, 0), Fees(0, 0)) == Fees(1, 1)
        assert BumpingFees(ceiling=110).next(Fees(100, 10), market) is None
        assert BumpingFees(ceiling=90).first(market) == Fees(90, 10)

    def test_constant__leaves_an_offer_as_it_is(self):
        assert ConstantFees().next(Fees(1, 1), Fees(100, 10)) is None


def waiting(anvil: Anvil) -> int:
    """How many transactions the node has that are in no block."""
    return int(rpc(anvil, "txpool_status")["pending"], 16)


@pytest.mark.parametrize("remembers", (False, True), ids=("says so", "remembers its hash"))
def test_send__when_the_node_forgets_it__then_it_is_broadcast_again(slow, monkeypatch, remembers):
    """A node that still knows the hash is not believed for ever."""
    if remembers:
        monkeypatch.setattr(broadcasting.Broadcaster, "_is_known", lambda *_: True)
    target = fresh_address()
    sender = Sender(connect(slow.url), slow.accounts[0], 30)
    sending = threading.Thread(target=sender.send, args=(gift(target),))

    sending.start()
    wait_until(lambda: waiting(slow) == 1)
    rpc(slow, "anvil_dropAllTransactions")
    wait_until(lambda: waiting(slow) == 1)
    rpc(slow, "evm_mine")
    sending.join()

    assert slow.web3.eth.get_balance(target) == 1


def test_send__when_its_block_is_dropped_before_anybody_looked__then_it_is_broadcast_again(slow):
    """The sender never saw it mined, and the block that took it out of the node's queue is gone."""
    target = fresh_address()
    with run_proxy(slow.url) as fault:
        sender = Sender(connect(fault.url), slow.accounts[0], 30)
        fault.do(proxy.stale(0), "eth_getTransactionCount")
        sending = threading.Thread(target=sender.send, args=(gift(target),))
        sending.start()
        wait_until(lambda: waiting(slow) == 1)
        rpc(slow, "evm_mine")
        rpc(slow, "anvil_reorg", 1, [])
        fault.heal()
        wait_until(lambda: waiting(slow) == 1)
        rpc(slow, "evm_mine")
        sending.join()

    assert slow.web3.eth.get_balance(target) == 1


def test_send__when_the_node_forgets_it_and_refuses_its_price_now__then_it_offers_more(slow):
    intents, target = Intents(), fresh_address()
    sender = Sender(connect(slow.url), slow.accounts[0], 30, intents=intents, fees=BumpingFees(after=1e9))
    sending = threading.Thread(target=sender.send, args=(gift(target),))
    sending.start()
    wait_until(lambda: waiting(slow) == 1)
    rpc(slow, "anvil_setNextBlockBaseFeePerGas", hex(100 * GWEI))
    rpc(slow, "evm_mine")
    rpc(slow, "anvil_dropAllTransactions")
    wait_until(lambda: waiting(slow) == 1)
    rpc(slow, "evm_mine")
    sending.join()

    assert [intent.state for intent in intents.all()] == [State.REPLACED, State.MINED]
    assert {intent.nonce for intent in intents.all()} == {0}
    assert slow.web3.eth.get_balance(target) == 1


def test_send__when_the_key_is_used_elsewhere__then_the_lost_transaction_is_named_and_work_goes_on(slow):
    """A wallet replaces our transaction with its own, of the same nonce."""
    intents, key, target = Intents(), slow.accounts[0], fresh_address()
    sender = Sender(connect(slow.url), key, 30, intents=intents, fees=ConstantFees())
    failures = []

    def send():
        try:
            sender.send(gift(target))
        except ChainError as error:
            failures.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    wait_until(lambda: int(rpc(slow, "txpool_status")["pending"], 16) == 1)
    other = {"to": fresh_address(), "value": 5, "nonce": 0, "gas": 21000, "gasPrice": 100 * GWEI, "chainId": 31337}
    slow.web3.eth.send_raw_transaction(key.sign_transaction(other).raw_transaction)
    rpc(slow, "evm_mine")
    sending.join()

    assert "is this key used elsewhere" in failures[0].hint
    assert [intent.state for intent in intents.all()] == [State.FAILED]
    assert sender.next_nonce() == 1


def test_send__when_the_node_refuses_it__then_nothing_is_open_and_its_nonce_is_free(anvil, monkeypatch):
    intents = Intents()
    sender = Sender(connect(anvil.url), anvil.accounts[0], 30, intents=intents)
    fill = broadcasting.Broadcaster.fill
    monkeypatch.setattr(broadcasting.Broadcaster, "fill", lambda *which: {**fill(*which), "gas": 20_000})

    with pytest.raises(ChainError, match="refused a gift"):
        sender.send(gift(fresh_address()))
    assert [intent.state for intent in intents.all()] == [State.FAILED]
    monkeypatch.undo()
    sender.send(gift(fresh_address()))
    assert [intent.nonce for intent in intents.all()] == [0, 0]


def test_send__when_the_disk_is_full__then_nothing_is_sent_and_a_mended_disk_is_enough(anvil, tmp_path):
    database = Database(tmp_path / "journal.sqlite")
    intents, target = Intents(database), fresh_address()
    sender = Sender(connect(anvil.url), anvil.accounts[0], 30, intents=intents)
    sender.send(gift(target))
    (pages,) = database.rows("PRAGMA page_count")[0]
    database.rows(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(JournalError, match="full") as caught:
        sender.send(Call(target, b"\0" * 10_000, 1, "a letter"))

    assert "free disk space" in caught.value.hint
    assert [intent.state for intent in intents.all()] == [State.MINED]
    assert anvil.web3.eth.get_transaction_count(sender.address, "pending") == 1
    database.rows("PRAGMA max_page_count = 100000")
    sender.send(Call(target, b"\0" * 10_000, 1, "a letter"))
    assert anvil.web3.eth.get_balance(target) == 2


@pytest.mark.parametrize("depth", (1, 3))
def test_chain__when_it_drops_blocks__then_their_transactions_are_sent_again_in_order(anvil, depth):
    intents, targets = Intents(Database(None)), [fresh_address() for _ in range(3)]
    sender = Sender(connect(anvil.url), anvil.accounts[0], 30, intents=intents)
    for target in targets:
        sender.send(gift(target))
    rpc(anvil, "anvil_reorg", depth, [])
    assert anvil.web3.eth.get_transaction_count(sender.address) == 3 - depth

    assert sender.next_nonce() == 3
    assert [anvil.web3.eth.get_balance(target) for target in targets] == [1, 1, 1]
    assert [intent.nonce for intent in intents.all()] == [0, 1, 2]


def mine_until_ended(anvil: Anvil, *threads: threading.Thread) -> None:
    """Mine again and again: from what waits, anvil throws out what comes too early."""

    def ended() -> bool:
        rpc(anvil, "evm_mine")
        return not any(thread.is_alive() for thread in threads)

    wait_until(ended)


@pytest.fixture
def parted(slow):
    """The chain drops the first of two transactions while the second waits: intents, its thread, and targets."""
    intents, targets = Intents(Database(None)), [fresh_address() for _ in range(2)]
    sender = Sender(connect(slow.url), slow.accounts[0], 30, intents=intents)
    threads = [threading.Thread(target=sender.send, args=(gift(target),)) for target in targets]
    threads[0].start()
    wait_until(lambda: waiting(slow) == 1)
    rpc(slow, "evm_mine")
    threads[0].join()
    threads[1].start()
    wait_until(lambda: waiting(slow) == 1)
    rpc(slow, "anvil_reorg", 1, [])
    return intents, threads[1], targets


def test_send__while_what_came_before_is_dropped__then_that_is_sent_again_first(slow, parted):
    intents, sending, targets = parted
    mine_until_ended(slow, sending)

    assert [slow.web3.eth.get_balance(target) for target in targets] == [1, 1]
    assert [(intent.nonce, intent.state) for intent in intents.all()] == [(0, State.MINED), (1, State.MINED)]


def test_node__restarted_between__sends_both_again(slow, parted):
    """Another process over the same journal, which meets one that was mined and dropped, and a later one in flight."""
    intents, sending, targets = parted
    again = Sender(connect(slow.url), slow.accounts[0], 30, intents=intents)
    settling = threading.Thread(target=again.next_nonce)
    settling.start()
    mine_until_ended(slow, sending, settling)

    assert [slow.web3.eth.get_balance(target) for target in targets] == [1, 1]


def test_sender__without_a_journal__takes_what_was_mined_as_done(anvil):
    sender, target = Sender(connect(anvil.url), anvil.accounts[0], 30), fresh_address()
    before = rpc(anvil, "evm_snapshot")
    sender.send(gift(target))
    rpc(anvil, "evm_revert", before)

    assert sender.next_nonce() == 0
    assert anvil.web3.eth.get_balance(target) == 0


def test_journal__when_the_chain_was_begun_anew__then_its_old_transactions_are_left_alone(tmp_path):
    """A local chain that starts again has the same id, accounts and nonces: what was sent there would be valid here."""
    intents, target = Intents(Database(None)), fresh_address()
    for begun in ("1000000000", "1000000001"):
        with run_anvil(tmp_path / "anvil.log", "--timestamp", begun) as anvil:
            sender = Sender(connect(anvil.url), anvil.accounts[0], 30, intents=intents)
            assert sender.next_nonce() == 0
            sender.send(gift(target))
            assert anvil.web3.eth.get_balance(target) == 1


def test_node__when_it_is_behind_the_journal__then_nothing_is_sent(anvil):
    intents = Intents()
    sender = Sender(connect(anvil.url), anvil.accounts[0], 30, intents=intents)
    sender.send(gift(fresh_address()))
    broadcaster = sender._delivery._broadcaster
    broadcaster.reserve(broadcaster.fill(gift(fresh_address())), "from a future block", used=2)

    with pytest.raises(ChainError, match=r"has seen 1 transactions of 0x.*, which has sent 2"):
        sender.next_nonce()
    assert anvil.web3.eth.get_transaction_count(sender.address, "pending") == 1


@pytest.mark.parametrize(("depth", "standing"), ((1, 4), (3, 2), (5, 0)))
def test_cursor__after_a_reorganization__goes_back_to_where_the_chains_part(anvil, depth, standing):
    chain, cursor = connect(anvil.url), Cursor(Database(None), "the chain")
    for number in range(6):
        cursor.advance(number, chain.block(number).hash)
        rpc(anvil, "anvil_mine", "0x1")
    rpc(anvil, "anvil_reorg", depth + 1, [])  # of seven blocks; the last was not read

    assert cursor.rewind(chain.block_hash) == cursor.last == standing


def test_cursor__when_the_chain_is_shorter_than_what_was_read__goes_back_to_its_end(anvil):
    chain, cursor = connect(anvil.url), Cursor(Database(None), "the chain")
    rpc(anvil, "anvil_mine", "0x5")
    for number in range(6):
        cursor.advance(number, chain.block(number).hash)
    rpc(anvil, "anvil_rollback", 2)

    assert chain.block_hash(4) is None
    assert cursor.rewind(chain.block_hash) == 3
