"""What a model says about rows, and how often it is right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.protocol.fixedpoint import TrainingSpec, decode
from headwater.training.columns import Columns
from headwater.training.data import Dataset
from headwater.training.floating import Array, arrays

LEAST_PROBABILITY = 0.01  # the piecewise-linear sigmoid says 0 and 1 with ease; the log-loss of a certainty is infinite

Scores = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Prediction:
    """The class of one row, and the probability of each class in the order of `Columns.classes`."""

    name: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """A model on labelled rows.

    Attributes:
        rows: how many rows had a class.
        accuracy: the fraction that the model put in their class.
        log_loss: the mean of -ln of the probability given to the right class.
        confusion: counts, a row for each true class and a column for each predicted one.
    """

    rows: int
    accuracy: float
    log_loss: float
    confusion: tuple[tuple[int, ...], ...]


def integer_scores(weights: Sequence[int], dataset: Dataset, spec: TrainingSpec) -> Scores:
    """z of each row and output, computed exactly from a model's integer weights and the encoded rows.

    Raises:
        ValueError: not D weights.
    """
    if len(weights) != spec.dimension:
        raise ValueError(f"a model of this task has {spec.dimension} weights, not {len(weights)}")
    models = [weights[o :: spec.outputs] for o in range(spec.outputs)]
    bits = spec.data_bits + spec.model_bits
    return [[decode(_dot(row, model), bits) for model in models] for row in dataset.x]


def float_scores(weights: Array, dataset: Dataset) -> Scores:
    """z of each row and output, for weights in floats, (features, outputs), on the unrounded rows."""
    scores: list[list[float]] = (arrays(dataset)[0] @ weights).tolist()
    return scores


def predict(columns: Columns, scores: Scores) -> list[Prediction]:
    """The class of each row: by the sign of z for two classes, else the class of the largest z."""
    return [Prediction(columns.classes[_choice(z)], tuple(_probabilities(z))) for z in scores]


def evaluate(columns: Columns, scores: Scores, dataset: Dataset) -> Evaluation:
    """Compare scores with the labels of the rows they were computed for. Rows of unknown class are left out.

    Raises:
        ValueError: no row has a class.
    """
    confusion = [[0] * len(columns.classes) for _ in columns.classes]
    losses = []
    for z, label in zip(scores, dataset.labels, strict=True):
        truth = columns.class_index(label)
        if truth is not None:
            confusion[truth][_choice(z)] += 1
            losses.append(-math.log(_probabilities(z)[truth]))
    if not losses:
        raise ValueError("no row has a class to compare with")
    right = sum(confusion[i][i] for i in range(len(confusion)))
    count = len(losses)
    return Evaluation(count, right / count, math.fsum(losses) / count, tuple(tuple(row) for row in confusion))


def _dot(row: Sequence[int], model: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(row, model, strict=True))


def _choice(z: Sequence[float]) -> int:
    return int(z[0] > 0) if len(z) == 1 else max(range(len(z)), key=lambda i: z[i])


def _probabilities(z: Sequence[float]) -> list[float]:
    """Piecewise-linear, kept off 0 and 1; one-vs-rest probabilities are scaled to a sum of 1."""
    each = [min(max(value / 4 + 0.5, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY) for value in z]
    return [1 - each[0], each[0]] if len(each) == 1 else [p / math.fsum(each) for p in each]
