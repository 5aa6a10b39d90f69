"""StakeManager: stake, its locks, rewards in escrow, pull payments. See `IStakeManager.sol`."""

from __future__ import annotations

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.screens import Stake


class StakeManager(Contract):
    """Holds all money, in wei."""

    name = "StakeManager"

    def deposit(self, amount: int) -> Call:
        """Add to the sender's free stake."""
        return self._call("deposit", value=amount)

    def withdraw(self, amount: int) -> Call:
        """Pay free stake out to the sender."""
        return self._call("withdraw", amount)

    def claim(self) -> Call:
        """Pay out all that was credited to the sender."""
        return self._call("claim")

    # ---- views

    def bonded(self, block: BlockId = "latest") -> int:
        """What open challenges have put up, over all tasks."""
        return self._read(int, "bonded", block=block)

    def burnt(self, block: BlockId = "latest") -> int:
        """What was slashed, over all tasks."""
        return self._read(int, "burnt", block=block)

    def stake_of(self, trainer: str, block: BlockId = "latest") -> Stake:
        """A trainer's free and locked stake."""
        return Stake(*self._read_all("stakeOf", trainer, block=block))

    def lock_of(self, task_id: int, trainer: str, block: BlockId = "latest") -> int:
        """What of an account's stake is locked for one task: a trainer's seat, an aggregator's average, or both."""
        return self._read(int, "lockOf", task_id, trainer, block=block)

    def claimable(self, account: str, block: BlockId = "latest") -> int:
        """What the account can claim."""
        return self._read(int, "claimable", account, block=block)

    def escrow_of(self, task_id: int, block: BlockId = "latest") -> int:
        """What is left of a task's pool and has not been credited to anybody."""
        return self._read(int, "escrowOf", task_id, block=block)
