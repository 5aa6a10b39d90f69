"""The numbers that learners from tables have in common, all integers, so that a manifest fixes them exactly."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

from headwater.protocol.fixedpoint import Matrix, encode

MOST_REBASE_BITS = 40
"""The largest divisor that was tried, as a power of two."""

MOST_EXACT = 1 << 53
"""EZKL divides in 64-bit floats, exact to this."""


@dataclass(frozen=True)
class TableSpec:
    """Rows of features and labels, and full-batch gradient steps with a clip.

    A feature x is the integer round(x * 2**data_bits), clamped first to [-clamp, clamp]; a weight w is
    round(w * 2**model_bits). A label of a class is +1 (the row is of the output's class) or -1 (it is not); that of an
    amount is a feature. An unused row is all zeros, and adds nothing.

    Attributes:
        rows: row capacity; a trainer may use fewer.
        features: features a row, the intercept included.
        outputs: 1 for two classes or an amount, else the number of classes, one-vs-rest.
        steps: full-batch gradient steps in one update.
        data_bits: fractional bits of a feature.
        model_bits: fractional bits of a weight.
        rate_shift: the learning rate is 2**-rate_shift for the gradient summed over the rows.
        clip: the largest change of a weight in one step, in units of 2**-model_bits.
        clamp: the largest magnitude of an honest feature, in units of 2**-data_bits.
        salt_rows: rows of salts behind the data. Each proof about one data commitment publishes one linear equation
            over its entries (see `vectors.UPDATE_SALTS`), so there must be more salts than proofs ever published.
        groups: entries of a row, behind the labels, that say of which groups it is, 1 or 0. Training does not read
            them; scores and compositions do.
    """

    rows: int
    features: int
    outputs: int = 1
    steps: int = 1
    data_bits: int = 6
    model_bits: int = 12
    rate_shift: int = 7
    clip: int = 4096
    clamp: int = 512
    salt_rows: int = 1
    groups: int = 0

    def __post_init__(self) -> None:
        for name in ("rows", "features", "outputs", "steps", "data_bits", "model_bits", "clip", "clamp", "salt_rows"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.groups < 0:
            raise ValueError(f"groups must not be negative, not {self.groups}")
        if self.rate_shift < 0:
            raise ValueError(f"rate_shift must not be negative, not {self.rate_shift}: a rate above 1 is never needed")
        if not 0 < self.rebase_bits + 1 <= MOST_REBASE_BITS:
            raise ValueError(
                f"a step is divided by 2**{self.rebase_bits + 1}, and divisors beyond 2**{MOST_REBASE_BITS} were never"
                " tried; take fewer data_bits"
            )
        if self.clamp < 1 << self.data_bits:
            raise ValueError(f"clamp must be at least 2**data_bits, not {self.clamp}: an intercept is 1.0")
        if self.clip >= 1 << 24:
            raise ValueError(f"clip must be below 2**24, not {self.clip}: the circuit's constants are 32-bit floats")
        if self.magnitude >= MOST_EXACT:
            raise ValueError(
                f"sums reach 2**{self.magnitude.bit_length()}, but EZKL divides them in 64-bit floats, exact to 2**53;"
                " take fewer rows or bits, or a smaller clamp or clip"
            )

    @property
    @abstractmethod
    def dimension(self) -> int:
        """D: the number of weights."""

    @property
    @abstractmethod
    def rebase_bits(self) -> int:
        """J: from the scale of a summed gradient to that of a step."""

    @property
    @abstractmethod
    def magnitude(self) -> int:
        """The largest absolute value that a decomposition meets, for features within `clamp`."""

    @property
    @abstractmethod
    def weight_limit(self) -> int:
        """The largest weight, in units, for which all stays within `magnitude` whatever the features within `clamp`."""

    @abstractmethod
    def step(self, weights: list[int], x: Matrix, labels: Matrix) -> list[int]:
        """One step.

        Args:
            weights: D integers, units of 2**-model_bits.
            x: rows of `features` integers, units of 2**-data_bits; at most `rows` of them.
            labels: rows of `outputs` integers.

        Returns:
            D integers, units of 2**-model_bits.
        """

    def train(self, weights: list[int], x: Matrix, labels: Matrix) -> list[int]:
        """`steps` steps: the weights of an update. Arguments and result as in `step`."""
        for _ in range(self.steps):
            weights = self.step(weights, x, labels)
        return list(weights)

    @property
    def width(self) -> int:
        """Entries of a row of the data matrix: features, labels and groups."""
        return self.features + self.outputs + self.groups

    @property
    def salts(self) -> int:
        """How many entries of the data matrix are salts."""
        return self.salt_rows * self.width

    @property
    def data_shape(self) -> tuple[int, int]:
        """Rows and columns of the data matrix, with the rows of salts."""
        return self.rows + self.salt_rows, self.width

    @property
    def clip_gradient(self) -> int:
        """C: the clip on the scale of a summed gradient."""
        return self.clip << self.rebase_bits


def rate_shift_of(learning_rate: float, rows: int) -> int:
    """The `rate_shift` nearest to a learning rate for a gradient averaged over so many rows."""
    return max(0, round(math.log2(rows / learning_rate)))


def units(value: float, bits: int) -> int:
    """A real in units of 2**-bits, at least one."""
    return max(1, encode(value, bits))
