"""Leaving a task with nothing but the account's key: no data, no store and no circuits are needed for that."""

from __future__ import annotations

from headwater.chain.asking.rpc import Block
from headwater.protocol.decisions import Action, TrainerView, decide_leaver
from headwater.roles.role import Role, owing
from headwater.roles.seen import Seen, collectable


class Leaver(Role):
    """A trainer that leaves one task, with its stake and its rewards."""

    def view(self, block: Block) -> TrainerView:
        """What concerns this account in a block."""
        task_id, me, at = self._task_id, self.sender.address, block.number
        seen = Seen.read(self._contracts, task_id, me, block)
        config, part = seen.task.config, seen.account
        return TrainerView(
            at=seen.view,
            enrolled=part.enrolment.exists,
            status=part.entry.status,
            stake=config.stake,
            free=part.free,
            collectable=collectable(self._contracts, task_id, me, at),
            claimable=part.claimable,
            withdrawable=part.free,
            locked=part.enrolment.stake,
            slash=part.slash,
            fault=part.fault,
            releasable_at=part.enrolment.releasable_at,
            owing=owing(self._contracts, task_id, me, at),
        )

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""
        return decide_leaver(self.view(block))
