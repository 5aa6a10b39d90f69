"""RewardManager: the reward pools. What functions require is in `IRewardManager.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.structs import Pool


class RewardManager(Contract):
    """What finalized rounds owe to whom."""

    name = "RewardManager"

    def reclaim(self, task_id: int) -> Call:
        """Credit what an ended task has left of its pool to its creator."""
        return self._call("reclaim", task_id)

    def collect(self, task_id: int, rounds: Sequence[int]) -> Call:
        """Credit to the sender what finalized rounds owe it."""
        return self._call("collect", task_id, tuple(rounds))

    # ---- views

    def pool_of(self, task_id: int, block: BlockId = "latest") -> Pool:
        """A task's pool; all zero if there is no such task."""
        return self._read(Pool, "poolOf", task_id, block=block)

    def collected(self, task_id: int, round_: int, account: str, block: BlockId = "latest") -> bool:
        """Whether the account has collected what a round owed it."""
        return self._read(bool, "collected", task_id, round_, account, block=block)

    def reward_of(self, task_id: int, round_: int, account: str, block: BlockId = "latest") -> int:
        """What `collect` would credit the account for the round, wei."""
        return self._read(int, "rewardOf", task_id, round_, account, block=block)
