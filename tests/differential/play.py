"""Random histories: mostly what honest people do, a few lies, and anything by anybody at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.tasks import MAX_DIMENSION, MAX_K, MAX_PERIOD, MAX_ROUNDS, MAX_TRAINERS, peer_count
from headwater.protocol.masks import MIN_MEMBERS, NEAREST, peers
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import ZERO_HASH, Challenge, PeerMask, Posting, TaskConfig
from tests.differential.history import Call, History
from tests.differential.onchain import Onchain
from tests.differential.players import (
    AGGREGATOR,
    CID,
    CREATOR,
    CROWD,
    NOT_A_POINT,
    STRANGER,
    TRAINERS,
    UNKNOWN,
    Players,
    config_of,
    data_of,
    first_model,
    first_weights,
    key_of,
    known,
    lying,
    shared_by,
    shown_by,
)

DATA = st.data()
OTHERS = (AGGREGATOR, CREATOR, STRANGER)
PERIODS = tuple(field.name for field in fields(TaskConfig) if field.name.endswith("_period"))
JUNK = Posting(known(5), CID, (PeerMask(TRAINERS[0], known(6)),))
HUGE = 2**95


class Play(RuleBasedStateMachine):
    """Rules by which machine and contracts live the same history. Whatever a rule does is compared, block by block.

    Attributes:
        onchain: where the contracts stand; the test sets it.
        tally: what all histories have reached.
    """

    onchain: ClassVar[Onchain]
    tally: ClassVar[Counter[str]] = Counter()
    data: Any
    trainers: tuple[str, ...]
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

    @property
    def tasks(self):
        """The machine's TaskManager."""
        return self.history.machine.tasks

    @property
    def players(self) -> Players:
        """What people know."""
        return self.history.players

    def task(self, *phases: Phase) -> int:
        """A task, in one of these phases if there is one; seldom one that there is not."""
        if self.wrong(40):
            return self.pick((len(self.tasks.states) + 1, 0))
        states = self.tasks.states
        there = [task_id for task_id, state in states.items() if state.phase in phases]
        running = [task_id for task_id, state in states.items() if not state.phase.is_end]
        return self.pick(there or running * 5 + list(states))

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

    @initialize(data=DATA)
    def begin(self, data) -> None:
        """One or two tasks, trainers enrolled and, mostly, rounds on their way."""
        self.data = data
        self.tally["histories"] += 1
        crowd = self.wrong(16)
        self.trainers = CROWD if crowd else TRAINERS
        self.history = History(self.onchain, self.tally, (*self.trainers, *OTHERS))
        configs = [self.config(crowd) for _ in range(1 if crowd else self.pick((2, 1)))]
        self.history.play(*(self.creation(config) for config in configs))
        calls = []
        for who in (*self.trainers, AGGREGATOR):
            amount = sum(config.stake for config in configs) * self.pick((4, 2, 1))
            calls += [Call("stakes", "deposit", who, (), amount)] if amount else []
        for task_id, config in self.tasks.configs.items():
            self.players.model(task_id, first_weights(config.dimension))
            calls += [self.enrolment(task_id, who) for who in self.some_of(self.trainers, self.pick((0, 1, 2)))]
        self.history.play(*calls)
        for task_id in self.tasks.states:
            for _ in range(3 if crowd else self.pick((3, 5, 8, 0))):
                self.move(task_id, calm=crowd)

    def config(self, crowd: bool) -> TaskConfig:
        """A right config."""
        fault = self.pick((3333, 10_000, 1, 0))
        least = self.pick((3, 3, 3, 4))
        config = config_of(1 if crowd else self.pick((1, 2, 3)), self.onchain.verifiers, self.onchain.code_hash)
        patience = self.pick((1, 40))  # of two tasks, one should not always run out while the other is waited for
        return replace(
            config,
            **{period: patience * getattr(config, period) for period in PERIODS if period != "answer_period"},
            stake=self.pick((1001, 10**18, 1, 0)),
            aggregator_fee=self.pick((7, 0)),
            rounds=self.pick((3, 2, 6, 1)),
            min_trainers=least,
            max_trainers=len(CROWD) - 1 if crowd else least + self.pick((1, 2, 0, 3)),
            challenge_bond=self.pick((13, 0)),
            answer_period=patience * self.pick((20, 90)),
            fault_slash=fault,
            absence_slash=self.pick((fault // 2, fault, 0)),
        )

    def creation(self, config: TaskConfig) -> Call:
        """A right `createTask`."""
        value = config.rounds * self.pick((100, 10**18, 7)) + self.pick((0, 1))
        return Call("tasks", "createTask", CREATOR, (config, first_model(config.dimension), CID), value)

    # ---- what is asked of people

    def asked(self, task_id: int, who: str) -> bool:
        """Whether a trainer can do something before Aggregate."""
        state = self.tasks.states[task_id]
        if state.phase == Phase.JOIN:
            return self.tasks.get_enrolment(task_id, who).releasable_at == 0
        if state.phase == Phase.TRAIN:
            return self.tasks.get_roster_entry(task_id, state.round, who).status == TrainerStatus.JOINED
        entry = self.tasks.get_roster_entry(task_id, state.round, who)
        return who in self.players.members(task_id) and entry.attempt < state.attempt

    def duty(self, task_id: int, who: str) -> list[Call]:
        """What the phase asks of somebody, mostly right."""
        phase = self.tasks.states[task_id].phase
        if phase == Phase.JOIN:
            enrolled = (task_id, who) in self.tasks.enrolments
            return [*([] if enrolled else [self.enrolment(task_id, who)]), Call("tasks", "join", who, (task_id,))]
        if phase == Phase.TRAIN:
            return [Call("tasks", "submit", who, (task_id, self.train_proof(task_id, who)))]
        if phase == Phase.MASK and who in self.players.members(task_id):
            posted = None if self.asked(task_id, who) else self.posted(task_id)[who]
            return [Call("tasks", "mask", who, (task_id, posted or self.posting(task_id, who)))]
        if phase == Phase.AGGREGATE:
            return [self.aggregation(task_id, who)]
        return []

    def enrolment(self, task_id: int, who: str) -> Call:
        """An `enrol`."""
        data, key = data_of(who), key_of(who)
        if self.wrong(40):
            other = data_of(self.pick(self.trainers))
            pairs = ((other, key), (self.tasks.configs[task_id].offset, key), (NOT_A_POINT, key), (data, INFINITY))
            data, key = self.pick(pairs)
        return Call("tasks", "enrol", who, (task_id, data, key))

    def train_proof(self, task_id: int, who: str) -> bytes:
        """What `submit` takes."""
        model, _ = self.players.models[self.tasks.states[task_id].model_hash]
        proof = self.players.train_proof(task_id, who, model, data_of(who))
        if not self.wrong(20):
            return proof
        other = self.players.train_proof(task_id, who, known(8), data_of(who))
        stolen = self.players.train_proof(task_id, who, model, data_of(self.pick(self.trainers)))
        return self.pick((*unproved(proof), other, stolen, *with_points(proof, 3)))

    def posting(self, task_id: int, who: str) -> Posting:
        """What `mask` takes: right, or with a lie that the contract cannot see, or with one that it can."""
        order = self.players.circle(task_id)
        named = peers(order, who)
        others = [m for m in order if m not in (*named, who)]
        lies = frozenset({self.pick(named)}) if self.wrong(4) else frozenset()
        posting = self.players.posting(task_id, who, lies, self.pick(others) if others and self.wrong(4) else None)
        if not self.wrong(20):
            return posting
        return self.pick(
            (
                replace(posting, cid=ZERO_HASH),
                replace(posting, update=known(9)),
                replace(posting, masks=posting.masks[1:]),
                replace(posting, masks=posting.masks[::-1]),
                lying(posting, 0, peer=who),
                lying(posting, -1, peer="0x" + "ff" * 20),
                lying(posting, 0, commitment=self.pick((NOT_A_POINT, INFINITY))),
            )
        )

    def aggregation(self, task_id: int, who: str) -> Call:
        """An `aggregate`; now and then of the model that the task started from."""
        first = first_weights(self.tasks.configs[task_id].dimension)
        weights = self.pick(((5, 6, 7), (0, 1, P - 1), first))[: len(first)]
        proof, cid = self.players.average_proof(task_id, who, weights), CID
        if self.wrong(20):
            public = with_points(proof, 2)
            proof, cid = self.pick(
                (*((p, CID) for p in (*unproved(proof), *public, *with_points(proof, 0, 3))), (proof, ZERO_HASH))
            )
        return Call("tasks", "aggregate", who, (task_id, proof, cid))

    def advancing(self, task_id: int) -> Call:
        """An `advance`."""
        return Call("tasks", "advance", self.anybody(), (task_id,))

    # ---- a task goes on

    def move(self, task_id: int, *, calm: bool = False) -> None:
        """Most do what the phase asks of them, or somebody is accused; where that is not enough, time runs out.

        calm: all do, and nobody is accused.
        """
        state = self.tasks.states[task_id]
        if state.phase.is_end:
            return
        before = (state.round, state.attempt, state.phase)
        calls = []
        if self.history.time + 1 >= state.deadline:
            pass  # nothing can be done in time
        elif state.phase == Phase.CHALLENGE:
            calls = [] if calm or self.pick((True, False)) else [self.model_challenge(task_id)]
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
        if calls:
            self.play(*calls)
        if (state.round, state.attempt, state.phase) == before:
            self.wait_until(state.deadline, self.advancing(task_id))

    def reach(self, *phases: Phase) -> int:
        """A task that is brought to one of these phases, as far as that goes in a few moves; seldom any or none."""
        task_id = self.task(*phases)
        if task_id in self.tasks.states and not self.wrong():
            for _ in range(6):
                if self.tasks.states[task_id].phase in phases:
                    break
                self.move(task_id, calm=True)
        return task_id

    # ---- challenges

    def bond(self, task_id: int) -> int:
        """What a challenge is to be sent with."""
        config = self.tasks.configs.get(task_id)
        return (config.challenge_bond if config else 0) + (1 if self.wrong(20) else 0)

    def update_challenge(self, task_id: int, trainer: str) -> Call:
        """A `challengeUpdate`."""
        return Call("challenges", "challengeUpdate", STRANGER, (task_id, trainer), self.bond(task_id))

    def model_challenge(self, task_id: int) -> Call:
        """A `challengeModel`."""
        return Call("challenges", "challengeModel", self.anybody(), (task_id,), self.bond(task_id))

    def posted(self, task_id: int) -> dict[str, Posting]:
        """What was made in the attempt that runs."""
        key = self.players.running(task_id) if task_id in self.tasks.states else ()
        return {at[-1]: posting for at, posting in self.players.postings.items() if at[:-1] == key}

    def challenge_update(self) -> None:
        """Of a member, mostly."""
        task_id = self.reach(Phase.AGGREGATE)
        self.play(self.update_challenge(task_id, self.pick((*self.posted(task_id), self.anybody()))))

    def challenge_mask(self) -> None:
        """Of two that disagree, if there are such."""
        task_id = self.reach(Phase.AGGREGATE)
        posted = self.posted(task_id)
        masks = {(who, m.peer): m.commitment for who, posting in posted.items() for m in posting.masks}
        disagreeing = [(a, b) for a, b in masks if masks.get((b, a), masks[a, b]) != masks[a, b]]
        if not disagreeing or self.wrong(5):
            disagreeing = [*masks, (self.anybody(), self.anybody())]
        one, other = self.pick(disagreeing)
        postings = [posted.get(one, JUNK), JUNK if self.wrong(20) else posted.get(other, JUNK)]
        arguments = (task_id, one, other, *postings)
        self.play(Call("challenges", "challengeMask", STRANGER, arguments, self.bond(task_id)))

    def challenge_model(self) -> None:
        """In Challenge or Join."""
        self.play(self.model_challenge(self.reach(self.pick((Phase.CHALLENGE, Phase.JOIN)))))

    def prove_wrong_peer(self) -> None:
        """Of one who named one, if there are such."""
        task_id = self.reach(Phase.AGGREGATE) if self.trainers == CROWD else self.task(Phase.AGGREGATE)
        posted = self.posted(task_id)
        if len(posted) < MIN_MEMBERS:
            return
        circle = self.players.circle(task_id, posted)
        named = [(who, m.peer) for who, posting in posted.items() for m in posting.masks]
        wrong = [(who, peer) for who, peer in named if peer_count(len(circle)) + 1 < len(circle)]
        wrong = [(who, peer) for who, peer in wrong if peer not in peers(circle, who)]
        trainer, peer = self.pick((*wrong, *wrong, self.pick(named)))
        at = circle.index(trainer)
        others = [*circle[at + 1 :], *circle[:at]]
        between = [*others[:NEAREST], *others[-NEAREST:]]
        if self.wrong(5):
            between = self.pick((between[1:], between[::-1], [STRANGER, *between[1:]]))
        arguments = (task_id, trainer, posted[trainer], peer, tuple(between))
        self.play(Call("challenges", "proveWrongPeer", STRANGER, arguments))

    def answer(self) -> None:
        """A challenge, one that can still be answered if there is one."""
        manager = self.history.machine.challenges
        challenges = dict(enumerate(manager.challenges, start=1))
        running = [i for i, challenge in challenges.items() if not challenge.closed and manager._runs(challenge)]
        if not running and not self.wrong(6):
            return
        challenge_id = self.pick(running[::-1] or (*challenges, 0))
        challenge = challenges.get(challenge_id, Challenge(kind=Kind.UPDATE, task_id=1))
        if self.wrong(20):
            challenge_id = self.pick((*challenges, len(challenges) + 1))
        calls = {Kind.UPDATE: self.update_answer, Kind.MASK: self.mask_answer, Kind.MODEL: self.model_answer}
        target, arguments = calls[challenge.kind](challenge)
        self.play(Call("challenges", target, self.anybody(), (challenge_id, *arguments)))

    def update_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerUpdate`."""
        key = (challenge.task_id, challenge.round, challenge.attempt, challenge.accused)
        posting, vector = self.players.postings.get(key, JUNK), self.players.openings.get(key, (1, 2, 3))
        basis = self.players.basis(challenge.task_id)
        if self.wrong(5):
            return "answerUpdate", self.pick(
                (
                    (posting, (vector[0] + 1, *vector[1:]), basis),
                    (posting, vector[1:], basis),
                    (posting, (*vector[1:], P), basis),
                    (posting, vector, basis[1:]),
                    (JUNK, vector, basis),
                )
            )
        return "answerUpdate", (posting, vector, basis)

    def mask_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerMask`."""
        pair = (challenge.accused, challenge.other)
        at = (challenge.task_id, challenge.round, challenge.attempt)
        postings = tuple(self.players.postings.get((*at, who), JUNK) for who in pair)
        keys = tuple(key_of(who) for who in pair)
        by_other = self.pick((False, True))
        shared = shared_by(*pair)
        proof = shown_by(*(reversed(pair) if by_other else pair))
        basis = self.players.basis(challenge.task_id)
        if self.wrong(4):
            other = EqualLogProof(proof.challenge, (proof.response + 1) % P)
            return "answerMask", self.pick(
                (
                    (postings, keys, known(77), proof, by_other, basis),
                    (postings, keys, NOT_A_POINT, proof, by_other, basis),
                    (postings, keys, shared, other, by_other, basis),
                    (postings, keys, shared, proof, not by_other, basis),
                    (postings, keys[::-1], shared, proof, by_other, basis),
                    (postings[::-1], keys, shared, proof, by_other, basis),
                    (postings, keys, shared, proof, by_other, basis[1:]),
                )
            )
        return "answerMask", (postings, keys, shared, proof, by_other, basis)

    def model_answer(self, challenge: Challenge) -> tuple[str, tuple[Any, ...]]:
        """An `answerModel`."""
        dimension = self.tasks.configs[challenge.task_id].dimension
        basis = self.players.basis(challenge.task_id)
        weights = self.players.average(challenge.task_id)[:dimension] if challenge.attempt else first_weights(dimension)
        if self.wrong(5):
            others = ((weights[0] + 1, *weights[1:]), (*weights, 0), (P, *weights[1:]))
            return "answerModel", (self.pick(others), basis)
        return "answerModel", (weights, self.pick((basis, basis, basis, basis[:-1])))

    @rule(data=DATA)
    def reclaim_bond(self, data) -> None:
        """Of any challenge, or none."""
        self.data = data
        count = len(self.history.machine.challenges.challenges)
        if not count and not self.wrong():
            return
        challenge_id = self.pick((0, count + 1) if self.wrong() else range(max(count - 3, 0), count + 1))
        challenge = self.history.machine.challenges.get_challenge(challenge_id)
        deadline = self.tasks.states[challenge.task_id].deadline if challenge.task_id else 0
        call = Call("challenges", "reclaimBond", self.anybody(), (challenge_id,))
        if self.pick((False, True)):
            self.wait_until(deadline + self.pick((-1, 0)), call)
        else:
            self.play(call)

    # ---- stake and rewards

    def leave(self) -> None:
        """Somebody unenrols, and perhaps more do."""
        task_id = self.task()
        self.play(*(Call("tasks", "unenrol", self.anybody(), (task_id,)) for _ in range(self.pick((1, 2)))))

    def release(self) -> None:
        """Somebody that is leaving, around the time when it may."""
        leaving = [at for at, enrolment in self.tasks.enrolments.items() if enrolment.releasable_at]
        task_id, who = self.pick(leaving or ((self.task(), self.anybody()),))
        time = self.tasks.get_enrolment(task_id, who).releasable_at
        running = any(not state.phase.is_end for state in self.tasks.states.values())
        if time > self.history.time + 50 and running and not self.wrong(6):
            return  # the round would fail meanwhile
        self.wait_until(time + self.pick((0, -1)), Call("tasks", "release", who, (task_id,)))

    def settle(self) -> None:
        """Somebody whose last round is not settled, mostly."""
        unsettled = [at for at, enrolment in self.tasks.enrolments.items() if enrolment.unsettled]
        slashed = [at for at in unsettled if self.tasks.slash_of(*at)[0]]
        arguments = self.pick((*slashed * 4, *unsettled, (self.task(), self.anybody())))
        self.play(Call("tasks", "settle", self.anybody(), arguments))

    def collect(self) -> None:
        """What somebody is owed, and what it is not."""
        task_id = self.pick(self.tasks.states)
        numbers = range(1, self.tasks.states[task_id].round + 2)
        owed = [(who, n) for who in (*self.trainers, *OTHERS) for n in numbers if self.tasks.reward_of(task_id, n, who)]
        who, number = self.pick((*owed * 3, (self.anybody(), self.pick(numbers))))
        arguments = self.pick(((number,), (number,), (number, number), (number, 1), ()))
        self.play(Call("tasks", "collect", who, (task_id, arguments)))

    def pay_out(self) -> None:
        """Claims, withdrawals, and the rest of a pool."""
        stakes = self.history.machine.stakes
        claimants = [who for who, amount in stakes.claimable.items() if amount]
        who = self.pick((*claimants * 3, self.anybody()))
        amount = self.pick((1, stakes.free[who], stakes.free[who] + 1, 0))
        self.play(
            self.pick(
                (
                    Call("stakes", "claim", who),
                    Call(
                        "tasks", "reclaim", self.anybody(), (self.task(Phase.FINALIZED, Phase.FAILED, Phase.SKIPPED),)
                    ),
                    Call("stakes", "withdraw", who, (amount,)),
                    Call("stakes", "deposit", who, (), self.pick((1001, 10**18, 0))),
                )
            )
        )

    # ---- what is not allowed

    def create(self) -> None:
        """A task whose terms are wrong, mostly."""
        config = replace(self.config(False), **self.pick(bad_terms()))
        call = self.creation(config)
        model, cid = self.pick(((call.arguments[1], CID), (NOT_A_POINT, CID), (call.arguments[1], ZERO_HASH)))
        value = self.pick((call.value, call.value, 0, 2**96))
        self.play(replace(call, arguments=(config, model, cid), value=value))
        for task_id, config in self.tasks.configs.items():
            self.players.model(task_id, first_weights(config.dimension))

    def stray(self) -> None:
        """Anything by anybody."""
        task_id, who = self.task(), self.anybody()
        state = self.tasks.states.get(task_id)
        number, attempt = (state.round, state.attempt) if state else (1, 1)
        at = self.onchain.at
        self.play(
            self.pick(
                (
                    *(Call("tasks", f, who, (task_id,)) for f in ("join", "unenrol", "release", "advance", "reclaim")),
                    Call("tasks", "enrol", who, (task_id, data_of(who), key_of(who))),
                    Call("tasks", "submit", who, (task_id, b"")),
                    Call("tasks", "mask", who, (task_id, JUNK)),
                    Call("tasks", "aggregate", who, (task_id, bytes(257), CID)),
                    Call("tasks", "settle", who, (task_id, self.anybody())),
                    Call("tasks", "collect", who, (task_id, (number,))),
                    Call("tasks", "accuse", who, (task_id, who)),
                    Call("tasks", "acquit", who, (task_id, number, attempt, who)),
                    Call("tasks", "acquit", at.challenges, (task_id, number, self.pick((attempt, 0)), who)),
                    Call("tasks", "convict", who, (task_id, who)),
                    Call("tasks", "accuseModel", who, (task_id,)),
                    Call("tasks", "acquitModel", self.pick((who, at.challenges)), (task_id,)),
                    Call("models", "add", who, (task_id, number, known(5), CID)),
                    *(Call("stakes", f, who, (task_id, who, 1)) for f in ("lock", "unlock", "slash", "credit")),
                    *(Call("stakes", f, at.tasks, (task_id, who, HUGE)) for f in ("lock", "unlock", "slash", "credit")),
                    Call("stakes", "burnEscrow", self.pick((who, at.tasks)), (task_id, HUGE)),
                    Call("stakes", "escrow", who, (task_id,), 5),
                    Call("stakes", "takeBond", who, (1,), 5),
                    Call("stakes", "payBond", who, (1, who, 5)),
                )
            )
        )

    # ---- rules

    @rule(data=DATA)
    def go_on(self, data) -> None:
        """A few phases."""
        self.data = data
        task_id = self.task()
        for _ in range(self.pick((1, 2, 4)) if task_id in self.tasks.states else 0):
            self.move(task_id)

    @rule(data=DATA)
    def act(self, data) -> None:
        """Somebody does what the phase asks of it, or the wrong thing; also just before its deadline, or just after."""
        self.data = data
        task_id = self.pick(self.tasks.states)
        calls = self.duty(task_id, self.anybody())
        if calls and self.wrong(6):
            self.wait_until(self.tasks.states[task_id].deadline + self.pick((-1, 0)), *calls)
        elif calls:
            self.play(*calls)

    @rule(data=DATA)
    def advance(self, data) -> None:
        """Around a deadline."""
        self.data = data
        task_id = self.task()
        deadline = self.tasks.states[task_id].deadline if task_id in self.tasks.states and self.wrong(3) else 0
        self.wait_until(deadline + self.pick((0, -1, 1)), self.advancing(task_id))

    @rule(data=DATA)
    def challenge(self, data) -> None:
        """Somebody, or something, and often there is an answer."""
        self.data = data
        if self.trainers == CROWD and self.pick((True, False)):
            self.prove_wrong_peer()
        else:
            self.pick((self.challenge_update, self.challenge_mask, self.challenge_model))()
        if self.pick((True, False)):
            self.answer()

    @rule(data=DATA)
    def answer_late(self, data) -> None:
        """A challenge that was raised before."""
        self.data = data
        self.answer()

    @rule(data=DATA)
    def money(self, data) -> None:
        """Somebody cares for its money."""
        self.data = data
        self.pick((self.settle, self.collect, self.pay_out, self.release, self.leave))()

    @rule(data=DATA)
    def trespass(self, data) -> None:
        """Somebody tries what is not allowed."""
        self.data = data
        self.pick((self.stray, self.create, self.prove_wrong_peer))()

    def teardown(self) -> None:
        """Every view, at the end."""
        if self.history:
            self.history.end()


def unproved(proof: bytes) -> list[bytes]:
    """A proof that is refused, in each way, or too short to be read."""
    return [*(proof[:-1] + bytes([verdict]) for verdict in (0, 2, 3)), proof[:200]]


def with_points(proof: bytes, *indices: int) -> list[bytes]:
    """A proof with another point in one place, or none."""
    points: tuple[Point, ...] = (UNKNOWN, INFINITY, NOT_A_POINT)
    return [proof[: 64 * i] + other.encode() + proof[64 * (i + 1) :] for i in indices for other in points]


def bad_terms() -> list[dict[str, Any]]:
    """Changes to a right config. The first is none."""
    return [
        {},
        {"min_trainers": 2},
        {"max_trainers": 2},
        {"max_trainers": MAX_TRAINERS + 1},
        {"rounds": 0},
        {"rounds": MAX_ROUNDS + 1},
        *({period: length} for period in PERIODS for length in (0, MAX_PERIOD + 1)),
        {"mask_period": MAX_PERIOD // 2 + 1, "max_trainers": 9},
        {"fault_slash": 10_001},
        {"fault_slash": 5, "absence_slash": 6},
        {"dimension": 0},
        {"dimension": MAX_DIMENSION + 1, "k": 20},
        {"k": MAX_K + 1},
        {"dimension": 15},
        {"aggregator_fee": HUGE},
        {"train_verifier": STRANGER},
        {"train_verifier": STRANGER, "train_code_hash": keccak256(b"")},
        {"train_verifier": "0x" + "77" * 20, "train_code_hash": ZERO_HASH},
        {"average_code_hash": CID},
        {"manifest": ZERO_HASH},
        {"offset": INFINITY},
        *({name: NOT_A_POINT} for name in ("basis0", "basis1", "basis_d")),
    ]
