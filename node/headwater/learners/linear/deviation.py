"""How far the integers can be from the reals, proved for given data. `figures` measures it.

The bound. Let w be the integer model as reals and v the model that floats reach from the unrounded rows, apart by d in
Euclidean norm. X are the encoded rows, U the unrounded ones, K = rate * X' S X with S the diagonal of secant slopes of
the loss's derivative between Xw and Xv, each that of a piece (the penalty adds to K). Then one step gives

    w' - v' = (I - D K) (w - v) - D b + r          b = rate * (X' e(Xv) - U' e(Uv)), computed here
                                                   |r| <= 1/2 unit an entry, or 1 for whatever EZKL would prove

with D the diagonal of secant slopes of the clip, each within [0, 1]. The slopes are known but for the rows and entries
that lie within reach of d of a corner; those are taken at the middle, and half their range is added to the norm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headwater.learners.linear.floating import Array, arrays, move
from headwater.learners.linear.losses import KNOT_BITS
from headwater.learners.linear.numbers import LinearSpec
from headwater.protocol.fixedpoint import decode
from headwater.tables.data import Dataset


@dataclass(frozen=True)
class Slope:
    """Secant slopes of a piecewise-linear function between a value and another: the middle and half the range."""

    middle: Array
    half_range: Array

    @classmethod
    def between(cls, value: Array, reach: Array, knots: Sequence[float], slopes: Sequence[float]) -> Slope:
        """Slopes from `value` to anything within `reach` of it: within those of the pieces that both are on.

        slopes: of the pieces between the ascending knots, and of the two beyond.
        """
        low, high = np.full_like(value, np.inf), np.full_like(value, -np.inf)
        for left, right, slope in zip((-np.inf, *knots), (*knots, np.inf), slopes, strict=True):
            touched = (value + reach >= left) & (value - reach <= right)
            low, high = np.where(touched, np.minimum(low, slope), low), np.where(touched, np.maximum(high, slope), high)
        return cls((low + high) / 2, (high - low) / 2)


def bound(spec: LinearSpec, weights: Array, dataset: Dataset, initial: float = 0.0, proved: bool = False) -> float:
    """What one update can be away from the same training in reals, at the most: the norm over an output's weights.

    Args:
        weights: the model in reals that training starts from, (features, outputs).
        initial: how far the integer model is from it; sqrt(features) / 2 units where it was just rounded.
        proved: bound any update that EZKL would prove, not just the honest one.
    """
    u, labels = arrays(spec, dataset)
    x = np.array(dataset.x, dtype=np.float64) * decode(1, spec.data_bits)
    return max(_bound(spec, weights[:, [o]], x, u, labels[:, [o]], initial, proved) for o in range(spec.outputs))


def _bound(spec: LinearSpec, v: Array, x: Array, u: Array, labels: Array, initial: float, proved: bool) -> float:
    clip, rate = decode(spec.clip, spec.model_bits), 2.0**-spec.rate_shift
    rounding = math.sqrt(spec.features) * decode(1, spec.model_bits) * (1.0 if proved else 0.5)
    loss, norms = spec.derivative, np.linalg.norm(x, axis=1)
    knots = [decode(knot, KNOT_BITS) for knot in loss.knots]
    ridge = rate * np.diag(np.array(spec.penalties) * decode(1, 2 * spec.data_bits + loss.divisor_bits))
    distance = initial
    for _ in range(spec.steps):
        step = move(spec, v, u, labels)[:, 0]
        b = move(spec, v, x, labels)[:, 0] - step
        s = Slope.between(_argument(spec, x @ v, labels), norms * distance, knots, loss.slopes)
        uncertain = rate * _square(x * np.sqrt(s.half_range)[:, None])
        k = rate * x.T @ (x * s.middle[:, None]) + ridge
        reach = (np.linalg.norm(k, axis=1) + uncertain) * distance + np.abs(b)
        d = Slope.between(step, reach, (-clip, clip), (0.0, 1.0, 0.0))
        largest = d.middle + d.half_range
        growth = np.linalg.norm(np.eye(len(k)) - d.middle[:, None] * k, 2) + uncertain
        growth += np.linalg.norm(d.half_range[:, None] * k, 2)
        distance = float(growth) * distance + float(np.linalg.norm(largest * b)) + rounding
        v = v - np.clip(step, -clip, clip)[:, None]
    return distance


def _argument(spec: LinearSpec, z: Array, labels: Array) -> Array:
    """What the loss's derivative is taken of, (rows,)."""
    form = spec.derivative.form
    return {"direct": z, "residual": z - labels, "margin": labels * z}[form][:, 0]


def _square(matrix: Array) -> float:
    """The square of the spectral norm."""
    return float(np.linalg.norm(matrix, 2)) ** 2
