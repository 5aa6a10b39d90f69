"""StakeManager: the heaps of money. Nothing is created or lost; what is burnt stays for good."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine


class Stakes(Contract):
    """Six heaps: free and locked stake, escrow, bonds, what can be claimed, and what is burnt.

    Attributes:
        free: stake by account.
        lock_of: locked stake by (task, account): a trainer's enrolment and an aggregator's lock together.
        escrow_of: by task.
        claimable: by account.
        bonded: what open challenges have put up.
        burnt: what was slashed and is owed to nobody.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.free: defaultdict[str, int] = defaultdict(int)
        self.lock_of: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.escrow_of: defaultdict[int, int] = defaultdict(int)
        self.claimable: defaultdict[str, int] = defaultdict(int)
        self.bonded = 0
        self.burnt = 0

    # ---- anyone

    def deposit(self, sender: str, value: int) -> None:
        """Adds the value sent to the sender's free stake."""
        if value == 0:
            raise Refused("ZeroAmount")
        self.free[sender] += value

    def withdraw(self, sender: str, amount: int) -> None:
        """Pays free stake out to the sender."""
        if amount == 0:
            raise Refused("ZeroAmount")
        self.check_free(sender, amount)
        self._check_payable(sender, amount)
        self.free[sender] -= amount

    def claim(self, sender: str) -> int:
        """Pays out all that was credited to the sender."""
        amount = self.claimable[sender]
        if amount == 0:
            raise Refused("NothingToClaim", sender)
        self._check_payable(sender, amount)
        self.claimable[sender] = 0
        return amount

    # ---- only the TrainerRegistry and the RoundManager

    def lock(self, sender: str, task_id: int, trainer: str, amount: int) -> None:
        """Locks free stake for a task."""
        self._only_locking(sender)
        self.check_free(trainer, amount)
        self.free[trainer] -= amount
        self.lock_of[task_id, trainer] += amount

    def unlock(self, sender: str, task_id: int, account: str, amount: int) -> None:
        """Frees stake that is locked for a task."""
        self._only_locking(sender)
        self._check_lock(task_id, account, amount)
        self.lock_of[task_id, account] -= amount
        self.free[account] += amount

    def slash(self, sender: str, task_id: int, account: str, amount: int, payee: str, owed: int) -> None:
        """Takes stake that is locked for a task: credits what of it is owed to the payee, and burns the rest."""
        self._only_locking(sender)
        self._check_lock(task_id, account, amount)
        self.lock_of[task_id, account] -= amount
        self.burnt += amount - owed
        self.claimable[payee] += owed

    # ---- only the RewardManager

    def escrow(self, sender: str, value: int, task_id: int) -> None:
        """Takes the value sent into a task's escrow."""
        self._only(sender, self.machine.at.rewards)
        self.escrow_of[task_id] += value

    def burn_escrow(self, sender: str, task_id: int, amount: int) -> None:
        """Burns a part of a task's escrow."""
        self._only(sender, self.machine.at.rewards)
        self._check_escrow(task_id, amount)
        self.escrow_of[task_id] -= amount
        self.burnt += amount

    def credit(self, sender: str, task_id: int, account: str, amount: int) -> None:
        """Moves a part of a task's escrow to what an account can claim."""
        self._only(sender, self.machine.at.rewards)
        self._check_escrow(task_id, amount)
        self.escrow_of[task_id] -= amount
        self.claimable[account] += amount

    # ---- only the ChallengeManager

    def take_bond(self, sender: str, value: int, _challenge_id: int) -> None:
        """Takes the value sent in as a challenge's bond; of which one, only the event says."""
        self._only(sender, self.machine.at.challenges)
        self.bonded += value

    def pay_bond(self, sender: str, _challenge_id: int, account: str, amount: int) -> None:
        """Moves a challenge's bond to what an account can claim; of which one, only the event says."""
        self._only(sender, self.machine.at.challenges)
        self.bonded -= amount
        self.claimable[account] += amount

    # ---- views

    def stake_of(self, trainer: str) -> tuple[int, int]:
        """What a trainer has free, and what is locked over all tasks."""
        return self.free[trainer], sum(amount for (_, who), amount in self.lock_of.items() if who == trainer)

    def balance(self) -> int:
        """What the contract holds: the six heaps together."""
        held = (self.free, self.lock_of, self.escrow_of, self.claimable)
        return sum(sum(heap.values()) for heap in held) + self.bonded + self.burnt

    # ---- checks

    def check_free(self, trainer: str, amount: int) -> None:
        """So much must be free."""
        if amount > self.free[trainer]:
            raise Refused("InsufficientStake", trainer, self.free[trainer], amount)

    def _check_payable(self, to: str, amount: int) -> None:
        if to in self.machine.refusing:
            raise Refused("TransferFailed", to, amount)

    def _check_lock(self, task_id: int, account: str, amount: int) -> None:
        locked = self.lock_of[task_id, account]
        if amount > locked:
            raise Refused("InsufficientLock", task_id, account, locked, amount)

    def _check_escrow(self, task_id: int, amount: int) -> None:
        available = self.escrow_of[task_id]
        if amount > available:
            raise Refused("InsufficientEscrow", task_id, available, amount)

    def _only_locking(self, sender: str) -> None:
        self._only(sender, self.machine.at.trainers, self.machine.at.rounds)


def check_96_bits(value: int) -> None:
    """Amounts that are kept in 96 bits must fit them."""
    if value >= 2**96:
        raise Refused("SafeCastOverflowedUintDowncast", 96, value)
