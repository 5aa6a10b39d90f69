"""Secrets that must survive a restart and go after it, encrypted under a key that follows from the account's.

A trainer's salts and masks follow from its key and need no place. A proof does: each new one of a round publishes
another equation over the data's salts (docs/adr/0007), so its bytes are kept until the round is over for good.

Deleting overwrites the row with zeros (SQLite's secure_delete) and cuts the write-ahead log. That holds for the file
as the operating system shows it. An SSD, a file system that copies on write, a snapshot or a backup may keep the old
blocks: what is left there is ciphertext, as safe as the account's key.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_account.signers.local import LocalAccount

from headwater.errors import JournalError
from headwater.journal.database import Database

_NONCE = 12  # bytes; random, so safe for 2^32 secrets under one key (NIST SP 800-38D, 8.3)


class SecretStore:
    """Named secrets: AES-256-GCM, bound to their names; the key is HKDF-SHA256 (RFC 5869) of the account's."""

    def __init__(self, database: Database, account: LocalAccount) -> None:
        self.database = self._database = database
        kdf = HKDF(SHA256(), length=32, salt=None, info=b"headwater/journal/secrets")
        self._cipher = AESGCM(kdf.derive(bytes(account.key)))

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret, in place of an older one of the same name."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, secret, name.encode())
        with self._database.transaction() as rows:
            rows.execute("INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?, ?)", (name, sealed))

    def get(self, name: str) -> bytes | None:
        """A secret; None where there is none of that name.

        Raises:
            JournalError: what is there was sealed with another key, or changed since.
        """
        rows = self._database.rows("SELECT sealed FROM secrets WHERE name = ?", name)
        if not rows:
            return None
        sealed: bytes = rows[0][0]
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except InvalidTag:
            raise JournalError(
                f"the secret {name} in {self._database.where} does not open: another key, or damage",
                "move the file away and start again: what it kept is made again",
            ) from None

    def names(self, prefix: str = "") -> list[str]:
        """The names that start with `prefix`, in order."""
        rows = self._database.rows("SELECT name FROM secrets ORDER BY name")
        return [name for (name,) in rows if name.startswith(prefix)]

    def delete(self, *names: str) -> None:
        """Forget secrets, as far as the disk forgets."""
        with self._database.transaction() as rows:
            rows.executemany("DELETE FROM secrets WHERE name = ?", [(name,) for name in names])
        self._database.truncate_log()
