"""The same training in floats, without any rounding: what the integers are compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headwater.protocol.fixedpoint import TrainingSpec, decode
from headwater.training.data import Dataset

Array = NDArray[np.float64]


def sigmoid(z: Array) -> Array:
    """The piecewise-linear one: min(max(z / 4 + 1/2, 0), 1)."""
    return np.clip(z / 4 + 0.5, 0.0, 1.0)


def real_weights(spec: TrainingSpec, weights: Sequence[int]) -> Array:
    """Integer weights as the reals that they stand for, (features, outputs)."""
    units: Array = np.array(weights, dtype=np.float64).reshape(spec.features, spec.outputs)
    return units * decode(1, spec.model_bits)


def arrays(dataset: Dataset) -> tuple[Array, Array]:
    """The unrounded features, (rows, features), and the labels, (rows, outputs)."""
    return np.array(dataset.reals, dtype=np.float64), np.array(dataset.labels, dtype=np.float64)


def move(spec: TrainingSpec, weights: Array, x: Array, labels: Array) -> Array:
    """What a step would subtract if it were not clipped: the rate times the gradient summed over the rows."""
    errors = sigmoid(x @ weights) - (1 + labels) / 2
    result: Array = x.T @ errors * 2.0**-spec.rate_shift
    return result


def train(spec: TrainingSpec, weights: Array, x: Array, labels: Array) -> Array:
    """`steps` clipped steps.

    Args:
        weights: (features, outputs).
        x: (rows, features), used rows only.
        labels: (rows, outputs) in {-1, 1}.
    """
    clip = decode(spec.clip, spec.model_bits)
    for _ in range(spec.steps):
        weights = weights - np.clip(move(spec, weights, x, labels), -clip, clip)
    return weights


def federated(spec: TrainingSpec, shares: Sequence[Dataset], rounds: int, weights: Array | None = None) -> list[Array]:
    """The global model after each round: every trainer trains from it on its own rows, and the updates are averaged.

    Args:
        shares: one dataset a trainer; each counts the same, whatever its rows.
        weights: the first model; zeros, if None.
    """
    model: Array = np.zeros((spec.features, spec.outputs)) if weights is None else weights
    data = [arrays(share) for share in shares]
    models = []
    for _ in range(rounds):
        model = np.mean([train(spec, model, x, labels) for x, labels in data], axis=0)
        models.append(model)
    return models
