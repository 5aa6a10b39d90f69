"""Committed rows in files: the features and the salts behind a commitment that an issuer put on chain.

Whoever has the file reads the row, and with the account proves what models say of it. So it is written for its owner
alone, and handed over as the row itself would be.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_utils.address import is_checksum_address

from headwater.errors import ConfigError
from headwater.private import read_private
from headwater.protocol.field import P
from headwater.protocol.inferences import ROW_SALTS
from headwater.replies import ReplyTooLong, parse_json

SCHEMA = "headwater/row/1"
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class CommittedRow:
    """A row with its salts.

    Attributes:
        place: names the task among all of all chains.
        issuer: who vouches for it on chain.
        account: whose it is.
        features: as the task's columns make them, units of 2**-data_bits.
        salts: ROW_SALTS field elements.
    """

    place: str
    issuer: str
    account: str
    features: tuple[int, ...]
    salts: tuple[int, ...]

    @classmethod
    def draw(cls, place: str, issuer: str, account: str, features: Sequence[int]) -> CommittedRow:
        """A row under salts of the operating system's."""
        salts = tuple(secrets.randbelow(P) for _ in range(ROW_SALTS))
        return cls(place, issuer, account, tuple(features), salts)

    @property
    def vector(self) -> list[int]:
        """What is committed to."""
        return [*self.features, *self.salts]

    def write(self, path: Path) -> None:
        """Write the file, for its owner alone.

        Raises:
            ConfigError: there is one already, or it cannot be written.
        """
        fields = {
            "schema": SCHEMA,
            "place": self.place,
            "issuer": self.issuer,
            "account": self.account,
            "features": list(self.features),
            "salts": [f"{salt:x}" for salt in self.salts],
        }
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(fields, file, indent=1)
                file.write("\n")
        except FileExistsError:
            raise ConfigError(f"{path} is there already", "name another file: the row in it may be needed") from None
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}", "name another file") from error

    @classmethod
    def read(cls, path: Path) -> CommittedRow:
        """The row of a file.

        Raises:
            ConfigError: others may read it, or it is no such file.
        """
        text = read_private(path)
        hint = "name the file that `headwater infer row` wrote"
        if len(text) > MOST_BYTES:
            raise ConfigError(f"{path} is too long for a row", hint)
        try:
            found = parse_json(text.encode())
            features, salts = found["features"], [int(salt, 16) for salt in found["salts"]]
            whole = (
                found["schema"] == SCHEMA
                and all(type(entry) is int and abs(entry) < 1 << 63 for entry in features)
                and len(salts) == ROW_SALTS
                and all(0 <= salt < P for salt in salts)
                and isinstance(found["place"], str)
                and all(is_checksum_address(found[name]) for name in ("issuer", "account"))
            )
        except (ValueError, KeyError, TypeError, ReplyTooLong) as error:
            raise ConfigError(f"{path} holds no row: {type(error).__name__}", hint) from error
        if not whole:
            raise ConfigError(f"{path} holds no row of this release", hint)
        return cls(found["place"], found["issuer"], found["account"], tuple(features), tuple(salts))
