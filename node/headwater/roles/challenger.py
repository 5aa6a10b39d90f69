"""The challenger: makes whoever withholds bytes or posted what does not fit answer for it. Anyone may be one.

A challenge takes a bond. Who answers gets it, for the gas; where nobody does, it comes back.
"""

from __future__ import annotations

import time

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.events import Accused, BondReturned, Challenged, Convicted, Masked
from headwater.chain.sending.sender import Receipt, Sender
from headwater.errors import ContentMismatch, Unavailable
from headwater.protocol.decisions import (
    Action,
    Bytes,
    ChallengeMask,
    ChallengeModel,
    ChallengeProof,
    ChallengerView,
    ChallengeUpdate,
    ProveWrongPeer,
    Reclaim,
    RoundView,
    decide_challenger,
)
from headwater.protocol.faults import NO_FAULTS, Faults
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import Model, Posting
from headwater.roles import masking
from headwater.roles.budget import Budget, PhaseClock
from headwater.roles.challenges import runs
from headwater.roles.report import Report
from headwater.roles.reviewing import Reviewer, bond
from headwater.roles.role import Role
from headwater.roles.seen import Seen
from headwater.roles.task import Task, point_hash


class Challenger(Role):
    """One challenger in one task. It stakes nothing, and needs coin for bonds and gas."""

    def __init__(self, task: Task, sender: Sender, report: Report) -> None:
        """`report`: told of every step."""
        super().__init__(task.contracts, task.id, sender, report)
        self.task = task
        self._examined: object = None  # which postings were, and what was found in them
        self._sought: object = None  # which postings are being examined, over several looks
        self._vain: set[str] = set()  # and who of them was asked for in vain
        self._faults = NO_FAULTS
        self._missing: tuple[str, ...] = ()
        self._closed: frozenset[int] | None = None  # own challenges that were closed when last looked
        self._clock = PhaseClock(task)
        self._reviewer = Reviewer(task, sender.address, takes_turns=False)

    def view(self, block: Block) -> ChallengerView:
        """What is the matter with the task in a block."""
        task, number = self.task, block.number
        seen = task.seen(self.sender.address, block)
        at, averages = seen.view, seen.task.round.averages
        faults: Faults = NO_FAULTS
        missing: tuple[str, ...] = ()
        if at.phase is Phase.AGGREGATE and not averages and not at.overdue:
            faults, missing = self._examine(at, number)
        suspects = {*missing, *faults.mismatched, *(fault.member for fault in faults.misdirected)}
        suspects |= {member for pair in faults.disagreeing for member in pair}
        model, reclaimable, later = self._model(seen), *self._unanswered(at, averages, number)
        reviews = at.phase is Phase.REVIEW and not at.overdue
        unproved, again = self._reviewer.demand(at, block) if reviews else (None, 0)
        return ChallengerView(
            at,
            unproved=unproved,
            review_again=again,
            patience=self._clock.patience(at, number),
            faults=faults,
            missing=missing,
            accusable=frozenset(member for member in suspects if self._is_accusable(at, member, number)),
            model=Bytes.FOUND if model is None else self._look(model, number),
            model_accusable=model is not None,
            faulty=self._faulty(number),
            reclaimable=reclaimable,
            reclaimable_at=later,
            claimable=seen.account.claimable,
        )

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""
        return decide_challenger(self.view(block))

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action."""
        task, challenges = self.task, self.task.contracts.challenges
        match action:
            case ProveWrongPeer(fault):
                posting = self._posting(fault.member)
                call = challenges.prove_wrong_peer(task.id, fault.member, posting, fault.wrong, fault.between)
                return self._send(call, "convicted", trainer=fault.member)
            case ChallengeMask(one, other):
                postings = self._posting(one), self._posting(other)
                call = challenges.challenge_mask(
                    task.id, (one, other), postings, bond(task, Kind.MASK, self.sender.address)
                )
                return self._send(call, "challenged", trainer=one, other=other)
            case ChallengeUpdate(trainer):
                call = challenges.challenge_update(task.id, trainer, bond(task, Kind.UPDATE, self.sender.address))
                return self._send(call, "challenged", trainer=trainer)
            case ChallengeProof(trainer, index):
                call = challenges.challenge_proof(task.id, trainer, index, bond(task, Kind.PROOF, self.sender.address))
                return self._send(call, "challenged", trainer=trainer, link=index)
            case ChallengeModel(round_):
                call = challenges.challenge_model(task.id, bond(task, Kind.MODEL, self.sender.address))
                return self._send(call, "challenged", model=round_)
            case Reclaim(challenge):
                return self._send(challenges.reclaim_bond(challenge), "reclaimed", challenge=challenge)
        return super().act(action)

    def _examine(self, at: RoundView, block: int) -> tuple[Faults, tuple[str, ...]]:
        """What is wrong in the attempt that is aggregated, and the members whose vector cannot be had.

        All vectors are read again, one after another, only when one that was missing has come, or on other postings. Of
        many that are missing, a look asks for some: stores may be silent for long each time.

        Raises:
            Unavailable: not all have been asked for yet.
        """
        events = masking.all_posted(self.task, at.round, at.attempt, block)
        opened = masking.opened(self.task, at.round, at.attempt, block)
        seen = (at.round, at.attempt, frozenset(opened), tuple(event.posting.cid for event in events))
        awaited = [event for event in events if event.trainer in self._missing]
        budget = Budget()
        if self._examined == seen and not any(self._vector(event, budget) is not None for event in awaited):
            return self._faults, self._missing
        if self._sought != seen:
            self._sought, self._vain = seen, set()
        missing = self._vain  # found missing in this look or in one before, which did not come to its end

        def get(event: Masked) -> bytes | None:
            if event.trainer in missing:
                return None
            vector = opened.get(event.trainer) or self._vector(event, budget)
            if vector is None:
                missing.add(event.trainer)
                if budget.is_used_up:
                    text = f"{len(missing)} masked updates of {len(events)} were asked for in vain"
                    raise Unavailable(text, "the search goes on in a moment")
            return vector

        fits = masking.add_up(self.task, events, get) is not None
        self._faults = NO_FAULTS if fits else masking.examine(self.task, events, get, block)
        self._missing = tuple(event.trainer for event in events if event.trainer in missing)
        self._examined, self._vain = seen, set()
        return self._faults, self._missing

    def _vector(self, event: Masked, budget: Budget) -> bytes | None:
        """The words of a member's masked update, as found under its CID; None where nothing can be fetched.

        budget: it is charged with what was in vain; when it is used up, nothing is fetched.
        """
        if budget.is_used_up:
            return None
        begun = time.monotonic()
        try:
            return masking.read(self.task, event)
        except Unavailable:
            budget.charge(time.monotonic() - begun)
            return None

    def _is_accusable(self, at: RoundView, member: str, block: int) -> bool:
        entry = self.task.contracts.rounds.get_roster_entry(self.task.id, at.round, member, block)
        return entry.status is TrainerStatus.SUBMITTED and entry.attempt == at.attempt

    def _model(self, seen: Seen) -> Model | None:
        """The model whose bytes can be demanded now: the average in Challenge, the first one in Join."""
        at, state, round_ = seen.view, seen.task.state, seen.task.round
        if at.accused or at.overdue:
            return None
        if at.phase is Phase.CHALLENGE:
            found = (point_hash(state.average), state.average_cid, at.round, round_.masked, round_.aggregator)
            return Model(*found, timestamp=0)
        latest = seen.task.model
        return latest if at.phase is Phase.JOIN and latest.round == 0 else None

    def _look(self, model: Model, block: int) -> Bytes:
        """Whether a model's bytes are to be had, and right."""
        try:
            self.task.weights(model, block)
        except Unavailable:
            return Bytes.MISSING
        except ContentMismatch:
            return Bytes.WRONG
        return Bytes.FOUND

    def _faulty(self, block: int) -> tuple[str, ...]:
        """The trainers at fault in a round that is over, whose stake was not slashed yet."""
        rounds, trainers = self.task.contracts.rounds, self.task.contracts.trainers
        named = {event.trainer for event in rounds.events(Accused, last=block, task_id=self.task.id)}
        named |= {event.trainer for event in rounds.events(Convicted, last=block, task_id=self.task.id)}
        return tuple(trainer for trainer in sorted(named) if trainers.slash_of(self.task.id, trainer, block)[1])

    def _unanswered(self, at: RoundView, averages: int, block: int) -> tuple[tuple[int, ...], int]:
        """This account's challenges whose bond can be reclaimed, and when it can be of the next one; 0 if of none."""
        challenges = self.task.contracts.challenges
        raised = challenges.events(Challenged, last=block, task_id=self.task.id)
        own = [event.challenge_id for event in raised if event.challenger == self.sender.address]
        found = {number: challenges.get_challenge(number, block) for number in own}
        closed = frozenset(number for number, challenge in found.items() if challenge.closed)
        for number in sorted(closed - (closed if self._closed is None else self._closed)):
            self._tell_of(number, block)
        self._closed = closed
        over = {number: c for number, c in found.items() if not c.closed and not runs(c, at, averages)}
        waiting = (c.answer_by for c in over.values() if c.answer_by > at.now)
        return tuple(number for number, c in over.items() if c.answer_by <= at.now), min(waiting, default=0)

    def _tell_of(self, challenge: int, block: int) -> None:
        """Where a challenge was answered, its bond is lost: its owner should hear of it, and of what may be why."""
        contracts = self.task.contracts
        start = contracts.start_of(self.task.id)
        events = contracts.challenges.events(BondReturned, start, block, challenge_id=challenge)
        for to in (event.to for event in events if event.to != self.sender.address):
            text = f"challenge {challenge} was answered, and its bond is {to}'s: if that goes on, name other stores too"
            self._report("note", text=text)

    def _posting(self, member: str) -> Posting:
        """What a member posted in the attempt that is aggregated."""
        state = self.task.contracts.rounds.get_state(self.task.id)
        return masking.postings(self.task, state.round, state.attempt, [member])[0]
