"""Leaving a task with nothing but the account's key: no data, no store and no circuits are needed for that."""

from __future__ import annotations

from headwater.chain.asking.rpc import Block
from headwater.protocol.decisions import Action, TrainerView, decide_leaver
from headwater.roles.role import Role, owing, round_view
from headwater.roles.task import collectable


class Leaver(Role):
    """A trainer that leaves one task, with its stake and its rewards."""

    def view(self, block: Block) -> TrainerView:
        """What concerns this account in a block."""
        rounds, trainers, stakes = self._contracts.rounds, self._contracts.trainers, self._contracts.stakes
        task_id, me, at = self._task_id, self.sender.address, block.number
        config, state = self._contracts.tasks.get_task(task_id, at).config, rounds.get_state(task_id, at)
        enrolment = trainers.get_enrolment(task_id, me, at)
        slash, fault = trainers.slash_of(task_id, me, at)
        free = stakes.stake_of(me, at).free
        return TrainerView(
            at=round_view(block.timestamp, config, state),
            enrolled=enrolment.exists,
            status=rounds.get_roster_entry(task_id, state.round, me, at).status,
            stake=config.stake,
            free=free,
            collectable=collectable(self._contracts, task_id, config.rounds, me, at),
            claimable=stakes.claimable(me, at),
            withdrawable=free,
            locked=enrolment.stake,
            slash=slash,
            fault=fault,
            releasable_at=enrolment.releasable_at,
            owing=owing(self._contracts, task_id, me, at),
        )

    def decide(self, block: Block) -> Action:
        """The next action, as seen in a block."""
        return decide_leaver(self.view(block))
