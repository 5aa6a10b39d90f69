"""The demo's data: one table, dealt out to trainers of unequal size, a creator's sample and a held-out part."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from headwater.errors import DataError
from headwater.learners.linear import Linear, LinearSpec
from headwater.tables.columns import describe
from headwater.tables.data import Dataset
from headwater.tables.samples import Sample, deal, load

HELD_OUT, SAMPLE = 0.2, 0.08  # of the rows
CLIP = 512  # a weight moves by at most 1/8 in one step


@dataclass(frozen=True)
class DemoData:
    """What the demo trains and evaluates on. `files` and `shares`: one for each trainer; `sample`: held-out rows."""

    name: str
    learner: Linear
    files: tuple[Path, ...]
    shares: tuple[Dataset, ...]
    held_out: Dataset
    sample: Path


def read_table(data: Path | None, label: str | None) -> tuple[str, Sample]:
    """The table of a CSV file or, without one, the breast cancer patients; and what it is called.

    Raises:
        DataError: it cannot be read.
    """
    return ("breast cancer", load("breast-cancer")) if data is None else (data.stem, _read(data, label or ""))


def prepare(name: str, table: Sample, trainers: int, seed: int, folder: Path) -> DemoData:
    """Deal a table out as CSV files in `folder` and read them back, as trainers would.

    The task's columns (means, deviations, classes) come from a small sample of the creator's, which nobody trains on.

    Raises:
        DataError: the table is unfit, or has too few rows.
    """
    count = len(table.rows)
    sample_rows = max(20, round(SAMPLE * count))
    rest = count - sample_rows - round(HELD_OUT * count)
    if rest < 8 * trainers:
        raise DataError(
            f"{count} rows are too few to deal out to {trainers} trainers", "bring more, or fewer --trainers"
        )
    parts = np.linspace(1.4, 0.6, trainers)
    sizes = [int(rest * part / parts.sum()) for part in parts]
    folder.mkdir(parents=True, exist_ok=True)
    (*files, sample), held_out = deal(table, [*sizes, sample_rows], folder, seed)
    sample = sample.rename(folder / "sample.csv")
    for file in files:
        file.chmod(0o600)  # else no trainer takes it
    columns = describe(sample, table.label, missing="mean", unknown="none")  # whatever others have in their cells
    rows = max(sizes)
    probe = LinearSpec(rows, columns.width, columns.outputs, clip=CLIP)
    largest = Linear(probe, columns).read(files[0])
    learner = Linear(replace(probe, rate_shift=_rate_shift(largest)), columns)
    shares = tuple(learner.read(file) for file in files)
    rest_of_all = learner.read(held_out, training=False)
    return DemoData(name, learner, tuple(files), shares, rest_of_all, held_out)


def _rate_shift(dataset: Dataset) -> int:
    """A rate of 64 over the largest eigenvalue of X'X: eight times what is stable without the clip, for few rounds."""
    x = np.array(dataset.reals)
    return max(0, math.ceil(math.log2(float(np.linalg.norm(x, 2)) ** 2 / 64)))


def _read(path: Path, label: str) -> Sample:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}", "save it as UTF-8, separated by commas") from error
    if label not in header or any(len(row) != len(header) for row in rows):
        what = f"has no column {label!r}" if label not in header else "has rows of different lengths"
        raise DataError(f"{path} {what}", f"its columns are {', '.join(header)}")
    at = header.index(label)
    move = [*range(at), *range(at + 1, len(header)), at]  # the label comes last
    return Sample(tuple(header[i] for i in move), tuple(tuple(row[i] for i in move) for row in rows))
