"""What the contracts keep, field for field as Solidity's structs have it, and how they refuse.

Amounts are in wei, times in Unix seconds, hashes and digests 32 bytes, addresses text as `masks` has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.phases import Kind, Phase, TrainerStatus

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_HASH = bytes(32)


class Refused(Exception):
    """A call that a contract reverts: the custom error's name, and its arguments in Solidity's order."""

    def __init__(self, error: str, *arguments: object) -> None:
        super().__init__(error, *arguments)
        self.error = error
        self.arguments = arguments


@dataclass
class Block:
    """What a call sees of the block it is in: its number, its time, and the hash of the block before."""

    number: int = 0
    time: int = 0
    parent_hash: bytes = ZERO_HASH


@dataclass(frozen=True)
class TaskConfig:
    """All that a task fixes for good."""

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
    challenge_bond: int
    answer_period: int
    challenge_period: int
    unbonding_period: int
    fault_slash: int
    absence_slash: int
    train_code_hash: bytes
    average_code_hash: bytes
    manifest: bytes
    srs: bytes
    basis_hash: bytes
    offset: Point
    basis0: Point
    basis1: Point
    basis_d: Point


@dataclass
class TaskState:
    """What changes while a task runs."""

    creator: str
    pool: int
    spent: int = 0
    deadline: int = 0
    round: int = 0
    joined: int = 0
    submitted: int = 0
    attempt: int = 0
    members: int = 0
    accused: int = 0
    phase: Phase = Phase.NONE
    model_hash: bytes = ZERO_HASH
    sum: Point = INFINITY
    seed: bytes = ZERO_HASH
    average: Point = INFINITY
    average_cid: bytes = ZERO_HASH


@dataclass
class Round:
    """One round."""

    phase: Phase = Phase.NONE
    attempt: int = 0
    masked: int = 0
    aggregator: str = ZERO_ADDRESS
    fee_collected: bool = False
    averages: int = 0
    ended_at: int = 0


@dataclass
class RosterEntry:
    """A trainer's part in one round. `update_hash` has 29 bytes."""

    status: TrainerStatus = TrainerStatus.NONE
    attempt: int = 0
    update_hash: bytes = bytes(29)
    posting_hash: bytes = ZERO_HASH


@dataclass
class Enrolment:
    """A trainer's enrolment in a task."""

    data_hash: bytes = ZERO_HASH
    mask_key_hash: bytes = ZERO_HASH
    stake: int = 0
    unsettled: int = 0
    releasable_at: int = 0


class PeerMask(NamedTuple):
    """A trainer's mask with one peer, as committed to."""

    peer: str
    commitment: Point


@dataclass(frozen=True)
class Posting:
    """What a trainer posts in an attempt at masking. `masks`: addresses ascending."""

    update: Point
    cid: bytes
    masks: tuple[PeerMask, ...]


@dataclass(frozen=True)
class Model:
    """A model and how it came about."""

    model_hash: bytes
    cid: bytes
    round: int
    trainers: int
    aggregator: str
    timestamp: int


@dataclass(frozen=True)
class Record:
    """A model with its lineage; its task's manifest twice, as the circuits' hash and as what to read."""

    model_hash: bytes
    circuit_hash: bytes
    vk_hash: bytes
    proof_system_id: bytes
    uri: str
    task_id: int
    round: int
    parent: int
    parent_hash: bytes
    trainers: int
    aggregator: str
    timestamp: int
    creator: str
    manifest: bytes


@dataclass
class Challenge:
    """A challenge."""

    challenger: str = ZERO_ADDRESS
    bond: int = 0
    accused: str = ZERO_ADDRESS
    kind: Kind = Kind.NONE
    closed: bool = False
    round: int = 0
    attempt: int = 0
    other: str = ZERO_ADDRESS
    task_id: int = 0
