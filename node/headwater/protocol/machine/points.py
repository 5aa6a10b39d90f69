"""What the contracts compute with points, and the bytes they hash.

Commitments are affine: C(v) = B + sum of v_i * L_i, so C(a) + C(b) = C(a + b) + B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from headwater.protocol.curve import INFINITY, Point, add, negate
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.masks import GENERATOR
from headwater.protocol.structs import Posting

Multiply = Callable[[Point, int], Point]
"""scalar * point. `curve.multiply` is one; tests know logarithms and are quicker."""


def words(*values: int) -> bytes:
    """Numbers as abi.encode writes them: 32 bytes each, big-endian."""
    return b"".join(value.to_bytes(32, "big") for value in values)


def point_hash(point: Point) -> bytes:
    """The key of a point in mappings: keccak256 of its 64 bytes."""
    return keccak256(words(*point))


def posting_hash(posting: Posting) -> bytes:
    """keccak256(abi.encode(posting)): a dynamic tuple whose array follows four words of head."""
    masks = (word for mask in posting.masks for word in (int(mask.peer, 16), *mask.commitment))
    head = words(32, *posting.update) + posting.cid + words(4 * 32, len(posting.masks))
    return keccak256(head + words(*masks))


def basis_hash(basis: Iterable[Point]) -> bytes:
    """keccak256 of basis points, 64 bytes each."""
    return keccak256(b"".join(point.encode() for point in basis))


def is_point(point: Point) -> bool:
    """Canonical, on the curve, and not the identity."""
    return point != INFINITY and point.on_curve()


def validate(point: Point) -> None:
    """Must be a point."""
    if not is_point(point):
        raise Refused("InvalidPoint", *point)


def commitment_at(proof: bytes, index: int) -> Point:
    """Commitment `index`, from 0, of those at a proof's start. Whether it is a point is not asked here."""
    end = 64 * (index + 1)
    if len(proof) < end:
        raise Refused("ProofTooShort", len(proof), end)
    return Point(int.from_bytes(proof[end - 64 : end - 32], "big"), int.from_bytes(proof[end - 32 : end], "big"))


def plus(a: Point, b: Point, offset: Point) -> Point:
    """C(a + b) from C(a) and C(b)."""
    return add(add(a, b), negate(offset))


def minus(a: Point, b: Point, offset: Point) -> Point:
    """C(a - b) from C(a) and C(b)."""
    return add(add(a, negate(b)), offset)


def commit(vector: Sequence[int], basis: Sequence[Point], offset: Point, multiply: Multiply) -> Point:
    """C(vector)."""
    result = offset
    for entry, point in zip(vector, basis, strict=True):
        result = add(result, multiply(point, entry))
    return result


def share_one_log(key: Point, peer_key: Point, shared: Point, proof: EqualLogProof, multiply: Multiply) -> bool:
    """Whether the proof shows key = x * G and shared = x * peer_key for one x (Chaum and Pedersen 1992)."""
    r1 = add(multiply(GENERATOR, proof.response), multiply(key, proof.challenge))
    r2 = add(multiply(peer_key, proof.response), multiply(shared, proof.challenge))
    return proof.challenge == int.from_bytes(keccak256(words(*key, *peer_key, *shared, *r1, *r2)), "big") % P
