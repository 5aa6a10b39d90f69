"""TaskManager: what tasks fix for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.protocol.curve import Point, add, negate
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.openings import opens
from headwater.protocol.machine.points import basis_claim, commitment_at, hashed, plus, point_hash, public_of, validate
from headwater.protocol.machine.stakes import check_96_bits
from headwater.protocol.machine.terms import check_terms
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Origin, Parent, TaskConfig, TaskRecord

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine

NO_CODE = (ZERO_HASH, keccak256(b""))
"""EXTCODEHASH of an account that does not exist, and of one without code."""


class Tasks(Contract):
    """The TaskManager.

    Attributes:
        records: tasks by id, from 1.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.records: dict[int, TaskRecord] = {}

    # ---- task creators

    def create_task(
        self, sender: str, value: int, config: TaskConfig, basis_quotient: Point, origin: Origin, model_cid: bytes
    ) -> int:
        """Publishes a task with `value` as its reward pool, and starts round 1's Join."""
        check_terms(config, value)
        self._check_verifier(config.train_verifier, config.train_code_hash)
        self._check_verifier(config.average_verifier, config.average_code_hash)
        if config.quiet_bound:
            self._check_verifier(config.score_verifier, config.score_code_hash)
        elif (config.score_verifier, config.score_code_hash) != (ZERO_ADDRESS, ZERO_HASH):
            raise Refused("InvalidVerifier", config.score_verifier, ZERO_HASH, config.score_code_hash)
        if config.admission != ZERO_ADDRESS and self._code_hash(config.admission) in NO_CODE:
            raise Refused("InvalidAdmission", config.admission)
        if ZERO_HASH in (config.manifest, model_cid):
            raise Refused("MissingCid")
        self._check_basis(config, basis_quotient)
        model = self._first_model(sender, config, origin)
        check_96_bits(value)

        task_id = len(self.records) + 1
        commitment = add(model, self.machine.multiply(config.basis_d, self.tag(task_id)))
        self.records[task_id] = TaskRecord(sender, config)
        self.machine.rounds.start(self.address, task_id, point_hash(commitment))
        self.machine.rewards.fund(self.address, value, task_id)
        self.machine.models.begin(self.address, task_id, commitment, model_cid, origin.parents, origin.divisor)
        return task_id

    # ---- views

    def get_task(self, task_id: int) -> TaskRecord:
        """A task: its creator and its config."""
        if task_id not in self.records:
            raise Refused("UnknownTask", task_id)
        return self.records[task_id]

    def config_of(self, task_id: int) -> TaskConfig:
        """The config of a task that exists."""
        return self.get_task(task_id).config

    def tag(self, task_id: int) -> int:
        """The last entry of the task's model vectors."""
        return hashed(self.machine.chain_id, int(self.address, 16), task_id)

    # ---- first model

    def _first_model(self, sender: str, config: TaskConfig, origin: Origin) -> Point:
        """The commitment of the first model with tag 0."""
        count = len(origin.parents)
        if len(origin.models) != count:
            raise Refused("WrongParentCount", count, len(origin.models))
        if (origin.divisor == 0) != (count == 0):
            raise Refused("InvalidDivisor", origin.divisor)
        if count == 0:
            if origin.proof:
                raise Refused("UnexpectedProof")
            validate(origin.model)
            return origin.model
        total = self._combine(config, origin)
        if [parent.coefficient for parent in origin.parents] == [1] and origin.divisor == 1:
            if origin.proof:
                raise Refused("UnexpectedProof")
            return total
        return self._check_merge(sender, config, origin, total)

    def _combine(self, config: TaskConfig, origin: Origin) -> Point:
        """C([sum of coefficient_i w_i | 0]), parents' tags taken away."""
        multiply, total = self.machine.multiply, config.offset
        for parent, model in zip(origin.parents, origin.models, strict=True):
            self._check_parent(config, parent, model)
            untagged = add(model, multiply(config.basis_d, -self.tag(parent.task_id) % P))
            total = add(total, multiply(add(untagged, negate(config.offset)), parent.coefficient % P))
        return total

    def _check_parent(self, config: TaskConfig, parent: Parent, model: Point) -> None:
        """A parent must be in the registry, of the same size and under the same SRS."""
        other = self.config_of(parent.task_id)
        if (other.dimension, other.k, other.tau) != (config.dimension, config.k, config.tau):
            raise Refused("IncompatibleParent", parent.task_id)
        expected = self.machine.models.get_model(parent.task_id, parent.round).model_hash
        actual = point_hash(model)
        if actual != expected:
            raise Refused("ParentMismatch", parent.task_id, parent.round, expected, actual)

    def _check_merge(self, sender: str, config: TaskConfig, origin: Origin, total: Point) -> Point:
        """The proof must be of twice this sum, and of [divisor | sender], and valid: returns the model it is about."""
        twice, actual = plus(total, total, config.offset), commitment_at(origin.proof, 3)
        if actual != twice:
            raise Refused("SumMismatch", point_hash(twice), point_hash(actual))
        expected = public_of(config, origin.divisor, sender, self.machine.multiply)
        actual = commitment_at(origin.proof, 2)
        if actual != expected:
            raise Refused("PublicMismatch", point_hash(expected), point_hash(actual))
        model = commitment_at(origin.proof, 0)
        validate(model)
        if not self.machine.verify(config.average_verifier, origin.proof):
            raise Refused("InvalidProof", config.average_verifier)
        return model

    # ---- checks

    def _check_verifier(self, verifier: str, code_hash: bytes) -> None:
        actual = self._code_hash(verifier)
        if actual != code_hash or actual in NO_CODE:
            raise Refused("InvalidVerifier", verifier, code_hash, actual)

    def _code_hash(self, account: str) -> bytes:
        return self.machine.codes.get(account, ZERO_HASH)

    def _check_basis(self, config: TaskConfig, quotient: Point) -> None:
        """Offset and basis points must be those that tau makes, shown by one opening of all four."""
        for point in (config.offset, config.basis0, config.basis1, config.basis_d):
            validate(point)
        # with an SRS of zeros any opening would be right
        if not (config.tau.x_real or config.tau.x_imaginary):
            raise Refused("InvalidBasis")
        if not opens(self.machine, *basis_claim(config, self.machine.multiply), quotient, config.tau):
            raise Refused("InvalidBasis")
