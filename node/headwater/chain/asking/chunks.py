"""Asking a node for the logs of many blocks, in pieces as wide as it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests
from web3.exceptions import Web3RPCError

from headwater.errors import ChainError
from headwater.replies import ReplyTooLong

MAX_WIDTH = 10_000
"""Most blocks that one query for logs spans."""

WIDEN_AFTER = 32
"""Full chunks that a node has answered in a row, after which it is asked for twice as many blocks."""

Ask = Callable[[int, int], Sequence[Any]]
"""The logs of the blocks from one to another."""


class Width:
    """How many blocks a node answers at once, as far as is known."""

    def __init__(self, blocks: int | None = None) -> None:
        self.blocks = MAX_WIDTH if blocks is None else blocks

    def chunks(self, ask: Ask, first: int, last: int) -> Iterator[tuple[int, int, Sequence[Any]]]:
        """First block, last block and logs of each chunk.

        Nodes limit how many blocks, logs or bytes one answer may have, each in its own way, and so does this node: what
        was too much is halved, down to one block, and the width that was answered is remembered. What takes too long is
        halved once.

        Raises:
            ChainError: the node fails, or a single block is too much.
        """
        width, full, late = self.blocks, 0, False
        while first <= last:
            end = min(first + width - 1, last)
            try:
                found = ask(first, end)
            except ChainError as error:
                is_late = _has_cause(error, requests.ReadTimeout)
                if end == first or not (is_too_much(error) or (is_late and not late)):
                    raise
                width, full, late = (end - first + 1) // 2, 0, late or is_late
                continue
            yield first, end, found
            if end - first + 1 == width:
                self.blocks = width
                full += 1
                if full == WIDEN_AFTER:
                    width, full = min(2 * width, MAX_WIDTH), 0
            first = end + 1


def is_too_much(error: ChainError) -> bool:
    """Whether a node refused what it was asked for, or answers more than is read of any reply.

    Nodes have no common code or words for the first, so that every error of JSON-RPC is taken for it.
    """
    return _has_cause(error, Web3RPCError) or _has_cause(error, ReplyTooLong)


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__
    return False
