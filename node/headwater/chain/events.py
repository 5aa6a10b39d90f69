"""The contracts' events as Python values: their arguments in Solidity's order, and where they were emitted."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.curve import Point
from headwater.protocol.phases import Phase


@dataclass(frozen=True, kw_only=True)
class Event:
    """Where an event was emitted."""

    address: str
    block_number: int
    transaction_hash: bytes
    log_index: int


@dataclass(frozen=True)
class TaskCreated(Event):
    """A task was published."""

    task_id: int
    creator: str
    manifest: bytes
    pool: int


@dataclass(frozen=True)
class Enrolled(Event):
    """A trainer enrolled with the commitment of its data and its mask key, x * (1, 2) with its secret x."""

    task_id: int
    trainer: str
    data: Point
    mask_key: Point
    stake: int


@dataclass(frozen=True)
class Unenrolled(Event):
    """A trainer ended its enrolment."""

    task_id: int
    trainer: str
    stake: int


@dataclass(frozen=True)
class Joined(Event):
    """A trainer joined a round; `joined` are on its roster then."""

    task_id: int
    round: int
    trainer: str
    joined: int


@dataclass(frozen=True)
class Submitted(Event):
    """A trainer's update was accepted; `submitted` are then."""

    task_id: int
    round: int
    trainer: str
    update: Point
    submitted: int


@dataclass(frozen=True)
class MaskingStarted(Event):
    """An attempt at masking started. `seed` orders its members on the circle, by keccak256(seed ++ address)."""

    task_id: int
    round: int
    attempt: int
    members: int
    seed: bytes


@dataclass(frozen=True)
class Masked(Event):
    """A trainer masked its update; `masked` of the attempt's members have then.

    Attributes:
        update: the commitment of the update without masks.
        cid: digest of the update document, which holds the masked update.
        mask_commitments: one for each of its peers, in the order of their places on the circle counted from its own.
    """

    task_id: int
    round: int
    attempt: int
    trainer: str
    update: Point
    cid: bytes
    mask_commitments: tuple[Point, ...]
    masked: int


@dataclass(frozen=True)
class Aggregated(Event):
    """A round's average was accepted as the task's model. `cid` is the digest of the model document."""

    task_id: int
    round: int
    aggregator: str
    old_model_hash: bytes
    new_model_hash: bytes
    cid: bytes


@dataclass(frozen=True)
class PhaseChanged(Event):
    """A round moved on; `deadline` is that of `to_phase`, 0 where that is an end. A new attempt is MASK to MASK."""

    task_id: int
    round: int
    from_phase: Phase
    to_phase: Phase
    deadline: int


@dataclass(frozen=True)
class RewardCollected(Event):
    """What a finalized round owed the account was credited to it."""

    task_id: int
    round: int
    account: str
    amount: int


@dataclass(frozen=True)
class PoolReclaimed(Event):
    """What was left of an ended task's pool was credited to its creator."""

    task_id: int
    creator: str
    amount: int


@dataclass(frozen=True)
class ModelAdded(Event):
    """A model was added to a task; `parent` is the round that made the one before. `cid` names the model document."""

    task_id: int
    round: int
    model_hash: bytes
    parent: int
    commitment: Point
    cid: bytes


@dataclass(frozen=True)
class Deposited(Event):
    """A trainer deposited stake; `free` is its free stake then."""

    trainer: str
    amount: int
    free: int


@dataclass(frozen=True)
class Withdrawn(Event):
    """A trainer withdrew stake; `free` is its free stake then."""

    trainer: str
    amount: int
    free: int


@dataclass(frozen=True)
class Locked(Event):
    """Free stake was locked for a task."""

    task_id: int
    trainer: str
    amount: int


@dataclass(frozen=True)
class Unlocked(Event):
    """Stake locked for a task became free again."""

    task_id: int
    trainer: str
    amount: int


@dataclass(frozen=True)
class Escrowed(Event):
    """An amount was escrowed for a task's rewards."""

    task_id: int
    amount: int


@dataclass(frozen=True)
class Credited(Event):
    """An amount of a task's escrow was credited to the account; `claimable` is all it can claim then."""

    task_id: int
    account: str
    amount: int
    claimable: int


@dataclass(frozen=True)
class Claimed(Event):
    """The account claimed all that was credited to it."""

    account: str
    amount: int
