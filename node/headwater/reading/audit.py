"""Checking a task's whole history again, from the chain and the store alone.

Nothing that a contract said is believed where it can be computed: proofs are verified here with keys rebuilt from the
task's statements, sums are added up again, seeds drawn, vectors opened, models fetched and opened again. What is
believed of the chain is that its events and calldata are those of the transactions that were mined, and its blocks
those whose hashes it gives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.events import ModelAdded
from headwater.errors import ChainError, HeadwaterError, Unavailable
from headwater.protocol import possession
from headwater.protocol.structs import Parent
from headwater.reading.audit_openings import openings_section
from headwater.reading.audit_origin import ancestors, origin_section
from headwater.reading.audit_rounds import round_section
from headwater.reading.audit_scores import scores_section
from headwater.reading.checks import Check, Section
from headwater.reading.history import History, read_history
from headwater.roles.report import Report, silent
from headwater.roles.task import Task, open_task, point_hash

__all__ = ["Check", "Section", "audit", "audit_ancestors"]


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
    yield origin_section(task, added[0])
    yield _enrolments(task, history)
    bases, base = {}, added[0].commitment
    for number in history.rounds:
        bases[number] = base
        base = added[number].commitment if number in added else base

    def section(number: int) -> Section:
        report("auditing", round=number)
        return round_section(task, history, history.rounds[number], bases[number], added.get(number))

    yield from _in_order(section, list(history.rounds), task.machines.workers)
    yield openings_section(task, history, added[0].commitment, last)
    yield _registry(task, list(added.values()))
    scores = scores_section(task, list(added.values()), last, report)
    if scores is not None:
        yield scores


def audit_ancestors(task: Task, report: Report = silent) -> Iterator[tuple[int, Section]]:
    """Check all tasks that a task's first model is made of, to the roots: each once, the newest first.

    Raises:
        ChainError: the node fails.
    """
    for task_id in ancestors(task.contracts, task.id)[1]:
        try:
            opened = open_task(task.contracts, task.store, task.home, task_id, machines=task.machines)
        except ChainError:
            raise
        except HeadwaterError as error:
            section = Section(f"task {task_id}")
            gone = isinstance(error, Unavailable)
            section.check(
                "documents, config, tau, basis points and first model agree", None if gone else False, str(error)
            )
            yield task_id, section
            continue
        for section in audit(opened, report):
            yield task_id, section


def _in_order(section: Callable[[int], Section], rounds: Sequence[int], workers: int) -> Iterator[Section]:
    """The sections of rounds in their order, of which as many are made at a time as there are workers."""
    if workers == 1:
        yield from map(section, rounds)
        return
    pool, ahead = ThreadPoolExecutor(workers), deque[Future[Section]]()
    try:
        for number in rounds:
            ahead.append(pool.submit(section, number))
            if len(ahead) > workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _task(task: Task, report: Report) -> Section:
    section = Section(f"task {task.id}: {task.manifest.name}")
    section.check("documents, config, tau, basis points and first model agree", True)
    section.check("the SRS is the public ceremony's", task.srs.source != "dev" or None, f"SRS {task.srs.source}")
    try:
        task.check_circuits(report)
        section.check("verifiers on chain are those of the task's statements, rebuilt here", True)
    except HeadwaterError as error:
        section.check("verifiers on chain are those of the task's statements, rebuilt here", False, error.message)
    of = task.contracts
    asked = (of.tasks, of.rounds, of.trainers, of.rewards, of.stakes, of.models, of.challenges, of.openings, of.proofs)
    if task.machines.rests_on:
        section.check(
            "proofs were verified on this machine", None, f"by {task.machines.rests_on}: it rests on their word"
        )
    told = {contract.deployment() for contract in (*asked, of.attestations, of.lens)}
    section.check("the contracts know each other", [tuple(vars(at).values()) for at in told] == [_places(asked)])
    return section


def _places(contracts: Sequence[Contract]) -> tuple[str, ...]:
    return tuple(contract.address for contract in contracts)


def _enrolments(task: Task, history: History) -> Section:
    """That no mask key is made of others', and that proofs name data by what they are."""
    section = Section("enrolments")
    for trainer, enrolled in history.enrolled.items():
        shown = all(possession.verify(e.mask_key, e.possession, task.tag, trainer) for e in enrolled)
        section.check(f"{trainer}: knows the secret of its mask key", shown)
    for event in history.registered.values():
        section.check(f"{event.trainer}: data under their own hash", point_hash(event.data) == event.data_hash)
    return section


def _registry(task: Task, added: Sequence[ModelAdded]) -> Section:
    section, models = Section("registry"), task.contracts.models
    known = models.get_models(task.id, 0, task.config.rounds + 1)
    same = [(m.round, m.model_hash, m.cid) for m in known] == [(e.round, e.model_hash, e.cid) for e in added]
    section.check("its models are those that were added, one a round", same, f"{len(added)} models")
    parents = [event.parent for event in added]
    in_order = parents == [0, *(event.round for event in added)][: len(added)]
    told = [models.get_parents(task.id, event.round) for event in added[1:]]
    in_order &= told == [((Parent(task.id, event.parent, 1),), 1) for event in added[1:]]
    section.check("each model's parent is the one before it", in_order)
    return section
