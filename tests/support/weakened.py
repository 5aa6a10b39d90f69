"""Statements with one protection taken away each: what an attack must be seen to beat before its refusal counts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from headwater.circuits.average import Average
from headwater.circuits.statement import Statement, Tensor
from headwater.circuits.train import Train


@dataclass(frozen=True)
class UncheckedAverage(Average):
    """`average` without the range check of avg: (sum - rho) / n in the field passes for any rho."""

    def module(self) -> torch.nn.Module:
        return _Unchecked(self.dimension)


class _Unchecked(torch.nn.Module):
    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension

    def forward(self, model: torch.Tensor, private: torch.Tensor, public: torch.Tensor) -> torch.Tensor:
        d, n = self.dimension, public[:1]
        remainder = torch.minimum(torch.relu(private[:d]), n - 1)
        return torch.cat([model[:d] * n + remainder, model[d:], private[d:]], 0)


@dataclass(frozen=True)
class UnclampedAverage(Average):
    """`average` without the bound rho < n: any average near enough passes."""

    def module(self) -> torch.nn.Module:
        return _Unclamped(self.dimension)


class _Unclamped(torch.nn.Module):
    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension

    def forward(self, model: torch.Tensor, private: torch.Tensor, public: torch.Tensor) -> torch.Tensor:
        d, n = self.dimension, public[:1]
        average = torch.relu(model[:d]) - torch.relu(-model[:d])
        return torch.cat([average * n + torch.relu(private[:d]), model[d:], private[d:]], 0)


@dataclass(frozen=True)
class UnclippedTrain(Train):
    """One step of linear regression without sigmoid or clip: nothing bounds what the data do to the weights."""

    def module(self) -> torch.nn.Module:
        return _Unclipped(self)


class _Unclipped(torch.nn.Module):
    def __init__(self, statement: Train) -> None:
        super().__init__()
        self.s = statement

    def forward(self, model: torch.Tensor, data: torch.Tensor, salt: torch.Tensor) -> torch.Tensor:
        s = self.s
        x, labels = data[: s.rows, : s.features], data[: s.rows, s.features :]
        weights = model[: s.features]
        gradient = x.transpose(0, 1) @ (x @ weights - labels)
        return torch.cat([weights - gradient, torch.zeros(1, 1), salt], 0)


@dataclass(frozen=True)
class WideTrain(Train):
    """`train` over eight inner columns: too much verifier code for EIP-170."""

    inner_columns = 8


@dataclass(frozen=True)
class UnusedInput(Statement):
    """A statement that never uses one of its inputs, which the exporter then drops."""

    kind = "unused"

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return Tensor("a", (2, 1)), Tensor("b", (2, 1))

    @property
    def output(self) -> Tensor:
        return Tensor("c", (2, 1))

    @property
    def magnitude(self) -> int:
        return 1 << 20

    def module(self) -> torch.nn.Module:
        return _First()


class _First(torch.nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        return torch.relu(a)


@dataclass(frozen=True)
class WeakOperation(UnusedInput):
    """A statement with an operation that EZKL constrains weakly."""

    kind = "weak"

    def module(self) -> torch.nn.Module:
        return _Equal()


class _Equal(torch.nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.eq(a, b).float()
