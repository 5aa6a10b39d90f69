"""How long a role may ask stores in vain, and when the phase began that it looks at."""

from __future__ import annotations

from headwater.chain.contracts.events import PhaseChanged
from headwater.protocol.decisions import RoundView
from headwater.protocol.phases import Phase
from headwater.roles.task import Task

PATIENCE = 4  # what cannot be fetched for this part of a phase counts as withheld

BUDGET_SECONDS = 60.0
"""For so long stores may be asked in vain in one look; the next one goes on with those that were not asked."""


class Budget:
    """Seconds that may be spent in vain."""

    def __init__(self, seconds: float = BUDGET_SECONDS) -> None:
        self._left = seconds

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left."""
        return self._left <= 0

    def charge(self, seconds: float) -> None:
        """So many were spent."""
        self._left -= seconds


class PhaseClock:
    """When the phases of a task began."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._times: dict[int, int] = {}  # of the block in which the phase began: a role opens anew where blocks vanish

    def began(self, at: RoundView, block: int) -> int:
        """When the running phase began, Unix seconds.

        Raises:
            ChainError: the node does not know.
        """
        chain, rounds = self._task.contracts.chain, self._task.contracts.rounds
        events = rounds.events(PhaseChanged, last=block, task_id=self._task.id, round=at.round)
        began = [event.block_number for event in events if event.to_phase is at.phase]
        if not began:
            raise chain.lacks(f"when {at.phase} of round {at.round} began", self._task.id)
        if began[-1] not in self._times:
            self._times = {began[-1]: chain.block(began[-1]).timestamp}
        return self._times[began[-1]]

    def patience(self, at: RoundView, block: int) -> int:
        """When what cannot be fetched counts as withheld, Unix seconds: some time after the phase began."""
        config = self._task.config
        periods = {
            Phase.JOIN: config.join_period,
            Phase.REVIEW: config.review_period,
            Phase.AGGREGATE: config.aggregate_period,
            Phase.CHALLENGE: config.challenge_period,
        }
        return self.began(at, block) + periods.get(at.phase, 0) // PATIENCE
