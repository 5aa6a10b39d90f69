"""What one endpoint has told of the watched contracts' logs: all of the newest blocks, of older ones what was asked.

A block is settled when `SETTLED` blocks are on it. The window of those that are not is read once for each new block:
where that is a child of the last one seen, only the last `AGAIN` blocks are asked for again, since some nodes know a
block before they know its logs. Before blocks settle, all of them are read anew, and are then added to what is kept.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from headwater.chain.asking.chunks import Width, is_too_much
from headwater.errors import ChainError
from headwater.journal.logs import Entry, Log, LogJournal, Query

SETTLED = 64
"""Blocks after which one counts as settled; more than a node in order may be behind (`endpoints.MAX_LAG`)."""

AGAIN = 8
"""Blocks of which the logs are asked for at every new block."""

CATCH_UP = 10_000
"""Blocks of all contracts' logs that are read at most to go on where a node stopped; else each query goes on alone."""

MAX_WINDOW = 1 << 25
"""Bytes of the newest blocks' logs that are held, about; while there are more, each query is asked by itself."""

MAX_CACHED = 1 << 25
"""Bytes of settled logs that are held in memory beside the journal, about."""

_LOG_BYTES = 2_000  # of a log without its data


@dataclass(frozen=True)
class Head:
    """The newest block, and the hash of the one before; None where it is not known."""

    number: int
    hash: bytes
    parent: bytes | None


class Window:
    """All watched logs from some block to block `last`, oldest first."""

    def __init__(self, logs: Sequence[Log], last: int) -> None:
        self.logs, self.last = logs, last
        self._by_query: dict[Query, list[Log]] = defaultdict(list)
        for log in logs:
            for query in queries_of(log):
                self._by_query[query].append(log)

    def of(self, query: Query) -> list[Log]:
        """Those that a query asks for."""
        return self._by_query.get(query, [])


class Told:
    """The logs that one endpoint has told. Its owner sees to threads."""

    def __init__(
        self,
        teller: str,
        journal: LogJournal,
        width: Width,
        ask: Callable[[int, int], Sequence[Log]],
        hash_of: Callable[[int], bytes | None],
        still_asked: Callable[[], bool],
    ) -> None:
        """ask: the logs of all watched contracts in the blocks from one to another, oldest first.

        hash_of: the hash of the block with a number; None where there is none.
        still_asked: whether it is this endpoint that answered last.
        """
        self.teller = teller
        self.window: Window | None = None
        self.forgotten = 0
        """How often the chain turned out to be another."""

        self._journal, self._width, self._ask, self._hash_of = journal, width, ask, hash_of
        self._still_asked = still_asked
        kept = journal.settled(teller)
        self._settled = (kept[0], kept[1]) if kept else (-1, b"")
        self._entries = journal.entries(teller)
        self._seen: dict[int, bytes] = {}  # hashes of blocks that are one another's ancestors, the newest the last
        self._known = False  # whether the settled block is still the chain's
        self._alone_until = -1  # up to which block each query is asked by itself
        self._cache: OrderedDict[int, list[Log]] = OrderedDict()  # by an entry's number, the longest unused first
        self._cached = 0
        self._used: set[int] = set()
        self._doubted: dict[bytes, int] = {}  # what was forgotten, and when: as long as which block was settled

    @property
    def settled(self) -> int:
        """The last block whose logs may be kept; -1 for none."""
        return self._settled[0]

    def follow(self, head: Head) -> bool:
        """Come to know the window up to a block; False where the chain does not reach what is settled.

        Costs nothing where the block is known, one query where it is a child of the last one, and one request more
        where it is none. Every `SETTLED` blocks there is one more.

        Raises:
            ChainError: the node fails.
        """
        if head.number <= self.settled:
            self.doubt()
            return False
        if self._seen.get(head.number) == head.hash:
            return self._known
        if self._seen.get(head.number - 1) == head.parent and head.parent is not None:
            self._seen = {number: known for number, known in self._seen.items() if number < head.number}
        elif not self._descends(head):
            self._seen, self.window = {}, None
            self._known = self._check_settled()
            if not self._known:
                return False
        if self.settled == -1 and head.number >= SETTLED and not self._entries:
            self._begin(head.number - SETTLED)
        self._read_window(head)
        self._seen[head.number] = head.hash
        while len(self._seen) > 2 * SETTLED:
            del self._seen[next(iter(self._seen))]
        return True

    def doubt(self) -> None:
        """Take nothing of the window for this endpoint's."""
        self._seen, self.window = {}, None

    def entry(self, query: Query, first: int) -> Entry | None:
        """What is kept of a query from block `first` on, maybe nothing yet; None where it would not be complete."""
        entry = self._entries.get(query)
        if entry is None or first < entry.first:
            if entry:
                self._uncache(entry)
            if self.settled < 0:
                return None
            first = min(first, self.settled + 1)  # all that settle later are kept
            entry = self._entries[query] = self._journal.begin(self.teller, query, first, first - 1, self.settled)
        elif first > entry.last + 1 and entry.last < self.settled:
            return None
        self._used.add(entry.id)
        return entry

    def kept_from(self, query: Query) -> int | None:
        """From which block on a query's logs are kept; None where they are not."""
        entry = self._entries.get(query)
        return entry.first if entry else None

    def logs(self, query: Query, entry: Entry) -> Sequence[Log]:
        """What is kept of a query."""
        if entry.id not in self._cache:
            self._cache[entry.id] = self._journal.logs(query, entry)
            self._cached += _size(self._cache[entry.id])
        self._cache.move_to_end(entry.id)
        found = self._cache[entry.id]
        while self._cached > MAX_CACHED and len(self._cache) > 1:
            self._cached -= _size(self._cache.popitem(last=False)[1])
        return found

    def add(self, query: Query, entry: Entry, found: Sequence[Log], last: int) -> None:
        """Keep a query's next logs, of settled blocks up to `last`."""
        if self._entries.get(query) is entry:
            going = self._journal.add(entry, found, last)
            self._extend(entry, found)
            self._let_go(going)

    def forget(self, topic: bytes) -> None:
        """Keep nothing of the queries for a topic beside the event's; at most once while no more blocks settle."""
        if self._doubted.get(topic) == self.settled:
            return
        self._doubted[topic] = self.settled
        going = [query for query in self._entries if topic in query.topics[1:]]
        entries = [self._entries.pop(query) for query in going]
        self._journal.drop(entries)
        for entry in entries:
            self._uncache(entry)

    def _descends(self, head: Head) -> bool:
        """Whether a block comes after the newest that was seen; also where some between were not."""
        top = max(self._seen, default=head.number)
        return top < head.number and self._hash_of(top) == self._seen[top]

    def _check_settled(self) -> bool:
        """Whether the chain has the settled block. Where it has another in its place, all is forgotten."""
        if self.settled < 0:
            return True
        found = self._hash_of(self.settled)
        if found is not None and found != self._settled[1] and self._still_asked():
            self._journal.forget(self.teller)
            self._entries, self._settled = {}, (-1, b"")
            self._clear_cache()
            self.forgotten += 1
            return True
        return found == self._settled[1]

    def _begin(self, number: int) -> None:
        """Settle on a block when nothing is kept."""
        found = self._hash_of(number)
        if found is not None and self._still_asked():
            self._settled = number, found
            self._journal.settle(self.teller, number, found, self._width.blocks)

    def _read_window(self, head: Head) -> None:
        deep = head.number - SETTLED
        is_due = deep - self.settled >= SETTLED
        if is_due and deep - self.settled > CATCH_UP:
            self._begin(deep)
            self.window, is_due = None, False
        if head.number <= self._alone_until:
            if is_due:
                self._begin(deep)
            return
        window, first = self.window, self.settled + 1
        if window is not None and not is_due:
            same = min(window.last, max(self._seen))  # what the window has of later blocks may be of others
            first = max(first, same + 1 - AGAIN)
        older = [] if window is None else [log for log in window.logs if log["blockNumber"] < first]
        try:
            logs = [*older, *self._read(first, head.number)]
        except _TooMany:
            self.window, self._alone_until = None, head.number + SETTLED
            if is_due:
                self._begin(deep)
            return
        if is_due:
            self._settle(deep, logs)
        self.window = Window([log for log in logs if log["blockNumber"] > self.settled], head.number)

    def _read(self, first: int, last: int) -> list[Log]:
        found: list[Log] = []
        size = 0
        try:
            for _, _, logs in self._width.chunks(self._ask, first, last):
                found += logs
                size += _size(logs)
                if size > MAX_WINDOW:
                    raise _TooMany
        except ChainError as error:
            if is_too_much(error):  # not even the logs of a single block
                raise _TooMany from error
            raise
        return found

    def _settle(self, number: int, logs: Sequence[Log]) -> None:
        """Add the logs up to a block to what is kept of all queries that are complete up to the settled one."""
        found = self._seen.get(number) or self._hash_of(number)
        if found is None or not self._still_asked():
            return
        past, new = self.settled, defaultdict[int, list[Log]](list)
        complete = {query: entry for query, entry in self._entries.items() if entry.last == past}
        for log in logs:
            if log["blockNumber"] <= number:
                for query in queries_of(log):
                    if query in complete:
                        new[complete[query].id].append(log)
        going = self._journal.advance(self.teller, past, (number, found), self._width.blocks, new, self._used)
        self._settled, self._used = (number, found), set()
        for entry in complete.values():
            entry.last = number
            self._extend(entry, new.get(entry.id, ()))
        self._let_go(going)

    def _extend(self, entry: Entry, found: Sequence[Log]) -> None:
        if entry.id in self._cache:
            self._cache[entry.id] = [*self._cache[entry.id], *found]
            self._cached += _size(found)

    def _let_go(self, numbers: Sequence[int]) -> None:
        for query in [query for query, entry in self._entries.items() if entry.id in numbers]:
            self._uncache(self._entries.pop(query))

    def _clear_cache(self) -> None:
        self._cache.clear()
        self._cached = 0

    def _uncache(self, entry: Entry) -> None:
        self._cached -= _size(self._cache.pop(entry.id, []))


class _TooMany(Exception):
    """There are more logs than are held."""


def queries_of(log: Log) -> Iterator[Query]:
    """Every query that asks for a log."""
    topics = log["topics"]
    for count in range(len(topics) + 1):
        for chosen in product((True, False), repeat=count):
            known = zip(topics, chosen, strict=False)
            yield Query(log["address"], tuple(topic if is_given else None for topic, is_given in known))


def _size(logs: Sequence[Log]) -> int:
    return sum(_LOG_BYTES + len(log["data"]) for log in logs)
