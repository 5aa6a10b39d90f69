"""Rows at slots: how several people commit to one data matrix, and the proof that each keeps to its slot.

    row j            [ 0.. | row | 0.. | salts ]         a matrix with one row, at j's slot, under salts of its own
    blinding         [ 0.. | salts ]                     the pool's owner's
    pooled           sum of the rows and the blinding    C(pooled) = sum of C - (number - 1) B

Commitments bind to matrices, and say nothing of where they are zero. Somebody who also commits to minus another's row,
at that one's slot, takes that row out of the sum, and only who knows all rows can tell. So each comes with a proof that
it is a combination of the L_i of its own slot and of the salts:

    A = C(r)         r uniform there, zero elsewhere
    e = keccak256(tag | pools | pool | contributor | slot | C.x | C.y | A.x | A.y) mod P      words of 32 bytes
    z = r + e v                                                        checked: C(z) = A + e (C - B)

This is Schnorr's proof for several bases (Okamoto 1992, "Provably Secure and Practical Identification Schemes"), made
non-interactive by hashing: v are the entries, z as many numbers. It shows that the prover knows such a combination. If
it knew another way to open C, it would know a relation between the L_i, which breaks the commitments themselves. It
tells nothing of v, since r blinds each entry. To check it takes the SRS, and nothing of the pool's owner.

The hash names contributor, pool and slot: a copy of somebody's commitment has no proof under another name. It takes
nine words, where `possession` and `openings` take six and `equal_log` ten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from headwater.protocol.curve import Point, add, multiply, negate
from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256

Commit = Callable[[Sequence[int]], Point]
"""C of a vector."""

SALTS_ONLY = 2**16
"""In the place of a slot: none, as of a blinding. No pool has so many."""


class Reason(IntEnum):
    """Why a pool's owner leaves a contributor out. `IPools.Reason`."""

    NONE = 0
    MISSING = 1
    UNREADABLE = 2
    NOT_AT_SLOT = 3
    NOT_SEALED = 4
    OTHER_ROW = 5
    INVALID_ROW = 6
    OTHER = 7

    @property
    def text(self) -> str:
        """In words."""
        return _TEXTS[self]


_TEXTS = {
    Reason.NONE: "none",
    Reason.MISSING: "its document cannot be had",
    Reason.UNREADABLE: "its document is none, or of something else",
    Reason.NOT_AT_SLOT: "no proof that the commitment is zero outside of its slot and the salts",
    Reason.NOT_SEALED: "what is sealed in its document does not open with the owner's key",
    Reason.OTHER_ROW: "the sealed row is not what was committed to",
    Reason.INVALID_ROW: "the sealed row has values that the task's columns do not allow",
    Reason.OTHER: "the owner has another reason",
}


@dataclass(frozen=True)
class Matrix:
    """Where the entries of a flat data matrix stand.

    Attributes:
        rows: of data; rows of salts follow.
        width: entries of a row.
        salts: how many entries are salts.
    """

    rows: int
    width: int
    salts: int

    @property
    def length(self) -> int:
        """Entries of the matrix."""
        return self.rows * self.width + self.salts

    def vector(self, slot: int, row: Sequence[int], salts: Sequence[int]) -> list[int]:
        """The matrix with one row, entries mod P; `SALTS_ONLY` has none.

        Raises:
            ValueError: there is no such slot, or a number of entries or salts is wrong.
        """
        width = self._width(slot)
        if len(row) != width or len(salts) != self.salts:
            raise ValueError(f"a row has {width} entries and {self.salts} salts, not {len(row)} and {len(salts)}")
        found = [0] * self.length
        if width:
            found[slot * width : (slot + 1) * width] = [entry % P for entry in row]
        found[self.rows * self.width :] = [salt % P for salt in salts]
        return found

    def count(self, slot: int) -> int:
        """How many entries are free: the row's and the salts."""
        return self._width(slot) + self.salts

    def spread(self, slot: int, values: Sequence[int]) -> list[int]:
        """The matrix whose free entries are these: the row's, then the salts."""
        width = self._width(slot)
        return self.vector(slot, values[:width], values[width:])

    def _width(self, slot: int) -> int:
        if slot == SALTS_ONLY:
            return 0
        if not 0 <= slot < self.rows:
            raise ValueError(f"a matrix of {self.rows} rows has no slot {slot}")
        return self.width


@dataclass(frozen=True)
class Place:
    """Whose commitment it is, and where: what a proof is bound to.

    Attributes:
        tag: the task's.
        pools: the contract's address.
        slot: or `SALTS_ONLY`.
    """

    tag: int
    pools: str
    pool: int
    contributor: str
    slot: int


@dataclass(frozen=True)
class SlotProof:
    """A proof: A, and z, `Matrix.count` entries."""

    announcement: Point
    responses: tuple[int, ...]


def salts_of(seed: bytes, count: int) -> list[int]:
    """The salts that follow from 32 random bytes, which are drawn for one commitment and no other."""
    return [derive(seed, "row", index) for index in range(count)]


def prove(
    matrix: Matrix, place: Place, row: Sequence[int], salts: Sequence[int], nonce: bytes, commit: Commit
) -> SlotProof:
    """Prove that C of a matrix with one row is zero outside of its slot and the salts.

    nonce: 32 random bytes, new for each proof: two proofs of one nonce give row and salts away.
    """
    free = [*row, *salts]
    mask = [derive(nonce, "slot", index) for index in range(len(free))]
    point, announcement = commit(matrix.vector(place.slot, row, salts)), commit(matrix.spread(place.slot, mask))
    e = _challenge(place, point, announcement)
    return SlotProof(announcement, tuple((r + e * v) % P for r, v in zip(mask, free, strict=True)))


def verify(matrix: Matrix, place: Place, point: Point, proof: SlotProof, offset: Point, commit: Commit) -> bool:
    """Whether a proof shows that what a contributor committed to is zero outside of its slot and the salts."""
    if not point.on_curve() or not proof.announcement.on_curve():
        return False
    if len(proof.responses) != matrix.count(place.slot) or not all(0 <= z < P for z in proof.responses):
        return False
    e = _challenge(place, point, proof.announcement)
    expected = add(proof.announcement, multiply(add(point, negate(offset)), e))
    return commit(matrix.spread(place.slot, proof.responses)) == expected


def _challenge(place: Place, point: Point, announcement: Point) -> int:
    names = (place.tag, int(place.pools, 16), place.pool, int(place.contributor, 16), place.slot)
    words = (*names, *point, *announcement)
    return int.from_bytes(keccak256(b"".join(word.to_bytes(32, "big") for word in words)), "big") % P
