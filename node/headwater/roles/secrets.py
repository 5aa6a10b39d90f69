"""A trainer's secrets, derived from its key: nothing to store, nothing to lose in a crash.

Commitments bind but do not hide, so each private vector carries a salt that nobody else can guess. Deriving it from the
key makes a restarted node find the same data commitment again; context keeps salts of different vectors unrelated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from eth_account.signers.local import LocalAccount

from headwater.protocol.field import derive, pack


def secret_of(key: LocalAccount) -> bytes:
    """The secret that salts are derived from: one hash away from the signing key, so that it cannot sign."""
    return hashlib.sha512(b"headwater/salts" + bytes(key.key)).digest()


def data_salt(secret: bytes, tag: int, unsalted: Sequence[int], attempt: int) -> int:
    """The salt of a data matrix in a task.

    It depends on the data: under one salt, two matrices' commitments would give away that of their difference.

    Args:
        attempt: counts up where another account has registered the commitment first (a front-run enrolment).
    """
    return derive(secret, "data", tag, hashlib.sha256(pack(unsalted).encode()).digest(), attempt)


def update_salt(secret: bytes, tag: int, round_: int) -> int:
    """The salt of an update: fresh in every round of every task."""
    return derive(secret, "update", tag, round_)


def mask_secret(secret: bytes, tag: int) -> int:
    """The secret of a task's mask key, in 1 .. P - 1."""
    return derive(secret, "mask key", tag) or 1
