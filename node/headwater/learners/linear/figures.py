"""Print the tables of docs/fixed-point.md: python -m headwater.learners.linear.figures (half a minute)."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headwater.learners.classes import evaluate
from headwater.learners.linear.deviation import bound
from headwater.learners.linear.floating import Array, arrays, federated, float_scores, real_weights, train
from headwater.learners.linear.learner import integer_scores
from headwater.learners.linear.numbers import LinearSpec
from headwater.protocol.fixedpoint import decode, encode
from headwater.protocol.vectors import average
from headwater.tables.columns import Columns, describe
from headwater.tables.data import Dataset, read_csv
from headwater.tables.samples import deal, load


@dataclass(frozen=True)
class Setting:
    """A sample, the rows of each trainer, the rounds, and the arithmetic."""

    name: str
    sample: str
    shares: tuple[int, ...]
    rounds: int
    spec: LinearSpec


PATIENTS = (142, 118, 96, 71)
FLOWERS = (30, 29, 28, 26)
ONE_STEP = LinearSpec(rows=142, features=31, rate_shift=5, clip=512)
TEN_STEPS = LinearSpec(rows=142, features=31, steps=10, rate_shift=8, clip=512)
THREE_CLASSES = LinearSpec(rows=30, features=5, outputs=3, steps=10, rate_shift=4, clip=1024)
EMBEDDING = LinearSpec(rows=64, features=385, outputs=2, rate_shift=5, clip=512)
LARGE = LinearSpec(rows=1000, features=31, rate_shift=9, clip=512)
FINE = LinearSpec(rows=142, features=31, data_bits=8, model_bits=14, rate_shift=5, clip=2048, clamp=2048)
SETTINGS = (
    Setting("breast cancer, 1 step", "breast-cancer", PATIENTS, 5, ONE_STEP),
    Setting("breast cancer, 10 steps", "breast-cancer", PATIENTS, 3, TEN_STEPS),
    Setting("Iris, 10 steps", "iris", FLOWERS, 10, THREE_CLASSES),
)
HEADINGS = (
    "setting",
    "rounds",
    "one update: largest deviation",
    "its bound",
    "bound for any proof",
    "last model: largest deviation",
    "accuracy: integers",
    "floats",
    "scikit-learn",
)


def federated_integers(spec: LinearSpec, shares: Sequence[Dataset], rounds: int) -> list[list[int]]:
    """The global model after each round as the chain would have it: integer updates, averaged and rounded down."""
    model = [0] * spec.dimension
    models = []
    for _ in range(rounds):
        updates = [spec.train(model, share.x, share.labels) for share in shares]
        model, _ = average([sum(column) for column in zip(*updates, strict=True)], len(updates))
        models.append(model)
    return models


def dealt(setting: Setting, seed: int) -> tuple[Columns, list[Dataset], Dataset]:
    """The columns, each trainer's rows and the held-out rows, all through CSV files."""
    sample = load(setting.sample)
    with tempfile.TemporaryDirectory() as folder:
        files, held_out = deal(sample, setting.shares, Path(folder), seed)
        columns = describe(held_out, sample.label)
        shares = [read_csv(file, columns, setting.spec) for file in files]
        return columns, shares, read_csv(held_out, columns, setting.spec, training=False)


def update_deviations(spec: LinearSpec, model: Array, share: Dataset) -> tuple[float, float, float]:
    """One update from a model in reals: the largest deviation of a weight, its bound, and the bound for any proof."""
    start = [encode(float(w), spec.model_bits) for w in model.flatten()]
    reached = real_weights(spec, spec.train(start, share.x, share.labels))
    deviation = float(np.abs(reached - train(spec, model, *arrays(spec, share))).max())
    rounded = math.sqrt(spec.features) / 2 * decode(1, spec.model_bits)
    return deviation, bound(spec, model, share, rounded), bound(spec, model, share, rounded, proved=True)


def centralized(shares: Sequence[Dataset], columns: Columns, held_out: Dataset) -> float:
    """The accuracy of scikit-learn's logistic regression on everybody's rows in one place."""
    from sklearn.linear_model import LogisticRegression

    rows = [row for share in shares for row in share.reals]
    classes = [columns.class_index(label) for share in shares for label in share.labels]
    truth = [columns.class_index(label) for label in held_out.labels]
    return float(LogisticRegression(max_iter=1000).fit(rows, classes).score(held_out.reals, truth))


def measure(setting: Setting, seed: int) -> tuple[float, ...]:
    """The largest of all `update_deviations`, the last model's deviation, and accuracies, as in `HEADINGS`."""
    spec = setting.spec
    columns, shares, held_out = dealt(setting, seed)
    models = federated(spec, shares, setting.rounds)
    starts = [np.zeros_like(models[0]), *models[:-1]]
    updates = [update_deviations(spec, model, share) for model in starts for share in shares]
    last = federated_integers(spec, shares, setting.rounds)[-1]
    scores = integer_scores(last, held_out, spec), float_scores(models[-1], held_out)
    return (
        *(max(column) for column in zip(*updates, strict=True)),
        float(np.abs(real_weights(spec, last) - models[-1]).max()),
        *(evaluate(columns, each, held_out).accuracy for each in scores),
        centralized(shares, columns, held_out),
    )


def measurements(seeds: int) -> Iterator[str]:
    """The lines of a Markdown table: the largest deviations and the mean accuracies over differently dealt rows."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---" * len(HEADINGS) + "|"
    for setting in SETTINGS:
        found = list(zip(*(measure(setting, seed) for seed in range(seeds)), strict=True))
        worst = [f"{max(column):.4f}" for column in found[:4]]
        accuracy = [f"{sum(column) / seeds:.1%}" for column in found[4:]]
        yield f"| {' | '.join([setting.name, str(setting.rounds), *worst, *accuracy])} |"


def limits() -> Iterator[str]:
    """The lines of a Markdown table: what common settings take and allow."""
    yield "| rows x features x outputs | data bits | clamp | rate | clip | divisor | largest sum | weights up to |"
    yield "|---" * 8 + "|"
    for spec in (ONE_STEP, TEN_STEPS, THREE_CLASSES, EMBEDDING, LARGE, FINE):
        clamp, clip = decode(spec.clamp, spec.data_bits), decode(spec.clip, spec.model_bits)
        cells = [
            f"{spec.rows} x {spec.features} x {spec.outputs}",
            f"{spec.data_bits}",
            f"{clamp:g}",
            f"2^-{spec.rate_shift}",
            f"{clip:g}",
            f"2^{spec.rebase_bits + 1}",
            f"{spec.magnitude.bit_length()} bits",
            f"{decode(spec.weight_limit, spec.model_bits):,.0f}",
        ]
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    for text in (*limits(), "", *measurements(seeds=20)):
        print(text)
