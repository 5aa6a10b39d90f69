"""The losses of linear models, by their derivatives: piecewise linear functions, which a circuit computes by `abs`.

Left of the first knot and right of the last a derivative is flat, so what one row adds to a gradient is bounded:

    L(u) = level + sum over k of turn_k * |u - knot_k|        times 2**-divisor_bits; knots in sixteenths

and a row (x, y) with z = x . w adds x times

    direct    L(z) - y          the label is compared with what the model says
    residual  L(z - y)          what a loss makes of the difference
    margin    y * L(y * z)      y is +1 or -1
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

KNOT_BITS = 4
"""Fractional bits of a knot."""


@dataclass(frozen=True)
class Loss:
    """One loss.

    Attributes:
        form: what the derivative is of, as above.
        knots: in units of 2**-KNOT_BITS, ascending.
        turns: what `abs` of the distance from each knot is multiplied by; their sum is 0.
        level: what is added.
        divisor_bits: turns, levels and what they add up to are on this many bits.
        classifies: whether labels are classes, +1 or -1; else they are amounts.
        says: for people.
    """

    form: Literal["direct", "residual", "margin"]
    knots: tuple[int, ...]
    turns: tuple[int, ...]
    level: int
    divisor_bits: int
    classifies: bool
    says: str

    def __post_init__(self) -> None:
        if sum(self.turns) or len(self.turns) != len(self.knots) or list(self.knots) != sorted(set(self.knots)):
            raise ValueError("a derivative is flat at both ends, and has a turn for each of its ascending knots")

    def __call__(self, u: float) -> float:
        """L(u), in reals."""
        found: float = sum(
            turn * abs(u - knot / 2**KNOT_BITS) for turn, knot in zip(self.turns, self.knots, strict=True)
        )
        return float((self.level + found) / 2**self.divisor_bits)

    @property
    def slopes(self) -> tuple[float, ...]:
        """Of the pieces from left to right, one more than knots; the first and the last are 0."""
        found, slope = [0.0], 0.0
        for turn in self.turns:
            slope += 2 * turn / 2**self.divisor_bits
            found.append(slope)
        return tuple(found)

    @property
    def largest(self) -> float:
        """The largest |L|, which it takes at a knot."""
        return max(abs(self(knot / 2**KNOT_BITS)) for knot in self.knots)


def _clip(limit: int, says: str) -> Loss:
    """L(u) = min(max(u, -limit), limit), limit in sixteenths."""
    return Loss("residual", (-limit, limit), (1, -1), 0, 1, False, says)


def _exponential() -> Loss:
    """exp(z) between its values at -3, -2, .., 3, and flat beyond."""
    bits, at = 6, range(-3, 4)
    values = [math.exp(z) for z in at]
    inner = [round((b - a) * 2**bits) for a, b in pairwise(values)]
    slopes = [0, *inner, 0]
    turns = tuple(b - a for a, b in pairwise(slopes))
    middle = round((values[0] + values[-1]) * 2**bits)
    knots = tuple(z << KNOT_BITS for z in at)
    return Loss("direct", knots, turns, middle, bits + 1, False, "counts, by a piecewise-linear exponential")


LOSSES = {
    "logistic": Loss("direct", (-32, 32), (1, -1), 4, 3, True, "classes, by a piecewise-linear sigmoid"),
    "hinge": Loss("margin", (0, 16), (1, -1), -1, 1, True, "classes, by a hinge that is rounded off between 0 and 1"),
    "squared": _clip(256, "an amount, by least squares; a residual beyond 16 deviations counts as 16"),
    "huber": _clip(22, "an amount, by least squares to 1.375 deviations and by the absolute value beyond"),
    "poisson": _exponential(),
}
