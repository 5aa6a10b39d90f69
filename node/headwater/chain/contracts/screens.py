"""What views put together of several things that the contracts keep. Those of the lens follow Solidity's structs.

Amounts are in wei, times in Unix seconds, hashes and digests 32 bytes, addresses checksummed text.
"""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.phases import Phase
from headwater.protocol.structs import Enrolment, Model, Parent, Pool, RosterEntry, Round, TaskConfig, TaskState


@dataclass(frozen=True)
class CurrentPhase:
    """Where a task is. `next` is the phase to which `advance` would move it now, NONE if there is nothing to do."""

    round: int
    phase: Phase
    deadline: int
    next: Phase


@dataclass(frozen=True)
class Stake:
    """A trainer's stake: what it may withdraw or lock, and what is locked over all tasks."""

    free: int
    locked: int


@dataclass(frozen=True)
class TaskSummary:
    """A task in a list. `next` is the phase to which `advance` would move it now; `models` counts the first, too."""

    task_id: int
    creator: str
    start_block: int
    manifest: bytes
    pool: int
    stake: int
    challenge_bond: int
    dimension: int
    rounds: int
    min_trainers: int
    max_trainers: int
    round: int
    phase: Phase
    deadline: int
    next: Phase
    joined: int
    submitted: int
    models: int
    model: Model


@dataclass(frozen=True)
class TaskScreen:
    """All there is to see of a task, at one block: the running round, the latest model, how many there are.

    Attributes:
        parents: what the first model is made of; `divisor` is what their sum was divided by, 0 where there are none.
        escrow: what of the pool has not been credited to anybody.
    """

    block_number: int
    timestamp: int
    creator: str
    start_block: int
    config: TaskConfig
    state: TaskState
    next: Phase
    round: Round
    model: Model
    models: int
    parents: tuple[Parent, ...]
    divisor: int
    pool: Pool
    escrow: int
    tag: int


@dataclass(frozen=True)
class Call:
    """A view to read: the contract to ask, with selector and arguments."""

    target: str
    data: bytes


@dataclass(frozen=True)
class Result:
    """What a view answered: what it returned, or, where it did not succeed, reverted with."""

    success: bool
    data: bytes


@dataclass(frozen=True)
class RoundSummary:
    """A round in a list; hash and CID are zero if it made no model."""

    number: int
    round: Round
    model_hash: bytes
    cid: bytes


@dataclass(frozen=True)
class AccountScreen:
    """What an account has to do with a task, at one block.

    Attributes:
        entry: its part in the running round.
        free: stake that it may withdraw or lock; `locked` is over all tasks, `lock` for this one.
        slash: what `settle` would burn of its stake now; `fault` says whether for a fault.
        rewards: what the rounds that were asked for owe it.
    """

    block_number: int
    timestamp: int
    enrolment: Enrolment
    entry: RosterEntry
    free: int
    locked: int
    lock: int
    claimable: int
    slash: int
    fault: bool
    rewards: tuple[int, ...]
