"""The statement of a count: what the committed rows add to the model.

The arithmetic is `headwater.learners.gram.numbers`, integer by integer.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

from headwater.circuits.blocks import paired, positive, view
from headwater.circuits.update import Update
from headwater.learners.gram.numbers import GramSpec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class GramUpdate(GramSpec, Update):
    """(model, data, salts) -> update, for the numbers of a `GramSpec`: see `Update`.

    Only pairs i <= j are multiplied. What a proof tells of signs is the same for all rows of zeros and ones, if
    rows * items is even: see `blocks.positive`.
    """

    kind = "gram"

    @classmethod
    def of(cls, spec: GramSpec) -> Self:
        """The statement of a specification."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(GramSpec)})

    @property
    def magnitude(self) -> int:
        """As `Statement` says: far more than a one, so that the noise hides digits by 400 bits."""
        return (1 << 22) - 1

    @property
    def legs(self) -> int:
        """As `Statement` says: two, for the fewest cells."""
        return 2

    @property
    def checks(self) -> tuple[int, ...]:
        """As `Update` says: one, of twice all entries."""
        return (paired(self.rows * self.items),)

    @property
    def row_signs(self) -> int:
        """As `Update` says: none, since an entry and what it lacks to 1 have one sign of each kind."""
        return 0

    def learn(self, weights: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
        """`GramSpec.update` on all rows but those of salts."""
        import torch

        _, doubled = positive(view(data, self.rows, 0, self.items))
        first, second = torch.tensor(self.pairs).unbind(1)
        # a product of each pair's own two columns, (D, 1, rows) by (D, rows, 1)
        left = torch.index_select(doubled.transpose(0, 1), 0, first).reshape(-1, 1, self.rows)
        right = torch.index_select(doubled, 1, second).transpose(0, 1).unsqueeze(-1)
        return weights + (left @ right).reshape(-1, 1) * 2.0 ** (self.model_bits - 2)
