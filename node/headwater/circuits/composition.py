"""The statement of a composition: of which classes and groups the rows of committed data are.

It is about data alone, so that anybody can see for whom a model was made, whatever model that is. The counts are
public and exact: whoever checks a proof computes their commitment from the numbers claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.circuits.blocks import over, part, view
from headwater.circuits.circuit import Circuit
from headwater.circuits.claims import check_claim
from headwater.circuits.private import Private
from headwater.circuits.statement import Tensor
from headwater.errors import CircuitError
from headwater.protocol.curve import Point
from headwater.protocol.noise import NOISE

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Composition(Private):
    """(data, hint) -> counts.

    data    `rows` rows of [ features | labels | groups ], then `salt_rows` rows of salts, which nothing reads
    hint    [ NOISE integers below base**legs | 0 ], fresh for every proof; as of `Evaluate`
    counts  [ the numbers | the hint's 0 ]: for each group, or for all rows where there are none, the rows of each
            class, times 4; by group times 8

    A row has one class at most: of two classes the sign of its label says which, of more the only label that is 1 or
    more. An amount's row counts where its intercept is 1 or more, for one class. A row is in each group whose entry is
    1 or more. Rows of no class, or of none of the groups, are not counted.

    Attributes:
        rows, salt_rows, features, outputs, groups, data_bits: as `TableSpec` says.
        classifies: 1 where labels are classes, 0 where they are amounts.
    """

    rows: int
    salt_rows: int
    features: int
    outputs: int
    groups: int = 0
    classifies: int = 1
    data_bits: int = 6

    kind = "composition"

    def __post_init__(self) -> None:
        least = {"rows": 1, "salt_rows": 1, "features": 1, "outputs": 1, "groups": 0, "classifies": 0, "data_bits": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"{name} must be at least {bound}, not {getattr(self, name)}")
        if self.classifies > 1 or not (self.classifies or self.outputs == 1):
            raise ValueError("labels are classes or one amount")

    @property
    def classes(self) -> int:
        """How many counts there are for each group."""
        return max(2, self.outputs) if self.classifies else 1

    @property
    def unit(self) -> int:
        """What a row adds to a count."""
        return 8 if self.groups else 4

    @property
    def width(self) -> int:
        """Entries of a row of the data matrix."""
        return self.features + self.outputs + self.groups

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        data = Tensor("data", (self.rows + self.salt_rows, self.width))
        return data, Tensor("hint", (NOISE + 1, 1))

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("counts", (self.numbers + 1, 1))

    @property
    def numbers(self) -> int:
        """How many counts there are."""
        return self.classes * max(1, self.groups)

    @property
    def magnitude(self) -> int:
        """As `Statement` says: of labels of +1 and -1, of how many a row has, doubled; of an intercept."""
        return max(2 * self.outputs + 2, 0 if self.classifies else (1 << self.data_bits) + 1)

    @property
    def decompositions(self) -> tuple[int, ...]:
        """As `Statement` says."""
        rows, outputs = self.rows, self.outputs
        if not self.classifies:
            own = [rows] * 2
        elif outputs == 1:
            own = [rows] * (4 if self.groups else 5)  # the last a constant that compilers use for each column
        else:
            own = [*[rows * outputs] * 2, *[rows] * 4]
        return (*own, *([rows * self.groups] * 2 if self.groups else []), NOISE)

    @property
    def most(self) -> int:
        """The largest count."""
        return self.rows * self.unit

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The counts: see the class."""
        import torch

        (data, hint), rows, labelled = inputs, self.rows, self.features + self.outputs
        labels = view(data, rows, self.features, labelled)
        if not self.classifies:
            classes = over(view(data, rows, 0, 1)) * 2.0
        elif self.outputs == 1:
            classes = torch.cat([over(labels * -1.0), over(labels)], 1) * 2.0
        else:
            named = over(labels)
            count = named @ torch.ones(self.outputs, 1)
            classes = named * (over(count) - over(count - 2.0))  # 2 where a row has one label
        if self.groups:
            counts = over(view(data, rows, labelled, self.width)).transpose(0, 1) @ classes
        else:
            counts = torch.ones(1, rows) @ classes
        counts = counts.reshape(-1, 1)
        zero = part(hint, NOISE, NOISE + 1)
        quiet = torch.ones(1, NOISE) @ torch.abs(part(hint, 0, NOISE)) * zero
        if self.numbers == 1:
            return torch.cat([counts + quiet, zero], 0)
        first, rest = part(counts, 0, 1), part(counts, 1, self.numbers)
        return torch.cat([first + quiet, rest, zero], 0)

    @staticmethod
    def hint(noise: Sequence[int]) -> list[int]:
        """The hint of a proof."""
        return [*noise, 0]


def check_composition(circuit: Circuit, proof: bytes, data: Point, counts: Sequence[int]) -> None:
    """Accept a composition of data that are known by their commitment.

    Args:
        proof: of a `Composition` statement's circuit.
        data: the data commitment.
        counts: the numbers claimed, as the statement's output has them before its zero.

    Raises:
        CircuitError: it is not proved.
    """
    statement = circuit.statement
    if not isinstance(statement, Composition):
        raise CircuitError(f"the circuit is of {statement.kind}, not of a composition", "name a composition's circuit")
    check_claim(circuit, proof, {"data": data}, counts, 0, statement.most)
