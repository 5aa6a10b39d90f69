"""What all roles have in common: an account that looks at a task, decides, and acts."""

from __future__ import annotations

from abc import ABC, abstractmethod

from headwater.chain.asking.rpc import Block, Call
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Receipt, Sender
from headwater.protocol.decisions import (
    Action,
    Advance,
    Claim,
    Collect,
    Deposit,
    Release,
    RoundView,
    Unenrol,
    Withdraw,
)
from headwater.protocol.structs import TaskConfig, TaskState
from headwater.roles.report import Report


def round_view(now: int, config: TaskConfig, state: TaskState) -> RoundView:
    """Where a task is, as roles look at it. `now`: the block's time, Unix seconds."""
    return RoundView(now, state.round, config.rounds, state.phase, state.deadline, state.attempt, state.accused)


class Role(ABC):
    """One account in one task. Its state is the chain's; a restarted one goes on where it was."""

    def __init__(self, contracts: Contracts, task_id: int, sender: Sender, report: Report) -> None:
        """`report`: told of every step."""
        self._contracts = contracts
        self._task_id = task_id
        self.sender = sender
        self._report = report

    @abstractmethod
    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""

    def step(self) -> Action:
        """Look, decide, act. Returns the action, which is done then; for `Wait` and `Done` nothing was to be done.

        Raises:
            HeadwaterError: the action failed; nothing is lost, and the next step looks again.
        """
        action = self.decide(self._contracts.chain.block())
        self.act(action)
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action. Here: those that take nothing but the account."""
        tasks, stakes = self._contracts.tasks, self._contracts.stakes
        match action:
            case Advance():
                return self._send(tasks.advance(self._task_id), "advanced")
            case Deposit(amount):
                return self._send(stakes.deposit(amount), "deposited")
            case Unenrol():
                return self._send(tasks.unenrol(self._task_id), "unenrolled")
            case Release():
                return self._send(tasks.release(self._task_id), "released")
            case Collect(rounds):
                return self._send(tasks.collect(self._task_id, rounds), "collected")
            case Claim():
                return self._send(stakes.claim(), "claimed")
            case Withdraw(amount):
                return self._send(stakes.withdraw(amount), "withdrawn")
        return None

    def _send(self, call: Call, stage: str, **details: object) -> Receipt:
        receipt = self.sender.send(call)
        self._report(stage, gas=receipt.gas_used, calldata=receipt.calldata_bytes, **details)
        return receipt
