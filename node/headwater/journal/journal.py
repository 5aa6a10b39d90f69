"""One account's journal, open in one process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from eth_account.signers.local import LocalAccount

from headwater.errors import JournalError
from headwater.journal.cursor import Cursor
from headwater.journal.database import Database
from headwater.journal.intents import Intents
from headwater.journal.parts import Parts
from headwater.journal.secrets import SecretStore


@dataclass(frozen=True)
class Journal:
    """What one account remembers."""

    database: Database
    intents: Intents
    secrets: SecretStore
    parts: Parts

    def cursor(self, chain: str) -> Cursor:
        """How far a chain was read; `chain` is `Chain.name`."""
        return Cursor(self.database, chain)


@contextmanager
def open_journal(home: Path, account: LocalAccount) -> Iterator[Journal]:
    """The journal of an account under `home`, for this process alone while the context lasts.

    Raises:
        JournalError: another process has it open, or it cannot be read or written.
    """
    folder = home / "journal"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"{folder} cannot be made: {error.strerror}", "free disk space or mend permissions"
        ) from error
    with _lock(folder / f"{account.address}.lock", account.address):
        database = Database(folder / f"{account.address}.sqlite")
        try:
            yield Journal(database, Intents(database), SecretStore(database, account), Parts(database))
        finally:
            database.close()


def _lock(path: Path, address: str) -> IO[str]:
    """A file that says who holds it; the kernel lets the lock go when it is closed or the process ends, however."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise JournalError(
                    f"process {file.read().strip() or 'of unknown id'} already runs with account {address} here",
                    "stop it first: two nodes with one key would use the same nonces",
                ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
    except OSError as error:
        raise JournalError(
            f"{path} cannot be written: {error.strerror}", "free disk space or mend permissions"
        ) from error
    return file
