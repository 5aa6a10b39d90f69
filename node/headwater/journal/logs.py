"""Logs of settled blocks, so that a restarted node goes on where it was instead of asking for a task's past again.

They are kept by who told them: what one endpoint leaves out is not missing in what another tells. A query's logs are
complete from its first block to its last, and all of an endpoint's stand or fall with the hash of one block.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headwater.journal.database import Database

Log = Mapping[str, Any]
"""A log: `address`, `topics` and `data` as bytes, `blockNumber`, `logIndex`, `transactionHash`."""

MAX_KEPT = 1 << 28
"""Bytes of logs in a journal, about; those that were not read for the longest time go first."""

UNUSED = 50_000
"""Blocks after which logs that nobody has read go, a week at 12 s: those of tasks and rounds that are past."""

_ROW_BYTES = 128  # of a log without topics and data, and of a query
_WORD = 32

SCHEMA = """
    CREATE TABLE log_tellers (
        chain TEXT NOT NULL,
        teller TEXT NOT NULL,
        number INTEGER NOT NULL,
        hash BLOB NOT NULL,
        width INTEGER NOT NULL,
        PRIMARY KEY (chain, teller)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE log_queries (
        id INTEGER PRIMARY KEY,
        chain TEXT NOT NULL,
        teller TEXT NOT NULL,
        address TEXT NOT NULL,
        topics TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        used INTEGER NOT NULL,
        size INTEGER NOT NULL,
        UNIQUE (chain, teller, address, topics)
    ) STRICT;
    CREATE TABLE kept_logs (
        query INTEGER NOT NULL REFERENCES log_queries (id),
        block INTEGER NOT NULL,
        log_index INTEGER NOT NULL,
        transaction_hash BLOB NOT NULL,
        topics BLOB NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (query, block, log_index)
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Query:
    """Which logs of a contract: those with these topics, None for any; `address` with its checksum."""

    address: str
    topics: tuple[bytes | None, ...]


@dataclass
class Entry:
    """A query of which all logs in the blocks `first` to `last` are kept, under a number of the journal's."""

    id: int
    first: int
    last: int


class LogJournal:
    """The logs of one chain that are kept; `chain` is `Chain.name`. Raises JournalError where the disk fails."""

    def __init__(self, database: Database, chain: str, limit: int = MAX_KEPT) -> None:
        self._database, self._chain, self._limit = database, chain, limit

    def settled(self, teller: str) -> tuple[int, bytes, int] | None:
        """Number and hash of the block that an endpoint's logs rest on, and how many blocks it answers at once."""
        query = "SELECT number, hash, width FROM log_tellers WHERE chain = ? AND teller = ?"
        found = self._database.rows(query, self._chain, teller)
        return (found[0][0], found[0][1], found[0][2]) if found else None

    def entries(self, teller: str) -> dict[Query, Entry]:
        """What is kept of an endpoint's word."""
        query = "SELECT id, address, topics, first, last FROM log_queries WHERE chain = ? AND teller = ?"
        rows = self._database.rows(query, self._chain, teller)
        return {Query(row[1], _topics_of(row[2])): Entry(row[0], row[3], row[4]) for row in rows}

    def logs(self, query: Query, entry: Entry) -> list[Log]:
        """The logs of a query, oldest first."""
        columns = "block, log_index, transaction_hash, topics, data"
        rows = self._database.rows(
            f"SELECT {columns} FROM kept_logs WHERE query = ? ORDER BY block, log_index",  # noqa: S608
            entry.id,
        )
        return [
            {
                "address": query.address,
                "topics": [row[3][at : at + _WORD] for at in range(0, len(row[3]), _WORD)],
                "data": zlib.decompress(row[4]),
                "blockNumber": row[0],
                "logIndex": row[1],
                "transactionHash": row[2],
            }
            for row in rows
        ]

    def begin(self, teller: str, query: Query, first: int, last: int, used: int) -> Entry:
        """Keep a query, of which no block up to `last` has a log; in place of what was kept of it."""
        key = (self._chain, teller, query.address, _text_of(query.topics))
        same = "chain = ? AND teller = ? AND address = ? AND topics = ?"
        with self._database.transaction() as rows:
            rows.execute(f"DELETE FROM kept_logs WHERE query IN (SELECT id FROM log_queries WHERE {same})", key)  # noqa: S608
            rows.execute(f"DELETE FROM log_queries WHERE {same}", key)  # noqa: S608
            found = rows.execute(
                "INSERT INTO log_queries (chain, teller, address, topics, first, last, used, size)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (*key, first, last, used, _ROW_BYTES),
            ).fetchone()
        return Entry(found[0], first, last)

    def add(self, entry: Entry, logs: Sequence[Log], last: int) -> list[int]:
        """Keep a query's next logs, which are all up to block `last`. The numbers of the queries that have to go."""
        with self._database.transaction() as rows:
            _insert(rows, entry.id, logs)
            rows.execute("UPDATE log_queries SET last = ? WHERE id = ?", (last, entry.id))
            (total,) = rows.execute("SELECT sum(size) FROM log_queries").fetchone()
            going = self._unwanted() if total > self._limit else []
            _delete(rows, going)
        entry.last = last
        return going

    def settle(self, teller: str, number: int, block_hash: bytes, width: int) -> None:
        """Let an endpoint's logs rest on another block."""
        with self._database.transaction() as rows:
            _set_teller(rows, self._chain, teller, number, block_hash, width)

    def advance(
        self,
        teller: str,
        past: int,
        settled: tuple[int, bytes],
        width: int,
        logs: Mapping[int, Sequence[Log]],
        used: Iterable[int],
    ) -> list[int]:
        """Let all queries that are complete up to block `past` be complete up to a settled one.

        Args:
            logs: those between, by the query's number.
            used: numbers of the queries that were read since the last time.

        Returns: the numbers of the queries that have to go, since nobody has read them for long, or there is too much.
        """
        number, block_hash = settled
        with self._database.transaction() as rows:
            for query, found in logs.items():
                _insert(rows, query, found)
            rows.execute(
                "UPDATE log_queries SET last = ? WHERE chain = ? AND teller = ? AND last = ?",
                (number, self._chain, teller, past),
            )
            rows.executemany("UPDATE log_queries SET used = ? WHERE id = ?", [(number, query) for query in used])
            _set_teller(rows, self._chain, teller, number, block_hash, width)
            going = self._unwanted(past - UNUSED)
            _delete(rows, going)
        return going

    def forget(self, teller: str) -> None:
        """Keep nothing that an endpoint has told: the chain is another."""
        with self._database.transaction() as rows:
            of = (self._chain, teller)
            found = rows.execute("SELECT id FROM log_queries WHERE chain = ? AND teller = ?", of).fetchall()
            _delete(rows, [row[0] for row in found])
            rows.execute("DELETE FROM log_tellers WHERE chain = ? AND teller = ?", of)

    def drop(self, entries: Iterable[Entry]) -> None:
        """Keep nothing of some queries."""
        with self._database.transaction() as rows:
            _delete(rows, [entry.id for entry in entries])

    def _unwanted(self, since: int = 0) -> list[int]:
        """Numbers of the queries that nobody has read since a block, and of more until the rest has room."""
        order = "chain = ? DESC, used DESC, id DESC"  # other chains' go first
        rows = self._database.rows(f"SELECT id, chain, used, size FROM log_queries ORDER BY {order}", self._chain)  # noqa: S608
        going, total = [], 0
        for query, chain, used, size in rows:
            total += size
            if total > self._limit or (chain == self._chain and used < since):
                going.append(query)
                total -= size
        return going


def _insert(rows: Any, query: int, logs: Iterable[Log]) -> None:
    size = 0
    for log in logs:
        topics, data = b"".join(log["topics"]), zlib.compress(log["data"], 1)
        size += _ROW_BYTES + len(topics) + len(data)
        at = (log["blockNumber"], log["logIndex"])
        rows.execute(
            "INSERT OR REPLACE INTO kept_logs VALUES (?, ?, ?, ?, ?, ?)",
            (query, *at, log["transactionHash"], topics, data),
        )
    if size:
        rows.execute("UPDATE log_queries SET size = size + ? WHERE id = ?", (size, query))


def _delete(rows: Any, queries: Sequence[int]) -> None:
    rows.executemany("DELETE FROM kept_logs WHERE query = ?", [(query,) for query in queries])
    rows.executemany("DELETE FROM log_queries WHERE id = ?", [(query,) for query in queries])


def _set_teller(rows: Any, chain: str, teller: str, number: int, block_hash: bytes, width: int) -> None:
    values = (chain, teller, number, block_hash, width)
    rows.execute("INSERT OR REPLACE INTO log_tellers VALUES (?, ?, ?, ?, ?)", values)


def _text_of(topics: Sequence[bytes | None]) -> str:
    return ",".join("-" if topic is None else topic.hex() for topic in topics)


def _topics_of(text: str) -> tuple[bytes | None, ...]:
    return tuple(None if word == "-" else bytes.fromhex(word) for word in text.split(",")) if text else ()
