"""The demo from start to end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from eth_account.signers.local import LocalAccount
from rich.text import Text

from headwater.chain.anvil import run_anvil
from headwater.chain.contracts import Contracts, open_contracts
from headwater.chain.deploying import deploy
from headwater.chain.rpc import connect
from headwater.chain.sender import Sender
from headwater.circuits.circuit import Proof
from headwater.cli.demo import attacks
from headwater.cli.demo.attacks import Attack
from headwater.cli.demo.data import DemoData, prepare
from headwater.cli.demo.screen import Screen
from headwater.cli.demo.summary import write_report
from headwater.errors import ConfigError
from headwater.protocol.decisions import Aggregate, Done, Submit
from headwater.protocol.phases import Phase
from headwater.roles.aggregator import Aggregator
from headwater.roles.creating import Terms, create_task
from headwater.roles.report import Report
from headwater.roles.salts import secret_of
from headwater.roles.task import Task, open_task
from headwater.roles.trainer import Trainer
from headwater.storage.cid import Cid
from headwater.storage.devnode import run_ipfs_node
from headwater.storage.opening import open_store
from headwater.storage.store import ContentStore
from headwater.training.evaluate import evaluate, integer_scores

ETHER = 10**18
STAKE, POOL, FEE = ETHER, 12 * ETHER, ETHER // 10
PERIOD = 3600  # of each phase; the work is done long before


@dataclass(frozen=True)
class Settings:
    """The command's options."""

    data: Path | None
    label: str | None
    trainers: int
    rounds: int
    store: str
    seed: int
    out: Path
    home: Path


@dataclass
class Record:
    """What was measured on the way."""

    gas: dict[str, list[int]] = field(default_factory=dict)
    calldata: int = 0
    stored: int = 0
    proofs: dict[str, list[Proof]] = field(default_factory=dict)
    accuracy: list[float] = field(default_factory=list)
    attacks: list[Attack] = field(default_factory=list)

    def watch(self, report: Report) -> Report:
        """A report that also records gas and calldata."""

        def recording(stage: str, **details: Any) -> None:
            if "gas" in details:
                name = f"deploy {details['contract']}" if "contract" in details else stage
                self.gas.setdefault(name, []).append(details["gas"])
                self.calldata += details.get("calldata", 0)
            report(stage, **details)

        return recording


class CountingStore:
    """A store that notes the size of what is put into it."""

    def __init__(self, store: ContentStore, record: Record) -> None:
        self._store, self._record = store, record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, data: bytes) -> Cid:
        """As the store's, counted."""
        self._record.stored += len(data)
        return self._store.put(data)

    def put_file(self, path: Path) -> Cid:
        """As the store's, counted."""
        self._record.stored += path.stat().st_size
        return self._store.put_file(path)


def run(settings: Settings) -> None:
    """Run the demo and write its report.

    Raises:
        HeadwaterError: something that the demo needs is missing, or an attack was not refused.
    """
    record = Record()
    shutil.rmtree(settings.out, ignore_errors=True)
    settings.out.mkdir(parents=True)
    with ExitStack() as stack:
        screen = stack.enter_context(Screen())
        screen.title("dealing out the data")
        data = prepare(settings.data, settings.label, settings.trainers, settings.seed, settings.out / "data")
        anvil = stack.enter_context(
            run_anvil(settings.out / "anvil.log", "--mixed-mining", "--block-time", "1", accounts=settings.trainers + 3)
        )
        store = cast(ContentStore, CountingStore(stack.enter_context(_store(settings)), record))
        creator, *others = anvil.accounts
        screen.title("deploying the contracts")
        contracts = _deploy(anvil.url, creator, settings, record.watch(screen.node("creator")))
        chain = contracts.chain
        screen.title("creating the task: circuits, verifiers, documents")
        task_id = _create(contracts, creator, store, settings, data, record.watch(screen.node("creator")))
        screen.title("trainers check the task: circuits rebuilt, verifiers' code compared")
        trainers = []
        for number, (key, dataset) in enumerate(zip(others, data.shares, strict=False), start=1):
            report = record.watch(screen.node(f"trainer {number}", len(dataset)))
            task = open_task(contracts, store, settings.home, task_id)
            task.check_circuits(report)
            trainers.append(Trainer(task, Sender(chain, key), secret_of(key), dataset, report))
        key, outsider = others[len(trainers) :]
        task = open_task(contracts, store, settings.home, task_id)
        aggregator = Aggregator(task, Sender(chain, key), record.watch(screen.node("aggregator")))
        _rounds(trainers, aggregator, Sender(chain, outsider), data, screen, record)
        seconds = screen.elapsed
    write_report(settings, data, task, record, seconds)
    if not all(attack.rejected for attack in record.attacks):
        raise ConfigError("an attack was not refused", "this must never happen: please report it")


@contextmanager
def _store(settings: Settings) -> Iterator[ContentStore]:
    if settings.store == "kubo":
        with run_ipfs_node(settings.out / "ipfs.log") as node:
            yield open_store(f"kubo:{node.rpc}")
    else:
        store = open_store(f"dir:{settings.out / 'store'}" if settings.store == "dir" else settings.store)
        store.check()
        yield store


def _deploy(url: str, creator: LocalAccount, settings: Settings, report: Report) -> Contracts:
    report("deploying", contract="contracts")
    sender = Sender(connect(url), creator)
    records = deploy(sender, settings.out / "deployments", settings.home).deployment.records
    for name, entry in records.items():
        report("deployed", contract=name, gas=entry.gas_used)
    return open_contracts(sender.chain, settings.out / "deployments")


def _create(
    contracts: Contracts,
    creator: LocalAccount,
    store: ContentStore,
    settings: Settings,
    data: DemoData,
    report: Report,
) -> int:
    terms = Terms(
        name=data.name,
        description="A demonstration.",
        rounds=settings.rounds,
        min_trainers=3,
        max_trainers=settings.trainers,
        stake=STAKE,
        pool=POOL,
        aggregator_fee=FEE,
        join_period=PERIOD,
        train_period=PERIOD,
        aggregate_period=PERIOD,
    )
    return create_task(
        contracts, Sender(contracts.chain, creator), store, settings.home, data.spec, data.columns, terms, report=report
    )


def _rounds(
    trainers: list[Trainer], aggregator: Aggregator, outsider: Sender, data: DemoData, screen: Screen, record: Record
) -> None:
    """Every node acts in turn until the task has ended; attacks are tried in the last round."""
    task = aggregator.task
    nodes: list[Trainer | Aggregator] = [*trainers, aggregator]
    while nodes:
        for node in list(nodes):
            block = task.contracts.chain.block()
            view = task.view(block)
            _title(task, view.round, view.phase, screen)
            action = node.decide(block)
            last = view.round == view.rounds
            if isinstance(node, Trainer) and isinstance(action, Submit):
                round_, proof = node.train(action.round)
                record.proofs.setdefault("train", []).append(proof)
                if last and node is trainers[0]:
                    _attack_updates(task, trainers, proof, screen, record)
                node.submit(round_, proof)
            elif isinstance(node, Aggregator) and isinstance(action, Aggregate):
                vectors = node.fetch(action.round)
                if last:
                    screen.title("attack: an average that leaves one trainer out")
                    _note(
                        attacks.partial_average(Aggregator(task, outsider, screen.node("outsider")), vectors),
                        screen,
                        record,
                    )
                weights, proof = node.prove(vectors)
                record.proofs.setdefault("average", []).append(proof)
                node.post(action.round, weights, proof)
                _finalized(task, action.round, data, screen, record)
            elif isinstance(action, Done):
                nodes.remove(node)
            else:
                node.act(action)


def _attack_updates(task: Task, trainers: list[Trainer], proof: Proof, screen: Screen, record: Record) -> None:
    screen.title("attacks on the update of the first trainer")
    _note(attacks.untrained_update(task, trainers[0].sender, proof), screen, record)
    _note(attacks.neighbours_proof(task, trainers[1].sender, proof), screen, record)


def _note(attack: Attack, screen: Screen, record: Record) -> None:
    record.attacks.append(attack)
    verdict = (f"refused: {attack.error}", "green") if attack.rejected else ("ACCEPTED", "bold red")
    screen.line(Text.assemble(("attack  ", "yellow"), attack.name, "  ", verdict))


def _finalized(task: Task, round_: int, data: DemoData, screen: Screen, record: Record) -> None:
    model = task.contracts.models.get_model(task.id, round_)
    found = evaluate(data.columns, integer_scores(task.weights(model), data.held_out, data.spec), data.held_out)
    record.accuracy.append(found.accuracy)
    screen.line(
        Text.assemble(
            (f"round {round_} is final  ", "bold green"),
            f"model 0x{model.model_hash.hex()[:12]}…, average of {model.trainers}, ",
            (f"{found.accuracy:.1%} right on {found.rows} held-out rows", "bold"),
        )
    )


def _title(task: Task, round_: int, phase: Phase, screen: Screen) -> None:
    if phase.is_end:
        screen.title("the task has ended: rewards are collected, stake is freed")
    else:
        screen.title(f"round {round_} of {task.config.rounds}: {phase}")
