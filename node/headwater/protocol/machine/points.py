"""What the contracts compute with points, and the bytes they hash.

Commitments are affine: C(v) = B + sum of v_i * L_i, so C(a) + C(b) = C(a + b) + B.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from headwater.protocol import pairing
from headwater.protocol.curve import INFINITY, Point, add, negate
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.masks import GENERATOR
from headwater.protocol.openings import UNUSABLE_ROWS, root_of_unity
from headwater.protocol.pairing import G2
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import Posting, TaskConfig

Multiply = Callable[[Point, int], Point]
"""scalar * point. `curve.multiply` is one; tests know logarithms and are quicker."""

Balanced = Callable[[Point, Point, G2], bool]
"""Whether e(left, G2's generator) = e(right, factor); no for what is no point. `balanced` is one."""


def balanced(left: Point, right: Point, factor: G2) -> bool:
    """What the precompile of EIP-197 says, but for a factor at infinity, which no task has."""
    try:
        return pairing.balanced(left, right, factor)
    except ValueError:
        return False


def words(*values: int) -> bytes:
    """Numbers as abi.encode writes them: 32 bytes each, big-endian."""
    return b"".join(value.to_bytes(32, "big") for value in values)


def hashed(*values: int) -> int:
    """keccak256 of numbers, as a field element."""
    return int.from_bytes(keccak256(words(*values)), "big") % P


def point_hash(point: Point) -> bytes:
    """The key of a point in mappings: keccak256 of its 64 bytes."""
    return keccak256(words(*point))


def posting_hash(posting: Posting) -> bytes:
    """keccak256(abi.encode(posting)): a dynamic tuple whose array follows five words of head."""
    masks = (word for mask in posting.masks for word in (int(mask.peer, 16), *mask.commitment))
    head = words(32) + posting.seed + words(*posting.update) + posting.cid + words(5 * 32, len(posting.masks))
    return keccak256(head + words(*masks))


def is_point(point: Point) -> bool:
    """Canonical, on the curve, and not the identity."""
    return point != INFINITY and point.on_curve()


def validate(point: Point) -> None:
    """Must be a point."""
    if not is_point(point):
        raise Refused("InvalidPoint", *point)


def check_addable(point: Point) -> None:
    """Must be a point or the identity: the precompiles take no other."""
    if not point.on_curve():
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


def public_of(config: TaskConfig, number: int, account: str, multiply: Multiply) -> Point:
    """C([number | account]), the public vector of the statement `average`."""
    counted = add(config.offset, multiply(config.basis0, number))
    return add(counted, multiply(config.basis1, int(account, 16)))


def share_one_log(key: Point, peer_key: Point, shared: Point, proof: EqualLogProof, multiply: Multiply) -> bool:
    """Whether the proof shows key = x * G and shared = x * peer_key for one x (Chaum and Pedersen 1992)."""
    if not is_point(shared):
        return False
    r1 = add(multiply(GENERATOR, proof.response), multiply(key, proof.challenge))
    r2 = add(multiply(peer_key, proof.response), multiply(shared, proof.challenge))
    return proof.challenge == hashed(*key, *peer_key, *shared, *r1, *r2)


def possesses(owner: str, key: Point, tag: int, proof: PossessionProof, multiply: Multiply) -> bool:
    """Whether the proof shows that the owner knows x with key = x * G, in the task with this tag (Schnorr 1991)."""
    if proof.response >= P:
        return False
    r = add(multiply(GENERATOR, proof.response), multiply(key, proof.challenge))
    return proof.challenge == hashed(tag, int(owner, 16), *key, *r)


class BasisClaim(NamedTuple):
    """What is opened of a task's points: their combination, the place, and the value there if they are right."""

    commitment: Point
    place: int
    value: int


def basis_claim(config: TaskConfig, multiply: Multiply) -> BasisClaim:
    """Offset and basis points, combined by powers of a number that nobody knows before they are fixed."""
    k, dimension = config.k, config.dimension
    points = (config.basis0, config.basis1, config.basis_d)
    rho = hashed(*config.offset, *(number for point in points for number in point), k, dimension)
    powers = (rho, rho**2 % P, rho**3 % P)
    commitment = config.offset
    for point, power in zip(points, powers, strict=True):
        commitment = add(commitment, multiply(point, power))
    r = hashed(*commitment, rho)
    value = sum(_lagrange(k, row, r) for row in range(2**k - UNUSABLE_ROWS, 2**k))
    value += sum(power * _lagrange(k, row, r) for row, power in zip((0, 1, dimension), powers, strict=True))
    return BasisClaim(commitment, r, value % P)


def _lagrange(k: int, row: int, r: int) -> int:
    """l_row(r): the polynomial that is 1 in one row of a column of 2^k and 0 in all others."""
    n, place = 2**k, pow(root_of_unity(k), row, P)
    inverse: int = pow(n * (r - place), -1, P)
    return (pow(r, n, P) - 1) * place * inverse % P
