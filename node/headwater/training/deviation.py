"""How far the integers can be from the reals, proved for given data. `headwater.training.figures` measures it.

The bound. Let w be the integer model as reals and v the model that floats reach from the unrounded rows, apart by d in
Euclidean norm. X are the encoded rows, U the unrounded ones, K = rate * X' S X with S the diagonal of secant slopes of
the sigmoid between Xw and Xv, each within [0, 1/4]. Then one step gives

    w' - v' = (I - D K) (w - v) - D b + r          b = rate * (X' e(Xv) - U' e(Uv)), computed here
                                                   |r| <= 1/2 unit an entry, or 1 for whatever EZKL would prove

with D the diagonal of secant slopes of the clip, each within [0, 1]. The slopes are known but for the rows and entries
that lie within reach of d of a corner; those are taken at the middle, and half their range is added to the norm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from headwater.protocol.fixedpoint import TrainingSpec, decode
from headwater.training.data import Dataset
from headwater.training.floating import Array, arrays, move


@dataclass(frozen=True)
class Slope:
    """Secant slopes of a function that is linear inside a limit and flat outside: the middle and half the range."""

    middle: Array
    half_range: Array

    @classmethod
    def between(cls, value: Array, reach: Array, limit: float, steepest: float) -> Slope:
        """Slopes from `value` to anything within `reach` of it."""
        low = np.where(np.abs(value) + reach <= limit, steepest, 0.0)
        high = np.where(np.abs(value) - reach >= limit, 0.0, steepest)
        return cls((low + high) / 2, (high - low) / 2)


def bound(spec: TrainingSpec, weights: Array, dataset: Dataset, initial: float = 0.0, proved: bool = False) -> float:
    """What one update can be away from the same training in reals, at the most: the norm over an output's weights.

    Args:
        weights: the model in reals that training starts from, (features, outputs).
        initial: how far the integer model is from it; sqrt(features) / 2 units where it was just rounded.
        proved: bound any update that EZKL would prove, not just the honest one.
    """
    u, labels = arrays(dataset)
    x = np.array(dataset.x, dtype=np.float64) * decode(1, spec.data_bits)
    return max(_bound(spec, weights[:, [o]], x, u, labels[:, [o]], initial, proved) for o in range(spec.outputs))


def _bound(spec: TrainingSpec, v: Array, x: Array, u: Array, labels: Array, initial: float, proved: bool) -> float:
    clip, rate = decode(spec.clip, spec.model_bits), 2.0**-spec.rate_shift
    rounding = math.sqrt(spec.features) * decode(1, spec.model_bits) * (1.0 if proved else 0.5)
    norms = np.linalg.norm(x, axis=1)
    distance = initial
    for _ in range(spec.steps):
        step = move(spec, v, u, labels)[:, 0]
        b = move(spec, v, x, labels)[:, 0] - step
        s = Slope.between((x @ v)[:, 0], norms * distance, 2.0, 0.25)
        uncertain = rate * _square(x * np.sqrt(s.half_range)[:, None])
        k = rate * x.T @ (x * s.middle[:, None])
        reach = (np.linalg.norm(k, axis=1) + uncertain) * distance + np.abs(b)
        d = Slope.between(step, reach, clip, 1.0)
        largest = d.middle + d.half_range
        growth = np.linalg.norm(np.eye(len(k)) - d.middle[:, None] * k, 2) + uncertain
        growth += np.linalg.norm(d.half_range[:, None] * k, 2)
        distance = float(growth) * distance + float(np.linalg.norm(largest * b)) + rounding
        v = v - np.clip(step, -clip, clip)[:, None]
    return distance


def _square(matrix: Array) -> float:
    """The square of the spectral norm."""
    return float(np.linalg.norm(matrix, 2)) ** 2
