"""Rounds played by hand: the contracts on a chain, one small task, four members with real proofs, no node between.

Stages of the first round are snapshots, as in `tests.support.roles`. At each of them a contract can be exchanged for a
weakened copy that has the same storage, see `weakened`: what an attack does to the copy is then forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.contracts.events import Challenged, Submitted, TaskCreated
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Receipt, Sender
from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.openings import basis_quotient, tau_g2, vector_quotient
from headwater.protocol import equal_log, possession
from headwater.protocol.curve import Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P, add, pack, to_signed
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import (
    Attempt,
    Mask,
    circle,
    mask_key,
    masked,
    masks,
    pair_seed,
    peers,
    prg,
    shared_point,
)
from headwater.protocol.openings import Encoding, encode, root_of
from headwater.protocol.phases import TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    ZERO_HASH,
    Enrolment,
    Link,
    Opening,
    Origin,
    PeerMask,
    Posting,
    RosterEntry,
    TaskConfig,
    TaskState,
)
from headwater.protocol.vectors import Basis, average, model_input, public_input, update_length
from headwater.roles.task import point_hash
from tests.support.circuits import SMALL, K, data_matrix, flat, train_salts
from tests.support.roles import SharedCircuit
from tests.support.weakened_contracts import Code, Weakness

ETHER = 10**18
STAKE, FEE, BOND, POOL = ETHER, ETHER // 10, ETHER // 100, 2 * ETHER
FAULT, ABSENCE = 5_000, 1_000
PERIOD, UNBONDING = 3600, 900
STAGES = ("created", "enrolled", "training", "masking", "aggregating", "challenging", "finalized")
CREATOR, AGGREGATOR, OUTSIDER, PARTNER = 0, 6, 7, 8  # accounts
MEMBERS = (1, 2, 3, 4)  # accounts
MODEL, DATA, SALTS, UPDATE = range(4)  # points of a training proof
ZERO = [0] * SMALL.dimension
CID = hashlib.sha256(b"a document").digest()
YES = bytes.fromhex("60015f5260205ff3")  # code that answers every call with 1
YES_CREATION = bytes.fromhex("60088060095f395ff3") + YES


@dataclass(frozen=True)
class Masking:
    """What a member knows when it masks: its update, and its masks of the running attempt."""

    update: Sequence[int]
    masks: Sequence[Mask]
    posting: Posting

    @property
    def vector(self) -> list[int]:
        """Its masked update."""
        return masked(self.update, self.masks)

    def committing(self, peer: str, commitment: Point) -> Self:
        """The same, with another commitment to one of its masks."""
        changed = (replace(m, commitment=commitment) if m.peer == peer else m for m in self.posting.masks)
        return replace(self, posting=replace(self.posting, masks=tuple(changed)))

    def masking_with(self, peer: str, vector: Sequence[int], commitment: Point) -> Self:
        """The same with another mask, and the masked update and commitment that follow: its own books are right."""
        changed = [mask._replace(vector=list(vector)) if mask.peer == peer else mask for mask in self.masks]
        return replace(self.committing(peer, commitment), masks=changed)


class Arena:
    """The task has id 1: three to four trainers, two rounds. `at` moves between stages.

    Attributes:
        keys: mask keys of accounts that enrolled with another than their own.
    """

    def __init__(self, anvil: Anvil, folder: Path, home: Path, train: Circuit, average_: Circuit) -> None:
        self.anvil, self.deployments = anvil, folder / "deployments"
        self.chain = connect(anvil.url)
        self.senders = [Sender(self.chain, key) for key in anvil.accounts]
        self.deployment = deploy(self.senders[CREATOR], folder / "deployments", home).deployment
        self.contracts = contracts = open_contracts(self.chain, folder / "deployments")
        self.tasks, self.rounds, self.trainers = contracts.tasks, contracts.rounds, contracts.trainers
        self.rewards, self.stakes, self.models = contracts.rewards, contracts.stakes, contracts.models
        self.challenges, self.openings = contracts.challenges, contracts.openings
        self.weak: Mapping[Weakness, Code] = {}
        self.keys: dict[int, Point] = {}
        self.stand_ins: dict[int, str] = {}
        self.train, self.average = (SharedCircuit(c.folder, c.statement, c.srs, c.manifest) for c in (train, average_))
        self.basis: Basis = train.srs.basis(update_length(SMALL.dimension))
        self.basis_quotient = basis_quotient(train, SMALL.dimension)
        self.config = self._config()
        self.task_id = self.create()
        self._snapshots = [("created", self.snapshot())]

    def _config(self) -> TaskConfig:
        verifiers = []
        for circuit in (self.train, self.average):
            address, _ = self.senders[CREATOR].deploy(bytes.fromhex(circuit.verifier.bytecode[2:]), "verifier")
            verifiers.append((address, self.chain.code_hash(address)))
        (train, train_hash), (average_, average_hash) = verifiers
        points = self.basis.points
        return TaskConfig(
            train_verifier=train,
            train_code_hash=train_hash,
            average_verifier=average_,
            average_code_hash=average_hash,
            score_verifier=ZERO_ADDRESS,
            score_code_hash=ZERO_HASH,
            manifest=CID,
            srs=bytes.fromhex(self.train.srs.id),
            k=K,
            dimension=SMALL.dimension,
            rounds=2,
            min_trainers=3,
            max_trainers=4,
            max_links=2,
            review_period=0,
            quiet_bound=0,
            admission=ZERO_ADDRESS,
            join_period=PERIOD,
            train_period=PERIOD,
            mask_period=PERIOD,
            aggregate_period=PERIOD,
            challenge_period=PERIOD,
            answer_period=PERIOD,
            unbonding_period=UNBONDING,
            stake=STAKE,
            aggregator_fee=FEE,
            challenge_bond=BOND,
            fault_slash=FAULT,
            absence_slash=ABSENCE,
            offset=self.basis.offset,
            basis0=points[0],
            basis1=points[1],
            basis_d=points[SMALL.dimension],
            tau=tau_g2(self.train.srs),
        )

    def creating(self, model: Point, quotient: Point | None = None, **changes: Any) -> Call:
        """The call that creates a task with the config, but for changes of it. model: C([w | 0]) of the first."""
        config, origin = replace(self.config, **changes), Origin(model)
        return self.tasks.create_task(config, quotient or self.basis_quotient, origin, CID, POOL)

    def create(self, first: Sequence[int] = ZERO, **changes: Any) -> int:
        """A task with the config, but for changes of it, that starts from the weights `first`."""
        call = self.creating(self.basis.commit(first), **changes)
        return self.senders[CREATOR].send(call).event(TaskCreated).task_id

    def around(self, task_id: int) -> Self:
        """The same arena around another task."""
        other = copy(self)
        other.task_id, other.keys = task_id, {}
        return other

    def entered(self, **changes: Any) -> Self:
        """The same arena around another such task, whose roster the members fill: its Train runs."""
        other = self.around(self.create(**changes))
        for i in MEMBERS:
            other.enrol(i, self.data(i)[1])
            other.send(i, self.rounds.join(other.task_id))
        return other

    # ---- stages

    def at(self, stage: str) -> Self:
        """The arena at a stage of the first round, however it was left."""
        wanted = STAGES.index(stage)
        kept = self._snapshots[: wanted + 1]
        name, snapshot = kept.pop()
        self.rpc("evm_revert", snapshot)  # which forgets that snapshot and the later ones
        self._snapshots = [*kept, (name, self.snapshot())]
        for following in STAGES[len(kept) + 1 : wanted + 1]:
            getattr(self, f"_{following}")()
            self._snapshots.append((following, self.snapshot()))
        return self

    def _enrolled(self) -> None:
        for i in MEMBERS:
            self.enrol(i, self.data(i)[1])
        for account in (AGGREGATOR, OUTSIDER, PARTNER):
            self.send(account, self.stakes.deposit(STAKE))

    def _training(self) -> None:
        for i in MEMBERS:
            self.send(i, self.rounds.join(self.task_id))

    def _masking(self) -> None:
        for i in MEMBERS:
            self.submit(i)

    def _aggregating(self) -> None:
        for i in MEMBERS:
            self.mask(i)

    def _challenging(self) -> None:
        self.aggregate()

    def _finalized(self) -> None:
        self.pass_phase()

    def snapshot(self) -> str:
        """An id to revert to, once."""
        return str(self.rpc("evm_snapshot"))

    @contextmanager
    def weakened(self, *weaknesses: Weakness) -> Iterator[None]:
        """The arena with weakened copies in the contracts' places. What happens meanwhile is forgotten in the end."""
        with self.forgotten():
            for weakness in weaknesses:
                at = {name: record.address for name, record in self.deployment.records.items()}
                code = self.weak[weakness].filled(at)
                self.rpc("anvil_setCode", at[weakness.contract], "0x" + code.hex())
            yield

    @contextmanager
    def saying_yes(self) -> Iterator[None]:
        """The arena with a verifier for training that accepts anything. What happens stays."""
        verifier = self.config.train_verifier
        code = self.chain.code(verifier)
        self.rpc("anvil_setCode", verifier, "0x" + YES.hex())
        try:
            yield
        finally:
            self.rpc("anvil_setCode", verifier, "0x" + code.hex())

    @contextmanager
    def forgotten(self) -> Iterator[None]:
        """What happens inside is forgotten in the end."""
        before = self.snapshot()
        try:
            yield
        finally:
            self.rpc("evm_revert", before)

    # ---- what members hold

    @property
    def tag(self) -> int:
        """The task's tag."""
        return self.tasks.tag(self.task_id)

    @cache  # noqa: B019 - one arena a session
    def data(self, i: int) -> tuple[list[int], Point]:
        """A member's data vector and its commitment."""
        vector = flat(SMALL, *data_matrix(SMALL, SMALL.rows - i, seed=i), seed=i)
        return vector, self.train.commit(vector)

    def proof(self, i: int, weights: Sequence[int] = ZERO, tag: int | None = None) -> Proof:
        """A member's proof of training from a model; its output is the update."""
        model = model_input(weights, self.tag if tag is None else tag)
        return self.train.prove([model, self.data(i)[0], train_salts(100 + i)])

    def attempt(self) -> Attempt:
        """The attempt at masking that runs, whose members are those who have masked in the one before."""
        state = self.state
        updates = {}
        for event in self.rounds.events(Submitted, task_id=self.task_id, round=state.round):
            entry = self.entry(self.number(event.trainer), state.round)
            if entry.status is TrainerStatus.SUBMITTED and entry.attempt + 1 >= state.attempt:
                updates[event.trainer] = event.update
        return Attempt(self.tag, state.round, state.attempt, circle(updates, self.seed), updates)

    @property
    def seed(self) -> bytes:
        """The seed of the attempt that runs: drawn, or as the first member will draw it."""
        state = self.state
        if not state.seed_block:
            return state.seed
        drawn = bytes(self.anvil.web3.eth.get_block(state.seed_block)["hash"])
        words = (self.task_id, state.round, state.attempt)
        return keccak256(drawn + b"".join(word.to_bytes(32, "big") for word in words))

    def shared(self, i: int, peer: str) -> Point:
        """What a member and a peer share."""
        return shared_point(secret(i), self.key(self.number(peer)))

    def key(self, account: int) -> Point:
        """The mask key with which an account is enrolled."""
        return self.keys.get(account, mask_key(secret(account)))

    def masking(self, i: int) -> Masking:
        """What an honest member does in the attempt that runs."""
        attempt, me, update = self.attempt(), self.address(i), list(self.proof(i).output)
        shared = {peer: self.shared(i, peer) for peer in peers(attempt.circle, me)}
        own = masks(attempt, me, shared, len(update))
        peer_masks = tuple(PeerMask(mask.peer, self.train.commit(mask.vector)) for mask in own)
        cid = hashlib.sha256(pack(masked(update, own))).digest()
        return Masking(update, own, Posting(self.seed, attempt.updates[me], cid, peer_masks))

    def averaging(self, members: Sequence[int] = MEMBERS, account: int = AGGREGATOR, n: int | None = None) -> Proof:
        """A proof of the average of these members' updates, divided by their number or any other."""
        summed, d = add([list(self.proof(i).output) for i in members]), SMALL.dimension
        n = len(members) if n is None else n
        weights, remainder = average([to_signed(entry) for entry in summed[:d]], n)
        public = public_input(n, self.address(account))
        return self.average.prove([[*weights, self.tag], [*remainder, *summed[d + 1 :]], public])

    def average_of(self, members: Sequence[int] = MEMBERS) -> list[int]:
        """The averaged weights, as field elements."""
        columns = zip(*(list(self.proof(i).output)[: SMALL.dimension] for i in members), strict=True)
        return [sum(map(to_signed, column)) // len(members) % P for column in columns]

    # ---- what they do

    def enrolling(self, account: int, data: Point, evidence: bytes = b"") -> Call:
        """The call that enrols an account with data, with its own mask key."""
        shown = possession.prove(secret(account), self.tag, self.address(account))
        return self.trainers.enrol(self.task_id, [data], mask_key(secret(account)), shown, evidence)

    def enrol(self, account: int, data: Point) -> None:
        """Deposit a stake and enrol with data."""
        self.send(account, self.stakes.deposit(STAKE))
        self.send(account, self.enrolling(account, data))

    def submit(self, i: int, *proofs: bytes) -> Receipt:
        """Submit proofs: by default the member's own."""
        return self.send(i, self.contracts.proofs.submit(self.task_id, proofs or (self.proof(i).data,)))

    def link(self, i: int, proof: Proof | None = None) -> Link:
        """What a member claims of a proof: by default its own."""
        found = proof or self.proof(i)
        return Link(point_hash(found.points[DATA]), found.points[UPDATE], CID)

    def claim(self, i: int, *links: Link) -> Receipt:
        """Claim links: by default the member's own."""
        return self.send(i, self.contracts.proofs.claim(self.task_id, links or (self.link(i),), last=True))

    def challenge_proof(self, i: int, account: int = OUTSIDER) -> int:
        """Demand the proof of a member's first link; the challenge's id."""
        call = self.challenges.challenge_proof(self.task_id, self.address(i), 0, BOND)
        return self.send(account, call).event(Challenged).challenge_id

    def mask(self, i: int, masking: Masking | None = None) -> Receipt:
        """Commit to a masked update: by default as an honest member."""
        if self.state.seed_block:
            self.rpc("evm_mine")  # contracts know a block's hash from the next but one on
        return self.send(i, self.rounds.mask(self.task_id, (masking or self.masking(i)).posting))

    def aggregate(self, members: Sequence[int] = MEMBERS, account: int = AGGREGATOR, cid: bytes = CID) -> Receipt:
        """Post the average, with the digest of any document."""
        return self.send(account, self.rounds.aggregate(self.task_id, self.averaging(members, account).data, cid))

    def challenge_update(self, i: int, account: int = OUTSIDER) -> int:
        """Demand a member's masked update; the challenge's id."""
        call = self.challenges.challenge_update(self.task_id, self.address(i), BOND)
        return self.send(account, call).event(Challenged).challenge_id

    def challenge_mask(self, pair: tuple[int, int], postings: tuple[Posting, Posting], account: int = OUTSIDER) -> int:
        """Dispute the mask of two members; the challenge's id."""
        members = (self.address(pair[0]), self.address(pair[1]))
        call = self.challenges.challenge_mask(self.task_id, members, postings, BOND)
        return self.send(account, call).event(Challenged).challenge_id

    def challenge_model(self, account: int = OUTSIDER) -> int:
        """Demand the average, or the first model; the challenge's id."""
        return self.send(account, self.challenges.challenge_model(self.task_id, BOND)).event(Challenged).challenge_id

    def mask_answer(self, challenge_id: int, pair: tuple[int, int], postings: tuple[Posting, Posting], by: int) -> Call:
        """The answer to a mask's dispute by one of the two, `pair[by]`."""
        keys = (self.key(pair[0]), self.key(pair[1]))
        me, other = secret(pair[by]), keys[1 - by]
        proof, shared = equal_log.prove(me, other), shared_point(me, other)
        return self.answering(challenge_id, pair, postings, keys, shared, proof, by_other=bool(by))

    def answering(
        self,
        challenge_id: int,
        pair: tuple[int, int],
        postings: tuple[Posting, Posting],
        keys: tuple[Point, Point],
        shared: Point,
        proof: EqualLogProof,
        *,
        by_other: bool = False,
    ) -> Call:
        """An answer to a mask's dispute by a point that the two are said to share: the mask follows from it."""
        one, other = (self.address(account) for account in pair)
        state, updates = self.state, {one: postings[0].update, other: postings[1].update}
        seed = pair_seed(shared, Attempt(self.tag, state.round, state.attempt, (), updates), one, other)
        entries = update_length(SMALL.dimension)
        mask = self.train.commit(prg(seed, entries))
        opening = self.opening(mask, Encoding.MASK, entries, seed)
        return self.challenges.answer_mask(challenge_id, postings, keys, shared, proof, by_other, mask, opening)

    def update_answer(self, challenge_id: int, masking: Masking, commitment: Point | None = None) -> Call:
        """The answer that opens a masked update. commitment: what it is of, if not of this very vector."""
        vector = masking.vector
        data = encode(vector, Encoding.WORDS)
        opening = self.opening(commitment or self.train.commit(vector), Encoding.WORDS, len(vector), data)
        return self.challenges.answer_update(challenge_id, masking.posting, opening)

    def model_answer(self, challenge_id: int, weights: Sequence[int], model: Sequence[int] | None = None) -> Call:
        """The answer that opens a model. model: the weights that were committed to, if not these."""
        committed = weights if model is None else model
        opening = self.opening(
            self.train.commit(committed), Encoding.PACKED, len(weights), encode(weights, Encoding.PACKED)
        )
        return self.challenges.answer_model(challenge_id, self.train.commit([*committed, self.tag]), opening)

    def opening(self, commitment: Point, encoding: Encoding, entries: int, data: bytes) -> Opening:
        """How a commitment is opened to the vector of these bytes, or of a mask's seed: true if it is of that."""
        quotient = vector_quotient(self.train, commitment, encoding, entries, data)
        return Opening(root_of(data, encoding), b"" if encoding is Encoding.MASK else data, quotient)

    # ---- the chain

    def address(self, account: int) -> str:
        """An account's address."""
        return self.stand_ins.get(account, self.senders[account].address)

    def number(self, address: str) -> int:
        """The account with an address."""
        return next(n for n in range(len(self.senders)) if self.address(n) == address)

    @contextmanager
    def standing_in(self, account: int, address: str) -> Iterator[None]:
        """The arena with a contract in an account's place: what it holds is the contract's."""
        self.stand_ins[account] = address
        try:
            yield
        finally:
            del self.stand_ins[account]

    def send(self, account: int, call: Call) -> Receipt:
        """Send a call."""
        return self.senders[account].send(call)

    def settle(self, i: int) -> Receipt:
        """Carry out what a member's last round cost it."""
        return self.send(OUTSIDER, self.trainers.settle(self.task_id, self.address(i)))

    def rpc(self, method: str, *arguments: Any) -> Any:
        """One call of the node."""
        answer = self.anvil.web3.provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        return answer["result"]

    def pass_time(self, until: int) -> None:
        """Mine a block at a time."""
        self.rpc("evm_setNextBlockTimestamp", until)
        self.rpc("evm_mine")

    def pass_phase(self) -> Receipt:
        """Let the running phase's deadline pass, and advance."""
        self.pass_time(self.state.deadline)
        return self.send(OUTSIDER, self.rounds.advance(self.task_id))

    @property
    def state(self) -> TaskState:
        """The task's state."""
        return self.rounds.get_state(self.task_id)

    def entry(self, i: int, round_: int = 1) -> RosterEntry:
        """A member's part in a round."""
        return self.rounds.get_roster_entry(self.task_id, round_, self.address(i))

    def enrolment(self, i: int) -> Enrolment:
        """A member's enrolment."""
        return self.trainers.get_enrolment(self.task_id, self.address(i))

    def claimable(self, account: int) -> int:
        """What an account can claim, wei."""
        return self.stakes.claimable(self.address(account))


def secret(account: int) -> int:
    """The secret of an account's mask key."""
    return 1_000_003 * (account + 1)
