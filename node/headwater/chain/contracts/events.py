"""The contracts' events as Python values: their arguments in Solidity's order, and where they were emitted."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.curve import Point
from headwater.protocol.openings import Encoding
from headwater.protocol.phases import Kind, Phase, Question
from headwater.protocol.possession import PossessionProof
from headwater.protocol.slots import Reason
from headwater.protocol.structs import Link, Parent, Posting, Scoring, Setup, TaskConfig


@dataclass(frozen=True, kw_only=True)
class Event:
    """Where an event was emitted."""

    address: str
    block_number: int
    transaction_hash: bytes
    log_index: int


@dataclass(frozen=True)
class TaskCreated(Event):
    """A task was published, with all that it fixes."""

    task_id: int
    creator: str
    manifest: bytes
    pool: int
    config: TaskConfig


@dataclass(frozen=True)
class Enrolled(Event):
    """A trainer enrolled with its mask key, x * (1, 2) with its secret x, and a proof that it knows x."""

    task_id: int
    trainer: str
    mask_key: Point
    possession: PossessionProof
    stake: int


@dataclass(frozen=True)
class DataRegistered(Event):
    """A trainer registered the commitment of data; `round` ran then."""

    task_id: int
    trainer: str
    data_hash: bytes
    data: Point
    round: int


@dataclass(frozen=True)
class Unenrolled(Event):
    """A trainer is leaving the task; its stake can be released at `releasable_at`, Unix seconds."""

    task_id: int
    trainer: str
    releasable_at: int


@dataclass(frozen=True)
class Released(Event):
    """A trainer that left has its stake back, and is no longer enrolled."""

    task_id: int
    trainer: str
    stake: int


@dataclass(frozen=True)
class TrainerSlashed(Event):
    """A trainer had missed a duty in a round, or was at fault, and `slashed` of its stake was burnt."""

    task_id: int
    round: int
    trainer: str
    fault: bool
    slashed: int


@dataclass(frozen=True)
class Settled(Event):
    """A trainer's part in a round was settled by `settle`; `join` and `release` settle without a word."""

    task_id: int
    round: int
    trainer: str
    slashed: int


@dataclass(frozen=True)
class Joined(Event):
    """A trainer joined a round; `joined` are on its roster then."""

    task_id: int
    round: int
    trainer: str
    joined: int


@dataclass(frozen=True)
class Submitted(Event):
    """A trainer's update was accepted; `submitted` are then. `data_hashes`: of the data that its proofs are about."""

    task_id: int
    round: int
    trainer: str
    update: Point
    data_hashes: tuple[bytes, ...]
    submitted: int


@dataclass(frozen=True)
class LinksClaimed(Event):
    """A trainer claimed links whose proofs lie in storage; `first` is the index of the first of them, from 0."""

    task_id: int
    round: int
    trainer: str
    first: int
    links: tuple[Link, ...]


@dataclass(frozen=True)
class LinkProved(Event):
    """A link that was claimed was proved on chain."""

    task_id: int
    round: int
    trainer: str
    index: int


@dataclass(frozen=True)
class MaskingStarted(Event):
    """An attempt at masking started. The hash of `seed_block` makes its seed."""

    task_id: int
    round: int
    attempt: int
    members: int
    seed_block: int


@dataclass(frozen=True)
class SeedDrawn(Event):
    """An attempt's seed was drawn: it orders the members on the circle, by keccak256(seed ++ address)."""

    task_id: int
    round: int
    attempt: int
    seed: bytes


@dataclass(frozen=True)
class SeedRenewed(Event):
    """The chain forgot the hash of an attempt's seed block before anybody masked: that of `seed_block` counts now."""

    task_id: int
    round: int
    attempt: int
    seed_block: int


@dataclass(frozen=True)
class Masked(Event):
    """A trainer masked its update; `masked` of the attempt's members have then."""

    task_id: int
    round: int
    attempt: int
    trainer: str
    posting: Posting
    masked: int


@dataclass(frozen=True)
class Aggregated(Event):
    """A round's average was accepted; its bytes can be demanded now. `cid` is the digest of the model document."""

    task_id: int
    round: int
    aggregator: str
    old_model_hash: bytes
    new_model_hash: bytes
    average: Point
    cid: bytes


@dataclass(frozen=True)
class AverageRevoked(Event):
    """An average was taken back: nobody showed its bytes in time. `slashed` of the aggregator's stake was burnt."""

    task_id: int
    round: int
    aggregator: str
    slashed: int


@dataclass(frozen=True)
class FirstModelWithheld(Event):
    """The task ended: nobody showed its first model's bytes in time. `slashed` of its pool was burnt."""

    task_id: int
    creator: str
    slashed: int


@dataclass(frozen=True)
class Accused(Event):
    """A member was accused and has until `deadline` to answer, Unix seconds."""

    task_id: int
    round: int
    attempt: int
    trainer: str
    deadline: int


@dataclass(frozen=True)
class Acquitted(Event):
    """A member was acquitted; `deadline` is the phase's then, Unix seconds."""

    task_id: int
    round: int
    attempt: int
    trainer: str
    deadline: int


@dataclass(frozen=True)
class Convicted(Event):
    """A member was convicted: it is left out when the attempt ends, and loses stake. `deadline` is the phase's then.

    Out of the slash it owes `owed` to `payee`, who showed it; the zero address if nobody is to be paid.
    """

    task_id: int
    round: int
    attempt: int
    trainer: str
    payee: str
    owed: int
    deadline: int


@dataclass(frozen=True)
class ModelAccused(Event):
    """The bytes of the average, in Challenge, or of the first model, in Join, were demanded."""

    task_id: int
    round: int
    accused: str
    deadline: int


@dataclass(frozen=True)
class ModelAcquitted(Event):
    """The bytes that were demanded were shown."""

    task_id: int
    round: int
    accused: str


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
    parent_hash: bytes
    commitment: Point
    cid: bytes


@dataclass(frozen=True)
class OriginRecorded(Event):
    """What a task's first model is made of: floor(sum of coefficient_i w_i / divisor)."""

    task_id: int
    parents: tuple[Parent, ...]
    divisor: int


@dataclass(frozen=True)
class ContractURIUpdated(Event):
    """ERC-7572's; the registry declares it and cannot emit it."""


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
    """Free stake was locked for a task; `free` is what is left, `locked` what the task has locked of it then."""

    task_id: int
    trainer: str
    amount: int
    free: int
    locked: int


@dataclass(frozen=True)
class Unlocked(Event):
    """Stake locked for a task became free again; `free` is all that is then, `locked` what the task has left of it."""

    task_id: int
    account: str
    amount: int
    free: int
    locked: int


@dataclass(frozen=True)
class Escrowed(Event):
    """An amount was escrowed for a task's rewards; `escrow` is the task's then."""

    task_id: int
    amount: int
    escrow: int


@dataclass(frozen=True)
class Credited(Event):
    """An amount of a task's escrow was credited to the account; `claimable` is all it can claim then."""

    task_id: int
    account: str
    amount: int
    escrow: int
    claimable: int


@dataclass(frozen=True)
class Claimed(Event):
    """The account claimed all that was credited to it."""

    account: str
    amount: int


@dataclass(frozen=True)
class Slashed(Event):
    """Stake locked for a task was taken and, but for what is `Compensated`, burnt; `locked` is what is left of it."""

    task_id: int
    account: str
    amount: int
    locked: int


@dataclass(frozen=True)
class Compensated(Event):
    """Of what was slashed in the same transaction, an amount was credited to the account for its gas."""

    task_id: int
    account: str
    amount: int
    claimable: int


@dataclass(frozen=True)
class EscrowBurnt(Event):
    """An amount of a task's escrow was burnt; `escrow` is what is left of it."""

    task_id: int
    amount: int
    escrow: int


@dataclass(frozen=True)
class Bonded(Event):
    """An amount was taken in as a challenge's bond."""

    challenge_id: int
    amount: int


@dataclass(frozen=True)
class BondPaid(Event):
    """A challenge's bond was credited to the account; `claimable` is all it can claim then."""

    challenge_id: int
    account: str
    amount: int
    claimable: int


@dataclass(frozen=True)
class Challenged(Event):
    """A challenge was raised. `other` is the second member of a mask's, `model_hash` of a model's; else zeros.

    `answer_by` is when the time to answer is over, Unix seconds.
    """

    challenge_id: int
    task_id: int
    accused: str
    kind: Kind
    round: int
    attempt: int
    challenger: str
    other: str
    bond: int
    answer_by: int
    model_hash: bytes


@dataclass(frozen=True)
class UpdateOpened(Event):
    """A masked update was opened: its entries are in the `PartShown` of `commitment_hash` and `root`."""

    task_id: int
    round: int
    attempt: int
    trainer: str
    commitment_hash: bytes
    root: bytes


@dataclass(frozen=True)
class MaskOpened(Event):
    """A mask was opened: `shared` is the point that the two share."""

    task_id: int
    round: int
    attempt: int
    one: str
    other: str
    shared: Point


@dataclass(frozen=True)
class ModelOpened(Event):
    """A model was opened: its weights are in the `PartShown` of `commitment_hash`, of C([w | 0]), and `root`.

    `average` is 0 for the first model.
    """

    task_id: int
    round: int
    average: int
    commitment_hash: bytes
    root: bytes


@dataclass(frozen=True)
class BondReturned(Event):
    """A challenge's bond was credited to `to`: to the challenged who answered, or back to the challenger."""

    challenge_id: int
    to: str
    bond: int


@dataclass(frozen=True)
class PartShown(Event):
    """A part of a vector was shown, bytes. Whether the vector is the commitment's, only `Opened` says."""

    commitment_hash: bytes
    root: bytes
    index: int
    part: bytes


@dataclass(frozen=True)
class Progressed(Event):
    """Of a claim's vector, `shown` entries are then shown in parts, or expanded of a mask."""

    task_id: int
    commitment_hash: bytes
    root: bytes
    commitment: Point
    encoding: Encoding
    entries: int
    shown: int


@dataclass(frozen=True)
class Opened(Event):
    """A commitment was shown to be that of the vector that `root` fixes; `kept` says that `is_open` knows it."""

    task_id: int
    commitment_hash: bytes
    root: bytes
    commitment: Point
    encoding: Encoding
    entries: int
    quotient: Point
    kept: bool


@dataclass(frozen=True)
class InferenceOpened(Event):
    """A task's models can be asked about rows from then on."""

    task_id: int
    setup: Setup


@dataclass(frozen=True)
class RowIssued(Event):
    """An issuer vouches for a row of an account."""

    task_id: int
    issuer: str
    account: str
    row_hash: bytes
    commitment: Point


@dataclass(frozen=True)
class RowTakenBack(Event):
    """An issuer vouches for a row no more."""

    task_id: int
    issuer: str
    row_hash: bytes


@dataclass(frozen=True)
class InferenceRecorded(Event):
    """An answer was recorded, for everybody to see."""

    task_id: int
    round: int
    account: str
    issuer: str
    row_hash: bytes
    question: Question
    value: int
    answer: bool
    nonce: int
    inference_id: bytes


@dataclass(frozen=True)
class InferenceVerified(Event):
    """An inference was proved, by ERC-7992's names: model id, commitment to all inputs, output."""

    model_id: int
    input_commitment: bytes
    output: bytes
    caller: str


@dataclass(frozen=True)
class InferenceStored(Event):
    """An inference was kept, by ERC-7992's id."""

    inference_id: bytes


@dataclass(frozen=True)
class ScoringOpened(Event):
    """A task was opened for scores."""

    task_id: int
    scoring: Scoring


@dataclass(frozen=True)
class DataHeldOut(Event):
    """Held-out data were registered while `round` ran; if `fresh`, its own model counts."""

    task_id: int
    holder: str
    data_hash: bytes
    data: Point
    round: int
    fresh: bool


@dataclass(frozen=True)
class Attested(Event):
    """A score of a round's model was proved and recorded."""

    task_id: int
    round: int
    attester: str
    data_hash: bytes
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class CompositionDeclared(Event):
    """The composition of committed data was proved and recorded."""

    task_id: int
    owner: str
    data_hash: bytes
    counts: tuple[int, ...]


class GroupEvent(Event):
    """What happens to groups, and who is admitted by them: of no task's rounds, enrolments or money."""


@dataclass(frozen=True)
class GroupCreated(GroupEvent):
    """A group was made in Semaphore."""

    group_id: int


@dataclass(frozen=True)
class GroupAdminUpdated(GroupEvent):
    """A group has another admin; the zero address had it before it was made."""

    group_id: int
    old_admin: str
    new_admin: str


@dataclass(frozen=True)
class GroupAdminPending(GroupEvent):
    """A group's admin offers it to another account, which may accept."""

    group_id: int
    old_admin: str
    new_admin: str


@dataclass(frozen=True)
class GroupMerkleTreeDurationUpdated(GroupEvent):
    """A group's roots expire in another time, seconds."""

    group_id: int
    old_merkle_tree_duration: int
    new_merkle_tree_duration: int


@dataclass(frozen=True)
class MemberAdded(GroupEvent):
    """A member was added to a group, at a place in its tree."""

    group_id: int
    index: int
    identity_commitment: int
    merkle_tree_root: int


@dataclass(frozen=True)
class MembersAdded(GroupEvent):
    """Members were added to a group, at a place in its tree and those after it."""

    group_id: int
    start_index: int
    identity_commitments: tuple[int, ...]
    merkle_tree_root: int


@dataclass(frozen=True)
class MemberUpdated(GroupEvent):
    """A member of a group was exchanged for another; for zero, it was removed."""

    group_id: int
    index: int
    identity_commitment: int
    new_identity_commitment: int
    merkle_tree_root: int


@dataclass(frozen=True)
class MemberRemoved(GroupEvent):
    """A member was removed from a group: its place is empty for good."""

    group_id: int
    index: int
    identity_commitment: int
    merkle_tree_root: int


@dataclass(frozen=True)
class ProofValidated(GroupEvent):
    """A proof was spent in Semaphore itself, which headwater does not do."""

    group_id: int
    merkle_tree_depth: int
    merkle_tree_root: int
    nullifier: int
    message: int
    scope: int
    points: tuple[int, ...]


@dataclass(frozen=True)
class Admitted(GroupEvent):
    """A module admitted a trainer to a task; the nullifier is its identity's there."""

    task_id: int
    trainer: str
    nullifier: int


@dataclass(frozen=True)
class AdmittedToPool(GroupEvent):
    """A module admitted a contributor to a pool; the nullifier is its identity's there."""

    pool_id: int
    contributor: str
    nullifier: int


@dataclass(frozen=True)
class ModuleCreated(GroupEvent):
    """The admission module of a list of groups was made."""

    module: str
    group_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class PoolEvent(Event):
    """An event of Pools, which stands beside the others."""


@dataclass(frozen=True)
class PoolOpened(PoolEvent):
    """A pool was opened. Times are Unix seconds; `sum` is C(0)."""

    task_id: int
    pool_id: int
    owner: str
    slots: int
    closes_at: int
    expires_at: int
    admission: str
    key: bytes
    sum: Point


@dataclass(frozen=True)
class RowContributed(PoolEvent):
    """A contributor took a slot; `cid` is the digest of the document with the proof and the sealed row."""

    pool_id: int
    contributor: str
    slot: int
    commitment: Point
    cid: bytes
    sum: Point


@dataclass(frozen=True)
class RowWithdrawn(PoolEvent):
    """A contributor gave its slot back."""

    pool_id: int
    contributor: str
    slot: int
    sum: Point


@dataclass(frozen=True)
class RowLeftOut(PoolEvent):
    """A contributor was left out by the pool's owner; its slot is free."""

    pool_id: int
    contributor: str
    slot: int
    reason: Reason
    sum: Point


@dataclass(frozen=True)
class PoolClosed(PoolEvent):
    """A pool was closed: `pooled` is its sum with `blinding`, and the owner's data in the task."""

    task_id: int
    pool_id: int
    data_hash: bytes
    pooled: Point
    blinding: Point
    cid: bytes
