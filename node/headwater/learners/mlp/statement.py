"""The statement of a network's update: S clipped gradient steps from the model on the committed data.

The arithmetic is `headwater.learners.mlp.numbers`, integer by integer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

from headwater.circuits.blocks import paired, part, positive, view
from headwater.circuits.update import Update
from headwater.learners.mlp.numbers import DIGIT_BITS, MlpSpec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MlpUpdate(MlpSpec, Update):
    """(model, data, salts) -> update, for the numbers of an `MlpSpec`: see `Update`."""

    kind = "mlp"

    @classmethod
    def of(cls, spec: MlpSpec) -> Self:
        """The statement of a specification; the seed is no part of it, so that tasks share a circuit."""
        return replace(cls(**{field.name: getattr(spec, field.name) for field in fields(MlpSpec)}), seed=0)

    @property
    def legs(self) -> int:
        """As `Statement` says: outputs may have 50 bits; with three digits the table would decide k, not the rows."""
        return max(3, -(-self.magnitude.bit_length() // DIGIT_BITS))

    @property
    def checks(self) -> tuple[int, ...]:
        """As `Update` says: in each step one of twice all hidden units, five of errors, five of each layer."""
        units = [paired(self.rows * self.units)]
        errors = [self.rows * self.outputs] * 5
        weights = [rows * columns for rows, columns in self.shapes for _ in range(5)]
        return (*units, *errors, *weights) * self.steps

    @property
    def row_signs(self) -> int:
        """As `Update` says: of its errors; what hidden units take apart has as many signs of each kind for any row."""
        return self.steps * self.outputs * 5

    @property
    def column_signs(self) -> int:
        """As `Update` says: a row's outputs follow each other."""
        return self.steps * -(-self.outputs // 2) * 5

    def learn(self, weights: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """`MlpSpec.train` on all rows but those of salts."""
        import torch

        cut = self.features * self.units
        first, second = self.shapes
        hidden, output = part(weights, 0, cut).reshape(first), part(weights, cut, self.dimension).reshape(second)
        x = view(data, self.rows, 0, self.features)
        targets = view(data, self.rows, self.features, self.features + self.outputs) * float(-2 * self.half)
        for _ in range(self.steps):
            z = x @ (hidden * 4.0) - 1.0
            magnitudes, slopes = positive(z, 2)
            active = z + magnitudes
            errors = _clipped(active @ output, self.half) + targets
            rounded = errors * 2.0**-self.error_shift * -1.0  # negated, as are gradients
            back = (rounded @ output.transpose(0, 1)) * slopes
            hidden = hidden + self._step_of(x.transpose(0, 1) @ back, self.rebase_bits - 1)
            output = output + self._step_of(active.transpose(0, 1) @ rounded, self.rebase_bits)
        return torch.cat([hidden.reshape(-1, 1), output.reshape(-1, 1)], 0)

    def _step_of(self, gradient: torch.Tensor, bits: int) -> torch.Tensor:
        """What a negated gradient, of so many more bits, adds to weights; negated twice, so that it is divided once."""
        return _clipped(gradient, self.clip << bits) * -1.0 * 2.0 ** -(bits + 1) * -1.0


def _clipped(values: torch.Tensor, limit: int) -> torch.Tensor:
    """Twice the values, those beyond `limit` cut off there."""
    import torch

    return torch.abs(values + float(limit)) - torch.abs(values - float(limit))
