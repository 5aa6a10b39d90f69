"""TrainerRegistry: who is enrolled, with which data and mask key. Functions are described in `ITrainerRegistry.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import Point
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import Enrolment, Registration


class TrainerRegistry(Contract):
    """Enrolments, data, and what rounds cost trainers."""

    name = "TrainerRegistry"

    # ---- trainers

    def enrol(
        self, task_id: int, data: Sequence[Point], mask_key: Point, possession: PossessionProof, evidence: bytes = b""
    ) -> Call:
        """Enrol the sender with the commitments of its salted data and its mask key; locks the task's stake.

        Args:
            possession: shows that the sender knows the mask key's secret.
            evidence: what the task's admission module asks for.
        """
        return self._call("enrol", task_id, tuple(data), mask_key, possession, evidence)

    def register_data(self, task_id: int, data: Sequence[Point]) -> Call:
        """Register further data of the sender's."""
        return self._call("registerData", task_id, tuple(data))

    def unenrol(self, task_id: int) -> Call:
        """Leave: the sender's stake is unbonding."""
        return self._call("unenrol", task_id)

    def release(self, task_id: int) -> Call:
        """End the sender's enrolment; frees what is left of its stake."""
        return self._call("release", task_id)

    # ---- anyone

    def settle(self, task_id: int, trainer: str) -> Call:
        """Carry out what a trainer's last round cost it."""
        return self._call("settle", task_id, trainer)

    # ---- views

    def get_enrolment(self, task_id: int, trainer: str, block: BlockId = "latest") -> Enrolment:
        """A trainer's enrolment; `exists` says whether there is one."""
        return self._read(Enrolment, "getEnrolment", task_id, trainer, block=block)

    def get_data(self, task_id: int, data_hash: bytes, block: BlockId = "latest") -> Registration:
        """Who registered the data with this hash in the task, and when; zeros if nobody has."""
        return self._read(Registration, "getData", task_id, data_hash, block=block)

    def slash_of(self, task_id: int, trainer: str, block: BlockId = "latest") -> tuple[int, bool]:
        """What `settle` would take of a trainer's stake at that block, wei, and whether for a fault."""
        amount, fault = self._read_all("slashOf", task_id, trainer, block=block)
        return amount, fault
