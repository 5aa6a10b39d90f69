"""The trainer: enrols its data, joins rounds, trains, proves, submits, masks, and takes its rewards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from threading import Event, Lock
from typing import TYPE_CHECKING

from headwater.chain.asking.rpc import Block, BlockId, Call
from headwater.chain.contracts.events import TrainerSlashed
from headwater.chain.sending.sender import Receipt, Sender
from headwater.circuits.circuit import Proof, proof_points
from headwater.circuits.machines import side_by_side
from headwater.circuits.openings import vector_quotient
from headwater.errors import ChainError, CircuitError, ConfigError, ContractError, DocumentError, StorageError
from headwater.journal.secrets import SecretStore
from headwater.protocol import possession
from headwater.protocol.curve import Point
from headwater.protocol.decisions import (
    Action,
    ChallengeProof,
    Deposit,
    Done,
    Enrol,
    Join,
    Mask,
    OpenMask,
    OpenModel,
    OpenProof,
    OpenUpdate,
    Publish,
    RoundView,
    Seed,
    Submit,
    TrainerView,
    Wait,
    decide_trainer,
)
from headwater.protocol.equal_log import prove
from headwater.protocol.field import P, pack, unpack
from headwater.protocol.masks import Attempt, mask_key, masked, masks, pair_seed, peers, prg, shared_point
from headwater.protocol.masks import Mask as OwnMask
from headwater.protocol.noise import draw, salt_input
from headwater.protocol.openings import Encoding, root_of
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import ZERO_ADDRESS, Claim, Link, PeerMask, Posting, RosterEntry, Score
from headwater.protocol.vectors import UPDATE_SALTS, model_input, update_length
from headwater.roles import masking
from headwater.roles.admittance import LOOK_AGAIN_SECONDS, Admittance
from headwater.roles.challenges import answer_model, decides, demanded_model, demanded_of_member, dispute, late
from headwater.roles.commitments import DataCommitments
from headwater.roles.heavy import Heavy, Step
from headwater.roles.opening import Showing
from headwater.roles.proofs import KeptProofs
from headwater.roles.proving import announce_proof
from headwater.roles.published import Published
from headwater.roles.report import Report
from headwater.roles.reviewing import Reviewer, answer_proof, bond, links_of, read
from headwater.roles.role import Role, owing
from headwater.roles.scoring import prove_score
from headwater.roles.secrets import data_salts, mask_secret, update_salts
from headwater.roles.stretches import Stretches
from headwater.roles.task import Task, point_hash
from headwater.storage.cid import Cid
from headwater.storage.unixfs import cid_of
from headwater.storage.vectors import NO_SCORE, ProofDocument, UpdateDocument
from headwater.tables.data import Dataset

if TYPE_CHECKING:
    from headwater.roles.pools.owning import Pooled

REMEMBERED_BLOCKS = 256
"""How many hashes every chain's contracts can see; those of chains with EIP-2935 see 8,191."""

MAX_ATTEMPTS = 100  # of enrolling under a fresh salt; a front-runner pays gas, and its stake is locked a moment


@dataclass(frozen=True)
class MaskedUpdate:
    """A trainer's update under the masks of an attempt.

    Attributes:
        document: what it publishes.
        update: the commitment of the update without masks.
        masks: in the order of its peers.
    """

    attempt: Attempt
    document: UpdateDocument
    update: Point
    masks: list[OwnMask]


@dataclass(frozen=True, eq=False)
class _Link:
    """What one proof of an update is about, but for its noise: vectors, and the commitment of the data."""

    number: int
    start: list[int]
    end: list[int]
    data: list[int]
    point: Point

    @property
    def facts(self) -> list[list[int]]:
        """What a kept proof must be of."""
        return [self.start, self.end, self.data]


class Trainer(Role):
    """One trainer in one task."""

    def __init__(
        self,
        task: Task,
        sender: Sender,
        secret: bytes,
        dataset: Dataset,
        report: Report,
        *,
        keep_stake: bool = False,
        journal: SecretStore,
        proof_limit: float | None = None,
        quiet_until: int | None = None,
        heavy: Heavy | None = None,
        pooled: Pooled | None = None,
        admittance: Admittance | None = None,
    ) -> None:
        """`secret`: see `secrets.secret_of`. `report`: told of every step.

        keep_stake: leave the account's free stake where it is when it has left the task, for another one.
        journal: where a round's proof is kept, and proofs are counted.
        proof_limit: seconds that a proof may take, instead of what is usual on this machine.
        quiet_until: in a task with receipts, after how many parts of the data it synchronizes at the latest.
        heavy: the machines' queue, which says how many proofs are made at a time; without one, this machine is free.
        pooled: the rows of a pool, which `dataset` are then: their salts are their contributors'.
        admittance: what shows that the account may enrol, where the task's module asks for groups.
        """
        super().__init__(task.contracts, task.id, sender, report)
        self.task = task
        self.dataset = dataset
        self._secret = secret
        self._keep_stake = keep_stake
        self._proof_limit, self._heavy = proof_limit, heavy or Heavy()
        self._pooled = pooled
        self._kept = KeptProofs(journal, task.place)
        self._kept_scores = KeptProofs(journal, f"receipt/{task.place}")
        self._quiet_until = quiet_until
        self._published = Published(journal, task)
        self._reviewer = Reviewer(task, sender.address, takes_turns=True)
        self.commitments = DataCommitments(journal, task.place, task.shape)
        self._admittance = admittance
        self._entropy: Callable[[], bytes] = partial(secrets.token_bytes, 32)  # of a proof's noise: new for each
        self._masked_update: MaskedUpdate | None = None  # the last one: a task of many weights takes seconds
        self._shared: dict[Point, Point] = {}  # by mask key, which a peer may change between rounds

    def view(self, block: Block) -> TrainerView:
        """What concerns this trainer in a block."""
        task, me, at = self.task, self.sender.address, block.number
        trainers, seen = task.contracts.trainers, task.seen(me, block)
        round_view, part = seen.view, seen.account
        entry, enrolment, slash, fault = part.entry, part.enrolment, part.slash, part.fault
        slashed = () if enrolment.exists else trainers.events(TrainerSlashed, last=at, task_id=task.id, trainer=me)
        expelled = any(event.fault for event in slashed)
        leaves = round_view.phase.is_end or expelled or enrolment.releasable_at > 0
        unanswered = late(task, round_view, Kind.UPDATE, me, at, self._left_unanswered)
        reviews = (
            round_view.phase is Phase.REVIEW and not round_view.overdue and entry.status is TrainerStatus.SUBMITTED
        )
        unproved, again = self._reviewer.demand(round_view, block) if reviews else (None, 0)
        return TrainerView(
            at=round_view,
            unproved=unproved,
            review_again=again,
            enrolled=enrolment.exists,
            status=entry.status,
            masked_in=entry.attempt,
            seed=self._seed(round_view, at),
            published=self._has_published(round_view, entry, at),
            stake=task.config.stake,
            locked=enrolment.stake,
            slash=slash,
            fault=fault,
            releasable_at=enrolment.releasable_at,
            expelled=expelled,
            free=part.free,
            answer=demanded_of_member(task, round_view, entry, me, at) or demanded_model(task, round_view, me, at),
            late=None if unanswered is None else OpenUpdate(unanswered),
            owing=owing(task.contracts, task.id, me, at),
            collectable=task.collectable(me, at) if leaves else (),
            claimable=part.claimable if leaves else 0,
            withdrawable=part.free if leaves and not self._keep_stake else 0,
        )

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block. A round's proof is forgotten when the round is over for good."""
        view = self.view(block)
        at, action = view.at, decide_trainer(view)
        for kept in (self._kept, self._kept_scores):
            kept.forget(self.task.contracts.chain, block, at, is_done=isinstance(action, Done))
        is_late = at.deadline - at.now < self._turns() * self._kept.seconds / 2
        if reason := self._shut_out(action, block):
            return Wait(reason, at.deadline, again=block.timestamp + LOOK_AGAIN_SECONDS)
        if isinstance(action, Submit) and is_late and not self._kept.has(at.round):
            return Wait(f"round {at.round}: too little time is left to prove the update", at.deadline)
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action."""
        task = self.task
        match action:
            case Enrol():
                return self._send(self._enrolling(self._unproved()), "enrolled")
            case Join(round_):
                self._check_ready()
                return self._send(task.contracts.rounds.join(task.id), "joined", round=round_)
            case Submit(round_):
                return self.submit(round_, self.train(round_))
            case Mask(round_, number):
                return self.mask(round_, number)
            case Publish(round_, number):
                self.publish(round_, number)
                return None
            case OpenUpdate(challenge):
                return self._answer(self.open_update(challenge), challenge)
            case OpenMask(challenge):
                return self._answer(self.open_mask(challenge), challenge)
            case OpenProof(challenge):
                return self._answer(self.open_proof(challenge), challenge)
            case ChallengeProof(trainer, index):
                put_up = bond(task, Kind.PROOF, self.sender.address)
                call = task.contracts.challenges.challenge_proof(task.id, trainer, index, put_up)
                return self._send(call, "challenged", trainer=trainer, link=index)
            case OpenModel(challenge):
                return self._answer(answer_model(task, challenge), challenge)
        return super().act(action)

    def _shut_out(self, action: Action, block: Block) -> str:
        """Why nothing is to be staked yet: the account could not be admitted. Empty where it could."""
        is_entering = self._admittance is not None and isinstance(action, Deposit | Enrol)
        return self._admittance.missing(block.number) if self._admittance is not None and is_entering else ""

    def _enrolling(self, data: Sequence[Point]) -> Call:
        """The call that enrols with data commitments, and with what shows that this account may."""
        task, me, evidence = self.task, self.sender.address, b""
        if self._admittance is not None:
            deadline = task.contracts.rounds.get_state(task.id).deadline
            evidence = self._admittance.evidence(me, [point_hash(point) for point in data], self._heavy, deadline)
        secret = mask_secret(self._secret, task.tag)
        proof = possession.prove(secret, task.tag, me)
        return task.contracts.trainers.enrol(task.id, data, mask_key(secret), proof, evidence)

    def train(self, round_: int) -> list[Proof]:
        """Train on the current model and prove it, by one proof for each part of the data.

        Each starts where the last one ends. All vectors are computed first, exactly, so the proofs can be made side by
        side. The last one's output is the update. A round's proofs are made once, and those about one data commitment
        or one update are counted: each new one publishes further equations over its salts.

        Raises:
            ConfigError: as many were made as there may be.
        """
        links = self._links(round_)
        found = {link: self._kept.get(round_, link.facts, link.number) for link in links}
        missing = [link for link, proof in found.items() if proof is None]
        for number, link in enumerate(missing):
            ahead = sum(other.point == link.point for other in missing[:number])  # to be made and counted by then
            self.commitments.check(link.point, self.task.learner.most_proofs - ahead, link.end)
        if missing:
            found |= zip(missing, self._prove_all(round_, missing, of=len(links)), strict=True)
        return [proof for proof in found.values() if proof is not None]

    def _links(self, round_: int) -> list[_Link]:
        """What the proofs of a round's update are about."""
        weights, registered = self.task.base_model(round_), self._registered()
        steps = self._updates(round_, weights)
        starts = [model_input(weights, self.task.tag), *(end for _, end in steps)]
        found = []
        for number, ((start, end), (part, _)) in enumerate(zip(pairwise(starts), steps, strict=True)):
            data, point = registered[part]
            found.append(_Link(number, start, end, data, point))
        return found

    def _receipts(self, round_: int) -> list[Score]:
        """With what each link of a round is to be shown: of all but the last, the score that the task asks for.

        Raises:
            ConfigError: as many proofs about the data were made as there may be.
        """
        return [*(self._receipt(round_, link) for link in self._links(round_)[:-1]), NO_SCORE]

    def _receipt(self, round_: int, link: _Link) -> Score:
        """The proved score of the model that a link starts from, on its data: made once, like the link's own proof."""
        task = self.task
        proof = self._kept_scores.get(round_, link.facts, link.number)
        if proof is None:
            deadline = task.contracts.rounds.get_state(task.id).deadline
            needed = task.machines.memory_mb(task.score)
            with self._heavy.turn(own=True, deadline=deadline, memory_mb=needed) as stop:
                most, measured = self._proof_limit, self._kept_scores.seconds
                limit = announce_proof(
                    task, "score", task.score, self._report, most=most, measured=measured, round=round_
                )
                proof = prove_score(
                    task.score,
                    self.commitments,
                    task.learner.most_proofs,
                    link.start,
                    link.data,
                    limit=limit,
                    stop=stop,
                    entropy=self._entropy,
                    update=link.start if link.number else None,
                )
            self._kept_scores.keep(round_, link.facts, proof, link.number)
        right, used, *_ = proof.output
        return Score(right, used, proof.data)

    def _prove_all(self, round_: int, links: Sequence[_Link], *, of: int) -> list[Proof]:
        """Prove links side by side, as far as there is room. Where one fails, all are given up. of: all there are."""
        task, step, announced = self.task, Step(), Lock()
        deadline, needed = task.contracts.rounds.get_state(task.id).deadline, task.machines.memory_mb(task.train)
        limits: list[float] = []

        def limit() -> float:
            with announced:  # once, when the first begins
                if not limits:
                    details = {"round": round_} | ({"links": len(links)} if of > 1 else {})
                    most, measured = self._proof_limit, self._kept.seconds
                    limits.append(
                        announce_proof(task, "train", task.train, self._report, most=most, measured=measured, **details)
                    )
                return limits[0]

        def prove(link: _Link) -> Proof:
            with self._heavy.turn(own=True, deadline=deadline, memory_mb=needed, step=step) as stop:
                try:
                    return self._prove(round_, link, limit(), stop)
                except BaseException:
                    stop.set()
                    raise

        return side_by_side(prove, links, min(self._heavy.workers, len(links)))

    def _prove(self, round_: int, link: _Link, limit: float, stop: Event) -> Proof:
        noise = draw(
            self._entropy(), self.task.learner.update_statement.decomposition_limit, self.task.tag, round_, link.number
        )
        proof = self.task.train.prove([link.start, link.data, salt_input(link.end[-UPDATE_SALTS:], noise)], limit, stop)
        self.commitments.count(link.point, link.end)
        _check_proof(link, proof)
        self._kept.keep(round_, link.facts, proof, link.number)
        self._report(
            "proved",
            statement="train",
            round=round_,
            seconds=proof.prove_seconds,
            memory_mb=round(proof.peak_memory_mb),
        )
        return proof

    def _turns(self) -> int:
        """How many proofs one worker makes of an update: links side by side, receipts one after the other."""
        receipts = len(self._parts) if self._stretches.is_bound else 0
        return -(-len(self._parts) // self._heavy.workers) + receipts

    def submit(self, round_: int, proofs: Sequence[Proof]) -> Receipt:
        """Submit the proofs of an update, or claim it. The update itself stays here until it is masked."""
        if self.task.config.review_period:
            return self.claim(round_, proofs)
        call = self.task.contracts.proofs.submit(self.task.id, [proof.data for proof in proofs])
        return self._send(call, "submitted", round=round_)

    def claim(self, round_: int, proofs: Sequence[Proof]) -> Receipt:
        """Publish the proofs of an update, and claim the links that they prove."""
        task, links = self.task, []
        scores = self._receipts(round_) if self._stretches.is_bound else [NO_SCORE] * len(proofs)
        for proof, score in zip(proofs, scores, strict=True):
            _, data, _, end = proof_points(proof.data, 4)
            cid = task.store.put(self._proof_document(round_, proof, score).encode())
            links.append(Link(point_hash(data), end, cid.digest))
        call = task.contracts.proofs.claim(task.id, links, last=True)
        return self._send(call, "claimed links", round=round_, links=len(links))

    def _proof_document(self, round_: int, proof: Proof, score: Score = NO_SCORE) -> ProofDocument:
        me = self.sender.address
        return ProofDocument.made(proof.data, score, task=self.task.reference, round=round_, trainer=me)

    def open_proof(self, number: int) -> Call:
        """The answer to a challenge of a link's proof: what this trainer has kept or published."""
        task = self.task
        challenge = task.contracts.challenges.get_challenge(number)
        links = links_of(task, challenge.round).get(self.sender.address, ())
        if challenge.attempt >= len(links):
            raise task.contracts.chain.lacks(f"links of round {challenge.round}", task.id)
        try:
            document = read(task, links[challenge.attempt])
        except (StorageError, DocumentError):  # the journal has it, or it is made again
            round_, index = challenge.round, challenge.attempt
            score = self._receipts(round_)[index] if self._stretches.is_bound else NO_SCORE
            document = self._proof_document(round_, self.train(round_)[index], score)
        return answer_proof(task, number, links, document)

    def mask(self, round_: int, number: int) -> Receipt:
        """Commit to the update of a round under the masks of an attempt, and to each mask."""
        task, found = self.task, self._masked(round_, number)
        points = task.train.commit_all([mask.vector for mask in found.masks])
        own = tuple(PeerMask(mask.peer, point) for mask, point in zip(found.masks, points, strict=True))
        posting = Posting(found.attempt.seed, found.update, cid_of(found.document.encode()).digest, own)
        return self._send(task.contracts.rounds.mask(task.id, posting), "masked", round=round_, attempt=number)

    def publish(self, round_: int, number: int) -> Cid:
        """Publish the masked update that this trainer committed to: the same bytes, computed again."""
        document = self._masked(round_, number).document
        cid = self._published.put(document)
        self._report("published", round=round_, attempt=number, stored=len(document.encode()))
        return cid

    def open_update(self, number: int) -> Call:
        """The answer to a challenge of this trainer's masked update, or the next part of it."""
        task = self.task
        challenge = task.contracts.challenges.get_challenge(number)
        (posting,) = masking.postings(task, challenge.round, challenge.attempt, [self.sender.address])
        data = self._masked(challenge.round, challenge.attempt).document.vector
        commitment = task.train.commit(unpack(data))
        showing = self._showing(commitment, Encoding.WORDS, data, root_of(data, Encoding.WORDS))
        if part := showing.step():
            return part
        return task.contracts.challenges.answer_update(number, posting, showing.opening())

    def open_mask(self, number: int) -> Call:
        """The answer to a challenge of a mask, or the next part of it: the point shared with the peer, proved to be it.

        Raises:
            ChainError: the two posted the same commitment, so that there is nothing to show; it decides nothing any
                more; or this node's endpoints do not agree that it is challenged, or with whose key (see `dispute`).
        """
        task, me = self.task, self.sender.address
        found = dispute(task, number, me)
        challenge, peer_key = found.challenge, found.key
        pair, numbers = (challenge.accused, challenge.other), (challenge.round, challenge.attempt)
        postings = masking.postings(task, *numbers, pair)
        one, other = (
            {mask.commitment for mask in posting.masks if mask.peer == peer}
            for posting, peer in zip(postings, pair[::-1], strict=True)
        )
        if one == other:
            raise ChainError(
                f"challenge {number} is of a mask about which {pair[0]} and {pair[1]} agree",
                "no contract takes such a challenge: do not trust this node, name another with --rpc",
            )
        if not decides(challenge, task.view(task.contracts.chain.block())):
            raise ChainError(f"challenge {number} decides nothing any more, so its point stays untold")
        secret = mask_secret(self._secret, task.tag)
        shared = shared_point(secret, peer_key)
        seed = pair_seed(shared, masking.attempt(task, *numbers), *pair)
        mask = task.train.commit(prg(seed, update_length(task.learner.dimension)))
        showing = self._showing(mask, Encoding.MASK, b"", seed)
        if part := showing.step():
            return part
        keys = (mask_key(secret), peer_key) if me == challenge.accused else (peer_key, mask_key(secret))
        proof, by_other = prove(secret, peer_key), me == challenge.other
        both, opening = (postings[0], postings[1]), showing.opening()
        return task.contracts.challenges.answer_mask(number, both, keys, shared, proof, by_other, mask, opening)

    def _showing(self, commitment: Point, encoding: Encoding, data: bytes, root: bytes) -> Showing:
        """How an update or a mask is shown. data: none of a mask, whose seed is `root`."""
        task, length = self.task, update_length(self.task.learner.dimension)
        given = root if encoding is Encoding.MASK else data
        claim = Claim(task.id, commitment, encoding, length, root)
        return Showing(
            task.contracts, claim, data, lambda: vector_quotient(task.train, commitment, encoding, length, given)
        )

    def _seed(self, at: RoundView, block: int) -> Seed:
        """Whether the running attempt's seed can be had by a transaction after this block."""
        if at.phase is not Phase.MASK:
            return Seed.KNOWN
        rounds = self.task.contracts.rounds
        named = rounds.get_state(self.task.id, block).seed_block
        if named >= block:
            return Seed.AWAITED
        if named == 0 or block - named < REMEMBERED_BLOCKS:
            return Seed.KNOWN
        try:
            self.sender.simulate(rounds.renew_seed(self.task.id), block)
        except ContractError:
            return Seed.KNOWN  # some chains remember far longer
        return Seed.FORGOTTEN

    def _has_published(self, at: RoundView, entry: RosterEntry, block: int) -> bool:
        """Whether the store has this trainer's masked update of the attempt that succeeded."""
        if at.phase is not Phase.AGGREGATE or at.overdue or entry.attempt != at.attempt:
            return False
        if entry.status is TrainerStatus.GUILTY:
            return False
        return self.task.store.has(cid_of(self._masked(at.round, at.attempt, block).document.encode()))

    def _masked(self, round_: int, number: int, block: BlockId = "latest") -> MaskedUpdate:
        """The update of a round under the masks of an attempt, computed once for as long as the chain says the same."""
        task, me = self.task, self.sender.address
        attempt = masking.attempt(task, round_, number, block)
        if self._masked_update is not None and self._masked_update.attempt == attempt:
            return self._masked_update
        update, point = self.update(round_, block)
        own = self._masks(attempt, len(update), block)
        vector = pack(masked(update, own))
        document = UpdateDocument.of(vector, task=task.reference, round=round_, attempt=number, trainer=me)
        self._masked_update = MaskedUpdate(attempt, document, point, own)
        return self._masked_update

    def _masks(self, attempt: Attempt, length: int, block: BlockId) -> list[OwnMask]:
        """This trainer's masks of an attempt, of `length` entries."""
        me, secret = self.sender.address, mask_secret(self._secret, self.task.tag)
        keys = masking.mask_keys(self.task, peers(attempt.circle, me), block)
        for key in keys.values():
            if key not in self._shared:
                self._shared[key] = shared_point(secret, key)
        return masks(attempt, me, {peer: self._shared[key] for peer, key in keys.items()}, length)

    def update(self, round_: int, block: BlockId = "latest") -> tuple[list[int], Point]:
        """The update of a round and its commitment, computed again: it is stored nowhere.

        Raises:
            ConfigError: it is not the one that was submitted.
            ChainError: the node knows of none.
        """
        task = self.task
        _, vector = self._updates(round_, task.base_model(round_, block), block)[-1]
        point = task.train.commit(vector)
        entry = task.contracts.rounds.get_roster_entry(task.id, round_, self.sender.address, block)
        if not any(entry.update_hash):
            raise ChainError(
                f"the node does not know what was submitted in round {round_}",
                "it may be behind, or drop blocks just now: try again, or name another with --rpc",
            )
        if not point_hash(point).startswith(entry.update_hash):
            raise ConfigError(
                f"the update that was submitted in round {round_} does not follow from this file and key",
                "run with the file and the release of headwater that submitted it, or wait for the next round",
            )
        return vector, point

    def _updates(self, round_: int, weights: Sequence[int], block: BlockId = "latest") -> list[tuple[int, list[int]]]:
        """For each link of an update which part of the data it learns, and the vector [w' | 0 | salts] at its end."""
        found = []
        for link, (number, part) in enumerate(self._stretches.of(round_, block)):
            goes_on = self._stretches.goes_on(weights, part)
            weights = self.task.learner.update(weights, part)
            salts = update_salts(self._secret, self.task.tag, round_, link, weights)
            found.append((number, [entry % P for entry in (*weights, 0, *salts)]))
            if not goes_on:
                break
        return found

    @cached_property
    def _stretches(self) -> Stretches:
        return Stretches(self.task, self.sender.address, self._parts, self._quiet_until)

    @cached_property
    def _parts(self) -> list[Dataset]:
        """The rows, in as many parts as circuits have room for."""
        return self.dataset.parts(self.task.learner.rows)

    @property
    def data(self) -> tuple[list[int], Point]:
        """The first data vector and its commitment; the only one where the rows fit one circuit."""
        return self.vectors[0]

    @property
    def vectors(self) -> list[tuple[list[int], Point]]:
        """The data vectors and their commitments: those registered, or some that nobody else has registered by now.

        Raises:
            ConfigError: the file's data are not what this account enrolled with.
            JournalError: what their salts follow from cannot be read or written.
        """
        if self._pooled is not None:
            return [(self._pooled.vector, self._pooled.point)]
        enrolled = self.task.contracts.trainers.get_enrolment(self.task.id, self.sender.address).exists
        seed = self.commitments.seed(self._unsalted(), enrolled=enrolled)
        return [self._vector(seed, number, part) for number, part in enumerate(self._parts)]

    def _vector(self, seed: bytes, number: int, part: Dataset) -> tuple[list[int], Point]:
        task, learner = self.task, self.task.learner
        unsalted = learner.data_vector(part, [0] * learner.salts)
        for attempt in range(MAX_ATTEMPTS):
            salts = data_salts(self._secret, seed, task.tag, unsalted, attempt, learner.salts, number)
            vector = learner.data_vector(part, salts)
            point = task.train.commit(vector)
            if self._owner(point) in (self.sender.address, ZERO_ADDRESS):
                return vector, point
        raise ConfigError(
            f"{MAX_ATTEMPTS} enrolments of {self.sender.address} were front-run",
            "send through another node, or a private mempool",
        )

    def _owner(self, point: Point) -> str:
        """Who has registered a data commitment; the zero address if nobody has."""
        return self.task.contracts.trainers.get_data(self.task.id, point_hash(point)).owner

    def _unsalted(self) -> list[int]:
        learner = self.task.learner
        return [entry for part in self._parts for entry in learner.data_vector(part, [0] * learner.salts)]

    def _unproved(self) -> list[Point]:
        """Data commitments to enrol with: such that there is room for proofs about each."""
        found = [point for _, point in self.vectors]
        if all(self.commitments.proofs(point) < self.task.learner.most_proofs for point in found):
            return found
        if self._pooled is not None:
            raise ConfigError(
                f"as many proofs about the rows of pool {self._pooled.pool_id} have been made as there may be",
                "open another pool: its contributors draw new salts",
            )
        self.commitments.renew(self._unsalted())
        return [point for _, point in self.vectors]

    def _registered(self) -> list[tuple[list[int], Point]]:
        """As `vectors`, and registered: where the journal was lost after enrolling, the salts are new."""
        found, me = self.vectors, self.sender.address
        missing = [point for _, point in found if self._owner(point) != me]
        if missing and self._pooled is not None:
            raise ConfigError(
                f"the rows of pool {self._pooled.pool_id} are not registered by {me}, or the node does not know it yet",
                "wait for it; else train with the account that closed the pool",
            )
        if missing:
            self._report("note", text="the journal does not know the data as enrolled: registers them under new salts")
            self._send(self.task.contracts.trainers.register_data(self.task.id, missing), "registered")
        return found

    def _check_ready(self) -> None:
        """Before a seat is taken, which costs stake where no update follows: data and model must be what they should.

        Raises:
            ConfigError: the file is no longer the enrolled one.
            Unavailable, ContentMismatch: the bytes of the newest model cannot be had.
        """
        self._registered()
        self.task.current_model()


def _check_proof(link: _Link, proof: Proof) -> None:
    """A proof must be of the very update that is masked later.

    Raises:
        CircuitError: it is of another: circuit and learner disagree.
    """
    if list(proof.output) != link.end:
        raise CircuitError("the proof is of another update than the one that was computed", "report this")
