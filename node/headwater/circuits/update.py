"""What the statements of all learners' updates have in common: their vectors, salts and noise."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from headwater.circuits.blocks import part
from headwater.circuits.private import Private
from headwater.circuits.statement import Tensor
from headwater.protocol.noise import NOISE
from headwater.protocol.vectors import UPDATE_SALTS, update_length

if TYPE_CHECKING:
    import torch


class Update(Private):
    """(model, data, salts) -> update. A learner says which `checks` its `learn` makes, and how wide its data are.

    model  [ w (D) | tag | 0.. ], or an update: what follows the weights is not read, so that links can be chained
    data   `rows` rows of `width` entries, then `salt_rows` rows of salts, which the computation ignores
    salts  [ UPDATE_SALTS field elements | NOISE integers below base**legs ], fresh in every round
    update [ w' (D) | 0 | each salt plus the magnitudes of its part of the noise ]

    The noise is decomposed like all else (`headwater.protocol.noise`). Its magnitudes reach the output, so that no
    compiler drops them, and what is added to a salt leaves it uniform.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """D: the number of weights."""

    @property
    @abstractmethod
    def data_shape(self) -> tuple[int, int]:
        """Rows and columns of the data matrix, with the rows of salts."""

    @property
    @abstractmethod
    def checks(self) -> tuple[int, ...]:
        """The `decompositions` of `learn`."""

    @property
    @abstractmethod
    def row_signs(self) -> int:
        """How many entries are taken apart in a proof whose signs one row decides, if all other rows are known.

        The noise hides how many signs of each kind there are among so many only (`headwater.protocol.noise`): a task
        whose proofs would tell on which side of a threshold a row is, is refused.
        """

    @property
    def column_signs(self) -> int:
        """How many of `row_signs` may be in one inner column: all, unless it is known how they are laid out.

        Entries go to the columns by turns, and a row's in checks of one entry a row all go to the same.
        """
        return self.row_signs

    @abstractmethod
    def learn(self, weights: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """The new weights.

        Args:
            weights: (D, 1).
            data: the whole data matrix; read it through `blocks.view`, without its rows of salts.

        Returns:
            D entries, in any shape.
        """

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        model = Tensor("model", (update_length(self.dimension), 1))
        return model, Tensor("data", self.data_shape), Tensor("salts", (UPDATE_SALTS + NOISE, 1))

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("update", (update_length(self.dimension), 1))

    @property
    def decompositions(self) -> tuple[int, ...]:
        """As `Statement` says: those of the learner, and of the noise."""
        return (*self.checks, NOISE)

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """`learn` on the weights before the model's tag; then a zero and the salts."""
        import torch

        model, data, salts = inputs
        weights = self.learn(part(model, 0, self.dimension), data)
        return torch.cat([weights.reshape(-1, 1), torch.zeros(1, 1), self.salted(salts)], 0)

    def salted(self, salts: torch.Tensor) -> torch.Tensor:
        """The update's salts: each with the magnitudes of its part of the noise."""
        import torch

        noise = part(salts, UPDATE_SALTS, UPDATE_SALTS + NOISE)
        each = NOISE // UPDATE_SALTS
        return part(salts, 0, UPDATE_SALTS) + torch.abs(noise).reshape(UPDATE_SALTS, each) @ torch.ones(each, 1)
