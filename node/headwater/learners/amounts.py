"""What a model of an amount says about rows, and how far it is off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.learners.learner import RowScores, Score
from headwater.protocol.fixedpoint import decode
from headwater.tables.columns import Columns, Feature
from headwater.tables.data import Dataset


@dataclass(frozen=True)
class AmountScore(Score):
    """A model on rows whose amounts are known.

    Attributes:
        rows: how many.
        mean_absolute_error: in the label's own units.
    """

    rows: int
    mean_absolute_error: float

    def __str__(self) -> str:
        return f"off by {self.mean_absolute_error:.4g} on average over {self.rows} labelled rows"


def amount_of(scale: Feature, standardised: float) -> float:
    """The amount, in the label's own units, of one that is standardised."""
    return float(scale.mean) + float(scale.deviation) * standardised


def by_row(columns: Columns, said: Sequence[float], dataset: Dataset, data_bits: int) -> RowScores:
    """How far off each row is, all of which have an amount; in the label's own units."""
    if columns.amount is None:
        raise ValueError("the label is no amount")
    pairs = zip(said, dataset.labels, strict=True)
    deviation = float(columns.amount.deviation)
    errors = tuple(abs(value - decode(label[0], data_bits)) * deviation for value, label in pairs)
    return RowScores("mean absolute error", errors, errors, higher_is_better=False)


def evaluate(columns: Columns, said: Sequence[float], dataset: Dataset, data_bits: int) -> AmountScore | None:
    """Compare standardised amounts with the labels of the rows that they are said of; None where none is known."""
    scale = columns.amount
    if scale is None:
        raise ValueError("the label is no amount")
    pairs = zip(said, dataset.labels, strict=True)
    errors = [abs(value - decode(label[0], data_bits)) for value, label in pairs if label]
    if not errors:
        return None
    return AmountScore(len(errors), math.fsum(errors) / len(errors) * float(scale.deviation))
