"""The audit of a task's scores and compositions: their verifiers, and each proof from the calldata that brought it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headwater.chain.contracts.events import (
    Attested,
    CompositionDeclared,
    DataHeldOut,
    DataRegistered,
    ModelAdded,
    PhaseChanged,
    ScoringOpened,
)
from headwater.circuits.composition import check_composition
from headwater.circuits.evaluate import check_score
from headwater.errors import CircuitError, HeadwaterError
from headwater.protocol.curve import Point
from headwater.protocol.phases import Phase
from headwater.protocol.scores import is_fresh, is_later
from headwater.protocol.structs import HeldOut
from headwater.reading.checks import Section
from headwater.reading.history import place
from headwater.roles.report import Report
from headwater.roles.scores import said
from headwater.roles.task import Task, point_hash


def scores_section(task: Task, added: Sequence[ModelAdded], last: int, report: Report) -> Section | None:
    """All checks of what was recorded beside the rounds; None where the task was never opened for scores.

    Args:
        added: what was added to the registry, oldest first.
        last: the block up to which is looked.
    """
    attestations = task.contracts.attestations
    if not list(attestations.events(ScoringOpened, last=last, task_id=task.id)):
        return None
    section = Section("scores and compositions")
    try:
        task.check_scores(report)
        section.check("verifiers and layout are those of the manifest, rebuilt here", True)
    except HeadwaterError as error:
        section.check("verifiers and layout are those of the manifest, rebuilt here", False, error.message)
        return section
    held = list(attestations.events(DataHeldOut, last=last, task_id=task.id))
    trained = {e.data_hash: e for e in task.contracts.trainers.events(DataRegistered, last=last, task_id=task.id)}
    _registrations(section, task, held, added, last)
    for event in held:
        other = trained.get(event.data_hash)
        if other is not None and other.trainer != event.holder:
            what = f"{event.holder}: held-out data {event.data_hash.hex()[:8]} are those that {other.trainer} trains on"
            section.check(what, None, "one of the two copied the commitment, and proofs on them may be copied too")
    since = {event.data_hash: event for event in held}
    for attested in attestations.events(Attested, last=last, task_id=task.id):
        _score(section, task, attested, since.get(attested.data_hash), added)
    for declared in attestations.events(CompositionDeclared, last=last, task_id=task.id):
        held_out, training = since.get(declared.data_hash), trained.get(declared.data_hash)
        points = [e.data for e in (held_out,) if e and e.holder == declared.owner]
        points += [e.data for e in (training,) if e and e.trainer == declared.owner]
        name = f"{declared.owner}: composition of {declared.data_hash.hex()[:8]}"
        if section.check(f"{name}, of data of its own", bool(points)):
            arguments = section.sent(name, declared, task.contracts.chain, attestations, "declare")
            _proved(section, name, arguments, declared.counts, 1, _of_composition(task, points[0]))
    return section


def _registrations(
    section: Section, task: Task, held: Sequence[DataHeldOut], added: Sequence[ModelAdded], last: int
) -> None:
    """That held-out data have their own hash, and count from the round that the chain's events say."""
    phases = list(task.contracts.rounds.events(PhaseChanged, last=last, task_id=task.id))
    for event in held:
        before = [each for each in phases if place(each) < place(event)]
        phase = before[-1].to_phase if before else Phase.NONE
        newest = max((each.round for each in added if place(each) < place(event)), default=0)
        right = point_hash(event.data) == event.data_hash and event.fresh == is_fresh(phase, event.round, newest)
        section.check(f"{event.holder}: held-out data {event.data_hash.hex()[:8]}, since round {event.round}", right)


def _score(
    section: Section, task: Task, attested: Attested, held: DataHeldOut | None, added: Sequence[ModelAdded]
) -> None:
    name = f"{attested.attester}: score of round {attested.round} on {attested.data_hash.hex()[:8]}"
    model = next((event for event in added if event.round == attested.round), None)
    known = held is not None and model is not None and held.holder == attested.attester
    if held is None or model is None or not section.check(f"{name}, on data of its own", known):
        section.check(f"{name}, of a model of the task", known)
        return
    since = HeldOut(held.holder, held.round, held.fresh)
    section.check(f"{name}, of a later model", is_later(since, model.round, model.parent))
    arguments = section.sent(name, attested, task.contracts.chain, task.contracts.attestations, "attest")
    check = _of_score(task, model.commitment, held.data)
    if _proved(section, name, arguments, attested.numbers, 2, check):
        text = "; ".join(f"{group} {words}" for group, words in said(task.scoring, task.learner, attested.numbers))
        section.check(f"{name}: {text}", True)


def _of_score(task: Task, model: Point, data: Point) -> Callable[[bytes, Sequence[int]], None]:
    return lambda proof, numbers: check_score(task.score, proof, model, data, numbers)


def _of_composition(task: Task, data: Point) -> Callable[[bytes, Sequence[int]], None]:
    return lambda proof, counts: check_composition(task.composition, proof, data, counts)


def _proved(
    section: Section,
    name: str,
    arguments: Sequence[Any] | None,
    numbers: Sequence[int],
    at: int,
    check: Callable[[bytes, Sequence[int]], None],
) -> bool:
    """Whether the calldata's numbers are the event's, and proved. at: where they are among the arguments."""
    if arguments is None:
        return False
    try:
        check(bytes(arguments[at + 1]), numbers)
    except CircuitError as error:
        return section.check(f"{name}: proved", False, error.message)
    return section.check(f"{name}: proved", tuple(arguments[at]) == tuple(numbers))
