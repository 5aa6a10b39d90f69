"""The phases of a round and a trainer's place in one, numbered as `ITaskManager` numbers them."""

from __future__ import annotations

from enum import IntEnum


class Phase(IntEnum):
    """Where a round is. The last three are ends."""

    NONE = 0
    JOIN = 1
    TRAIN = 2
    MASK = 3
    AGGREGATE = 4
    FINALIZED = 5
    FAILED = 6
    SKIPPED = 7

    def __str__(self) -> str:
        return self.name.capitalize()

    @property
    def is_end(self) -> bool:
        """Whether a round in this phase is over."""
        return self >= Phase.FINALIZED


class TrainerStatus(IntEnum):
    """Where a trainer is in a round. Whether one that submitted has masked, its roster entry's `attempt` says."""

    NONE = 0
    JOINED = 1
    SUBMITTED = 2
    REWARDED = 3

    def __str__(self) -> str:
        return self.name.capitalize()
