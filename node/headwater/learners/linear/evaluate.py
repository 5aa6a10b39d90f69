"""The statement of a linear model's score on committed rows."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from headwater.learners.linear import losses
from headwater.learners.linear.numbers import LinearSpec
from headwater.learners.linear.statement import bent
from headwater.learners.table_evaluate import TableEvaluate

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LinearEvaluate(TableEvaluate, LinearSpec):
    """(model, data, hint, public) -> score, for the numbers of a `LinearSpec`: see `Evaluate` and `TableEvaluate`."""

    at_least: int = 0

    kind = "linear-evaluate"
    Spec = LinearSpec

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.classifies or self.intercept):
            raise ValueError("rows of amounts are told from unused ones by their intercept, and there is none")

    @property
    def modules(self) -> tuple[ModuleType, ...]:
        """As `Statement` says."""
        return (losses,)

    @property
    def classifies(self) -> bool:
        """As `Evaluate` says."""
        return self.derivative.classifies

    @property
    def z_limit(self) -> int:
        """As `Evaluate` says: |z|, or an error on the scale of the loss."""
        return self.spec.magnitude

    @property
    def z_checks(self) -> tuple[int, ...]:
        """As `Evaluate` says: z needs none; the mean of a count is a function with knots."""
        return (self.rows,) * len(self.knots) if not self.classifies and self.derivative.form == "direct" else ()

    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """As `Evaluate` says."""
        return x @ weights.reshape(self.features, self.outputs)

    def distance(self, z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """As `Evaluate` says: on the scale of z, or for a direct loss of errors."""
        if self.derivative.form == "residual":
            return z - labels * 2.0**self.model_bits
        return bent(self, z) + labels * float(-self.label_unit) + float(self.level)
