"""Everybody who takes part in a history, and what they know: secrets, vectors, and the right bytes for every call.

The SRS's secret is known (`ToySrs`), so commitments and openings cost one multiplication each; the rest see points.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from random import Random

from headwater.protocol import curve, equal_log, openings, possession
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P, derive, to_signed
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Machine, Refused
from headwater.protocol.machine.points import plus, point_hash, words
from headwater.protocol.masks import GENERATOR, Attempt, circle, pair_seed, peers, prg, sign
from headwater.protocol.openings import Encoding, TaskBasis
from headwater.protocol.pairing import G2
from headwater.protocol.phases import TrainerStatus
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    ZERO_HASH,
    Claim,
    Opening,
    Origin,
    Parent,
    PeerMask,
    Posting,
    TaskConfig,
)
from headwater.protocol.vectors import UPDATE_SALTS, update_length
from tests.support.masking import generated, member
from tests.support.toy_srs import ToySrs, lagrange

TRAINERS = tuple(member(n) for n in range(6))
CROWD = tuple(member(n) for n in range(22))
AGGREGATOR, CREATOR, STRANGER = (member(n) for n in range(22, 25))
REFUSING = TRAINERS[-1]
"""A contract that cannot be paid."""

CID = keccak256(b"a document")
NOT_A_POINT = Point(1, 3)
VALID = b"\x01"
"""The end of a proof that `Verdict` accepts."""

SMALL, LARGE, OTHER = (ToySrs(k, derive(b"the toxic waste of the ceremonies", n)) for n, k in enumerate((5, 14, 5)))
"""Of the rows that short vectors take, of more, and of another secret."""

MIDDLE = ToySrs(12, LARGE.tau)
"""Of the rows that updates in two parts take."""

LONG = 2040
"""D of the least models whose updates are shown in two parts."""

_LOGS: dict[Point, int] = {GENERATOR: 1}
_FRESH: dict[Point, int] = {}
_SRS = {(srs.k, srs.tau_g2): srs for srs in (SMALL, LARGE, OTHER, MIDDLE)}
_TAUS = {srs.tau_g2: srs.tau for srs in _SRS.values()}


@lru_cache(maxsize=100_000)
def point(log: int) -> Point:
    """log * G."""
    return generated(log)


def known(log: int) -> Point:
    """log * G, of which `multiply` will know the logarithm."""
    _LOGS[point(log)] = log
    return point(log)


def fresh(log: int) -> Point:
    """The same, of which it is forgotten when the next history starts."""
    _FRESH[point(log)] = log
    return point(log)


def multiply(base: Point, scalar: int) -> Point:
    """scalar * base; quick where the logarithm is known."""
    log = _LOGS.get(base, _FRESH.get(base))
    return curve.multiply(base, scalar) if log is None else point(log * scalar % P)


def balanced(left: Point, right: Point, factor: G2) -> bool:
    """Whether e(left, G2) = e(right, factor), by the factor's logarithm; of others, no."""
    tau = _TAUS.get(factor)
    return tau is not None and left == multiply(right, tau)


def verify(_: str, proof: bytes) -> bool:
    """What `Verdict` says."""
    return proof.endswith(VALID)


UNKNOWN_LOG = 88
UNKNOWN = known(UNKNOWN_LOG)
"""The commitment of a vector that nobody has."""


def ticket(number: int, task_id: int, trainer: str, data_hashes: Iterable[bytes]) -> bytes:
    """What `Gate` admits by, as evidence."""
    told = words(number, task_id, int(trainer, 16)) + b"".join(data_hashes)
    return words(number) + keccak256(told)


class Gate:
    """What `Gate` says."""

    def __init__(self) -> None:
        self.used: set[bytes] = set()

    def admit(self, _: str, task_id: int, trainer: str, data_hashes: tuple[bytes, ...], evidence: bytes) -> bool:
        """Whether the evidence starts with a ticket that was not used."""
        if not evidence:
            return False
        number, shown = int.from_bytes(evidence[:32], "big"), evidence[:64]
        if shown != ticket(number, task_id, trainer, data_hashes) or shown in self.used:
            raise Refused("InvalidTicket", trainer)
        self.used.add(shown)
        return True


@cache
def secret_of(who: str) -> int:
    """An account's mask secret."""
    return int.from_bytes(keccak256(f"secret {who}".encode()), "big") % P


@cache
def key_of(who: str) -> Point:
    """An account's mask key."""
    return known(secret_of(who))


@cache
def possession_of(who: str, tag: int) -> PossessionProof:
    """An account's proof that it knows the secret, in the task with this tag."""
    return possession.prove(secret_of(who), tag, who)


@cache
def data_of(who: str, number: int = 0) -> Point:
    """The commitment of some of an account's data."""
    return known(secret_of(f"data {number} of {who}"))


@cache
def shared_by(one: str, other: str) -> Point:
    """What two accounts share."""
    return known(secret_of(one) * secret_of(other) % P)


@cache
def shown_by(one: str, other: str) -> EqualLogProof:
    """Proof by the first of two that they share what they share."""
    return equal_log.prove(secret_of(one), key_of(other))


@cache
def row(srs: ToySrs, number: int) -> int:
    """The logarithm of a basis point."""
    return lagrange(srs.k, number, srs.tau)


def inner(srs: ToySrs, vector: Sequence[int]) -> int:
    """The logarithm of C(vector) - C(0)."""
    return sum(value * row(srs, number) for number, value in enumerate(vector) if value) % P


@cache
def basis_of(srs: ToySrs, dimension: int) -> TaskBasis:
    """The points of a task's config."""
    return TaskBasis(*(known(log) for log in (srs.offset_log, *(row(srs, n) for n in (0, 1, dimension)))))


@cache
def basis_quotient(srs: ToySrs, dimension: int) -> Point:
    """What opens them."""
    claim = openings.basis_claim(basis_of(srs, dimension), srs.k, dimension)
    return known(quotient_log(srs, (srs.offset_log + inner(srs, claim.vector)) % P, claim.point, claim.value))


def quotient_log(srs: ToySrs, log: int, r: int, value: int) -> int:
    """The logarithm of the quotient that shows a value at r, of the polynomial behind log * G."""
    return (log - value) * pow(srs.tau - r, -1, P) % P


def padded(weights: Sequence[int], dimension: int) -> tuple[int, ...]:
    """So many weights: the first of these, or zeros after them."""
    return tuple(weights[:dimension]) + (0,) * (dimension - len(weights))


def first_weights(dimension: int) -> tuple[int, ...]:
    """What a task of so many weights starts from: those of two from zeros, which nobody has to show."""
    return (0, 0) if dimension == 2 else tuple(range(1, dimension + 1))


def config_of(
    dimension: int, verifiers: tuple[str, str], code_hash: bytes, srs: ToySrs = SMALL, admission: str = ZERO_ADDRESS
) -> TaskConfig:
    """A task's config: right, and dull."""
    basis = basis_of(srs, dimension)
    return TaskConfig(
        train_verifier=verifiers[0],
        train_code_hash=code_hash,
        average_verifier=verifiers[1],
        average_code_hash=code_hash,
        score_verifier=ZERO_ADDRESS,
        score_code_hash=ZERO_HASH,
        manifest=keccak256(b"manifest"),
        srs=keccak256(b"srs"),
        k=srs.k,
        dimension=dimension,
        rounds=2,
        min_trainers=3,
        max_trainers=4,
        max_links=4,
        review_period=0,
        quiet_bound=0,
        admission=admission,
        join_period=50,
        train_period=60,
        mask_period=40,
        aggregate_period=55,
        challenge_period=30,
        answer_period=20,
        unbonding_period=45,
        stake=1001,
        aggregator_fee=7,
        challenge_bond=13,
        fault_slash=3333,
        absence_slash=777,
        offset=basis.offset,
        basis0=basis.basis0,
        basis1=basis.basis1,
        basis_d=basis.basis_d,
        tau=srs.tau_g2,
    )


def srs_of(config: TaskConfig) -> ToySrs:
    """The SRS under which a task's commitments are made."""
    return _SRS[config.k, config.tau]


class Players:
    """What is known of the tasks of one history, beside what is on chain.

    Attributes:
        hash_of: the hash of a block by its number; zeros where it is forgotten.
        postings: by (task, round, attempt, trainer), what was made for `mask` last.
        vectors: for the same keys, the vector that a posting commits to.
        lies: for the same keys, whom it tells another mask than the true one.
        models: by the commitment's hash, its logarithm, and the weights.
        firsts: weights of models that tasks may start from, by the logarithm of C([w | 0]).
    """

    def __init__(self, machine: Machine, hash_of: Callable[[int], bytes]) -> None:
        self.machine = machine
        self.hash_of = hash_of
        self.postings: dict[tuple[int, int, int, str], Posting] = {}
        self.vectors: dict[tuple[int, int, int, str], tuple[int, ...]] = {}
        self.lies: dict[tuple[int, int, int, str], frozenset[str]] = {}
        self.models: dict[bytes, tuple[int, tuple[int, ...]]] = {point_hash(UNKNOWN): (UNKNOWN_LOG, (1, 2, 3))}
        self.firsts: dict[int, tuple[int, ...]] = {UNKNOWN_LOG: (1, 2, 3)}
        _FRESH.clear()

    # ---- tasks

    def config(self, task_id: int) -> TaskConfig:
        """A task's config."""
        return self.machine.tasks.records[task_id].config

    def srs(self, task_id: int) -> ToySrs:
        """A task's SRS."""
        return srs_of(self.config(task_id))

    def log(self, task_id: int, vector: Sequence[int]) -> int:
        """The logarithm of C(vector), of any length."""
        srs = self.srs(task_id)
        return (srs.offset_log + inner(srs, vector)) % P

    def commit(self, task_id: int, vector: Sequence[int]) -> Point:
        """C(vector)."""
        return point(self.log(task_id, vector))

    def model(self, task_id: int, weights: tuple[int, ...]) -> Point:
        """C([w | tag]), which is recognized by its hash from then on."""
        tagged = (*padded(weights, self.config(task_id).dimension), self.machine.tasks.tag(task_id))
        log = self.log(task_id, tagged)
        self.models[point_hash(point(log))] = (log, weights)
        return point(log)

    def current(self, task_id: int) -> Point:
        """The commitment of a task's model."""
        log, _ = self.models[self.machine.rounds.states[task_id].model_hash]
        return point(log)

    def first_model(self, config: TaskConfig, weights: tuple[int, ...]) -> Point:
        """C([w | 0]), which is recognized when a task starts from it."""
        srs = srs_of(config)
        log = (srs.offset_log + inner(srs, weights)) % P
        self.firsts[log] = weights
        return point(log)

    def meet(self) -> None:
        """Recognize the first models of all tasks."""
        for task_id in self.machine.tasks.records:
            expected = self.machine.models.entries[task_id][0][0]
            if expected not in self.models:
                tagged = {(log + self.tagged(task_id)) % P: weights for log, weights in self.firsts.items()}
                self.models[expected] = next(m for m in tagged.items() if point_hash(point(m[0])) == expected)

    def tagged(self, task_id: int) -> int:
        """The logarithm of what a task's tag adds to a commitment."""
        return self.machine.tasks.tag(task_id) * row(self.srs(task_id), self.config(task_id).dimension) % P

    def origin(
        self, sender: str, config: TaskConfig, parents: Sequence[tuple[int, int]], coefficients: Sequence[int], by: int
    ) -> Origin:
        """The sum of models of a task and a round each, times coefficients, divided."""
        srs, dimension = srs_of(config), config.dimension
        models = [self.models[self.machine.models.entries[task_id][number][0]] for task_id, number in parents]
        logs = [
            log - self.tagged(task_id) - srs.offset_log for (task_id, _), (log, _) in zip(parents, models, strict=True)
        ]
        total = (srs.offset_log + sum(a * log for a, log in zip(coefficients, logs, strict=True))) % P
        vectors = [[to_signed(w % P) for w in padded(weights, dimension)] for _, weights in models]
        columns = zip(*vectors, strict=True)
        weights = tuple(sum(a * w for a, w in zip(coefficients, column, strict=True)) // by for column in columns)
        proof = b""
        if list(coefficients) == [1] and by == 1:
            self.firsts[total] = weights
        else:
            public = point((srs.offset_log + inner(srs, (by, int(sender, 16)))) % P)
            twice = point((2 * total - srs.offset_log) % P)
            points = (self.first_model(config, weights), GENERATOR, public, twice)
            proof = b"".join(p.encode() for p in points) + VALID
        sources = tuple(Parent(*parent, a) for parent, a in zip(parents, coefficients, strict=True))
        return Origin(INFINITY, sources, tuple(point(log) for log, _ in models), by, proof)

    # ---- rounds

    def running(self, task_id: int) -> tuple[int, int, int]:
        """Task, round and attempt that runs."""
        state = self.machine.rounds.states[task_id]
        return task_id, state.round, state.attempt

    def seed(self, task_id: int) -> bytes:
        """The attempt's seed, if it is drawn now."""
        state = self.machine.rounds.states[task_id]
        if state.seed_block == 0:
            return state.seed
        return keccak256(self.hash_of(state.seed_block) + words(*self.running(task_id)))

    def update(self, task_id: int, number: int, who: str) -> tuple[int, ...]:
        """[w' | 0 | salts]."""
        random, dimension = Random(f"{task_id} {number} {who}"), self.config(task_id).dimension
        weights = [random.randrange(100) for _ in range(dimension)]
        return (*weights, 0, *(random.randrange(P) for _ in range(UPDATE_SALTS)))

    def train_proofs(self, task_id: int, who: str, model: Point, data: Sequence[Point]) -> tuple[bytes, ...]:
        """Proofs in a row of the sender's update, as far as contracts look: one for each data."""
        number = self.machine.rounds.states[task_id].round
        ends = [point(secret_of(f"{task_id} {number} {who} {link}")) for link in range(len(data) - 1)]
        ends.append(self.commit(task_id, self.update(task_id, number, who)))
        starts = (model, *ends)
        links = zip(starts, data, ends, strict=False)
        return tuple(b"".join(p.encode() for p in (a, d, GENERATOR, b)) + VALID for a, d, b in links)

    def members(self, task_id: int) -> list[str]:
        """Who is of the attempt that runs."""
        state = self.machine.rounds.states[task_id]
        entries = {who: self.machine.rounds.get_roster_entry(task_id, state.round, who) for who in CROWD}
        return [
            who
            for who, entry in entries.items()
            if entry.status == TrainerStatus.SUBMITTED and entry.attempt in (state.attempt, state.attempt - 1)
        ]

    def circle(self, task_id: int, members: Collection[str] = ()) -> tuple[str, ...]:
        """They, or others, in their order."""
        return circle(members or self.members(task_id), self.seed(task_id))

    def posting(self, task_id: int, who: str, lies: frozenset[str] = frozenset(), wrong: str | None = None) -> Posting:
        """What a member posts: to those in `lies` another mask than the true one; `wrong` in the last peer's place."""
        state = self.machine.rounds.states[task_id]
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
        self.postings[key] = Posting(self.seed(task_id), points[who], CID, tuple(masks))
        self.vectors[key], self.lies[key] = tuple(vector), lies
        return self.postings[key]

    def average_proof(self, task_id: int, who: str, weights: tuple[int, ...]) -> bytes:
        """A proof of an average for this aggregator, as far as contracts look."""
        state = self.machine.rounds.states[task_id]
        masked = self.machine.rounds.get_round(task_id, state.round).masked
        public = self.commit(task_id, (masked, int(who, 16)))
        twice = plus(state.sum, state.sum, self.config(task_id).offset)
        return b"".join(p.encode() for p in (self.model(task_id, weights), GENERATOR, public, twice)) + VALID

    # ---- openings

    def claim(
        self, task_id: int, vector: Sequence[int], encoding: Encoding, seed: bytes = ZERO_HASH
    ) -> tuple[Claim, Opening]:
        """That C(vector) is of this vector, and what shows it. `seed`: of a mask."""
        data = b"" if encoding == Encoding.MASK else openings.encode(vector, encoding)
        root = seed if encoding == Encoding.MASK else openings.root_of(data, encoding)
        log, srs = self.log(task_id, vector), self.srs(task_id)
        r = openings.challenge(point(log), srs.k, encoding, len(vector), root)
        value = openings.evaluate(srs.k, vector, r)
        quotient = fresh(quotient_log(srs, log, r, value))
        return Claim(task_id, point(log), encoding, len(vector), root), Opening(root, data, quotient)

    def update_claim(self, task_id: int, vector: Sequence[int]) -> tuple[Claim, Opening]:
        """Of a masked update."""
        return self.claim(task_id, vector, Encoding.WORDS)

    def model_claim(self, task_id: int, weights: Sequence[int]) -> tuple[Claim, Opening]:
        """Of a model, less its tag."""
        return self.claim(task_id, padded(weights, self.config(task_id).dimension), Encoding.PACKED)

    def mask_claim(
        self, at: tuple[int, int, int], pair: tuple[str, str], updates: tuple[Point, Point]
    ) -> tuple[Claim, Opening]:
        """Of the mask that two share in (task, round, attempt)."""
        task_id, number, attempt = at
        made = Attempt(self.machine.tasks.tag(task_id), number, attempt, pair, dict(zip(pair, updates, strict=True)))
        seed = pair_seed(shared_by(*pair), made, *pair)
        vector = prg(seed, update_length(self.config(task_id).dimension))
        return self.claim(task_id, vector, Encoding.MASK, seed)


def lying(posting: Posting, at: int, **changes: object) -> Posting:
    """A posting with one mask changed."""
    masks = list(posting.masks)
    masks[at] = replace(masks[at], **changes)
    return replace(posting, masks=tuple(masks))
