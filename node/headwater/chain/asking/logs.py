"""Reading logs: in chunks as wide as the nodes allow, and those of settled blocks only once.

Roles look at all events of their task, at every block. So what a node has told of blocks that are settled is kept, and
only newer ones are asked for. All of it is forgotten where the chain turns out to have dropped such a block after all,
or to be another one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import requests
from web3.exceptions import Web3RPCError

from headwater.errors import ChainError

MAX_CHUNK = 10_000
"""Most blocks that one query for logs spans."""

WIDEN_AFTER = 32
"""Full chunks that a node has answered in a row, after which it is asked for twice as many blocks."""

SETTLED = 64
"""Blocks after which one counts as settled; more than a node in order may be behind (`endpoints.MAX_LAG`)."""

MAX_KEPT = 1 << 25
"""Bytes of logs that are kept, about."""

KEPT_SECONDS = 3600.0
"""How long: what a node once left out by mistake is not missing for ever."""

_LOG_BYTES = 2_000  # of a log without its data, and of a query


@dataclass(frozen=True)
class Query:
    """Which logs. `topics`: hexadecimal, None for any."""

    address: str
    topics: tuple[str | None, ...]


@dataclass
class _Kept:
    """All logs of a query in the blocks `first` to `last`."""

    first: int
    last: int
    logs: list[Any] = field(default_factory=list)
    size: int = _LOG_BYTES  # about
    since: float = field(default_factory=time.monotonic)


class Logs:
    """The logs of one chain. Threads may share it."""

    def __init__(
        self,
        ask: Callable[[Query, int, int], Sequence[Any]],
        hash_of: Callable[[int], bytes | None],
        teller: Callable[[], Hashable],
    ) -> None:
        """ask: a query's logs in the blocks from one to another, as web3 gives them.

        hash_of: the hash of the block with a number; None where there is none.
        teller: the node that answered last. What one has told is not taken for another's word.
        """
        self._ask, self._hash_of, self._teller = ask, hash_of, teller
        self._chunk = MAX_CHUNK
        self._head: tuple[int, bytes] | None = None
        self._settled: tuple[int, bytes] | None = None  # a block: up to it, logs may be kept
        self._checked: tuple[bytes, Hashable] | None = None  # under which head, and by whom, that block was confirmed
        self._kept: OrderedDict[tuple[Hashable, Query], _Kept] = OrderedDict()  # the longest unused first
        self._lock = Lock()

    def saw_head(self, number: int, block_hash: bytes) -> None:
        """Know the newest block."""
        self._head = number, block_hash

    def read(self, query: Query, first: int, last: int) -> Iterator[Any]:
        """The logs in the blocks `first` to `last`, oldest first.

        Raises:
            ChainError: the nodes fail.
        """
        if first > last:
            return
        settled = self._check_settled()
        with self._lock:
            teller = self._teller()
            kept = self._find(teller, query, first, settled)
            known = [log for log in kept.logs if first <= log["blockNumber"] <= last] if kept else []
            first = kept.last + 1 if kept else first
        yield from known
        for start, end, found in self._chunks(query, first, last):
            with self._lock:
                if kept and kept.last + 1 == start and self._teller() is teller:
                    self._keep(kept, found, min(end, settled))
            yield from found

    def _chunks(self, query: Query, first: int, last: int) -> Iterator[tuple[int, int, Sequence[Any]]]:
        """First block, last block and logs of each chunk.

        Nodes limit how many blocks or logs one answer may cover, each in its own way: a refused chunk is halved, down
        to one block, and the width that was answered is remembered. What takes too long is halved once.
        """
        chunk, full, late = self._chunk, 0, False
        while first <= last:
            end = min(first + chunk - 1, last)
            try:
                found = self._ask(query, first, end)
            except ChainError as error:
                refused = isinstance(error.__cause__, Web3RPCError)
                timed_out = isinstance(error.__cause__, requests.ReadTimeout) and not late
                if end == first or not (refused or timed_out):
                    raise
                chunk, full, late = (end - first + 1) // 2, 0, late or timed_out
                continue
            yield first, end, found
            if end - first + 1 == chunk:
                self._chunk = chunk
                full += 1
                if full == WIDEN_AFTER:
                    chunk, full = min(2 * chunk, MAX_CHUNK), 0
            first = end + 1

    def _check_settled(self) -> int:
        """The last block whose logs may be kept; -1 for none. Nothing is kept after a reorganization that reached it.

        Costs a request for each new head, and one more for each `SETTLED` blocks.
        """
        head, settled = self._head, self._settled
        if head is None or (settled is None and head[0] < SETTLED):
            return -1
        if self._checked != (head[1], self._teller()):
            deep, newer = head[0] - SETTLED, settled
            if settled is None or deep - settled[0] >= SETTLED:
                found = self._hash_of(deep)
                newer = None if found is None else (deep, found)
            if settled is not None and self._hash_of(settled[0]) != settled[1]:
                newer = None
            with self._lock:
                if newer is None:
                    self._kept.clear()
                self._settled, self._checked = newer, (head[1], self._teller())
        return -1 if self._settled is None else self._settled[0]

    def _find(self, teller: Hashable, query: Query, first: int, settled: int) -> _Kept | None:
        """What is kept of a query, maybe nothing yet; None where nothing of it may be kept."""
        kept = self._kept.get((teller, query))
        if kept is not None and time.monotonic() - kept.since > KEPT_SECONDS:
            kept = None
        if kept is not None and kept.first <= first <= kept.last + 1:
            self._kept.move_to_end((teller, query))
            return kept
        if first > settled or (kept is not None and kept.first <= first):
            return None
        kept = self._kept[teller, query] = _Kept(first, first - 1)
        self._kept.move_to_end((teller, query))
        return kept

    def _keep(self, kept: _Kept, found: Sequence[Any], last: int) -> None:
        """Add the logs up to block `last`; forget what was not used for long, so that all has room."""
        new = [log for log in found if log["blockNumber"] <= last]
        kept.logs += new
        kept.size += sum(_LOG_BYTES + len(log["data"]) for log in new)
        kept.last = max(kept.last, last)
        total = sum(each.size for each in self._kept.values())
        while total > MAX_KEPT:
            total -= self._kept.popitem(last=False)[1].size
