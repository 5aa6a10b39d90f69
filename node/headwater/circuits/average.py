"""The `average` statement: sum = n * avg + rho with 0 <= rho < n, for any n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.circuits.statement import Statement, Tensor
from headwater.protocol.vectors import UPDATE_SALTS, update_length

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Average(Statement):
    """(model, private, public) -> sum.

    model   [ avg (D) | tag ]
    private [ rho (D) | sums of salts ]
    public  [ n | aggregator ]        the contract computes this vector's commitment itself
    sum     [ sum of w' | tag | sum of salts ]

    avg passes through relu(v) - relu(-v), which is v, and proves |v| < base**legs: without it (sum - rho) / n in the
    FIELD is an average for any rho. rho is clamped to [0, n - 1], so avg is the floored quotient and nothing else.

    Attributes:
        dimension: D, the number of weights.
        weight_bits: no averaged weight's magnitude reaches 2**weight_bits units.
    """

    dimension: int
    weight_bits: int = 29

    kind = "average"
    inner_columns = 1

    def __post_init__(self) -> None:
        if self.dimension < 1 or not 1 <= self.weight_bits <= 60:
            raise ValueError("an average has at least one entry, of 1 to 60 bits")

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        private = (self.dimension + UPDATE_SALTS, 1)
        return Tensor("model", (self.dimension + 1, 1)), Tensor("private", private), Tensor("public", (2, 1))

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("sum", (update_length(self.dimension), 1))

    @property
    def magnitude(self) -> int:
        """As `Statement` says."""
        return 1 << self.weight_bits

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """n * avg + rho, the tag and the salts, with avg checked and rho clamped."""
        import torch

        (model, private, public), d = inputs, self.dimension
        n = public[:1]
        average = torch.relu(model[:d]) - torch.relu(-model[:d])
        remainder = torch.minimum(torch.relu(private[:d]), n - 1)
        return torch.cat([average * n + remainder, model[d:], private[d:]], 0)
