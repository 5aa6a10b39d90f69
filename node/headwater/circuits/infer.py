"""What the statements of all learners' inferences have in common: one question about what a model says of one row.

An answer is public, and says nothing else of the row: whether z reaches a threshold, whether z is a number, or whether
the model puts the row in a class. Integers throughout, and no rounding: an answer is exactly the reference's.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from headwater.circuits.blocks import paired, part, positive
from headwater.circuits.private import Private
from headwater.circuits.statement import Tensor
from headwater.protocol.inferences import ROW_SALTS
from headwater.protocol.noise import NOISE
from headwater.protocol.vectors import update_length

if TYPE_CHECKING:
    import torch

DIGIT_BITS = 12
"""The most bits of a digit: where there is room for the rows, there is for such a table."""


class Infer(Private):
    """(model, row, hint, public) -> answer. A learner says what `z` its model gives.

    model   [ w (D) | tag | 0.. ], as `Update` takes it
    row     [ features | ROW_SALTS salts ]: salts are not read
    hint    [ NOISE integers below base**legs ], fresh for every proof
    public  [ question | context | 0 ]: whoever checks a proof computes its commitment; the context, which says who may
            use the proof and for what, is not read
    answer  of one output   [ 2 sign(2 z - question) ]
            of several      [ 2 where the model puts the row in class `question`, else -2 ]

    Of equal z the first output counts as the larger, as everywhere. What is taken apart of one output is odd, so no
    entry is ever zero, and all its signs are that of the answer: a proof's counts of signs tell nothing but the answer
    (docs/adr/0015). Of several it is taken apart together with its opposite (`blocks.positive`).

    The noise is decomposed like all else (`headwater.protocol.noise`); it reaches the answer times the public zero,
    which is committed to: a compiler drops what is multiplied by a constant zero.
    """

    @property
    @abstractmethod
    def table(self) -> tuple[int, int]:
        """Entries of a row, and how many z the model gives."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """D: the number of weights."""

    @property
    @abstractmethod
    def z_limit(self) -> int:
        """The largest |z| of an honest row."""

    @property
    @abstractmethod
    def z_checks(self) -> tuple[int, ...]:
        """The `decompositions` of `z`."""

    @abstractmethod
    def z(self, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """What the model says, (1, outputs). Its signs must not be told by how many there are of each kind.

        Args:
            weights: (D, 1).
            x: (1, features).
        """

    @property
    def inner_columns(self) -> int:
        """As `Statement` says: one, since a row's cells are few.

        The proof is cheaper to check, and there is no second lookup of signs whose running sum could be compared with
        that of the first (docs/adr/0015).
        """
        return 1

    @property
    def legs(self) -> int:
        """As `Statement` says: so many digits that their table fits every k."""
        return max(3, -(-self.magnitude.bit_length() // DIGIT_BITS))

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """As `Statement` says."""
        return (
            Tensor("model", (update_length(self.dimension), 1)),
            Tensor("row", (self.table[0] + ROW_SALTS, 1)),
            Tensor("hint", (NOISE, 1)),
            Tensor("public", (3, 1)),
        )

    @property
    def output(self) -> Tensor:
        """As `Statement` says."""
        return Tensor("answer", (1, 1))

    @property
    def magnitude(self) -> int:
        """As `Statement` says: of four z and two questions, which are about a z; of several, of z told by place."""
        _, outputs = self.table
        return 8 * self.z_limit + 5 if outputs == 1 else 4 * outputs * (self.z_limit + 1) + 1

    @property
    def decompositions(self) -> tuple[int, ...]:
        """As `Statement` says."""
        _, outputs = self.table
        own = (
            [2] if outputs == 1 else [*[outputs] * 3, paired(outputs), 2, *[outputs] * 2]
        )  # the last: constants used twice
        return (*self.z_checks, *own, NOISE)

    def compute(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The answer: see the class."""
        import torch

        (model, row, hint, public), (features, outputs) = inputs, self.table
        z = self.z(part(model, 0, self.dimension), part(row, 0, features).reshape(1, features))
        question = part(public, 0, 1)
        answer = _apart(z * 4.0 - question * 2.0, 1.0, -1.0) if outputs == 1 else self._named(z, question)
        return answer + torch.ones(1, NOISE) @ torch.abs(hint) * part(public, 2, 3)

    def _named(self, z: torch.Tensor, question: torch.Tensor) -> torch.Tensor:
        """2 where the output that the question names is the largest, else -2; where it names none, -2."""
        import torch

        _, count = self.table
        place = torch.arange(count, dtype=torch.float32).reshape(1, count)
        ranked = z * float(count) - place  # no two are equal
        away = question - place
        named = torch.abs(away + 1.0) + torch.abs(away - 1.0) - torch.abs(away) * 2.0  # 2 at the named place, else 0
        own = (ranked * named) @ torch.ones(count, count)  # twice that of the named, in every column
        _, wins = positive(own - ranked * 2.0)  # 2 for each that it is larger than
        lacking = wins @ torch.ones(count, 1) - float(2 * (count - 1) - 1)
        largest = _apart(lacking, 0.0, -1.0) + 1.0  # 2 or 0
        return largest * (named @ torch.ones(count, 1)) - 2.0


def _apart(v: torch.Tensor, first: float, second: float) -> torch.Tensor:
    """|v + first| - |v + second| of a single v, by one check of two entries: of 1 and -1 twice an even v's sign."""
    import torch

    sizes = torch.abs(torch.cat([v + first, v + second], 0))
    return part(sizes, 0, 1) - part(sizes, 1, 2)
