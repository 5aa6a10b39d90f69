"""A trainer's rows: from an ordinary CSV file to the integers that are committed to and trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from headwater.protocol.field import P
from headwater.protocol.fixedpoint import decode, encode
from headwater.tables.columns import Category, Columns, Feature
from headwater.tables.table import BAD_TEXT, Problems, is_missing, parse_number, rows


class Numbers(Protocol):
    """What rows are read for: see `learners.table_spec.TableSpec`."""

    @property
    def rows(self) -> int:
        """As `TableSpec` says."""

    @property
    def features(self) -> int:
        """As `TableSpec` says."""

    @property
    def outputs(self) -> int:
        """As `TableSpec` says."""

    @property
    def data_bits(self) -> int:
        """As `TableSpec` says."""

    @property
    def clamp(self) -> int:
        """As `TableSpec` says."""

    @property
    def groups(self) -> int:
        """As `TableSpec` says."""


@dataclass(frozen=True)
class Dataset:
    """Rows of one file.

    Attributes:
        x: `features` integers a row, units of 2**-data_bits.
        labels: `outputs` integers a row: +1 or -1 for classes, units of 2**-data_bits for an amount; none where the
            truth is unknown, or nothing is to be predicted.
        reals: the features before rounding, standardised and clamped: what is trained on in floats.
        warnings: what is odd but not wrong, a sentence each.
        groups: for each row a 1 or 0 for each group, whether it is of it; nothing where the task has none.
    """

    x: list[list[int]]
    labels: list[list[int]]
    reals: list[list[float]]
    warnings: tuple[str, ...] = ()
    groups: list[list[int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.x)

    def parts(self, rows: int) -> list[Dataset]:
        """The same rows, in their order, in as few datasets as have at most so many each."""
        cuts = [slice(at, at + rows) for at in range(0, max(len(self), 1), rows)]
        return [Dataset(self.x[cut], self.labels[cut], self.reals[cut], (), self.groups[cut]) for cut in cuts]


def read_csv(path: Path, columns: Columns, spec: Numbers, *, training: bool = True, links: int = 1) -> Dataset:
    """Read a CSV file: UTF-8, a header row, columns in any order; columns that the task does not name are ignored.

    For training every row needs its label and there may be no more rows than so many links have room for. Otherwise (to
    predict or evaluate) the label column and its cells may be missing, and any number of rows is read.

    Raises:
        DataError: all that is wrong, with line and column; nothing is skipped or repaired.
        ValueError: the columns are not the specification's.
    """
    given = columns.width, columns.outputs, columns.group_width
    if given != (spec.features, spec.outputs, spec.groups):
        raise ValueError(
            f"the columns give {given[0]} features, {given[1]} outputs and {given[2]} groups, the specification has"
            f" {spec.features}, {spec.outputs} and {spec.groups}"
        )
    problems = Problems(path)
    labels: list[list[int]] = []
    reals: list[list[float]] = []
    dropped, seen, room, limit = 0, 0, spec.rows * links, decode(spec.clamp, spec.data_bits)
    grouping = [group.name for group in columns.groups]
    read = list(dict.fromkeys([*columns.names, *grouping]))
    needed, optional = ([*read, columns.label], []) if training else (columns.names, [columns.label])
    groups: list[list[int]] = []
    for line, cells in rows(path, needed, optional, problems):
        if training and columns.missing == "drop" and any(is_missing(cells[name]) for name in read):
            dropped += 1
            continue
        seen += 1
        if training and seen > room:
            continue
        reals.append(_features(line, cells, columns, limit, problems))
        labels.append(_labels(line, cells, columns, spec, problems, training))
        if training:
            groups.append(_groups(line, cells, columns, problems))
    if training and seen > room:
        problems.add(f"the file has {seen} rows, the task has room for {room}: choose yourself which to leave out")
    if not seen and not problems.count:
        problems.add("all rows lack a value" if dropped else "the file has a header but no rows")
    problems.check()
    x = [[encode(value, spec.data_bits) for value in row] for row in reals]
    left_out = [f"{dropped} of {dropped + seen} rows lack a value and were left out"] if dropped else []
    odd_labels = (_odd_amounts if columns.amount else _odd_classes)(labels, columns, spec) if training else ()
    return Dataset(x, labels, reals, (*left_out, *_odd_columns(reals, columns, limit), *odd_labels), groups)


def data_vector(dataset: Dataset, rows: int, width: int, salts: Sequence[int]) -> list[int]:
    """The data matrix, flat: `rows` rows of [features | labels | groups], those not used zeros; then the salts.

    Args:
        width: entries of a row.

    Raises:
        ValueError: more rows than there is room for, a row that lacks something, or salts that are no field elements.
    """
    if len(dataset) > rows:
        raise ValueError(f"{len(dataset)} rows do not fit the {rows} of the task")
    if not all(0 <= salt < P for salt in salts):
        raise ValueError("the salts are field elements")
    groups = dataset.groups or [[]] * len(dataset)
    used = [[*x, *label, *of] for x, label, of in zip(dataset.x, dataset.labels, groups, strict=True)]
    if any(len(row) != width for row in used):
        raise ValueError("a row without a label, or without its groups, cannot be trained on")
    return [*(entry for row in used for entry in row), *[0] * (width * (rows - len(dataset))), *salts]


def _features(line: int, cells: dict[str, str], columns: Columns, limit: float, problems: Problems) -> list[float]:
    row = [1.0] if columns.intercept else []
    for feature in columns.features:
        cell = cells[feature.name]
        try:
            row += _values(feature, cell, columns, limit)
        except ValueError as error:
            problems.add(_text(cell) or str(error), line, feature.name)
    return row


def _groups(line: int, cells: dict[str, str], columns: Columns, problems: Problems) -> list[int]:
    row: list[int] = []
    for group in columns.groups:
        try:
            row += [int(value) for value in _values(group, cells[group.name], columns, 1.0)]
        except ValueError as error:
            if group.name not in columns.names:  # else that was told
                problems.add(_text(cells[group.name]) or str(error), line, group.name)
    return row


def _values(feature: Feature | Category, cell: str, columns: Columns, limit: float) -> list[float]:
    """What a cell is trained on as. Raises ValueError where it is wrong."""
    none = is_missing(cell) and columns.missing == "mean"
    if isinstance(feature, Feature):
        return [0.0 if none else min(max(feature.standardise(parse_number(cell)), -limit), limit)]
    if is_missing(cell) and not none:
        raise ValueError("has no value" if not cell else f"has no value but {cell!r}")
    if not none and cell not in feature.values and columns.unknown == "refuse":
        raise ValueError(f"has {cell[:40]!r}, which is none of its values: {', '.join(map(repr, feature.values))}")
    return feature.one_hot(cell)


def _labels(
    line: int, cells: dict[str, str], columns: Columns, spec: Numbers, problems: Problems, training: bool
) -> list[int]:
    cell = cells.get(columns.label, "")
    if not cell and not training:
        return []
    try:
        return _amount(cell, columns.amount, spec) if columns.amount else _class(cell, columns)
    except ValueError as error:
        problems.add(_text(cell) or str(error), line, columns.label)
        return []


def _class(cell: str, columns: Columns) -> list[int]:
    if cell in columns.classes:
        return columns.label_row(cell)
    known = ", ".join(repr(known) for known in columns.classes)
    raise ValueError((f"has {cell[:40]!r}, which is none of the classes" if cell else "names no class") + f": {known}")


def _amount(cell: str, amount: Feature, spec: Numbers) -> list[int]:
    limit = decode(spec.clamp, spec.data_bits)
    return [encode(min(max(amount.standardise(parse_number(cell)), -limit), limit), spec.data_bits)]


def _text(cell: str) -> str:
    return "has bytes that are not UTF-8: save the file as UTF-8" if BAD_TEXT in cell else ""


def _odd_columns(reals: Sequence[Sequence[float]], columns: Columns, limit: float) -> Iterator[str]:
    count, at = len(reals), int(columns.intercept)
    for feature in columns.features:
        width = len(feature.values) if isinstance(feature, Category) else 1
        cells = [row[at : at + width] for row in reals]
        at += width
        far = isinstance(feature, Feature) and sum(abs(value) >= limit for (value,) in cells)
        if isinstance(feature, Feature) and 2 * far > count:
            yield (
                f"column '{feature.name}' is {limit:g} or more deviations from the task's mean {feature.mean} in {far}"
                f" of {count} rows, and was cut off there: is it in other units?"
            )
        elif count > 1 and len(set(map(tuple, cells))) == 1:
            yield f"column '{feature.name}' has the same value in all {count} rows"


def _odd_classes(labels: Sequence[Sequence[int]], columns: Columns, _: Numbers) -> Iterator[str]:
    found = {columns.class_index(row) for row in labels}
    if len(found) == 1:
        yield f"all rows are of the class '{columns.classes[found.pop() or 0]}'"


def _odd_amounts(labels: Sequence[Sequence[int]], columns: Columns, spec: Numbers) -> Iterator[str]:
    far = sum(abs(row[0]) >= spec.clamp for row in labels if row)
    if far:
        yield f"column '{columns.label}' was cut off in {far} of {len(labels)} rows: the task expects less of it"
