"""The `average` statement: 2 * sum = 2 * (n * avg + rho) with 0 <= rho < n, for any n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.circuits.blocks import part
from headwater.circuits.statement import Statement, Tensor
from headwater.protocol.vectors import PUBLIC, UPDATE_SALTS, update_length

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Average(Statement):
    """(model, private, public) -> twice the sum.

    model   [ avg (D) | tag ]
    private [ rho (D) | sums of salts ]
    public  [ n | aggregator | 0 ]    the contract computes this vector's commitment itself
    output  [ 2 * sum of w' | 2 * tag | 2 * sum of salts ]

    |avg| is taken apart, which proves it below base**legs: without that (sum - rho) / n in the FIELD is an average for
    any rho. It must flow into the output, and through something that is no constant: a compiler drops |v| * 0.0. So it
    is multiplied by the public vector's committed zero. Twice rho clamped to [0, n - 1] is
    |rho| - |rho - (n - 1)| + (n - 1), so avg is the floored quotient and nothing else; hence twice the sum, which costs
    half as much as a relu and a minimum.

    Attributes:
        dimension: D, the number of weights.
        weight_bits: no averaged weight's magnitude reaches 2**weight_bits units.
    """

    dimension: int
    weight_bits: int = 29

    kind = "average"

    def __post_init__(self) -> None:
        if self.dimension < 1 or not 1 <= self.weight_bits <= 60:
            raise ValueError("an average has at least one entry, of 1 to 60 bits")

    @property
    def inner_columns(self) -> int:
        """As `Statement` says: one column takes up to 300 weights at k = 14, and the cheapest proof; then two."""
        return 1 if self.dimension <= 300 else 2

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        private = (self.dimension + UPDATE_SALTS, 1)
        return Tensor("model", (self.dimension + 1, 1)), Tensor("private", private), Tensor("public", (PUBLIC, 1))

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("twice the sum", (update_length(self.dimension), 1))

    @property
    def magnitude(self) -> int:
        """As `Statement` says."""
        return 1 << self.weight_bits

    @property
    def decompositions(self) -> tuple[int, ...]:
        """As `Statement` says: of avg, and twice of rho."""
        return (self.dimension,) * 3

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """2 * (n * avg + rho), twice the tag and the salts, with avg checked and rho clamped."""
        import torch

        (model, private, public), d = inputs, self.dimension
        n, zero = part(public, 0, 1), part(public, 2, 3)
        average, remainder = part(model, 0, d), part(private, 0, d)
        clamped = torch.abs(remainder) - torch.abs(remainder - (n - 1)) + (n - 1)
        weights = average * (n * 2.0) + torch.abs(average) * zero + clamped
        return torch.cat([weights, part(model, d, d + 1) * 2.0, part(private, d, d + UPDATE_SALTS) * 2.0], 0)
