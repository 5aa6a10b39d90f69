"""Getting calls of one account into blocks, many at once, whatever happens to this process and to the node.

A transaction is written down, with its nonce, before it is broadcast. So no nonce is skipped or used twice. What nobody
waits for any more, left by an earlier process, by a caller whose time was up, or by blocks that the chain has dropped,
is finished first: nothing that is sent after it could be mined before it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3.types import TxReceipt

from headwater.chain.asking.rpc import Call, Chain
from headwater.chain.sending.broadcasting import Broadcaster, Lost
from headwater.chain.sending.fees import FeeStrategy
from headwater.chain.sending.pace import Market, Pace
from headwater.chain.sending.watch import Watch
from headwater.errors import ChainError
from headwater.journal.intents import Intent, Intents

MINED_SECONDS = 180.0
"""How long to wait until a transaction is mined."""

MOST_IN_FLIGHT = 16
"""Transactions of one account on their way at once: nodes keep so many of one account for sure (geth: 16 slots)."""


@dataclass(eq=False)
class _Caller:
    """One who waits for a transaction: what became of it, once that is known."""

    outcome: TxReceipt | Lost | None = None


class Delivery:
    """The transactions of one account on one chain. Threads may share it: one at a time talks to the node, all wait."""

    def __init__(
        self, chain: Chain, key: LocalAccount, intents: Intents, fees: FeeStrategy, mined_seconds: float, most: int
    ) -> None:
        self._chain, self._address, self._intents = chain, key.address, intents
        self._mined_seconds, self._most = mined_seconds, most
        self._slots = threading.BoundedSemaphore(most)
        self._turn = threading.Condition()
        self._callers: dict[int, _Caller] = {}  # by nonce
        pace = Pace(chain)
        self._broadcaster = Broadcaster(chain, key, intents, fees, Market(chain, pace))
        self._watch = Watch(chain.name, key.address, intents, self._broadcaster, pace, self._ended)

    def send(self, call: Call) -> TxReceipt:
        """Simulate a call, sign it, broadcast it, and wait until it is mined; it may have failed there.

        Raises:
            ContractError: the contract would refuse it, so it was not sent.
            ChainError: the node refuses it, or it is not mined in time.
            JournalError: it could not be written down, so it was not sent.
        """
        if not self._slots.acquire(timeout=self._mined_seconds):
            raise ChainError(
                f"{self._most} transactions of {self._address} are on their way, and {call.name} waits for one of them",
                "run again later",
            )
        try:
            with self._turn:
                self._settle()
                transaction = self._broadcaster.fill(call)
                intent = self._broadcaster.reserve(transaction, call.name, self._watch.used)
                caller = self._callers[intent.nonce] = _Caller()
                try:
                    self._watch.broadcast(intent)
                    return self._wait(caller, intent)
                finally:
                    if self._callers.get(intent.nonce) is caller:
                        del self._callers[intent.nonce]
        finally:
            self._slots.release()

    def next_nonce(self) -> int:
        """The account's lowest free nonce, once what nobody waits for is finished.

        Raises:
            ChainError: it is not mined in time, or the node is behind what it has said before.
        """
        with self._turn:
            self._settle()
            return self._intents.next_nonce(self._chain.name, self._address, self._watch.used)

    def _settle(self) -> None:
        deadline = time.monotonic() + self._mined_seconds
        self._look()
        while (nonce := self._left_over()) is not None:
            if time.monotonic() >= deadline:
                raise ChainError(
                    f"an earlier transaction of {self._address}, nonce {nonce}, is still not mined",
                    "replace it from a wallet with a higher fee, or run again later",
                )
            self._step(deadline)

    def _left_over(self) -> int | None:
        """The lowest nonce that nobody waits for, and that may still be mined; None where there is none."""
        used, open_ = self._watch.used, self._watch.open()
        left = [intent.nonce for intent in open_ if intent.nonce not in self._callers]
        if left and open_[0].nonce > used and not self._watch.is_hole(used):
            raise ChainError(
                f"{self._chain.where} has seen {used} transactions of {self._address}, which has sent {open_[0].nonce}",
                "the node is behind, or has lost blocks: wait, or name another with --rpc",
            )
        if left:
            return left[0]
        return used if not open_ and self._broadcaster.count("pending") > used else None

    def _wait(self, caller: _Caller, intent: Intent) -> TxReceipt:
        deadline = time.monotonic() + self._mined_seconds
        while caller.outcome is None:
            if time.monotonic() >= deadline:
                newest = self._intents.at(intent.chain, intent.sender, intent.nonce)[0]
                raise ChainError(
                    f"{intent.name} is not mined after {self._mined_seconds:g} s:"
                    f" transaction {HexBytes(newest.hash).to_0x_hex()}",
                    "it may still be: run again, and the next transaction waits for it",
                )
            self._step(deadline)
        if isinstance(caller.outcome, Lost):
            raise caller.outcome
        return caller.outcome

    def _step(self, deadline: float) -> None:
        """Look where it is time to; else let others have their turn until then, or until one of them has looked."""
        now = time.monotonic()
        if now < self._watch.due:
            self._turn.wait(min(self._watch.due, deadline) - now)
        else:
            self._look()

    def _look(self) -> None:
        try:
            self._watch.look()
        finally:
            self._turn.notify_all()

    def _ended(self, nonce: int, outcome: TxReceipt | Lost) -> bool:
        caller = self._callers.get(nonce)
        if caller is not None:
            caller.outcome = outcome
        return caller is not None
