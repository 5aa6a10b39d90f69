"""The demo while its nodes run: it listens to them and to the chain, moves the clock, and attacks in the last round."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.text import Text

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.codec import decode_log
from headwater.chain.contracts.events import Aggregated, Challenged, Convicted, Event, Submitted, TrainerSlashed
from headwater.chain.contracts.reverts import format_wei
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.sending.sender import Sender
from headwater.cli.demo import attacks
from headwater.cli.demo.attacks import Attack
from headwater.cli.demo.calm import Calm
from headwater.cli.demo.cheat import VANISHED, VANISHES_IN
from headwater.cli.demo.daemons import Daemon
from headwater.cli.demo.data import DemoData
from headwater.cli.demo.record import Record
from headwater.cli.demo.screen import Screen
from headwater.errors import HeadwaterError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.classes import evaluate
from headwater.protocol.decisions import RoundView
from headwater.protocol.phases import Kind, Phase
from headwater.protocol.structs import Model
from headwater.reading.history import place
from headwater.roles.aggregator import Aggregator
from headwater.roles.report import Report, silent
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task
from headwater.roles.trainer import Trainer

LOOK_SECONDS = 0.05
HUSH_SECONDS = 1800.0
"""If for so long nobody says anything and no block comes, something hangs: no proof takes that long."""

LAPSES = {
    Phase.JOIN: "one seat stays free",
    Phase.MASK: "all wait for the one who dropped out",
    Phase.AGGREGATE: "whoever was left out had time to answer",
    Phase.CHALLENGE: "nobody demands the model's bytes",
}
"""Why everybody waits for a phase's deadline."""


@dataclass
class Play:
    """Follows a task to its end.

    Attributes:
        trainers: the nodes that train, in the order of `data.shares`.
        group: the process group in which a node that vanished is started again.
        period: the longest that anybody waits for, seconds.
    """

    task: Task
    data: DemoData
    trainers: Sequence[Daemon]
    others: Sequence[Daemon]
    group: int
    anvil: Anvil
    period: int
    screen: Screen
    record: Record
    _calm: Calm = field(default_factory=Calm)
    _reports: dict[str, Report] = field(default_factory=dict)
    _seen: int = -1  # the newest block whose events were told of
    _heard_at: float = field(default_factory=time.monotonic)
    _gone: Daemon | None = None  # the node that vanished, until it is started again

    def run(self) -> None:
        """Until every node has ended by itself.

        Raises:
            HeadwaterError: a node has ended otherwise, or all are silent for too long.
        """
        for daemon, share in zip(self.trainers, self.data.shares, strict=True):
            self._reports[daemon.name] = self.screen.node(daemon.name, len(share))
        self._reports |= {daemon.name: self.screen.node(daemon.name) for daemon in self.others}
        for report in self._reports.values():
            report("starting")
        while not all(daemon.ended for daemon in self._all):
            for daemon in self._all:
                self._hear(daemon)
            block = self.task.contracts.chain.block()
            if block.number > self._seen:
                self._heard_at = time.monotonic()
                self._look(block)
            self._go_on(block)
            if time.monotonic() - self._heard_at > HUSH_SECONDS:
                busy = ", ".join(d.name for d in self._all if d.running and d.idle_in != block.number)
                raise HeadwaterError(f"for {HUSH_SECONDS:.0f} s nothing was heard of {busy}", "their logs may say why")
            time.sleep(LOOK_SECONDS)

    @property
    def _all(self) -> tuple[Daemon, ...]:
        return (*self.trainers, *self.others)

    def _name(self, address: str) -> str:
        """What the demo calls an account."""
        return next(daemon.name for daemon in self._all if daemon.key.address == address)

    def _hear(self, daemon: Daemon) -> None:
        """Pass on what a node says; note its end."""
        code = daemon.exit_code()  # first: what it said before its end is all there then
        for said in daemon.hear():
            self._heard_at = time.monotonic()
            stage = said.pop("event")
            self._calm.said(stage)
            if "role" in said and stage != "idle":
                self.record.hear(stage, said)
                self._reports[daemon.name](stage, **said)
        if code == VANISHED and daemon is self.trainers[-1]:
            self._gone = daemon
            self._reports[daemon.name]("vanished")
            self.record.dropouts.append({"round": VANISHES_IN, "trainer": daemon.name, "phase": str(Phase.MASK)})
            self._tell("drop-out", f"{daemon.name} vanishes after its proof, before its masked update")
        elif code:
            raise daemon.failure(code)
        elif code == 0:
            self._reports[daemon.name]("ended")

    def _look(self, block: Block) -> None:
        """Where the task is, with what has happened since the last look and the newest model."""
        view = self.task.view(block)
        for event in self._events(self._seen + 1, block.number):
            self._tell_of(event)
        self._seen = block.number
        self._calm.saw(block.number)
        model = self.task.contracts.models.latest(self.task.id, block.number)
        if model.round > max(self.record.accuracy, default=0):
            self._finalized(model)
        if view.phase.is_end:
            self.screen.title("the task has ended: rewards are collected, stake is freed")
        else:
            attempt = f", attempt {view.attempt}" if view.phase is Phase.MASK and view.attempt > 1 else ""
            self.screen.title(f"round {view.round} of {view.rounds}: {view.phase}{attempt}")
        moved_on = view.round > VANISHES_IN or view.attempt > 1 or view.phase.is_end
        if self._gone is not None and moved_on:
            self._tell("back", f"{self._gone.name} is started again; the round goes on without it")
            self._gone.start(self.group)
            self._reports[self._gone.name]("starting")
            self._gone = None

    def _go_on(self, block: Block) -> None:
        """Where all wait, move the chain's clock past the deadline."""
        running = [daemon.idle_in for daemon in self._all if daemon.running]
        if not running or not self._calm.holds(running):
            return
        if self._calm.ask_again():
            self.anvil.mine()
            return
        view: RoundView = self.task.view(block)
        reason = LAPSES.get(view.phase, "stakes are unbonding")
        self.screen.title(f"{reason}: the chain's clock is moved past the deadline")
        self.anvil.pass_time(self.period)

    def _events(self, first: int, last: int) -> list[Event]:
        """What the task's contracts told of in some blocks, in order."""
        contracts = self.task.contracts
        told = (contracts.rounds, contracts.trainers, contracts.challenges)
        logs = (log for contract in told for log in contracts.chain.logs(contract.address, [], first, last))
        return sorted((event for log in logs if (event := decode_log(log)) is not None), key=place)

    def _tell_of(self, event: Event) -> None:
        """What the demo shows of an event; in the last round, an attack on it."""
        last = self.task.config.rounds
        if isinstance(event, Challenged) and event.kind is Kind.MASK:
            pair = f"{self._name(event.accused)} and {self._name(event.other)}"
            self._tell("challenge", f"{pair} posted different masks: they have to show which is true")
        elif isinstance(event, Convicted):
            self._tell("caught", f"{self._name(event.trainer)} is convicted: the mask it posted is not the true one")
        elif isinstance(event, TrainerSlashed):
            name, why = self._name(event.trainer), "a fault" if event.fault else "a missed duty"
            entry = {"round": event.round, "trainer": name, "fault": event.fault, "wei": event.slashed}
            self.record.slashed.append(entry)
            self._tell("slashed", f"{name} loses {format_wei(event.slashed)} for {why} in round {event.round}")
        elif isinstance(event, Submitted) and event.round == last and event.submitted == 1:
            self.screen.title(f"attacks on the update of {self._name(event.trainer)}")
            thief = next(d.key.address for d in self.trainers if d.key.address != event.trainer)
            self._note(attacks.untrained_update(self.task, event))
            self._note(attacks.neighbours_proof(self.task, event, thief))
        elif isinstance(event, Aggregated) and event.round == last:
            self.screen.title("attack: an average that leaves one trainer out")
            key = self.trainers[0].key
            sender = Sender(self.task.contracts.chain, key)
            insider = Trainer(
                self.task, sender, secret_of(key), self.data.shares[0], silent, journal=SecretStore(Database(None), key)
            )
            aggregator = Aggregator(self.task, sender, self.screen.node(f"{self.trainers[0].name} as aggregator"))
            self._note(attacks.partial_average(aggregator, insider, event))

    def _tell(self, word: str, text: str) -> None:
        self.screen.line(Text.assemble((f"{word}  ", "yellow"), text))

    def _note(self, attack: Attack) -> None:
        self.record.attacks.append(attack)
        verdict = (f"refused: {attack.error}", "green") if attack.rejected else ("ACCEPTED", "bold red")
        self.screen.line(Text.assemble(("attack  ", "yellow"), attack.name, "  ", verdict))

    def _finalized(self, model: Model) -> None:
        task, data = self.task, self.data
        found = evaluate(data.learner.columns, data.learner.scores(task.weights(model), data.held_out), data.held_out)
        self.record.accuracy[model.round] = found.accuracy
        self.screen.line(
            Text.assemble(
                (f"round {model.round} is final  ", "bold green"),
                f"model 0x{model.model_hash.hex()[:12]}…, average of {model.trainers}, ",
                (f"{found.accuracy:.1%} right on {found.rows} held-out rows", "bold"),
            )
        )
