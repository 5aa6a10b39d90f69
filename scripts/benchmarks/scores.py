"""Gas of scores on record: real proofs of the reference shape, of all rows and by two groups, on anvil."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear import Linear, LinearSpec
from headwater.protocol.decisions import Attest, Deposit, Enrol, RegisterHeldOut
from headwater.roles.aggregator import Aggregator
from headwater.roles.attester import Attester
from headwater.roles.creating import create_task
from headwater.roles.declaring import declare
from headwater.roles.secrets import secret_of
from headwater.roles.task import open_task
from headwater.roles.trainer import Trainer
from headwater.storage.opening import open_store
from headwater.tables.columns import Category
from headwater.tables.data import Dataset
from scripts.benchmarks.rounds import TERMS, Ledger, expect, play
from scripts.benchmarks.shapes import shares

ROWS = (142, 110, 90, 60)  # of three trainers, and held out
GROUPS = Category("half", ("first", "second"))


def measure(spec: LinearSpec, home: Path, folder: Path, anvil: Anvil) -> dict[str, int]:
    """Gas of opening a task for scores, of a score and of a composition, by the report's keys."""
    found = {}
    for suffix, groups in (("", 0), ("_two_groups", 2)):
        place = folder / f"scores{suffix}"
        place.mkdir()
        for name, gas in _play(replace(spec, groups=groups), home, place, anvil).items():
            found[name + suffix] = gas
    return found


def _play(spec: LinearSpec, home: Path, folder: Path, anvil: Anvil) -> dict[str, int]:
    """A round of three trainers, and the score of its model."""
    ledger, chain = Ledger(), connect(anvil.url)
    keys = anvil.accounts[: len(ROWS) + 2]
    senders = [Sender(chain, key) for key in keys]
    deploy(senders[0], folder / "deployments", home, replace=True)
    contracts = open_contracts(chain, folder / "deployments")
    store = open_store(f"dir:{folder / 'store'}")
    columns, datasets = shares("breast-cancer", ROWS, replace(spec, groups=0), folder)
    if spec.groups:
        columns = replace(columns, groups=(GROUPS,))
        datasets = [_grouped(dataset) for dataset in datasets]
    learner = Linear(spec, columns)
    task_id = create_task(contracts, senders[0], store, home, learner, TERMS, report=ledger, scores=True)
    task = open_task(contracts, store, home, task_id)
    task.check_scores()
    journals = [SecretStore(Database(None), key) for key in keys]
    trainers = [
        Trainer(task, senders[i], secret_of(keys[i]), datasets[i - 1], ledger, journal=journals[i]) for i in (1, 2, 3)
    ]
    attester = Attester(task, senders[4], secret_of(keys[4]), datasets[3], ledger, journal=journals[4])
    aggregator = Aggregator(task, senders[5], ledger)
    senders[5].send(contracts.stakes.deposit(TERMS.stake))
    expect(attester.step(), RegisterHeldOut)
    for trainer in trainers:
        expect(trainer.step(), Deposit)
        expect(trainer.step(), Enrol)
    play(trainers, aggregator, ledger, anvil)
    expect(attester.step(), Attest)
    declare(task, senders[1], secret_of(keys[1]), datasets[0], ledger, journal=journals[1])
    stages = {"open_scores": "opened for scores", "attest": "attested", "declare": "declared"}
    return {name: max(ledger.gas[stage]) for name, stage in stages.items()}


def _grouped(dataset: Dataset) -> Dataset:
    """The same rows, every other one of the second group."""
    return replace(dataset, groups=[[int(row % 2 == 0), int(row % 2)] for row in range(len(dataset))])
