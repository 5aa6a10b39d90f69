"""The demo from start to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from eth_account.signers.local import LocalAccount
from rich.text import Text

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import Contracts, open_contracts
from headwater.chain.deploying.anvil import run_anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import Deployment, network_name
from headwater.chain.sending.sender import Sender
from headwater.cli.demo import attacks
from headwater.cli.demo.daemons import CHEATING, HONEST, Daemon, Place, run_daemons, run_group
from headwater.cli.demo.data import DemoData, prepare, read_table
from headwater.cli.demo.folder import make_folder
from headwater.cli.demo.keep import keep
from headwater.cli.demo.play import Play
from headwater.cli.demo.receipts import read_costs
from headwater.cli.demo.record import CountingStore, Record
from headwater.cli.demo.screen import Screen
from headwater.cli.demo.show import show
from headwater.cli.demo.summary import write_report
from headwater.errors import HeadwaterError
from headwater.reading.audit import audit
from headwater.reading.history import read_history
from headwater.roles.creating import create_task
from headwater.roles.report import Report
from headwater.roles.task import Task, open_task
from headwater.roles.terms import Terms
from headwater.storage.devnode import run_ipfs_node
from headwater.storage.opening import open_store
from headwater.storage.store import ContentStore

ETHER = 10**18
STAKE, POOL, FEE = ETHER, 12 * ETHER, ETHER // 10
PERIOD = 3600  # of each phase; the work is done long before
LEAST = 3  # trainers: with so few, none may drop out or cheat
NEVER = "this must never happen: please report it"


@dataclass(frozen=True)
class Settings:
    """The command's options."""

    data: Path | None
    label: str | None
    trainers: int
    rounds: int
    store: str
    seed: int
    keep: bool
    viewer: bool
    out: Path
    home: Path


def run(settings: Settings) -> None:
    """Run the demo and write its report.

    Raises:
        HeadwaterError: something that the demo needs is missing, a node has ended, or an attack was not refused.
    """
    record = Record()
    name, table = read_table(settings.data, settings.label)  # it may lie where an earlier demo's files are removed
    make_folder(settings.out)
    with ExitStack() as stack:
        group = stack.enter_context(run_group())
        with Screen() as screen:
            screen.title("dealing out the data")
            data = prepare(name, table, settings.trainers, settings.seed, settings.out / "data")
            # no block comes by itself: each makes every node look, and proofs need the machine
            anvil = stack.enter_context(
                run_anvil(settings.out / "anvil.log", accounts=settings.trainers + 3, group=group)
            )
            where, store = stack.enter_context(_store(settings, group))
            creator, *others = anvil.accounts
            report = screen.node("creator")
            screen.title("deploying the contracts")
            contracts = _deploy(anvil.url, creator, settings, report)
            page = stack.enter_context(show(anvil.url, settings.out, where, data.sample)) if settings.viewer else None
            if page:
                screen.line(Text(f"watch it at {page}"))
            screen.title("creating the task: circuits, verifiers, documents")
            counted = cast(ContentStore, CountingStore(store, record))
            task_id = _create(contracts, creator, counted, settings, data, report)
            place = Place(
                anvil.url, contracts.chain.chain_id, settings.out / "deployments", where, settings.home, task_id
            )
            screen.title("nodes start, and check the task: circuits rebuilt, verifiers' code compared")
            trainers, all_nodes = _nodes(settings, place, data, others)
            task = open_task(contracts, store, settings.home, task_id)
            with run_daemons(all_nodes, group):
                Play(task, data, trainers, all_nodes[len(trainers) :], group, anvil, PERIOD, screen, record).run()
            screen.title("everything is verified again, from chain and store alone")
            _read_chain(task, settings, trainers, record)
            record.checks = [check for section in audit(task) for check in section.checks]
        write_report(settings, data, task, record, screen.elapsed)
        _judge(record)
        if settings.keep:
            keep(place, settings.rounds, page)


@contextmanager
def _store(settings: Settings, group: int) -> Iterator[tuple[str, ContentStore]]:
    """What the nodes' settings say of the store, and the store."""
    if settings.store == "kubo":
        with run_ipfs_node(settings.out / "ipfs.log", group=group) as node:
            yield (where := f"kubo:{node.rpc}"), open_store(where)
    else:
        where = f"dir:{(settings.out / 'store').absolute()}" if settings.store == "dir" else settings.store
        store = open_store(where)
        store.check()
        yield where, store


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
        mask_period=PERIOD,
        aggregate_period=PERIOD,
        answer_period=PERIOD,
        challenge_period=PERIOD,
        unbonding_period=PERIOD,
    )
    return create_task(
        contracts, Sender(contracts.chain, creator), store, settings.home, data.learner, terms, report=report
    )


def _nodes(
    settings: Settings, place: Place, data: DemoData, keys: list[LocalAccount]
) -> tuple[list[Daemon], list[Daemon]]:
    """The trainers, of which the last misbehaves where enough are left without it; and all nodes, they first."""
    folder, count = settings.out / "nodes", settings.trainers
    trainers = [
        Daemon(f"trainer {n}", "trainer", key, folder, CHEATING if LEAST < n == count else HONEST)
        for n, key in enumerate(keys[:count], start=1)
    ]
    others = [
        Daemon(role, role, key, folder) for role, key in zip(("aggregator", "challenger"), keys[count:], strict=True)
    ]
    for trainer, file in zip(trainers, data.files, strict=True):
        trainer.prepare(place, file)
    for other in others:
        other.prepare(place, None)
    return trainers, [*trainers, *others]


def _read_chain(task: Task, settings: Settings, trainers: list[Daemon], record: Record) -> None:
    """What the chain says of costs, and of whose updates counted.

    Raises:
        HeadwaterError: no round made a model.
    """
    if not record.accuracy:
        raise HeadwaterError("no round has made a model", "the nodes' logs say why")
    config = task.config
    records = Deployment.load(network_name(task.contracts.chain.chain_id), settings.out / "deployments").records
    names = {entry.address: name for name, entry in records.items()}
    names |= {config.train_verifier: "train verifier", config.average_verifier: "average verifier"}
    for cost in read_costs(task.contracts.chain, names):
        record.gas.setdefault(cost.name, []).append(cost.gas)
        record.calldata += cost.calldata
    numbers = {str(trainer.key.address): number for number, trainer in enumerate(trainers)}
    history = read_history(task.contracts, task.id)
    record.counted = [[numbers[account] for account in round_.counted] for round_ in history.rounds.values()]


def _judge(record: Record) -> None:
    """Refuse a demo that did not show what it promises.

    Raises:
        HeadwaterError: so it was.
    """
    broken = [check.name for check in record.checks if check.ok is False]
    if broken:
        raise HeadwaterError(f"the audit failed: {broken[0]}", NEVER)
    if len(record.attacks) != attacks.COUNT or not all(attack.rejected for attack in record.attacks):
        raise HeadwaterError("an attack was not refused, or could not be tried", NEVER)
