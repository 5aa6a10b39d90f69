"""The same training in floats, without any rounding: what the integers are compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headwater.learners.mlp.numbers import MlpSpec
from headwater.protocol.fixedpoint import decode

Array = NDArray[np.float64]
Layers = tuple[Array, Array]


def real_weights(spec: MlpSpec, weights: Sequence[int]) -> Layers:
    """Integer weights as the reals that they stand for: (features, hidden) and (hidden, outputs)."""
    hidden, output = (layer * decode(1, spec.model_bits) for layer in spec.layers(weights, np.float64))
    return hidden, output


def scores(layers: Layers, x: Array) -> Array:
    """What the outputs say of rows, (rows, outputs)."""
    found: Array = np.maximum(x @ layers[0], 0) @ layers[1]
    return found


def train(spec: MlpSpec, layers: Layers, x: Array, labels: Array) -> Layers:
    """`steps` clipped steps.

    Args:
        layers: (features, hidden) and (hidden, outputs).
        x: (rows, features), used rows only.
        labels: (rows, outputs), +1 or -1.
    """
    hidden, output = layers
    clip, rate = decode(spec.clip, spec.model_bits), 2.0**-spec.rate_shift
    for _ in range(spec.steps):
        z = x @ hidden
        active = np.maximum(z, 0)
        errors = np.clip(active @ output / 4 + 0.5, 0, 1) - (1 + labels) / 2
        gradients = x.T @ ((errors @ output.T) * (z > 0)), active.T @ errors
        moved = [np.clip(rate * gradient, -clip, clip) for gradient in gradients]
        hidden, output = hidden - moved[0], output - moved[1]
    return hidden, output
