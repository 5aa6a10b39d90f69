"""The demo from start to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from eth_account.signers.local import LocalAccount
from rich.text import Text

from headwater.chain.anvil import run_anvil
from headwater.chain.contracts import Contracts, open_contracts
from headwater.chain.deploying import deploy
from headwater.chain.events import Convicted, Event, TrainerSlashed
from headwater.chain.reverts import format_wei
from headwater.chain.rpc import connect
from headwater.chain.sender import Sender
from headwater.chain.types import Model
from headwater.circuits.circuit import Proof
from headwater.cli.demo import attacks
from headwater.cli.demo.attacks import Attack
from headwater.cli.demo.cheat import Cheat
from headwater.cli.demo.data import DemoData, prepare, read_table
from headwater.cli.demo.folder import make_folder
from headwater.cli.demo.screen import Screen
from headwater.cli.demo.summary import write_report
from headwater.errors import ConfigError, ContentMismatch
from headwater.protocol.decisions import (
    Action,
    Advance,
    Aggregate,
    ChallengeMask,
    Done,
    Mask,
    RoundView,
    Submit,
    Wait,
)
from headwater.protocol.field import add
from headwater.protocol.phases import Phase
from headwater.roles.aggregator import Aggregator
from headwater.roles.audit import Check, audit
from headwater.roles.challenger import Challenger
from headwater.roles.creating import create_task
from headwater.roles.history import read_history
from headwater.roles.report import Report
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task, open_task
from headwater.roles.terms import Terms
from headwater.roles.trainer import Trainer
from headwater.storage.cid import Cid
from headwater.storage.devnode import run_ipfs_node
from headwater.storage.opening import open_store
from headwater.storage.store import ContentStore
from headwater.training.evaluate import evaluate, integer_scores

ETHER = 10**18
STAKE, POOL, FEE = ETHER, 12 * ETHER, ETHER // 10
PERIOD = 3600  # of each phase; the work is done long before
LEAST = 3  # trainers: with so few, none may drop out or cheat
DROPOUT, CHEAT = 2, 3  # rounds in which the last trainer vanishes, and posts a wrong mask


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
    accuracy: dict[int, float] = field(default_factory=dict)  # by finalized round
    attacks: list[Attack] = field(default_factory=list)
    counted: list[list[int]] = field(default_factory=list)  # for each round, whose updates its model averages, from 0
    checks: list[Check] = field(default_factory=list)  # of the audit
    dropouts: list[dict[str, Any]] = field(default_factory=list)
    slashed: list[dict[str, Any]] = field(default_factory=list)

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
    name, table = read_table(settings.data, settings.label)  # it may lie where an earlier demo's files are removed
    make_folder(settings.out)
    with ExitStack() as stack:
        screen = stack.enter_context(Screen())
        screen.title("dealing out the data")
        data = prepare(name, table, settings.trainers, settings.seed, settings.out / "data")
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
            parts = (task, Sender(chain, key), secret_of(key), dataset, report)
            cheats = LEAST < number == settings.trainers
            trainers.append(Cheat(*parts, cheats_in=CHEAT) if cheats else Trainer(*parts))
        task = open_task(contracts, store, settings.home, task_id)
        keys = others[len(trainers) :]
        aggregator = Aggregator(task, Sender(chain, keys[0]), record.watch(screen.node("aggregator")))
        challenger = Challenger(task, Sender(chain, keys[1]), record.watch(screen.node("challenger")))
        _Play(trainers, aggregator, challenger, data, screen, record, anvil.pass_time).run()
        history = read_history(contracts, task_id)
        record.counted = [
            [history.accounts.index(account) for account in round_.counted] for round_ in history.rounds.values()
        ]
        screen.title("everything is verified again, from chain and store alone")
        record.checks = [check for section in audit(task) for check in section.checks]
        seconds = screen.elapsed
    write_report(settings, data, task, record, seconds)
    if broken := [check for check in record.checks if check.ok is False]:
        raise ConfigError(f"the audit failed: {broken[0].name}", "this must never happen: please report it")
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
        mask_period=PERIOD,
        aggregate_period=PERIOD,
        answer_period=PERIOD,
        challenge_period=PERIOD,
        unbonding_period=PERIOD,
    )
    return create_task(
        contracts, Sender(contracts.chain, creator), store, settings.home, data.spec, data.columns, terms, report=report
    )


Node = Trainer | Aggregator | Challenger


@dataclass
class _Play:
    """Every node acts in turn until the task has ended. One trainer drops out, and cheats later; attacks come last."""

    trainers: list[Trainer]
    aggregator: Aggregator
    challenger: Challenger
    data: DemoData
    screen: Screen
    record: Record
    pass_time: Callable[[int], None]

    def run(self) -> None:
        """Until every node is done."""
        nodes: list[Node] = [*self.trainers, self.challenger, self.aggregator]
        while nodes:
            acted = False
            view = self._look()
            for node in list(nodes):
                if not isinstance(node, Trainer) and acted:
                    continue  # it comes when the trainers have nothing to do
                action = node.decide(self.task.contracts.chain.block())
                if isinstance(action, Done):
                    nodes.remove(node)
                elif not isinstance(action, Wait) and not self._drops_out(node, action):
                    acted |= self._act(node, action, last=view.round == view.rounds)
                    if isinstance(action, Advance):
                        break  # a new phase: the first trainer begins
            if nodes and not acted:
                self._let_time_pass(view)

    @property
    def task(self) -> Task:
        """The task as the aggregator knows it."""
        return self.aggregator.task

    def name(self, address: str) -> str:
        """What the demo calls a trainer."""
        return f"trainer {[str(trainer.sender.address) for trainer in self.trainers].index(address) + 1}"

    def _look(self) -> RoundView:
        """Where the task is, on the screen too, with the newest model if there is one."""
        view = self.task.view(self.task.contracts.chain.block())
        if view.phase.is_end:
            self.screen.title("the task has ended: rewards are collected, stake is freed")
        else:
            attempt = f", attempt {view.attempt}" if view.phase is Phase.MASK and view.attempt > 1 else ""
            self.screen.title(f"round {view.round} of {view.rounds}: {view.phase}{attempt}")
        model = self.task.contracts.models.latest(self.task.id)
        if model.round > max(self.record.accuracy, default=0):
            self._finalized(model)
        return view

    def _let_time_pass(self, view: RoundView) -> None:
        """All wait: move the chain's clock past the deadline."""
        reasons = {
            Phase.JOIN: "one seat stays free",
            Phase.MASK: "all wait for the one who dropped out",
            Phase.AGGREGATE: "whoever was left out had time to answer",
            Phase.CHALLENGE: "nobody demands the model's bytes",
        }
        reason = reasons.get(view.phase, "stakes are unbonding")
        self.screen.title(f"{reason}: the chain's clock is moved past the deadline")
        self.pass_time(PERIOD)

    def _drops_out(self, node: Node, action: Action) -> bool:
        """Whether this is the one who vanishes, in the round where it does, before it would post its masks."""
        if not (isinstance(node, Cheat) and isinstance(action, Mask) and action.round == DROPOUT):
            return False
        if not self.record.dropouts:
            name = self.name(node.sender.address)
            self.record.dropouts.append({"round": DROPOUT, "trainer": name, "phase": str(Phase.MASK)})
            self._tell("drop-out", f"{name} vanishes after its proof, before its masked update")
        return True

    def _act(self, node: Node, action: Action, *, last: bool) -> bool:
        """Carry out an action with what the demo shows around it; False where it cannot be done yet."""
        if isinstance(node, Trainer) and isinstance(action, Submit):
            self._submit(node, action.round, last=last)
        elif isinstance(node, Aggregator) and isinstance(action, Aggregate):
            return self._aggregate(node, action.round, last=last)
        else:
            receipt = node.act(action)
            if isinstance(action, ChallengeMask):
                pair = f"{self.name(action.one)} and {self.name(action.other)}"
                self._tell("challenge", f"{pair} posted different masks: they have to show which is true")
            for event in receipt.events if receipt else ():
                self._tell_of(event)
        return True

    def _submit(self, node: Trainer, round_: int, *, last: bool) -> None:
        proof = node.train(round_)
        self.record.proofs.setdefault("train", []).append(proof)
        if last and node is self.trainers[0]:
            self.screen.title("attacks on the update of the first trainer")
            self._note(attacks.untrained_update(self.task, node.sender, proof))
            self._note(attacks.neighbours_proof(self.task, self.trainers[1].sender, proof))
        node.submit(round_, proof)

    def _aggregate(self, node: Aggregator, round_: int, *, last: bool) -> bool:
        try:
            vectors = node.fetch(round_)
        except ContentMismatch:
            return False  # somebody's mask is wrong: the challenger has seen it too
        if last:
            self.screen.title("attack: an average that leaves one trainer out")
            insider = self.trainers[0]
            as_aggregator = Aggregator(self.task, insider.sender, self.screen.node("trainer 1 as aggregator"))
            self._note(attacks.partial_average(as_aggregator, vectors, insider.update(round_)[0]))
        weights, proof = node.prove(add(vectors), len(vectors))
        self.record.proofs.setdefault("average", []).append(proof)
        node.post(round_, weights, proof)
        return True

    def _tell_of(self, event: Event) -> None:
        """What a transaction did to a trainer's stake."""
        if isinstance(event, Convicted):
            self._tell("caught", f"{self.name(event.trainer)} is convicted: the mask it posted is not the true one")
        if isinstance(event, TrainerSlashed):
            name, why = self.name(event.trainer), "a fault" if event.fault else "a missed duty"
            entry = {"round": event.round, "trainer": name, "fault": event.fault, "wei": event.slashed}
            self.record.slashed.append(entry)
            self._tell("slashed", f"{name} loses {format_wei(event.slashed)} for {why} in round {event.round}")

    def _tell(self, word: str, text: str) -> None:
        self.screen.line(Text.assemble((f"{word}  ", "yellow"), text))

    def _note(self, attack: Attack) -> None:
        self.record.attacks.append(attack)
        verdict = (f"refused: {attack.error}", "green") if attack.rejected else ("ACCEPTED", "bold red")
        self.screen.line(Text.assemble(("attack  ", "yellow"), attack.name, "  ", verdict))

    def _finalized(self, model: Model) -> None:
        task, data = self.task, self.data
        found = evaluate(data.columns, integer_scores(task.weights(model), data.held_out, data.spec), data.held_out)
        self.record.accuracy[model.round] = found.accuracy
        self.screen.line(
            Text.assemble(
                (f"round {model.round} is final  ", "bold green"),
                f"model 0x{model.model_hash.hex()[:12]}…, average of {model.trainers}, ",
                (f"{found.accuracy:.1%} right on {found.rows} held-out rows", "bold"),
            )
        )
