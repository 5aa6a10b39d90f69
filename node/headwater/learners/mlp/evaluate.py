"""The statement of a network's score on committed rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from headwater.circuits.blocks import part
from headwater.circuits.evaluate import Evaluate
from headwater.learners.mlp.numbers import MlpSpec
from headwater.learners.mlp.statement import DIGIT_BITS

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MlpEvaluate(Evaluate, MlpSpec):
    """(model, data, hint, public) -> score, for the numbers of an `MlpSpec`: see `Evaluate`.

    Attributes:
        groups: how many columns of the data say which group a row is of.
        at_least: 1 where the score is a bound.
    """

    groups: int = 0
    at_least: int = 0

    kind = "mlp-evaluate"

    def __post_init__(self) -> None:
        MlpSpec(**_numbers(self))  # which checks them
        self.check_score()

    @classmethod
    def of(cls, spec: MlpSpec, groups: int = 0, *, at_least: bool = False) -> Self:
        """The statement of a specification; the seed is no part of it."""
        return cls(**_numbers(spec) | {"seed": 0}, groups=groups, at_least=int(at_least))

    @property
    def legs(self) -> int:
        """As `Statement` says: so many digits that their table does not decide k."""
        return max(3, -(-self.magnitude.bit_length() // DIGIT_BITS))

    @property
    def dimension(self) -> int:
        """As `Evaluate` says."""
        return sum(rows * columns for rows, columns in self.shapes)

    @property
    def table(self) -> tuple[int, int, int, int]:
        """As `Evaluate` says."""
        return self.rows, self.salt_rows, self.features, self.outputs

    @property
    def classifies(self) -> bool:
        """As `Evaluate` says."""
        return True

    @property
    def z_limit(self) -> int:
        """As `Evaluate` says: the largest output."""
        return 2 * self.units * self.features * self.clamp * self.weight_limit**2

    @property
    def z_checks(self) -> tuple[int, ...]:
        """As `Evaluate` says: one of all hidden units."""
        return (self.rows * self.units,)

    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """As `Evaluate` says: `MlpSpec.step`'s y."""
        import torch

        cut, (first, second) = self.features * self.units, self.shapes
        hidden, output = part(weights, 0, cut).reshape(first), part(weights, cut, self.dimension).reshape(second)
        z = x @ hidden
        return (z + torch.abs(z)) @ output


def _numbers(spec: MlpSpec) -> dict[str, Any]:
    return {field.name: getattr(spec, field.name) for field in fields(MlpSpec)}
