"""Everybody who takes part in a history, and what they know: secrets, vectors, and the right bytes for every call.

Basis points are known multiples of G (`ToyBasis`), so a commitment costs one multiplication; the rest see points.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from random import Random

from headwater.protocol import curve, equal_log
from headwater.protocol.curve import Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Machine
from headwater.protocol.machine.points import basis_hash, point_hash
from headwater.protocol.masks import GENERATOR, Attempt, circle, pair_seed, peers, prg, sign
from headwater.protocol.phases import TrainerStatus
from headwater.protocol.structs import PeerMask, Posting, TaskConfig
from tests.support.masking import ToyBasis, generated, member

TRAINERS = tuple(member(n) for n in range(6))
CROWD = tuple(member(n) for n in range(20))
AGGREGATOR, CREATOR, STRANGER = (member(n) for n in range(20, 23))
REFUSING = TRAINERS[-1]
"""A contract that cannot be paid."""

SALTS = 8
CID = keccak256(b"a document")
NOT_A_POINT = Point(1, 3)
VALID = b"\x01"
"""The end of a proof that `Verdict` accepts."""

_LOGS: dict[Point, int] = {GENERATOR: 1}


@lru_cache(maxsize=100_000)
def point(log: int) -> Point:
    """log * G."""
    return generated(log)


def known(log: int) -> Point:
    """log * G, of which `multiply` will know the logarithm."""
    _LOGS[point(log)] = log
    return point(log)


def multiply(base: Point, scalar: int) -> Point:
    """scalar * base; quick where the logarithm is known."""
    log = _LOGS.get(base)
    return curve.multiply(base, scalar) if log is None else point(log * scalar % P)


def verify(_: str, proof: bytes) -> bool:
    """What `Verdict` says."""
    return proof.endswith(VALID)


UNKNOWN = known(88)
"""The commitment of a vector that nobody has."""


@cache
def secret_of(who: str) -> int:
    """An account's mask secret."""
    return int.from_bytes(keccak256(f"secret {who}".encode()), "big") % P


@cache
def key_of(who: str) -> Point:
    """An account's mask key."""
    return known(secret_of(who))


@cache
def data_of(who: str) -> Point:
    """The commitment of an account's data."""
    return known(secret_of(f"data of {who}"))


@cache
def shared_by(one: str, other: str) -> Point:
    """What two accounts share."""
    return known(secret_of(one) * secret_of(other) % P)


@cache
def shown_by(one: str, other: str) -> EqualLogProof:
    """Proof by the first of two that they share what they share."""
    return equal_log.prove(secret_of(one), key_of(other))


@cache
def basis_of(dimension: int) -> ToyBasis:
    """The basis of tasks of a dimension."""
    return ToyBasis.of(dimension + 1 + SALTS)


@cache
def basis_points(dimension: int) -> tuple[Point, ...]:
    """The same as points."""
    return tuple(known(log) for log in basis_of(dimension).logs)


def first_weights(dimension: int) -> tuple[int, ...]:
    """What every task of so many weights starts from: those of two from zeros, which nobody has to show."""
    return (0, 0) if dimension == 2 else tuple(range(1, dimension + 1))


def first_model(dimension: int) -> Point:
    """C([w | 0])."""
    return basis_of(dimension).commit((*first_weights(dimension), *[0] * (1 + SALTS)))


def config_of(dimension: int, verifiers: tuple[str, str], code_hash: bytes) -> TaskConfig:
    """A task's config: right, and dull."""
    basis = basis_points(dimension)
    return TaskConfig(
        train_verifier=verifiers[0],
        k=4,
        dimension=dimension,
        mask_period=40,
        average_verifier=verifiers[1],
        stake=1001,
        aggregator_fee=7,
        rounds=2,
        min_trainers=3,
        max_trainers=4,
        join_period=50,
        train_period=60,
        aggregate_period=55,
        challenge_bond=13,
        answer_period=20,
        challenge_period=30,
        unbonding_period=45,
        fault_slash=3333,
        absence_slash=777,
        train_code_hash=code_hash,
        average_code_hash=code_hash,
        manifest=keccak256(b"manifest"),
        srs=keccak256(b"srs"),
        basis_hash=basis_hash(basis),
        offset=basis_of(dimension).offset,
        basis0=basis[0],
        basis1=basis[1],
        basis_d=basis[dimension],
    )


class Players:
    """What is known of the tasks of one history, beside what is on chain.

    Attributes:
        postings: by (task, round, attempt, trainer), what was made for `mask` last.
        openings: for the same keys, the vector that a posting commits to.
        models: commitment and weights, by the commitment's hash.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.postings: dict[tuple[int, int, int, str], Posting] = {}
        self.openings: dict[tuple[int, int, int, str], tuple[int, ...]] = {}
        self.models: dict[bytes, tuple[Point, tuple[int, ...]]] = {point_hash(UNKNOWN): (UNKNOWN, (1, 2, 3))}

    def basis(self, task_id: int) -> tuple[Point, ...]:
        """A task's basis points."""
        return basis_points(self.machine.tasks.configs[task_id].dimension)

    def commit(self, task_id: int, vector: Sequence[int]) -> Point:
        """C(vector), of any length up to an update's."""
        basis = basis_of(self.machine.tasks.configs[task_id].dimension)
        return point((basis.offset_log + sum(v * log for v, log in zip(vector, basis.logs, strict=False))) % P)

    def model(self, task_id: int, weights: tuple[int, ...]) -> Point:
        """C([w | tag]), which is recognized by its hash from then on."""
        commitment = self.commit(task_id, (*weights, self.machine.tasks.tag(task_id)))
        self.models[point_hash(commitment)] = (commitment, weights)
        return commitment

    def running(self, task_id: int) -> tuple[int, int, int]:
        """Task, round and attempt that runs."""
        state = self.machine.tasks.states[task_id]
        return task_id, state.round, state.attempt

    def update(self, task_id: int, number: int, who: str) -> tuple[int, ...]:
        """[w' | 0 | salts]."""
        random = Random(f"{task_id} {number} {who}")
        dimension = self.machine.tasks.configs[task_id].dimension
        return (*(random.randrange(100) for _ in range(dimension)), 0, *(random.randrange(P) for _ in range(SALTS)))

    def train_proof(self, task_id: int, who: str, model: Point, data: Point) -> bytes:
        """A proof of the sender's update, as far as contracts look."""
        update = self.commit(task_id, self.update(task_id, self.machine.tasks.states[task_id].round, who))
        return b"".join(p.encode() for p in (model, data, GENERATOR, update)) + VALID

    def members(self, task_id: int) -> list[str]:
        """Who is of the attempt that runs."""
        state = self.machine.tasks.states[task_id]
        entries = {who: self.machine.tasks.get_roster_entry(task_id, state.round, who) for who in CROWD}
        return [
            who
            for who, entry in entries.items()
            if entry.status == TrainerStatus.SUBMITTED and entry.attempt in (state.attempt, state.attempt - 1)
        ]

    def circle(self, task_id: int, members: Collection[str] = ()) -> tuple[str, ...]:
        """They, or others, in their order."""
        return circle(members or self.members(task_id), self.machine.tasks.states[task_id].seed)

    def average(self, task_id: int) -> tuple[int, ...]:
        """The weights of the average that is in Challenge, or was there last."""
        _, weights = self.models[point_hash(self.machine.tasks.states[task_id].average)]
        return weights

    def posting(self, task_id: int, who: str, lies: frozenset[str] = frozenset(), wrong: str | None = None) -> Posting:
        """What a member posts: to those in `lies` another mask than the true one; `wrong` in the last peer's place."""
        state = self.machine.tasks.states[task_id]
        order = self.circle(task_id)
        updates = {m: self.update(task_id, state.round, m) for m in order}
        points = {m: self.commit(task_id, update) for m, update in updates.items()}
        attempt = Attempt(self.machine.tasks.tag(task_id), state.round, state.attempt, order, points)
        vector, masks = list(updates[who]), []
        named = peers(order, who)
        named = tuple(sorted((*named[:-1], wrong), key=lambda m: int(m, 16))) if wrong else named
        for peer in named:
            mask = prg(pair_seed(shared_by(who, peer), attempt, who, peer), len(vector))
            mask[0] = (mask[0] + (peer in lies)) % P
            vector = [(v + sign(who, peer) * m) % P for v, m in zip(vector, mask, strict=True)]
            masks.append(PeerMask(peer, self.commit(task_id, mask)))
        key = (*self.running(task_id), who)
        self.postings[key] = Posting(points[who], CID, tuple(masks))
        self.openings[key] = tuple(vector)
        return self.postings[key]

    def average_proof(self, task_id: int, who: str, weights: tuple[int, ...]) -> bytes:
        """A proof of an average for this aggregator, as far as contracts look."""
        state = self.machine.tasks.states[task_id]
        masked = self.machine.tasks.get_round(task_id, state.round).masked
        public = self.commit(task_id, (masked, int(who, 16)))
        return b"".join(p.encode() for p in (self.model(task_id, weights), GENERATOR, public, state.sum)) + VALID


def lying(posting: Posting, at: int, **changes: object) -> Posting:
    """A posting with one mask changed."""
    masks = list(posting.masks)
    masks[at] = replace(masks[at], **changes)
    return replace(posting, masks=tuple(masks))
