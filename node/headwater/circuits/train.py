"""The `train` statement: an update is S clipped gradient steps from the model on the committed data.

The arithmetic is `headwater.protocol.fixedpoint`, integer by integer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from headwater.circuits.blocks import part, view
from headwater.circuits.statement import Statement, Tensor
from headwater.protocol.fixedpoint import TrainingSpec
from headwater.protocol.noise import NOISE, Hidden
from headwater.protocol.vectors import UPDATE_SALTS, update_length

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Train(TrainingSpec, Statement):
    """(model, data, salts) -> update, for the numbers of a `TrainingSpec`.

    model  [ w (D) | tag | 0.. ], or an update: what follows the weights is not read, so that links can be chained
    data   rows of [features | labels], then `salt_rows` rows of salts, which the computation ignores
    salts  [ UPDATE_SALTS field elements | NOISE integers below base**legs ], fresh in every round
    update [ w' (D) | 0 | each salt plus the magnitudes of its part of the noise ]

    The noise is decomposed like all else (`headwater.protocol.noise`). Its magnitudes reach the output, so that no
    compiler drops them, and what is added to a salt leaves it uniform.
    """

    kind = "train"

    @classmethod
    def of(cls, spec: TrainingSpec) -> Train:
        """The statement of a specification."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(TrainingSpec)})

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        data = (self.rows + self.salt_rows, self.width)
        return (
            Tensor("model", (update_length(self.dimension), 1)),
            Tensor("data", data),
            Tensor("salts", (UPDATE_SALTS + NOISE, 1)),
        )

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("update", (update_length(self.dimension), 1))

    @property
    def decompositions(self) -> tuple[int, ...]:
        """As `Statement` says: in each step two of sigmoid and clip each, three of the rebase; and the noise."""
        step = (*[self.rows * self.outputs] * 2, *[self.dimension] * 5)
        return (*step * self.steps, NOISE)

    @property
    def hidden(self) -> Hidden:
        """What the noise of a proof hides."""
        return Hidden(self.legs, self.decomposition_base.bit_length() - 1, self.inner_columns)

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """`TrainingSpec.train`, on the weights before the model's tag and on all rows but those of salts."""
        import torch

        (model, data, salts), h, c = inputs, float(self.half), float(self.clip_gradient)
        weights = part(model, 0, self.dimension).reshape(self.features, self.outputs)
        features = view(data, self.rows, 0, self.features)
        targets = view(data, self.rows, self.features, self.width) * (-2.0 * self.half)
        transposed = features.transpose(0, 1)
        for _ in range(self.steps):
            z = features @ weights
            gradient = transposed @ (torch.abs(z + h) - torch.abs(z - h) + targets)
            clipped = torch.abs(gradient + c) - torch.abs(gradient - c)
            weights = weights + clipped * 2.0 ** -(self.rebase_bits + 1) * -1.0
        return torch.cat([weights.reshape(-1, 1), torch.zeros(1, 1), self.salted(salts)], 0)

    def salted(self, salts: torch.Tensor) -> torch.Tensor:
        """The update's salts: each with the magnitudes of its part of the noise."""
        import torch

        noise = part(salts, UPDATE_SALTS, UPDATE_SALTS + NOISE)
        each = NOISE // UPDATE_SALTS
        return part(salts, 0, UPDATE_SALTS) + torch.abs(noise).reshape(UPDATE_SALTS, each) @ torch.ones(each, 1)
