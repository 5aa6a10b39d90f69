"""Random histories: mostly what honest people do, a few lies, and anything by anybody at any time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from headwater.protocol.curve import INFINITY
from headwater.protocol.openings import Encoding
from headwater.protocol.phases import Phase
from headwater.protocol.structs import ZERO_HASH, Claim, Link, Shown
from tests.differential.disputes import Disputes
from tests.differential.game import JUNK, OTHERS
from tests.differential.history import Call
from tests.differential.lies import HUGE, TOO_MUCH, bad_bases, bad_origins, bad_terms
from tests.differential.onchain import KNOWN_BLOCKS
from tests.differential.players import AGGREGATOR, CID, CROWD, NOT_A_POINT, data_of, key_of, known, possession_of

DATA = st.data()
MOST_TASKS = 4
"""So many tasks are enough of one history."""


class Play(Disputes, RuleBasedStateMachine):
    """Rules by which machine and contracts live the same history. Whatever a rule does is compared, block by block."""

    @initialize(data=DATA)
    def begin(self, data) -> None:
        """One or two tasks, trainers enrolled and, mostly, rounds on their way. A crowd quarrels at once."""
        self.data = data
        self.start()
        if self.trainers == CROWD:
            self.dispute()

    def dispute(self) -> None:
        """Two dispute their mask until one has paid for it; proofs or an average may come before an answer.

        Of a crowd, several do.
        """
        if all(state.phase.is_end for state in self.states.values()):
            return
        crowd = self.trainers == CROWD
        for _ in range(4 if crowd else 1):
            self.challenge_mask()
        disputes = self.disputes()
        if not disputes:
            return
        task_id = self.machine.challenges.get_challenge(disputes[-1]).task_id
        for _ in range(self.pick((4, 2, 0)) if crowd else 0):
            self.prove_wrong_peer()
        if self.pick((True, False)):
            self.play(self.aggregation(task_id, AGGREGATOR))
        for _ in range(2):  # the first answer may have been wrong
            for dispute in self.disputes()[-4:]:
                self.answer_to(dispute)
        self.finish(task_id)
        self.settle()

    # ---- stake and rewards

    def leave(self) -> None:
        """Somebody unenrols, and perhaps more do."""
        task_id = self.task()
        self.play(*(Call("trainers", "unenrol", self.anybody(), (task_id,)) for _ in range(self.pick((1, 2)))))

    def release(self) -> None:
        """Somebody that is leaving, around the time when it may."""
        leaving = [at for at, enrolment in self.machine.trainers.enrolments.items() if enrolment.releasable_at]
        task_id, who = self.pick(leaving or ((self.task(), self.anybody()),))
        time = self.machine.trainers.get_enrolment(task_id, who).releasable_at
        running = any(not state.phase.is_end for state in self.states.values())
        if time > self.history.time + 50 and running and not self.wrong(6):
            return  # the round would fail meanwhile
        self.wait_until(time + self.pick((0, -1)), Call("trainers", "release", who, (task_id,)))

    def settle(self) -> None:
        """Somebody whose last round is not settled, mostly."""
        trainers = self.machine.trainers
        unsettled = [at for at, enrolment in trainers.enrolments.items() if enrolment.round]
        slashed = [at for at in unsettled if trainers.slash_of(*at)[0]]
        duties = {at: self.machine.rounds.duty_of(at[0], trainers.get_enrolment(*at).round, at[1]) for at in unsettled}
        owing = [at for at, (_, _, owed) in duties.items() if owed]
        at = self.pick((*owing * 16, *slashed * 4, *unsettled, (self.task(), self.anybody())))
        more = at in owing and duties[at][2] > trainers.slash_of(*at)[0]
        self.play(Call("trainers", "settle", self.anybody(), at))
        self.tally["more is owed than is slashed"] += more

    def collect(self) -> None:
        """What somebody is owed, and what it is not."""
        task_id, reward_of = self.pick(self.states), self.machine.rewards.reward_of
        numbers = range(1, self.states[task_id].round + 2)
        owed = [(who, n) for who in (*self.trainers, *OTHERS) for n in numbers if reward_of(task_id, n, who)]
        who, number = self.pick((*owed * 3, (self.anybody(), self.pick(numbers))))
        arguments = self.pick(((number,), (number,), (number, number), (number, 1), ()))
        self.play(Call("rewards", "collect", who, (task_id, arguments)))

    def pay_out(self) -> None:
        """Claims, withdrawals, and the rest of a pool."""
        stakes = self.machine.stakes
        claimants = [who for who, amount in stakes.claimable.items() if amount]
        who = self.pick((*claimants * 3, self.anybody()))
        amount = self.pick((1, stakes.free[who], stakes.free[who] + 1, 0))
        ended = self.task(Phase.FINALIZED, Phase.FAILED, Phase.SKIPPED)
        self.play(
            self.pick(
                (
                    Call("stakes", "claim", who),
                    Call("rewards", "reclaim", self.anybody(), (ended,)),
                    Call("stakes", "withdraw", who, (amount,)),
                    Call("stakes", "deposit", who, (), self.pick((1001, 10**18, 0))),
                )
            )
        )

    def reclaim_bond(self) -> None:
        """Of any challenge, or none."""
        count = len(self.machine.challenges.challenges)
        if not count and not self.wrong():
            return
        challenge_id = self.pick((0, count + 1) if not count or self.wrong() else range(max(count - 2, 1), count + 1))
        answer_by = self.machine.challenges.get_challenge(challenge_id).answer_by
        call = Call("challenges", "reclaimBond", self.anybody(), (challenge_id,))
        if self.pick((False, True)):
            self.wait_until(answer_by + self.pick((-1, 0)), call)
        else:
            self.play(call)

    # ---- tasks

    def create(self) -> None:
        """A task whose terms are wrong, mostly."""
        right = self.config()
        config = replace(right, **self.pick((*bad_terms(right), *bad_bases(right) * 2)))
        call = self.creation(right)
        _, quotient, origin, _ = call.arguments
        if self.wrong(8):
            quotient = self.pick((known(77), NOT_A_POINT, INFINITY))
        origin, cid = self.pick(((origin, CID), (replace(origin, model=NOT_A_POINT), CID), (origin, ZERO_HASH)))
        value = self.pick((call.value, call.value, 0, TOO_MUCH))
        self.play(replace(call, arguments=(config, quotient, origin, cid), value=value))
        self.players.meet()

    def descend(self) -> None:
        """A task that starts from one model, or a combination of several, of tasks of its size; or that cannot."""
        records = self.machine.tasks.records
        if len(records) >= MOST_TASKS:
            return
        sizes = {i: (record.config.dimension, record.config.tau, record.config.k) for i, record in records.items()}
        first = self.pick(records)
        alike = [i for i in sizes if sizes[i] == sizes[first]]
        models = [(i, number) for i in alike for number in self.machine.models.entries[i]]
        warm = self.pick((True, False))
        parents = [self.pick(models) for _ in range(1 if warm else self.pick((1, 2, 3)))]
        coefficients = [1] if warm else [self.pick((1, 2, -1, 100, 0)) for _ in parents]
        config = replace(records[first].config, rounds=self.pick((1, 3)))
        call = self.creation(config)
        sender, by = self.anybody(), 1 if warm else self.pick((2, 3, 1))
        origin = self.players.origin(sender, config, parents, coefficients, by)
        if self.wrong(4):
            origin = self.pick(bad_origins(origin))
        elif self.wrong(6):
            call = self.creation(self.config())  # of another size, mostly
        arguments = (*call.arguments[:2], origin, CID)
        before = len(records)
        self.play(replace(call, sender=self.anybody() if self.wrong(8) else sender, arguments=arguments))
        self.players.meet()
        if len(records) > before:
            self.tally["a merge" if arguments[2].proof else "a warm start"] += 1

    def renew(self) -> None:
        """The chain forgets the block whose hash would make a seed, and another is named; or it cannot be."""
        drawn = [i for i, state in self.states.items() if state.phase == Phase.MASK and state.seed_block]
        patient = [i for i in drawn if self.states[i].deadline > self.history.time + 2 * KNOWN_BLOCKS]
        forgotten = patient and not self.wrong(3)  # else the seed can be had, and is not renewed
        task_id = self.pick((patient if forgotten else drawn) or [self.task(Phase.MASK)])
        calls = [Call("rounds", "renewSeed", self.anybody(), (task_id,))]
        if forgotten:
            self.history.forget()
            calls.insert(0, self.early(task_id, self.players.members(task_id)[0]))
            calls.append(self.pick((calls[0], calls[1])))
        self.play(*calls)

    # ---- what is not allowed

    def stray(self) -> None:
        """Anything by anybody."""
        task_id, who = self.task(), self.anybody()
        state = self.states.get(task_id)
        number, attempt = (state.round, state.attempt) if state else (1, 1)
        at = self.onchain.at
        locking = self.pick((at.trainers, at.rounds))
        enrolment = (task_id, (data_of(who),), key_of(who), possession_of(who, self.machine.tasks.tag(task_id)), b"")
        claim = Claim(task_id, known(5), Encoding.WORDS, 1, CID)
        self.play(
            self.pick(
                (
                    *(Call("rounds", f, who, (task_id,)) for f in ("join", "advance", "renewSeed")),
                    *(Call("trainers", f, who, (task_id,)) for f in ("unenrol", "release")),
                    Call("rewards", "reclaim", who, (task_id,)),
                    Call("trainers", "enrol", who, enrolment),
                    self.registration(task_id, who),
                    Call("proofs", "submit", who, (task_id, (b"",))),
                    Call("rounds", "mask", who, (task_id, JUNK)),
                    Call("rounds", "aggregate", who, (task_id, bytes(257), CID)),
                    Call("trainers", "settle", who, (task_id, self.anybody())),
                    Call("rewards", "collect", who, (task_id, (number,))),
                    Call("rounds", "start", who, (task_id, CID)),
                    Call("rounds", "accuse", who, (task_id, who, self.pick((Phase.AGGREGATE, Phase.REVIEW)))),
                    Call("rounds", "accept", who, (task_id, who, known(5), ())),
                    Call("proofs", "prove", who, (task_id, number, who, 0, Shown(bytes(31), (), b""))),
                    Call("proofs", "claim", who, (task_id, (Link(CID, known(5), CID),), True)),
                    Call("rounds", "acquit", who, (task_id, number, attempt, who)),
                    Call("rounds", "acquit", at.challenges, (task_id, number, self.pick((attempt, 0)), who)),
                    Call("rounds", "convict", who, (task_id, who, who, 1)),
                    Call("rounds", "accuseModel", who, (task_id,)),
                    Call("rounds", "acquitModel", self.pick((who, at.challenges)), (task_id, number, 0)),
                    Call("trainers", "seat", who, (task_id, who, number, 5)),
                    Call("rewards", "fund", who, (task_id,), 5),
                    Call("rewards", "owe", who, (task_id, 3, 3)),
                    Call("rewards", "slash", who, (task_id,)),
                    Call("models", "begin", who, (task_id, known(5), CID, (), 0)),
                    Call("models", "add", who, (task_id, number, known(5), CID)),
                    *(Call("stakes", f, who, (task_id, who, 1)) for f in ("lock", "unlock", "credit")),
                    *(Call("stakes", f, locking, (task_id, who, HUGE)) for f in ("lock", "unlock")),
                    Call("stakes", "slash", self.pick((who, locking)), (task_id, who, HUGE, who, 1)),
                    Call("stakes", "credit", at.rewards, (task_id, who, HUGE)),
                    Call("stakes", "burnEscrow", self.pick((who, at.rewards)), (task_id, HUGE)),
                    Call("stakes", "escrow", who, (task_id,), 5),
                    Call("stakes", "takeBond", who, (1,), 5),
                    Call("stakes", "payBond", who, (1, who, 5)),
                    Call("openings", "conclude", who, (claim, known(5))),
                    Call("openings", "expand", who, (claim, 1)),
                )
            )
        )

    # ---- rules

    @rule(data=DATA)
    def go_on(self, data) -> None:
        """A few phases."""
        self.draw(data)
        task_id = self.task()
        for _ in range(self.pick((1, 2, 4)) if task_id in self.states else 0):
            self.move(task_id)

    @rule(data=DATA)
    def act(self, data) -> None:
        """Somebody does what the phase asks of it, or the wrong thing; also just before its deadline, or just after."""
        self.draw(data)
        task_id, who = self.pick(self.states), self.anybody()
        calls = [self.registration(task_id, who)] if self.wrong(6) else self.duty(task_id, who)
        if calls and self.wrong(6):
            self.wait_until(self.states[task_id].deadline + self.pick((-1, 0)), *calls)
        elif calls:
            self.play(*calls)

    @rule(data=DATA)
    def advance(self, data) -> None:
        """Around a deadline."""
        self.draw(data)
        task_id = self.task()
        deadline = self.states[task_id].deadline if task_id in self.states and self.wrong(3) else 0
        self.wait_until(deadline + self.pick((0, -1, 1)), self.advancing(task_id))

    @rule(data=DATA)
    def challenge(self, data) -> None:
        """Somebody, or something, and often there is an answer."""
        self.draw(data)
        if self.trainers == CROWD and self.pick((True, False)):
            self.prove_wrong_peer()
        else:
            self.pick((self.challenge_update, self.challenge_mask, self.challenge_model, self.challenge_proof))()
        if self.pick((True, False)):
            self.answer()

    @rule(data=DATA)
    def quarrel(self, data) -> None:
        """Two dispute their mask, and one pays for it."""
        self.draw(data)
        self.dispute()

    @rule(data=DATA)
    def answer_later(self, data) -> None:
        """A challenge that was raised before."""
        self.draw(data)
        self.answer()

    @rule(data=DATA)
    def bonds(self, data) -> None:
        """Somebody wants its bond back."""
        self.draw(data)
        self.reclaim_bond()

    @rule(data=DATA)
    def money(self, data) -> None:
        """Somebody cares for its money."""
        self.draw(data)
        self.pick((self.settle, self.collect, self.pay_out, self.release, self.leave))()

    @rule(data=DATA)
    def build(self, data) -> None:
        """Somebody creates a task, or opens what nobody asked for; seldom, a seed is renewed."""
        self.draw(data)
        if self.wrong(8):
            self.renew()
        else:
            self.pick((self.descend, self.open_claim))()

    @rule(data=DATA)
    def trespass(self, data) -> None:
        """Somebody tries what is not allowed."""
        self.draw(data)
        self.pick((self.stray, self.create, self.prove_wrong_peer))()

    def teardown(self) -> None:
        """Every view, at the end."""
        if self.history:
            self.history.end()
