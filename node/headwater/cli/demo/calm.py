"""When the chain's clock may be moved: when nobody has anything to do until then.

A node that says that it is idle in a block has looked at that block, and at the store, and found nothing to do. But the
store may have changed since its look. So all must say so of two blocks in a row, and nothing be done in between: then
whoever looked at the second block saw all that there was.
"""

from __future__ import annotations

from collections.abc import Iterable

QUIET = {"idle", "waiting", "failed"}
"""What a node says that did nothing."""


class Calm:
    """Follows what nodes and the chain tell."""

    def __init__(self) -> None:
        self._block = -1
        self._disturbed = True

    def said(self, stage: str) -> None:
        """A node has said something."""
        self._disturbed |= stage not in QUIET

    def saw(self, block: int) -> None:
        """The chain's newest block; one that `ask` was told to mine is no disturbance."""
        self._disturbed |= block > self._block
        self._block = block

    def holds(self, idle_in: Iterable[int | None]) -> bool:
        """Whether all are idle in the newest block. idle_in: of each running node, the block in which it said so."""
        return all(block == self._block for block in idle_in)

    def ask_again(self) -> bool:
        """To be asked while it holds: whether a block must be mined to see if it still does; else only time helps."""
        again, self._disturbed = self._disturbed, False
        self._block += again
        return again
