"""The exact arithmetic of a training step: what the `train` statement proves, integer by integer.

Encoding. A feature x is the integer round(x * 2**data_bits), clamped first to [-clamp, clamp]; a weight w is
round(w * 2**model_bits); a label is +1 (the row is of the output's class), -1 (it is not) or 0 (an unused row).
With an intercept the first feature of a used row is 1.0. Outputs are independent (one-vs-rest); two classes need one.

A step, for each output, on rows x_r with labels s_r, in reals:

    p_r = min(max(z_r / 4 + 1/2, 0), 1)             z_r = x_r . w, the piecewise-linear sigmoid
    g   = sum over r of x_r * (p_r - (1 + s_r) / 2)  for used rows
    w'  = w - min(max(g * 2**-rate_shift, -clip), clip)

and in integers, with h = 2**(data_bits + model_bits + 1), J = 2 * data_bits + 3 + rate_shift and C = clip * 2**J:

    e_r = |z_r + h| - |z_r - h| - 2 * h * s_r        8 (p_r - (1 + s_r) / 2) on the scale data_bits + model_bits
    G   = sum over r of x_r * e_r
    w'  = w - rebase(|G + C| - |G - C|, J + 1)

rebase(v, j) is v / 2**j rounded to nearest, halves away from zero. The rate and the divisors are powers of two, so
quantization rounds results but never biases the rate. An unused row (all zero) adds nothing.

This is what an honest trainer computes. A proof allows a little more: EZKL's rebase may round either way, so that a
proved step is less than one unit off where this one is at most half. Hence nothing is ever settled by re-executing a
step and comparing hashes; `headwater.training.deviation` bounds what either can be away from the reals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Matrix = Sequence[Sequence[int]]


def encode(value: float, bits: int) -> int:
    """round(value * 2**bits), halves to even.

    Raises:
        ValueError: not a finite number.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return round(math.ldexp(value, bits))


def decode(value: int, bits: int) -> float:
    """The real that an integer stands for."""
    return math.ldexp(value, -bits)


def rebase(value: int, bits: int) -> int:
    """value / 2**bits, rounded to nearest, halves away from zero."""
    magnitude = (2 * abs(value) + (1 << bits)) >> (bits + 1)
    return -magnitude if value < 0 else magnitude


@dataclass(frozen=True)
class TrainingSpec:
    """One training statement's numbers. All are integers, so that a manifest fixes them exactly.

    Attributes:
        rows: row capacity; a trainer may use fewer.
        features: features a row, the intercept included.
        outputs: 1 for binary regression, the number of classes for one-vs-rest.
        steps: full-batch gradient steps in one update.
        data_bits: fractional bits of a feature.
        model_bits: fractional bits of a weight.
        rate_shift: the learning rate is 2**-rate_shift for the gradient summed over the rows.
        clip: the largest change of a weight in one step, in units of 2**-model_bits.
        clamp: the largest magnitude of an honest feature, in units of 2**-data_bits.
        salt_rows: rows of salts behind the data. Each proof about one data commitment publishes one linear equation
            over its entries (see `vectors.UPDATE_SALTS`), so there must be more salts than proofs ever published.
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

    def __post_init__(self) -> None:
        for name in ("rows", "features", "outputs", "steps", "data_bits", "model_bits", "clip", "clamp", "salt_rows"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.rate_shift < 0:
            raise ValueError(f"rate_shift must not be negative, not {self.rate_shift}: a rate above 1 is never needed")
        if self.rebase_bits + 1 > 40:
            raise ValueError(
                f"2 * data_bits + 4 + rate_shift must be at most 40, not {self.rebase_bits + 1}: larger divisors were"
                " never tried; take fewer data_bits"
            )
        if self.clamp < 1 << self.data_bits:
            raise ValueError(f"clamp must be at least 2**data_bits, not {self.clamp}: an intercept is 1.0")
        if self.clip >= 1 << 24:
            raise ValueError(f"clip must be below 2**24, not {self.clip}: the circuit's constants are 32-bit floats")
        if self.magnitude >= 1 << 53:
            raise ValueError(
                f"sums reach 2**{self.magnitude.bit_length()}, but EZKL divides them in 64-bit floats, exact to 2**53;"
                " take fewer rows or bits, or a smaller clamp or clip"
            )

    @property
    def dimension(self) -> int:
        """D: the number of weights."""
        return self.features * self.outputs

    @property
    def width(self) -> int:
        """Entries of a row of the data matrix: features and labels."""
        return self.features + self.outputs

    @property
    def salts(self) -> int:
        """How many entries of the data matrix are salts."""
        return self.salt_rows * self.width

    @property
    def most_proofs(self) -> int:
        """How many proofs about one data commitment there may be: each publishes an equation over its salts."""
        return self.salts - 1

    @property
    def half(self) -> int:
        """h: where the sigmoid saturates (|z| = 2), on the scale of z."""
        return 1 << (self.data_bits + self.model_bits + 1)

    @property
    def rebase_bits(self) -> int:
        """J: from the scale of a summed gradient to that of a step."""
        return 2 * self.data_bits + 3 + self.rate_shift

    @property
    def clip_gradient(self) -> int:
        """C: the clip on the scale of a summed gradient."""
        return self.clip << self.rebase_bits

    @property
    def magnitude(self) -> int:
        """The largest absolute value that a decomposition meets, for features within `clamp`.

        It is the summed gradient's, |G| + C with |e| <= 8 * 2**(data_bits + model_bits), or the rebase's own remainder.
        """
        gradient = self.rows * self.clamp * 4 * self.half
        return max(gradient + self.clip_gradient, 1 << (self.rebase_bits + 1))

    @property
    def weight_limit(self) -> int:
        """The largest weight, in units, for which z stays within `magnitude` whatever the features within `clamp`."""
        return (self.magnitude - self.half) // (self.features * self.clamp)

    def step(self, weights: Sequence[int], x: Matrix, labels: Matrix) -> list[int]:
        """One step.

        Args:
            weights: D integers, weight of feature f for output o at f * outputs + o, units of 2**-model_bits.
            x: rows of `features` integers, units of 2**-data_bits; at most `rows` of them.
            labels: rows of `outputs` integers in {-1, 0, 1}.

        Returns:
            D integers, units of 2**-model_bits.
        """
        h, c, outputs = self.half, self.clip_gradient, self.outputs
        result = list(weights)
        for o in range(outputs):
            column = weights[o::outputs]
            errors = []
            for row, label in zip(x, labels, strict=True):
                z = sum(a * b for a, b in zip(row, column, strict=True))
                errors.append(abs(z + h) - abs(z - h) - 2 * h * label[o])
            for f in range(self.features):
                g = sum(row[f] * e for row, e in zip(x, errors, strict=True))
                result[f * outputs + o] -= rebase(abs(g + c) - abs(g - c), self.rebase_bits + 1)
        return result

    def train(self, weights: Sequence[int], x: Matrix, labels: Matrix) -> list[int]:
        """`steps` steps: the weights of an update. Arguments and result as in `step`."""
        for _ in range(self.steps):
            weights = self.step(weights, x, labels)
        return list(weights)


def salt_rows_for(rounds: int, width: int) -> int:
    """The rows of salts that a task of so many rounds needs, for rows of `width` entries.

    Two proofs a round may become public, the second after a restart, and two salts are to spare.
    """
    return -(-(2 * rounds + 2) // width)
