"""An account's data commitments: what their salts come from, and how many proofs were made about each and its updates.

Every proof publishes an equation over its data vector, and two or three over its update (docs/adr/0007). A lying
endpoint, a reorganization or a chain started again can make a node prove again. So the salts of data follow from the
key and from random bytes in the journal: a commitment belongs to one journal, and what that has counted is all that
there is, whatever chain the node was shown.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from threading import Lock

from headwater.errors import ConfigError
from headwater.journal.secrets import SecretStore
from headwater.protocol.curve import Point
from headwater.protocol.field import pack
from headwater.roles.task import point_hash

UPDATE_PROOFS = 2
"""How many proofs of one update there may be: each publishes up to three equations over its eight salts."""

_SEED = 32


class DataCommitments:
    """What a journal knows of an account's data in one task."""

    def __init__(self, journal: SecretStore, place: str, shape: str) -> None:
        """place: names the task among all of all chains.

        shape: what else a commitment to the same data depends on: the SRS, and the numbers of rows. An endpoint may
        show now one, now another, and each has a seed of its own: proofs about two are no equations over the same
        salts, and the seed of what is enrolled is not lost.
        """
        self._journal, self._name = journal, f"data/{place}/{shape}"
        self._counting = Lock()

    def seed(self, unsalted: Sequence[int], *, enrolled: bool) -> bytes:
        """32 random bytes that the salts of these data follow from: drawn now, if the journal has none.

        Raises:
            ConfigError: the account is enrolled, and with other data than these.
            JournalError: they cannot be written down.
        """
        found = self._journal.get(self._name)
        if found and found[_SEED:] == _digest(unsalted):
            return found[:_SEED]
        if found and enrolled:
            raise ConfigError(
                "the account enrolled in the task with other data than this file's",
                "train with the file that was enrolled, or leave the task and enrol again",
            )
        return self.renew(unsalted)

    def renew(self, unsalted: Sequence[int]) -> bytes:
        """Draw another seed, for commitments that no proof is about."""
        seed = secrets.token_bytes(_SEED)
        self._journal.put(self._name, seed + _digest(unsalted))
        return seed

    def proofs(self, point: Point) -> int:
        """How many proofs about a commitment were made."""
        return self._count(_of_data(point))

    def check(self, point: Point, most: int, update: Sequence[int] | None = None) -> None:
        """There must be room for one more proof about a data commitment and an update; a score is of no update.

        Args:
            most: fewer than the data commitment has salts.

        Raises:
            ConfigError: there is none.
        """
        if self.proofs(point) >= most:
            raise ConfigError(
                f"{most} proofs about these data have been made: one more would give them away",
                "leave the task (`headwater trainer leave`) and enrol again, which draws new salts; find out whether an"
                " endpoint shows another chain than it should, or a chain was started again",
            )
        if update is not None and self._count(_of_update(update)) >= UPDATE_PROOFS:
            raise ConfigError(
                f"{UPDATE_PROOFS} proofs of this update have been made: one more could give it away",
                "wait for the next round; find out whether an endpoint shows now one model, now another",
            )

    def count(self, point: Point, update: Sequence[int] | None = None) -> None:
        """Write down that a proof was made, before anybody else has it.

        Raises:
            JournalError: it cannot be written down; then the proof must not be kept or sent.
        """
        with self._counting:  # proofs about one vector may be made side by side
            for name in (_of_data(point), *([] if update is None else [_of_update(update)])):
                self._journal.put(name, str(self._count(name) + 1).encode())

    def _count(self, name: str) -> int:
        return int(self._journal.get(name) or 0)


def _digest(vector: Sequence[int]) -> bytes:
    return hashlib.sha256(pack(vector)).digest()


def _of_data(point: Point) -> str:
    return f"proofs-about/{point_hash(point).hex()}"


def _of_update(update: Sequence[int]) -> str:
    return f"proofs-of/{_digest(update).hex()}"
