"""How a history starts and goes on: what is asked of people, and what they send, mostly right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st

from headwater.protocol.curve import INFINITY, add
from headwater.protocol.field import P
from headwater.protocol.machine.points import point_hash
from headwater.protocol.masks import GENERATOR, peers
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Origin, PeerMask, Posting, TaskConfig, TaskState
from tests.differential.history import Call, History
from tests.differential.lies import PERIODS, TOO_MUCH, unproved, with_points
from tests.differential.onchain import Onchain
from tests.differential.players import (
    AGGREGATOR,
    CID,
    CREATOR,
    CROWD,
    LARGE,
    LONG,
    MIDDLE,
    NOT_A_POINT,
    SMALL,
    STRANGER,
    TRAINERS,
    Players,
    basis_quotient,
    config_of,
    data_of,
    first_weights,
    key_of,
    known,
    lying,
    padded,
    possession_of,
    srs_of,
    ticket,
)

OTHERS = (AGGREGATOR, CREATOR, STRANGER)
JUNK = Posting(CID, known(5), CID, (PeerMask(TRAINERS[0], known(6)),))
SEVERAL = 3
"""How many data an account has."""

FEES = (0, 1, 10**9)
"""Base fees: the bonds of cheap tasks follow each but the first."""


class Game:
    """A history and whoever plays it.

    Attributes:
        onchain: where the contracts stand; the test sets it.
        tally: what all histories have reached.
        care: how much less often than others these trainers err in their duty. A crowd would hardly ever be complete.
    """

    onchain: ClassVar[Onchain]
    tally: ClassVar[Counter[str]] = Counter()
    data: Any
    trainers: tuple[str, ...]
    care: int
    history: History | None = None

    # ---- drawing

    def pick(self, options: Iterable[Any]) -> Any:
        """One of the options; the first when it is shrunk."""
        return self.data.draw(st.sampled_from(list(options)))

    def wrong(self, of: int = 12) -> bool:
        """Whether something is to be wrong: one time of so many."""
        return self.data.draw(st.integers(1, of)) == of

    def some_of(self, options: Sequence[str], missing: int) -> list[str]:
        """All but a few."""
        left_out = {self.pick(options) for _ in range(missing)}
        return [option for option in options if option not in left_out]

    def draw(self, data) -> None:
        """From here on; and now and then the base fee is another."""
        self.data = data
        if self.wrong(6):
            self.history.base_fee = self.pick(FEES)

    @property
    def machine(self):
        """The machine's contracts."""
        return self.history.machine

    @property
    def states(self) -> dict[int, TaskState]:
        """What changes of tasks."""
        return self.machine.rounds.states

    @property
    def players(self) -> Players:
        """What people know."""
        return self.history.players

    def task(self, *phases: Phase) -> int:
        """A task, in one of these phases if there is one; seldom one that there is not."""
        if self.wrong(40):
            return self.pick((len(self.states) + 1, 0))
        there = [task_id for task_id, state in self.states.items() if state.phase in phases]
        running = [task_id for task_id, state in self.states.items() if not state.phase.is_end]
        return self.pick(there or running * 5 + list(self.states))

    def anybody(self) -> str:
        """An account."""
        return self.pick((*self.trainers, *OTHERS))

    def play(self, *calls: Call) -> None:
        """Play calls in one block, a second or a few after the last."""
        self.history.play(*calls, seconds=self.pick((1, 2, 7)))

    def wait_until(self, time: int, *calls: Call) -> None:
        """Play calls at a time, or as soon as there can be a block."""
        self.history.play(*calls, seconds=max(1, time - self.history.time))

    # ---- starting

    def start(self) -> None:
        """One or two tasks, trainers enrolled and, mostly, rounds on their way."""
        self.tally["histories"] += 1
        crowd = self.wrong(12)
        self.trainers, self.care = (CROWD, 6) if crowd else (TRAINERS, 1)
        self.tickets = count(1)
        self.history = History(self.onchain, self.tally, (*self.trainers, *OTHERS))
        self.history.base_fee = self.pick(FEES)
        configs = [self.config(crowd) for _ in range(1 if crowd else self.pick((2, 1)))]
        self.history.play(*(self.creation(config) for config in configs))
        self.players.meet()
        calls = []
        for who in (*self.trainers, AGGREGATOR):
            amount = sum(config.stake for config in configs) * self.pick((4, 2, 1))
            calls += [Call("stakes", "deposit", who, (), amount)] if amount else []
        for task_id in self.states:
            calls += [self.enrolment(task_id, who) for who in self.some_of(self.trainers, self.pick((0, 1, 2)))]
        self.history.play(*calls)
        for task_id in self.states:
            for _ in range(3 if crowd else self.pick((3, 5, 8, 0))):
                self.move(task_id, calm=crowd)

    def config(self, crowd: bool = False) -> TaskConfig:
        """A right config."""
        fault = self.pick((3333, 10_000, 1, 0))
        least, stake = self.pick((3, 3, 3, 4)), self.pick((1001, 10**18, 1, 0))
        dimension, srs = 1 if crowd else self.pick((1, 2, 3)), self.pick((SMALL, SMALL, LARGE))
        if not crowd and self.wrong(40):
            dimension, srs = LONG, MIDDLE
        gate = self.onchain.gate if self.wrong(6) else ZERO_ADDRESS
        config = config_of(dimension, self.onchain.verifiers, self.onchain.code_hash, srs, gate)
        # of two tasks, one should not always run out while the other is waited for; nor a crowd's while it quarrels
        patience = 40 if crowd else self.pick((1, 40))
        review = self.pick((0, 0, 50 * patience))
        if review and self.pick((True, False)):
            verifier = {"score_verifier": self.onchain.verifiers[0], "score_code_hash": self.onchain.code_hash}
            config = replace(config, quiet_bound=self.pick((9000, 1)), **verifier)
        return replace(
            config,
            **{
                period: patience * getattr(config, period)
                for period in PERIODS
                if period not in ("answer_period", "review_period")
            },
            review_period=review,
            stake=stake,
            aggregator_fee=self.pick((7, 0)),
            rounds=self.pick((3, 2, 6, 1)),
            min_trainers=least,
            max_links=self.pick((3, 2, 3, 1)),
            max_trainers=len(CROWD) - 1 if crowd else least + self.pick((1, 2, 0, 3)),
            challenge_bond=min(self.pick((13, 0, 10**6)), stake),
            answer_period=patience * self.pick((20, 90)),
            fault_slash=fault,
            absence_slash=self.pick((fault // 2, fault, 0)),
        )

    def creation(self, config: TaskConfig, origin: Origin | None = None) -> Call:
        """A right `createTask`."""
        value = config.rounds * self.pick((100, 10**18, 7)) + self.pick((0, 1))
        if origin is None:
            origin = Origin(self.players.first_model(config, first_weights(config.dimension)))
        quotient = basis_quotient(srs_of(config), config.dimension)
        return Call("tasks", "createTask", CREATOR, (config, quotient, origin, CID), value)

    # ---- what is asked of people

    def asked(self, task_id: int, who: str) -> bool:
        """Whether a trainer can do something before Aggregate."""
        state = self.states[task_id]
        if state.phase == Phase.JOIN:
            return self.machine.trainers.get_enrolment(task_id, who).releasable_at == 0
        entry = self.machine.rounds.get_roster_entry(task_id, state.round, who)
        if state.phase == Phase.TRAIN:
            return entry.status == TrainerStatus.JOINED
        if state.phase == Phase.REVIEW:
            return False
        return who in self.players.members(task_id) and entry.attempt < state.attempt

    def duty(self, task_id: int, who: str) -> list[Call]:
        """What the phase asks of somebody, mostly right."""
        phase = self.states[task_id].phase
        if phase == Phase.JOIN:
            enrolled = (task_id, who) in self.machine.trainers.enrolments
            return [*([] if enrolled else [self.enrolment(task_id, who)]), Call("rounds", "join", who, (task_id,))]
        if phase == Phase.TRAIN:
            return [self.submission(task_id, who)]
        if phase == Phase.MASK and who in self.players.members(task_id):
            posted = None if self.asked(task_id, who) else self.posted(task_id)[who]
            renewal = [Call("rounds", "renewSeed", self.anybody(), (task_id,))] if self.wrong(8) else []  # of no use
            return [*renewal, Call("rounds", "mask", who, (task_id, posted or self.posting(task_id, who)))]
        if phase == Phase.AGGREGATE:
            return [self.aggregation(task_id, who)]
        return []

    def enrolment(self, task_id: int, who: str) -> Call:
        """An `enrol`."""
        tag, key = self.machine.tasks.tag(task_id), key_of(who)
        proof = possession_of(who, tag)
        data = self.pick(((data_of(who),), (data_of(who),), (data_of(who), data_of(who, 1))))
        if self.wrong(30 * self.care):
            other = self.pick(self.trainers)
            key, proof = self.pick(
                (
                    (key, replaced(proof, response=proof.response + 1)),
                    (key, replaced(proof, response=proof.response + P)),
                    (key, possession_of(who, tag + 1)),
                    (key, possession_of(other, tag)),
                    (key_of(other), possession_of(other, tag)),
                    (add(key_of(other), GENERATOR), proof),
                    (INFINITY, proof),
                )
            )
        if self.wrong(30 * self.care):
            data = self.pick(self.other_data(task_id, data))
        hashes = [point_hash(point) for point in data]
        record = self.machine.tasks.records.get(task_id)
        evidence = b""
        if record and record.config.admission != ZERO_ADDRESS:
            evidence = ticket(next(self.tickets), task_id, who, hashes)
        if self.wrong(20 * self.care):
            evidence = self.pick((b"", ticket(next(self.tickets), task_id, STRANGER, hashes), evidence + b"\0" * 64))
        return Call("trainers", "enrol", who, (task_id, data, key, proof, evidence))

    def other_data(self, task_id: int, data: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Data that are somebody else's, or nobody's, or there twice."""
        record = self.machine.tasks.records.get(task_id)
        zeros = (record.config.offset,) if record else ()
        others = ((data_of(self.pick(self.trainers)),), zeros, (NOT_A_POINT,), (INFINITY,))
        return [(), (*data, *data), *others, *((*data, *other) for other in others)]

    def registration(self, task_id: int, who: str) -> Call:
        """A `registerData`."""
        data = tuple(data_of(who, n) for n in self.pick(((1,), (2,), (1, 2), (0,))))
        if self.wrong(10):
            data = self.pick(self.other_data(task_id, data))
        return Call("trainers", "registerData", who, (task_id, data))

    def submission(self, task_id: int, who: str) -> Call:
        """A `submit`, of one proof mostly; each is of data that the sender registered."""
        model = self.players.current(task_id)
        mine = [data_of(who, n) for n in range(SEVERAL)]
        mine = [d for d in mine if self.machine.trainers.get_data(task_id, point_hash(d)).owner == who] or mine[:1]
        links = self.pick((1, 1, 1, 2, 3))
        if not self.wrong(6 * self.care):
            links = min(links, self.players.config(task_id).max_links)
        data = [self.pick(mine) for _ in range(links)]
        proofs = self.players.train_proofs(task_id, who, model, data)
        if not self.wrong(15 * self.care):
            return Call("proofs", "submit", who, (task_id, proofs))
        last, others = proofs[-1], self.players.train_proofs(task_id, who, known(8), data)
        stolen = [*data[:-1], data_of(self.pick(self.trainers))]
        more = self.players.train_proofs(task_id, who, model, [*data, mine[0]])
        proofs = self.pick(
            (
                (),
                others,
                (*proofs, *others),
                (*more[:-1], self.players.train_proofs(task_id, who, known(8), mine[:1])[0]),
                self.players.train_proofs(task_id, who, model, stolen),
                *((*proofs[:-1], other) for other in (*unproved(last), *with_points(last, 3))),
                *((other, *more[1:]) for other in unproved(more[0])),
            )
        )
        return Call("proofs", "submit", who, (task_id, proofs))

    def posting(self, task_id: int, who: str) -> Posting:
        """What `mask` takes: right, or with a lie that the contract cannot see, or with one that it can."""
        order = self.players.circle(task_id)
        named = peers(order, who)
        others = [m for m in order if m not in (*named, who)]
        lies = frozenset({self.pick(named)}) if self.wrong(3) else frozenset()
        wrong = self.pick(others) if others and (self.wrong(4) or (lies and not self.wrong(3))) else None
        posting = self.players.posting(task_id, who, lies, wrong)
        if not self.wrong(20 * self.care):
            return posting
        return self.pick(
            (
                replace(posting, seed=CID),
                replace(posting, cid=ZERO_HASH),
                replace(posting, update=known(9)),
                replace(posting, masks=posting.masks[1:]),
                replace(posting, masks=posting.masks[::-1]),
                lying(posting, 0, peer=who),
                lying(posting, -1, peer="0x" + "ff" * 20),
                lying(posting, 0, commitment=self.pick((NOT_A_POINT, INFINITY))),
            )
        )

    def early(self, task_id: int, who: str) -> Call:
        """A `mask` before the seed can be known."""
        update = self.players.commit(task_id, self.players.update(task_id, self.states[task_id].round, who))
        return Call("rounds", "mask", who, (task_id, Posting(CID, update, CID, ())))

    def aggregation(self, task_id: int, who: str) -> Call:
        """An `aggregate`; now and then of the model that the task started from."""
        dimension = self.players.config(task_id).dimension
        weights = padded(self.pick(((5, 6, 7), (0, 1, P - 1), first_weights(dimension))), dimension)
        proof, cid = self.players.average_proof(task_id, who, weights), CID
        if self.wrong(20):
            public = with_points(proof, 2)
            proof, cid = self.pick(
                (*((p, CID) for p in (*unproved(proof), *public, *with_points(proof, 0, 3))), (proof, ZERO_HASH))
            )
        return Call("rounds", "aggregate", who, (task_id, proof, cid))

    def advancing(self, task_id: int) -> Call:
        """An `advance`."""
        return Call("rounds", "advance", self.anybody(), (task_id,))

    # ---- a task goes on

    def move(self, task_id: int, *, calm: bool = False) -> None:
        """Most do what the phase asks of them, or somebody is accused; where that is not enough, time runs out.

        calm: all do, and nobody is accused.
        """
        state = self.states[task_id]
        if state.phase.is_end:
            return
        before = (state.round, state.attempt, state.phase)
        calls = []
        if self.history.time + 1 >= state.deadline:
            pass  # nothing can be done in time
        elif state.phase == Phase.CHALLENGE:
            calls = [] if calm or self.pick((True, False)) else [self.model_challenge(task_id)]
        elif state.phase == Phase.REVIEW:
            claimed = [who for who in self.trainers if self.machine.proofs.head_of(task_id, state.round, who).count]
            accused = [] if calm or not claimed else claimed[: self.pick((0, 0, 1))]
            calls = [self.proof_challenge(task_id, who) for who in accused]
        elif state.phase == Phase.AGGREGATE:
            accused = [] if calm else self.players.members(task_id)[: self.pick((0, 1, 2))]
            calls = [self.update_challenge(task_id, who) for who in accused]
            if calm or self.pick((True, False)):
                calls.append(self.aggregation(task_id, self.pick((AGGREGATOR, *self.trainers))))
        else:
            doers = [who for who in self.trainers if self.asked(task_id, who)]
            if doers and not calm:
                doers = self.some_of(doers, 3 if self.wrong(8) else self.pick((0, 0, 1)))
            calls = [call for who in doers for call in self.duty(task_id, who)]
            if state.phase == Phase.TRAIN and doers and self.wrong(10):
                calls.append(self.early(task_id, doers[0]))
            if calls and self.wrong(20):
                calls.insert(1, calls[0])  # somebody does it twice
        if calls:
            self.play(*calls)
        if (state.round, state.attempt, state.phase) == before:
            self.wait_until(state.deadline, self.advancing(task_id))

    def finish(self, task_id: int) -> None:
        """The running round, as far as that goes in a few moves."""
        number = self.states[task_id].round
        for _ in range(6):
            if self.machine.rounds.get_round(task_id, number).ended_at:
                break
            self.move(task_id, calm=True)

    def reach(self, *phases: Phase) -> int:
        """A task that is brought to one of these phases, as far as that goes in a few moves; seldom any or none."""
        task_id = self.task(*phases)
        if task_id in self.states and not self.wrong():
            for _ in range(6):
                if self.states[task_id].phase in phases:
                    break
                self.move(task_id, calm=True)
        return task_id

    # ---- challenges

    def bond(self, task_id: int, kind: Kind) -> int:
        """What a challenge is to be sent with."""
        self.machine.block.base_fee = self.history.base_fee  # that of the block to come
        required = self.machine.challenges.bond_of(task_id, kind) if task_id in self.states else 0
        return self.pick((required + 1, max(required - 1, 0), TOO_MUCH)) if self.wrong(15) else required

    def update_challenge(self, task_id: int, trainer: str) -> Call:
        """A `challengeUpdate`."""
        return Call("challenges", "challengeUpdate", STRANGER, (task_id, trainer), self.bond(task_id, Kind.UPDATE))

    def model_challenge(self, task_id: int) -> Call:
        """A `challengeModel`."""
        return Call("challenges", "challengeModel", self.anybody(), (task_id,), self.bond(task_id, Kind.MODEL))

    def posted(self, task_id: int) -> dict[str, Posting]:
        """What was made in the attempt that runs."""
        key = self.players.running(task_id) if task_id in self.states else ()
        return {at[-1]: posting for at, posting in self.players.postings.items() if at[:-1] == key}


def replaced(proof: PossessionProof, **changes: int) -> PossessionProof:
    """A proof with another number."""
    return proof._replace(**changes)
