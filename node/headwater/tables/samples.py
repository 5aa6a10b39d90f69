"""Real data sets that come inside scikit-learn, dealt out as CSV files: for the demo, the bench and the figures."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """A table: the header, the label's name last, and rows of text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def label(self) -> str:
        """The name of the label column."""
        return self.header[-1]


def load(name: str) -> Sample:
    """`breast-cancer` (569 patients, 30 features, benign or malignant) or `iris` (150 flowers, 4 features, 3 species).

    Raises:
        ValueError: another name.
    """
    from sklearn import datasets

    known = {"breast-cancer": (datasets.load_breast_cancer, "diagnosis"), "iris": (datasets.load_iris, "species")}
    if name not in known:
        raise ValueError(f"there is no sample {name!r}: known are {', '.join(known)}")
    loader, label = known[name]
    found = loader()
    classes = [str(found.target_names[target]) for target in found.target]
    rows = [(*map(repr, values), text) for values, text in zip(found.data.tolist(), classes, strict=True)]
    return Sample((*map(str, found.feature_names), label), tuple(rows))


def deal(sample: Sample, shares: Sequence[int], folder: Path, seed: int = 0) -> tuple[list[Path], Path]:
    """Shuffle the rows, write the shares to trainer-1.csv, trainer-2.csv, ... and the others to held-out.csv.

    Returns:
        The trainers' files, and the held-out one.

    Raises:
        ValueError: no rows would be left over.
    """
    if sum(shares) >= len(sample.rows):
        raise ValueError(f"shares of {sum(shares)} rows leave none of {len(sample.rows)} to evaluate on")
    rows = list(sample.rows)
    random.Random(seed).shuffle(rows)
    paths = []
    for number, share in enumerate(shares, start=1):
        paths.append(folder / f"trainer-{number}.csv")
        write(paths[-1], sample.header, rows[:share])
        rows = rows[share:]
    held_out = folder / "held-out.csv"
    write(held_out, sample.header, rows)
    return paths, held_out


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
