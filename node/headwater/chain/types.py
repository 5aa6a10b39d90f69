"""The contracts' structs as Python values. Fields follow Solidity's, in its order, in snake_case.

Amounts are in wei, times in Unix seconds, hashes and digests 32 bytes, addresses checksummed text.
"""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.curve import Point
from headwater.protocol.phases import Phase, TrainerStatus


@dataclass(frozen=True)
class TaskConfig:
    """All that a task fixes for good; `ITaskManager.TaskConfig` says what each field means and what to check."""

    train_verifier: str
    k: int
    dimension: int
    mask_period: int
    average_verifier: str
    stake: int
    aggregator_fee: int
    rounds: int
    min_trainers: int
    max_trainers: int
    join_period: int
    train_period: int
    aggregate_period: int
    train_code_hash: bytes
    average_code_hash: bytes
    manifest: bytes
    srs: bytes
    basis_hash: bytes
    offset: Point
    basis0: Point
    basis1: Point
    basis_d: Point


@dataclass(frozen=True)
class TaskState:
    """What changes while a task runs.

    Attributes:
        deadline: the first second in which the phase's work is refused; 0 after the task's end.
        round: the running round; after the end, the last one.
        submitted: how many updates of the running round are accepted.
        attempt: which attempt at masking runs or has succeeded, from 1; 0 before Mask.
        members: how many trainers the attempt has; all of them must mask.
        sum: C([sum of w' | tag | sum of salts]) of those who masked; means nothing before an attempt's first.
    """

    creator: str
    pool: int
    spent: int
    deadline: int
    round: int
    joined: int
    submitted: int
    attempt: int
    members: int
    phase: Phase
    model_hash: bytes
    sum: Point

    @property
    def has_ended(self) -> bool:
        """Whether the task's last round is over."""
        return self.phase.is_end


@dataclass(frozen=True)
class Round:
    """One round.

    Attributes:
        attempt: the last attempt at masking, from 1; 0 if there was none.
        masked: how many trainers have masked in it; if the round is finalized, how many updates the model averages.
        aggregator: who posted the average; the zero address unless the round is finalized.
        ended_at: 0 while the round runs.
    """

    phase: Phase
    attempt: int
    masked: int
    aggregator: str
    fee_collected: bool
    ended_at: int


@dataclass(frozen=True)
class RosterEntry:
    """A trainer's part in one round.

    Attributes:
        attempt: the last attempt in which it has masked its update, from 1; 0 if it has in none.
        update_hash: first 29 bytes of keccak256(update x, update y).
    """

    status: TrainerStatus
    attempt: int
    update_hash: bytes


@dataclass(frozen=True)
class Enrolment:
    """A trainer's enrolment in a task. `data_hash`: keccak256 of its data commitment, zero if there is none."""

    data_hash: bytes
    stake: int

    @property
    def exists(self) -> bool:
        """Whether the trainer is enrolled."""
        return any(self.data_hash)


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
class Model:
    """A model and how it came about.

    Attributes:
        model_hash: keccak256 of C([w | tag]).
        cid: sha2-256 digest of the model document.
        round: the round that made it; 0 for the model the creator started from, whose other fields are zero.
        trainers: how many updates it averages.
        timestamp: when it was accepted.
    """

    model_hash: bytes
    cid: bytes
    round: int
    trainers: int
    aggregator: str
    timestamp: int
