"""What learners beside the linear one come to: cells and k, a proof, and accuracies on rows that were held out.

Accuracies are of exact simulations: the updates of all trainers, integer by integer, averaged and rounded down as the
chain does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.circuits import worker
from headwater.circuits.circuit import build
from headwater.circuits.srs import dev_srs
from headwater.learners.gram.statement import GramUpdate
from headwater.learners.mlp import MlpSpec, floating
from headwater.learners.mlp.statement import MlpUpdate
from headwater.protocol import noise
from headwater.protocol.field import to_signed
from headwater.protocol.vectors import UPDATE_SALTS, model_input
from scripts.benchmarks.machine import children_seconds

NETWORK = MlpUpdate(rows=32, features=31, rate_shift=3, clip=512)
HISTORIES = GramUpdate(rows=40, items=50)
SEEDS = 3


@dataclass(frozen=True)
class Simulation:
    """A network on real rows: of each trainer 32, with the usual rate and clip."""

    name: str
    trainers: int
    rounds: int
    rows: int = 32
    units: int = 16


SIMULATIONS = (Simulation("cancer", trainers=12, rounds=20), Simulation("digits", trainers=40, rounds=30))


def rows_of(name: str, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Shuffled rows, standardised, with an intercept, and labels: malignant or benign, or a digit even or odd."""
    from sklearn import datasets

    found = datasets.load_breast_cancer() if name == "cancer" else datasets.load_digits()
    x = found.data[:, found.data.std(0) > 0]
    x = np.clip((x - x.mean(0)) / x.std(0), -8, 8)
    order = np.random.default_rng(seed).permutation(len(x))
    labels = (found.target % 2 * 2 - 1).astype(np.int64).reshape(-1, 1)
    return np.concatenate([np.ones((len(x), 1)), x], 1)[order], labels[order]


def simulate(simulation: Simulation) -> dict[str, float]:
    """Mean accuracy on held-out rows: of integers, of floats, and of scikit-learn's logistic regression on all rows."""
    found = [_simulated(simulation, seed) for seed in range(SEEDS)]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _simulated(simulation: Simulation, seed: int) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegression

    x, labels = rows_of(simulation.name, seed)
    spec = MlpSpec(rows=simulation.rows, features=x.shape[1], units=simulation.units, rate_shift=3, clip=512, seed=seed)
    integers = np.rint(x * 2**spec.data_bits).astype(np.int64)
    shares = [slice(at * spec.rows, (at + 1) * spec.rows) for at in range(simulation.trainers)]
    first = spec.first_weights()
    hidden, output = spec.layers(first, np.int64)
    reals = floating.real_weights(spec, first)
    for _ in range(simulation.rounds):
        updates = [spec.stepped(hidden, output, integers[share], labels[share]) for share in shares]
        hidden, output = (sum(layer) // len(shares) for layer in zip(*updates, strict=True))
        moved = [floating.train(spec, reals, x[share], labels[share].astype(np.float64)) for share in shares]
        reals = np.mean([m[0] for m in moved], axis=0), np.mean([m[1] for m in moved], axis=0)
    held = slice(len(shares) * spec.rows, None)
    z = integers[held] @ hidden
    active = z + abs(z)
    classifier = LogisticRegression(max_iter=2000).fit(x[: held.start], labels[: held.start, 0])
    return {
        "accuracy": float(np.mean((active @ output) * labels[held] > 0)),
        "float": float(np.mean(floating.scores(reals, x[held]) * labels[held] > 0)),
        "logistic": float(classifier.score(x[held], labels[held, 0])),
    }


def measure(home: Path, *, prove: bool) -> dict[str, Any]:
    """Cells and k of both, accuracies of the network, and, if that is wished, a proof of each."""
    found: dict[str, dict[str, Any]] = {}
    for statement, (rows, k) in zip((NETWORK, HISTORIES), worker.sizes(NETWORK, HISTORIES), strict=True):
        found[statement.kind] = {"k": k, "cells": rows * statement.inner_columns}
    for simulation in SIMULATIONS:
        got = simulate(simulation)
        found["mlp"] |= {f"{what}_{simulation.name}": value for what, value in got.items()} | {
            f"gap_{simulation.name}": abs(got["accuracy"] - got["float"]),
            f"gain_{simulation.name}": got["accuracy"] - got["logistic"],
        }
    if prove:
        x, labels = rows_of("cancer", 0)
        rows = np.rint(x[: NETWORK.rows] * 2**NETWORK.data_bits).astype(int).tolist()
        truth = labels[: NETWORK.rows].tolist()
        first = NETWORK.first_weights()
        data = [[*row, *label] for row, label in zip(rows, truth, strict=True)]
        found["mlp"] |= _proved(home, found["mlp"]["k"], NETWORK, first, data, NETWORK.train(first, rows, truth))
        ones = np.random.default_rng(0).integers(0, 2, (HISTORIES.rows, HISTORIES.items)).tolist()
        zeros = [0] * HISTORIES.dimension
        counts = HISTORIES.update(zeros, ones)
        found["gram"] |= _proved(home, found["gram"]["k"], HISTORIES, zeros, ones, counts)
    return found


def _proved(
    home: Path, k: int, statement: MlpUpdate | GramUpdate, first: list[int], rows: list[list[int]], expected: list[int]
) -> dict[str, Any]:
    """One proof from a first model; `equal` says whether its update is the expected one, entry by entry."""
    circuit = build(home, statement, dev_srs(home, k))
    drawn = noise.draw(bytes(32), statement.decomposition_limit)
    salts = list(range(1, statement.salt_rows * statement.data_shape[1] + 1))
    data = [*(entry for row in rows for entry in row), *salts]
    before = children_seconds()
    proof = circuit.prove([model_input(first, 1), data, noise.salt_input(range(1, UPDATE_SALTS + 1), drawn)])
    return {
        "equal": [to_signed(entry) for entry in proof.output[: statement.dimension]] == expected,
        "cpu_seconds": children_seconds() - before,
        "prove_seconds": proof.prove_seconds,
        "peak_memory_mb": proof.peak_memory_mb,
        "verifier_bytes": circuit.verifier.size,
    }
