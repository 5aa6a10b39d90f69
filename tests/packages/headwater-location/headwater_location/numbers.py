"""The exact arithmetic of an update of the middle of each column.

Values x are integers, units of 2**-DATA_BITS; middles w units of 2**-MODEL_BITS. One update, on used rows:

    w' = w + rebase(sum over rows of 4 * min(max(x - w, -1), 1), 2 + rate_shift)

so no row moves a middle by more than 2**-rate_shift, whatever its values are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.protocol.fixedpoint import rebase

DATA_BITS, MODEL_BITS = 6, 12
CLAMP = 64 << DATA_BITS
"""The largest magnitude of an honest value, in deviations."""

ONE = 1 << MODEL_BITS


@dataclass(frozen=True)
class LocationSpec:
    """Row capacity, columns, rows of salts, and the rate 2**-rate_shift of a summed step."""

    rows: int
    columns: int
    salt_rows: int = 1
    rate_shift: int = 3

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.salt_rows) < 1 or not 0 <= self.rate_shift <= 20 or self.rows > 1 << 20:
            raise ValueError("there are a row, a column and a row of salts at least, and a rate from 2**-20 to 1")

    def update(self, weights: Sequence[int], rows: Sequence[Sequence[int]]) -> list[int]:
        """The middles after one step, units of 2**-MODEL_BITS."""
        columns = zip(weights, zip(*rows, strict=True), strict=True)
        return [w + rebase(sum(4 * _clip((x << 6) - w) for x in column), 2 + self.rate_shift) for w, column in columns]


def _clip(value: int) -> int:
    return min(max(value, -ONE), ONE)
