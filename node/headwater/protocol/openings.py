"""Openings: that a commitment is the one of a vector, shown by one evaluation instead of one multiplication an entry.

    f      takes, at w^0, w^1, .. w^(n - 1) with n = 2**k: the vector, zeros, and ones in the last six rows
    C      = [f(tau)], the commitment
    root   = keccak256(keccak256(part 0) | keccak256(part 1) | ..)           of the vector's bytes, or the mask's seed
    r      = keccak256(C.x | C.y | k | encoding | entries | root) mod P                     words of 32 bytes
    y      = f(r),  Q = [(f - y) / (X - r)](tau)                                            Q is all that is sent
    check    e(C - y G + r Q, G2) = e(Q, [tau]_2)

Kate, Zaverucha and Goldberg 2010 ("Constant-Size Commitments to Polynomials and Their Applications"), at a point that
is hashed from the statement (Fiat and Shamir 1986), which fixes all bytes before anybody knows it. Two vectors whose
polynomials agree there are found with probability 2**k / P a try. A contract computes y from the bytes alone.

A basis claim opens a task's four points at once: that they are C(0) and L_0, L_1 and L_D of the SRS whose [tau]_2 is
given. They are combined with powers of a number that is hashed from all four, so each has to be right.

    rho    = keccak256(offset | basis0 | basis1 | basisD | k | D) mod P                     points of 64 bytes
    C      = offset + rho basis0 + rho^2 basis1 + rho^3 basisD
    r      = keccak256(C.x | C.y | rho) mod P
    f(r)   = the six ones' Lagrange polynomials + rho l_0(r) + rho^2 l_1(r) + rho^3 l_D(r)

Where r is one of the w^i (probability 2**k / P) nothing is accepted: the formula has no inverse there. With a [tau]_2
of one's own choice anything can be opened, so a task pins it as it pins its SRS.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from itertools import accumulate, repeat
from typing import NamedTuple

from headwater.protocol.curve import Point, add, multiply, negate, total
from headwater.protocol.field import P, pack, to_signed, unpack
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import GENERATOR, prg
from headwater.protocol.pairing import G2, balanced, in_group

UNUSABLE_ROWS = 6  # the last rows of a column, which EZKL keeps for blinding and, in a committed one, fills with ones
PART_BYTES = 65_536
TWO_ADICITY = 28  # P - 1 is an odd multiple of 2**28
ROOT = 0x03DDB9F5166D18B798865EA93DD31F743215CF6DD39329C8D34F1ED960C37C9C  # of order 2**28, as halo2 has it
MIN_K = 3  # 2**3 is the first power above the six rows


class Encoding(IntEnum):
    """How a vector's entries are given."""

    WORDS = 0
    """32 bytes an entry, big-endian, below `P`."""
    PACKED = 1
    """8 bytes an entry, signed, big-endian: an int64."""
    MASK = 2
    """32 bytes in all, from which `masks.prg` expands the entries. On chain they are the root, without parts."""


class TaskBasis(NamedTuple):
    """The points of a task's configuration: C(0), and what one unit of entry 0, 1 and D adds to a commitment."""

    offset: Point
    basis0: Point
    basis1: Point
    basis_d: Point


class BasisClaim(NamedTuple):
    """What is opened to show that a task's points are those of an SRS.

    Attributes:
        vector: D + 1 entries (2 for D = 1), the vector to which the commitment is one if they are.
        commitment: the points, combined.
        point: r, where it is opened.
        value: f(r) for the vector.
    """

    vector: tuple[int, ...]
    commitment: Point
    point: int
    value: int


def encode(values: Sequence[int], encoding: Encoding) -> bytes:
    """A vector's bytes.

    Args:
        values: field elements or signed integers.

    Raises:
        ValueError: an entry that is no int64, packed; or a seed's encoding, since no vector has a seed.
    """
    if encoding == Encoding.WORDS:
        return pack(values)
    if encoding == Encoding.MASK:
        raise ValueError("a seed's entries follow from the seed, so the seed is what is given")
    try:
        return b"".join(to_signed(value % P).to_bytes(8, "big", signed=True) for value in values)
    except OverflowError as error:
        raise ValueError("packed entries are signed integers of 8 bytes, this vector has a larger one") from error


def decode(data: bytes, encoding: Encoding, entries: int) -> list[int]:
    """The field elements of a vector's bytes, or of a mask's seed.

    Raises:
        ValueError: not the bytes of so many entries, or a word that is not reduced mod `P`.
    """
    size = 32 if encoding == Encoding.MASK else entries * (32 if encoding == Encoding.WORDS else 8)
    if entries < 0 or len(data) != size:
        raise ValueError(f"{entries} entries, {encoding.name.lower()}, have {size} bytes, not {len(data)}")
    if encoding == Encoding.MASK:
        return prg(data, entries)
    if encoding == Encoding.PACKED:
        return [int.from_bytes(data[i : i + 8], "big", signed=True) % P for i in range(0, size, 8)]
    return unpack(data)


def parts(data: bytes) -> list[bytes]:
    """The bytes cut into parts of `PART_BYTES`, the last one shorter; of nothing, one empty part."""
    return [data[i : i + PART_BYTES] for i in range(0, max(len(data), 1), PART_BYTES)]


def root_of(data: bytes, encoding: Encoding) -> bytes:
    """The 32 bytes that stand for a vector's bytes: the hash of its parts' hashes, or the seed itself."""
    return data if encoding == Encoding.MASK else keccak256(b"".join(keccak256(part) for part in parts(data)))


def challenge(commitment: Point, k: int, encoding: Encoding, entries: int, root: bytes) -> int:
    """r, where a commitment is opened: six words hashed, mod `P`."""
    return _hashed(commitment.encode() + b"".join(n.to_bytes(32, "big") for n in (k, encoding, entries)) + root)


def evaluate(k: int, values: Sequence[int], r: int) -> int:
    """f(r) for a vector in a column of 2**k rows, in steps that grow with its entries and k, not with 2**k.

    f(r) = (r^n - 1)/n * sum of v_i w^i / (r - w^i), Lagrange's interpolation on roots of unity (Berrut and Trefethen
    2004, "Barycentric Lagrange Interpolation").

    Raises:
        ValueError: the vector does not fit k, or r is a power of w.
    """
    return _interpolated(k, dict(enumerate(values)), r)


def verify(commitment: Point, k: int, encoding: Encoding, entries: int, data: bytes, quotient: Point, tau: G2) -> bool:
    """Whether a commitment is that of the vector of these bytes.

    Refuses what is no point of its group: commitment and quotient in `Point.on_curve`, tau in `pairing.in_group`. On
    chain the pairing's precompile does that, but for a tau at infinity, with which everything could be opened.

    Args:
        data: as `decode` takes it; for a seed, the seed.
        quotient: Q; infinity where f is constant.
        tau: [tau]_2 of the SRS.
    """
    if not commitment.on_curve():
        return False
    try:
        _check_room(k, entries)  # before a mask of any length is expanded
        values = decode(data, encoding, entries)
        r = challenge(commitment, k, encoding, entries, root_of(data, encoding))
        value = evaluate(k, values, r)
    except ValueError:
        return False
    return _opens(commitment, r, value, quotient, tau)


def basis_claim(points: TaskBasis, k: int, dimension: int) -> BasisClaim:
    """What is to be opened for a task's points.

    Args:
        dimension: D, the weights of a model, from 1.

    Raises:
        ValueError: D + 1 entries do not fit k, a point is not of the curve, or r is a power of w.
    """
    if dimension < 1:
        raise ValueError(f"a model has at least one weight, not {dimension}")
    if not all(point.on_curve() for point in points):
        raise ValueError("the offset and the basis are points of BN254")
    words = (k.to_bytes(32, "big"), dimension.to_bytes(32, "big"))
    rho = _hashed(b"".join((*(point.encode() for point in points), *words)))
    powers = (rho, rho**2 % P, rho**3 % P)
    terms = (multiply(point, power) for point, power in zip(points[1:], powers, strict=True))
    commitment = add(points.offset, total(terms))
    rows: dict[int, int] = {}
    for row, power in zip((0, 1, dimension), powers, strict=True):
        rows[row] = (rows.get(row, 0) + power) % P
    r = _hashed(commitment.encode() + rho.to_bytes(32, "big"))
    value = _interpolated(k, rows, r)  # refuses what does not fit, before a vector of any length is made
    return BasisClaim(tuple(rows.get(row, 0) for row in range(dimension + 1)), commitment, r, value)


def verify_basis(points: TaskBasis, k: int, dimension: int, quotient: Point, tau: G2) -> bool:
    """Whether a task's points are C(0), L_0, L_1 and L_D of the SRS of k and tau. Refuses points as `verify` does."""
    try:
        claim = basis_claim(points, k, dimension)
    except ValueError:
        return False
    return _opens(claim.commitment, claim.point, claim.value, quotient, tau)


def root_of_unity(k: int) -> int:
    """w: the element of order 2**k on whose powers a column of 2**k rows is interpolated.

    Raises:
        ValueError: k is not in 3 .. 28.
    """
    _check_room(k, 0)
    return pow(ROOT, 1 << (TWO_ADICITY - k), P)


def inverses(elements: Sequence[int]) -> list[int]:
    """1/e of each element, for one inversion and three multiplications each (Montgomery 1987).

    Raises:
        ValueError: one is zero.
    """
    before = list(accumulate(elements, lambda product, element: product * element % P, initial=1))
    inverse = pow(before.pop(), -1, P)
    found = []
    for product, element in zip(reversed(before), reversed(elements), strict=True):
        found.append(inverse * product % P)
        inverse = inverse * element % P
    return found[::-1]


def _interpolated(k: int, rows: dict[int, int], r: int) -> int:
    """f(r), from the rows ascending that are not zero, less the unusable ones."""
    _check_room(k, max(rows, default=-1) + 1)
    w, n = root_of_unity(k), 1 << k
    vanishing = (pow(r, n, P) - 1) % P
    if not vanishing:
        raise ValueError("there is no opening at a root of unity")
    values = [*rows.values(), *repeat(1, UNUSABLE_ROWS)]
    places, place, row = [], 1, 0
    for following in (*rows, *range(n - UNUSABLE_ROWS, n)):
        place = place * (w if following == row + 1 else pow(w, following - row, P)) % P
        places.append(place)
        row = following
    terms = zip(values, places, inverses([r - place for place in places]), strict=True)
    return vanishing * pow(n, -1, P) * sum(value * place % P * inverse for value, place, inverse in terms) % P


def _check_room(k: int, entries: int) -> None:
    if not MIN_K <= k <= TWO_ADICITY:
        raise ValueError(f"k is from {MIN_K} to {TWO_ADICITY}, not {k}")
    if entries > (1 << k) - UNUSABLE_ROWS:
        raise ValueError(f"a vector of {entries} entries does not fit k = {k}")


def _opens(commitment: Point, r: int, value: int, quotient: Point, tau: G2) -> bool:
    if not (quotient.on_curve() and in_group(tau)):
        return False
    left = total((commitment, negate(multiply(GENERATOR, value)), multiply(quotient, r)))
    return balanced(left, quotient, tau)


def _hashed(data: bytes) -> int:
    return int.from_bytes(keccak256(data), "big") % P
