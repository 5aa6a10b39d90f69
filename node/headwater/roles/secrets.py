"""A trainer's secrets, derived from its key; those of its data also from its journal.

Commitments bind but do not hide, and proofs open committed vectors at random places, so each private vector carries
salts that nobody else can guess. Deriving them makes a restarted node find the same vectors again; context keeps salts
of different vectors unrelated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from eth_account.signers.local import LocalAccount

from headwater.protocol.field import derive, pack
from headwater.protocol.vectors import UPDATE_SALTS


def secret_of(key: LocalAccount) -> bytes:
    """The secret that salts are derived from: one hash away from the signing key, so that it cannot sign."""
    return hashlib.sha512(b"headwater/salts" + bytes(key.key)).digest()


def data_salts(
    secret: bytes, seed: bytes, tag: int, unsalted: Sequence[int], attempt: int, count: int, part: int = 0
) -> list[int]:
    """The salts of a data matrix in a task.

    They depend on the data: under the same salts, two matrices' commitments would give away that of their difference.

    Args:
        seed: random bytes of the account's journal, see `headwater.roles.commitments`.
        part: which of several matrices of one file it is.
        attempt: counts up where another account has registered the commitment first (a front-run enrolment).
    """
    return [derive(secret, "data", seed, tag, _digest(unsalted), part, attempt, index) for index in range(count)]


def update_salts(secret: bytes, tag: int, round_: int, link: int, weights: Sequence[int]) -> list[int]:
    """The salts of an update: fresh in every round of every task, in every link, and for every update.

    A link may end where it started, so the weights alone would not tell it from another.
    """
    return [derive(secret, "update", tag, round_, link, _digest(weights), index) for index in range(UPDATE_SALTS)]


def _digest(vector: Sequence[int]) -> bytes:
    return hashlib.sha256(pack(vector)).digest()


def mask_secret(secret: bytes, tag: int) -> int:
    """The secret of a task's mask key, in 1 .. P - 1."""
    return derive(secret, "mask key", tag) or 1
