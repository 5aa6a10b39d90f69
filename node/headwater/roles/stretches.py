"""Which parts of its data a trainer learns in a round of a task with receipts: one after another, as a stream.

It goes on alone after a part if the model that it had before was right on so much of it, and at most so many parts.
So which parts a round takes follows from the chain and the data alone, and is the same whenever it is computed again.
After the last part comes the first again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headwater.chain.asking.rpc import BlockId
from headwater.learners.classes import Evaluation
from headwater.protocol.phases import Phase
from headwater.roles.reviewing import claimed_before, links_of, suffices
from headwater.roles.task import Task
from headwater.tables.data import Dataset


class Stretches:
    """The parts of one trainer's data, in one task."""

    def __init__(self, task: Task, account: str, parts: Sequence[Dataset], most: int | None = None) -> None:
        """most: after how many parts it synchronizes at the latest; by default as many as the task allows."""
        self._task, self._account, self._parts = task, account, parts
        self._most = min(most or task.config.max_links, task.config.max_links, len(parts))
        self._first: dict[int, int] = {}

    @property
    def is_bound(self) -> bool:
        """Whether the task has a bound, so that not all parts are learnt in every round."""
        return self._task.config.quiet_bound > 0

    def of(self, round_: int, block: BlockId = "latest") -> Iterator[tuple[int, Dataset]]:
        """The parts that a round may take, each with its number: where nothing is bound, all."""
        if not self.is_bound:
            yield from enumerate(self._parts)
            return
        if round_ not in self._first:
            self._first[round_] = self._learnt(round_, block)
        claimed = links_of(self._task, round_, block).get(self._account, ())
        for link in range(len(claimed) or self._most):  # whatever the operator has set since
            number = (self._first[round_] + link) % len(self._parts)
            yield number, self._parts[number]

    def goes_on(self, weights: Sequence[int], part: Dataset) -> bool:
        """Whether a model is good enough on a part for its trainer to go on alone from there."""
        if not self.is_bound:
            return True
        found = self._task.learner.evaluate(weights, part)
        if not isinstance(found, Evaluation):
            return False
        return suffices(self._task.config, round(found.accuracy * found.rows), found.rows)

    def _learnt(self, round_: int, block: BlockId) -> int:
        """How many links of this trainer are in the models before a round."""
        rounds, count = self._task.contracts.rounds, 0
        for number, links in claimed_before(self._task, round_, self._account, block).items():
            over = rounds.get_round(self._task.id, number, block)
            entry = rounds.get_roster_entry(self._task.id, number, self._account, block)
            averaged = over.phase is Phase.FINALIZED and entry.attempt == over.attempt
            count += links if averaged else 0
        return count
