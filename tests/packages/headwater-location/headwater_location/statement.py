"""The statement of an update: see `numbers`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.circuits.blocks import view
from headwater.circuits.update import Update
from headwater_location.numbers import CLAMP, DATA_BITS, MODEL_BITS, ONE, LocationSpec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LocationUpdate(LocationSpec, Update):
    """(model, data, salts) -> update. Rows of data are [ values | 1 ]; a row counts once, whatever stands for the 1."""

    kind = "location"

    @property
    def dimension(self) -> int:
        """A weight for each column."""
        return self.columns

    @property
    def data_shape(self) -> tuple[int, int]:
        """As `Update` says."""
        return self.rows + self.salt_rows, self.columns + 1

    @property
    def magnitude(self) -> int:
        """As `Statement` says: a distance from a middle, a sum, or a remainder."""
        farthest = 2 * (CLAMP << (MODEL_BITS - DATA_BITS)) + ONE
        return max(farthest, 4 * self.rows * ONE, 1 << (3 + self.rate_shift))

    @property
    def checks(self) -> tuple[int, ...]:
        """As `Update` says: two of the clip, two of whether a row is used, three of the rebase."""
        return (*[self.rows * self.columns] * 2, *[self.rows] * 2, *[self.columns] * 3)

    @property
    def row_signs(self) -> int:
        """As `Update` says: of the clip, and of whether it is used."""
        return 2 * self.columns + 2

    def learn(self, weights: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """`LocationSpec.update`."""
        import torch

        values, flags = view(data, self.rows, 0, self.columns), view(data, self.rows, self.columns, self.columns + 1)
        away = values * 2.0 ** (MODEL_BITS - DATA_BITS) - weights.reshape(1, self.columns)
        clipped = torch.abs(away + ONE) - torch.abs(away - ONE)  # twice
        used = torch.abs(flags) - torch.abs(flags - 1.0) + 1.0  # 2 where the flag is 1 or more, else 0
        total = clipped.transpose(0, 1) @ used
        return weights + total * -1.0 * 2.0 ** -(2 + self.rate_shift) * -1.0
