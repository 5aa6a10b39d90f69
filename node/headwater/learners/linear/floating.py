"""The same training in floats, without any rounding: what the integers are compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headwater.learners.linear.losses import KNOT_BITS, Loss
from headwater.learners.linear.numbers import LinearSpec
from headwater.protocol.fixedpoint import decode
from headwater.tables.data import Dataset

Array = NDArray[np.float64]


def derivative(loss: Loss, u: Array) -> Array:
    """L(u) of `losses`, in reals."""
    bends = zip(loss.turns, loss.knots, strict=True)
    found = sum((turn * np.abs(u - decode(knot, KNOT_BITS)) for turn, knot in bends), np.zeros_like(u))
    result: Array = (found + loss.level) / 2**loss.divisor_bits
    return result


def errors(spec: LinearSpec, z: Array, labels: Array) -> Array:
    """What the loss makes of z and labels, (rows, outputs)."""
    loss = spec.derivative
    if loss.form == "margin":
        return labels * derivative(loss, labels * z)
    if loss.form == "residual":
        return derivative(loss, z - labels)
    return derivative(loss, z) - ((1 + labels) / 2 if loss.classifies else labels)


def real_weights(spec: LinearSpec, weights: Sequence[int]) -> Array:
    """Integer weights as the reals that they stand for, (features, outputs)."""
    units: Array = np.array(weights, dtype=np.float64).reshape(spec.features, spec.outputs)
    return units * decode(1, spec.model_bits)


def float_scores(weights: Array, dataset: Dataset) -> list[list[float]]:
    """z of each row and output, for weights in floats, (features, outputs), on the unrounded rows."""
    scores: list[list[float]] = (np.array(dataset.reals, dtype=np.float64) @ weights).tolist()
    return scores


def arrays(spec: LinearSpec, dataset: Dataset) -> tuple[Array, Array]:
    """The unrounded features, (rows, features), and the labels, (rows, outputs); amounts as they were read, rounded."""
    labels = np.array(dataset.labels, dtype=np.float64)
    unit = 1.0 if spec.derivative.classifies else decode(1, spec.data_bits)
    return np.array(dataset.reals, dtype=np.float64), labels * unit


def move(spec: LinearSpec, weights: Array, x: Array, labels: Array) -> Array:
    """What a step would subtract if it were not clipped: the rate times the gradient summed over the rows."""
    penalties = np.array(spec.penalties) * decode(1, 2 * spec.data_bits + spec.derivative.divisor_bits)
    gradient = x.T @ errors(spec, x @ weights, labels) + penalties[:, None] * weights
    result: Array = gradient * 2.0**-spec.rate_shift
    return result


def train(spec: LinearSpec, weights: Array, x: Array, labels: Array) -> Array:
    """`steps` clipped steps.

    Args:
        weights: (features, outputs).
        x: (rows, features), used rows only.
        labels: (rows, outputs), as `arrays` gives them.
    """
    clip = decode(spec.clip, spec.model_bits)
    for _ in range(spec.steps):
        weights = weights - np.clip(move(spec, weights, x, labels), -clip, clip)
    return weights


def federated(spec: LinearSpec, shares: Sequence[Dataset], rounds: int, weights: Array | None = None) -> list[Array]:
    """The global model after each round: every trainer trains from it on its own rows, and the updates are averaged.

    Args:
        shares: one dataset a trainer; each counts the same, whatever its rows.
        weights: the first model; zeros, if None.
    """
    model: Array = np.zeros((spec.features, spec.outputs)) if weights is None else weights
    data = [arrays(spec, share) for share in shares]
    models = []
    for _ in range(rounds):
        model = np.mean([train(spec, model, x, labels) for x, labels in data], axis=0)
        models.append(model)
    return models
