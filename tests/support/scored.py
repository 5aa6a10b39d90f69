"""A world whose task is open for scores by group, with a holder of held-out data. See `tests.support.roles`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headwater.chain.deploying.anvil import run_anvil
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear import Linear
from headwater.protocol.decisions import RegisterHeldOut
from headwater.roles.attester import Attester
from headwater.roles.commitments import DataCommitments, _digest
from headwater.roles.creating import create_task
from headwater.roles.report import silent
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task
from headwater.tables.columns import describe
from headwater.tables.samples import Sample, load
from tests.support.circuits import SMALL
from tests.support.roles import CREATOR, FEATURES, TERMS, SharedCircuit, World

HOLDER = 9  # account
GARDENS = ("north", "south")


class ScoredWorld(World):
    """The rows have a column of groups, `garden`. The holder registers its data before anybody enrols."""

    def sample(self) -> Sample:
        flowers = super().sample()
        rows = tuple((GARDENS[number % 2], *row) for number, row in enumerate(flowers.rows))
        return Sample(("garden", *flowers.header), rows)

    def publish(self) -> int:
        self.mine = self.folder / "attested.csv"
        with self.held_out.open(newline="") as file, self.mine.open("w", newline="") as taken:
            csv.writer(taken).writerows(list(csv.reader(file))[: SMALL.rows])  # a header, and one row less than fit
        columns = describe(self.held_out, load("iris").label, FEATURES, groups=["garden"])
        learner = Linear(replace(SMALL, groups=2), columns)
        return create_task(
            self.contracts,
            self.senders[CREATOR],
            self.store,
            self.home,
            learner,
            TERMS,
            scores=True,
            attesters=[self.senders[HOLDER].address],
        )

    def open(self, task_id: int | None = None) -> Task:
        task = super().open(task_id)
        for name in ("score", "composition"):
            circuit = getattr(task, name)
            task.__dict__[name] = SharedCircuit(circuit.folder, circuit.statement, circuit.srs, circuit.manifest)
        return task

    def attester(
        self, account: int = HOLDER, file: Path | None = None, task: Task | None = None, **options: object
    ) -> Attester:
        """A holder of held-out data, as if it had just been started."""
        task, key = task or self.task, self.anvil.accounts[account]
        dataset = task.learner.read(file or self.mine, links=64)
        journal = SecretStore(Database(None), key)
        unsalted = [e for part in dataset.parts(task.learner.rows) for e in _unsalted(task, part)]
        known = DataCommitments(journal, f"{task.place}/held-out", task.shape)
        journal.put(known._name, bytes(32) + _digest(unsalted))  # the same salts in every run: proofs are shared
        made = Attester(task, self.senders[account], secret_of(key), dataset, silent, **{"journal": journal, **options})
        made._entropy = lambda: b"noise that is the same in every run"
        return made

    def _enrolled(self) -> None:
        self.steps(self.attester(), RegisterHeldOut)
        super()._enrolled()


def _unsalted(task, part):
    return task.learner.data_vector(part, [0] * task.learner.salts)


@pytest.fixture(scope="session")
def scored_world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[ScoredWorld]:
    """For tests that choose a stage themselves, with `at`."""
    folder = tmp_path_factory.mktemp("scored")
    with run_anvil(folder / "anvil.log") as anvil:
        yield ScoredWorld(anvil, folder, home)
