"""The statement of a linear model's update: S clipped gradient steps from the model on the committed data.

The arithmetic is `headwater.learners.linear.numbers`, integer by integer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import ModuleType
from typing import TYPE_CHECKING, Self

from headwater.circuits.blocks import view
from headwater.circuits.update import Update
from headwater.learners.linear import losses
from headwater.learners.linear.numbers import LinearSpec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LinearUpdate(LinearSpec, Update):
    """(model, data, salts) -> update, for the numbers of a `LinearSpec`: see `Update`."""

    kind = "linear"

    @classmethod
    def of(cls, spec: LinearSpec) -> Self:
        """The statement of a specification."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(LinearSpec)})

    @property
    def modules(self) -> tuple[ModuleType, ...]:
        """As `Statement` says."""
        return (losses,)

    @property
    def checks(self) -> tuple[int, ...]:
        """As `Update` says: in each step one for each knot, two of the clip, and three of the rebase."""
        errors = [self.rows * self.outputs] * len(self.knots)
        penalties = [self.features] if self.penalty and self.steps > 1 else []  # a constant that is used in each step
        return (*(*errors, *[self.dimension] * 5) * self.steps, *penalties)

    @property
    def row_signs(self) -> int:
        """As `Update` says: of a row's distances from the loss's knots."""
        return self.steps * self.outputs * len(self.knots)

    @property
    def column_signs(self) -> int:
        """As `Update` says: a row's outputs follow each other."""
        return self.steps * -(-self.outputs // 2) * len(self.knots)

    def learn(self, weights: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """`LinearSpec.train` on all rows but those of salts."""
        import torch

        c = float(self.clip_gradient)
        weights = weights.reshape(self.features, self.outputs)
        features = view(data, self.rows, 0, self.features)
        labels = view(data, self.rows, self.features, self.features + self.outputs)
        transposed = features.transpose(0, 1)
        for _ in range(self.steps):
            gradient = transposed @ self._errors(features @ weights, labels)
            if self.penalty:
                gradient = gradient + weights * torch.tensor(self.penalties, dtype=torch.float32).reshape(-1, 1)
            clipped = torch.abs(gradient + c) - torch.abs(gradient - c)
            weights = weights + clipped * 2.0 ** -(self.rebase_bits + 1) * -1.0
        return weights

    def _errors(self, z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """`LinearSpec.error`, (rows, outputs)."""
        form = self.derivative.form
        if form == "margin":
            return labels * (bent(self, labels * z) + float(self.level))
        if form == "residual":
            return bent(self, z - labels * 2.0**self.model_bits)
        found = bent(self, z) + labels * float(-self.label_unit)
        return found + float(self.level) if self.level else found


def bent(spec: LinearSpec, u: torch.Tensor) -> torch.Tensor:
    """The sum of all of a loss's turns times the distances of u from their knots."""
    import torch

    found = torch.abs(u - float(spec.knots[0])) * float(spec.derivative.turns[0])
    for turn, knot in list(zip(spec.derivative.turns, spec.knots, strict=True))[1:]:
        away = torch.abs(u - float(knot))
        if abs(turn) != 1:
            away = away * float(abs(turn))  # a product with -1 would cost a cell an entry
        found = found + away if turn > 0 else found - away
    return found
