"""What an indexer makes of the contracts' logs, and of nothing else: the reference for whoever writes one.

It fills the state of a `Machine` by what events say, and never asks a contract; so every view of the machine, read from
that state, must be what the contract answers. From the chain it needs, beside logs, their blocks' times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from headwater.chain.contracts import events
from headwater.chain.contracts.codec import decode_log
from headwater.protocol.curve import Point, add, multiply
from headwater.protocol.machine import Addresses, Machine, Multiply
from headwater.protocol.machine.call import Block
from headwater.protocol.machine.points import plus, point_hash, posting_hash
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    Challenge,
    Enrolment,
    RosterEntry,
    Round,
    TaskState,
)


def lowered(value: Any) -> Any:
    """Addresses as the machine writes them, in structs and lists, too."""
    if isinstance(value, str):
        return value.lower()
    if is_dataclass(value):
        return type(value)(**{field.name: lowered(getattr(value, field.name)) for field in fields(value)})
    return tuple(map(lowered, value)) if type(value) is tuple else value


class Index:
    """All that the logs of a deployment say.

    Attributes:
        machine: holds it, and answers views, for the block of the last log or a later one (`now`).
    """

    def __init__(self, chain_id: int, at: Addresses, times: Callable[[int], int], multiply_by: Multiply = multiply):
        """`times`: a block's time, by its number."""
        self.machine = Machine(chain_id, at, {}, lambda *_: False, multiply_by)
        self.times = times

    def read(self, logs: Iterable[Mapping[str, Any]]) -> None:
        """Take logs in, in the chain's order."""
        for log in logs:
            event = decode_log(log)
            assert event is not None, f"a log that is in no ABI: {log}"
            self.machine.block.number, self.machine.block.time = event.block_number, self.times(event.block_number)
            name = re.sub("(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
            getattr(self, f"on_{name}")(lowered(event))

    def now(self, block: Block) -> None:
        """Look at it from a later block: views answer for its time."""
        self.machine.block.number, self.machine.block.time = block.number, block.time

    # ---- TaskManager: tasks and rounds

    def on_task_created(self, event: events.TaskCreated) -> None:
        self.machine.tasks.configs[event.task_id] = event.config
        self.machine.tasks.states[event.task_id] = TaskState(event.creator, event.pool, sum=event.config.offset)

    def on_phase_changed(self, event: events.PhaseChanged) -> None:
        state = self.machine.tasks.states[event.task_id]
        if event.from_phase is Phase.NONE:
            state.round = event.round
            state.joined = state.submitted = state.attempt = state.members = state.accused = 0
            self.machine.tasks.rounds[event.task_id, event.round] = Round()
        round_ = self.machine.tasks.rounds[event.task_id, event.round]
        state.phase = round_.phase = event.to_phase
        state.deadline = event.deadline
        if event.to_phase.is_end:
            round_.ended_at = self.machine.block.time
        if event.to_phase is Phase.FINALIZED:
            fee = self.machine.tasks.configs[event.task_id].aggregator_fee
            entries = (
                entry for key, entry in self.machine.tasks.rosters.items() if key[:2] == (event.task_id, event.round)
            )
            guilty = sum(e.status is TrainerStatus.GUILTY and e.attempt == round_.attempt for e in entries)
            state.spent += fee + self.share(event.task_id, round_) * (round_.masked - guilty)

    def on_masking_started(self, event: events.MaskingStarted) -> None:
        state, round_ = self.running(event.task_id)
        state.attempt = round_.attempt = event.attempt
        state.members, state.seed, state.accused, round_.masked = event.members, event.seed, 0, 0

    def on_aggregated(self, event: events.Aggregated) -> None:
        state, round_ = self.running(event.task_id)
        state.average, state.average_cid, state.accused = event.average, event.cid, 0
        round_.aggregator = event.aggregator
        round_.averages += 1

    def on_average_revoked(self, event: events.AverageRevoked) -> None:
        state, round_ = self.running(event.task_id)
        state.accused, round_.aggregator = 0, ZERO_ADDRESS

    def on_first_model_withheld(self, event: events.FirstModelWithheld) -> None:
        state, _ = self.running(event.task_id)
        state.spent += event.slashed
        state.accused = 0

    def on_pool_reclaimed(self, event: events.PoolReclaimed) -> None:
        self.machine.tasks.states[event.task_id].spent += event.amount

    # ---- TaskManager: trainers

    def on_enrolled(self, event: events.Enrolled) -> None:
        data_hash = point_hash(event.data)
        self.machine.tasks.data_owners[event.task_id, data_hash] = event.trainer
        enrolment = Enrolment(data_hash, point_hash(event.mask_key), event.stake)
        self.machine.tasks.enrolments[event.task_id, event.trainer] = enrolment

    def on_unenrolled(self, event: events.Unenrolled) -> None:
        self.enrolment(event).releasable_at = event.releasable_at

    def on_released(self, event: events.Released) -> None:
        del self.machine.tasks.enrolments[event.task_id, event.trainer]

    def on_trainer_slashed(self, event: events.TrainerSlashed) -> None:
        self.enrolment(event).stake -= event.slashed

    def on_settled(self, event: events.Settled) -> None:
        self.enrolment(event).unsettled = 0

    def on_joined(self, event: events.Joined) -> None:
        state, _ = self.running(event.task_id)
        state.joined = event.joined
        enrolment = self.enrolment(event)  # its last round is settled, what it cost is locked again
        enrolment.unsettled, enrolment.stake = event.round, self.machine.tasks.configs[event.task_id].stake
        self.machine.tasks.rosters[event.task_id, event.round, event.trainer] = RosterEntry(TrainerStatus.JOINED)

    def on_submitted(self, event: events.Submitted) -> None:
        state, _ = self.running(event.task_id)
        state.submitted = event.submitted
        entry = self.entry(event)
        entry.status, entry.update_hash = TrainerStatus.SUBMITTED, point_hash(event.update)[:29]

    def on_masked(self, event: events.Masked) -> None:
        state, round_ = self.running(event.task_id)
        entry, posting = self.entry(event), event.posting
        entry.attempt, entry.posting_hash = event.attempt, posting_hash(posting)
        round_.masked = event.masked
        state.sum = self.sum_with(event.task_id, state.sum, posting.update, first=event.masked == 1)

    def on_accused(self, event: events.Accused) -> None:
        state, _ = self.running(event.task_id)
        self.entry(event).status = TrainerStatus.ACCUSED
        state.accused, state.deadline = state.accused + 1, event.deadline

    def on_acquitted(self, event: events.Acquitted) -> None:
        state, _ = self.running(event.task_id)
        self.entry(event).status = TrainerStatus.SUBMITTED
        state.accused, state.deadline = state.accused - 1, event.deadline

    def on_convicted(self, event: events.Convicted) -> None:
        state, _ = self.running(event.task_id)
        entry = self.entry(event)
        state.accused += entry.status is not TrainerStatus.ACCUSED
        entry.status, state.deadline = TrainerStatus.GUILTY, event.deadline

    def on_model_accused(self, event: events.ModelAccused) -> None:
        state, _ = self.running(event.task_id)
        state.accused, state.deadline = 1, event.deadline

    def on_model_acquitted(self, event: events.ModelAcquitted) -> None:
        state, _ = self.running(event.task_id)
        state.accused = 0

    def on_reward_collected(self, event: events.RewardCollected) -> None:
        round_ = self.machine.tasks.rounds[event.task_id, event.round]
        fee = self.machine.tasks.configs[event.task_id].aggregator_fee
        is_fee = round_.aggregator == event.account and not round_.fee_collected and fee != 0
        round_.fee_collected |= is_fee
        if event.amount > fee * is_fee:  # the rest is a trainer's share
            key = (event.task_id, event.round, event.account)
            self.machine.tasks.rosters[key].status = TrainerStatus.REWARDED

    # ---- ModelRegistry

    def on_model_added(self, event: events.ModelAdded) -> None:
        made = self.machine.models.entries.setdefault(event.task_id, {})
        assert event.parent_hash == (made[event.parent][0] if made else bytes(32))
        assert event.model_hash == point_hash(event.commitment)
        made[event.round] = (event.model_hash, event.cid)
        self.machine.tasks.states[event.task_id].model_hash = event.model_hash

    # ---- ChallengeManager

    def on_challenged(self, event: events.Challenged) -> None:
        manager, at = self.machine.challenges, (event.round, event.attempt)
        found = (event.challenger, event.bond, event.accused, event.kind, False, *at, event.other, event.task_id)
        manager.challenges.append(Challenge(*found))
        assert len(manager.challenges) == event.challenge_id
        attempt = 0 if event.kind is Kind.MODEL else event.attempt
        for who in {event.accused, event.other} - {ZERO_ADDRESS}:
            manager.accusations[event.task_id, event.round, attempt, who] = event.challenge_id

    def on_update_opened(self, event: events.UpdateOpened) -> None:
        self.machine.challenges.opened_.add((event.task_id, event.round, event.attempt, event.trainer))

    def on_mask_opened(self, event: events.MaskOpened) -> None:
        """Who is acquitted and who convicted, the TaskManager says."""

    def on_model_opened(self, event: events.ModelOpened) -> None:
        if event.average == 0:
            creator = self.machine.tasks.states[event.task_id].creator
            self.machine.challenges.opened_.add((event.task_id, 0, 0, creator))

    def on_bond_returned(self, event: events.BondReturned) -> None:
        self.machine.challenges.challenges[event.challenge_id - 1].closed = True

    # ---- StakeManager: events carry what is left, so it is taken over, not computed

    def on_deposited(self, event: events.Deposited | events.Withdrawn) -> None:
        self.machine.stakes.free[event.trainer] = event.free

    on_withdrawn = on_deposited

    def on_locked(self, event: events.Locked) -> None:
        self.machine.stakes.free[event.trainer] = event.free
        self.machine.stakes.lock_of[event.task_id, event.trainer] = event.locked

    def on_unlocked(self, event: events.Unlocked) -> None:
        self.machine.stakes.free[event.account] = event.free
        self.machine.stakes.lock_of[event.task_id, event.account] = event.locked

    def on_slashed(self, event: events.Slashed) -> None:
        self.machine.stakes.lock_of[event.task_id, event.account] = event.locked
        self.machine.stakes.burnt += event.amount

    def on_escrowed(self, event: events.Escrowed) -> None:
        self.machine.stakes.escrow_of[event.task_id] = event.escrow

    def on_escrow_burnt(self, event: events.EscrowBurnt) -> None:
        self.machine.stakes.escrow_of[event.task_id] = event.escrow
        self.machine.stakes.burnt += event.amount

    def on_credited(self, event: events.Credited) -> None:
        self.machine.stakes.escrow_of[event.task_id] = event.escrow
        self.machine.stakes.claimable[event.account] = event.claimable

    def on_bonded(self, event: events.Bonded) -> None:
        self.machine.stakes.bonded += event.amount

    def on_bond_paid(self, event: events.BondPaid) -> None:
        self.machine.stakes.bonded -= event.amount
        self.machine.stakes.claimable[event.account] = event.claimable

    def on_claimed(self, event: events.Claimed) -> None:
        self.machine.stakes.claimable[event.account] -= event.amount

    # ---- how

    def running(self, task_id: int) -> tuple[TaskState, Round]:
        """A task's state and the round that it is in."""
        state = self.machine.tasks.states[task_id]
        return state, self.machine.tasks.rounds[task_id, state.round]

    def enrolment(self, event: Any) -> Enrolment:
        """The enrolment of an event's trainer."""
        return self.machine.tasks.enrolments[event.task_id, event.trainer]

    def entry(self, event: Any) -> RosterEntry:
        """The part of an event's trainer in its round."""
        return self.machine.tasks.rosters[event.task_id, event.round, event.trainer]

    def share(self, task_id: int, round_: Round) -> int:
        """What a finalized round owes each of its trainers."""
        config = self.machine.tasks.configs[task_id]
        return (self.machine.tasks.states[task_id].pool // config.rounds - config.aggregator_fee) // round_.masked

    def sum_with(self, task_id: int, total: Point, update: Point, *, first: bool) -> Point:
        """An attempt's sum with one more update; the first brings the task's tag."""
        config, tasks = self.machine.tasks.configs[task_id], self.machine.tasks
        if first:
            return add(update, tasks.multiply(config.basis_d, tasks.tag(task_id)))
        return plus(total, update, config.offset)
