"""ChallengeManager: whoever committed to a vector can be made to show it."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.protocol.curve import Point, add
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.points import (
    basis_hash,
    commit,
    is_point,
    minus,
    plus,
    point_hash,
    posting_hash,
    share_one_log,
    words,
)
from headwater.protocol.machine.tasks import Tasks
from headwater.protocol.masks import NEAREST, prg, sign
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import ZERO_ADDRESS, Challenge, Posting, TaskConfig, TaskState
from headwater.protocol.vectors import update_length


class Challenges:
    """The ChallengeManager. As in `Tasks`, what refuses has changed nothing.

    Attributes:
        opened_: (task, round, attempt, member) whose masked update was opened, (task, 0, 0, creator) of first models.
        accusations: the challenge by (task, round, attempt, accused); attempt 0 for models.
    """

    def __init__(self, address: str, tasks: Tasks) -> None:
        self.address = address
        self.tasks = tasks
        self.challenges: list[Challenge] = []
        self.opened_: set[tuple[int, int, int, str]] = set()
        self.accusations: dict[tuple[int, int, int, str], int] = {}

    # ---- challengers

    def challenge_update(self, sender: str, value: int, task_id: int, trainer: str) -> int:
        """Makes a member open its masked update."""
        state = self._bonded_task(task_id, value)
        if (task_id, state.round, state.attempt, trainer) in self.opened_:
            raise Refused("AlreadyOpened", task_id, state.round, state.attempt, trainer)
        self.tasks.accuse(self.address, task_id, trainer)
        return self._raise(sender, value, Kind.UPDATE, task_id, state.round, state.attempt, trainer)

    def challenge_mask(
        self, sender: str, value: int, task_id: int, one: str, other: str, posting_one: Posting, posting_other: Posting
    ) -> int:
        """Makes two peers that posted different commitments of their mask show who is right."""
        state = self._bonded_task(task_id, value)
        self._check_posting(task_id, state.round, one, posting_one)
        self._check_posting(task_id, state.round, other, posting_other)
        if mask_with(one, posting_one, other) == mask_with(other, posting_other, one):
            raise Refused("MasksAgree", one, other)
        self.tasks.accuse(self.address, task_id, one, other)
        return self._raise(sender, value, Kind.MASK, task_id, state.round, state.attempt, one, other)

    def challenge_model(self, sender: str, value: int, task_id: int) -> int:
        """Makes the aggregator open the average, in Challenge, or the creator the first model, in Join."""
        state = self._bonded_task(task_id, value)
        known = (task_id, 0, 0, state.creator) in self.opened_ or self._is_zero(task_id, state.model_hash)
        if state.phase == Phase.JOIN and known:
            raise Refused("AlreadyOpened", task_id, state.round, 0, state.creator)
        accused = self.tasks.accuse_model(self.address, task_id)
        averages = self.tasks.get_round(task_id, state.round).averages
        return self._raise(sender, value, Kind.MODEL, task_id, state.round, averages, accused)

    def prove_wrong_peer(
        self, task_id: int, trainer: str, posting: Posting, wrong: str, between: Sequence[str]
    ) -> None:
        """Shows that a member of more than 17 committed to a mask with one who is not its peer.

        Eight members stand between it and the wrong one on either way round the circle, so that is none of its nearest.
        """
        _, state = self.tasks.get_task(task_id)
        self._check_posting(task_id, state.round, trainer, posting)
        mask_with(trainer, posting, wrong)
        if len(between) != 2 * NEAREST:
            raise Refused("WrongLength", 2 * NEAREST, len(between))
        at = 0
        for i, member in enumerate((*between[:NEAREST], wrong, *between[NEAREST:])):
            is_member = self.tasks.get_roster_entry(task_id, state.round, member).attempt == state.attempt
            last, at = at, distance(state.seed, trainer, member)
            if at <= last or (i != NEAREST and not is_member):
                raise Refused("NotBetween", member)
        self.tasks.convict(self.address, task_id, trainer)

    def reclaim_bond(self, challenge_id: int) -> None:
        """Credits the bond of a challenge that was not answered, and no longer can be, to the challenger."""
        challenge = self.get_challenge(challenge_id)
        if challenge.kind == Kind.NONE:
            raise Refused("UnknownChallenge", challenge_id, challenge.kind)
        if challenge.closed:
            raise Refused("ChallengeClosed", challenge_id)
        _, state = self.tasks.get_task(challenge.task_id)
        if self.tasks.block.time < state.deadline and self._runs(challenge):
            raise Refused("ChallengeOpen", challenge_id)
        self._close(challenge_id, challenge.challenger)

    # ---- answers

    def answer_update(self, challenge_id: int, posting: Posting, vector: Sequence[int], basis: Sequence[Point]) -> None:
        """Opens a masked update: C(u) = C(update) + sum of s * (C(mask) - B)."""
        challenge = self._open(challenge_id, Kind.UPDATE)
        task_id, number, attempt, trainer = challenge.task_id, challenge.round, challenge.attempt, challenge.accused
        config, _ = self.tasks.get_task(task_id)
        self._check_posting(task_id, number, trainer, posting)
        check_opening(config, vector, update_length(config.dimension), basis)
        expected = posting.update
        for mask in posting.masks:
            expected = (plus if sign(trainer, mask.peer) > 0 else minus)(expected, mask.commitment, config.offset)
        self._check_commitment(point_hash(expected), vector, basis, config.offset)

        self.tasks.acquit(self.address, task_id, number, attempt, trainer)
        self.opened_.add((task_id, number, attempt, trainer))
        self._close(challenge_id, trainer)

    def answer_mask(
        self,
        challenge_id: int,
        postings: tuple[Posting, Posting],
        keys: tuple[Point, Point],
        shared: Point,
        proof: EqualLogProof,
        by_other: bool,
        basis: Sequence[Point],
    ) -> None:
        """Shows the point that two peers share, and so their mask: whoever posted another is convicted."""
        challenge = self._open(challenge_id, Kind.MASK)
        task_id, pair = challenge.task_id, (challenge.accused, challenge.other)
        config, _ = self.tasks.get_task(task_id)
        for trainer, posting, key in zip(pair, postings, keys, strict=True):
            self._check_posting(task_id, challenge.round, trainer, posting)
            expected, actual = self.tasks.get_enrolment(task_id, trainer).mask_key_hash, point_hash(key)
            if actual != expected:
                raise Refused("MaskKeyMismatch", trainer, expected, actual)
        key, peer_key = reversed(keys) if by_other else keys
        if not is_point(shared) or not share_one_log(key, peer_key, shared, proof, self.tasks.multiply):
            raise Refused("InvalidSharedPoint")
        if not self._runs(challenge):
            raise Refused("NotAccused", task_id, challenge.round, challenge.attempt, challenge.accused)
        check_basis(config, basis)
        low, high = sorted(zip(pair, postings, strict=True), key=lambda member: int(member[0], 16))
        seed = keccak256(
            words(
                *shared,
                self.tasks.tag(task_id),
                challenge.round,
                challenge.attempt,
                int(low[0], 16),
                int(high[0], 16),
                *low[1].update,
                *high[1].update,
            )
        )
        vector = prg(seed, update_length(config.dimension))
        mask = commit(vector, basis, config.offset, self.tasks.multiply)

        for trainer, peer, posting in zip(pair, reversed(pair), postings, strict=True):
            if self.tasks.get_roster_entry(task_id, challenge.round, trainer).status == TrainerStatus.GUILTY:
                continue  # for wrong peers, meanwhile
            if mask_with(trainer, posting, peer) == mask:
                self.tasks.acquit(self.address, task_id, challenge.round, challenge.attempt, trainer)
            else:
                self.tasks.convict(self.address, task_id, trainer)
        self._close(challenge_id, challenge.challenger)

    def answer_model(self, challenge_id: int, weights: Sequence[int], basis: Sequence[Point]) -> None:
        """Opens the average, or the first model."""
        challenge = self._open(challenge_id, Kind.MODEL)
        task_id, first = challenge.task_id, challenge.attempt == 0
        config, state = self.tasks.get_task(task_id)
        if not self._runs(challenge):
            raise Refused("ModelNotAccused", task_id)
        check_opening(config, weights, config.dimension, basis)
        tagged = add(config.offset, self.tasks.multiply(config.basis_d, self.tasks.tag(task_id)))
        expected = state.model_hash if first else point_hash(state.average)
        self._check_commitment(expected, weights, basis[: config.dimension], tagged)

        self.tasks.acquit_model(self.address, task_id)
        if first:
            self.opened_.add((task_id, 0, 0, challenge.accused))
        self._close(challenge_id, challenge.accused)

    # ---- views

    def get_challenge(self, challenge_id: int) -> Challenge:
        """A challenge; all zero if there is none."""
        return self.challenges[challenge_id - 1] if 1 <= challenge_id <= len(self.challenges) else Challenge()

    def opened(self, task_id: int, number: int, attempt: int, accused: str) -> bool:
        """Whether a masked update was opened in an attempt; with attempt 0, whether the first model was."""
        return (task_id, number if attempt else 0, attempt, accused) in self.opened_

    def challenge_of(self, task_id: int, number: int, attempt: int, accused: str) -> int:
        """The challenge that accuses a member of an attempt, or with attempt 0 the model of a round."""
        return self.accusations.get((task_id, number, attempt, accused), 0)

    # ---- how

    def _raise(
        self,
        sender: str,
        value: int,
        kind: Kind,
        task_id: int,
        number: int,
        attempt: int,
        accused: str,
        other: str = ZERO_ADDRESS,
    ) -> int:
        """Keeps a challenge, and its bond."""
        self.challenges.append(Challenge(sender, value, accused, kind, False, number, attempt, other, task_id))
        challenge_id = len(self.challenges)
        self.tasks.stakes.take_bond(self.address, value, challenge_id)
        for trainer in (accused, other) if kind == Kind.MASK else (accused,):
            self.accusations[task_id, number, 0 if kind == Kind.MODEL else attempt, trainer] = challenge_id
        return challenge_id

    def _close(self, challenge_id: int, to: str) -> None:
        challenge = self.get_challenge(challenge_id)
        challenge.closed = True
        self.tasks.stakes.pay_bond(self.address, challenge_id, to, challenge.bond)

    def _runs(self, challenge: Challenge) -> bool:
        """Whether what the challenge was raised in still runs, so that it can be answered.

        A member's: the attempt, until an average of it is accepted. A model's: the phase in which it was accused.
        """
        _, state = self.tasks.get_task(challenge.task_id)
        averages = self.tasks.get_round(challenge.task_id, state.round).averages
        if challenge.kind == Kind.MODEL:
            phase = Phase.CHALLENGE if averages else Phase.JOIN
            at = (phase, challenge.round, averages)
        else:
            at = (Phase.AGGREGATE, challenge.round, state.attempt if averages == 0 else 0)
        return (state.phase, state.round, challenge.attempt) == at

    def _open(self, challenge_id: int, kind: Kind) -> Challenge:
        challenge = self.get_challenge(challenge_id)
        if challenge.kind != kind:
            raise Refused("UnknownChallenge", challenge_id, kind)
        if challenge.closed:
            raise Refused("ChallengeClosed", challenge_id)
        return challenge

    def _bonded_task(self, task_id: int, value: int) -> TaskState:
        """The state of a task for which the right bond was sent."""
        config, state = self.tasks.get_task(task_id)
        if value != config.challenge_bond:
            raise Refused("WrongBond", config.challenge_bond, value)
        return state

    def _check_posting(self, task_id: int, number: int, trainer: str, posting: Posting) -> None:
        expected = self.tasks.get_roster_entry(task_id, number, trainer).posting_hash
        actual = posting_hash(posting)
        if actual != expected:
            raise Refused("PostingMismatch", trainer, expected, actual)

    def _is_zero(self, task_id: int, model_hash: bytes) -> bool:
        """Whether a model's weights are all zero, so that everybody knows them."""
        config, _ = self.tasks.get_task(task_id)
        return model_hash == point_hash(
            add(config.offset, self.tasks.multiply(config.basis_d, self.tasks.tag(task_id)))
        )

    def _check_commitment(self, expected: bytes, vector: Sequence[int], basis: Sequence[Point], offset: Point) -> None:
        actual = point_hash(commit(vector, basis, offset, self.tasks.multiply))
        if actual != expected:
            raise Refused("OpeningMismatch", expected, actual)


def mask_with(trainer: str, posting: Posting, peer: str) -> Point:
    """The commitment of a member's mask with a peer, as it posted it."""
    for mask in posting.masks:
        if mask.peer == peer:
            return mask.commitment
    raise Refused("NotPeers", trainer, peer)


def distance(seed: bytes, start: str, end: str) -> int:
    """How far clockwise `end` stands from `start` on an attempt's circle; 0 only from itself."""
    a, b = (int.from_bytes(keccak256(seed + int(who, 16).to_bytes(20, "big")), "big") for who in (start, end))
    return (b - a) % 2**256


def check_basis(config: TaskConfig, basis: Sequence[Point]) -> None:
    """The basis points must be the task's."""
    actual = basis_hash(basis)
    if actual != config.basis_hash:
        raise Refused("BasisMismatch", config.basis_hash, actual)


def check_opening(config: TaskConfig, vector: Sequence[int], length: int, basis: Sequence[Point]) -> None:
    """The basis points must be the task's; there must be so many entries, all canonical."""
    check_basis(config, basis)
    if len(vector) != length:
        raise Refused("WrongLength", length, len(vector))
    for index, entry in enumerate(vector):
        if entry >= P:
            raise Refused("NonCanonicalEntry", index, entry)
