"""Attestations: proved scores of models on held-out data, and compositions of data. See `IAttestations.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.structs import Attestation, Composition, HeldOut, Holding, Scoring

PAGE = 100
"""How many entries of a list are read in one call."""


class Attestations(Contract):
    """Scores and compositions, recorded."""

    name = "Attestations"

    # ---- task creators

    def open(self, task_id: int, scoring: Scoring, basis_quotient: Point = INFINITY) -> Call:
        """Open the sender's task for scores. basis_quotient: see `protocol.scoring`; not read without basis points."""
        return self._call("open", task_id, scoring, basis_quotient)

    # ---- holders

    def register(self, task_id: int, data: Sequence[Point]) -> Call:
        """Register held-out data of the sender's."""
        return self._call("register", task_id, tuple(data))

    def attest(self, task_id: int, round_: int, numbers: Sequence[int], proof: bytes) -> Call:
        """Record the score of a round's model on held-out data of the sender's."""
        return self._call("attest", task_id, round_, tuple(numbers), proof)

    def declare(self, task_id: int, counts: Sequence[int], proof: bytes) -> Call:
        """Record the composition of the sender's data."""
        return self._call("declare", task_id, tuple(counts), proof)

    # ---- views

    def get_scoring(self, task_id: int, block: BlockId = "latest") -> Scoring:
        """What a task's scores are; a ContractError, NotOpen, where it has none."""
        return self._read(Scoring, "getScoring", task_id, block=block)

    def get_held_out(self, task_id: int, data_hash: bytes, block: BlockId = "latest") -> HeldOut:
        """Whose held-out data have this hash, and since when; zeros if nobody's."""
        return self._read(HeldOut, "getHeldOut", task_id, data_hash, block=block)

    def get_score(self, task_id: int, round_: int, data_hash: bytes, block: BlockId = "latest") -> tuple[int, ...]:
        """The score of a round's model on held-out data; empty if none is recorded."""
        return self._read(tuple, "getScore", task_id, round_, data_hash, block=block)

    def get_composition(self, task_id: int, data_hash: bytes, block: BlockId = "latest") -> tuple[int, ...]:
        """The composition of committed data; empty if none is recorded."""
        return self._read(tuple, "getComposition", task_id, data_hash, block=block)

    def held_outs(self, task_id: int, block: BlockId = "latest") -> list[Holding]:
        """All held-out data, in the order of registration."""
        count = self._read(int, "heldOutCount", task_id, block=block)
        return [
            holding
            for start in range(0, count, PAGE)
            for holding in self._read(tuple, "getHeldOuts", task_id, start, PAGE, block=block)
        ]

    def attestations(self, task_id: int, round_: int, block: BlockId = "latest") -> list[Attestation]:
        """All scores of a round's model, in the order in which their data were registered."""
        count = self._read(int, "heldOutCount", task_id, block=block)
        return [
            attestation
            for start in range(0, count, PAGE)
            for attestation in self._read(tuple, "getAttestations", task_id, round_, start, PAGE, block=block)
        ]

    def compositions(self, task_id: int, block: BlockId = "latest") -> list[Composition]:
        """All compositions, in the order in which they were recorded."""
        count = self._read(int, "compositionCount", task_id, block=block)
        return [
            composition
            for start in range(0, count, PAGE)
            for composition in self._read(tuple, "getCompositions", task_id, start, PAGE, block=block)
        ]
