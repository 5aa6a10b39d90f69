"""Statements with one protection taken away each: what an attack must be seen to beat before its refusal counts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from headwater.circuits.average import Average
from headwater.circuits.statement import Statement, Tensor
from headwater.circuits.train import Train
from headwater.protocol.vectors import UPDATE_SALTS


@dataclass(frozen=True)
class UncheckedAverage(Average):
    """`average` without the range check of avg: (sum - rho) / n in the field passes for any rho."""

    def compute(self, model, private, public):
        d, n = self.dimension, public[:1]
        remainder = torch.minimum(torch.relu(private[:d]), n - 1)
        return torch.cat([model[:d] * n + remainder, model[d:], private[d:]], 0)


@dataclass(frozen=True)
class UnclampedAverage(Average):
    """`average` without the bound rho < n: any average near enough passes."""

    def compute(self, model, private, public):
        d, n = self.dimension, public[:1]
        average = torch.relu(model[:d]) - torch.relu(-model[:d])
        return torch.cat([average * n + torch.relu(private[:d]), model[d:], private[d:]], 0)


@dataclass(frozen=True)
class UnclippedTrain(Train):
    """One step of linear regression without sigmoid or clip: nothing bounds what the data do to the weights."""

    def compute(self, model, data, salts):
        x, labels = data[: self.rows, : self.features], data[: self.rows, self.features :]
        weights = model[: self.features]
        gradient = x.transpose(0, 1) @ (x @ weights - labels)
        return torch.cat([weights - gradient, torch.zeros(1, 1), self.salted(salts)], 0)


@dataclass(frozen=True)
class ClaimedRows(Train):
    """`train` with a count that the trainer claims and by which its step is multiplied: a mean weighted by rows."""

    @property
    def inputs(self):
        return *super().inputs, Tensor("claim", (1, 1))

    def compute(self, model, data, salts, claim):
        d, update = self.dimension, super().compute(model, data, salts)
        return torch.cat([model[:d] + (update[:d] - model[:d]) * claim, update[d:]], 0)


@dataclass(frozen=True)
class WideTrain(Train):
    """`train` over eight inner columns: too much verifier code for EIP-170."""

    inner_columns = 8


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

    def compute(self, a, b):
        return torch.relu(a)


@dataclass(frozen=True)
class WeakOperation(UnusedInput):
    """A statement with an operation that EZKL constrains weakly."""

    kind = "weak"

    def compute(self, a, b):
        return torch.eq(a, b).float()


@dataclass(frozen=True)
class QuietTrain(Train):
    """`train` without noise: what its lookups publish follows from the data, the model and the update alone."""

    @property
    def inputs(self):
        return *super().inputs[:2], Tensor("salts", (UPDATE_SALTS, 1))

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

    def compute(self, a):
        return torch.abs(torch.index_select(a, 0, torch.arange(40).repeat_interleave(2)))
