"""Fixed-point numbers: a real x is the integer round(x * 2**bits).

Every learner's arithmetic is of such integers, and exact. What one is divided by is a power of two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Matrix = Sequence[Sequence[int]]


def encode(value: float, bits: int) -> int:
    """round(value * 2**bits), halves to even.

    Raises:
        ValueError: not a finite number.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return round(math.ldexp(value, bits))


def decode(value: int, bits: int) -> float:
    """The real that an integer stands for."""
    return math.ldexp(value, -bits)


def rebase(value: int, bits: int) -> int:
    """value / 2**bits, rounded to nearest, halves away from zero."""
    magnitude = (2 * abs(value) + (1 << bits)) >> (bits + 1)
    return -magnitude if value < 0 else magnitude


def salt_rows_for(proofs: int, width: int) -> int:
    """The rows of salts that so many proofs about them need, one or more a round, for rows of `width` entries.

    Two of each may become public, the second after a restart, and two salts are to spare.
    """
    return -(-(2 * proofs + 2) // width)
