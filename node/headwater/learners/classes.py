"""What a model that classifies says about rows, and how often it is right: by z of each output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.learners.learner import RowScores, Score
from headwater.tables.columns import Columns
from headwater.tables.data import Dataset

LEAST_PROBABILITY = 0.01  # the piecewise-linear sigmoid says 0 and 1 with ease; the log-loss of a certainty is infinite

Scores = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Prediction:
    """The class of one row, and the probability of each class in the order of `Columns.classes`."""

    name: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation(Score):
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

    def __str__(self) -> str:
        return f"{self.accuracy:.1%} of {self.rows} labelled rows are right"


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


def by_row(columns: Columns, scores: Scores, dataset: Dataset) -> RowScores:
    """Whether each row, all of which have a class, is right, and its log-loss."""
    right, losses = [], []
    for z, label in zip(scores, dataset.labels, strict=True):
        truth = columns.class_index(label)
        if truth is None:
            raise ValueError("a row has no class to compare with")
        right.append(float(_choice(z) == truth))
        losses.append(-math.log(_probabilities(z)[truth]))
    return RowScores("accuracy", tuple(right), tuple(losses), higher_is_better=True)


def _choice(z: Sequence[float]) -> int:
    return int(z[0] > 0) if len(z) == 1 else max(range(len(z)), key=lambda i: z[i])


def probability(z: float) -> float:
    """That of the class that z is of: piecewise-linear, kept off 0 and 1."""
    return min(max(z / 4 + 0.5, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY)


def _probabilities(z: Sequence[float]) -> list[float]:
    """Of each class; one-vs-rest probabilities are scaled to a sum of 1."""
    each = [probability(value) for value in z]
    return [1 - each[0], each[0]] if len(each) == 1 else [p / math.fsum(each) for p in each]
