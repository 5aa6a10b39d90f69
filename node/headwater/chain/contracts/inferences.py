"""Inferences: what finalized models say of committed rows. See `IInferences.sol`."""

from __future__ import annotations

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import Point
from headwater.protocol.structs import Query, Row, Setup


class Inferences(Contract):
    """Answers about rows, checked and recorded."""

    name = "Inferences"

    # ---- task creators

    def open(self, task_id: int, setup: Setup) -> Call:
        """Open the sender's task for inferences, once."""
        return self._call("open", task_id, setup)

    # ---- issuers

    def issue(self, task_id: int, row: Point, account: str) -> Call:
        """Vouch for a row of an account, by its commitment."""
        return self._call("issue", task_id, row, account)

    def take_back(self, task_id: int, row_hash: bytes) -> Call:
        """Vouch for a row no more."""
        return self._call("takeBack", task_id, row_hash)

    # ---- anyone

    def record(self, query: Query, proof: bytes) -> Call:
        """Record an answer for everybody."""
        return self._call("record", query, proof)

    # ---- views

    def check_for(self, consumer: str, query: Query, proof: bytes, block: BlockId = "latest") -> tuple[bool, bytes]:
        """What a proof answers, made for a consumer, and the row's hash. A ContractError where it is not right."""
        answer, row_hash = self._read_all("checkFor", consumer, query, proof, block=block)
        return bool(answer), bytes(row_hash)

    def get_setup(self, task_id: int, block: BlockId = "latest") -> Setup:
        """What a task's creator opened; a ContractError, NotOpen, where it did not."""
        return self._read(Setup, "getSetup", task_id, block=block)

    def get_row(self, task_id: int, issuer: str, row_hash: bytes, block: BlockId = "latest") -> Row:
        """A row of an issuer; zeros if it did not issue it."""
        return self._read(Row, "getRow", task_id, issuer, row_hash, block=block)

    def get_inference(self, inference_id: bytes, block: BlockId = "latest") -> tuple[int, bytes, bytes]:
        """A recorded inference, by ERC-7992's names: model id, input commitment and output."""
        model_id, named, output = self._read_all("getInference", inference_id, block=block)
        return int(model_id), bytes(named), bytes(output)

    def context_of(self, consumer: str, query: Query, block: BlockId = "latest") -> int:
        """The second entry of a proof's public vector, as the contract computes it."""
        return self._read(int, "contextOf", consumer, query, block=block)
