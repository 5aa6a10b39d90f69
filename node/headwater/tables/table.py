"""A CSV file as named text cells, with every problem in it collected before anything is done with it."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from headwater.errors import DataError

MAX_BYTES = 64 * 1024 * 1024
MAX_EXPONENT = 100
MAX_PROBLEMS = 20  # listed in an error; the rest is counted
MISSING = frozenset({"", "-", "?", "na", "n/a", "none", "null"})

BAD_TEXT = "\N{REPLACEMENT CHARACTER}"
"""What stands in cells for bytes that are not UTF-8."""

_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
EMPTY = "the file is empty: the first line names the columns, each next line is a row"
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or an archive, not CSV: export the sheet as CSV",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"\x1f\x8b": "compressed: unpack it first",
}


class Problems:
    """What is wrong with one file. Nothing is raised until `check`, so that the user sees all of it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._listed: list[str] = []

    def add(self, text: str, line: int | None = None, column: str | None = None) -> None:
        """Note a problem at a line (from 1, as editors count) and in a column."""
        self.count += 1
        if len(self._listed) < MAX_PROBLEMS:
            place = str(self.path) if line is None else f"{self.path}:{line}"
            self._listed.append(f"  {place}: " + (f"column '{column}' {text}" if column else text))

    def check(self) -> None:
        """Raise what was noted.

        Raises:
            DataError: something was.
        """
        if self.count:
            head = f"{self.path.name} has {self.count} problem{'s' if self.count > 1 else ''}:"
            more = [f"  and {self.count - MAX_PROBLEMS} more"] if self.count > MAX_PROBLEMS else []
            raise DataError("\n".join([head, *self._listed, *more]), "nothing was sent; correct the file and run again")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in MISSING


def parse_number(cell: str) -> Decimal:
    """The number that a cell holds, exactly.

    Raises:
        ValueError: it holds none; the text says why and what to write instead.
    """
    if is_missing(cell):
        raise ValueError("has no value" if not cell else f"has no value but {cell!r}")
    shown = repr(cell if len(cell) <= 40 else cell[:40] + "...")
    if _NUMBER.fullmatch(cell):
        value = Decimal(cell)
        if value.adjusted() > MAX_EXPONENT:
            raise ValueError(f"has {shown}, which is larger than 1e{MAX_EXPONENT}")
        return value
    if cell.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        raise ValueError(f"has {shown}, which is not a finite number")
    if _THOUSANDS.fullmatch(cell):
        raise ValueError(f"has {shown}: write numbers without separators, with a point for decimals")
    if _DECIMAL_COMMA.fullmatch(cell):
        raise ValueError(f"has {shown}: write decimals with a point, {cell.replace(',', '.')}")
    raise ValueError(f"has {shown}, which is not a number")


def header(path: Path, problems: Problems) -> list[str]:
    """The names of the columns.

    Raises:
        DataError: the file cannot be read, is not text, is too large or is empty.
    """
    return next(_records(path, problems))[1]


def rows(
    path: Path, needed: Sequence[str], optional: Sequence[str], problems: Problems
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row's line number and its cells by column name: the needed columns, and the optional ones that exist.

    Other columns are ignored, as are blank lines. A row with too few or too many cells is a problem and is left out.

    Raises:
        DataError: as `header`, or a column is missing or there twice.
    """
    records = _records(path, problems)
    names = next(records)[1]
    _check_names(names, needed, optional, problems)
    problems.check()
    position = {name: names.index(name) for name in (*needed, *optional) if name in names}
    for line, cells in records:
        if len(cells) == len(names):
            yield line, {name: cells[at] for name, at in position.items()}
        else:
            hint = ": is a comma inside a number or a text without quotes?" if len(cells) > len(names) else ""
            problems.add(f"the row has {len(cells)} cells, the header {len(names)}{hint}", line)


def _records(path: Path, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """The header, then each row that is not blank, its cells stripped, with the line it starts on."""
    try:
        size = path.stat().st_size
        with path.open("rb") as raw:
            start = raw.read(4)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "name an existing CSV file") from error
    for magic, text in _NOT_TEXT.items():
        if start.startswith(magic):
            problems.add(f"the file is {text}")
    if size > MAX_BYTES:
        problems.add(f"the file has {size:,} bytes, the most is {MAX_BYTES:,}: take fewer rows or columns")
    if not size:
        problems.add(EMPTY)
    problems.check()
    # wrong bytes become U+FFFD, which is reported only where a cell is used
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as text_file:
        reader, line, found = csv.reader(text_file, strict=True, skipinitialspace=True), 1, False
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield line, [cell.strip() for cell in cells]
                    found = True
                line = reader.line_num + 1
        except csv.Error as error:
            problems.add(f"the line is not CSV: {error}", line)
            problems.check()
    if not found:
        problems.add(EMPTY)
        problems.check()


def _check_names(names: Sequence[str], needed: Sequence[str], optional: Sequence[str], problems: Problems) -> None:
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        problems.add("the header is a single cell: separate cells with commas, and write decimals with a point", 1)
        return
    for name in needed:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1) or [n for n in names if n.lower() == name.lower()]
            problems.add("is missing" + (f": did you mean '{near[0]}'?" if near else ""), 1, name)
    for name in (*needed, *optional):
        if names.count(name) > 1:
            problems.add(f"is there {names.count(name)} times", 1, name)
