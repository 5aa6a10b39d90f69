"""Learners' statements with one protection taken away each: see `weakened`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from headwater.circuits.blocks import part, view
from headwater.learners.gram.statement import GramUpdate
from headwater.learners.mlp.statement import MlpUpdate


@dataclass(frozen=True)
class UnclippedMlp(MlpUpdate):
    """One step of a network whose units, errors and steps are not taken apart: nothing bounds what the data do."""

    @property
    def checks(self):
        return ()

    def learn(self, weights, data):
        cut = self.features * self.units
        first, second = self.shapes
        hidden, output = part(weights, 0, cut).reshape(first), part(weights, cut, self.dimension).reshape(second)
        x, labels = (
            view(data, self.rows, 0, self.features),
            view(data, self.rows, self.features, self.features + self.outputs),
        )
        active = x @ hidden
        errors = active @ output - labels
        hidden = hidden - x.transpose(0, 1) @ (errors @ output.transpose(0, 1))
        output = output - active.transpose(0, 1) @ errors
        return torch.cat([hidden.reshape(-1, 1), output.reshape(-1, 1)], 0)


@dataclass(frozen=True)
class UnboundedGram(GramUpdate):
    """Counts of pairs whose entries are multiplied as they are committed to, not as a 0 or a 1."""

    @property
    def checks(self):
        return ()

    def learn(self, weights, data):
        x = view(data, self.rows, 0, self.items)
        first, second = torch.tensor(self.pairs).unbind(1)
        left = torch.index_select(x.transpose(0, 1), 0, first).reshape(-1, 1, self.rows)
        right = torch.index_select(x, 1, second).transpose(0, 1).unsqueeze(-1)
        return weights + (left @ right).reshape(-1, 1) * 2.0**self.model_bits
