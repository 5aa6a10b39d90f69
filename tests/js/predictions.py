"""Models on rows of real data and of awkward ones, and what the node predicts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from headwater.roles.creating import _shape
from headwater.roles.task import Task, columns_of, spec_of
from headwater.storage.manifests import TaskManifest
from headwater.training.columns import Category, Columns, Feature, describe
from headwater.training.data import read_csv
from headwater.training.evaluate import evaluate, integer_scores, predict
from headwater.training.samples import load, write
from tests.support.roles import World
from tests.support.story import Story

Json = dict[str, Any]
CELLS = (
    *("0", "-0", "1e100", "-1e-100", "1e-50", ".5", "5.", "+3.0625", "3.03125", "3.09375"),
    "2.8749999999999999999999999999999999999999999999",
    "123456789012345678901234567890.123456789012345678901234567890",
)


def prediction_cases(story: Story, folder: Path) -> Iterator[tuple[TaskManifest, Columns, list[int], Path]]:
    """Manifests with weights and rows: the story's last model on held-out flowers, and larger models on real data."""
    task, world = story.long, story.world
    yield task.manifest, task.columns, task.current_model(), _sampled(world.held_out, folder / "flowers.csv", 40)
    random = Random(3)
    for name in ("iris", "breast-cancer"):
        sample = load(name)
        path = folder / f"{name}.csv"
        write(path, sample.header, sample.rows[:: len(sample.rows) // 40])
        columns = describe(path, sample.label)
        manifest = _manifest_for(task.manifest, columns)
        weights = [random.randrange(-9000, 9000) for _ in range(spec_of(manifest).dimension)]
        yield manifest, columns, weights, path
    yield _awkward(world, task, folder)
    yield _mixed(task, folder)


def _awkward(world: World, task: Task, folder: Path) -> tuple[TaskManifest, Columns, list[int], Path]:
    """Rows at the edges: halves, cells of many digits and exponents, values far past the clamp."""
    names, label = task.columns.names, task.columns.label
    random = Random(4)
    rows = [(*(random.choice(CELLS) for _ in names), task.columns.classes[n % 2]) for n in range(60)]
    path = folder / "awkward.csv"
    write(path, (*names, label), rows)
    features = [
        {"name": name, "mean": mean, "deviation": deviation}
        for name, mean, deviation in zip(names, ("3", "0.00001", "-1e3"), ("1", "3e-7", "7"), strict=True)
    ]
    content = task.manifest.model_dump(mode="json", by_alias=True)
    content["model"]["features"] = features
    manifest = TaskManifest.model_validate(content)
    return manifest, columns_of(manifest), [3, -2001, 7, 1999], path


def _mixed(task: Task, folder: Path) -> tuple[TaskManifest, Columns, list[int], Path]:
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
    manifest = _manifest_for(task.manifest, columns)
    return manifest, columns, [random.randrange(-9000, 9000) for _ in range(spec_of(manifest).dimension)], path


def _sampled(path: Path, to: Path, count: int) -> Path:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    write(to, header, rows[:count])
    return to


def _manifest_for(like: TaskManifest, columns: Columns) -> TaskManifest:
    """A manifest of the same arithmetic for other columns."""
    content = like.model_dump(mode="json", by_alias=True)
    content["model"] = _shape(columns).model_dump(mode="json")
    return TaskManifest.model_validate(content)


def prediction_facts(manifest: TaskManifest, columns: Columns, weights: list[int], path: Path) -> Json:
    """What the node predicts for every row of a file, and how often it is right."""
    dataset = read_csv(path, columns, spec_of(manifest), training=False)
    scores = integer_scores(weights, dataset, spec_of(manifest))
    found = evaluate(columns, scores, dataset)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        "manifest": manifest.encode().hex(),
        "weights": [str(weight) for weight in weights],
        "rows": [
            {
                "cells": cells,
                "encoded": [str(entry) for entry in encoded],
                "scores": list(z),
                "name": prediction.name,
                "probabilities": list(prediction.probabilities),
            }
            for cells, encoded, z, prediction in zip(rows, dataset.x, scores, predict(columns, scores), strict=True)
        ],
        "evaluation": {
            "rows": found.rows,
            "accuracy": found.accuracy,
            "logLoss": found.log_loss,
            "confusion": [list(row) for row in found.confusion],
        },
    }
