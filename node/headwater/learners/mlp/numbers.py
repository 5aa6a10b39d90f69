"""The exact arithmetic of a small neural network's training step: what its statement proves, integer by integer.

One hidden layer of rectified units; outputs are independent of each other (one-vs-rest), and two classes need one. The
first feature, the intercept, is what gives a hidden unit its threshold; outputs have none. A step, in reals, on rows x
with labels s of +1 and -1:

    h  = max(x V, 0)                            V (features, hidden)
    e  = min(max(h W / 4 + 1/2, 0), 1) - (1 + s) / 2           W (hidden, outputs)
    W' = W - clipped(rate * sum of h' e)
    V' = V - clipped(rate * sum of x' ((e W') [h > 0]))        W' here is W, transposed

and in integers, with a = data_bits + model_bits + 2, b = a + 1 + model_bits, t = error_bits, half = 2**(b + 1),
J = a + 1 + t - model_bits + rate_shift for W, one less for V, and C = clip * 2**J:

    z  = 4 x V - 1                              scale a
    h  = z + |z|                                scale a + 1
    m  = 2 + |z| - |2 - z|                      4 where z > 0, else 0
    y  = h W                                    scale b
    e  = |y + half| - |y - half| - 2 * half * s                scale b + 3
    r  = rebase(e, b + 3 - t)                   scale t
    w' = w - rebase(|G + C| - |G - C|, J + 1)   G = h' r for W, of scale a + 1 + t; x' ((r W') m) for V, of a + t

A proof allows a little more than one unit a step: each r may be rounded either way, too, and all of them the same way
move a weight by some units. `reach` does not depend on it, since the clip comes after.

An unused row is all zeros: then z = -1 and h = 0, so that it adds nothing. The quarter of a unit that z is less than
x V is for secrecy: negatives and zeros among the numbers of a circuit can be counted, in part (docs/adr/0015). Of z and
2 - z, both odd, one is above zero and one below, for any row and any weights.

Bounds. Features are within clamp, and weights within `weight_limit`: the core starts no task whose weights could grow
beyond it, by `reach` in each update. Then, whatever the data:

    |z| <= 4 * features * clamp * limit + 1     |y| <= hidden * h * limit
    |h' r| <= rows * h * 2**t                   |x' ((r W') m)| <= rows * clamp * outputs * 2**t * limit * 4

`magnitude` is the largest of what is taken apart. So no row of an honest file, and no model that a task can have, meets
a number that cannot be proved. What the rebase divides is far below 2**53, to which EZKL's floats are exact.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.learners.table_spec import TableSpec
from headwater.protocol.fixedpoint import Matrix

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

WEIGHT_REACH = 3
"""Weights stay below 2**WEIGHT_REACH in reals: 61 rounds of one step with the usual clip of 1/8."""

DIGIT_BITS = 14
"""The most bits of a digit: its table has room at the k that such circuits take anyway."""

SEEDS = 1 << 32
"""How many seeds there are."""

MOST_HIDDEN = 1024
"""Far more units than can be proved."""


@dataclass(frozen=True)
class MlpSpec(TableSpec):
    """The numbers of a network.

    Attributes:
        units: of the hidden layer.
        error_bits: fractional bits that an output's error is rounded to, before it goes back through the network.
        seed: what the first weights follow from.
    """

    units: int = 16
    error_bits: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.units <= MOST_HIDDEN:
            raise ValueError(f"units must be 1 to {MOST_HIDDEN}, not {self.units}")
        if not 1 <= self.error_bits <= self.output_bits + 2:
            raise ValueError(f"error_bits must be 1 to {self.output_bits + 2}, not {self.error_bits}")
        if not 0 <= self.seed < SEEDS:
            raise ValueError(f"seed must be 0 to 2**32 - 1, not {self.seed}")
        super().__post_init__()

    @property
    def shapes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows and columns of the two layers' weights, which follow each other row by row."""
        return (self.features, self.units), (self.units, self.outputs)

    @property
    def dimension(self) -> int:
        """D: the number of weights."""
        return sum(rows * columns for rows, columns in self.shapes)

    @property
    def z_bits(self) -> int:
        """a: fractional bits of z, in whose units a hidden unit's threshold is one below; h has one more."""
        return self.data_bits + self.model_bits + 2

    @property
    def output_bits(self) -> int:
        """b: fractional bits of an output."""
        return self.z_bits + 1 + self.model_bits

    @property
    def score_bits(self) -> int:
        """Fractional bits of what scores, inferences and browsers compute: 4 max(x V, 0) W."""
        return self.z_bits + self.model_bits

    @property
    def score_limit(self) -> int:
        """The largest of it."""
        return 4 * self.units * self.features * self.clamp * self.weight_limit**2

    @property
    def half(self) -> int:
        """2 on an output's scale: from there on an error is saturated."""
        return 1 << (self.output_bits + 1)

    @property
    def error_shift(self) -> int:
        """What an error is divided by, as a power of two."""
        return self.output_bits + 3 - self.error_bits

    @property
    def rebase_bits(self) -> int:
        """J: from the scale of the outputs' summed gradient to that of a step; the hidden layer's is one less."""
        return self.z_bits + 1 + self.error_bits - self.model_bits + self.rate_shift

    @property
    def weight_limit(self) -> int:
        """As `TableSpec` says: chosen, and `magnitude` follows."""
        return 1 << (self.model_bits + WEIGHT_REACH)

    @property
    def magnitude(self) -> int:
        """As `TableSpec` says: how far an output is from saturation, a summed gradient from its clip; or a divisor."""
        limit, error = self.weight_limit, 1 << self.error_bits
        unit = 8 * self.features * self.clamp * limit
        gradient = self.rows * error * max(unit, 4 * self.clamp * self.outputs * limit)
        output = self.units * unit * limit
        divisors = 1 << max(self.error_shift, self.rebase_bits + 1)
        return max(output + self.half, gradient + self.clip_gradient, 4 * self.half, divisors)

    def first_weights(self) -> list[int]:
        """Uniform in [-1, 1] / sqrt(what goes into the unit), from sha256 of the seed, so that everybody has the same.

        Weight i of a layer is (2 u + 1) * 2**model_bits / (2**64 * isqrt(fan-in * 2**32) / 2**16), rounded toward zero,
        with u the signed first 8 bytes of sha256("headwater/mlp/1" | seed | layer | i), the numbers as 4 bytes each.
        """
        found = []
        for layer, (fan_in, fan_out) in enumerate(self.shapes):
            root = math.isqrt(fan_in << 32)
            for index in range(fan_in * fan_out):
                name = b"headwater/mlp/1" + b"".join(n.to_bytes(4) for n in (self.seed, layer, index))
                uniform = 2 * int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True) + 1
                magnitude = (abs(uniform) << (self.model_bits + 16)) // (root << 64)
                found.append(magnitude if uniform > 0 else -magnitude)
        return found

    def layers(self, weights: Sequence[int], kind: Any) -> list[NDArray[Any]]:
        """Both layers' weights, of a type of numpy's. Raises ValueError where there are not D."""
        import numpy as np

        if len(weights) != self.dimension:
            raise ValueError(f"a model of this task has {self.dimension} weights, not {len(weights)}")
        cut = self.features * self.units
        parts = weights[:cut], weights[cut:]
        return [np.array(part, dtype=kind).reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def lit(self, x: NDArray[Any], hidden: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """z and h of rows, (rows, units)."""
        z = 4 * (x @ hidden) - 1
        return z, z + abs(z)

    def step(self, weights: Sequence[int], x: Matrix, labels: Matrix) -> list[int]:
        """As `TableSpec` says; first the hidden layer's weights, then the outputs'.

        Raises:
            ValueError: not D weights, or numbers beyond `weight_limit`, `clamp` or `rows`: nothing is bounded then.
        """
        import numpy as np

        if len(x) > self.rows:
            raise ValueError(f"{len(x)} rows do not fit the {self.rows} of the task")
        for name, limit, lines in (("weight", self.weight_limit, [weights]), ("feature", self.clamp, x)):
            if any(abs(value) > limit for line in lines for value in line):
                raise ValueError(f"a {name} is beyond {limit} units, and then a step may not be provable")
        hidden, output = self.layers(weights, np.int64)
        rows = np.array(x, dtype=np.int64).reshape(len(x), self.features)
        truth = np.array(labels, dtype=np.int64).reshape(len(x), self.outputs)
        return [entry for layer in self.stepped(hidden, output, rows, truth) for entry in layer.ravel().tolist()]

    def stepped(self, hidden: Integers, output: Integers, x: Integers, labels: Integers) -> tuple[Integers, Integers]:
        """`step` on arrays, within 64 bits since `magnitude` is below 2**53."""
        import numpy as np

        z, active = self.lit(x, hidden)
        errors = doubly_clipped(active @ output, self.half) - 2 * self.half * labels
        rounded = rebased(errors, self.error_shift)
        back = (rounded @ output.T) * (2 + np.abs(z) - np.abs(2 - z))
        first, second = self.rebase_bits - 1, self.rebase_bits
        return hidden - self._moved(x.T @ back, first), output - self._moved(active.T @ rounded, second)

    def _moved(self, gradient: Integers, bits: int) -> Integers:
        return rebased(doubly_clipped(gradient, self.clip << bits), bits + 1)


def outputs(spec: MlpSpec, weights: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """A network's outputs, of `score_bits`, (rows, outputs). Signs of hidden units are taken apart as in training.

    weights: (D, 1). x: (rows, features).
    """
    from headwater.circuits.blocks import part, positive

    cut, (first, second) = spec.features * spec.units, spec.shapes
    hidden, output = part(weights, 0, cut).reshape(first), part(weights, cut, spec.dimension).reshape(second)
    z = x @ hidden
    _, lit = positive(z * 4.0 - 1.0, 2)
    return (z * lit) @ output


def doubly_clipped(values: Integers, limit: int) -> Integers:
    """Twice the values, those beyond `limit` cut off there."""
    import numpy as np

    found: Integers = np.abs(values + limit) - np.abs(values - limit)
    return found


def rebased(values: Integers, bits: int) -> Integers:
    """`fixedpoint.rebase` of each."""
    import numpy as np

    magnitudes = (2 * np.abs(values) + (1 << bits)) >> (bits + 1)
    found: Integers = np.where(values < 0, -magnitudes, magnitudes)
    return found
