"""One look at all transactions of an account that are on their way, and what has to be done about them.

The lowest open nonce holds up all above it. So it alone is replaced by a better offer, and it is filled where a node
has refused for good what had it: what is above would never be mined.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from math import inf

import structlog
from hexbytes import HexBytes
from web3.types import TxReceipt

from headwater.chain.asking.rpc import Call
from headwater.chain.sending.broadcasting import Broadcaster, Lost, is_same_call
from headwater.chain.sending.pace import Pace
from headwater.errors import ChainError
from headwater.journal.intents import Intent, Intents, State

_LOOKS = 5
"""How often a receipt may be missing of a nonce that is used: behind a load balancer, nodes differ for a moment."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()

Ended = Callable[[int, TxReceipt | Lost], bool]
"""Told of a nonce, and of what became of the transaction that had it; whether anybody wanted to know."""


class Watch:
    """The transactions of one account on one chain. Not for threads: `Delivery` lets one in at a time."""

    def __init__(
        self, chain: str, address: str, intents: Intents, broadcaster: Broadcaster, pace: Pace, ended: Ended
    ) -> None:
        self.used, self.due = 0, 0.0
        """The chain's next nonce as it was seen last, and when to look again."""

        self._chain, self._address, self._intents = chain, address, intents
        self._broadcaster, self._pace, self._ended = broadcaster, pace, ended
        self._taken: dict[bytes, float] = {}  # when a node took it last
        self._missed: Counter[bytes] = Counter()
        self._front, self._since = (-1, False), 0.0  # the lowest nonce, whether anything has it, and since when

    def open(self) -> list[Intent]:
        """What was not mined when it was looked last, by nonce."""
        return self._intents.open(self._chain, self._address, self.used)

    def broadcast(self, intent: Intent) -> None:
        """Hand a new transaction to the node. Some chains mine it at once: it is looked at without delay.

        Raises:
            Lost: the node refuses it; its nonce is free.
        """
        self._note(self._broadcaster.broadcast(intent))

    def look(self) -> None:
        """Take note of what was mined; broadcast, replace and fill where waiting does not help.

        Raises:
            ChainError: the chain's nodes fail.
            JournalError: the journal fails.
        """
        try:
            used = self._broadcaster.count("latest")
        finally:  # where it fails, whoever looks next has waited meanwhile
            self.due = time.monotonic() + self._pace.seconds
        if used != self.used:
            self._broadcaster.market.forget()
        if used < self.used:
            self._forget()  # blocks were dropped, and perhaps what they held
        self.used = used
        for intent in self.open():
            if intent.nonce < used:
                self._conclude(intent)
        self._repeat()
        self._advance()
        on_their_way = {intent.hash for intent in self.open()}
        self._taken = {known: at for known, at in self._taken.items() if known in on_their_way}
        self._missed = Counter({known: n for known, n in self._missed.items() if known in on_their_way})

    def is_hole(self, nonce: int) -> bool:
        """Whether no transaction has a nonce that this account has used: whatever had it was refused."""
        had = self._intents.at(self._chain, self._address, nonce)
        return bool(had) and all(intent.state in (State.FAILED, State.REPLACED) for intent in had)

    def _conclude(self, intent: Intent) -> None:
        """Find the receipt of a nonce that is used."""
        found = self._broadcaster.mined(intent.nonce)
        if found is None:
            self._missed[intent.hash] += 1
            self.due = min(self.due, time.monotonic() + 1.0)
            if self._missed[intent.hash] == _LOOKS:
                self._intents.mark(intent, State.FAILED)
                text = f"another transaction of {intent.sender} was mined as number {intent.nonce}, not {intent.name}"
                self._lose(intent, Lost(text, "is this key used elsewhere? a node needs a key of its own"))
            return
        mined, receipt = found
        if is_same_call(mined, intent):
            self._ended(intent.nonce, receipt)
        else:
            text = f"{mined.name}, which was refused, was mined as number {intent.nonce} after all, not {intent.name}"
            self._lose(intent, Lost(text, "run again: it takes the next number"))

    def _repeat(self) -> None:
        """Broadcast again, in the order of nonces, what a node may not have; what is above a hole waits for it."""
        for nonce, intent in enumerate(self._waiting(), start=self.used):
            if intent.nonce != nonce:
                break
            taken = self._taken.get(intent.hash)
            is_fresh = taken is not None and time.monotonic() - taken < self._pace.patience
            if is_fresh and intent.state is not State.MINED:
                continue
            if taken is None or intent.state is State.MINED:
                transaction = HexBytes(intent.hash).to_0x_hex()
                _log.info("resuming", call=intent.name, transaction=transaction, state=intent.state.value)
            try:
                self._note(self._broadcaster.again(intent))
            except Lost as error:
                self._lose(intent, error)
                break

    def _advance(self) -> None:
        """See to the lowest nonce where it has held up the others for too long."""
        waiting = self._waiting()
        if not waiting:
            self._front = (-1, False)
            return
        first, now = waiting[0], time.monotonic()
        front = (self.used, first.nonce == self.used)
        if front != self._front:
            self._front, self._since = front, now
        if front[1] and now - self._since >= self._broadcaster.fees.after:
            self._since = now
            self._note(self._broadcaster.raised(first))
        elif not front[1] and now - self._since >= self._pace.patience and self.is_hole(self.used):
            self._since = now
            self._fill()

    def _fill(self) -> None:
        """Use up a nonce that nothing has, by giving nothing to oneself."""
        name = f"filling nonce {self.used}"
        _log.warning("filling a hole", nonce=self.used, account=self._address)
        try:
            transaction = self._broadcaster.fill(Call(self._address, b"", 0, name))
            self.broadcast(self._broadcaster.reserve(transaction, name, self.used))
        except ChainError as error:
            _log.warning("transaction lost", call=name, reason=error.message)
        self._forget()  # some nodes throw out what is above a hole

    def _waiting(self) -> list[Intent]:
        return [intent for intent in self.open() if intent.nonce >= self.used]

    def _forget(self) -> None:
        """The node may have nothing any more."""
        self._taken = dict.fromkeys(self._taken, -inf)

    def _note(self, intent: Intent) -> None:
        self._taken[intent.hash] = self.due = time.monotonic()

    def _lose(self, intent: Intent, error: Lost) -> None:
        if not self._ended(intent.nonce, error):
            _log.warning("transaction lost", call=intent.name, reason=error.message)
