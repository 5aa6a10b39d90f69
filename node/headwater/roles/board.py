"""Where tasks are: a summary of each, kept up to date by what the contracts tell, in a few calls for all of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any

from headwater.chain.asking.rpc import Block
from headwater.chain.asking.told import AGAIN
from headwater.chain.contracts.codec import decode_log
from headwater.chain.contracts.lens import NEWEST
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.screens import TaskSummary

PAGE = 100
"""Tasks that one call reads."""

SWEEP_SECONDS = 900.0
"""How often all are read though nothing was told: an endpoint may leave logs out."""


class Board:
    """The summaries of all tasks, or of some."""

    def __init__(self, contracts: Contracts, only: Collection[int] = ()) -> None:
        """only: ids of the tasks that are looked at; none: all that there are and will be."""
        self._contracts, self._only = contracts, tuple(sorted(only))
        self._tasks: dict[int, TaskSummary] = {}
        self._seen: Block | None = None
        self._told_before: set[tuple[int, int, bytes]] = set()
        self._swept = 0.0

    @property
    def tasks(self) -> Mapping[int, TaskSummary]:
        """The summaries by id, as of the last look."""
        return self._tasks

    def forget(self) -> None:
        """Read all anew at the next look: the chain has dropped blocks."""
        self._seen = None

    def look(self, block: Block) -> Set[int] | None:
        """Read what has changed up to a block: the ids of the tasks that something was told of; None: any may have.

        Raises:
            ChainError: the node fails.
        """
        told = self._told(block)
        if told is None or time.monotonic() - self._swept > SWEEP_SECONDS:
            found = self._sweep(block)
            differing = {number for number, task in found.items() if self._tasks.get(number) != task}
            changed: Set[int] = differing | (told or set())
            self._swept = time.monotonic()
        else:
            changed = told if not self._only else told & {*self._only}
            found = self._read(sorted(changed), block)
        self._tasks = {**self._tasks, **found}
        self._seen = block
        return None if told is None else changed

    def _told(self, block: Block) -> Set[int] | None:
        """The tasks of which something is told that was not before, in the last blocks, too: some logs come late."""
        if self._seen is None:
            return None
        logs = self._contracts.chain.logs_since(self._seen.number - AGAIN)
        if logs is None:
            return None
        fresh = [log for log in logs if _key(log) not in self._told_before]
        self._told_before = {key for key in map(_key, logs) if key[0] > block.number - 2 * AGAIN}
        events = (decode_log(log) for log in fresh)
        return {number for event in events if (number := getattr(event, "task_id", None)) is not None}

    def _sweep(self, block: Block) -> dict[int, TaskSummary]:
        if self._only:
            return self._read(self._only, block)
        found: dict[int, TaskSummary] = {}
        start = NEWEST
        while start > 0:
            page, *_ = self._contracts.lens.get_tasks(start, PAGE, block.number)
            found |= {task.task_id: task for task in page}
            start = page[-1].task_id - 1 if page else 0
        return found

    def _read(self, ids: Sequence[int], block: Block) -> dict[int, TaskSummary]:
        return {task.task_id: task for task in self._contracts.lens.summaries(ids, block.number)}


def _key(log: Mapping[str, Any]) -> tuple[int, int, bytes]:
    return log["blockNumber"], log["logIndex"], bytes(log["transactionHash"])
