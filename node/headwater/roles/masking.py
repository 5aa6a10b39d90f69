"""What the chain says about an attempt at masking: its circle, its members' keys, and what they posted."""

from __future__ import annotations

from collections.abc import Iterable

from headwater.chain.events import Enrolled, Masked, MaskingStarted, Submitted
from headwater.errors import ChainError
from headwater.protocol.curve import Point
from headwater.protocol.masks import Attempt, circle
from headwater.roles.task import Task


def attempt(task: Task, round_: int, number: int) -> Attempt:
    """An attempt with its members on their circle: who has submitted, and masked in the attempt before.

    Raises:
        ChainError: the node does not know all of the attempt's events.
    """
    started = task.contracts.tasks.events(MaskingStarted, task_id=task.id, round=round_)
    known = {event.attempt: event for event in started}
    if number not in known:
        raise ChainError(f"the node does not know attempt {number} of round {round_}", "it may be behind: try again")
    if number == 1:
        updates = {e.trainer: e.update for e in task.contracts.tasks.events(Submitted, task_id=task.id, round=round_)}
    else:
        updates = {e.trainer: e.update for e in posted(task, round_, number - 1)}
    if len(updates) != known[number].members:
        raise ChainError(
            f"the node knows {len(updates)} of the {known[number].members} members of attempt {number}, round {round_}",
            "it may be behind: try again, or name another with --rpc",
        )
    return Attempt(task.tag, round_, number, circle(updates, known[number].seed), updates)


def posted(task: Task, round_: int, number: int) -> list[Masked]:
    """What members posted in an attempt, in the order of the chain."""
    events = task.contracts.tasks.events(Masked, task_id=task.id, round=round_)
    return [event for event in events if event.attempt == number]


def mask_keys(task: Task, members: Iterable[str]) -> dict[str, Point]:
    """The mask keys with which members enrolled last."""
    found = {event.trainer: event.mask_key for event in task.contracts.tasks.events(Enrolled, task_id=task.id)}
    return {member: found[member] for member in members}
