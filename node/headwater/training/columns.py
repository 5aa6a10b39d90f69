"""Which columns of a CSV file a task trains on, and how their numbers become features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

from headwater.training.table import Problems, header, parse_number, rows

MAX_CLASSES = 100
_DIGITS = Context(prec=6, rounding=ROUND_HALF_EVEN)  # of a described mean or deviation
_EXACT = Context(prec=40)


@dataclass(frozen=True)
class Feature:
    """One column, standardised as (value - mean) / deviation.

    Mean and deviation are decimals: they are exactly the text in the manifest, and cells of a CSV are decimal too, so
    that nothing is rounded before the one division.
    """

    name: str
    mean: Decimal
    deviation: Decimal

    def standardise(self, value: Decimal) -> float:
        """The feature: how many deviations a value is above the mean."""
        return float(_EXACT.divide(_EXACT.subtract(value, self.mean), self.deviation))


@dataclass(frozen=True)
class Columns:
    """The columns of a task.

    Attributes:
        features: the numeric columns, in the order of the weights.
        intercept: whether a constant 1.0 comes before them.
        label: the column that names a row's class.
        classes: the names of the classes. Of two, the second is the positive one.
    """

    features: tuple[Feature, ...]
    intercept: bool
    label: str
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        names = [*self.names, self.label]
        if not self.features or len(self.classes) < 2:
            raise ValueError("a task needs at least one feature and two classes")
        for what, texts in (("columns", names), ("classes", self.classes)):
            if len(set(texts)) < len(texts) or any(not text or text != text.strip() for text in texts):
                raise ValueError(f"the {what} must have different names, without spaces around them: {texts}")
        for feature in self.features:
            if not (feature.mean.is_finite() and feature.deviation.is_finite() and feature.deviation > 0):
                raise ValueError(f"column {feature.name!r} needs a finite mean and a deviation above 0")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the feature columns."""
        return tuple(feature.name for feature in self.features)

    @property
    def width(self) -> int:
        """Features a row, the intercept included: a `TrainingSpec`'s `features`."""
        return len(self.features) + self.intercept

    @property
    def outputs(self) -> int:
        """1 for two classes, else one a class: a `TrainingSpec`'s `outputs`."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def label_row(self, name: str) -> list[int]:
        """+1 or -1 for each output, for a row of a class."""
        positive = self.classes[1:] if self.outputs == 1 else self.classes
        return [1 if name == other else -1 for other in positive]

    def class_index(self, label_row: Sequence[int]) -> int | None:
        """The class of a row's labels; None where it is unknown (zeros)."""
        if not any(label_row):
            return None
        return int(label_row[0] == 1) if self.outputs == 1 else list(label_row).index(1)


def describe(path: Path, label: str, features: Sequence[str] | None = None) -> Columns:
    """The columns of a CSV file, for a task's creator: with an intercept, and means and deviations of 6 digits.

    They become public with the task, so describe data that may be, or change them afterwards.

    Args:
        features: names of the feature columns; all but the label's, if None.

    Raises:
        DataError: the file is wrong, a feature is constant, or the label column does not name 2 to 100 classes.
    """
    problems = Problems(path)
    names = [name for name in header(path, problems) if name != label] if features is None else list(features)
    values: list[list[float]] = [[] for _ in names]
    classes: set[str] = set()
    for name in sorted(set(features or ())):
        if names.count(name) > 1:
            problems.add("is named as a feature twice", column=name)
        if name == label:
            problems.add("is the label, and cannot be a feature too", column=name)
    problems.check()
    if "" in names:
        problems.add("a column has no name: give it one, or say which columns are the features", 1)
    for line, cells in rows(path, [*names, label], [], problems):
        classes.add(cells[label])
        for name, column in zip(names, values, strict=True):
            try:
                column.append(float(parse_number(cells[name])))
            except ValueError as error:
                problems.add(str(error), line, name)
    if not 2 <= len(classes) <= MAX_CLASSES:
        problems.add(f"names {len(classes)} classes; it takes 2 to {MAX_CLASSES}", column=label)
    elif "" in classes:
        problems.add("has rows without a class", column=label)
    problems.check()
    described = [_described(name, column) for name, column in zip(names, values, strict=True)]
    for feature in described:
        if not feature.deviation:
            problems.add("has the same value in every row: leave it out of the features", column=feature.name)
    problems.check()
    return Columns(tuple(described), True, label, tuple(sorted(classes, key=_natural)))


def _described(name: str, values: Sequence[float]) -> Feature:
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return Feature(name, *(_rounded(value) for value in (mean, math.sqrt(variance))))


def _rounded(value: float) -> Decimal:
    return Decimal(
        f"{_DIGITS.create_decimal_from_float(value):f}"
    )  # without an exponent, for people who read manifests


def _natural(name: str) -> tuple[bool, Decimal, str]:
    """Numbers by value, then texts by alphabet."""
    try:
        return False, parse_number(name), name
    except ValueError:
        return True, Decimal(0), name
