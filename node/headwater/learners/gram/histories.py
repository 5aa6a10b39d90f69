"""Histories: from a CSV file with a column for each item and cells of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headwater.tables.data import Dataset
from headwater.tables.table import Problems, header, rows

CELLS = {"0": 0, "1": 1}


def items_of(sample: Path, features: Sequence[str] | None, leave_out: Sequence[str]) -> list[str]:
    """The items of a file that may be described in public: its columns, or those that are named, less those left out.

    Raises:
        DataError: the file is wrong, or has no such columns, or something else than zeros and ones in them.
    """
    problems = Problems(sample)
    names = list(features) if features is not None else header(sample, problems)
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add("is there twice", column=name)
    for name in sorted(set(leave_out) - set(names)):
        problems.add("is none of the items", column=name)
    problems.check()
    items = [name for name in names if name not in leave_out]
    if "" in items:
        problems.add("a column has no name: give it one, or say which columns are the items", 1)
    if len(items) < 2:
        problems.add(f"{len(items)} columns are left, and it takes two to go together")
    problems.check()
    read(sample, items, None)
    return items


def read(path: Path, items: Sequence[str], room: int | None) -> Dataset:
    """The rows of a file, one a person; other columns are ignored.

    Args:
        room: the most rows; None for any number.

    Raises:
        DataError: all that is wrong, with line and column.
    """
    problems = Problems(path)
    x: list[list[int]] = []
    seen = 0
    for line, cells in rows(path, items, [], problems):
        seen += 1
        if room is not None and seen > room:
            continue
        for item in items:
            if cells[item] not in CELLS:
                problems.add(f"has {cells[item][:40]!r}: write 1 where the person has the item, else 0", line, item)
        x.append([CELLS.get(cells[item], 0) for item in items])
    if room is not None and seen > room:
        problems.add(f"the file has {seen} rows, the task has room for {room}: choose yourself which to leave out")
    if not seen and not problems.count:
        problems.add("the file has a header but no rows")
    problems.check()
    none = sum(not any(row) for row in x)
    warnings = (f"{none} of {seen} rows have no item, and count for nothing",) if none else ()
    return Dataset(x, [[] for _ in x], [[float(cell) for cell in row] for row in x], warnings)
