"""ChallengeManager: whoever committed to a vector can be made to show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import INFINITY, Point, add
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import minus, plus, point_hash, posting_hash, share_one_log, words
from headwater.protocol.machine.stakes import check_96_bits
from headwater.protocol.machine.terms import update_parts
from headwater.protocol.masks import NEAREST, sign
from headwater.protocol.openings import Encoding
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    ZERO_HASH,
    Challenge,
    Claim,
    Opening,
    Posting,
    Shown,
    TaskConfig,
    TaskState,
)
from headwater.protocol.vectors import update_length

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine

ANSWER_GAS = 450_000
"""Gas of an answer, whatever it opens; an average's ends its round besides."""

ENTRY_GAS = {Kind.UPDATE: 1300, Kind.MASK: 450, Kind.MODEL: 400}
"""Gas of each of its entries."""

PROOF_GAS, LINK_GAS = 900_000, 6000
"""Gas of showing a proof, and twice that where a score is shown too; and of each link that is given with it."""

REVIEW = 1 << 16
"""Where the challenge of a trainer's proof is kept: beyond all attempts."""

PARTS_GAS = 1300
"""Gas of each pair of an answer's parts: with every part the hashes of all are sent."""


def assumed_gas(kind: Kind, dimension: int, links: int = 1, *, scored: bool = False) -> int:
    """What an answer about so many weights is taken to cost; about a proof, among so many links, perhaps scored."""
    if kind is Kind.PROOF:
        return (2 if scored else 1) * PROOF_GAS + LINK_GAS * links
    entries = ENTRY_GAS.get(kind, ENTRY_GAS[Kind.MODEL]) * update_length(dimension)
    return ANSWER_GAS + entries + PARTS_GAS * update_parts(dimension) ** 2


def least_bond(config: TaskConfig, kind: Kind, base_fee: int) -> int:
    """What a challenge takes at least in a block of this base fee (wei a unit of gas), wei.

    A node computes it. `bondOf` says the same, but many nodes let a contract that is only called see no base fee.
    """
    gas = assumed_gas(kind, config.dimension, config.max_links, scored=config.quiet_bound > 0)
    return max(config.challenge_bond, 2 * base_fee * gas)


class Challenges(Contract):
    """The ChallengeManager.

    Attributes:
        opened_: (task, round, attempt, member) whose masked update was opened, (task, 0, 0, creator) of first models.
        accusations: the challenge by (task, round, attempt, accused); attempt 0 for models, `REVIEW` for proofs.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.challenges: list[Challenge] = []
        self.opened_: set[tuple[int, int, int, str]] = set()
        self.accusations: dict[tuple[int, int, int, str], int] = {}

    # ---- challengers

    def challenge_update(self, sender: str, value: int, task_id: int, trainer: str) -> int:
        """Makes a member open its masked update."""
        rounds = self.machine.rounds
        state = rounds.get_state(task_id)
        if (task_id, state.round, state.attempt, trainer) in self.opened_:
            raise Refused("AlreadyOpened", task_id, state.round, state.attempt, trainer)
        rounds.check_accusable(task_id, trainer, Phase.AGGREGATE)
        self._check_bond(task_id, Kind.UPDATE, value)
        rounds.accuse(self.address, task_id, trainer, Phase.AGGREGATE)
        return self._raise(sender, value, Kind.UPDATE, task_id, state.round, state.attempt, trainer)

    def challenge_mask(
        self, sender: str, value: int, task_id: int, one: str, other: str, posting_one: Posting, posting_other: Posting
    ) -> int:
        """Makes two peers that posted different commitments of their mask show who is right."""
        rounds = self.machine.rounds
        state = rounds.get_state(task_id)
        self._check_posting(task_id, state.round, one, posting_one)
        self._check_posting(task_id, state.round, other, posting_other)
        if mask_with(one, posting_one, other) == mask_with(other, posting_other, one):
            raise Refused("MasksAgree", one, other)
        for trainer in (one, other):
            rounds.check_accusable(task_id, trainer, Phase.AGGREGATE)
        self._check_bond(task_id, Kind.MASK, value)
        for trainer in (one, other):
            rounds.accuse(self.address, task_id, trainer, Phase.AGGREGATE)
        return self._raise(sender, value, Kind.MASK, task_id, state.round, state.attempt, one, other)

    def challenge_proof(self, sender: str, value: int, task_id: int, trainer: str, index: int) -> int:
        """Makes a trainer put the proof of a link that it claimed on chain."""
        rounds = self.machine.rounds
        number = rounds.get_state(task_id).round
        rounds.check_accusable(task_id, trainer, Phase.REVIEW)
        self.machine.proofs.check_open(task_id, number, trainer, index)
        self._check_bond(task_id, Kind.PROOF, value)
        rounds.accuse(self.address, task_id, trainer, Phase.REVIEW)
        return self._raise(sender, value, Kind.PROOF, task_id, number, index, trainer)

    def challenge_model(self, sender: str, value: int, task_id: int) -> int:
        """Makes the aggregator open the average, in Challenge, or the creator the first model, in Join."""
        rounds = self.machine.rounds
        state = rounds.get_state(task_id)
        if state.phase == Phase.JOIN:
            self._check_unknown(task_id, state)
        rounds.check_model_accusable(task_id)
        self._check_bond(task_id, Kind.MODEL, value)
        accused, model_hash = rounds.accuse_model(self.address, task_id)
        averages = rounds.get_round(task_id, state.round).averages
        return self._raise(sender, value, Kind.MODEL, task_id, state.round, averages, accused, model_hash=model_hash)

    def prove_wrong_peer(
        self, task_id: int, trainer: str, posting: Posting, wrong: str, between: Sequence[str]
    ) -> None:
        """Shows that a member of more than 17 committed to a mask with one who is not its peer.

        Eight members stand between it and the wrong one on either way round the circle, so that is none of its nearest.
        """
        rounds = self.machine.rounds
        state = rounds.get_state(task_id)
        self._check_posting(task_id, state.round, trainer, posting)
        mask_with(trainer, posting, wrong)
        if len(between) != 2 * NEAREST:
            raise Refused("WrongLength", 2 * NEAREST, len(between))
        at = 0
        for i, member in enumerate((*between[:NEAREST], wrong, *between[NEAREST:])):
            is_member = rounds.get_roster_entry(task_id, state.round, member).attempt == state.attempt
            last, at = at, distance(state.seed, trainer, member)
            if at <= last or (i != NEAREST and not is_member):
                raise Refused("NotBetween", member)
        rounds.convict(self.address, task_id, trainer, ZERO_ADDRESS, 0)

    def reclaim_bond(self, challenge_id: int) -> None:
        """Credits the bond of a challenge that was not answered, and no longer can be, to the challenger."""
        challenge = self.get_challenge(challenge_id)
        if challenge.kind == Kind.NONE:
            raise Refused("UnknownChallenge", challenge_id, challenge.kind)
        if challenge.closed:
            raise Refused("ChallengeClosed", challenge_id)
        if self.machine.block.time < challenge.answer_by or self._runs(challenge):
            raise Refused("ChallengeOpen", challenge_id, challenge.answer_by)
        self._close(challenge_id, challenge.challenger)

    # ---- answers

    def answer_update(self, challenge_id: int, posting: Posting, opening: Opening) -> None:
        """Opens a masked update: C(u) = C(update) + sum of s * (C(mask) - B)."""
        challenge = self._open(challenge_id, Kind.UPDATE)
        task_id, number, attempt, trainer = challenge.task_id, challenge.round, challenge.attempt, challenge.accused
        self._check_posting(task_id, number, trainer, posting)
        config, masked = self._config(task_id), posting.update
        for mask in posting.masks:
            masked = (plus if sign(trainer, mask.peer) > 0 else minus)(masked, mask.commitment, config.offset)
        entries = update_length(config.dimension)
        self._check_opening(Claim(task_id, masked, Encoding.WORDS, entries, opening.root), opening)

        self.machine.rounds.acquit(self.address, task_id, number, attempt, trainer)
        self.opened_.add((task_id, number, attempt, trainer))
        self._close(challenge_id, trainer)

    def answer_mask(
        self,
        sender: str,
        challenge_id: int,
        postings: tuple[Posting, Posting],
        keys: tuple[Point, Point],
        shared: Point,
        proof: EqualLogProof,
        by_other: bool,
        mask: Point,
        opening: Opening,
    ) -> None:
        """Shows the point that two peers share, and so their mask: whoever posted another is convicted.

        One of the two who is in the right and shows it is owed its gas by the other, at the base fee.
        """
        challenge = self._open(challenge_id, Kind.MASK)
        task_id, pair = challenge.task_id, (challenge.accused, challenge.other)
        if not self._decides(challenge):
            raise Refused("ChallengeMoot", challenge_id)
        for trainer, posting, key in zip(pair, postings, keys, strict=True):
            self._check_posting(task_id, challenge.round, trainer, posting)
            expected, actual = self.machine.trainers.mask_key_hash(task_id, trainer), point_hash(key)
            if actual != expected:
                raise Refused("MaskKeyMismatch", trainer, expected, actual)
        key, peer_key = reversed(keys) if by_other else keys
        if not share_one_log(key, peer_key, shared, proof, self.machine.multiply):
            raise Refused("InvalidSharedPoint")
        seed, entries = self._seed(challenge, postings, shared), update_length(self._config(task_id).dimension)
        self._check_opening(Claim(task_id, mask, Encoding.MASK, entries, seed), opening)

        right = {
            trainer: mask_with(trainer, posting, peer) == mask
            for trainer, peer, posting in zip(pair, reversed(pair), postings, strict=True)
        }
        block = self.machine.block
        payee, owed = (sender, block.gas() * block.base_fee) if right.get(sender) else (ZERO_ADDRESS, 0)
        for trainer in pair:
            entry = self.machine.rounds.get_roster_entry(task_id, challenge.round, trainer)
            if entry.status == TrainerStatus.GUILTY and (right[trainer] or not owed):
                continue  # convicted meanwhile, for wrong peers or by another peer: it can only come to owe
            if right[trainer]:
                self.machine.rounds.acquit(self.address, task_id, challenge.round, challenge.attempt, trainer)
            else:
                self.machine.rounds.convict(self.address, task_id, trainer, payee, owed)
        self._close(challenge_id, challenge.challenger)

    def answer_proof(self, challenge_id: int, shown: Shown) -> None:
        """Proves a link that was claimed."""
        challenge = self._open(challenge_id, Kind.PROOF)
        task_id, number, trainer = challenge.task_id, challenge.round, challenge.accused
        if self.machine.rounds.get_state(task_id).round != number:
            raise Refused("ChallengeMoot", challenge_id)
        self.machine.proofs.prove(self.address, task_id, number, trainer, challenge.attempt, shown)
        self.machine.rounds.acquit(self.address, task_id, number, 0, trainer)
        self._close(challenge_id, trainer)

    def answer_model(self, challenge_id: int, model: Point, opening: Opening) -> None:
        """Opens the average, or the first model: C([w | tag]) less its tag."""
        challenge = self._open(challenge_id, Kind.MODEL)
        task_id, averages = challenge.task_id, challenge.attempt
        model_hash = point_hash(model)
        if model_hash != challenge.model_hash:
            raise Refused("ModelMismatch", challenge.model_hash, model_hash)
        config, tag = self._config(task_id), self.machine.tasks.tag(task_id)
        untagged = add(model, self.machine.multiply(config.basis_d, -tag % P))
        self._check_opening(Claim(task_id, untagged, Encoding.PACKED, config.dimension, opening.root), opening)

        self.machine.rounds.acquit_model(self.address, task_id, challenge.round, averages)
        if averages == 0:
            self.opened_.add((task_id, 0, 0, challenge.accused))
        self._close(challenge_id, challenge.accused)

    # ---- views

    def bond_of(self, task_id: int, kind: Kind) -> int:
        """What a challenge of this kind takes at least: twice what its answer's gas costs now, or the task's bond."""
        return least_bond(self._config(task_id), kind, self.machine.block.base_fee)

    def get_challenge(self, challenge_id: int) -> Challenge:
        """A challenge; all zero if there is none."""
        return self.challenges[challenge_id - 1] if 1 <= challenge_id <= len(self.challenges) else Challenge()

    def opened(self, task_id: int, number: int, attempt: int, accused: str) -> bool:
        """Whether a masked update was opened in an attempt; with attempt 0, whether the first model was."""
        return (task_id, number if attempt else 0, attempt, accused) in self.opened_

    def challenge_of(self, task_id: int, number: int, attempt: int, accused: str) -> int:
        """The challenge that accuses a member of an attempt, or with attempt 0 a round's model, with 65,536 a proof."""
        return self.accusations.get((task_id, number, attempt, accused), 0)

    # ---- how

    def _check_bond(self, task_id: int, kind: Kind, value: int) -> None:
        """So much must have been sent as a challenge of this kind takes."""
        required = self.bond_of(task_id, kind)
        if value < required:
            raise Refused("InsufficientBond", required, value)
        check_96_bits(value)

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
        model_hash: bytes = ZERO_HASH,
    ) -> int:
        """Keeps a challenge, and its bond."""
        answer_by = self.machine.block.time + self.machine.rounds.answer_time(task_id)
        self.challenges.append(
            Challenge(sender, value, accused, kind, False, number, attempt, other, task_id, answer_by, model_hash)
        )
        challenge_id = len(self.challenges)
        self.machine.stakes.take_bond(self.address, value, challenge_id)
        for trainer in (accused, other) if kind == Kind.MASK else (accused,):
            key = {Kind.MODEL: 0, Kind.PROOF: REVIEW}.get(kind, attempt)
            self.accusations[task_id, number, key, trainer] = challenge_id
        return challenge_id

    def _close(self, challenge_id: int, to: str) -> None:
        challenge = self.get_challenge(challenge_id)
        challenge.closed = True
        self.machine.stakes.pay_bond(self.address, challenge_id, to, challenge.bond)

    def _open(self, challenge_id: int, kind: Kind) -> Challenge:
        challenge = self.get_challenge(challenge_id)
        if challenge.kind != kind:
            raise Refused("UnknownChallenge", challenge_id, kind)
        if challenge.closed:
            raise Refused("ChallengeClosed", challenge_id)
        return challenge

    def _runs(self, challenge: Challenge) -> bool:
        """Whether an answer would still acquit.

        A member in its attempt, until an average of it is accepted; a model in the phase in which it was accused; in
        time.
        """
        state = self.machine.rounds.get_state(challenge.task_id)
        averages = self.machine.rounds.get_round(challenge.task_id, state.round).averages
        if challenge.kind == Kind.PROOF:
            at = (Phase.REVIEW, challenge.round, challenge.attempt)
        elif challenge.kind == Kind.MODEL:
            at = (Phase.CHALLENGE if averages else Phase.JOIN, challenge.round, averages)
        else:
            at = (Phase.AGGREGATE, challenge.round, state.attempt if averages == 0 else 0)
        return self.machine.block.time < state.deadline and (state.phase, state.round, challenge.attempt) == at

    def _decides(self, challenge: Challenge) -> bool:
        """Whether a disputed mask can still convict: in the attempt that is aggregated, or its average is not final."""
        state = self.machine.rounds.get_state(challenge.task_id)
        if (challenge.round, challenge.attempt) != (state.round, state.attempt):
            return False
        in_time = self.machine.block.time < state.deadline
        return state.phase == Phase.CHALLENGE or (state.phase == Phase.AGGREGATE and in_time)

    def _seed(self, challenge: Challenge, postings: Sequence[Posting], shared: Point) -> bytes:
        """The seed of the mask of the two that a challenge accuses, from the point that they share."""
        members = zip((challenge.accused, challenge.other), postings, strict=True)
        low, high = sorted(members, key=lambda member: int(member[0], 16))
        at = (self.machine.tasks.tag(challenge.task_id), challenge.round, challenge.attempt)
        pair = (int(low[0], 16), int(high[0], 16), *low[1].update, *high[1].update)
        return keccak256(words(*shared, *at, *pair))

    def _check_posting(self, task_id: int, number: int, trainer: str, posting: Posting) -> None:
        """A posting must be what the trainer posted last in the round."""
        expected = self.machine.rounds.get_roster_entry(task_id, number, trainer).posting_hash
        actual = posting_hash(posting)
        if actual != expected:
            raise Refused("PostingMismatch", trainer, expected, actual)

    def _check_unknown(self, task_id: int, state: TaskState) -> None:
        """A first model that is demanded must not be known: shown before, or all zeros, as its commitment shows."""
        record, tag = self.machine.tasks.get_task(task_id), self.machine.tasks.tag(task_id)
        zero = add(record.config.offset, self.machine.multiply(record.config.basis_d, tag))
        if state.model_hash == point_hash(zero) or (task_id, 0, 0, record.creator) in self.opened_:
            raise Refused("AlreadyOpened", task_id, state.round, 0, record.creator)

    def _check_opening(self, claim: Claim, opening: Opening) -> None:
        """A claim is shown now; or was, in parts, if there is nothing to show it with."""
        nothing = not opening.vector and opening.quotient == INFINITY
        if not (nothing and self.machine.openings.is_open(claim)):
            self.machine.openings.open(claim, opening.vector, opening.quotient)

    def _config(self, task_id: int) -> TaskConfig:
        return self.machine.tasks.config_of(task_id)


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
