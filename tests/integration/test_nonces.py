"""No nonce is skipped or used twice, and no call is lost or done twice: three dozen ends of a process, drawn at random.

In each life a process sends what is not done yet, from many threads, until it ends at some write or broadcast, as by
`kill -9`: no thread of it writes or asks anything any more. Between and during lives, the node mines, forgets what it
has, drops blocks, and refuses transactions. Three careless senders show that the test would notice.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from eth_account import Account

from headwater.chain.asking import endpoints
from headwater.chain.asking.rpc import Call, connect
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.sending.fees import GWEI, BumpingFees
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError, JournalError
from headwater.journal.database import Database
from headwater.journal.intents import Intent, Intents, State
from tests.support import proxy
from tests.support.proxy import FaultProxy, run_proxy

pytestmark = pytest.mark.slow

CALLS = 5
"""That are due anew in each life."""

LIVES = 6
STEPS = 45
"""Writes and broadcasts after which a life is over at the latest: each call takes eight."""

LOOKS = 120
"""Blocks that the last life, which nothing ends or hinders, may take to have everything done."""


class Killed(BaseException):
    """Ends a thread of a process that is no more."""


class Life:
    """How many writes and broadcasts a process has left, each counted before and after."""

    def __init__(self, steps: float) -> None:
        self._left, self._lock = steps, threading.Lock()

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    def step(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                raise Killed


class MortalIntents(Intents):
    """Intents that end with their process, before a write or after it; they tell of two in flight with one nonce."""

    def __init__(self, database: Database, life: Life) -> None:
        super().__init__(database)
        self.life, self.twice = life, False

    def reserve(self, chain: str, sender: str, used: int, sign: Callable[[int], Intent]) -> Intent:
        self.life.step()
        intent = super().reserve(chain, sender, used, sign)
        self.twice |= max(Counter(other.nonce for other in self.in_flight(chain, sender)).values(), default=0) > 1
        self.life.step()
        return intent

    def replace(self, intent: Intent, better: Intent) -> None:
        self.life.step()
        super().replace(intent, better)
        self.life.step()

    def mark(self, intent: Intent, state: State) -> None:
        self.life.step()
        super().mark(intent, state)
        self.life.step()


class Ever(MortalIntents):
    """Weakened: always the nonce after the last, whatever became of it."""

    def next_nonce(self, chain: str, sender: str, used: int) -> int:
        return max([used, *(intent.nonce + 1 for intent in self.all())])


class Chains(MortalIntents):
    """Weakened: the chain's count is the nonce, whatever is on its way."""

    def __init__(self, database: Database, life: Life) -> None:
        super().__init__(database, life)
        database.rows("DROP INDEX IF EXISTS one_a_nonce")

    def next_nonce(self, chain: str, sender: str, used: int) -> int:
        return used


class Afterwards(MortalIntents):
    """Weakened: written down when the node has it."""

    def reserve(self, chain: str, sender: str, used: int, sign: Callable[[int], Intent]) -> Intent:
        unwritten = getattr(self, "unwritten", set())
        nonce = next(n for n in range(self.next_nonce(chain, sender, used), 1000) if n not in unwritten)
        self.unwritten = {*unwritten, nonce}
        return sign(nonce)

    def mark(self, intent: Intent, state: State) -> None:
        if intent.state is State.PREPARED and intent.nonce in getattr(self, "unwritten", set()):
            self.life.step()
            self.unwritten -= {intent.nonce}
            Intents.reserve(self, intent.chain, intent.sender, intent.nonce, lambda _: intent)
        super().mark(intent, state)


class World:
    """One account's calls, and the node in front of which it lives."""

    def __init__(self, anvil: Anvil, fault: FaultProxy, seed: int, kind: type[MortalIntents]) -> None:
        self.anvil, self.fault, self.kind = anvil, fault, kind
        self.chance, self.database = random.Random(seed), Database(None)
        self.key = Account.create()
        self.rpc("anvil_setBalance", self.key.address, hex(10**20))
        self.rpc("anvil_mine", "0x3")  # deeper than any block that is dropped
        self.calls: list[Call] = []
        self.wrong: set[str] = set()

    def rpc(self, method: str, *params: object) -> None:
        assert "error" not in self.anvil.web3.provider.make_request(method, list(params))

    def live(self, life: Life, blocks: int, trouble: float) -> None:
        """One process, for so many blocks at most; trouble: how often the node refuses, forgets or drops."""
        intents = self.kind(self.database, life)
        self.calls += [Call(Account.create().address, b"", 1, "a gift") for _ in range(CALLS)]
        lock = threading.Lock()

        def mortal(request: proxy.Request, forward: proxy.Forward):
            if life.is_over:
                raise proxy.Dropped
            if request["method"] != "eth_sendRawTransaction":
                return forward(request)
            with lock:
                refuses = self.chance.random() < trouble
            try:
                life.step()
                if refuses:
                    return proxy.error(-32000, "transaction underpriced")(request, forward)
                answer = forward(request)
                life.step()
            except Killed:
                raise proxy.Dropped from None
            return answer

        self.fault.heal()
        chain = connect(self.fault.url)
        self.fault.do(mortal)
        sender = Sender(chain, self.key, 5, intents=intents, fees=BumpingFees(after=1e9))
        with ThreadPoolExecutor(len(self.calls)) as threads:
            done = [threads.submit(self.do, sender, call, life) for call in self.calls]
            for _ in range(blocks):
                if all(future.done() for future in done):
                    break
                if self.chance.random() < trouble:
                    self.rpc(*self.chance.choice((("anvil_dropAllTransactions",), ("anvil_reorg", 1, []))))
                threading.Event().wait(0.2)
                self.rpc("evm_mine")
            life._left = 0
        if intents.twice:
            self.wrong.add("two in flight with one nonce")

    def do(self, sender: Sender, call: Call, life: Life) -> None:
        """As a role does it: whatever was left is finished first; then it is done, unless it is done already."""
        while not life.is_over:
            try:
                sender.next_nonce()
                if sender.chain.balance(call.to) > 0:
                    return
                receipt = sender.send(call)
                mined = self.anvil.web3.eth.get_transaction(receipt.transaction_hash)
                if mined["to"] != call.to:
                    self.wrong.add("a receipt of another call")
            except (ChainError, JournalError):
                pass
            except Killed:
                return
            except Exception as error:  # noqa: BLE001
                self.wrong.add(repr(error))

    def judge(self) -> set[str]:
        eth, address = self.anvil.web3.eth, self.key.address
        used = eth.get_transaction_count(address)
        if [eth.get_balance(call.to) for call in self.calls] != [1] * len(self.calls):
            self.wrong.add("not each call once")
        if eth.get_transaction_count(address, "pending") != used:
            self.wrong.add("something is on its way still")
        mined = [intent for intent in Intents(self.database).all() if intent.state is State.MINED]
        if sorted(intent.nonce for intent in mined) != list(range(used)):
            self.wrong.add("the journal does not know each nonce")
        return self.wrong


@pytest.fixture(scope="module")
def anvil(tmp_path_factory):
    with run_anvil(tmp_path_factory.mktemp("nonces") / "anvil.log", "--no-mining", "--base-fee", str(GWEI)) as anvil:
        yield anvil


def play(anvil: Anvil, seed: int, kind: type[MortalIntents]) -> set[str]:
    with run_proxy(anvil.url) as fault:
        world = World(anvil, fault, seed, kind)
        for _ in range(LIVES):
            world.live(Life(world.chance.randrange(1, STEPS)), blocks=20, trouble=0.15)
        world.live(Life(float("inf")), LOOKS, trouble=0)
        return world.judge()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch):
    monkeypatch.setattr(endpoints, "PAUSE_SECONDS", 0.001)


@pytest.mark.parametrize("seed", range(6))
def test_calls__of_a_process_that_ends_at_any_step__are_each_mined_once(anvil, seed):
    assert play(anvil, seed, MortalIntents) == set()


@pytest.mark.parametrize("kind", (Ever, Chains, Afterwards))
def test_careless_sender__is_found_out(anvil, kind):
    assert any(play(anvil, seed, kind) for seed in range(6))
