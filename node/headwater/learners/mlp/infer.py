"""The statement of what a network says of one committed row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from headwater.circuits.blocks import paired
from headwater.learners.mlp.numbers import MlpSpec, outputs
from headwater.learners.table_infer import TableInfer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MlpInfer(TableInfer, MlpSpec):
    """(model, row, hint, public) -> answer, for the numbers of an `MlpSpec`: see `Infer`."""

    kind = "mlp-infer"
    Spec = MlpSpec

    @classmethod
    def of(cls, spec: Any) -> Self:
        """As `TableInfer` says; the seed is no part of it."""
        return super().of(replace(spec, seed=0))

    @property
    def z_limit(self) -> int:
        """As `Infer` says: the largest output."""
        return self.score_limit

    @property
    def z_checks(self) -> tuple[int, ...]:
        """As `Infer` says: one of twice the hidden units, of which one in two is above zero, whatever the row."""
        return (paired(self.units),)

    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """As `Infer` says: what `Mlp.scores` computes."""
        return outputs(self, weights, x)
