"""The statement of a network's score on committed rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from headwater.circuits.blocks import paired
from headwater.learners.mlp.numbers import DIGIT_BITS, MlpSpec, outputs
from headwater.learners.table_evaluate import TableEvaluate

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MlpEvaluate(TableEvaluate, MlpSpec):
    """(model, data, hint, public) -> score, for the numbers of an `MlpSpec`: see `Evaluate` and `TableEvaluate`."""

    at_least: int = 0

    kind = "mlp-evaluate"
    Spec = MlpSpec

    @classmethod
    def of(cls, spec: MlpSpec, groups: int | None = None, *, at_least: bool = False) -> Self:
        """As `TableEvaluate` says; the seed is no part of it."""
        return super().of(replace(spec, seed=0), groups, at_least=at_least)

    @property
    def legs(self) -> int:
        """As `Statement` says: so many digits that their table does not decide k."""
        return max(3, -(-self.magnitude.bit_length() // DIGIT_BITS))

    @property
    def classifies(self) -> bool:
        """As `Evaluate` says."""
        return True

    @property
    def z_limit(self) -> int:
        """As `Evaluate` says: the largest output."""
        return self.score_limit

    @property
    def z_checks(self) -> tuple[int, ...]:
        """As `Evaluate` says: one of twice all hidden units."""
        return (paired(self.rows * self.units),)

    @property
    def z_signs(self) -> int:
        """As `Evaluate` says: none: of what hidden units take apart half is above zero and half below, for any row."""
        return 0

    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """As `Evaluate` says: `MlpSpec.step`'s y."""
        return outputs(self, weights, x)
