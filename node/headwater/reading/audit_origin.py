"""The audit of where a task's first model comes from."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.contracts.events import ModelAdded, OriginRecorded
from headwater.chain.contracts.opened import Contracts
from headwater.protocol.curve import Point, add, multiply, negate
from headwater.protocol.structs import Parent, TaskConfig
from headwater.protocol.vectors import twice
from headwater.reading.checks import LAST, MODEL, PUBLIC, Section, points_of, verified
from headwater.reading.history import place
from headwater.roles.task import Task, point_hash


def origin_section(task: Task, first: ModelAdded) -> Section:
    """All checks of the first model. That its weights can be had and are its own, `open_task` has checked."""
    section, contracts = Section("first model"), task.contracts
    parents, divisor = contracts.models.get_parents(task.id, 0)
    recorded = [(event.parents, event.divisor) for event in contracts.models.events(OriginRecorded, task_id=task.id)]
    same = recorded == ([(parents, divisor)] if parents else [])
    section.check("the registry tells the origin that was recorded", same)
    if not parents:
        section.check("it has no parents", True, task.own_origin(first.model_hash))
        return section
    found = [contracts.models.added(parent.task_id, parent.round) for parent in parents]
    older = all(place(event) < place(first) for event in found)
    hashed = all(point_hash(event.commitment) == event.model_hash for event in found)
    section.check("its parents are models of the registry, and older", older and hashed)
    configs = [contracts.tasks.get_task(parent.task_id).config for parent in parents]
    section.check("they are of the same size, under the same SRS", all(_alike(task.config, other) for other in configs))
    older, tasks = ancestors(contracts, task.id)
    detail = f"made of models of task(s) {', '.join(map(str, tasks))}"
    section.check("its ancestors lead back to first models without parents", older, detail)
    tags = [contracts.tasks.tag(parent.task_id) for parent in parents]
    total = combined(task.config, parents, [event.commitment for event in found], tags)
    if (divisor, [parent.coefficient for parent in parents]) == (1, [1]):
        same = task.tagged(total) == first.commitment
        section.check("a warm start: its parent's weights, under this task's tag", same)
    else:
        _merge(section, task, first, total, divisor)
    return section


def combined(config: TaskConfig, parents: Sequence[Parent], models: Sequence[Point], tags: Sequence[int]) -> Point:
    """C([sum of coefficient_i w_i | 0]) from the parents' commitments, whose tags are taken away.

    models, tags: of the parents, in their order.
    """
    result, minus = config.offset, negate(config.offset)
    for parent, model, tag in zip(parents, models, tags, strict=True):
        weights = add(add(model, negate(multiply(config.basis_d, tag))), minus)
        result = add(result, multiply(weights, parent.coefficient))
    return result


def _merge(section: Section, task: Task, first: ModelAdded, total: Point, divisor: int) -> None:
    """The proof that a first model, without its tag, is its parents' sum divided."""
    of = task.contracts
    arguments = section.sent("the proof of the merge", first, of.chain, of.tasks, "createTask")
    if arguments is None:
        return
    proof = arguments[2].proof
    if not section.check("the proof of the merge", all(verified(task.average, [proof]))):
        return
    points = points_of(proof)
    section.check("of exactly its parents, with their coefficients", points[LAST] == twice(total, task.config.offset))
    public = task.basis.commit([divisor, int(task.creator, 16)])
    section.check("for this divisor and creator", points[PUBLIC] == public, f"divided by {divisor}")
    section.check("the first model is what was proved", task.tagged(points[MODEL]) == first.commitment)


def ancestors(contracts: Contracts, task_id: int) -> tuple[bool, list[int]]:
    """Whether a task's lineage leads back, from younger to older tasks; and all tasks that it is of, newest first."""
    older, tasks, pending = True, set[int](), [task_id]
    while pending:
        child = pending.pop()
        for parent in contracts.models.get_parents(child, 0)[0]:
            older &= parent.task_id < child
            if parent.task_id not in tasks and older:
                tasks.add(parent.task_id)
                pending.append(parent.task_id)
    return older, sorted(tasks, reverse=True)


def _alike(one: TaskConfig, other: TaskConfig) -> bool:
    return (one.dimension, one.k, one.tau) == (other.dimension, other.k, other.tau)
