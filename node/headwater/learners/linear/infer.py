"""The statement of what a linear model says of one committed row."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from headwater.learners.linear import losses
from headwater.learners.linear.numbers import LinearSpec
from headwater.learners.table_infer import TableInfer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LinearInfer(TableInfer, LinearSpec):
    """(model, row, hint, public) -> answer, for the numbers of a `LinearSpec`: see `Infer`."""

    kind = "linear-infer"
    Spec = LinearSpec

    @property
    def modules(self) -> tuple[ModuleType, ...]:
        """As `Statement` says."""
        return (losses,)

    @property
    def z_limit(self) -> int:
        """As `Infer` says: weights stay below the task's limit."""
        return self.features * self.clamp * self.spec.weight_limit

    @property
    def z_checks(self) -> tuple[int, ...]:
        """As `Infer` says: none."""
        return ()

    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """As `Infer` says."""
        return x @ weights.reshape(self.features, self.outputs)
