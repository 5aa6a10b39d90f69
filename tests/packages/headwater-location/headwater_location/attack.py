"""What the clip is for: a twin without it, on which one row moves a middle as far as it likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.circuits.blocks import view
from headwater_location.numbers import DATA_BITS, MODEL_BITS
from headwater_location.statement import LocationUpdate

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Unclipped(LocationUpdate):
    """An update without its clip, and with flags as they come: a mean, which one row moves anywhere."""

    kind = "unclipped-location"

    @property
    def checks(self) -> tuple[int, ...]:
        """As `Update` says: of the rebase."""
        return (self.columns,) * 3

    def learn(self, weights: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """The mean's step."""
        values, flags = view(data, self.rows, 0, self.columns), view(data, self.rows, self.columns, self.columns + 1)
        away = values * 2.0 ** (MODEL_BITS - DATA_BITS) - weights.reshape(1, self.columns)
        total = (away * 2.0).transpose(0, 1) @ (flags * 2.0)
        return weights + total * -1.0 * 2.0 ** -(2 + self.rate_shift) * -1.0
