"""The contracts' structs as Python values. Fields follow Solidity's, in its order, in snake_case.

Amounts are in wei, times in Unix seconds, hashes and digests 32 bytes, addresses checksummed text.
"""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.curve import Point
from headwater.protocol.phases import Kind, Phase, TrainerStatus


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


@dataclass(frozen=True)
class TaskState:
    """What changes while a task runs.

    Attributes:
        deadline: the first second in which the phase's work is refused; 0 after the task's end.
        round: the running round; after the end, the last one.
        submitted: how many updates of the running round are accepted.
        attempt: which attempt at masking runs or has succeeded, from 1; 0 before Mask.
        members: how many trainers the attempt has; all of them must mask.
        accused: how many are accused or guilty in the attempt that is aggregated; 1 in Challenge or Join if the model's
            bytes are demanded.
        model_hash: keccak256 of the current model's commitment; in Challenge still that which the round started from.
        sum: C([sum of w' | tag | sum of salts]) of those who masked; means nothing before an attempt's first.
        seed: what orders the attempt's members on the circle.
        average: in Challenge, the commitment of the average that was accepted.
        average_cid: the digest of its document.
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
    accused: int
    phase: Phase
    model_hash: bytes
    sum: Point
    seed: bytes
    average: Point
    average_cid: bytes

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
        aggregator: who posted the average; the zero address unless the round is finalized, or in Challenge.
        averages: how many averages were accepted in it, those that were taken back included.
        ended_at: 0 while the round runs.
    """

    phase: Phase
    attempt: int
    masked: int
    aggregator: str
    fee_collected: bool
    averages: int
    ended_at: int


@dataclass(frozen=True)
class RosterEntry:
    """A trainer's part in one round.

    Attributes:
        attempt: the last attempt in which it has masked its update, from 1; 0 if it has in none.
        update_hash: first 29 bytes of keccak256(update x, update y).
        posting_hash: of what it last masked with; zero before.
    """

    status: TrainerStatus
    attempt: int
    update_hash: bytes
    posting_hash: bytes


@dataclass(frozen=True)
class Enrolment:
    """A trainer's enrolment in a task.

    Attributes:
        data_hash: keccak256 of its data commitment, zero if it is not enrolled.
        mask_key_hash: keccak256 of its mask key.
        stake: what is locked for this enrolment: the task's stake, less what was slashed since it last joined.
        unsettled: the last round it joined that is not settled; 0 if there is none.
        releasable_at: when its stake can be released; 0 unless it is leaving.
    """

    data_hash: bytes
    mask_key_hash: bytes
    stake: int
    unsettled: int
    releasable_at: int

    @property
    def exists(self) -> bool:
        """Whether the trainer is enrolled."""
        return any(self.data_hash)


@dataclass(frozen=True)
class PeerMask:
    """A trainer's mask with one peer, as committed to."""

    peer: str
    commitment: Point


@dataclass(frozen=True)
class Posting:
    """What a trainer posts in an attempt at masking.

    Attributes:
        update: the commitment of its update without masks.
        cid: digest of the update document, which holds the masked update.
        masks: one for each of its peers, addresses ascending.
    """

    update: Point
    cid: bytes
    masks: tuple[PeerMask, ...]


@dataclass(frozen=True)
class Challenge:
    """A challenge.

    Attributes:
        bond: what the challenger put up, wei.
        accused: a member, the aggregator, or the creator.
        closed: whether it is answered, or its bond reclaimed.
        attempt: the attempt at masking; of a model, how many averages the round had accepted (0: the first model).
        other: of a mask, the other member; else the zero address.
    """

    challenger: str
    bond: int
    accused: str
    kind: Kind
    closed: bool
    round: int
    attempt: int
    other: str
    task_id: int


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


@dataclass(frozen=True)
class Record:
    """A model as ERC-7992 describes one, and its lineage; `IModelRegistry.Record` defines each field.

    Attributes:
        proof_system_id: 4 bytes.
        uri: `ipfs://` and the CID of the model document.
        parent: the round that made the model it was trained from; 0 for the first model, too.
        parent_hash: its model hash; zero for the first model.
        manifest: digest of the task manifest, and so equal to `circuit_hash`.
    """

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


@dataclass(frozen=True)
class TaskSummary:
    """A task in a list. `next` is the phase to which `advance` would move it now; `models` counts the first, too."""

    task_id: int
    creator: str
    manifest: bytes
    pool: int
    stake: int
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
    """All there is to see of a task, at one block: the running round, the latest model, how many there are."""

    block_number: int
    timestamp: int
    config: TaskConfig
    state: TaskState
    next: Phase
    round: Round
    model: Model
    models: int
    escrow: int
    tag: int


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
