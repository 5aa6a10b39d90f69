"""The journal's file: SQLite, written through to the disk before anything that depends on it happens."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headwater.errors import JournalError, JournalUnwritable
from headwater.journal import documents, logs

MIGRATIONS = (
    """
    CREATE TABLE intents (
        id INTEGER PRIMARY KEY,
        chain TEXT NOT NULL,
        sender TEXT NOT NULL,
        nonce INTEGER NOT NULL,
        name TEXT NOT NULL,
        raw BLOB NOT NULL,
        hash BLOB NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('prepared', 'sent', 'mined', 'failed', 'replaced')),
        prepared_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        UNIQUE (chain, hash)
    ) STRICT;
    CREATE UNIQUE INDEX one_a_nonce ON intents (chain, sender, nonce) WHERE state IN ('prepared', 'sent');
    CREATE INDEX intents_by_nonce ON intents (chain, sender, nonce);
    CREATE TABLE blocks (
        chain TEXT NOT NULL,
        number INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (chain, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        sealed BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE parts (
        place TEXT NOT NULL,
        role TEXT NOT NULL,
        PRIMARY KEY (place, role)
    ) STRICT, WITHOUT ROWID;
    """,
    logs.SCHEMA,
    documents.SCHEMA,
)
"""Each takes the schema one version further. What was released once is never edited: append."""


_UNWRITABLE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


class Database:
    """A connection that threads may share. Every method raises JournalError where the file or the disk fails."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, made for its owner alone where it is missing; None is a database in memory.

        Raises:
            JournalError: it is damaged, of a newer release, or cannot be written.
        """
        self.where = str(path or "memory")
        self._lock = threading.RLock()
        with self._explained():
            if path is not None:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its -wal and -shm the same mode
            self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        self._migrate()

    def close(self) -> None:
        """End the connection; the write-ahead log is folded into the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Statements that are all on the disk when the context ends, or none of them."""
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchall()

    def truncate_log(self) -> None:
        """Fold the write-ahead log, which holds older pages, into the file, and cut it to nothing."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _migrate(self) -> None:
        (version,) = self.rows("PRAGMA user_version")[0]
        if version > len(MIGRATIONS):
            raise JournalError(
                f"{self.where} has schema {version}, this release knows {len(MIGRATIONS)}",
                "run the newest release of headwater that has run here",
            )
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            with self._lock, self._explained():
                try:
                    self._connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
                except sqlite3.Error:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"{self.where} cannot be opened: {error.strerror or error}", "free disk space or mend permissions"
            ) from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            kind = JournalUnwritable if code in _UNWRITABLE else JournalError
            raise kind(f"{self.where}: {error}", _hint(code)) from error


def _hint(code: int) -> str:
    if code == sqlite3.SQLITE_FULL:
        return "free disk space: nothing is sent that is not written here"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "move the file away and start again: the chain tells what was done, a proof under way is made again"
    return "check the disk and the file's permissions"
