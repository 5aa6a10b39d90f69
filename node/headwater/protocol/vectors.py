"""The vectors that are committed to, and how their commitments add up.

    model    [ w (D) | tag ]
    update   [ w' (D) | 0 | salts (8) ]
    sum      [ sum of w' | tag | sums of salts (8) ]
    public   [ n | aggregator | 0 ]

C(v) is EZKL's KZG commitment of a vector: its polynomial takes v's entries in the first rows, 0 in the usable rows
after them, and 1 in the unusable ones. Hence it is affine: with B = C(0), C(a) + C(b) = C(a + b) + B, and
C(v) = B + sum of v_i * L_i for the SRS's Lagrange points L_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.protocol.curve import Point, add, multiply, negate, total
from headwater.protocol.field import P, to_signed

UPDATE_SALTS = 8
"""Salts of an update, fresh in every round.

EZKL's committed columns are not blinded: every proof opens each of them at a random place, which is one linear equation
over the vector's entries. A train proof gives two over the salts, one in their own column and one in the update's; a
further link gives a third. The salts must outnumber all equations that are ever published, or the rest of the vector
can be computed from proofs: eight allow two different proofs of one update. For the data, see `TrainingSpec.salt_rows`.
"""


PUBLIC = 3
"""Entries of a public vector: n, the aggregator, and a zero that the statement `average` takes from it."""


def update_length(dimension: int) -> int:
    """Entries of an update vector, the longest that the contract adds up."""
    return dimension + 1 + UPDATE_SALTS


def public_input(n: int, aggregator: str) -> list[int]:
    """[n | aggregator | 0], as `average` takes it; aggregator: an address."""
    return [n, int(aggregator, 16), 0]


def model_input(weights: Sequence[int], tag: int) -> list[int]:
    """[w | tag | 0..] of an update's length: how `train` takes a model. Its commitment is that of [w | tag].

    Of that length, so that a proof can also start from an update: links of a chain have one verifier.
    """
    return [*weights, tag, *[0] * UPDATE_SALTS]


@dataclass(frozen=True)
class Basis:
    """What commitments of one k and one SRS are made of: the offset B = C(0) and the first Lagrange points."""

    offset: Point
    points: tuple[Point, ...]

    def commit(self, vector: Sequence[int]) -> Point:
        """C(vector), computed here: a millisecond for a weight, ten for a full-size entry such as a salt.

        Raises:
            ValueError: the vector is longer than the basis.
        """
        if len(vector) > len(self.points):
            raise ValueError(f"a basis of {len(self.points)} points cannot commit to {len(vector)} entries")
        signed = zip(
            self.points, (to_signed(entry % P) for entry in vector), strict=False
        )  # weights are short integers
        return add(self.offset, total(multiply(p if v > 0 else negate(p), abs(v)) for p, v in signed if v))


def sum_of_commitments(points: Sequence[Point], offset: Point) -> Point:
    """C(sum of v_i) from the C(v_i): their sum less (n - 1) * B.

    Raises:
        ValueError: no points.
    """
    if not points:
        raise ValueError("the sum of no commitments is not a commitment")
    return add(total(points), negate(multiply(offset, len(points) - 1)))


def twice(point: Point, offset: Point) -> Point:
    """C(2 v) from C(v): what a proof of an average is of."""
    return sum_of_commitments([point, point], offset)


def average(total_vector: Sequence[int], n: int) -> tuple[list[int], list[int]]:
    """The floored average of n summed weights, and the remainders: total = n * average + remainder, 0 <= remainder < n.

    Args:
        total_vector: D signed integers, the sums of n updates' weights.

    Raises:
        ValueError: n is not positive.
    """
    if n < 1:
        raise ValueError(f"an average needs at least one update, not {n}")
    pairs = [divmod(entry, n) for entry in total_vector]
    return [quotient for quotient, _ in pairs], [remainder for _, remainder in pairs]
