"""A world to play rounds in: a chain with the contracts and one small task, a store, and trainers with real data.

Proofs are real and are made once a session: the same inputs get the same proof again. Stages of the first round are
kept as snapshots of the chain and of what is in the store, so that a test starts where it wants to and leaves nothing
behind.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any, Self

import pytest
from eth_account.signers.local import LocalAccount

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import Contracts, open_contracts
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.openings import basis_quotient
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.errors import ContractError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear import Linear
from headwater.protocol import possession
from headwater.protocol.curve import Point
from headwater.protocol.decisions import Action, Aggregate, Deposit, Enrol, Join, Mask, Publish, Submit
from headwater.protocol.masks import mask_key
from headwater.protocol.structs import Origin
from headwater.roles.aggregator import Aggregator
from headwater.roles.challenger import Challenger
from headwater.roles.commitments import DataCommitments, _digest
from headwater.roles.creating import Terms, create_task
from headwater.roles.job import Job
from headwater.roles.loop import Loop
from headwater.roles.models import OpenedModel, open_model
from headwater.roles.report import Report, silent
from headwater.roles.role import Role
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task, open_task
from headwater.roles.trainer import Trainer
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.manifests import Document
from headwater.tables.columns import describe
from headwater.tables.data import Dataset
from headwater.tables.samples import Sample, deal, load
from tests.support.circuits import SMALL

ETHER = 10**18
FEATURES = ("sepal width (cm)", "petal length (cm)", "petal width (cm)")
SHARES = (8, 7, 6, 5)
TERMS = Terms(
    "iris",
    "two species",
    rounds=2,
    max_trainers=3,
    stake=ETHER,
    pool=2 * ETHER + 1,
    aggregator_fee=ETHER // 10,
    challenge_bond=ETHER // 100,
)
STAGES = ("created", "enrolled", "training", "masking", "aggregating", "averaged", "finalized")
CREATOR, AGGREGATOR, OUTSIDER, CHALLENGER = 0, 6, 7, 8  # accounts; trainer i has account i + 1

_PROOFS: dict[Any, Proof] = {}


class SharedCircuit(Circuit):
    """A circuit that proves nothing twice in a session."""

    def prove(
        self, inputs: Sequence[Sequence[int]], limit: float = LONGEST_SECONDS, stop: Event | None = None
    ) -> Proof:
        key = (self.folder, tuple(map(tuple, inputs)))
        if key not in _PROOFS:
            _PROOFS[key] = super().prove(inputs, limit, stop)
        return _PROOFS[key]


def share_proofs(task: Task) -> Task:
    """The same task, whose circuits are shared ones."""
    for name in ("train", "average"):
        circuit = getattr(task, name)
        task.__dict__[name] = SharedCircuit(circuit.folder, circuit.statement, circuit.srs, circuit.manifest)
    return task


def steady_journal(key: LocalAccount, task: Task, dataset: Dataset) -> SecretStore:
    """A journal that knows only what salts follow from: the same in every run, so that proofs are shared."""
    store = SecretStore(Database(None), key)
    learner = task.learner
    parts = [learner.data_vector(part, [0] * learner.salts) for part in dataset.parts(learner.rows)]
    known = DataCommitments(store, task.place, task.shape)
    store.put(known._name, bytes(32) + _digest([entry for part in parts for entry in part]))
    return store


class World:
    """The task has id `task_id`: three trainers at most and at least, two rounds. `at` moves between stages."""

    def __init__(self, anvil: Anvil, folder: Path, home: Path, shares: Sequence[int] = SHARES) -> None:
        """shares: how many rows each trainer has."""
        self.anvil, self.folder, self.home = anvil, folder, home
        self.chain = connect(anvil.url)
        self.senders = [Sender(self.chain, key) for key in anvil.accounts]
        deploy(self.senders[CREATOR], folder / "deployments", home)
        self.contracts = open_contracts(self.chain, folder / "deployments")
        self.tasks, self.rounds, self.trainers = self.contracts.tasks, self.contracts.rounds, self.contracts.trainers
        self.proofs = self.contracts.proofs
        self.stakes, self.models, self.rewards = self.contracts.stakes, self.contracts.models, self.contracts.rewards
        self.store = DirectoryStore(folder / "store")
        self.files, self.held_out = deal(self.sample(), shares, folder)
        self.task_id = self.publish()
        self.senders[AGGREGATOR].send(self.stakes.deposit(TERMS.stake))
        self._snapshots = [("created", self._snapshot())]

    def sample(self) -> Sample:
        """The rows that are dealt out."""
        flowers = load("iris")
        return Sample(flowers.header, tuple(row for row in flowers.rows if row[-1] != "setosa"))

    def publish(self) -> int:
        """Create the task."""
        columns = describe(self.held_out, load("iris").label, FEATURES)
        learner = Linear(SMALL, columns)
        return create_task(self.contracts, self.senders[CREATOR], self.store, self.home, learner, TERMS)

    # ---- stages

    def at(self, stage: str) -> Self:
        """The world at a stage of the first round, however it was left."""
        wanted = STAGES.index(stage)
        kept = self._snapshots[: wanted + 1]
        name, (snapshot, stored) = kept.pop()
        self.rpc("evm_revert", snapshot)  # which forgets that snapshot and the later ones
        self.senders = [Sender(self.chain, key) for key in self.anvil.accounts]  # else they send again what is undone
        for path in self.stored() - {*stored}:
            path.unlink()
        for path, content in stored.items():  # a test may have lost or changed them
            path.write_bytes(content)
        self._snapshots = [*kept, (name, self._snapshot())]
        for following in STAGES[len(kept) + 1 : wanted + 1]:
            getattr(self, f"_{following}")()
            self._snapshots.append((following, self._snapshot()))
        return self

    def _enrolled(self) -> None:
        for i in range(3):
            self.steps(self.trainer(i), Deposit, Enrol)

    def _training(self) -> None:
        for i in range(3):
            self.steps(self.trainer(i), Join)

    def _masking(self) -> None:
        for i in range(3):
            self.steps(self.trainer(i), Submit)

    def _aggregating(self) -> None:
        for action in (Mask, Publish):
            for i in range(3):
                self.steps(self.trainer(i), action)

    def _averaged(self) -> None:
        self.steps(self.aggregator(), Aggregate)

    def _finalized(self) -> None:
        self.advance()

    def _snapshot(self) -> tuple[str, dict[Path, bytes]]:
        return str(self.rpc("evm_snapshot")), {path: path.read_bytes() for path in self.stored()}

    def stored(self) -> set[Path]:
        """The files in the store."""
        return {path for path in (self.folder / "store").rglob("*") if path.is_file()}

    # ---- who takes part

    @cached_property
    def task(self) -> Task:
        """The task, opened once: nothing in it changes."""
        return self.open()

    def open(self, task_id: int | None = None) -> Task:
        """A task as a node opens it, with shared circuits."""
        return share_proofs(open_task(self.contracts, self.store, self.home, task_id or self.task_id))

    def trainer(self, i: int, task: Task | None = None, file: Path | None = None, **options: Any) -> Trainer:
        """Trainer i, as if it had just been started."""
        task = task or self.task
        dataset = task.learner.read(file or self.files[i], links=task.config.max_links)
        key = self.anvil.accounts[i + 1]
        journal = steady_journal(key, task, dataset)
        made = Trainer(task, self.senders[i + 1], secret_of(key), dataset, silent, journal=journal, **options)
        made._entropy = lambda: b"noise that is the same in every run"  # so that proofs are shared
        return made

    def aggregator(self, account: int = AGGREGATOR, task: Task | None = None) -> Aggregator:
        """An aggregator, as if it had just been started."""
        return Aggregator(task or self.task, self.senders[account], silent)

    def challenger(self, account: int = CHALLENGER, task: Task | None = None) -> Challenger:
        """A challenger, as if it had just been started."""
        return Challenger(task or self.task, self.senders[account], silent)

    def finalize(self, task: Task | None = None) -> None:
        """An aggregator posts the average, and nobody demands its bytes in time."""
        self.steps(self.aggregator(task=task), Aggregate)
        self.advance(None if task is None else task.id)

    def steps(self, role: Role, *actions: type[Action]) -> None:
        """Let a role do exactly these actions."""
        for action in actions:
            done = role.step()
            assert type(done) is action, f"{done} instead of {action.__name__}"
            self.pass_seed_block(role._task_id)

    def trained(self, weights: Sequence[int]) -> list[list[int]]:
        """What a model becomes on the rows of each of the three, by the specification's integers."""
        datasets = [self.trainer(i).dataset for i in range(3)]
        return [self.task.learner.spec.train(weights, dataset.x, dataset.labels) for dataset in datasets]

    def updates(self, round_: int = 1) -> list[list[int]]:
        """The updates that the three submitted in the round, without masks, as only each of them knows its own."""
        return [self.trainer(i).update(round_)[0] for i in range(3)]

    def proof(self, i: int) -> Proof:
        """Trainer i's proof for the round that runs."""
        (proof,) = self.trainer(i).train(self.rounds.current_phase(self.task_id).round)
        return proof

    # ---- the chain

    def rpc(self, method: str, *arguments: Any) -> Any:
        """One call of the node."""
        return self.anvil.web3.provider.make_request(method, list(arguments))["result"]  # type: ignore[arg-type]

    def pass_seed_block(self, task_id: int | None = None) -> bool:
        """Mine a block where the newest one's hash makes an attempt's seed: this chain mines only what it is sent.

        Returns whether it was so.
        """
        is_newest = self.rounds.get_state(task_id or self.task_id).seed_block == self.chain.block().number
        if is_newest:
            self.rpc("evm_mine")
        return is_newest

    def pass_until(self, when: int) -> None:
        """Let time pass until a block's time, Unix seconds, unless it has come."""
        if self.chain.block().timestamp < when:
            self.rpc("evm_setNextBlockTimestamp", when)
            self.rpc("evm_mine")

    def pass_deadline(self, task_id: int | None = None) -> None:
        """Let time pass until the running phase's work is refused."""
        self.pass_until(self.rounds.current_phase(task_id or self.task_id).deadline)

    def hurried(self, stage: str, **details: Any) -> None:
        """A report of a role that need not wait: time passes at once."""
        if stage == "waiting":
            self.pass_until(details["until"])

    def advance(self, task_id: int | None = None) -> None:
        """Let the running phase end by its deadline, advanced by an account that has no part in anything."""
        self.pass_deadline(task_id)
        self.senders[OUTSIDER].send(self.rounds.advance(task_id or self.task_id))
        self.pass_seed_block(task_id)

    def refusal(self, account: int, call: Call) -> ContractError:
        """The error with which the contract refuses a call of an account."""
        with pytest.raises(ContractError) as caught:
            self.senders[account].simulate(call)
        return caught.value

    def create(self, model: Point | None = None, model_cid: bytes | None = None, **changes: Any) -> int:
        """Another task, like the first but for changes of its config: created by hand, past every check of ours."""
        receipt = self.senders[CREATOR].send(self.creation(model, model_cid, **changes))
        return receipt.event(TaskCreated).task_id

    def creation(
        self,
        model: Point | None = None,
        model_cid: bytes | None = None,
        quotient: Point | None = None,
        **changes: Any,
    ) -> Call:
        """The call that creates such a task. quotient: for offset and basis points other than the first one's."""
        zeros = self.opened([0] * self.task.learner.spec.dimension)
        cid = model_cid or self.put(zeros.document(0, 0)).digest
        config, origin = replace(self.task.config, **changes), Origin(model or zeros.commitment)
        return self.tasks.create_task(config, quotient or self.quotient, origin, cid, TERMS.pool)

    @cached_property
    def quotient(self) -> Point:
        """What opens the task's offset and basis points."""
        return basis_quotient(self.task.average, self.task.learner.spec.dimension)

    def enrolment(self, account: int, point: Point, number: int = 1) -> Call:
        """An account's enrolment with a data commitment, under the mask key of a secret of its own."""
        proof = possession.prove(number, self.task.tag, self.senders[account].address)
        return self.trainers.enrol(self.task_id, [point], mask_key(number), proof)

    def opened(self, weights: Sequence[int]) -> OpenedModel:
        """Weights, with what a document says of them."""
        return open_model(self.task.average, weights)

    def put(self, document: Document | bytes) -> Cid:
        """Store a document, or bytes that are none."""
        return self.store.put(document if isinstance(document, bytes) else document.encode())


def run(role: Trainer | Aggregator | Challenger, report: Report) -> None:
    """Let a role do its work to the end, without pauses."""
    Loop(role.task.contracts.chain, [Job(lambda: role, report)], report, poll=0.01).run()


@dataclass(frozen=True)
class Place:
    """Where a copy of the task stands, on this chain or another, for the same accounts."""

    contracts: Contracts
    task_id: int
    senders: Sequence[Sender]

    def enter(self, data: Sequence[Point]) -> None:
        """Enrol and join the first trainers, each with a data point."""
        for number, (sender, point) in enumerate(zip(self.senders[1:], data, strict=False), start=1):
            sender.send(self.contracts.stakes.deposit(TERMS.stake))
            proof = possession.prove(number, self.contracts.tasks.tag(self.task_id), sender.address)
            sender.send(self.contracts.trainers.enrol(self.task_id, [point], mask_key(number), proof))
        for sender, _ in zip(self.senders[1:], data, strict=False):
            sender.send(self.contracts.rounds.join(self.task_id))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[World]:
    """For tests that choose a stage themselves, with `at`."""
    folder = tmp_path_factory.mktemp("world")
    with run_anvil(folder / "anvil.log") as anvil:
        yield World(anvil, folder, home)


@pytest.fixture
def created(world: World) -> World:
    """Round 1, Join: nobody is enrolled."""
    return world.at("created")


@pytest.fixture
def enrolled(world: World) -> World:
    """Round 1, Join: three trainers are enrolled, none has joined."""
    return world.at("enrolled")


@pytest.fixture
def training(world: World) -> World:
    """Round 1, Train: nobody has submitted."""
    return world.at("training")


@pytest.fixture
def masking(world: World) -> World:
    """Round 1, Mask: three updates are accepted, nobody has masked one."""
    return world.at("masking")


@pytest.fixture
def aggregating(world: World) -> World:
    """Round 1, Aggregate: three updates are accepted, masked and published."""
    return world.at("aggregating")


@pytest.fixture
def averaged(world: World) -> World:
    """Round 1, Challenge: the average is accepted, and its bytes can be demanded."""
    return world.at("averaged")


@pytest.fixture
def finalized(world: World) -> World:
    """Round 2, Join: round 1 is finalized."""
    return world.at("finalized")


@pytest.fixture
def changed_file(world: World, tmp_path: Path) -> Path:
    """Trainer 0's file with one digit of one cell different."""
    with world.files[0].open(newline="") as file:
        header, first, *rows = csv.reader(file)
    column = header.index(world.task.learner.columns.names[0])
    first[column] = str(float(first[column]) + 1)
    path = tmp_path / "changed.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows((header, first, *rows))
    return path


@pytest.fixture
def other_chain(world: World, tmp_path: Path) -> Iterator[Place]:
    """The same task, contracts and addresses on a chain that is not local by its id."""
    with run_anvil(tmp_path / "anvil.log", "--chain-id", "1337") as anvil:
        chain = connect(anvil.url)
        senders = [Sender(chain, key) for key in anvil.accounts]
        deploy(senders[CREATOR], tmp_path / "deployments", world.home)
        contracts = open_contracts(chain, tmp_path / "deployments")
        for circuit in (world.task.train, world.task.average):
            senders[CREATOR].deploy(bytes.fromhex(circuit.verifier.bytecode[2:]), "verifier")
        origin, cid = Origin(world.task.basis.offset), world.models.get_model(world.task_id, 0).cid
        call = contracts.tasks.create_task(world.task.config, world.quotient, origin, cid, TERMS.pool)
        senders[CREATOR].send(call)
        yield Place(contracts, world.task_id, senders)
