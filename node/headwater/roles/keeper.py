"""Keeping time: advancing the rounds of a task when their deadlines have passed, with nothing but the chain."""

from __future__ import annotations

from collections.abc import Callable

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.events import Joined
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.screens import TaskSummary
from headwater.chain.sending.sender import Sender
from headwater.protocol.decisions import Action, Advance, Done, Wait
from headwater.protocol.phases import Phase
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.roles.report import Report
from headwater.roles.role import Role
from headwater.roles.turns import turns_to_wait

BLOCKS = 2
"""How many blocks a turn has: one for the transaction of whose turn it is, one to hear of it."""

LEAST_TURN_SECONDS = 4.0
"""How long one is at least: nodes look every other second."""


class Keeper(Role):
    """Advances one task for an account, in its turn: no document, no SRS and no circuit is needed for that.

    A round in which nobody has proved an update costs its creator next to nothing, and serves nobody. Only the creator
    advances it, and whoever named the task or was in it.
    """

    def __init__(
        self,
        contracts: Contracts,
        task_id: int,
        sender: Sender,
        report: Report,
        *,
        summary: Callable[[], TaskSummary],
        block_seconds: Callable[[], float],
        own: Callable[[], bool],
    ) -> None:
        """summary: where the task is, as was last read. block_seconds: about how often blocks come.

        own: whether the operator has chosen the task, or the account has been in it.
        """
        super().__init__(contracts, task_id, sender, report)
        self._summary, self._block_seconds, self._own = summary, block_seconds, own

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""
        task = self._summary()
        if task.phase.is_end:
            return Done()
        if block.timestamp < task.deadline:
            return Wait("", task.deadline)
        turns = self._turns(task, block)
        if turns is None:
            return Wait("", 0)
        at = task.deadline + int(turns * max(BLOCKS * self._block_seconds(), LEAST_TURN_SECONDS))
        return Advance(task.round) if block.timestamp >= at else Wait("", at, again=at)

    def _turns(self, task: TaskSummary, block: Block) -> int | None:
        """For how many turns others go first; None where it is not this account's business at all."""
        me, creator = self.sender.address, task.creator
        if not task.submitted and me != creator and not self._own():
            return None
        rounds = self._contracts.rounds
        seats = rounds.events(Joined, last=block.number, task_id=task.task_id, round=task.round) if task.joined else ()
        first = ZERO_ADDRESS
        if task.phase is Phase.CHALLENGE:
            first = rounds.get_round(task.task_id, task.round, block.number).aggregator
        concerned = {creator, *(seat.trainer for seat in seats)}
        return turns_to_wait(me, "" if first == ZERO_ADDRESS else first, concerned, task.task_id, task.deadline)
