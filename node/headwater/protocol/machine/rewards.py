"""RewardManager: reward pools, and what finalized rounds owe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.terms import part, share
from headwater.protocol.phases import Phase
from headwater.protocol.structs import Pool

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine


class Rewards(Contract):
    """The RewardManager.

    Attributes:
        pools: by task.
        collections: (task, round, account) of what was collected.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.pools: dict[int, Pool] = {}
        self.collections: set[tuple[int, int, str]] = set()

    # ---- creators and accounts

    def reclaim(self, task_id: int) -> int:
        """Credits what an ended task has left of its pool to its creator."""
        number, phase, *_ = self.machine.rounds.running_round(task_id)
        if not phase.is_end:
            raise Refused("TaskRunning", task_id, number)
        pool = self.pools[task_id]
        amount = pool.amount - pool.spent
        if amount == 0:
            raise Refused("NothingToReclaim", task_id)
        pool.spent = pool.amount
        self.machine.stakes.credit(self.address, task_id, self.machine.tasks.get_task(task_id).creator, amount)
        return amount

    def collect(self, sender: str, task_id: int, numbers: Sequence[int]) -> int:
        """Credits to the sender what finalized rounds owe it."""
        self.machine.tasks.get_task(task_id)
        for number in numbers:
            phase = self.machine.rounds.get_round(task_id, number).phase
            if phase != Phase.FINALIZED:
                raise Refused("RoundNotFinalized", task_id, number, phase)
        owed = {number: self.reward_of(task_id, number, sender) for number in numbers}
        amount = sum(owed.values())
        if amount == 0:
            raise Refused("NothingToCollect", task_id, sender)
        self.collections |= {(task_id, number, sender) for number in owed if owed[number]}
        self.machine.stakes.credit(self.address, task_id, sender, amount)
        return amount

    # ---- only the TaskManager and the RoundManager

    def fund(self, sender: str, value: int, task_id: int) -> None:
        """Takes the value sent as a task's pool."""
        self._only(sender, self.machine.at.tasks)
        self.pools[task_id] = Pool(value)
        self.machine.stakes.escrow(self.address, value, task_id)

    def owe(self, sender: str, task_id: int, masked: int, paid: int) -> None:
        """Sets aside what a finalized round owes: the fee, and the shares of those of the masked who are paid."""
        self._only(sender, self.machine.at.rounds)
        pool, config = self.pools[task_id], self.machine.tasks.config_of(task_id)
        pool.spent += config.aggregator_fee + share(config, pool.amount, masked) * paid

    def slash(self, sender: str, task_id: int) -> int:
        """Burns the part of a pool's rest that a fault costs its creator."""
        self._only(sender, self.machine.at.rounds)
        pool, config = self.pools[task_id], self.machine.tasks.config_of(task_id)
        slashed = part(pool.amount - pool.spent, config.fault_slash)
        pool.spent += slashed
        self.machine.stakes.burn_escrow(self.address, task_id, slashed)
        return slashed

    # ---- views

    def pool_of(self, task_id: int) -> Pool:
        """A task's pool; all zero if there is none."""
        return self.pools.get(task_id, Pool())

    def collected(self, task_id: int, number: int, account: str) -> bool:
        """Whether the account has collected what the round owed it."""
        return (task_id, number, account) in self.collections

    def reward_of(self, task_id: int, number: int, account: str) -> int:
        """What `collect` would credit the account for the round: its share, and its fee."""
        round_ = self.machine.rounds.get_round(task_id, number)
        if round_.phase != Phase.FINALIZED or self.collected(task_id, number, account):
            return 0
        config = self.machine.tasks.config_of(task_id)
        fee = config.aggregator_fee if round_.aggregator == account else 0
        contributed = self.machine.rounds.contributed(task_id, number, account)
        return fee + (share(config, self.pools[task_id].amount, round_.masked) if contributed else 0)
