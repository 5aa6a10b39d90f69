"""How often to ask for the newest block: no oftener than blocks come."""

from __future__ import annotations

import time
from collections import deque

from headwater.chain.asking.rpc import Block

REMEMBERED = 32
"""Blocks from which it is learnt how often they come."""

AGAIN = 1 / 6
"""Of the usual time between two blocks: how often one that is late is asked for."""


class Pace:
    """Learns from the blocks that are seen."""

    def __init__(self, least: float, *, is_steady: bool) -> None:
        """least: seconds between two looks. is_steady: whether blocks come by the clock, as on public chains."""
        self._least, self._is_steady = least, is_steady
        self._blocks: deque[Block] = deque(maxlen=REMEMBERED)
        self._seen = 0.0  # when the newest was first seen, monotonic

    def saw(self, block: Block) -> None:
        """The newest block is this one."""
        if self._blocks and block.number < self._blocks[-1].number:
            self._blocks.clear()
        if not self._blocks or block.number != self._blocks[-1].number:
            self._blocks.append(block)
            self._seen = time.monotonic()

    @property
    def block_seconds(self) -> float:
        """About how long it takes until the next block comes; the least pause where that is not known."""
        if len(self._blocks) < 2:
            return self._least
        first, last = self._blocks[0], self._blocks[-1]
        return max((last.timestamp - first.timestamp) / (last.number - first.number), 0.1)

    def pause(self) -> float:
        """Seconds until the next look."""
        usual = self.block_seconds
        if not self._is_steady or usual <= self._least:
            return self._least
        left = usual - (time.monotonic() - self._seen)
        return max(left, AGAIN * usual, self._least)
