"""Which columns of a CSV file a task trains on, and how their cells become features."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Literal

from headwater.tables.table import BAD_TEXT, Problems, header, is_missing, parse_number, rows

Missing = Literal["refuse", "drop", "mean"]
Unknown = Literal["refuse", "none"]
Scale = Literal["deviations", "multiple"]

MAX_CLASSES = 100
MAX_VALUES = 100
"""Of a category: each is a weight, and a text with more is rather a name."""

MANY = 20
"""Rows from which on different whole numbers in all of them are odd."""

FAR = 10
"""How many quartile distances outside the quartiles a value is far from the rest."""

SENTINELS = {
    sign * float(digits) for sign in (1, -1) for digits in ("9", "99", "999", "9999", "99999", "1", "32768")
} - {1.0}
"""Numbers that files have where there is no value; -1 is one, 1 is not."""

_IDENTIFIER = re.compile(
    r"(^|[ _.-])(id|uuid|guid|ssn|email|phone|name|key)$|^(id|uuid|guid)([ _.-]|$)|Id$|ID$", re.ASCII
)
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
class Category:
    """One column of texts: a feature for each value that the task's creator listed, 1 where the cell has it, else 0."""

    name: str
    values: tuple[str, ...]

    def one_hot(self, value: str) -> list[float]:
        """The features of a cell; zeros for a value that is not listed."""
        return [float(value == listed) for listed in self.values]


@dataclass(frozen=True)
class Columns:
    """The columns of a task.

    Attributes:
        features: the columns that are trained on, in the order of the weights.
        intercept: whether a constant 1.0 comes before them.
        label: the column that names a row's class, or has its amount.
        classes: the names of the classes. Of two, the second is the positive one. None, where the label is an amount.
        missing: what a cell without a value means. `refuse`: the file is wrong. `drop`: the row is not trained on,
            and nothing is predicted for it. `mean`: the column's mean; of a category, none of its values.
        unknown: what a category's value that is not listed means. `refuse`: the file is wrong. `none`: none of them.
        amount: how the label's amounts are standardised; None, where they are classes.
        groups: columns by whose values rows are counted, and which training does not read. They may be features, too.
    """

    features: tuple[Feature | Category, ...]
    intercept: bool
    label: str
    classes: tuple[str, ...]
    missing: Missing = "refuse"
    unknown: Unknown = "refuse"
    amount: Feature | None = None
    groups: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        names = [*self.names, self.label]
        if not self.features or (len(self.classes) < 2 if self.amount is None else len(self.classes) > 0):
            raise ValueError("a task needs at least one feature, and two classes or a label that is an amount")
        lists = [("columns", names), ("classes", self.classes)]
        lists += [("columns of groups, and the label,", [*(group.name for group in self.groups), self.label])]
        described = (*self.features, *self.groups)
        lists += [(f"values of {f.name!r}", f.values) for f in described if isinstance(f, Category)]
        for what, texts in lists:
            if len(set(texts)) < len(texts) or any(not text or text != text.strip() for text in texts):
                raise ValueError(f"the {what} must have different names, without spaces around them: {texts}")
        for feature in (*described, *([] if self.amount is None else [self.amount])):
            if isinstance(feature, Category):
                if not 1 <= len(feature.values) <= MAX_VALUES or any(is_missing(value) for value in feature.values):
                    raise ValueError(
                        f"column {feature.name!r} needs 1 to {MAX_VALUES} values, none of which means none"
                    )
            elif not (feature.mean.is_finite() and feature.deviation.is_finite() and feature.deviation > 0):
                raise ValueError(f"column {feature.name!r} needs a finite mean and a deviation above 0")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the feature columns."""
        return tuple(feature.name for feature in self.features)

    @property
    def width(self) -> int:
        """Features a row, the intercept included: a `TableSpec`'s `features`."""
        return self.intercept + sum(len(f.values) if isinstance(f, Category) else 1 for f in self.features)

    @property
    def group_width(self) -> int:
        """How many groups there are, of all columns: a `TableSpec`'s `groups`."""
        return sum(len(group.values) for group in self.groups)

    @property
    def outputs(self) -> int:
        """1 for two classes or an amount, else one a class: a `TableSpec`'s `outputs`."""
        return 1 if len(self.classes) in (0, 2) else len(self.classes)

    def label_row(self, name: str) -> list[int]:
        """+1 or -1 for each output, for a row of a class."""
        positive = self.classes[1:] if self.outputs == 1 else self.classes
        return [1 if name == other else -1 for other in positive]

    def class_index(self, label_row: Sequence[int]) -> int | None:
        """The class of a row's labels; None where it is unknown (none, or zeros)."""
        if not any(label_row):
            return None
        return int(label_row[0] == 1) if self.outputs == 1 else list(label_row).index(1)


def describe(
    path: Path,
    label: str,
    features: Sequence[str] | None = None,
    *,
    leave_out: Sequence[str] = (),
    categories: Sequence[str] = (),
    missing: Missing = "refuse",
    unknown: Unknown = "refuse",
    amount: Scale | None = None,
    groups: Sequence[str] = (),
) -> Columns:
    """The columns of a CSV file, for a task's creator: with an intercept, and means and deviations of 6 digits.

    A column of numbers becomes a standardised feature, one of texts a category. They become public with the task, so
    describe data that may be, or change them afterwards.

    Args:
        features: names of the feature columns; all but the label's, if None.
        leave_out: columns that are not to be among them.
        categories: columns of numbers that are names, not amounts.
        missing, unknown: as `Columns` says.
        amount: how a label that is an amount is standardised: `deviations` from its mean, or as a `multiple` of it;
            None where labels are classes.
        groups: columns of a few different values that say of which group a row is.

    Raises:
        DataError: the file is wrong, a feature is constant or has too many values, cells are missing that the policy
            refuses, or the label column does not name 2 to 100 classes, or no amounts. Of each column one problem is
            told.
    """
    problems = Problems(path)
    there = header(path, problems)
    names = [name for name in there if name != label] if features is None else list(features)
    for name in sorted(set(features or ())):
        if names.count(name) > 1:
            problems.add("is named as a feature twice", column=name)
        if name == label:
            problems.add("is the label, and cannot be a feature too", column=name)
    for name in sorted({*leave_out, *categories} - set(names)):
        problems.add("is none of the features", column=name)
    problems.check()
    names = [name for name in names if name not in leave_out]
    if "" in names:
        problems.add("a column has no name: give it one, or say which columns are the features", 1)
    cells: dict[str, list[tuple[int, str]]] = {name: [] for name in names}
    labels: list[tuple[int, str]] = []
    for line, row in rows(path, [*names, label], [], problems):
        labels.append((line, row[label]))
        for name in names:
            cells[name].append((line, row[name]))
    for name in groups:
        if name == label or name not in there or list(groups).count(name) > 1:
            problems.add("is no column of groups: name columns of the file, each once, and not the label", column=name)
    problems.check()
    classes = set() if amount else {text for _, text in labels}
    scale = _scale(label, labels, amount, problems) if amount else None
    if not (amount or 2 <= len(classes) <= MAX_CLASSES):
        problems.add(f"names {len(classes)} classes; it takes 2 to {MAX_CLASSES}", column=label)
    elif "" in classes:
        problems.add("has rows without a class", column=label)
    problems.check()
    described = [_described(name, cells[name], name in categories, missing, problems) for name in names]
    problems.check()
    found = tuple(feature for feature in described if feature is not None)
    if not found:
        problems.add("no column is left to train on")
        problems.check()
    grouped = tuple(_grouped(path, name, missing, problems) for name in groups)
    problems.check()
    named = tuple(sorted(classes, key=_natural))
    return Columns(found, True, label, named, missing, unknown, scale, tuple(group for group in grouped if group))


def remarks(path: Path, columns: Columns) -> list[str]:
    """What a task's creator may want to look at before the columns are public: a sentence for each."""
    problems = Problems(path)
    cells: dict[str, list[str]] = {name: [] for name in columns.names}
    for _, row in rows(path, columns.names, [], problems):
        for name, column in cells.items():
            column.append(row[name])
    return [text for feature in columns.features for text in _remarks(feature, cells[feature.name])]


def _remarks(feature: Feature | Category, cells: Sequence[str]) -> Iterator[str]:
    name, used = feature.name, [cell for cell in cells if not is_missing(cell)]
    if len(used) < len(cells):
        yield f"column '{name}' has no value in {len(cells) - len(used)} of {len(cells)} rows"
    if _IDENTIFIER.search(name):
        yield f"column '{name}' is called like an identifier: leave it out if it names who a row is about"
    if isinstance(feature, Category):
        return
    numbers = [parse_number(cell) for cell in used]
    if len(numbers) > 2 and len({b - a for a, b in pairwise(numbers)}) == 1:
        yield f"column '{name}' counts up: leave it out if it only numbers the rows"
    elif len(numbers) >= MANY and len(set(numbers)) == len(numbers) and all(n == n.to_integral() for n in numbers):
        yield f"column '{name}' has another whole number in every row: leave it out if it is an identifier"
    values = sorted(float(number) for number in numbers)
    low, high = values[len(values) // 4], values[3 * len(values) // 4]
    far = [value for value in values if not low - FAR * (high - low or 1) <= value <= high + FAR * (high - low or 1)]
    for value in sorted(set(far)):
        if value in SENTINELS:
            yield f"column '{name}' has {value:g} in {far.count(value)} rows, far from the rest: does it mean no value?"


def _described(
    name: str, cells: Sequence[tuple[int, str]], category: bool, missing: Missing, problems: Problems
) -> Feature | Category | None:
    """A column by its cells; None, with a problem, where it makes no feature."""
    used = [(line, cell) for line, cell in cells if not is_missing(cell)]
    without = len(cells) - len(used)
    if without and missing == "refuse":
        first = next(line for line, cell in cells if is_missing(cell))
        text = (
            f"has no value in {without} of {len(cells)} rows, first in line {first}: say what that means with --missing"
        )
        problems.add(text + ", or --leave-out the column", column=name)
        return None
    if not used:
        problems.add("has no value in any row: leave it out of the features", column=name)
        return None
    values = sorted({cell for _, cell in used}, key=_natural)
    wrong = None if category else _first_text(used)
    if not (category or wrong):
        return _numeric(name, [float(parse_number(cell)) for _, cell in used], problems)
    if wrong and len(used) > 2 * sum(_is_text(cell) for _, cell in used):
        problems.add(wrong[1], wrong[0], name)  # a column of numbers, but for some
    elif len(values) > MAX_VALUES:
        problems.add(
            f"has {len(values)} different texts, and a category at most {MAX_VALUES}: --leave-out the column",
            column=name,
        )
    elif len(values) == 1:
        problems.add("has the same value in every row: leave it out of the features", column=name)
    elif any(BAD_TEXT in value for value in values):
        problems.add("has bytes that are not UTF-8: save the file as UTF-8", column=name)
    else:
        return Category(name, tuple(values))
    return None


def _grouped(path: Path, name: str, missing: Missing, problems: Problems) -> Category | None:
    """A column of groups by its cells; None, with a problem, where it makes none."""
    cells = [(line, row[name]) for line, row in rows(path, [name], [], problems)]
    found = _described(name, cells, True, missing, problems)
    return found if isinstance(found, Category) else None


def _scale(name: str, cells: Sequence[tuple[int, str]], scale: Scale, problems: Problems) -> Feature | None:
    """How a label's amounts are standardised; None, with a problem, where they are none."""
    if wrong := _first_text(cells):
        problems.add(f"{wrong[1]}: the label is to be an amount in every row", wrong[0], name)
        return None
    values = [float(parse_number(cell)) for _, cell in cells]
    if scale == "deviations":
        return _numeric(name, values, problems)
    if min(values, default=0) < 0 or not any(values):
        problems.add("has a number below 0, or nothing but zeros: counts are to be 0 or more", column=name)
        return None
    return Feature(name, Decimal(0), _rounded(math.fsum(values) / len(values)))


def _first_text(cells: Sequence[tuple[int, str]]) -> tuple[int, str] | None:
    """Line and trouble of the first cell that is no number."""
    for line, cell in cells:
        try:
            parse_number(cell)
        except ValueError as error:
            return line, str(error)
    return None


def _is_text(cell: str) -> bool:
    return _first_text([(0, cell)]) is not None


def _numeric(name: str, values: Sequence[float], problems: Problems) -> Feature | None:
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
    feature = Feature(name, *(_rounded(value) for value in (mean, math.sqrt(variance))))
    if not feature.deviation:
        problems.add("has the same value in every row: leave it out of the features", column=name)
        return None
    return feature


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
