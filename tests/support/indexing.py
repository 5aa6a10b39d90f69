"""What an indexer makes of the contracts' logs, and of nothing else: the reference for whoever writes one.

It fills the state of a `Machine` by what events say, and never asks a contract; so every view of the machine, read from
that state, must be what the contract answers. From the chain it needs, beside logs, their blocks' times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from eth_abi.abi import encode

from headwater.chain.contracts import events
from headwater.chain.contracts.codec import decode_log
from headwater.protocol.curve import Point, add, multiply
from headwater.protocol.inferences import NOBODY, context_of, input_commitment
from headwater.protocol.links import next_hash
from headwater.protocol.machine import Addresses, Machine, Multiply
from headwater.protocol.machine.call import Block
from headwater.protocol.machine.challenges import REVIEW
from headwater.protocol.machine.points import plus, point_hash, posting_hash
from headwater.protocol.machine.terms import share
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    Challenge,
    Claim,
    Enrolment,
    Head,
    HeldOut,
    Pool,
    Query,
    Registration,
    RosterEntry,
    Round,
    Row,
    Setup,
    TaskConfig,
    TaskRecord,
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
        setups, rows, inferences: what `Inferences` answers, which no rule of the machine's depends on.
    """

    def __init__(self, chain_id: int, at: Addresses, times: Callable[[int], int], multiply_by: Multiply = multiply):
        """`times`: a block's time, by its number."""
        self.machine = Machine(chain_id, at, {}, lambda *_: False, multiply=multiply_by)
        self.times = times
        self.setups: dict[int, Setup] = {}
        self.rows: dict[tuple[int, str, bytes], Row] = {}
        self.inferences: dict[bytes, tuple[int, bytes, bytes]] = {}

    def read(self, logs: Iterable[Mapping[str, Any]]) -> None:
        """Take logs in, in the chain's order."""
        for log in logs:
            event = decode_log(log)
            assert event is not None, f"a log that is in no ABI: {log}"
            self.machine.block.number, self.machine.block.time = event.block_number, self.times(event.block_number)
            name = re.sub("(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
            getattr(self, f"on_{name}")(lowered(event))

    def now(self, block: Block) -> None:
        """Look at it from a later block: views answer for its time, and its base fee."""
        self.machine.block = block

    # ---- TaskManager

    def on_task_created(self, event: events.TaskCreated) -> None:
        self.machine.tasks.records[event.task_id] = TaskRecord(event.creator, event.config)
        self.machine.rounds.states[event.task_id] = TaskState(sum=event.config.offset)
        self.machine.rewards.pools[event.task_id] = Pool(event.pool)
        self.machine.models.origins[event.task_id] = ([], 0)
        self.machine.models.starts[event.task_id] = event.block_number

    # ---- RoundManager

    def on_phase_changed(self, event: events.PhaseChanged) -> None:
        state = self.machine.rounds.states[event.task_id]
        if event.from_phase is Phase.NONE:
            state.round = event.round
            state.joined = state.submitted = state.attempt = state.members = state.accused = state.convicted = 0
            self.machine.rounds.rounds[event.task_id, event.round] = Round()
        round_ = self.machine.rounds.rounds[event.task_id, event.round]
        state.phase = round_.phase = event.to_phase
        state.deadline = event.deadline
        if event.to_phase is Phase.REVIEW:
            state.members = state.submitted
        if event.to_phase.is_end:
            round_.ended_at = self.machine.block.time
        if event.to_phase is Phase.FINALIZED:
            config, pool = self.config(event.task_id), self.machine.rewards.pools[event.task_id]
            paid = round_.masked - state.convicted
            pool.spent += config.aggregator_fee + share(config, pool.amount, round_.masked) * paid

    def on_joined(self, event: events.Joined) -> None:
        state, _ = self.running(event.task_id)
        state.joined = event.joined
        enrolment = self.enrolment(event)  # its last round is settled, what it cost is locked again
        enrolment.round, enrolment.stake = event.round, self.config(event.task_id).stake

    def on_submitted(self, event: events.Submitted) -> None:
        state, _ = self.running(event.task_id)
        state.submitted = event.submitted
        entry = RosterEntry(TrainerStatus.SUBMITTED, update_hash=point_hash(event.update)[:29])
        self.machine.rounds.rosters[event.task_id, event.round, event.trainer] = entry

    def on_links_claimed(self, event: events.LinksClaimed) -> None:
        key, heads = (event.task_id, event.round, event.trainer), self.machine.proofs.heads
        head = heads.get(key, Head())
        assert head.count == event.first
        for link in event.links:
            head = Head(next_hash(head.hash, link), head.count + 1)
        heads[key] = head

    def on_link_proved(self, event: events.LinkProved) -> None:
        self.machine.proofs.proved.add((event.task_id, event.round, event.trainer, event.index))

    def on_masking_started(self, event: events.MaskingStarted) -> None:
        state, round_ = self.running(event.task_id)
        state.attempt = round_.attempt = event.attempt
        state.members, state.seed_block = event.members, event.seed_block
        state.accused = state.convicted = round_.masked = 0

    def on_seed_renewed(self, event: events.SeedRenewed) -> None:
        self.machine.rounds.states[event.task_id].seed_block = event.seed_block

    def on_seed_drawn(self, event: events.SeedDrawn) -> None:
        state, _ = self.running(event.task_id)
        state.seed, state.seed_block = event.seed, 0

    def on_masked(self, event: events.Masked) -> None:
        state, round_ = self.running(event.task_id)
        entry, posting = self.entry(event), event.posting
        entry.attempt, entry.posting_hash = event.attempt, posting_hash(posting)
        round_.masked = event.masked
        state.sum = self.sum_with(event.task_id, state.sum, posting.update, first=event.masked == 1)

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
        self.machine.rewards.pools[event.task_id].spent += event.slashed
        state.accused = 0

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
        if entry.status is not TrainerStatus.GUILTY:  # else it only comes to owe
            state.accused += entry.status is not TrainerStatus.ACCUSED
            state.convicted += 1
        entry.status, state.deadline = TrainerStatus.GUILTY, event.deadline
        if event.owed:
            self.machine.rounds.debts[event.task_id, event.round, event.trainer] = (event.payee, event.owed)

    def on_model_accused(self, event: events.ModelAccused) -> None:
        state, _ = self.running(event.task_id)
        state.accused, state.deadline = 1, event.deadline

    def on_model_acquitted(self, event: events.ModelAcquitted) -> None:
        state, _ = self.running(event.task_id)
        state.accused = 0

    # ---- TrainerRegistry

    def on_enrolled(self, event: events.Enrolled) -> None:
        enrolment = Enrolment(point_hash(event.mask_key), event.stake)
        self.machine.trainers.enrolments[event.task_id, event.trainer] = enrolment

    def on_data_registered(self, event: events.DataRegistered) -> None:
        assert event.data_hash == point_hash(event.data)
        registration = Registration(event.trainer, event.round, self.machine.block.time)
        self.machine.trainers.data[event.task_id, event.data_hash] = registration

    def on_unenrolled(self, event: events.Unenrolled) -> None:
        self.enrolment(event).releasable_at = event.releasable_at

    def on_released(self, event: events.Released) -> None:
        del self.machine.trainers.enrolments[event.task_id, event.trainer]

    def on_trainer_slashed(self, event: events.TrainerSlashed) -> None:
        enrolment = self.enrolment(event)
        if enrolment.round == event.round:  # else it has joined a later one, and that is locked again
            enrolment.stake -= event.slashed

    def on_settled(self, event: events.Settled) -> None:
        self.enrolment(event).round = 0

    # ---- RewardManager

    def on_reward_collected(self, event: events.RewardCollected) -> None:
        self.machine.rewards.collections.add((event.task_id, event.round, event.account))

    def on_pool_reclaimed(self, event: events.PoolReclaimed) -> None:
        self.machine.rewards.pools[event.task_id].spent += event.amount

    # ---- ModelRegistry

    def on_model_added(self, event: events.ModelAdded) -> None:
        made = self.machine.models.entries.setdefault(event.task_id, {})
        assert event.parent_hash == (made[event.parent][0] if made else bytes(32))
        assert event.model_hash == point_hash(event.commitment)
        made[event.round] = (event.model_hash, event.cid)
        self.machine.rounds.states[event.task_id].model_hash = event.model_hash

    def on_origin_recorded(self, event: events.OriginRecorded) -> None:
        self.machine.models.origins[event.task_id] = (list(event.parents), event.divisor)

    # ---- ChallengeManager

    def on_challenged(self, event: events.Challenged) -> None:
        manager, at = self.machine.challenges, (event.round, event.attempt)
        found = (event.challenger, event.bond, event.accused, event.kind, False, *at, event.other, event.task_id)
        manager.challenges.append(Challenge(*found, event.answer_by, event.model_hash))
        assert len(manager.challenges) == event.challenge_id
        attempt = {Kind.MODEL: 0, Kind.PROOF: REVIEW}.get(event.kind, event.attempt)
        for who in {event.accused, event.other} - {ZERO_ADDRESS}:
            manager.accusations[event.task_id, event.round, attempt, who] = event.challenge_id

    def on_update_opened(self, event: events.UpdateOpened) -> None:
        self.machine.challenges.opened_.add((event.task_id, event.round, event.attempt, event.trainer))

    def on_mask_opened(self, event: events.MaskOpened) -> None:
        """Who is acquitted and who convicted, the RoundManager says."""

    def on_model_opened(self, event: events.ModelOpened) -> None:
        if event.average == 0:
            creator = self.machine.tasks.records[event.task_id].creator
            self.machine.challenges.opened_.add((event.task_id, 0, 0, creator))

    def on_bond_returned(self, event: events.BondReturned) -> None:
        self.machine.challenges.challenges[event.challenge_id - 1].closed = True

    # ---- Openings

    def on_part_shown(self, event: events.PartShown) -> None:
        """How far a claim has come, `Progressed` says; whether a vector is a commitment's, `Opened`."""

    def on_progressed(self, event: events.Progressed) -> None:
        self.machine.openings.shown[self.claim(event)] = [0] * event.shown  # so many; which, `PartShown` says

    def on_opened(self, event: events.Opened) -> None:
        if event.kept:
            self.machine.openings.opened.add(self.claim(event))

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

    def on_compensated(self, event: events.Compensated) -> None:
        self.machine.stakes.burnt -= event.amount
        self.machine.stakes.claimable[event.account] = event.claimable

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

    # ---- Inferences

    def on_inference_opened(self, event: events.InferenceOpened) -> None:
        self.setups[event.task_id] = event.setup

    def on_row_issued(self, event: events.RowIssued) -> None:
        assert event.row_hash == point_hash(event.commitment)
        self.rows[event.task_id, event.issuer, event.row_hash] = Row(event.account, self.machine.block.time, 0)

    def on_row_taken_back(self, event: events.RowTakenBack) -> None:
        at = event.task_id, event.issuer, event.row_hash
        self.rows[at] = replace(self.rows[at], revoked_at=self.machine.block.time)

    def on_inference_recorded(self, event: events.InferenceRecorded) -> None:
        asked = event.task_id, event.round, event.issuer, event.account, event.question, event.value, event.nonce
        context = context_of(self.machine.chain_id, event.address, NOBODY, Query(*asked))
        output = encode(["uint8", "int64", "bool"], [int(event.question), event.value, event.answer])
        model_id = event.task_id << 32 | event.round
        self.inferences[event.inference_id] = model_id, input_commitment(event.row_hash, context), output

    def on_inference_verified(self, event: events.InferenceVerified) -> None:
        """Changes nothing; of one that is kept, `InferenceRecorded` says more."""

    def on_inference_stored(self, event: events.InferenceStored) -> None:
        """`InferenceRecorded` says more."""

    # ---- how

    # ---- Attestations

    def on_scoring_opened(self, event: events.ScoringOpened) -> None:
        self.machine.attestations.scorings[event.task_id] = event.scoring

    def on_data_held_out(self, event: events.DataHeldOut) -> None:
        assert event.data_hash == point_hash(event.data)
        held = HeldOut(event.holder, event.round, event.fresh, self.machine.block.time)
        self.machine.attestations.held[event.task_id, event.data_hash] = held

    def on_attested(self, event: events.Attested) -> None:
        self.machine.attestations.scores[event.task_id, event.round, event.data_hash] = event.numbers

    def on_composition_declared(self, event: events.CompositionDeclared) -> None:
        at = event.task_id, event.data_hash
        self.machine.attestations.compositions[at] = event.owner, event.counts

    def running(self, task_id: int) -> tuple[TaskState, Round]:
        """A task's state and the round that it is in."""
        state = self.machine.rounds.states[task_id]
        return state, self.machine.rounds.rounds[task_id, state.round]

    def enrolment(self, event: Any) -> Enrolment:
        """The enrolment of an event's trainer."""
        return self.machine.trainers.enrolments[event.task_id, event.trainer]

    def entry(self, event: Any) -> RosterEntry:
        """The part of an event's trainer in its round."""
        return self.machine.rounds.rosters[event.task_id, event.round, event.trainer]

    def claim(self, event: events.Opened | events.Progressed) -> Claim:
        """The claim of an event."""
        assert event.commitment_hash == point_hash(event.commitment)
        return Claim(event.task_id, event.commitment, event.encoding, event.entries, event.root)

    def config(self, task_id: int) -> TaskConfig:
        """A task's config."""
        return self.machine.tasks.records[task_id].config

    def sum_with(self, task_id: int, total: Point, update: Point, *, first: bool) -> Point:
        """An attempt's sum with one more update; the first brings the task's tag."""
        config = self.config(task_id)
        if first:
            return add(update, self.machine.multiply(config.basis_d, self.machine.tasks.tag(task_id)))
        return plus(total, update, config.offset)
