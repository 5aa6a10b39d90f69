"""TaskManager: tasks, their rosters and their rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from headwater.protocol.curve import Point, add
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Block, Refused
from headwater.protocol.machine.models import Models
from headwater.protocol.machine.points import (
    Multiply,
    commitment_at,
    plus,
    point_hash,
    posting_hash,
    validate,
    words,
)
from headwater.protocol.machine.stakes import Stakes
from headwater.protocol.phases import Phase, TrainerStatus
from headwater.protocol.structs import (
    ZERO_ADDRESS,
    ZERO_HASH,
    Enrolment,
    Posting,
    RosterEntry,
    Round,
    TaskConfig,
    TaskState,
)

LEAST_TRAINERS = 3
MAX_TRAINERS = 1024
MAX_PEERS = 16
MAX_ROUNDS = 10_000
MAX_AVERAGES = 3
MAX_DIMENSION = 1280
MAX_PERIOD = 30 * 24 * 3600
MAX_K = 28
WHOLE = 10_000
"""What slashes are parts of."""

NO_CODE = (ZERO_HASH, keccak256(b""))
"""EXTCODEHASH of an account that does not exist, and of one without code."""

Verify = Callable[[str, bytes], bool]
"""Whether the verifier at an address accepts a proof."""


class Tasks:
    """The TaskManager. Every method checks first and changes then, so what refuses has changed nothing.

    Attributes:
        codes: EXTCODEHASH of each account that exists.
    """

    def __init__(
        self,
        block: Block,
        chain_id: int,
        address: str,
        challenge_manager: str,
        stakes: Stakes,
        codes: Mapping[str, bytes],
        verify: Verify,
        multiply: Multiply,
    ) -> None:
        self.block = block
        self.chain_id = chain_id
        self.address = address
        self.challenge_manager = challenge_manager
        self.stakes = stakes
        self.models: Models
        self.codes = codes
        self.verify = verify
        self.multiply = multiply
        self.configs: dict[int, TaskConfig] = {}
        self.states: dict[int, TaskState] = {}
        self.rounds: dict[tuple[int, int], Round] = {}
        self.rosters: dict[tuple[int, int, str], RosterEntry] = {}
        self.enrolments: dict[tuple[int, str], Enrolment] = {}
        self.data_owners: dict[tuple[int, bytes], str] = {}

    # ---- task creators

    def create_task(self, sender: str, value: int, config: TaskConfig, model: Point, model_cid: bytes) -> int:
        """Publishes a task with `value` as its reward pool, and starts round 1's Join."""
        check_terms(config, value)
        self._check_verifier(config.train_verifier, config.train_code_hash)
        self._check_verifier(config.average_verifier, config.average_code_hash)
        for point in (config.offset, config.basis0, config.basis1, config.basis_d, model):
            validate(point)
        if ZERO_HASH in (config.manifest, model_cid):
            raise Refused("MissingCid")
        if value >= 2**96:
            raise Refused("SafeCastOverflowedUintDowncast", 96, value)

        task_id = len(self.states) + 1
        commitment = add(model, self.multiply(config.basis_d, self.tag(task_id)))
        self.configs[task_id] = config
        self.states[task_id] = TaskState(sender, value, model_hash=point_hash(commitment), sum=config.offset)
        self._start_round(task_id, 1)
        self.stakes.escrow(self.address, value, task_id)
        self.models.add(self.address, task_id, 0, commitment, model_cid)
        return task_id

    def reclaim(self, task_id: int) -> int:
        """Credits what an ended task has left of its pool to its creator."""
        state = self._task(task_id)
        if not state.phase.is_end:
            raise Refused("TaskRunning", task_id, state.round)
        amount = state.pool - state.spent
        if amount == 0:
            raise Refused("NothingToReclaim", task_id)
        state.spent = state.pool
        self.stakes.credit(self.address, task_id, state.creator, amount)
        return amount

    # ---- trainers

    def enrol(self, sender: str, task_id: int, data: Point, mask_key: Point) -> None:
        """Enrols the sender with the commitment of its data and the key for its masks."""
        if self._task(task_id).phase.is_end:
            raise Refused("TaskEnded", task_id)
        if (task_id, sender) in self.enrolments:
            raise Refused("AlreadyEnrolled", task_id, sender)
        config = self.configs[task_id]
        validate(data)
        validate(mask_key)
        if data == config.offset:
            raise Refused("EmptyData")
        data_hash = point_hash(data)
        # for good, also when the owner leaves: else its old proofs could be sent by somebody else
        owner = self.data_owners.get((task_id, data_hash), sender)
        if owner != sender:
            raise Refused("DataAlreadyRegistered", task_id, data_hash, owner)
        self.stakes.lock(self.address, task_id, sender, config.stake)
        self.data_owners[task_id, data_hash] = sender
        self.enrolments[task_id, sender] = Enrolment(data_hash, point_hash(mask_key), config.stake)

    def unenrol(self, sender: str, task_id: int) -> None:
        """Starts the unbonding of the sender's stake. It can finish its round, and is slashed as before."""
        enrolment = self._enrolled(task_id, sender)
        if enrolment.releasable_at:
            raise Refused("Leaving", task_id, sender, enrolment.releasable_at)
        self._leave(task_id, enrolment)

    def release(self, sender: str, task_id: int) -> None:
        """Ends the sender's enrolment and frees what is left of its stake."""
        enrolment = self._enrolled(task_id, sender)
        if enrolment.releasable_at == 0 or self.block.time < enrolment.releasable_at:
            raise Refused("NotReleasable", task_id, sender, enrolment.releasable_at)
        self._settle(task_id, sender)
        self.stakes.unlock(self.address, task_id, sender, enrolment.stake)
        del self.enrolments[task_id, sender]

    def settle(self, task_id: int, trainer: str) -> int:
        """Carries out what a trainer's last round cost it."""
        if not self.get_enrolment(task_id, trainer).unsettled:
            raise Refused("NothingToSettle", task_id, trainer)
        return self._settle(task_id, trainer)

    def join(self, sender: str, task_id: int) -> int:
        """Puts the sender on the running round's roster, and fills its locked stake up."""
        state = self._in_phase(task_id, Phase.JOIN)
        config, number = self.configs[task_id], state.round
        enrolment = self._enrolled(task_id, sender)
        if (task_id, number, sender) in self.rosters:
            raise Refused("AlreadyJoined", task_id, number, sender)
        if state.joined == config.max_trainers:
            raise Refused("RosterFull", task_id, number)
        burnt, fault = self.slash_of(task_id, sender)
        if enrolment.releasable_at or fault:
            releasable_at = enrolment.releasable_at or self.block.time + config.unbonding_period
            raise Refused("Leaving", task_id, sender, releasable_at)
        missing = config.stake - (enrolment.stake - burnt)
        self.stakes.check_free(sender, missing)

        self._settle(task_id, sender)
        self.stakes.lock(self.address, task_id, sender, missing)
        enrolment.stake, enrolment.unsettled = config.stake, number
        self.rosters[task_id, number, sender] = RosterEntry(TrainerStatus.JOINED)
        state.joined += 1
        if state.joined == config.max_trainers and not state.accused:
            self._enter(task_id, Phase.TRAIN, config.train_period)
        return number

    def submit(self, sender: str, task_id: int, proof: bytes) -> None:
        """Accepts the sender's update: the commitment only."""
        state = self._in_phase(task_id, Phase.TRAIN)
        config, number = self.configs[task_id], state.round
        entry = self.get_roster_entry(task_id, number, sender)
        if entry.status == TrainerStatus.NONE:
            raise Refused("NotOnRoster", task_id, number, sender)
        if entry.status != TrainerStatus.JOINED:
            raise Refused("AlreadySubmitted", task_id, number, sender)
        update = commitment_at(proof, 3)
        validate(update)
        model_hash, data_hash = point_hash(commitment_at(proof, 0)), point_hash(commitment_at(proof, 1))
        if model_hash != state.model_hash:
            raise Refused("ModelMismatch", state.model_hash, model_hash)
        # whoever joined is enrolled until the round is over
        own = self.enrolments[task_id, sender].data_hash
        if data_hash != own:
            raise Refused("DataMismatch", own, data_hash)
        if not self.verify(config.train_verifier, proof):
            raise Refused("InvalidProof", config.train_verifier)

        entry.status, entry.update_hash = TrainerStatus.SUBMITTED, point_hash(update)[:29]
        state.submitted += 1
        if state.submitted == state.joined:
            self._start_masking(task_id, state.submitted)

    def mask(self, sender: str, task_id: int, posting: Posting) -> None:
        """Commits the sender to its update under masks, and adds the update's commitment to the attempt's sum."""
        state = self._in_phase(task_id, Phase.MASK)
        config, number = self.configs[task_id], state.round
        entry = self.get_roster_entry(task_id, number, sender)
        if entry.attempt == state.attempt:
            raise Refused("AlreadyMasked", task_id, number, state.attempt, sender)
        if not self._is_member(task_id, sender):
            raise Refused("NotAMember", task_id, number, state.attempt, sender)
        if posting.cid == ZERO_HASH:
            raise Refused("MissingCid")
        update_hash = point_hash(posting.update)[:29]
        if update_hash != entry.update_hash:
            raise Refused("UpdateMismatch", entry.update_hash, update_hash)
        self._check_masks(task_id, sender, posting)

        entry.attempt, entry.posting_hash = state.attempt, posting_hash(posting)
        round_ = self.rounds[task_id, number]
        round_.masked += 1
        if round_.masked == 1:  # the first brings the tag into the sum vector, where every update has a 0
            state.sum = add(posting.update, self.multiply(config.basis_d, self.tag(task_id)))
        else:
            state.sum = plus(state.sum, posting.update, config.offset)
        if round_.masked == state.members:
            self._enter(task_id, Phase.AGGREGATE, config.aggregate_period)

    # ---- anyone

    def aggregate(self, sender: str, task_id: int, proof: bytes, cid: bytes) -> None:
        """Accepts the proved average of exactly the updates that the attempt has masked."""
        state = self._in_phase(task_id, Phase.AGGREGATE)
        config = self.configs[task_id]
        round_ = self.rounds[task_id, state.round]
        if cid == ZERO_HASH:
            raise Refused("MissingCid")
        total, public, average = (commitment_at(proof, index) for index in (3, 2, 0))
        if total != state.sum:
            raise Refused("SumMismatch", point_hash(state.sum), point_hash(total))
        counted = add(config.offset, self.multiply(config.basis0, round_.masked))
        expected = add(counted, self.multiply(config.basis1, int(sender, 16)))
        if public != expected:
            raise Refused("PublicMismatch", point_hash(expected), point_hash(public))
        validate(average)
        if not self.verify(config.average_verifier, proof):
            raise Refused("InvalidProof", config.average_verifier)
        self.stakes.lock(self.address, task_id, sender, config.stake)

        round_.aggregator = sender
        round_.averages += 1
        state.average, state.average_cid = average, cid
        # whoever proved it had the bytes of all: nobody who is accused is at fault any more
        state.accused = 0
        self._enter(task_id, Phase.CHALLENGE, config.challenge_period)

    def advance(self, task_id: int) -> None:
        """Moves a round on whose phase is over: one step, however late."""
        state = self._task(task_id)
        config = self.configs[task_id]
        to = self._next(task_id)
        if to == Phase.NONE:
            raise Refused("NothingToAdvance", task_id, state.phase, state.deadline)
        if to == Phase.TRAIN:
            self._enter(task_id, to, config.train_period)
        elif to == Phase.MASK:
            self._start_masking(task_id, self._comers(task_id))
        elif state.phase == Phase.CHALLENGE and state.accused:
            self._revoke(task_id, to)
        elif to == Phase.FINALIZED:
            self._finalize(task_id)
        elif state.phase == Phase.JOIN and state.accused:
            self._withhold_first_model(task_id)
        else:
            self._end_round(task_id, to)

    def collect(self, sender: str, task_id: int, numbers: Sequence[int]) -> int:
        """Credits to the sender what finalized rounds owe it."""
        self._task(task_id)
        for number in numbers:
            phase = self.get_round(task_id, number).phase
            if phase != Phase.FINALIZED:
                raise Refused("RoundNotFinalized", task_id, number, phase)
        named = set(numbers)
        amount = sum(self.reward_of(task_id, number, sender) for number in named)
        if amount == 0:
            raise Refused("NothingToCollect", task_id, sender)
        for number in named:
            share, fee = self._owed(task_id, number, sender)
            if share:
                self.rosters[task_id, number, sender].status = TrainerStatus.REWARDED
            if fee:
                self.rounds[task_id, number].fee_collected = True
        self.stakes.credit(self.address, task_id, sender, amount)
        return amount

    # ---- only the ChallengeManager

    def accuse(self, sender: str, task_id: int, *trainers: str) -> None:
        """Accuses members of the attempt that is aggregated: all of them or none."""
        self._only_challenge_manager(sender)
        state = self._in_phase(task_id, Phase.AGGREGATE)
        for trainer in trainers:
            self._check_accusable(task_id, trainer, TrainerStatus.SUBMITTED)
        for trainer in trainers:
            self.rosters[task_id, state.round, trainer].status = TrainerStatus.ACCUSED
            state.accused += 1
        self._leave_time_to_answer(task_id)

    def acquit(self, sender: str, task_id: int, number: int, attempt: int, trainer: str) -> None:
        """Acquits a member accused in this attempt."""
        self._only_challenge_manager(sender)
        state = self._in_phase(task_id, Phase.AGGREGATE)
        entry = self.get_roster_entry(task_id, number, trainer)
        moot = self.rounds[task_id, state.round].averages != 0
        if (number, attempt) != (state.round, state.attempt) or moot or entry.status != TrainerStatus.ACCUSED:
            raise Refused("NotAccused", task_id, number, attempt, trainer)
        entry.status = TrainerStatus.SUBMITTED
        state.accused -= 1
        self._leave_time_to_answer(task_id)

    def convict(self, sender: str, task_id: int, trainer: str) -> None:
        """Convicts a member of the attempt that is aggregated, accused or not."""
        self._only_challenge_manager(sender)
        state = self._in_phase(task_id, Phase.AGGREGATE)
        self._check_accusable(task_id, trainer, TrainerStatus.SUBMITTED, TrainerStatus.ACCUSED)
        entry = self.rosters[task_id, state.round, trainer]
        if entry.status == TrainerStatus.SUBMITTED:
            state.accused += 1
            self._leave_time_to_answer(task_id)
        entry.status = TrainerStatus.GUILTY

    def accuse_model(self, sender: str, task_id: int) -> str:
        """Demands the bytes of the average in Challenge, or of the first model in Join."""
        self._only_challenge_manager(sender)
        state = self._task(task_id)
        demandable = state.phase == Phase.CHALLENGE or (state.phase == Phase.JOIN and self._has_first_model(task_id))
        if not demandable or state.accused:
            raise Refused("ModelNotAccusable", task_id, state.phase)
        self._check_in_time(task_id)
        state.accused = 1
        self._leave_time_to_answer(task_id)
        return self._owner_of_model(task_id)

    def acquit_model(self, sender: str, task_id: int) -> None:
        """The bytes that were demanded have been shown."""
        self._only_challenge_manager(sender)
        state = self._task(task_id)
        if state.phase not in (Phase.JOIN, Phase.CHALLENGE) or not state.accused:
            raise Refused("ModelNotAccused", task_id)
        self._check_in_time(task_id)
        state.accused = 0
        if state.phase == Phase.CHALLENGE:
            self._finalize(task_id)
        elif state.joined == self.configs[task_id].max_trainers:
            self._enter(task_id, Phase.TRAIN, self.configs[task_id].train_period)

    # ---- views

    def get_task(self, task_id: int) -> tuple[TaskConfig, TaskState]:
        """A task's config and state."""
        state = self._task(task_id)
        return self.configs[task_id], state

    def get_round(self, task_id: int, number: int) -> Round:
        """One round; all zero if it has not started."""
        return self.rounds.get((task_id, number), Round())

    def get_roster_entry(self, task_id: int, number: int, trainer: str) -> RosterEntry:
        """A trainer's part in a round."""
        return self.rosters.get((task_id, number, trainer), RosterEntry())

    def get_enrolment(self, task_id: int, trainer: str) -> Enrolment:
        """A trainer's enrolment; all zero if it is not enrolled."""
        return self.enrolments.get((task_id, trainer), Enrolment())

    def slash_of(self, task_id: int, trainer: str) -> tuple[int, bool]:
        """What `settle` would burn now, and whether for a fault."""
        enrolment = self.get_enrolment(task_id, trainer)
        round_ = self.get_round(task_id, enrolment.unsettled)
        if not enrolment.unsettled or not round_.phase.is_end:
            return 0, False
        config, entry = self.configs[task_id], self.rosters[task_id, enrolment.unsettled, trainer]
        fault = is_fault(entry, round_)
        parts = config.fault_slash if fault else config.absence_slash if is_absence(entry, round_) else 0
        return min(enrolment.stake, config.stake * parts // WHOLE), fault

    def data_owner(self, task_id: int, data_hash: bytes) -> str:
        """Who registered data in a task."""
        return self.data_owners.get((task_id, data_hash), ZERO_ADDRESS)

    def current_phase(self, task_id: int) -> tuple[int, Phase, int, Phase]:
        """Round, phase, deadline, and the phase to which `advance` would move it now."""
        state = self._task(task_id)
        return state.round, state.phase, state.deadline, self._next(task_id)

    def tag(self, task_id: int) -> int:
        """The last entry of the task's model vectors."""
        return int.from_bytes(keccak256(words(self.chain_id, int(self.address, 16), task_id)), "big") % P

    def reward_of(self, task_id: int, number: int, account: str) -> int:
        """What `collect` would credit the account for the round."""
        return sum(self._owed(task_id, number, account))

    # ---- rounds

    def _next(self, task_id: int) -> Phase:
        """Where `advance` leads now; NONE if nowhere."""
        state, least = self.states[task_id], self.configs[task_id].min_trainers
        if state.phase.is_end or self.block.time < state.deadline:
            return Phase.NONE
        if state.phase == Phase.JOIN:
            return Phase.SKIPPED if state.accused or state.joined < least else Phase.TRAIN
        if state.phase == Phase.CHALLENGE:
            if not state.accused:
                return Phase.FINALIZED
            spent = self.rounds[task_id, state.round].averages == MAX_AVERAGES
            return Phase.FAILED if spent else Phase.AGGREGATE
        if state.phase == Phase.AGGREGATE and not state.accused:
            return Phase.FAILED
        return Phase.FAILED if self._comers(task_id) < least else Phase.MASK

    def _comers(self, task_id: int) -> int:
        """How many the next attempt would have: who submitted, who masked, who is not at fault."""
        state = self.states[task_id]
        if state.phase == Phase.TRAIN:
            return state.submitted
        if state.phase == Phase.MASK:
            return self.rounds[task_id, state.round].masked
        return state.members - state.accused

    def _enter(self, task_id: int, to: Phase, period: int) -> None:
        """Moves the running round on to a phase that is no end."""
        state = self.states[task_id]
        state.phase = self.rounds[task_id, state.round].phase = to
        state.deadline = self.block.time + period

    def _start_round(self, task_id: int, number: int) -> None:
        """Starts a round with its Join."""
        state = self.states[task_id]
        state.round = number
        state.joined = state.submitted = state.attempt = state.members = state.accused = 0
        self.rounds[task_id, number] = Round()
        self._enter(task_id, Phase.JOIN, self.configs[task_id].join_period)

    def _start_masking(self, task_id: int, members: int) -> None:
        """Starts an attempt at masking among those who have come so far."""
        state, round_ = self.states[task_id], self.rounds[task_id, self.states[task_id].round]
        self._enter(task_id, Phase.MASK, self.configs[task_id].mask_period)
        state.attempt = round_.attempt = state.attempt + 1
        state.members, state.accused, round_.masked = members, 0, 0
        state.seed = keccak256(self.block.parent_hash + words(task_id, state.round, state.attempt))

    def _end_round(self, task_id: int, end: Phase) -> None:
        """Ends the running round and starts the next, or ends the task with it."""
        self._close(task_id, end)
        state = self.states[task_id]
        if state.round < self.configs[task_id].rounds:
            self._start_round(task_id, state.round + 1)

    def _close(self, task_id: int, end: Phase) -> None:
        """Ends the running round, and the task unless another is started."""
        state = self.states[task_id]
        round_ = self.rounds[task_id, state.round]
        state.phase = round_.phase = end
        state.deadline, round_.ended_at = 0, self.block.time

    def _finalize(self, task_id: int) -> None:
        """The average becomes the task's model, and the round owes its rewards."""
        state, config = self.states[task_id], self.configs[task_id]
        number, round_ = state.round, self.rounds[task_id, state.round]
        state.model_hash = point_hash(state.average)
        paid = round_.masked - self._count_guilty(task_id, number, state.attempt)
        state.spent += config.aggregator_fee + self._share(task_id, round_.masked) * paid
        self.stakes.unlock(self.address, task_id, round_.aggregator, config.stake)
        self._end_round(task_id, Phase.FINALIZED)
        self.models.add(self.address, task_id, number, state.average, state.average_cid)

    def _count_guilty(self, task_id: int, number: int, attempt: int) -> int:
        """How many members of an attempt were convicted."""
        roster = (entry for key, entry in self.rosters.items() if key[:2] == (task_id, number))
        return sum(entry.status == TrainerStatus.GUILTY and entry.attempt == attempt for entry in roster)

    def _revoke(self, task_id: int, to: Phase) -> None:
        """Takes an average back whose bytes nobody has shown."""
        state, config = self.states[task_id], self.configs[task_id]
        round_ = self.rounds[task_id, state.round]
        burnt = config.stake * config.fault_slash // WHOLE
        self.stakes.slash(self.address, task_id, round_.aggregator, burnt)
        self.stakes.unlock(self.address, task_id, round_.aggregator, config.stake - burnt)
        round_.aggregator, state.accused = ZERO_ADDRESS, 0
        if to == Phase.AGGREGATE:
            self._enter(task_id, to, config.aggregate_period)
        else:
            self._end_round(task_id, to)

    def _withhold_first_model(self, task_id: int) -> None:
        """Ends the task: nobody has shown what its rounds would start from."""
        state, config = self.states[task_id], self.configs[task_id]
        burnt = (state.pool - state.spent) * config.fault_slash // WHOLE
        state.spent += burnt
        state.accused = 0
        self.stakes.burn_escrow(self.address, task_id, burnt)
        self._close(task_id, Phase.SKIPPED)

    def _has_first_model(self, task_id: int) -> bool:
        return len(self.models.entries[task_id]) == 1

    def _owner_of_model(self, task_id: int) -> str:
        """Who has to show the bytes that are demanded."""
        state = self.states[task_id]
        return state.creator if state.phase == Phase.JOIN else self.rounds[task_id, state.round].aggregator

    def _leave_time_to_answer(self, task_id: int) -> None:
        state = self.states[task_id]
        state.deadline = max(state.deadline, self.block.time + self.configs[task_id].answer_period)

    # ---- money

    def _share(self, task_id: int, masked: int) -> int:
        """What a finalized round owes each of its trainers. What does not divide evenly stays in the pool."""
        config = self.configs[task_id]
        return (self.states[task_id].pool // config.rounds - config.aggregator_fee) // masked

    def _owed(self, task_id: int, number: int, account: str) -> tuple[int, int]:
        """Share and fee that a round owes the account and has not credited."""
        round_, entry = self.get_round(task_id, number), self.get_roster_entry(task_id, number, account)
        if round_.phase != Phase.FINALIZED:
            return 0, 0
        in_it = entry.status in (TrainerStatus.SUBMITTED, TrainerStatus.ACCUSED) and entry.attempt == round_.attempt
        share = self._share(task_id, round_.masked) if in_it else 0
        pays = round_.aggregator == account and not round_.fee_collected
        return share, self.configs[task_id].aggregator_fee if pays else 0

    def _settle(self, task_id: int, trainer: str) -> int:
        """Carries out what the trainer's last round cost it, if it has one that is not settled."""
        enrolment = self.enrolments[task_id, trainer]
        if not enrolment.unsettled:
            return 0
        if not self.get_round(task_id, enrolment.unsettled).phase.is_end:
            raise Refused("RoundRunning", task_id, enrolment.unsettled)
        burnt, fault = self.slash_of(task_id, trainer)
        enrolment.unsettled = 0
        enrolment.stake -= burnt
        self.stakes.slash(self.address, task_id, trainer, burnt)
        if fault and not enrolment.releasable_at:
            self._leave(task_id, enrolment)
        return burnt

    def _leave(self, task_id: int, enrolment: Enrolment) -> None:
        enrolment.releasable_at = self.block.time + self.configs[task_id].unbonding_period

    # ---- checks

    def _task(self, task_id: int) -> TaskState:
        """The state of a task that exists."""
        if task_id not in self.states:
            raise Refused("UnknownTask", task_id)
        return self.states[task_id]

    def _in_phase(self, task_id: int, phase: Phase) -> TaskState:
        """The state of a task whose running round is in this phase, in time."""
        state = self._task(task_id)
        if state.phase != phase:
            raise Refused("WrongPhase", phase, state.phase)
        self._check_in_time(task_id)
        return state

    def _check_in_time(self, task_id: int) -> None:
        """The phase's deadline must not have passed."""
        state = self.states[task_id]
        if self.block.time >= state.deadline:
            raise Refused("DeadlinePassed", state.deadline, self.block.time)

    def _enrolled(self, task_id: int, trainer: str) -> Enrolment:
        if (task_id, trainer) not in self.enrolments:
            raise Refused("NotEnrolled", task_id, trainer)
        return self.enrolments[task_id, trainer]

    def _is_member(self, task_id: int, trainer: str) -> bool:
        """Whether the attempt that is masked counts on the trainer: it submitted, and masked in the attempt before."""
        state = self.states[task_id]
        entry = self.get_roster_entry(task_id, state.round, trainer)
        return entry.status == TrainerStatus.SUBMITTED and entry.attempt in (state.attempt - 1, state.attempt)

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

    def _check_accusable(self, task_id: int, trainer: str, *statuses: TrainerStatus) -> None:
        """A member of the attempt that is aggregated, in one of these statuses, of which no average was accepted."""
        state = self.states[task_id]
        entry = self.get_roster_entry(task_id, state.round, trainer)
        averaged = self.rounds[task_id, state.round].averages != 0
        if entry.attempt != state.attempt or entry.status not in statuses or averaged:
            raise Refused("NotAccusable", task_id, state.round, trainer)

    def _check_verifier(self, verifier: str, code_hash: bytes) -> None:
        actual = self.codes.get(verifier, ZERO_HASH)
        if actual != code_hash or actual in NO_CODE:
            raise Refused("InvalidVerifier", verifier, code_hash, actual)

    def _only_challenge_manager(self, sender: str) -> None:
        if sender != self.challenge_manager:
            raise Refused("UnauthorizedCaller", sender)


def is_fault(entry: RosterEntry, round_: Round) -> bool:
    """Whether a trainer was at fault in a round that is over.

    Convicted; or accused and not acquitted when the attempt ended: then a further one started, or the round failed. Not
    if an average of the attempt was accepted, since its bytes were there.
    """
    unanswered = round_.attempt > entry.attempt or (round_.phase == Phase.FAILED and round_.averages == 0)
    return entry.status == TrainerStatus.GUILTY or (entry.status == TrainerStatus.ACCUSED and unanswered)


def is_absence(entry: RosterEntry, round_: Round) -> bool:
    """Whether a trainer missed a duty in a round that is over: to submit, or to mask in an attempt."""
    idle = entry.status == TrainerStatus.JOINED and round_.phase != Phase.SKIPPED
    return idle or (entry.status == TrainerStatus.SUBMITTED and entry.attempt < round_.attempt)


def peer_count(members: int) -> int:
    """How many peers each of so many members has."""
    return min(max(members - 1, 0), MAX_PEERS)


def check_terms(config: TaskConfig, pool: int) -> None:
    """What of a task's terms the contract judges."""
    if not LEAST_TRAINERS <= config.min_trainers <= config.max_trainers <= MAX_TRAINERS:
        raise Refused("InvalidTrainers", config.min_trainers, config.max_trainers)
    if not 1 <= config.rounds <= MAX_ROUNDS:
        raise Refused("InvalidRounds", config.rounds)
    for period in (
        config.join_period,
        config.train_period,
        config.mask_period,
        config.aggregate_period,
        config.answer_period,
        config.challenge_period,
        config.unbonding_period,
    ):
        if not 1 <= period <= MAX_PERIOD:
            raise Refused("InvalidPeriod", period)
    # every attempt but the last lacks one of those who may be missing
    attempts = config.max_trainers - config.min_trainers + 1
    if config.mask_period * attempts > MAX_PERIOD:
        raise Refused("MaskingTooLong", config.mask_period, attempts)
    if not config.absence_slash <= config.fault_slash <= WHOLE:
        raise Refused("InvalidSlash", config.fault_slash, config.absence_slash)
    # the longest vectors are [w' | 0 | salts]: D + 2 entries at least
    if not 1 <= config.dimension <= MAX_DIMENSION or config.k > MAX_K or config.dimension + 2 > 2**config.k:
        raise Refused("InvalidDimension", config.dimension, config.k)
    if config.aggregator_fee > pool // config.rounds:
        raise Refused("InvalidFee", config.aggregator_fee, pool // config.rounds)
