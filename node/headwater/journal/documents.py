"""Documents that a node put into its stores, so that it knows which it may let go of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from sqlite3 import Row

    from headwater.journal.database import Database

SCHEMA = """
    CREATE TABLE documents (
        cid TEXT NOT NULL,
        place TEXT NOT NULL,
        round INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (cid, place, round, attempt)
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class PutDocument:
    """A document of a round.

    Attributes:
        cid: its text.
        place: names the task among all of all chains, `Task.place`.
        attempt: at masking, of a masked update; 0 of a model.
        size: bytes.
    """

    cid: str
    place: str
    round: int
    attempt: int
    size: int

    @classmethod
    def of(cls, row: Row) -> Self:
        """The document of a row."""
        return cls(row["cid"], row["place"], row["round"], row["attempt"], row["size"])


class Documents:
    """The documents in a journal. Every method raises JournalError where the disk fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, document: PutDocument) -> None:
        """Write down that a document is about to be put."""
        values = (document.cid, document.place, document.round, document.attempt, document.size)
        with self._database.transaction() as rows:
            rows.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", values)

    def all(self) -> list[PutDocument]:
        """All of them, by task and round."""
        rows = self._database.rows("SELECT * FROM documents ORDER BY place, round, attempt, cid")
        return [PutDocument.of(row) for row in rows]

    def forget(self, cid: str) -> None:
        """Write down that a document was let go of."""
        with self._database.transaction() as rows:
            rows.execute("DELETE FROM documents WHERE cid = ?", (cid,))
