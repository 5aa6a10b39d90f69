"""How long what failed is left alone: each time twice as long, and never quite as long as others leave it."""

from __future__ import annotations

import random
import time

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 300.0
MOST_DOUBLINGS = 16  # beyond any longest pause


def pause_after(failures: int, first: float, longest: float) -> float:
    """Seconds to leave alone what has failed so often in a row: twice `first` after one failure."""
    return min(first * (1 << min(failures, MOST_DOUBLINGS)), longest)


class Backoff:
    """The state of one thing that may fail: a node, a store. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self.until = 0.0
        self._failures = 0

    @property
    def resting(self) -> bool:
        """Whether it is still to be left alone."""
        return time.monotonic() < self.until

    def failed(self, at_least: float = 0.0) -> float:
        """It failed: the seconds for which to leave it alone, up to half of them saved at random."""
        seconds: float = pause_after(self._failures, FIRST_SECONDS, LONGEST_SECONDS) * random.uniform(0.5, 1.0)
        seconds = max(seconds, min(at_least, LONGEST_SECONDS))
        self._failures += 1
        self.until = time.monotonic() + seconds
        return seconds

    def worked(self) -> None:
        """It works again."""
        self.until, self._failures = 0.0, 0
