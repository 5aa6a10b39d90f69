"""TrainerRegistry: who is enrolled in a task, with what data, and what that costs whoever fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import Point
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import point_hash, possesses, validate
from headwater.protocol.machine.terms import part
from headwater.protocol.phases import Duty
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import ZERO_ADDRESS, Enrolment, Registration, TaskConfig

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine


class Trainers(Contract):
    """The TrainerRegistry.

    Attributes:
        enrolments: by (task, trainer).
        data: who registered data, by (task, hash of their commitment).
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.enrolments: dict[tuple[int, str], Enrolment] = {}
        self.data: dict[tuple[int, bytes], Registration] = {}

    # ---- trainers

    def enrol(
        self,
        sender: str,
        task_id: int,
        data: Sequence[Point],
        mask_key: Point,
        possession: PossessionProof,
        evidence: bytes,
    ) -> None:
        """Enrols the sender with commitments of its data and the key for its masks, whose secret it shows to know."""
        number = self._running(task_id)
        if (task_id, sender) in self.enrolments:
            raise Refused("AlreadyEnrolled", task_id, sender)
        validate(mask_key)
        tag, config = self.machine.tasks.tag(task_id), self._config(task_id)
        if not possesses(sender, mask_key, tag, possession, self.machine.multiply):
            raise Refused("InvalidPossession")
        data_hashes = self._check_data(sender, task_id, data)
        self.machine.stakes.check_free(sender, config.stake)
        self._admit(sender, task_id, data_hashes, evidence)

        self._register(sender, task_id, data_hashes, number)
        self.enrolments[task_id, sender] = Enrolment(point_hash(mask_key), config.stake)
        self.machine.stakes.lock(self.address, task_id, sender, config.stake)

    def register_data(self, sender: str, task_id: int, data: Sequence[Point]) -> None:
        """Registers further data of a trainer that is enrolled."""
        number = self._running(task_id)
        self._enrolled(task_id, sender)
        self._register(sender, task_id, self._check_data(sender, task_id, data), number)

    def unenrol(self, sender: str, task_id: int) -> None:
        """Starts the unbonding of the sender's stake. It can finish its round, and is slashed as before."""
        enrolment = self._enrolled(task_id, sender)
        if enrolment.releasable_at:
            raise Refused("Leaving", task_id, sender, enrolment.releasable_at)
        self._leave(task_id, enrolment)

    def release(self, sender: str, task_id: int) -> None:
        """Ends the sender's enrolment and frees what is left of its stake."""
        enrolment = self._enrolled(task_id, sender)
        if enrolment.releasable_at == 0 or self.machine.block.time < enrolment.releasable_at:
            raise Refused("NotReleasable", task_id, sender, enrolment.releasable_at)
        if enrolment.round:
            self._settle(task_id, sender)
        self.machine.stakes.unlock(self.address, task_id, sender, enrolment.stake)
        del self.enrolments[task_id, sender]

    # ---- anyone

    def settle(self, task_id: int, trainer: str) -> int:
        """Carries out what a trainer's last round cost it."""
        if not self.get_enrolment(task_id, trainer).round:
            raise Refused("NothingToSettle", task_id, trainer)
        return self._settle(task_id, trainer)

    # ---- only the RoundManager

    def seat(self, sender: str, task_id: int, trainer: str, number: int) -> None:
        """Lets a trainer join a round: settles its last one, and fills its locked stake up."""
        self._only(sender, self.machine.at.rounds)
        enrolment = self._enrolled(task_id, trainer)
        if enrolment.round == number:
            raise Refused("AlreadyJoined", task_id, number, trainer)
        self._check_over(task_id, enrolment, trainer)
        config, (slashed, fault) = self._config(task_id), self.slash_of(task_id, trainer)
        if enrolment.releasable_at or fault:
            releasable_at = enrolment.releasable_at or self.machine.block.time + config.unbonding_period
            raise Refused("Leaving", task_id, trainer, releasable_at)
        missing = config.stake - (enrolment.stake - slashed)
        self.machine.stakes.check_free(trainer, missing)

        if enrolment.round:
            self._settle(task_id, trainer)
        enrolment.stake, enrolment.round = config.stake, number
        self.machine.stakes.lock(self.address, task_id, trainer, missing)

    # ---- views

    def check_seat(self, task_id: int, trainer: str, number: int, data_hashes: Sequence[bytes]) -> None:
        """The trainer must have joined the round, and the data must be its own."""
        if self.get_enrolment(task_id, trainer).round != number:
            raise Refused("NotOnRoster", task_id, number, trainer)
        for data_hash in data_hashes:
            owner = self.get_data(task_id, data_hash).owner
            if owner != trainer:
                raise Refused("DataNotOwned", task_id, data_hash, owner)

    def get_enrolment(self, task_id: int, trainer: str) -> Enrolment:
        """A trainer's enrolment; all zero if it is not enrolled."""
        return self.enrolments.get((task_id, trainer), Enrolment())

    def get_data(self, task_id: int, data_hash: bytes) -> Registration:
        """Who registered data in a task, and when; all zero if nobody did."""
        return self.data.get((task_id, data_hash), Registration())

    def slash_of(self, task_id: int, trainer: str) -> tuple[int, bool]:
        """What `settle` would take now, and whether for a fault."""
        enrolment = self.get_enrolment(task_id, trainer)
        if not enrolment.round:
            return 0, False
        config = self._config(task_id)
        duty, _, _ = self.machine.rounds.duty_of(task_id, enrolment.round, trainer)
        parts = {Duty.FAULT: config.fault_slash, Duty.MISSED: config.absence_slash}.get(duty, 0)
        return min(part(config.stake, parts), enrolment.stake), duty == Duty.FAULT

    # ---- penalties

    def _settle(self, task_id: int, trainer: str) -> int:
        """Settles a trainer's last round, and returns what it cost."""
        enrolment = self.enrolments[task_id, trainer]
        self._check_over(task_id, enrolment, trainer)
        slashed, fault = self.slash_of(task_id, trainer)
        _, payee, owed = self.machine.rounds.duty_of(task_id, enrolment.round, trainer)
        enrolment.round = 0
        enrolment.stake -= slashed
        if fault and not enrolment.releasable_at:
            self._leave(task_id, enrolment)
        self.machine.stakes.slash(self.address, task_id, trainer, slashed, payee, min(owed, slashed))
        return slashed

    def _check_over(self, task_id: int, enrolment: Enrolment, trainer: str) -> None:
        """The trainer's last round, if it has one that is not settled, must be over."""
        duty, _, _ = self.machine.rounds.duty_of(task_id, enrolment.round, trainer)
        if enrolment.round and duty == Duty.OPEN:
            raise Refused("RoundRunning", task_id, enrolment.round)

    def _leave(self, task_id: int, enrolment: Enrolment) -> None:
        enrolment.releasable_at = self.machine.block.time + self._config(task_id).unbonding_period

    # ---- enrolment

    def _check_data(self, sender: str, task_id: int, data: Sequence[Point]) -> tuple[bytes, ...]:
        """Commitments of data must be points, not of zeros, and nobody else's; returns their hashes."""
        if not data:
            raise Refused("NoData")
        data_hashes = []
        for commitment in data:
            validate(commitment)
            if commitment == self._config(task_id).offset:
                raise Refused("EmptyData")
            data_hash = point_hash(commitment)
            # for good, also when the owner leaves: else its old proofs could be sent by somebody else
            owner = self.get_data(task_id, data_hash).owner
            if owner not in (ZERO_ADDRESS, sender):
                raise Refused("DataAlreadyRegistered", task_id, data_hash, owner)
            data_hashes.append(data_hash)
        return tuple(data_hashes)

    def _register(self, sender: str, task_id: int, data_hashes: Sequence[bytes], number: int) -> None:
        """Keeps whose data they are; since when, if they were so before."""
        for data_hash in data_hashes:
            self.data.setdefault((task_id, data_hash), Registration(sender, number, self.machine.block.time))

    def _admit(self, sender: str, task_id: int, data_hashes: tuple[bytes, ...], evidence: bytes) -> None:
        """The task's module, if it has one, must admit the sender."""
        admission = self._config(task_id).admission
        if admission == ZERO_ADDRESS:
            if evidence:
                raise Refused("UnexpectedEvidence")
        elif not self.machine.admit(admission, task_id, sender, data_hashes, evidence):
            raise Refused("NotAdmitted", admission, sender)

    # ---- checks

    def _running(self, task_id: int) -> int:
        """The running round of a task that has not ended."""
        number, phase, *_ = self.machine.rounds.running_round(task_id)
        if phase.is_end:
            raise Refused("TaskEnded", task_id)
        return number

    def _enrolled(self, task_id: int, trainer: str) -> Enrolment:
        if (task_id, trainer) not in self.enrolments:
            raise Refused("NotEnrolled", task_id, trainer)
        return self.enrolments[task_id, trainer]

    def _config(self, task_id: int) -> TaskConfig:
        return self.machine.tasks.config_of(task_id)
