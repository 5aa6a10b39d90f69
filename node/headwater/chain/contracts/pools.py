"""Pools: data of one trainer that several people made. What each function does and requires is in `IPools.sol`."""

from __future__ import annotations

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import Point
from headwater.protocol.slots import Reason
from headwater.protocol.structs import ZERO_ADDRESS, Contribution, DataPool


class Pools(Contract):
    """Slots of data matrices, and who committed to a row at each."""

    name = "Pools"

    # ---- owners

    def open(
        self, task_id: int, slots: int, closes_at: int, expires_at: int, key: bytes, admission: str = ZERO_ADDRESS
    ) -> Call:
        """Open a pool of a task. Times are Unix seconds; key: what rows are sealed for, 32 bytes."""
        return self._call("open", task_id, slots, closes_at, expires_at, admission, key)

    def leave_out(self, pool_id: int, contributor: str, commitment: Point, reason: Reason) -> Call:
        """Leave a contributor out, whose row does not fit."""
        return self._call("leaveOut", pool_id, contributor, commitment, reason)

    def close(self, pool_id: int, blinding: Point, cid: bytes) -> Call:
        """Close a pool whose sum, with the blinding, the sender has registered. cid: of the blinding's document."""
        return self._call("close", pool_id, blinding, cid)

    # ---- contributors

    def contribute(self, pool_id: int, slot: int, commitment: Point, cid: bytes, evidence: bytes = b"") -> Call:
        """Contribute a row at a slot. cid: of its document; evidence: what the pool's admission module asks for."""
        return self._call("contribute", pool_id, slot, commitment, cid, evidence)

    def withdraw(self, pool_id: int, commitment: Point) -> Call:
        """Take the sender's row out of a pool."""
        return self._call("withdraw", pool_id, commitment)

    # ---- views

    def get_pool(self, pool_id: int, block: BlockId = "latest") -> DataPool:
        """A pool, which there must be."""
        return self._read(DataPool, "getPool", pool_id, block=block)

    def pool_count(self, block: BlockId = "latest") -> int:
        """How many pools were opened: they are numbered from 1."""
        return self._read(int, "poolCount", block=block)

    def pooled_of(self, task_id: int, data_hash: bytes, block: BlockId = "latest") -> int:
        """The pool that a trainer's data in a task are the rows of; 0 if of none."""
        return self._read(int, "pooledOf", task_id, data_hash, block=block)

    def get_contribution(self, pool_id: int, contributor: str, block: BlockId = "latest") -> Contribution:
        """What an account has in a pool."""
        return self._read(Contribution, "getContribution", pool_id, contributor, block=block)

    def get_slots(self, pool_id: int, start: int, limit: int, block: BlockId = "latest") -> tuple[str, ...]:
        """Who has the slots from `start` on; the zero address where nobody has one."""
        return self._read(tuple, "getSlots", pool_id, start, limit, block=block)
