"""How far a chain has been read, and where to read on after a reorganization."""

from __future__ import annotations

from collections.abc import Callable

from headwater.journal.database import Database

KEPT = 256
"""Blocks remembered. Deeper reorganizations start again from the beginning."""


class Cursor:
    """The last blocks of a chain that were read to the end. `chain` is `Chain.name`."""

    def __init__(self, database: Database, chain: str) -> None:
        self._database = database
        self._chain = chain

    @property
    def last(self) -> int | None:
        """The number of the last block that was read; None at the beginning."""
        rows = self._database.rows("SELECT max(number) FROM blocks WHERE chain = ?", self._chain)
        number: int | None = rows[0][0]
        return number

    def newest(self, height: int) -> tuple[int, bytes] | None:
        """Number and hash of the newest block up to a height that was read; None where it is forgotten, or was not."""
        rows = self._database.rows(
            "SELECT number, hash FROM blocks WHERE chain = ? AND number <= ? ORDER BY number DESC LIMIT 1",
            self._chain,
            height,
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def advance(self, number: int, block_hash: bytes) -> None:
        """Remember that everything up to this block was read."""
        with self._database.transaction() as rows:
            rows.execute("DELETE FROM blocks WHERE chain = ? AND number >= ?", (self._chain, number))
            rows.execute("INSERT INTO blocks (chain, number, hash) VALUES (?, ?, ?)", (self._chain, number, block_hash))
            rows.execute(
                "DELETE FROM blocks WHERE chain = ?1 AND number NOT IN"
                " (SELECT number FROM blocks WHERE chain = ?1 ORDER BY number DESC LIMIT ?2)",
                (self._chain, KEPT),
            )

    def rewind(self, hash_of: Callable[[int], bytes | None]) -> int | None:
        """Forget the blocks that the chain has dropped. The newest that still stands; None: read from the beginning.

        hash_of: the hash of the chain's block with a number, `Chain.block_hash`; None where it has none.
        """
        kept = self._database.rows("SELECT number, hash FROM blocks WHERE chain = ? ORDER BY number DESC", self._chain)
        standing = next((number for number, known in kept if hash_of(number) == known), None)
        with self._database.transaction() as rows:
            rows.execute(
                "DELETE FROM blocks WHERE chain = ? AND number > ?", (self._chain, -1 if standing is None else standing)
            )
        return standing
