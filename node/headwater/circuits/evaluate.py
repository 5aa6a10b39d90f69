"""What the statements of all learners' scores have in common: how often a model is right on committed rows.

A score is public: whoever checks a proof computes the score's commitment from the numbers claimed. All counts are
exact. The score says nothing else of the rows; with `at_least` it says only a bound.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.circuits.blocks import over, part, view
from headwater.circuits.circuit import Circuit
from headwater.circuits.claims import check_claim
from headwater.circuits.private import Private
from headwater.circuits.statement import Tensor
from headwater.errors import CircuitError
from headwater.protocol.curve import Point
from headwater.protocol.noise import NOISE
from headwater.protocol.vectors import update_length

if TYPE_CHECKING:
    import torch

SLACKS = 2
"""Entries whose magnitudes are what a score is better than claimed: a check of a single one is refused."""


class Evaluate(Private):
    """(model, data, hint) -> score. A learner says what `z` its model gives, and an amount's `distance`.

    model   [ w (D) | tag | 0.. ], as `Update` takes it
    data    `rows` rows of [ features | labels | groups ], then `salt_rows` rows of salts, which nothing reads
    hint    [ slack (SLACKS) | NOISE integers below base**legs | 0 ], fresh for every proof
    score   [ the numbers | the hint's 0 ]: whoever checks a proof computes the commitment of the numbers alone
            of classes  [ 4 right | 4 used ]
            by group    of two classes, for each group [ 8 right of the positive | 8 positive | 8 right of the negative
                        | 8 negative ]; of more [ 8 right | 8 used ]
            of amounts  [ 2 sum of |error| | 2 used ], by group twice that

    A row counts once at most, whatever its label: it is used if it has exactly one (an amount: if its intercept is 1 or
    more). It is in each group whose entry is 1 or more. With `at_least` the slack is taken from the first entry, so
    that it is a lower bound; to an amount's errors it is added.

    The noise is decomposed like all else (`headwater.protocol.noise`); it reaches the score times the hint's zero: that
    is an input, since a compiler drops what is multiplied by a constant zero, and an output, so that it is zero.
    """

    groups: int
    at_least: int

    def check_kind(self) -> None:
        """Raise ValueError where there is no such score."""
        if self.groups < 0 or self.at_least not in (0, 1) or (self.groups and self.at_least):
            raise ValueError("a score is of no group or some, and a bound is of no group")

    @property
    @abstractmethod
    def table(self) -> tuple[int, int, int, int]:
        """Rows, rows of salts, features and outputs."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """D: the number of weights."""

    @property
    @abstractmethod
    def classifies(self) -> bool:
        """Whether labels are classes, +1 or -1; else they are amounts."""

    @property
    @abstractmethod
    def z_limit(self) -> int:
        """The largest |z|, or error, of an honest row."""

    @property
    @abstractmethod
    def z_checks(self) -> tuple[int, ...]:
        """The `decompositions` of `z`, and of `distance` where labels are amounts."""

    @abstractmethod
    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """What the model says, (rows, outputs).

        Args:
            weights: (D, 1).
            x: (rows, features).
        """

    def distance(self, z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """How far an amount is off, (rows, 1)."""
        raise NotImplementedError

    @property
    def width(self) -> int:
        """Entries of a row of the data matrix."""
        _, _, features, outputs = self.table
        return features + outputs + self.groups

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        rows, salt_rows, _, _ = self.table
        return (
            Tensor("model", (update_length(self.dimension), 1)),
            Tensor("data", (rows + salt_rows, self.width)),
            Tensor("hint", (SLACKS + NOISE + 1, 1)),
        )

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("score", (self.numbers + 1, 1))

    @property
    def each(self) -> int:
        """How many numbers a score has for each group."""
        return 4 if self.groups and self.classifies and self.table[3] == 1 else 2

    @property
    def numbers(self) -> int:
        """How many numbers a score has."""
        return self.each * max(1, self.groups)

    @property
    def magnitude(self) -> int:
        """As `Statement` says: of classes, z doubled, and told from the others of a row by its place."""
        outputs = self.table[3]
        factor = (2 if outputs == 1 else 4 * outputs) if self.classifies else 1
        return factor * (self.z_limit + 1) + 1

    @property
    def row_signs(self) -> int:
        """How many entries are taken apart whose signs one row decides, as `Update.row_signs` says; at most.

        What labels of several classes and groups take apart has as many signs of each kind for any row that has one
        class, and one value of each column.
        """
        outputs = self.table[3]
        return self.z_signs + (3 if not self.classifies else 6 if outputs == 1 else 2 * outputs + 6)

    @property
    def column_signs(self) -> int:
        """How many of them may be in one inner column, see `Update.column_signs`: a row's outputs follow each other."""
        outputs = self.table[3]
        return self.row_signs if outputs == 1 or not self.classifies else self.z_signs + 2 * -(-outputs // 2) + 6

    @property
    def z_signs(self) -> int:
        """Of them those of `z` and `distance`."""
        return sum(size // self.table[0] for size in self.z_checks)

    @property
    def decompositions(self) -> tuple[int, ...]:
        """As `Statement` says."""
        rows, _, _, outputs = self.table
        if not self.classifies:
            own = [rows] * 3  # the error, and whether the row is used
        elif outputs == 1:
            own = [rows] * (6 if self.groups else 5)
        else:
            own = [*[rows * outputs] * 4, *[rows] * 6, outputs]  # the last a constant that is used twice
        own += [rows * self.groups] * 2 if self.groups else [rows]  # another such constant
        return (*self.z_checks, *own, NOISE, *([SLACKS] if self.at_least else []))

    @property
    def most(self) -> int:
        """The largest magnitude of an entry of a score."""
        each = 8 if self.classifies else 4 * (self.z_limit + 1)
        return self.table[0] * each + (SLACKS * self.decomposition_limit if self.at_least else 0)

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The score: see the class."""
        import torch

        (model, data, hint), (rows, _, features, outputs) = inputs, self.table
        x, labels = view(data, rows, 0, features), view(data, rows, features, features + outputs)
        z = self.z(part(model, 0, self.dimension), x)
        if not self.classifies:
            used = over(view(data, rows, 0, 1))
            columns = [torch.abs(self.distance(z, labels)) * used, used]
        else:
            columns = self._binary(z, labels) if outputs == 1 else self._several(z, labels)
        if self.groups:
            member = over(view(data, rows, features + outputs, self.width)).transpose(0, 1)
            score = (member @ torch.cat(columns, 1)).reshape(-1, 1)
        else:
            score = torch.cat([torch.ones(1, rows) @ column for column in columns], 0)
        zero = part(hint, SLACKS + NOISE, SLACKS + NOISE + 1)
        quiet = torch.ones(1, NOISE) @ torch.abs(part(hint, SLACKS, SLACKS + NOISE)) * zero
        if self.at_least:
            slack = torch.ones(1, SLACKS) @ torch.abs(part(hint, 0, SLACKS))
            quiet = quiet + (slack * -1.0 if self.classifies else slack)
        first, rest = part(score, 0, 1), part(score, 1, self.numbers)
        return torch.cat([first + quiet, rest, zero], 0)

    def _binary(self, z: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
        """Two columns or, by group, four: counts times 4."""
        import torch

        right = over(labels * (z * 2.0 - 1.0))  # the positive class where z > 0
        if not self.groups:
            sign = torch.abs(labels + 1.0) - torch.abs(labels - 1.0)  # twice that of the label, or 0
            return [right * 2.0, torch.abs(sign) * 2.0]
        positive, negative = over(labels), over(labels * -1.0)
        return [right * positive, positive * 2.0, right * negative, negative * 2.0]

    def _several(self, z: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
        """Two columns: counts times 4. Of equal z the first counts as the larger."""
        import torch

        outputs = self.table[3]
        ranked = z * float(outputs) - torch.arange(outputs, dtype=torch.float32).reshape(1, outputs)
        named = over(labels)
        own = (ranked * named) @ torch.ones(outputs, outputs)  # twice that of the label, in every column
        wins = over(own - ranked * 2.0) @ torch.ones(outputs, 1)
        count = named @ torch.ones(outputs, 1)
        used = over(count) - over(count - 2.0)  # 2 where a row has one label
        return [over(wins - float(2 * (outputs - 1) - 1)) * used, used * 2.0]

    @staticmethod
    def hint(noise: Sequence[int], slack: int = 0) -> list[int]:
        """The hint of a proof: by how much the first entry of the score is to be worse than it is, and noise."""
        return [slack, *[0] * (SLACKS - 1), *noise, 0]


def check_score(circuit: Circuit, proof: bytes, model: Point, data: Point, score: Sequence[int]) -> None:
    """Accept a score, of a model and data that are known by their commitments.

    `headwater.roles.scoring` makes such proofs, and counts them.

    Args:
        proof: of an `Evaluate` statement's circuit.
        model, data: C([w | tag]), and the data commitment. That, and the statement, which says how the data are laid
            out, must have been fixed before the model was known.
        score: the numbers claimed, as the statement's output has them before its zero.

    Raises:
        CircuitError: it is not proved.
    """
    statement = circuit.statement
    if not isinstance(statement, Evaluate):
        raise CircuitError(f"the circuit is of {statement.kind}, not of a score", "name a score's circuit")
    check_claim(circuit, proof, {"model": model, "data": data}, score, -statement.most, statement.most)
