"""Transactions, written down before they are broadcast.

A restarted node finds here what it may have sent, and sends the same bytes again: the chain takes a transaction once,
however often it arrives. Nonces are given out here: the lowest that is free, and in the same transaction of the
database what is signed with it is kept, so that none is skipped or used twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from sqlite3 import Connection, Row
from typing import Self

from headwater.journal.database import Database

_IN_FLIGHT = (
    "SELECT id FROM intents INDEXED BY one_a_nonce WHERE chain = ?1 AND sender = ?2 AND state IN ('prepared', 'sent')"
)
_DROPPED = "SELECT id FROM intents WHERE chain = ?1 AND sender = ?2 AND nonce >= ?4 AND ?3 AND state = 'mined'"
_SET_STATE = "UPDATE intents SET state = ?, changed_at = ? WHERE chain = ? AND hash = ?"


class State(StrEnum):
    """How far a transaction has come."""

    PREPARED = "prepared"  # signed; it may have been broadcast
    SENT = "sent"  # a node took it
    MINED = "mined"  # it is in a block, whether it succeeded there or not
    FAILED = "failed"  # it never will be: nodes refuse it, or another transaction has its nonce
    REPLACED = "replaced"  # another transaction of this node has its nonce


@dataclass(frozen=True)
class Intent:
    """A signed transaction.

    Attributes:
        chain: `Chain.name`.
        name: the call's, for example `TaskManager.submit`.
        raw: what is broadcast, the same bytes each time.
        prepared_at: seconds since the epoch.
    """

    chain: str
    sender: str
    nonce: int
    name: str
    raw: bytes
    hash: bytes
    state: State = State.PREPARED
    prepared_at: float = 0.0

    @classmethod
    def of(cls, row: Row) -> Self:
        """The intent of a row."""
        fields = {key: row[key] for key in row.keys() if key not in ("id", "changed_at")}  # noqa: SIM118
        return cls(**{**fields, "state": State(row["state"])})


class Intents:
    """The intents in a database. Every method raises JournalError where the disk fails; nothing has changed then."""

    def __init__(self, database: Database | None = None) -> None:
        """Without a database they are kept in memory, and what is mined is taken to stay so: for tools and tests."""
        self._database = database or Database(None)
        self._resends = database is not None

    def reserve(self, chain: str, sender: str, used: int, sign: Callable[[int], Intent]) -> Intent:
        """Sign with the lowest free nonce, and write that down.

        used: the chain's next nonce of the account.
        """
        with self._database.transaction() as rows:
            intent = sign(self.next_nonce(chain, sender, used))
            _insert(rows, intent)
        return intent

    def replace(self, intent: Intent, better: Intent) -> None:
        """Write down what is sent in place of an intent, under its nonce."""
        with self._database.transaction() as rows:
            rows.execute(_SET_STATE, (State.REPLACED, time.time(), intent.chain, intent.hash))
            _insert(rows, better)

    def next_nonce(self, chain: str, sender: str, used: int) -> int:
        """The lowest nonce from `used` on that no transaction has which is in flight, or has to be sent again."""
        taken = {intent.nonce for intent in self.open(chain, sender, used)}
        return next(nonce for nonce in count(used) if nonce not in taken)

    def mark(self, intent: Intent, state: State) -> None:
        """Write down how far an intent has come. Where it is mined, those that shared its nonce are replaced."""
        now = time.time()
        with self._database.transaction() as rows:
            if state is State.MINED:
                rows.execute(
                    "UPDATE intents SET state = ?, changed_at = ? WHERE chain = ? AND sender = ? AND nonce = ?",
                    (State.REPLACED, now, intent.chain, intent.sender, intent.nonce),
                )
            rows.execute(_SET_STATE, (state, now, intent.chain, intent.hash))

    def open(self, chain: str, sender: str, nonce: int) -> list[Intent]:
        """What may still have to be sent when the chain's next nonce of an account is `nonce`, by nonce.

        That is what is in flight, and what was in blocks that the chain has dropped since.
        """
        return self._select(
            f"WHERE id IN ({_IN_FLIGHT} UNION ALL {_DROPPED}) ORDER BY nonce", chain, sender, self._resends, nonce
        )

    def in_flight(self, chain: str, sender: str) -> list[Intent]:
        """Those that are on their way, by nonce: written down, and not known to be mined or refused."""
        return self._select(f"WHERE id IN ({_IN_FLIGHT}) ORDER BY nonce", chain, sender)

    def at(self, chain: str, sender: str, nonce: int) -> list[Intent]:
        """All that were ever prepared with a nonce, newest first: any of them may be the one that is mined."""
        return self._select("WHERE chain = ? AND sender = ? AND nonce = ? ORDER BY id DESC", chain, sender, nonce)

    def all(self) -> list[Intent]:
        """Every intent, oldest first."""
        return self._select("ORDER BY id")

    def _select(self, clause: str, *values: object) -> list[Intent]:
        return [Intent.of(row) for row in self._database.rows(f"SELECT * FROM intents {clause}", *values)]  # noqa: S608


def _insert(rows: Connection, intent: Intent) -> None:
    now = time.time()
    rows.execute(
        "INSERT INTO intents (chain, sender, nonce, name, raw, hash, state, prepared_at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (chain, hash) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at",
        (
            *(intent.chain, intent.sender, intent.nonce, intent.name, intent.raw, intent.hash),
            *(State.PREPARED, now, now),
        ),
    )
