"""Learners of every kind with models of theirs and rows: what the package is to say of them as the node does.

Nothing here needs a chain: a learner stands by itself.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from headwater.learners.gram.learner import Gram
from headwater.learners.learner import Learner, Request
from headwater.learners.linear.learner import Linear
from headwater.learners.linear.losses import LOSSES
from headwater.learners.mlp.learner import Mlp
from headwater.storage.cid import Cid
from headwater.storage.manifests import TaskManifest
from headwater.tables.columns import Category, Columns, Feature
from headwater.tables.samples import load, write

KINDS: Mapping[str, type[Learner]] = {learner.kind: learner for learner in (Linear, Mlp, Gram)}
"""The kinds that the package knows."""

NOWHERE = str(Cid.from_digest(bytes(32)))
CELLS = (
    *("0", "-0", "1e100", "-1e-100", "1e-50", ".5", "5.", "+3.0625", "3.03125", "3.09375"),
    "2.8749999999999999999999999999999999999999999999",
    "123456789012345678901234567890.123456789012345678901234567890",
)


@dataclass(frozen=True)
class Case:
    """A learner, a model's weights, and a file of rows whose truth is known."""

    learner: Learner
    weights: list[int]
    path: Path

    @property
    def rows(self) -> list[dict[str, str]]:
        """The cells of each row."""
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))


def manifest_of(learner: Learner, **changes: Any) -> TaskManifest:
    """A task's manifest; what it says of circuits and SRS is nowhere."""
    fields = {
        "name": f"a task of {learner.kind}",
        "description": "",
        "learner": {"kind": learner.kind, "package": learner.package},
        "model": learner.document(),
        "circuits": {"train": NOWHERE, "average": NOWHERE, "score": "", "composition": "", "infer": ""},
        "srs": {"id": "00" * 32, "k": 17, "source": "dev", "cid": ""},
    }
    return TaskManifest.of(**{**fields, **changes})


def cases(folder: Path) -> Iterator[Case]:
    """Every kind, on rows of real data and on awkward ones."""
    for loss, outline in LOSSES.items():
        yield from linear_cases(folder, loss, classifies=outline.classifies)
    yield from network_cases(folder)
    yield from gram_cases(folder)
    yield awkward(folder)
    yield mixed(folder)


def linear_cases(folder: Path, loss: str, *, classifies: bool) -> Iterator[Case]:
    """Classes of flowers and patients; or of these the size of the first thing that was measured."""
    for name in ("iris", "breast-cancer"):
        path, label = sampled(name, folder, classifies=classifies)
        settings = {"loss": loss} | ({"penalty": "0.5"} if name == "iris" else {})
        learner = Linear.describe(path, Request(rows=40, label=label, settings=settings))
        yield Case(learner, some_weights(learner, 9000 if classifies else 2500), path)


def network_cases(folder: Path) -> Iterator[Case]:
    """A network on flowers, of three outputs, and one on patients, of one."""
    for name, hidden in (("iris", "5"), ("breast-cancer", "16")):
        path, label = sampled(name, folder, classifies=True)
        learner = Mlp.describe(path, Request(rows=40, label=label, settings={"hidden": hidden, "seed": "7"}))
        yield Case(learner, some_weights(learner, 3000), path)


def gram_cases(folder: Path) -> Iterator[Case]:
    """Counts of what people have, of whom some have nothing; and of a few, where nothing was counted yet."""
    for items, people in ((12, 60), (3, 20)):
        path, random = folder / f"items-{items}.csv", Random(items)
        taste = [[random.random() for _ in range(items)] for _ in range(3)]
        rows = [tuple(str(int(random.random() < liking)) for liking in random.choice(taste)) for _ in range(people)]
        write(path, [f"item {n}" for n in range(items)], [("0",) * items, ("1",) * items, *rows])
        learner = Gram.describe(path, Request(rows=people + 2, settings={"ridge": "2.5"}))
        first = learner.first_weights()
        yield Case(learner, learner.update(first, learner.read(path)) if items > 3 else first, path)


def sampled(name: str, folder: Path, *, classifies: bool) -> tuple[Path, str]:
    """Some forty rows of a sample, and the column to predict."""
    sample = load(name)
    path = folder / f"{name}.csv"
    write(path, sample.header, sample.rows[:: len(sample.rows) // 40])
    return path, sample.label if classifies else sample.header[0]


def awkward(folder: Path) -> Case:
    """Rows at the edges: halves, cells of many digits and exponents, values far past the clamp."""
    random = Random(4)
    scales = (("3", "1"), ("0.00001", "3e-7"), ("-1e3", "7"))
    features = tuple(Feature(f"x{n}", Decimal(mean), Decimal(off)) for n, (mean, off) in enumerate(scales))
    columns = Columns(features, True, "y", ("a", "b"))
    rows = [(*(random.choice(CELLS) for _ in features), columns.classes[n % 2]) for n in range(60)]
    path = folder / "awkward.csv"
    write(path, (*columns.names, columns.label), rows)
    spec = Linear.spec_for(columns.width, columns.outputs, Request(rows=60))
    return Case(Linear(spec, columns), [3, -2001, 7, 1999], path)


def mixed(folder: Path) -> Case:
    """Categories, cells without a value, and values that are not listed."""
    path, random = folder / "mixed.csv", Random(5)
    columns = Columns(
        (
            Feature("age", Decimal(40), Decimal("12.5")),
            Category("sex", ("female", "male")),
            Category("deck", ("A", "b c")),
        ),
        True,
        "survived",
        ("no", "yes"),
        "mean",
        "none",
    )
    cells = (("22", "", "NA", "-", "1e1"), ("male", "female", "?", "other"), ("A", "b c", "none", "Z"))
    rows = [(*(random.choice(of) for of in cells), random.choice(columns.classes)) for _ in range(40)]
    write(path, (*columns.names, columns.label), rows)
    learner = Linear(Linear.spec_for(columns.width, columns.outputs, Request(rows=40)), columns)
    return Case(learner, some_weights(learner, 9000), path)


def first_rows(path: Path, to: Path, count: int) -> Path:
    """A copy of the first rows of a file."""
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    write(to, head, rows[:count])
    return to


def some_weights(learner: Learner, limit: int) -> list[int]:
    """Weights at random, the same each time."""
    random = Random(3)
    return [random.randrange(-limit, limit) for _ in range(learner.dimension)]
