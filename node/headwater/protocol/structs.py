"""The contracts' structs as Python values. Fields follow Solidity's, in its order, in snake_case.

Amounts are in wei, times in Unix seconds, hashes and digests 32 bytes, addresses text: checksummed where a node reads
them from a chain, in lower case in the machine. What a contract changes is not frozen: the machine changes it, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.openings import Encoding
from headwater.protocol.pairing import G2
from headwater.protocol.phases import Kind, Phase, Question, TrainerStatus

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_HASH = bytes(32)


@dataclass(frozen=True)
class Addresses:
    """Where the contracts of a deployment stand, of which each knows all. The lens is not among them."""

    task_manager: str
    round_manager: str
    trainer_registry: str
    reward_manager: str
    stake_manager: str
    model_registry: str
    challenge_manager: str
    openings: str
    proof_manager: str


@dataclass(frozen=True)
class TaskConfig:
    """All that a task fixes for good; `ITaskManager.TaskConfig` says what each field means and what to check."""

    train_verifier: str
    train_code_hash: bytes
    average_verifier: str
    average_code_hash: bytes
    score_verifier: str
    score_code_hash: bytes
    manifest: bytes
    srs: bytes
    k: int
    dimension: int
    rounds: int
    min_trainers: int
    max_trainers: int
    max_links: int
    review_period: int
    quiet_bound: int
    admission: str
    join_period: int
    train_period: int
    mask_period: int
    aggregate_period: int
    challenge_period: int
    answer_period: int
    unbonding_period: int
    stake: int
    aggregator_fee: int
    challenge_bond: int
    fault_slash: int
    absence_slash: int
    offset: Point
    basis0: Point
    basis1: Point
    basis_d: Point
    tau: G2


@dataclass(frozen=True)
class TaskRecord:
    """A task as it is kept: its config, and who published it. Solidity's `ITaskManager.Task`."""

    creator: str
    config: TaskConfig


@dataclass(frozen=True)
class Parent:
    """A model that another is made of, and by what it is multiplied."""

    task_id: int
    round: int
    coefficient: int


@dataclass(frozen=True)
class Origin:
    """What a task's first model comes from; `ITaskManager.Origin` has the three kinds.

    Attributes:
        model: without parents C([w | 0]); else not read.
        models: the parents' commitments, with their tags.
        divisor: what the sum is divided by; 0 without parents.
        proof: of a merge; else empty.
    """

    model: Point = INFINITY
    parents: tuple[Parent, ...] = ()
    models: tuple[Point, ...] = ()
    divisor: int = 0
    proof: bytes = b""


@dataclass
class TaskState:
    """What changes while a task runs.

    Attributes:
        deadline: the first second in which the phase's work is refused; 0 after the task's end.
        round: the running round; after the end, the last one.
        submitted: how many updates of the running round are accepted.
        attempt: which attempt at masking runs or has succeeded, from 1; 0 before Mask.
        members: how many trainers the attempt has; all of them must mask. In Review, how many updates are reviewed.
        accused: how many are accused or guilty in the attempt that is aggregated, or accused in Review; 1 in Challenge
            or Join if the model's bytes are demanded.
        convicted: how many of the attempt's members were convicted: they have no share.
        seed_block: the block whose hash makes the attempt's seed, until the first member masks; then 0.
        model_hash: keccak256 of the current model's commitment; in Challenge still that which the round started from.
        sum: C([sum of w' | tag | sum of salts]) of those who masked; means nothing before an attempt's first.
        seed: what orders the attempt's members on the circle; means nothing while `seed_block` is not 0.
        average: in Challenge, the commitment of the average that was accepted.
        average_cid: the digest of its document.
    """

    deadline: int = 0
    round: int = 0
    joined: int = 0
    submitted: int = 0
    attempt: int = 0
    members: int = 0
    accused: int = 0
    convicted: int = 0
    phase: Phase = Phase.NONE
    seed_block: int = 0
    model_hash: bytes = ZERO_HASH
    sum: Point = INFINITY
    seed: bytes = ZERO_HASH
    average: Point = INFINITY
    average_cid: bytes = ZERO_HASH

    @property
    def has_ended(self) -> bool:
        """Whether the task's last round is over."""
        return self.phase.is_end


@dataclass
class Round:
    """One round.

    Attributes:
        attempt: the last attempt at masking, from 1; 0 if there was none.
        masked: how many trainers have masked in it; if the round is finalized, how many updates the model averages.
        aggregator: who posted the average; the zero address unless the round is finalized, or in Challenge.
        averages: how many averages were accepted in it, those that were taken back included.
        ended_at: 0 while the round runs.
    """

    phase: Phase = Phase.NONE
    attempt: int = 0
    masked: int = 0
    aggregator: str = ZERO_ADDRESS
    averages: int = 0
    ended_at: int = 0


@dataclass
class RosterEntry:
    """A trainer's part in one round.

    Attributes:
        attempt: the last attempt in which it has masked its update, from 1; 0 if it has in none.
        update_hash: first 29 bytes of keccak256(update x, update y).
        posting_hash: of what it last masked with; zero before.
    """

    status: TrainerStatus = TrainerStatus.NONE
    attempt: int = 0
    update_hash: bytes = bytes(29)
    posting_hash: bytes = ZERO_HASH


@dataclass
class Enrolment:
    """A trainer's enrolment in a task.

    Attributes:
        mask_key_hash: keccak256 of its mask key, zero if it is not enrolled.
        stake: what is locked for this enrolment: the task's stake, less what was slashed since it last joined.
        round: the last round it joined that is not settled; 0 if there is none.
        releasable_at: when its stake can be released; 0 unless it is leaving.
    """

    mask_key_hash: bytes = ZERO_HASH
    stake: int = 0
    round: int = 0
    releasable_at: int = 0

    @property
    def exists(self) -> bool:
        """Whether the trainer is enrolled."""
        return any(self.mask_key_hash)


@dataclass
class Registration:
    """Whose data are behind a commitment, in which round they were registered, and when; all zero if nobody's."""

    owner: str = ZERO_ADDRESS
    round: int = 0
    registered_at: int = 0


@dataclass
class Pool:
    """A task's reward pool: what was escrowed, and what of it is owed, paid or burnt."""

    amount: int = 0
    spent: int = 0


@dataclass(frozen=True)
class PeerMask:
    """A trainer's mask with one peer, as committed to."""

    peer: str
    commitment: Point


@dataclass(frozen=True)
class Posting:
    """What a trainer posts in an attempt at masking.

    Attributes:
        seed: the attempt's, by which the sender knows its peers.
        update: the commitment of its update without masks.
        cid: digest of the update document, which holds the masked update.
        masks: one for each of its peers, addresses ascending.
    """

    seed: bytes
    update: Point
    cid: bytes
    masks: tuple[PeerMask, ...]


@dataclass
class Challenge:
    """A challenge.

    Attributes:
        bond: what the challenger put up, wei.
        accused: a member, the aggregator, or the creator.
        closed: whether it is answered, or its bond reclaimed.
        attempt: the attempt at masking; of a model, how many averages the round had accepted (0: the first model); of a
            proof, which link, from 0.
        other: of a mask, the other member; else the zero address.
        answer_by: when the time to answer is over: the bond is the challenger's again then.
        model_hash: of a model, keccak256 of its commitment; else zero.
    """

    challenger: str = ZERO_ADDRESS
    bond: int = 0
    accused: str = ZERO_ADDRESS
    kind: Kind = Kind.NONE
    closed: bool = False
    round: int = 0
    attempt: int = 0
    other: str = ZERO_ADDRESS
    task_id: int = 0
    answer_by: int = 0
    model_hash: bytes = ZERO_HASH


@dataclass(frozen=True)
class Link:
    """A proof that is not on chain: `IProofManager.Link`.

    Attributes:
        data_hash: keccak256 of the commitment of the data that it is about.
        update: the commitment of the update with which it ends.
        cid: digest of the document that holds the proof.
    """

    data_hash: bytes
    update: Point
    cid: bytes


@dataclass(frozen=True)
class Head:
    """What a trainer has claimed in a round: 31 bytes that stand for all its links in a row, and how many they are."""

    hash: bytes = bytes(31)
    count: int = 0


@dataclass(frozen=True)
class Score:
    """A score as it is shown: counts as the statement has them, each 4 times, and the proof."""

    right: int = 0
    used: int = 0
    proof: bytes = b""


@dataclass(frozen=True)
class Shown:
    """A link with its proof, as it is shown on chain.

    Attributes:
        before: the hash of the links before those given; zero if there are none.
        links: those claimed, from the one before the one that is shown on, or from the first, to the last.
        score: not read where the task asks for none.
    """

    before: bytes
    links: tuple[Link, ...]
    proof: bytes
    score: Score = Score()


@dataclass(frozen=True)
class Opening:
    """How a commitment is opened in an answer: what of a `Claim` the challenge does not say.

    Attributes:
        root: what fixes the vector; not read of a mask.
        vector: its bytes; empty of a mask, and where it was opened before.
        quotient: not read where it was opened before.
    """

    root: bytes = ZERO_HASH
    vector: bytes = b""
    quotient: Point = INFINITY


@dataclass(frozen=True)
class Claim:
    """What is said of a commitment: which vector it is of. `IOpenings.Claim`."""

    task_id: int
    commitment: Point
    encoding: Encoding
    entries: int
    root: bytes


@dataclass(frozen=True)
class Setup:
    """What a task's creator opens for inferences. `IInferences.Setup`."""

    verifier: str
    outputs: int
    code_hash: bytes


@dataclass(frozen=True)
class Row:
    """A row that an issuer vouches for; zeros if it does not. `IInferences.Row`."""

    account: str
    issued_at: int
    revoked_at: int


@dataclass(frozen=True)
class Query:
    """A question about a row. `IInferences.Query`."""

    task_id: int
    round: int
    issuer: str
    account: str
    question: Question
    value: int
    nonce: int


@dataclass(frozen=True)
class ModelCommitment:
    """Hashes that tie a model together, as ERC-7992 has them. `IZKMLVerifier.ModelCommitment`."""

    model_hash: bytes
    circuit_hash: bytes
    vk_hash: bytes
    proof_system_id: bytes
    uri: str


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
class Scoring:
    """What a task's scores and compositions are; `IAttestations.Scoring` says what each field means."""

    score_verifier: str
    score_code_hash: bytes
    composition_verifier: str
    composition_code_hash: bytes
    groups: int
    whole_groups: int
    each: int
    classes: int
    amounts: bool
    basis: tuple[Point, ...]
    attesters: tuple[str, ...]

    @property
    def numbers(self) -> int:
        """How many numbers a score has."""
        return self.each * max(1, self.groups)

    @property
    def counts(self) -> int:
        """How many numbers a composition has."""
        return self.classes * max(1, self.groups)


@dataclass
class HeldOut:
    """Whose held-out data are behind a commitment, since which round, and whether that round's own model counts."""

    holder: str = ZERO_ADDRESS
    round: int = 0
    fresh: bool = False
    registered_at: int = 0


@dataclass(frozen=True)
class Holding:
    """Held-out data with their hash."""

    data_hash: bytes
    data: HeldOut


@dataclass(frozen=True)
class Attestation:
    """A score of a round's model on held-out data."""

    attester: str
    data_hash: bytes
    round: int
    registered_at: int
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Composition:
    """Of which classes and groups the rows of committed data are."""

    owner: str
    data_hash: bytes
    counts: tuple[int, ...]


@dataclass(frozen=True)
class DataPool:
    """A pool of rows, of several contributors, that become one trainer's data. `IPools.DataPool`.

    Attributes:
        closes_at: until when slots are taken and given back, Unix seconds.
        expires_at: until when the owner may close it.
        key: what rows are sealed for: a public key of X25519.
        sum: C(sum of what the contributors committed to).
        data_hash: of the pooled commitment, the sum with the blinding; zero until it is closed.
    """

    task_id: int
    owner: str
    closes_at: int
    expires_at: int
    slots: int
    admission: str
    contributors: int
    closed: bool
    key: bytes
    sum: Point
    data_hash: bytes


@dataclass(frozen=True)
class Contribution:
    """What a contributor has in a pool. commitment_hash: the first 29 bytes; all zero if it has nothing."""

    commitment_hash: bytes
    slot: int

    @property
    def exists(self) -> bool:
        """Whether it has a slot."""
        return any(self.commitment_hash)
