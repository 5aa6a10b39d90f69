"""Checking a task's whole history again, from the chain and the store alone.

Nothing that a contract said is believed where it can be computed: proofs are verified here with keys rebuilt from the
task's statements, sums are added up again, models fetched and committed to again. What is believed of the chain is that
its events and calldata are those of the transactions that were mined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.chain.contracts.codec import decode_call
from headwater.chain.contracts.events import Event, Masked, ModelAdded, Submitted
from headwater.circuits.circuit import Circuit, proof_points
from headwater.errors import ContentMismatch, HeadwaterError, Unavailable
from headwater.protocol.curve import Point, add, multiply
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.faults import Posted, find_faults
from headwater.protocol.masks import circle
from headwater.protocol.phases import Phase
from headwater.protocol.vectors import sum_of_commitments
from headwater.reading.history import History, RoundHistory, place, read_history
from headwater.roles.report import Report, silent
from headwater.roles.task import Task, basis_bytes, point_hash
from headwater.storage.cid import Cid

MODEL, DATA, PUBLIC, LAST = 0, 1, 2, 3  # a proof's points


@dataclass(frozen=True)
class Check:
    """One thing that must hold. `ok` is None where it could not be checked: `detail` says why."""

    name: str
    ok: bool | None
    detail: str = ""


@dataclass
class Section:
    """What belongs together: a task, or one round of it."""

    title: str
    checks: list[Check] = field(default_factory=list)

    def check(self, name: str, ok: bool | None, detail: str = "") -> bool:
        """Note a check, and return whether it held."""
        self.checks.append(Check(name, ok, detail))
        return bool(ok)


def audit(task: Task, report: Report = silent) -> Iterator[Section]:
    """Check a task from its config to its newest model, section by section.

    Args:
        task: opened by `open_task`, which has compared the config with the documents and the first model.

    Raises:
        ChainError: the node fails.
    """
    yield _task(task, report)
    last = task.contracts.chain.block().number
    history = read_history(task.contracts, task.id, last)
    added = {event.round: event for event in task.contracts.models.events(ModelAdded, last=last, task_id=task.id)}
    base = added[0].commitment
    for number, round_ in history.rounds.items():
        report("auditing", round=number)
        yield _Round(task, history, round_, base, added.get(number)).section()
        if number in added:
            base = added[number].commitment
    yield _registry(task, list(added.values()))


def _task(task: Task, report: Report) -> Section:
    section = Section(f"task {task.id}: {task.manifest.name}")
    section.check("documents, config, basis points and first model agree", True)
    section.check(*_basis(task))
    section.check("the SRS is the public ceremony's", task.srs.source != "dev" or None, f"SRS {task.srs.source}")
    try:
        task.check_circuits(report)
        section.check("verifiers on chain are those of the task's statements, rebuilt here", True)
    except HeadwaterError as error:
        section.check("verifiers on chain are those of the task's statements, rebuilt here", False, error.message)
    contracts = task.contracts
    references = {contracts.stakes.task_manager(), contracts.models.task_manager(), contracts.challenges.task_manager()}
    section.check("the contracts serve each other", references == {contracts.tasks.address})
    return section


def _basis(task: Task) -> tuple[str, bool | None, str]:
    """Whether those without an SRS can have the basis points. That the CID is theirs, `open_task` has checked."""
    name, cid = "the basis points lie where the manifest says", Cid.parse(task.manifest.basis)
    try:
        return name, task.store.get(cid, MAX_BYTES) == basis_bytes(task.basis), ""
    except Unavailable as error:
        return name, None, error.message


def _registry(task: Task, added: Sequence[ModelAdded]) -> Section:
    section = Section("registry")
    known = task.contracts.models.get_models(task.id, 0, task.config.rounds + 1)
    same = [(m.round, m.model_hash, m.cid) for m in known] == [(e.round, e.model_hash, e.cid) for e in added]
    section.check("its models are those that were added, one a round", same, f"{len(added)} models")
    parents = [event.parent for event in added]
    section.check("each model's parent is the one before it", parents == [0, *(e.round for e in added)][: len(added)])
    return section


@dataclass
class _Round:
    """One round's checks.

    Attributes:
        base: the commitment of the model that it started from.
        added: what it added to the registry, if it did.
    """

    task: Task
    history: History
    round: RoundHistory
    base: Point
    added: ModelAdded | None

    def section(self) -> Section:
        """All checks of the round."""
        section = Section(f"round {self.round.number}: {self.round.phase}")
        self._training(section)
        if self.round.attempts:
            self._masks(section)
        self._averages(section)
        self._model(section)
        return section

    def _training(self, section: Section) -> None:
        submitted = {part.trainer: part.submitted for part in self.round.parts.values() if part.submitted}
        for who, points in self._proofs(section, submitted, "submit", self.task.train).items():
            section.check(f"{who}: from the round's model", points[MODEL] == self.base)
            section.check(f"{who}: on the data it enrolled", points[DATA] == self._data_of(submitted[who]))
            section.check(f"{who}: the update is the proved one", points[LAST] == submitted[who].update)

    def _masks(self, section: Section) -> None:
        """The books of the last attempt. Where they do not fit, nobody can average, and a challenge names the liar."""
        started = self.round.attempts[-1]
        posted = {trainer: event.posting for trainer, event in self._masked().items()}
        proved = {part.trainer: part.submitted.update for part in self.round.parts.values() if part.submitted}
        same = all(posting.update == proved.get(trainer) for trainer, posting in posted.items())
        section.check("what was masked is what was proved", same, f"{len(posted)} trainers, attempt {started.attempt}")
        if len(posted) == started.members:
            books = {t: Posted(p.update, {m.peer: m.commitment for m in p.masks}) for t, p in posted.items()}
            faults = find_faults(circle(list(posted), started.seed), books, self.task.basis.offset)
            section.check("peers posted the same masks", None if faults else True, "somebody lied" if faults else "")

    def _averages(self, section: Section) -> None:
        task, updates = self.task, [event.posting.update for event in self._masked().values()]
        for event in self.round.averages:
            who = event.aggregator
            for points in self._proofs(section, {who: event}, "aggregate", task.average).values():
                tag = multiply(task.config.basis_d, task.tag)
                total = add(sum_of_commitments(updates, task.basis.offset), tag)
                section.check(f"{who}: the sum of exactly the {len(updates)} masked updates", points[LAST] == total)
                public = task.basis.commit([len(updates), int(who, 16)])
                section.check(f"{who}: for this number and aggregator", points[PUBLIC] == public)
                same = point_hash(points[MODEL]) == event.new_model_hash
                section.check(f"{who}: the accepted model is the proved average", same)

    def _model(self, section: Section) -> None:
        """What the registry got: only from a finalized round, the last average; and its bytes can be had."""
        finalized = self.round.phase is Phase.FINALIZED
        section.check("a model was added" if finalized else "no model was added", (self.added is not None) == finalized)
        if self.added is None or not finalized:
            return
        average = self.round.averages[-1]
        same = (self.added.model_hash, self.added.cid) == (average.new_model_hash, average.cid)
        section.check(
            "it is the accepted average", same and point_hash(self.added.commitment) == average.new_model_hash
        )
        name = "its bytes have its CID, and its weights this commitment"
        try:
            self.task.weights(self.task.contracts.models.get_model(self.task.id, self.round.number))
            section.check(name, True)
        except Unavailable as error:
            section.check(name, None, error.message)
        except ContentMismatch as error:
            section.check(name, False, error.message)

    def _proofs(
        self, section: Section, events: Mapping[str, Event], function: str, circuit: Circuit
    ) -> dict[str, tuple[Point, ...]]:
        """By sender, the points of the proofs in the transactions of some events, verified with the rebuilt key."""
        found = {}
        for who, event in events.items():
            to, data = self.task.contracts.chain.calldata(event.transaction_hash)
            if to is None or int(to, 16) != int(self.task.contracts.tasks.address, 16):
                section.check(f"{who}: proof", None, "it was sent through another contract, which hides its calldata")
            else:
                found[who] = decode_call("TaskManager", function, data)[1]
        accepted = circuit.verify(list(found.values())) if found else []
        valid = [who for who, ok in zip(found, accepted, strict=True) if section.check(f"{who}: proof", ok)]
        return {who: proof_points(found[who], LAST + 1) for who in valid}

    def _masked(self) -> dict[str, Masked]:
        """What was posted in the round's last attempt, by member."""
        last = len(self.round.attempts)
        return {part.trainer: part.masked[last] for part in self.round.parts.values() if last in part.masked}

    def _data_of(self, submitted: Submitted) -> Point | None:
        """The data with which a trainer was enrolled when it submitted."""
        before = [e for e in self.history.enrolled.get(submitted.trainer, ()) if place(e) < place(submitted)]
        return before[-1].data if before else None
