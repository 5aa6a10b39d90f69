"""How often two items go together: what the statement of a count proves, integer by integer.

A row is a person, an entry 1 where that person has the item, else 0. Whatever was committed to, an entry of 1 or more
counts as 1 and any other as 0, so that a row counts once for each pair at most:

    b    = [x >= 1] = (|x| - |1 - x| + 1) / 2
    w'   = w + 2**model_bits * sum over rows of b_i * b_j              for each pair i <= j, in order of i, then j

An unused row is all zeros, and counts for nothing. Nothing is rounded, and links add up.

The chain averages n updates: w = floor(2**model_bits * S / n) for a pair that S people of all trainers have, if the
task started from zeros. So the model is the mean count of a trainer, and what reads it needs no n. Whoever knows n,
which the model's document tells, gets S back exactly, since floor takes less than one unit and n <= 2**model_bits:

    S    = ceil(w * n / 2**model_bits)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.protocol.fixedpoint import Matrix

MOST_ITEMS = 500
"""125,250 pairs: more than any circuit has room for."""

AVERAGE_BITS = 29
"""Averages are proved to be below this: `headwater.circuits.average`."""


@dataclass(frozen=True)
class GramSpec:
    """The numbers of a count.

    Attributes:
        rows: row capacity; a trainer may use fewer.
        items: entries of a row.
        model_bits: fractional bits of a mean count; so many trainers at most, as a power of two.
        salt_rows: rows of salts behind the data: see `TableSpec`.
    """

    rows: int
    items: int
    model_bits: int = 12
    salt_rows: int = 1

    def __post_init__(self) -> None:
        if min(self.rows, self.salt_rows) < 1:
            raise ValueError("rows and salt_rows must be at least 1")
        if not 2 <= self.items <= MOST_ITEMS:
            raise ValueError(f"there must be 2 to {MOST_ITEMS} items, not {self.items}")
        if not 2 <= self.model_bits <= 20:
            raise ValueError(f"model_bits must be 2 to 20, not {self.model_bits}")
        if self.reach > self.weight_limit:
            raise ValueError(f"{self.rows} rows are more than {self.weight_limit >> self.model_bits}; take fewer")

    @property
    def dimension(self) -> int:
        """D: the number of pairs, an item with itself included."""
        return self.items * (self.items + 1) // 2

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The items of each weight."""
        return [(i, j) for i in range(self.items) for j in range(i, self.items)]

    @property
    def reach(self) -> int:
        """What one update adds to a weight at the most."""
        return self.rows << self.model_bits

    @property
    def weight_limit(self) -> int:
        """The largest weight that the chain can average; a count itself has no limit."""
        return (1 << AVERAGE_BITS) - 1

    @property
    def data_shape(self) -> tuple[int, int]:
        """Rows and columns of the data matrix, with the rows of salts."""
        return self.rows + self.salt_rows, self.items

    def update(self, weights: Sequence[int], x: Matrix) -> list[int]:
        """The weights of an update.

        Args:
            weights: D integers, units of 2**-model_bits.
            x: rows of `items` integers; at most `rows` of them.

        Raises:
            ValueError: not D weights, or too many rows.
        """
        if len(x) > self.rows:
            raise ValueError(f"{len(x)} rows do not fit the {self.rows} of the task")
        found = self.checked(weights)
        sets = [sum(1 << r for r, row in enumerate(x) if row[i] >= 1) for i in range(self.items)]
        counts = ((sets[i] & sets[j]).bit_count() for i, j in self.pairs)
        return [weight + (count << self.model_bits) for weight, count in zip(found, counts, strict=True)]

    def sums(self, weights: Sequence[int], trainers: int) -> list[int]:
        """How many people of so many trainers have each pair, exactly, for a model that started from zeros.

        Raises:
            ValueError: not D weights, or more trainers than are told apart.
        """
        if not 1 <= trainers <= 1 << self.model_bits:
            raise ValueError(f"sums are exact for 1 to {1 << self.model_bits} trainers, not {trainers}")
        return [-(-weight * trainers >> self.model_bits) for weight in self.checked(weights)]

    def checked(self, weights: Sequence[int]) -> Sequence[int]:
        """The weights. Raises ValueError where there are not D."""
        if len(weights) != self.dimension:
            raise ValueError(f"a model of this task has {self.dimension} weights, not {len(weights)}")
        return weights
