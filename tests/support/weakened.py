"""Statements with one protection taken away each: what an attack must be seen to beat before its refusal counts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from headwater.circuits.average import Average
from headwater.circuits.blocks import part
from headwater.circuits.statement import Statement, Tensor
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.vectors import UPDATE_SALTS


@dataclass(frozen=True)
class UncheckedAverage(Average):
    """`average` without the range check of avg: (sum - rho) / n in the field passes for any rho."""

    @property
    def decompositions(self):
        return (self.dimension,) * 2

    def compute(self, model, private, public):
        d, n = self.dimension, public[:1]
        clamped = torch.abs(private[:d]) - torch.abs(private[:d] - (n - 1)) + (n - 1)
        return torch.cat([model[:d] * n * 2.0 + clamped + public[2:] * 0.0, model[d:] * 2.0, private[d:] * 2.0], 0)


@dataclass(frozen=True)
class FoldedAverage(Average):
    """`average` whose check of avg is multiplied by a constant zero, and dropped by the compiler."""

    def compute(self, model, private, public):
        d, n = self.dimension, public[:1]
        clamped = torch.abs(private[:d]) - torch.abs(private[:d] - (n - 1)) + (n - 1)
        weights = model[:d] * n * 2.0 + torch.abs(model[:d]) * 0.0 + clamped + public[2:]
        return torch.cat([weights, model[d:] * 2.0, private[d:] * 2.0], 0)


@dataclass(frozen=True)
class DisplacedAverage(Average):
    """`average`, cell by cell, but for the entries that it takes apart: the remainders' in place of the average's."""

    def compute(self, model, private, public):
        d, n = self.dimension, part(public, 0, 1)
        average, remainder = part(model, 0, d), part(private, 0, d)
        others = torch.index_select(private, 0, torch.arange(d - 1, -1, -1))
        clamped = torch.abs(remainder) - torch.abs(remainder - (n - 1)) + (n - 1)
        weights = average * (n * 2.0) + torch.abs(others) * part(public, 2, 3) + clamped
        return torch.cat([weights, part(model, d, d + 1) * 2.0, part(private, d, d + UPDATE_SALTS) * 2.0], 0)


@dataclass(frozen=True)
class UnclampedAverage(Average):
    """`average` without the bound rho < n: any average near enough passes."""

    @property
    def decompositions(self):
        return (self.dimension,) * 2

    def compute(self, model, private, public):
        d, n = self.dimension, public[:1]
        weights = model[:d] * n * 2.0 + torch.abs(model[:d]) * public[2:] + torch.abs(private[:d]) * 2.0
        return torch.cat([weights, model[d:] * 2.0, private[d:] * 2.0], 0)


@dataclass(frozen=True)
class UnclippedTrain(LinearUpdate):
    """One step of linear regression without sigmoid or clip: nothing bounds what the data do to the weights."""

    @property
    def checks(self):
        return ()

    def compute(self, model, data, salts):
        x, labels = data[: self.rows, : self.features], data[: self.rows, self.features :]
        weights = model[: self.features]
        gradient = x.transpose(0, 1) @ (x @ weights - labels)
        return torch.cat([weights - gradient, torch.zeros(1, 1), self.salted(salts)], 0)


@dataclass(frozen=True)
class ClaimedRows(LinearUpdate):
    """`train` with a count that the trainer claims and by which its step is multiplied: a mean weighted by rows."""

    @property
    def inputs(self):
        return *super().inputs, Tensor("claim", (1, 1))

    def compute(self, model, data, salts, claim):
        d, update = self.dimension, super().compute(model, data, salts)
        return torch.cat([model[:d] + (update[:d] - model[:d]) * claim, update[d:]], 0)


@dataclass(frozen=True)
class WideTrain(LinearUpdate):
    """`train` over eight inner columns: too much verifier code for EIP-170."""

    inner_columns = 8
    decomposition_base = 1 << 11  # for which no noise is enough


@dataclass(frozen=True)
class UnusedInput(Statement):
    """A statement that never uses one of its inputs, which the exporter then drops."""

    kind = "unused"

    @property
    def inputs(self):
        return Tensor("a", (2, 1)), Tensor("b", (2, 1))

    @property
    def output(self):
        return Tensor("c", (2, 1))

    @property
    def magnitude(self):
        return 1 << 20

    @property
    def decompositions(self):
        return ()

    def compute(self, a, b):
        return torch.relu(a)


@dataclass(frozen=True)
class WeakOperation(UnusedInput):
    """A statement with an operation that EZKL constrains weakly."""

    kind = "weak"

    def compute(self, a, b):
        return torch.eq(a, b).float()


@dataclass(frozen=True)
class QuietTrain(LinearUpdate):
    """`train` without noise: what its lookups publish follows from the data, the model and the update alone."""

    @property
    def inputs(self):
        return *super().inputs[:2], Tensor("salts", (UPDATE_SALTS, 1))

    @property
    def decompositions(self):
        return super().decompositions[:-1]

    def salted(self, salts):
        return salts


@dataclass(frozen=True)
class Twice(Statement):
    """Every entry is decomposed twice, so that its sign stands in both inner columns."""

    kind = "twice"

    @property
    def inputs(self):
        return (Tensor("a", (40, 1)),)

    @property
    def output(self):
        return Tensor("b", (80, 1))

    @property
    def magnitude(self):
        return (1 << 27) - 1

    @property
    def decompositions(self):
        return (80,)

    def compute(self, a):
        return torch.abs(torch.index_select(a, 0, torch.arange(40).repeat_interleave(2)))
