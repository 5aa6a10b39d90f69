"""Reading logs: those of the newest blocks once a block for all who ask, those of settled blocks once for good.

Roles look at all events of their task, at every block. So the logs of all watched contracts in the blocks that are not
settled are asked for together, once in each new block; what was asked of settled blocks is kept, in the node's journal
if it has one, and goes on from there as blocks settle. Where the chain turns out to have dropped a settled block after
all, or to be another one, all of it is forgotten.

What one endpoint told is not taken for another's word: each has its own window and its own logs in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import Any

from headwater.chain.asking.chunks import Width
from headwater.chain.asking.told import Head, Told
from headwater.journal.database import Database
from headwater.journal.logs import Log, LogJournal, Query

MAX_IN_MEMORY = 1 << 25
"""Bytes of logs that are kept without a journal, about."""

_TRIES = 3  # where another endpoint answers than did before

Ask = Callable[[Sequence[str], Sequence[bytes | None], int, int], Sequence[Any]]
"""The logs of contracts with some topics, in the blocks from one to another, as web3 gives them."""


class Logs:
    """The logs of one chain. Threads may share it."""

    def __init__(self, ask: Ask, hash_of: Callable[[int], bytes | None], teller: Callable[[], str]) -> None:
        """hash_of: the hash of the block with a number; None where there is none.

        teller: the name of the endpoint that answered the thread that asks last.
        """
        self._ask_node, self._hash_of, self._teller = ask, hash_of, teller
        self._head: Head | None = None
        self._watched: tuple[str, ...] = ()
        self._journal: LogJournal | None = None
        self._told: dict[str, Told] = {}
        self._widths: dict[str, Width] = {}
        self._lock = RLock()

    @property
    def forgotten(self) -> int:
        """How often the chain turned out to be another, settled blocks included."""
        return sum(told.forgotten for told in self._told.values())

    def watch(self, addresses: Sequence[str]) -> None:
        """Read these contracts' logs together from now on."""
        with self._lock:
            self._watched = tuple(dict.fromkeys((*self._watched, *addresses)))
            self._told.clear()

    def keep_in(self, journal: LogJournal) -> None:
        """Keep the logs of settled blocks in a node's journal."""
        with self._lock:
            self._journal = journal
            self._told.clear()

    def saw_head(self, number: int, block_hash: bytes, parent: bytes | None) -> None:
        """Know the newest block, and the hash of the one before."""
        self._head = Head(number, block_hash, parent)

    def read(self, query: Query, first: int, last: int, by: str | None = None) -> Iterator[Log]:
        """The logs in the blocks `first` to `last`, oldest first.

        by: the endpoint that told that no log is older than `first`, where one did: for others nothing is kept.

        Raises:
            ChainError: the nodes fail.
            JournalError: what is to be kept cannot be written.
        """
        if first > last:
            return
        told = self._follow() if query.address in self._watched else None
        if told is None or (by is not None and told.teller != by):
            yield from self._read_directly(query, first, last)
            return
        with self._lock:
            settled, window = told.settled, told.window
            recent = [] if window is None else window.of(query)
            until = settled if window is None else max(settled, window.last)
        yield from self._read_settled(told, query, first, min(last, settled))
        yield from (log for log in recent if max(first, settled + 1) <= log["blockNumber"] <= last)
        yield from self._read_directly(query, max(first, until + 1), last)

    @property
    def settled(self) -> int:
        """The last block whose logs may be kept; -1 for none."""
        told = self._follow()
        return -1 if told is None else told.settled

    def kept_from(self, query: Query) -> int | None:
        """From which block on a query's logs are kept; None where they are not."""
        told = self._follow()
        return None if told is None else told.kept_from(query)

    def recent(self, query: Query) -> list[Log]:
        """A query's logs in the blocks that are not settled, as far as they are held."""
        told = self._follow()
        return [] if told is None or told.window is None else told.window.of(query)

    def since(self, block: int) -> list[Log] | None:
        """The logs of all watched contracts in the blocks after `block`, up to the newest, oldest first.

        None where they are not all known: the block is settled, or the newest ones have too many logs.

        Raises:
            ChainError: the nodes fail.
        """
        told = self._follow()
        with self._lock:
            if told is None or told.window is None or block < told.settled:
                return None
            return [log for log in told.window.logs if log["blockNumber"] > block]

    def forget(self, topic: bytes) -> None:
        """Keep nothing of the queries for a topic beside the event's, since what they told does not fit the contracts.

        So what a node left out by mistake is not missing for ever. The newest blocks' are asked for again at once, what
        is kept at most once while no more blocks settle.
        """
        with self._lock:
            if told := self._told.get(self._teller()):
                told.doubt()
                told.forget(topic)

    def _follow(self) -> Told | None:
        """What the endpoint in use has told, up to the newest block; None where there is nothing to build on."""
        with self._lock:
            for _ in range(_TRIES):
                teller, head = self._teller(), self._head
                if head is None:
                    return None
                told = self._told_by(teller)
                known = told.follow(head)
                if self._teller() == teller:
                    return told if known else None
                told.doubt()  # another endpoint has answered some of it
            return None

    def _told_by(self, teller: str) -> Told:
        if teller not in self._told:
            if self._journal is None:
                self._journal = LogJournal(Database(None), "", MAX_IN_MEMORY)
            width = self._width_of(teller)
            self._told[teller] = Told(
                teller, self._journal, width, self._ask_watched, self._hash_of, lambda: self._teller() == teller
            )
            if known := self._journal.settled(teller):
                width.blocks = min(width.blocks, known[2])
        return self._told[teller]

    def _width_of(self, teller: str) -> Width:
        return self._widths.setdefault(teller, Width())

    def _ask_watched(self, first: int, last: int) -> list[Log]:
        return self._ask(self._watched, (), first, last)

    def _ask(self, addresses: Sequence[str], topics: Sequence[bytes | None], first: int, last: int) -> list[Log]:
        return sorted(map(_lean, self._ask_node(addresses, topics, first, last)), key=_place)

    def _chunks(self, query: Query, first: int, last: int) -> Iterator[tuple[int, int, Sequence[Log]]]:
        width = self._width_of(self._teller())
        return width.chunks(lambda start, end: self._ask([query.address], query.topics, start, end), first, last)

    def _read_directly(self, query: Query, first: int, last: int) -> Iterator[Log]:
        for _, _, found in self._chunks(query, first, last):
            yield from found

    def _read_settled(self, told: Told, query: Query, first: int, last: int) -> Iterator[Log]:
        """The logs in settled blocks: those that are kept, and then the others, which are kept from then on."""
        with self._lock:
            entry = told.entry(query, first)
            known = [log for log in told.logs(query, entry) if first <= log["blockNumber"] <= last] if entry else []
            start = max(first, entry.last + 1) if entry else first
        yield from known
        for begin, end, found in self._chunks(query, start, last):
            with self._lock:
                if entry and entry.last + 1 == begin and self._teller() == told.teller:
                    told.add(query, entry, found, end)
            yield from found


def _lean(log: Any) -> Log:
    """What is needed of a log that web3 gives."""
    return {
        "address": str(log["address"]),
        "topics": [bytes(topic) for topic in log["topics"]],
        "data": bytes(log["data"]),
        "blockNumber": log["blockNumber"],
        "logIndex": log["logIndex"],
        "transactionHash": bytes(log["transactionHash"]),
    }


def _place(log: Log) -> tuple[int, int]:
    return log["blockNumber"], log["logIndex"]
