"""The `train` statement: an update is S clipped gradient steps from the model on the committed data.

The arithmetic is `headwater.protocol.fixedpoint`, integer by integer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from headwater.circuits.statement import Statement, Tensor
from headwater.protocol.fixedpoint import TrainingSpec
from headwater.protocol.vectors import UPDATE_SALTS, update_length

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Train(TrainingSpec, Statement):
    """(model, data, salts) -> update, for the numbers of a `TrainingSpec`.

    model  [ w (D) | tag ]
    data   rows of [features | labels], then `salt_rows` rows of salts, which the computation ignores
    salts  UPDATE_SALTS field elements, fresh in every round
    update [ w' (D) | 0 | salts ]
    """

    kind = "train"

    @classmethod
    def of(cls, spec: TrainingSpec) -> Train:
        """The statement of a specification."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(TrainingSpec)})

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        data = (self.rows + self.salt_rows, self.width)
        return Tensor("model", (self.dimension + 1, 1)), Tensor("data", data), Tensor("salts", (UPDATE_SALTS, 1))

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("update", (update_length(self.dimension), 1))

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """`TrainingSpec.train`, on the weights before the model's tag and on all rows."""
        import torch

        (model, data, salts), h, c = inputs, float(self.half), float(self.clip_gradient)
        weights = model[: self.dimension].reshape(self.features, self.outputs)
        features, targets, live, pad = self._parts(data)
        transposed = features.transpose(0, 1)
        for _ in range(self.steps):
            z = features @ torch.cat([weights, pad], 0)
            z = z if live is None else z * live
            gradient = transposed @ (torch.abs(z + h) - torch.abs(z - h) + targets)
            if live is not None:
                gradient = torch.index_select(gradient, 0, torch.arange(self.features))
            clipped = torch.abs(gradient + c) - torch.abs(gradient - c)
            weights = weights + clipped * 2.0 ** -(self.rebase_bits + 1) * -1.0
        return torch.cat([weights.reshape(-1, 1), torch.zeros(1, 1), salts], 0)

    def _parts(self, data: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """Features, -2 h labels, the mask of live rows, and the zero weights that label columns get.

        A slice costs a cell an entry, once. One step pays less for taking the whole matrix and masking salt rows and
        label columns with constants; several steps would pay for the masks each time.
        """
        import torch

        if self.steps > 1:
            labels = data[: self.rows, self.features :]
            return data[: self.rows, : self.features], labels * (-2.0 * self.half), None, torch.zeros(0, self.outputs)
        live = torch.cat([torch.ones(self.rows, self.outputs), torch.zeros(self.salt_rows, self.outputs)], 0)
        # scaling the mask, not the labels, keeps EZKL from checking the same constant twice (13 cells a row)
        targets = data[:, self.features :] * (live * (-2.0 * self.half))
        return data, targets, live, torch.zeros(self.outputs, self.outputs)
