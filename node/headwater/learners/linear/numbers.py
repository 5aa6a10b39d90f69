"""The exact arithmetic of a linear model's training step: what its statement proves, integer by integer.

Outputs are independent (one-vs-rest); two classes, and an amount, need one. With L of `losses`, a step, for each
output, on rows x_r with labels y_r, in reals:

    g   = sum over r of x_r * e_r + penalty * w    e_r: what the loss's form makes of z_r = x_r . w and y_r
    w'  = w - min(max(g * 2**-rate_shift, -clip), clip)

and in integers, with b = data_bits + model_bits, v the loss's divisor_bits, J = 2 * data_bits + v + rate_shift and
C = clip * 2**J:

    e_r = L on the scale b + v                 the logistic: |z + h| - |z - h| - 2 * h * s_r, h = 2**(b + 1)
    G   = sum over r of x_r * e_r + penalty * w
    w'  = w - rebase(|G + C| - |G - C|, J + 1)

Rate and divisors are powers of two, so quantization rounds results but never biases the rate. The penalty (ridge)
leaves the intercept alone.

This is what an honest trainer computes. A proof allows a little more: EZKL's rebase may round either way, so that a
proved step is less than one unit off where this one is at most half. Hence nothing is ever settled by re-executing a
step and comparing hashes; `deviation` bounds what either can be away from the reals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.learners.linear.losses import KNOT_BITS, LOSSES, Loss
from headwater.learners.table_spec import TableSpec
from headwater.protocol.fixedpoint import Matrix, rebase

PENALTY_REACH = 3
"""With a penalty, weights stay below 2**PENALTY_REACH in reals: the penalty's part of a gradient is bounded so."""


@dataclass(frozen=True)
class LinearSpec(TableSpec):
    """The numbers of a linear model.

    Attributes:
        loss: a name of `LOSSES`.
        penalty: the factor of half the squared weights in what is minimised over all rows (ridge), in units of
            2**-(2 * data_bits + divisor_bits) of the loss.
        intercept: 1 where the first feature is the constant, which the penalty leaves alone; else 0.
    """

    loss: str = "logistic"
    penalty: int = 0
    intercept: int = 1

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"no loss is called {self.loss!r}: known are {', '.join(LOSSES)}")
        if self.outputs > 1 and not self.derivative.classifies:
            raise ValueError(f"the loss {self.loss!r} is of one amount, not of {self.outputs} outputs")
        if not 0 <= self.penalty < 1 << 24:
            raise ValueError(f"the penalty must be 0 to 2**24 units, not {self.penalty}: constants are 32-bit floats")
        if self.data_bits + self.model_bits < KNOT_BITS:
            raise ValueError(f"data_bits + model_bits must be at least {KNOT_BITS}: a loss has knots in sixteenths")
        super().__post_init__()

    @property
    def derivative(self) -> Loss:
        """The loss."""
        return LOSSES[self.loss]

    @property
    def dimension(self) -> int:
        """D: the number of weights."""
        return self.features * self.outputs

    @property
    def z_bits(self) -> int:
        """b: fractional bits of z."""
        return self.data_bits + self.model_bits

    @property
    def knots(self) -> tuple[int, ...]:
        """The loss's knots on the scale of z."""
        return tuple((knot << self.z_bits) >> KNOT_BITS for knot in self.derivative.knots)

    @property
    def label_unit(self) -> int:
        """What a label of 1 takes from the error, for a direct loss: of a class the half, since it is +1 or -1."""
        bits = self.derivative.divisor_bits
        return 1 << (bits - 1 + self.z_bits) if self.derivative.classifies else 1 << (bits + self.model_bits)

    @property
    def level(self) -> int:
        """What is added to the error; of classes, (1 + s) / 2 is taken from a direct loss, half of it here."""
        loss = self.derivative
        half = 1 << (loss.divisor_bits - 1) if loss.classifies and loss.form == "direct" else 0
        return (loss.level - half) << self.z_bits

    @property
    def rebase_bits(self) -> int:
        """J: from the scale of a summed gradient to that of a step."""
        return 2 * self.data_bits + self.derivative.divisor_bits + self.rate_shift

    @property
    def error_limit(self) -> int:
        """The largest error of an honest row, on the scale of errors."""
        loss = self.derivative
        amount = self.clamp / 2**self.data_bits if loss.form == "direct" and not loss.classifies else 0
        limit: int = math.ceil((loss.largest + amount) * 2 ** (loss.divisor_bits + self.z_bits))
        return limit

    @property
    def magnitude(self) -> int:
        """As `TableSpec` says: the summed gradient's, |G| + C; or the rebase's remainder; or a distance from a knot."""
        gradient = self.rows * self.clamp * self.error_limit + (self.penalty << (self.model_bits + PENALTY_REACH))
        reach = self.features * self.clamp << (self.model_bits + PENALTY_REACH)
        return max(gradient + self.clip_gradient, 1 << (self.rebase_bits + 1), reach + self._offset)

    @property
    def weight_limit(self) -> int:
        """As `TableSpec` says."""
        limit = (self.magnitude - self._offset) // (self.features * self.clamp)
        return min(limit, 1 << (self.model_bits + PENALTY_REACH)) if self.penalty else limit

    @property
    def _offset(self) -> int:
        """The farthest that a knot is from z, whatever the label."""
        return max(map(abs, self.knots)) + (self.clamp << self.model_bits if self.derivative.form == "residual" else 0)

    def error(self, z: int, label: int) -> int:
        """e of a row and an output, on the scale b + divisor_bits."""
        form = self.derivative.form
        u = {"direct": z, "residual": z - (label << self.model_bits), "margin": label * z}[form]
        found = sum(turn * abs(u - knot) for turn, knot in zip(self.derivative.turns, self.knots, strict=True))
        if form == "margin":
            return label * (found + self.level)
        return found + self.level - (self.label_unit * label if form == "direct" else 0)

    def step(self, weights: Sequence[int], x: Matrix, labels: Matrix) -> list[int]:
        """As `TableSpec` says; the weight of feature f for output o is at f * outputs + o."""
        c, outputs = self.clip_gradient, self.outputs
        result = list(weights)
        for o in range(outputs):
            column = weights[o::outputs]
            errors = [
                self.error(sum(a * b for a, b in zip(row, column, strict=True)), label[o])
                for row, label in zip(x, labels, strict=True)
            ]
            for f in range(self.features):
                g = sum(row[f] * e for row, e in zip(x, errors, strict=True)) + self.penalties[f] * column[f]
                result[f * outputs + o] -= rebase(abs(g + c) - abs(g - c), self.rebase_bits + 1)
        return result

    @property
    def penalties(self) -> list[int]:
        """The penalty of each feature's weights."""
        return [0 if f == 0 and self.intercept else self.penalty for f in range(self.features)]
