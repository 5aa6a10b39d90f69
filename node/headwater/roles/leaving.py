"""Leaving a task with nothing but the account's key: no data, no store and no circuits are needed for that."""

from __future__ import annotations

from headwater.chain.contracts import Contracts
from headwater.chain.rpc import Block, Call
from headwater.chain.sender import Receipt, Sender
from headwater.protocol.decisions import (
    Action,
    Advance,
    Claim,
    Collect,
    Release,
    RoundView,
    TrainerView,
    Unenrol,
    Withdraw,
    decide_leaver,
)
from headwater.roles.report import Report
from headwater.roles.task import collectable


class Leaver:
    """A trainer that leaves one task, with its stake and its rewards."""

    def __init__(self, contracts: Contracts, task_id: int, sender: Sender, report: Report) -> None:
        """`report`: told of every step."""
        self._contracts, self._task_id, self._sender, self._report = contracts, task_id, sender, report

    def view(self, block: Block) -> TrainerView:
        """What concerns this account in a block."""
        tasks, stakes = self._contracts.tasks, self._contracts.stakes
        task_id, me, at = self._task_id, self._sender.address, block.number
        config, state = tasks.get_task(task_id, at)
        enrolment = tasks.get_enrolment(task_id, me, at)
        slash, fault = tasks.slash_of(task_id, me, at)
        free = stakes.stake_of(me, at).free
        return TrainerView(
            at=RoundView(
                block.timestamp, state.round, config.rounds, state.phase, state.deadline, state.attempt, state.accused
            ),
            enrolled=enrolment.exists,
            status=tasks.get_roster_entry(task_id, state.round, me, at).status,
            stake=config.stake,
            free=free,
            collectable=collectable(self._contracts, task_id, config.rounds, me, at),
            claimable=stakes.claimable(me, at),
            withdrawable=free,
            locked=enrolment.stake,
            slash=slash,
            fault=fault,
            releasable_at=enrolment.releasable_at,
        )

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""
        return decide_leaver(self.view(block))

    def step(self) -> Action:
        """Look, decide, act. Returns the action, which is done then; for `Wait` and `Done` nothing was to be done."""
        action = self.decide(self._contracts.chain.block())
        self.act(action)
        return action

    def act(self, action: Action) -> Receipt | None:
        """Carry out one action."""
        tasks, stakes = self._contracts.tasks, self._contracts.stakes
        match action:
            case Advance():
                return self._send(tasks.advance(self._task_id), "advanced")
            case Unenrol():
                return self._send(tasks.unenrol(self._task_id), "unenrolled")
            case Collect(rounds):
                return self._send(tasks.collect(self._task_id, rounds), "collected")
            case Claim():
                return self._send(stakes.claim(), "claimed")
            case Release():
                return self._send(tasks.release(self._task_id), "released")
            case Withdraw(amount):
                return self._send(stakes.withdraw(amount), "withdrawn")
        return None

    def _send(self, call: Call, stage: str) -> Receipt:
        receipt = self._sender.send(call)
        self._report(stage, gas=receipt.gas_used)
        return receipt
