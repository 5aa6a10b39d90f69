"""Small circuits, shared by all tests of a session: one k, one SRS, keys built once a machine."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, Proof, build
from headwater.circuits.srs import Srs, dev_srs
from headwater.circuits.statement import Statement
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.field import P
from headwater.protocol.noise import draw, salt_input
from headwater.protocol.vectors import UPDATE_SALTS, model_input

ROOT = Path(__file__).resolve().parents[2]
K = 12
SMALL = LinearUpdate(rows=8, features=4, data_bits=4, model_bits=10, rate_shift=3, clip=1024, clamp=64)
MULTI = LinearUpdate(
    rows=3, features=2, outputs=2, steps=2, data_bits=4, model_bits=10, rate_shift=3, clip=1024, clamp=64
)
TAG = 77


@pytest.fixture(scope="session")
def home() -> Path:
    """Where circuits are cached; kept between sessions, so that only changed circuits are built again."""
    os.environ["PYTHONPATH"] = f"{ROOT / 'node'}:{ROOT}"  # processes import this checkout, workers weakened twins too
    return ROOT / "build" / "headwater"


@pytest.fixture(scope="session")
def srs(home: Path) -> Srs:
    return dev_srs(home, K)


@pytest.fixture(scope="session")
def train(home: Path, srs: Srs) -> Circuit:
    return build(home, SMALL, srs)


@pytest.fixture(scope="session")
def average(home: Path, srs: Srs) -> Circuit:
    return build(home, Average(SMALL.dimension), srs)


@pytest.fixture(scope="session")
def train_proof(train: Circuit) -> Proof:
    return train.prove(training_inputs(SMALL))


def data_matrix(
    statement: LinearUpdate, rows: int | None = None, seed: int = 1
) -> tuple[list[list[int]], list[list[int]]]:
    """Random features and labels for `rows` rows (all, if None)."""
    rng = random.Random(seed)
    count = statement.rows if rows is None else rows
    x = [[rng.randint(-statement.clamp, statement.clamp) for _ in range(statement.features)] for _ in range(count)]
    return x, [[rng.choice((-1, 1)) for _ in range(statement.outputs)] for _ in range(count)]


def flat(statement: LinearUpdate, x: list[list[int]], labels: list[list[int]], seed: int) -> list[int]:
    """The data vector of rows, padded to the capacity, with random salts."""
    entries = [entry for features, label in zip(x, labels, strict=True) for entry in (*features, *label)]
    return entries + [0] * (statement.width * (statement.rows - len(x))) + random_salts(seed, statement.salts)


def random_salts(seed: int, count: int = UPDATE_SALTS) -> list[int]:
    """Salts that are the same in every run."""
    rng = random.Random(seed)
    return [rng.randrange(P) for _ in range(count)]


def train_salts(seed: int, statement: LinearUpdate = SMALL) -> list[int]:
    """What `train` takes so that the update ends in `random_salts(seed)`: with noise that is the same in every run."""
    noise = draw(b"the noise of tests, known to all", statement.decomposition_limit, seed)
    return salt_input(random_salts(seed), noise)


def training_inputs(statement: LinearUpdate, seed: int = 1, rows: int | None = None) -> list[list[int]]:
    """Inputs of the train statement: a random model, random data and salts."""
    rng = random.Random(seed)
    weights = [rng.randint(-2000, 2000) for _ in range(statement.dimension)]
    return [
        model_input(weights, TAG),
        flat(statement, *data_matrix(statement, rows, seed), seed),
        train_salts(seed + 1),
    ]


def build_twin(home: Path, statement: Statement, srs: Srs) -> Circuit:
    """A weakened statement, built like the real ones."""
    return build(home / "weakened", statement, srs)
