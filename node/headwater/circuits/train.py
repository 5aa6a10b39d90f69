"""The `train` statement: an update is S clipped gradient steps from the model on the committed data.

The arithmetic is `headwater.protocol.fixedpoint`, integer by integer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from headwater.circuits.statement import Statement, Tensor
from headwater.protocol.fixedpoint import TrainingSpec


@dataclass(frozen=True)
class Train(TrainingSpec, Statement):
    """(model, data, salt) -> update, for the numbers of a `TrainingSpec`.

    model  [ w (D) | tag ]
    data   rows of [features | labels], then one row whose entries the computation ignores: it starts with the salt
    salt   one field element, fresh in every round
    update [ w' (D) | 0 | salt ]
    """

    kind = "train"

    @classmethod
    def of(cls, spec: TrainingSpec) -> Train:
        """The statement of a specification."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(TrainingSpec)})

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        data = (self.rows + 1, self.features + self.outputs)
        return Tensor("model", (self.dimension + 1, 1)), Tensor("data", data), Tensor("salt", (1, 1))

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("update", (self.dimension + 2, 1))

    def module(self) -> torch.nn.Module:
        """As `Statement` says."""
        return _Steps(self)


class _Steps(torch.nn.Module):
    def __init__(self, statement: Train) -> None:
        super().__init__()
        self.s = statement

    def forward(self, model: torch.Tensor, data: torch.Tensor, salt: torch.Tensor) -> torch.Tensor:
        s, h, c = self.s, float(self.s.half), float(self.s.clip_gradient)
        weights = model[: s.dimension].reshape(s.features, s.outputs)
        features, targets, live, pad = self._parts(data)
        transposed = features.transpose(0, 1)
        for _ in range(s.steps):
            z = features @ torch.cat([weights, pad], 0)
            z = z if live is None else z * live
            gradient = transposed @ (torch.abs(z + h) - torch.abs(z - h) + targets)
            if live is not None:
                gradient = torch.index_select(gradient, 0, torch.arange(s.features))
            clipped = torch.abs(gradient + c) - torch.abs(gradient - c)
            weights = weights + clipped * 2.0 ** -(s.rebase_bits + 1) * -1.0
        return torch.cat([weights.reshape(-1, 1), torch.zeros(1, 1), salt], 0)

    def _parts(self, data: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """Features, -2 h labels, the mask of live rows, and the zero weights that label columns get.

        A slice costs a cell an entry, once. One step pays less for taking the whole matrix and masking the salt row and
        the label columns with constants; several steps would pay for the masks each time.
        """
        s = self.s
        if s.steps > 1:
            labels = data[: s.rows, s.features :]
            return data[: s.rows, : s.features], labels * (-2.0 * s.half), None, torch.zeros(0, s.outputs)
        live = torch.cat([torch.ones(s.rows, s.outputs), torch.zeros(1, s.outputs)], 0)
        # scaling the mask, not the labels, keeps EZKL from checking the same constant twice (13 cells a row)
        return data, data[:, s.features :] * (live * (-2.0 * s.half)), live, torch.zeros(s.outputs, s.outputs)
