"""What chain and store say about an attempt at masking: its circle, keys, postings and vectors, and what is wrong.

`block` is the last whose events count. Whoever decides what to do next names the one that it decides by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from headwater.chain.asking.rpc import BlockId
from headwater.chain.contracts.events import (
    Enrolled,
    Masked,
    MaskingStarted,
    SeedDrawn,
    SeedRenewed,
    Submitted,
    UpdateOpened,
)
from headwater.errors import ChainError, ContentTooLarge, DocumentError, Unavailable
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.faults import Faults, Posted, find_faults
from headwater.protocol.field import unpack
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import Attempt, circle
from headwater.protocol.phases import TrainerStatus
from headwater.protocol.structs import Posting
from headwater.protocol.vectors import sum_of_commitments, update_length
from headwater.roles.opening import shown
from headwater.roles.task import Task
from headwater.storage.vectors import UpdateDocument
from headwater.storage.words import WORD, WordSum, check_words

T = TypeVar("T")

Read = Callable[[Masked], bytes | None]
"""Gives the words that a member published; None where they cannot be had, which is judged elsewhere."""


def attempt(task: Task, round_: int, number: int, block: BlockId = "latest") -> Attempt:
    """An attempt with its members on their circle: who submitted; later, who masked before and was not at fault.

    Raises:
        ChainError: the node does not know all of the attempt's events, or not yet the hash that makes its seed.
    """
    rounds = task.contracts.rounds
    started = rounds.events(MaskingStarted, last=block, task_id=task.id, round=round_)
    known = {event.attempt: event for event in started}
    if number not in known:
        raise task.contracts.chain.lacks(f"attempt {number} of round {round_}", task.id)
    if number == 1:
        submitted = rounds.events(Submitted, last=block, task_id=task.id, round=round_)
        updates = {event.trainer: event.update for event in submitted}
    else:
        updates = {event.trainer: event.posting.update for event in posted(task, round_, number - 1, block)}
    if len(updates) > known[number].members:
        updates = {m: update for m, update in updates.items() if not _was_at_fault(task, round_, number, m, block)}
    if len(updates) != known[number].members:
        missing = f"{known[number].members - len(updates)} of the {known[number].members} members"
        raise task.contracts.chain.lacks(f"{missing} of attempt {number}, round {round_}", task.id)
    seed = seed_of(task, known[number], block)
    return Attempt(task.tag, round_, number, circle(updates, seed), updates, seed)


def seed_of(task: Task, started: MaskingStarted, block: BlockId = "latest") -> bytes:
    """What orders an attempt's members on the circle: as it was drawn; before, as the first one to mask will draw it.

    Raises:
        ChainError: the node does not know the block whose hash makes it.
    """
    rounds, number = task.contracts.rounds, started.attempt
    at = {"task_id": task.id, "round": started.round}
    for drawn in rounds.events(SeedDrawn, last=block, **at):
        if drawn.attempt == number:
            return drawn.seed
    renewed = rounds.events(SeedRenewed, last=block, **at)
    named = [started.seed_block, *(event.seed_block for event in renewed if event.attempt == number)][-1]
    block_hash = task.contracts.chain.block_hash(named)
    if block_hash is None:
        raise ChainError(f"the node does not know block {named}", "it may be behind: try again")
    words = (task.id, started.round, number)
    return keccak256(block_hash + b"".join(word.to_bytes(32, "big") for word in words))


def posted(task: Task, round_: int, number: int, block: BlockId = "latest") -> list[Masked]:
    """What members posted in an attempt, in the order of the chain."""
    events = task.contracts.rounds.events(Masked, last=block, task_id=task.id, round=round_)
    return [event for event in events if event.attempt == number]


def all_posted(task: Task, round_: int, number: int, block: BlockId = "latest") -> list[Masked]:
    """What all members of an attempt posted, when it has succeeded.

    Raises:
        ChainError: the node does not know all of it: it is behind, or drops blocks just now.
    """
    events = posted(task, round_, number, block)
    expected = task.contracts.rounds.get_round(task.id, round_, block).masked
    if len(events) != expected or not events:
        missing = f"{expected - len(events)} of the {expected} masked updates"
        raise task.contracts.chain.lacks(f"{missing} of round {round_}", task.id)
    return events


def postings(task: Task, round_: int, number: int, members: Iterable[str]) -> list[Posting]:
    """What some members of an attempt posted, in their order.

    Raises:
        ChainError: the node does not know it.
    """
    found = {event.trainer: event.posting for event in posted(task, round_, number)}
    return [_known(task, found, member, f"what {member} posted in round {round_}") for member in members]


def mask_keys(task: Task, members: Iterable[str], block: BlockId = "latest") -> dict[str, Point]:
    """The mask keys with which members enrolled last. Raises ChainError where the node does not know them."""
    enrolled = task.contracts.trainers.events(Enrolled, last=block, task_id=task.id)
    found = {event.trainer: event.mask_key for event in enrolled}
    return {member: _known(task, found, member, f"the mask key of {member}") for member in members}


def opened(task: Task, round_: int, number: int, block: BlockId = "latest") -> dict[str, bytes]:
    """The masked updates of an attempt that were shown on chain, where each was checked, by member: as words."""
    events = task.contracts.challenges.events(UpdateOpened, last=block, task_id=task.id, round=round_)
    found = {
        event.trainer: shown(task.contracts, task.id, event.commitment_hash, event.root, block)
        for event in events
        if event.attempt == number
    }
    for words in found.values():
        check_words(words)
    return found


def read(task: Task, event: Masked) -> bytes:
    """The words of an update document; maybe too many or too few, and none where the document is worthless.

    Raises:
        Unavailable: no store gives the document now; the message names the trainer.
    """
    try:
        return UpdateDocument.decode(task.fetch(event.posting.cid)).vector
    except Unavailable as error:
        raise Unavailable(
            f"the update of {event.trainer} cannot be had: {error.message}",
            f"wait for it; `headwater challenger run --task {task.id}` makes its trainer show it on chain",
        ) from error
    except (ContentTooLarge, DocumentError):
        return b""


def add_up(task: Task, events: Sequence[Masked], get: Read) -> list[int] | None:
    """The sum of an attempt's masked updates, if it is that of the updates that were proved; the masks cancel in it.

    None where a vector cannot be had, has another length, or does not fit what its member proved: see `examine`. One
    vector is held at a time, and each is asked for once.

    Args:
        events: what all its members posted.
    """
    length = update_length(task.learner.dimension)
    added, total = 0, WordSum(length)
    for event in events:
        words = get(event)
        if words is not None and len(words) == WORD * length:
            total.add(words)
            added += 1
    if added < len(events):
        return None
    summed = total.total()
    expected = sum_of_commitments([event.posting.update for event in events], task.basis.offset)
    return summed if task.average.commit(summed) == expected else None


def examine(task: Task, events: Sequence[Masked], get: Read, block: BlockId = "latest") -> Faults:
    """Whose fault it is that the vectors of an attempt do not add up, from the commitment of each that can be had.

    Args:
        events: what its members posted.
    """
    length = update_length(task.learner.dimension)

    def commitment(words: bytes | None) -> Point | None:
        if words is None:
            return None
        return task.average.commit(unpack(words)) if len(words) == WORD * length else INFINITY

    posted_by = {
        event.trainer: Posted(
            event.posting.update, {m.peer: m.commitment for m in event.posting.masks}, commitment(get(event))
        )
        for event in events
    }
    return find_faults(attempt(task, events[0].round, events[0].attempt, block).circle, posted_by, task.basis.offset)


def _known(task: Task, found: Mapping[str, T], member: str, what: str) -> T:
    """A member's. Raises ChainError where it is missing: nodes that are behind, or drop blocks just now, know less."""
    if member not in found:
        raise task.contracts.chain.lacks(what, task.id)
    return found[member]


def _was_at_fault(task: Task, round_: int, number: int, member: str, block: BlockId) -> bool:
    """Whether a member was accused or guilty in the attempt before, and so left out of this one."""
    entry = task.contracts.rounds.get_roster_entry(task.id, round_, member, block)
    return entry.attempt < number and entry.status in (TrainerStatus.ACCUSED, TrainerStatus.GUILTY)
