"""RoundManager: the running rounds, from phase to phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import Point, add
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import (
    commitment_at,
    plus,
    point_hash,
    posting_hash,
    public_of,
    validate,
    words,
)
from headwater.protocol.machine.terms import answer_time, part
from headwater.protocol.phases import Duty, Phase, TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    ZERO_HASH,
    Posting,
    RosterEntry,
    Round,
    TaskConfig,
    TaskState,
)

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine

MAX_PEERS = 16
MAX_AVERAGES = 3


class Rounds(Contract):
    """The RoundManager.

    Attributes:
        states: what changes while a task runs, by task.
        rounds: by (task, round).
        rosters: by (task, round, trainer), from submitting on.
        debts: what the convicted owe to whom out of their slash, by the same.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.states: dict[int, TaskState] = {}
        self.rounds: dict[tuple[int, int], Round] = {}
        self.rosters: dict[tuple[int, int, str], RosterEntry] = {}
        self.debts: dict[tuple[int, int, str], tuple[str, int]] = {}

    # ---- trainers

    def join(self, sender: str, task_id: int) -> int:
        """Puts the sender on the running round's roster, and fills its locked stake up."""
        state = self._in_phase(task_id, Phase.JOIN)
        config, number = self._config(task_id), state.round
        if state.joined == config.max_trainers:
            raise Refused("RosterFull", task_id, number)
        self.machine.trainers.seat(self.address, task_id, sender, number, config.stake)

        state.joined += 1
        self._start_if_full(task_id)
        return number

    def mask(self, sender: str, task_id: int, posting: Posting) -> None:
        """Commits the sender to its update under masks, and adds the update's commitment to the attempt's sum."""
        state = self._in_phase(task_id, Phase.MASK)
        config, number = self._config(task_id), state.round
        entry = self._entry(task_id, number, sender)
        if entry.attempt == state.attempt:
            raise Refused("AlreadyMasked", task_id, number, state.attempt, sender)
        if not self._is_member(task_id, sender):
            raise Refused("NotAMember", task_id, number, state.attempt, sender)
        if posting.cid == ZERO_HASH:
            raise Refused("MissingCid")
        update_hash = point_hash(posting.update)[:29]
        if update_hash != entry.update_hash:
            raise Refused("UpdateMismatch", entry.update_hash, update_hash)
        seed = self._seed(task_id)
        if posting.seed != seed:
            raise Refused("SeedMismatch", seed, posting.seed)
        self._check_masks(task_id, sender, posting)

        state.seed, state.seed_block = seed, 0
        entry.attempt, entry.posting_hash = state.attempt, posting_hash(posting)
        round_ = self.rounds[task_id, number]
        round_.masked += 1
        if round_.masked == 1:  # the first brings the tag into the sum vector, where every update has a 0
            tag = self.machine.tasks.tag(task_id)
            state.sum = add(posting.update, self.machine.multiply(config.basis_d, tag))
        else:
            state.sum = plus(state.sum, posting.update, config.offset)
        if round_.masked == state.members:
            self._enter(task_id, Phase.AGGREGATE, config.aggregate_period)

    # ---- anyone

    def renew_seed(self, task_id: int) -> None:
        """Lets this block's hash make the seed, where the chain has forgotten that of the block named before."""
        state, block = self._in_phase(task_id, Phase.MASK), self.machine.block
        if state.seed_block in (0, block.number) or block.hash_of(state.seed_block) != ZERO_HASH:
            raise Refused("NothingToRenew", task_id, state.seed_block)
        state.seed_block = block.number

    def aggregate(self, sender: str, task_id: int, proof: bytes, cid: bytes) -> None:
        """Accepts the proved average of exactly the updates that the attempt has masked."""
        state = self._in_phase(task_id, Phase.AGGREGATE)
        if cid == ZERO_HASH:
            raise Refused("MissingCid")
        config, round_ = self._config(task_id), self.rounds[task_id, state.round]
        average = self._check_average(task_id, sender, proof)
        self.machine.stakes.lock(self.address, task_id, sender, config.stake)

        round_.aggregator = sender
        round_.averages += 1
        state.average, state.average_cid = average, cid
        # whoever proved it had the bytes of all: nobody who is accused is at fault any more
        state.accused = 0
        self._enter(task_id, Phase.CHALLENGE, config.challenge_period)

    def advance(self, task_id: int) -> None:
        """Moves a round on whose phase is over: one step, however late."""
        state = self.get_state(task_id)
        config = self._config(task_id)
        to = self._next(task_id)
        if to == Phase.NONE:
            raise Refused("NothingToAdvance", task_id, state.phase, state.deadline)
        if to == Phase.TRAIN:
            self._enter(task_id, to, config.train_period)
        elif to == Phase.REVIEW:
            self._start_review(task_id)
        elif to == Phase.MASK:
            self._start_masking(task_id, self._comers(task_id))
        elif to == Phase.FINALIZED:
            self._finalize(task_id)
        elif state.phase == Phase.CHALLENGE:
            self._revoke(task_id, to)
        elif state.phase == Phase.JOIN and state.accused:
            self._end_without_model(task_id)
        else:
            self._end_round(task_id, to)

    # ---- only the TaskManager

    def start(self, sender: str, task_id: int, model_hash: bytes) -> None:
        """Starts a task's first round."""
        self._only(sender, self.machine.at.tasks)
        self.states[task_id] = TaskState(model_hash=model_hash, sum=self._config(task_id).offset)
        self._start_round(task_id, 1)

    # ---- only the ProofManager

    def accept(self, sender: str, task_id: int, trainer: str, update: Point, data_hashes: Sequence[bytes]) -> None:
        """Accepts a trainer's update, the commitment only."""
        self._only(sender, self.machine.at.proofs)
        del data_hashes  # are told by an event
        number, _ = self.training(task_id, trainer)
        state = self.states[task_id]
        self.rosters[task_id, number, trainer] = RosterEntry(
            TrainerStatus.SUBMITTED, update_hash=point_hash(update)[:29]
        )
        state.submitted += 1
        if state.submitted == state.joined:
            if self._config(task_id).review_period:
                self._start_review(task_id)
            else:
                self._start_masking(task_id, state.submitted)

    # ---- only the ChallengeManager

    def accuse(self, sender: str, task_id: int, trainer: str, phase: Phase) -> None:
        """Accuses a member of the attempt that is aggregated, or in Review a trainer that submitted."""
        self._only(sender, self.machine.at.challenges)
        self.check_accusable(task_id, trainer, phase)
        state = self.states[task_id]
        self.rosters[task_id, state.round, trainer].status = TrainerStatus.ACCUSED
        state.accused += 1
        self._leave_time_to_answer(task_id)

    def acquit(self, sender: str, task_id: int, number: int, attempt: int, trainer: str) -> None:
        """Acquits a member accused in this attempt, which is 0 in Review, unless it is too late to matter."""
        self._only(sender, self.machine.at.challenges)
        state = self.states.get(task_id, TaskState())
        runs = state.phase in (Phase.AGGREGATE, Phase.REVIEW) and self.machine.block.time < state.deadline
        # once an average was accepted, accusations are moot
        if not runs or (number, attempt) != (state.round, state.attempt) or self._is_averaged(task_id):
            return
        if not self._is_accused(task_id, trainer):
            return
        self.rosters[task_id, number, trainer].status = TrainerStatus.SUBMITTED
        state.accused -= 1
        self._leave_time_to_answer(task_id)

    def convict(self, sender: str, task_id: int, trainer: str, payee: str, owed: int) -> None:
        """Convicts a member of the attempt that is aggregated, accused or not; who is accused, also after an average.

        Out of its slash it owes the payee so much; one who is guilty already, if it owes nobody yet.
        """
        self._only(sender, self.machine.at.challenges)
        state = self.get_state(task_id)
        if owed and self.get_roster_entry(task_id, state.round, trainer).status == TrainerStatus.GUILTY:
            self.debts.setdefault((task_id, state.round, trainer), (payee, owed))
            return
        accused = self._is_accused(task_id, trainer)
        if not (accused and state.phase == Phase.CHALLENGE):
            self._in_phase(task_id, Phase.AGGREGATE)
            if not accused:
                self.check_accusable(task_id, trainer, Phase.AGGREGATE)
                state.accused += 1
                self._leave_time_to_answer(task_id)
        self.rosters[task_id, state.round, trainer].status = TrainerStatus.GUILTY
        state.convicted += 1
        if owed:
            self.debts[task_id, state.round, trainer] = (payee, owed)

    def accuse_model(self, sender: str, task_id: int) -> tuple[str, bytes]:
        """Demands the bytes of the average in Challenge, or of the first model in Join: returns whose, and its hash."""
        self._only(sender, self.machine.at.challenges)
        accused, model_hash = self.check_model_accusable(task_id)
        self.states[task_id].accused = 1
        self._leave_time_to_answer(task_id)
        return accused, model_hash

    def acquit_model(self, sender: str, task_id: int, number: int, averages: int) -> None:
        """The bytes that were demanded have been shown; nothing if it is too late to matter."""
        self._only(sender, self.machine.at.challenges)
        state = self.states.get(task_id, TaskState())
        phase = Phase.CHALLENGE if averages else Phase.JOIN
        demanded = state.phase == phase and state.accused and self.machine.block.time < state.deadline
        if not demanded or (number, averages) != (state.round, self.get_round(task_id, number).averages):
            return
        state.accused = 0
        if averages:
            self._finalize(task_id)
        else:
            self._start_if_full(task_id)

    # ---- views

    def get_state(self, task_id: int) -> TaskState:
        """The state of a task that exists."""
        if task_id not in self.states:
            raise Refused("UnknownTask", task_id)
        return self.states[task_id]

    def get_round(self, task_id: int, number: int) -> Round:
        """One round; all zero if it has not started."""
        return self.rounds.get((task_id, number), Round())

    def get_roster_entry(self, task_id: int, number: int, trainer: str) -> RosterEntry:
        """A trainer's part in a round. That it has joined is in its enrolment until the round is settled."""
        entry = self._entry(task_id, number, trainer)
        if entry.status != TrainerStatus.NONE or number == 0:
            return entry
        joined = self.machine.trainers.get_enrolment(task_id, trainer).round == number
        return RosterEntry(TrainerStatus.JOINED) if joined else entry

    def duty_of(self, task_id: int, number: int, trainer: str) -> tuple[Duty, str, int]:
        """How a trainer that joined a round has done its duty in it, and what of its slash it owes to whom."""
        round_, entry = self.get_round(task_id, number), self._entry(task_id, number, trainer)
        if not round_.ended_at:
            return Duty.OPEN, ZERO_ADDRESS, 0
        if is_fault(entry, round_):
            return Duty.FAULT, *self.debts.get((task_id, number, trainer), (ZERO_ADDRESS, 0))
        return Duty.MISSED if is_absence(entry, round_) else Duty.DONE, ZERO_ADDRESS, 0

    def contributed(self, task_id: int, number: int, trainer: str) -> bool:
        """Whether a finalized round's model averages the trainer's update, and it has a share."""
        round_, entry = self.get_round(task_id, number), self._entry(task_id, number, trainer)
        accepted = entry.status in (TrainerStatus.SUBMITTED, TrainerStatus.ACCUSED)
        return round_.phase == Phase.FINALIZED and accepted and entry.attempt == round_.attempt

    def running_round(self, task_id: int) -> tuple[int, Phase, int, int]:
        """The running round, its phase, its attempt at masking, and its deadline."""
        state = self.get_state(task_id)
        return state.round, state.phase, state.attempt, state.deadline

    def training(self, task_id: int, trainer: str) -> tuple[int, bytes]:
        """The running round and the hash of its model, for a trainer that may submit."""
        state = self._in_phase(task_id, Phase.TRAIN)
        if self._entry(task_id, state.round, trainer).status != TrainerStatus.NONE:
            raise Refused("AlreadySubmitted", task_id, state.round, trainer)
        return state.round, state.model_hash

    def answer_time(self, task_id: int) -> int:
        """How long the accused have to answer, in seconds."""
        return answer_time(self._config(task_id))

    def current_phase(self, task_id: int) -> tuple[int, Phase, int, Phase]:
        """Round, phase, deadline, and the phase to which `advance` would move it now."""
        state = self.get_state(task_id)
        return state.round, state.phase, state.deadline, self._next(task_id)

    # ---- transitions

    def _next(self, task_id: int) -> Phase:
        """Where `advance` leads now; NONE if nowhere."""
        state, least = self.states[task_id], self._config(task_id).min_trainers
        if state.phase.is_end or self.machine.block.time < state.deadline:
            return Phase.NONE
        if state.phase == Phase.JOIN:
            return Phase.SKIPPED if state.accused or state.joined < least else Phase.TRAIN
        if state.phase != Phase.CHALLENGE:
            if self._comers(task_id) < least:
                return Phase.FAILED
            reviewed = state.phase == Phase.TRAIN and self._config(task_id).review_period
            return Phase.REVIEW if reviewed else Phase.MASK
        if not state.accused:
            return Phase.FINALIZED
        spent = self.rounds[task_id, state.round].averages == MAX_AVERAGES
        return Phase.FAILED if spent else Phase.AGGREGATE

    def _comers(self, task_id: int) -> int:
        """How many the next attempt would have: who submitted, who masked, who is not at fault if anybody is."""
        state = self.states[task_id]
        if state.phase == Phase.TRAIN:
            return state.submitted
        if state.phase == Phase.MASK:
            return self.rounds[task_id, state.round].masked
        failing = state.phase == Phase.AGGREGATE and not state.accused
        return 0 if failing else state.members - state.accused

    def _enter(self, task_id: int, to: Phase, period: int) -> None:
        """Moves the running round on to a phase that is no end."""
        state = self.states[task_id]
        state.phase = self.rounds[task_id, state.round].phase = to
        state.deadline = self.machine.block.time + period

    def _start_round(self, task_id: int, number: int) -> None:
        """Starts a round with its Join."""
        state = self.states[task_id]
        state.round = number
        state.joined = state.submitted = state.attempt = state.members = state.accused = state.convicted = 0
        self.rounds[task_id, number] = Round()
        self._enter(task_id, Phase.JOIN, self._config(task_id).join_period)

    def _start_if_full(self, task_id: int) -> None:
        """Starts Train if the roster is full, unless it waits for the first model's bytes."""
        state, config = self.states[task_id], self._config(task_id)
        if state.joined == config.max_trainers and not state.accused:
            self._enter(task_id, Phase.TRAIN, config.train_period)

    def _start_review(self, task_id: int) -> None:
        """Starts the time in which proofs that are not on chain can be demanded."""
        state = self.states[task_id]
        state.members = state.submitted
        self._enter(task_id, Phase.REVIEW, self._config(task_id).review_period)

    def _start_masking(self, task_id: int, members: int) -> None:
        """Starts an attempt at masking among those who have come so far. The hash of this block makes its seed."""
        state, round_ = self.states[task_id], self.rounds[task_id, self.states[task_id].round]
        self._enter(task_id, Phase.MASK, self._config(task_id).mask_period)
        state.attempt = round_.attempt = state.attempt + 1
        state.members = members
        state.accused = state.convicted = round_.masked = 0
        state.seed_block = self.machine.block.number

    def _finalize(self, task_id: int) -> None:
        """The average becomes the task's model, and the round owes its rewards."""
        state = self.states[task_id]
        number, round_ = state.round, self.rounds[task_id, state.round]
        state.model_hash = point_hash(state.average)
        paid = round_.masked - state.convicted
        self._end_round(task_id, Phase.FINALIZED)
        self.machine.rewards.owe(self.address, task_id, round_.masked, paid)
        self.machine.stakes.unlock(self.address, task_id, round_.aggregator, self._config(task_id).stake)
        self.machine.models.add(self.address, task_id, number, state.average, state.average_cid)

    def _revoke(self, task_id: int, to: Phase) -> None:
        """Takes an average back whose bytes nobody has shown."""
        state, config = self.states[task_id], self._config(task_id)
        round_ = self.rounds[task_id, state.round]
        aggregator, round_.aggregator = round_.aggregator, ZERO_ADDRESS
        slashed = part(config.stake, config.fault_slash)
        state.accused = 0
        if to == Phase.AGGREGATE:
            self._enter(task_id, to, config.aggregate_period)
        else:
            self._end_round(task_id, to)
        self.machine.stakes.slash(self.address, task_id, aggregator, slashed, ZERO_ADDRESS, 0)
        self.machine.stakes.unlock(self.address, task_id, aggregator, config.stake - slashed)

    def _end_without_model(self, task_id: int) -> None:
        """Ends the task: nobody has shown what its rounds would start from."""
        self.states[task_id].accused = 0
        self._close(task_id, Phase.SKIPPED)
        self.machine.rewards.slash(self.address, task_id)

    def _end_round(self, task_id: int, end: Phase) -> None:
        """Ends the running round and starts the next, or ends the task with it."""
        self._close(task_id, end)
        state = self.states[task_id]
        if state.round < self._config(task_id).rounds:
            self._start_round(task_id, state.round + 1)

    def _close(self, task_id: int, end: Phase) -> None:
        """Ends the running round, and the task unless another is started."""
        state = self.states[task_id]
        round_ = self.rounds[task_id, state.round]
        state.phase = round_.phase = end
        state.deadline, round_.ended_at = 0, self.machine.block.time

    def _leave_time_to_answer(self, task_id: int) -> None:
        state = self.states[task_id]
        state.deadline = max(state.deadline, self.machine.block.time + self.answer_time(task_id))

    def _seed(self, task_id: int) -> bytes:
        """The attempt's seed: of the hash of the block in which its set of members was fixed."""
        state = self.states[task_id]
        if state.seed_block == 0:
            return state.seed
        drawn = self.machine.block.hash_of(state.seed_block)
        if drawn == ZERO_HASH:
            raise Refused("SeedUnavailable", task_id, state.seed_block)
        return keccak256(drawn + words(task_id, state.round, state.attempt))

    # ---- checks

    def check_accusable(self, task_id: int, trainer: str, phase: Phase) -> None:
        """It must be of the attempt that is aggregated or reviewed, not accused, and no average of it was accepted."""
        state = self._in_phase(task_id, phase)
        entry = self._entry(task_id, state.round, trainer)
        free = entry.status == TrainerStatus.SUBMITTED and entry.attempt == state.attempt
        if not free or self._is_averaged(task_id):
            raise Refused("NotAccusable", task_id, state.round, trainer)

    def check_model_accusable(self, task_id: int) -> tuple[str, bytes]:
        """There must be a model whose bytes can be demanded: returns who has to show it, and its hash."""
        state = self.get_state(task_id)
        if state.phase == Phase.CHALLENGE:
            accused, model_hash = self.rounds[task_id, state.round].aggregator, point_hash(state.average)
        elif state.phase == Phase.JOIN and self.machine.models.latest(task_id).round == 0:
            accused, model_hash = self.machine.tasks.get_task(task_id).creator, state.model_hash
        else:
            raise Refused("ModelNotAccusable", task_id, state.phase)
        if state.accused:
            raise Refused("ModelNotAccusable", task_id, state.phase)
        self._check_in_time(task_id)
        return accused, model_hash

    def _in_phase(self, task_id: int, phase: Phase) -> TaskState:
        """The state of a task whose running round is in this phase, in time."""
        state = self.get_state(task_id)
        if state.phase != phase:
            raise Refused("WrongPhase", phase, state.phase)
        self._check_in_time(task_id)
        return state

    def _check_in_time(self, task_id: int) -> None:
        """The phase's deadline must not have passed."""
        state, time = self.states[task_id], self.machine.block.time
        if time >= state.deadline:
            raise Refused("DeadlinePassed", state.deadline, time)

    def _check_masks(self, task_id: int, sender: str, posting: Posting) -> None:
        """One commitment for each peer: other members, addresses ascending."""
        expected = peer_count(self.states[task_id].members)
        if len(posting.masks) != expected:
            raise Refused("WrongMaskCount", expected, len(posting.masks))
        last = 0
        for mask in posting.masks:
            peer = mask.peer
            if int(peer, 16) <= last or peer == sender or not self._is_member(task_id, peer):
                raise Refused("WrongPeer", peer)
            validate(mask.commitment)
            last = int(peer, 16)

    def _check_average(self, task_id: int, sender: str, proof: bytes) -> Point:
        """The proof must be of twice the attempt's sum and of [masked | sender], and valid: returns the average."""
        state, config = self.states[task_id], self._config(task_id)
        twice, total = plus(state.sum, state.sum, config.offset), commitment_at(proof, 3)
        if total != twice:
            raise Refused("SumMismatch", point_hash(twice), point_hash(total))
        masked = self.rounds[task_id, state.round].masked
        expected, public = public_of(config, masked, sender, self.machine.multiply), commitment_at(proof, 2)
        if public != expected:
            raise Refused("PublicMismatch", point_hash(expected), point_hash(public))
        average = commitment_at(proof, 0)
        validate(average)
        if not self.machine.verify(config.average_verifier, proof):
            raise Refused("InvalidProof", config.average_verifier)
        return average

    def _is_member(self, task_id: int, trainer: str) -> bool:
        """Whether the attempt that runs counts on the trainer: it submitted, and masked in the attempt before."""
        state = self.states[task_id]
        entry = self._entry(task_id, state.round, trainer)
        return entry.status == TrainerStatus.SUBMITTED and entry.attempt + 1 >= state.attempt

    def _is_accused(self, task_id: int, trainer: str) -> bool:
        """Whether the trainer is accused in the attempt that runs."""
        state = self.states[task_id]
        entry = self._entry(task_id, state.round, trainer)
        return entry.status == TrainerStatus.ACCUSED and entry.attempt == state.attempt

    def _is_averaged(self, task_id: int) -> bool:
        """Whether an average of the running round was accepted once."""
        return self.rounds[task_id, self.states[task_id].round].averages != 0

    # ---- what is kept

    def _config(self, task_id: int) -> TaskConfig:
        return self.machine.tasks.config_of(task_id)

    def _entry(self, task_id: int, number: int, trainer: str) -> RosterEntry:
        """What is kept of a trainer in a round: nothing until it submits."""
        return self.rosters.get((task_id, number, trainer), RosterEntry())


def is_fault(entry: RosterEntry, round_: Round) -> bool:
    """Whether a trainer was at fault in a round that is over.

    Convicted; or accused and not acquitted when the attempt ended: then a further one started, or the round failed. Not
    if an average of the attempt was accepted, since its bytes were there.
    """
    unanswered = round_.attempt > entry.attempt or (round_.phase == Phase.FAILED and round_.averages == 0)
    return entry.status == TrainerStatus.GUILTY or (entry.status == TrainerStatus.ACCUSED and unanswered)


def is_absence(entry: RosterEntry, round_: Round) -> bool:
    """Whether a trainer missed a duty in a round that it joined, which is over: to submit, or to mask in an attempt."""
    idle = entry.status == TrainerStatus.NONE and round_.phase != Phase.SKIPPED
    return idle or (entry.status == TrainerStatus.SUBMITTED and entry.attempt < round_.attempt)


def peer_count(members: int) -> int:
    """How many peers each of so many members has."""
    return min(max(members - 1, 0), MAX_PEERS)
