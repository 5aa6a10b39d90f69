"""Logs of a chain of a million blocks, of which a node gives few at a time. It is simulated: none here is so long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from web3 import Web3
from web3.exceptions import Web3RPCError

from headwater.chain.asking import told
from headwater.chain.asking.logs import Logs
from headwater.errors import ChainError
from headwater.journal.database import Database
from headwater.journal.logs import LogJournal, Query

LENGTH = 1_000_000
ADDRESSES = [Web3.to_checksum_address("0x" + f"{i:040x}") for i in range(1, 10)]
EVENTS = [bytes(30) + bytes([1, i]) for i in range(10)]
"""Ten kinds of events that the roles of a task look for."""

HOUR = 300  # blocks of 12 s


class SimulatedNode:
    """Answers for at most so many blocks at once. Every event of every task happens in each 1,000th block, and has.

    Attributes:
        asked: the blocks of each query that was answered.
        refused: how many were not.
    """

    def __init__(self, limit: int, tasks: int) -> None:
        self.limit, self.tasks, self.head = limit, tasks, LENGTH
        self.asked: list[tuple[int, int]] = []
        self.refused = self.hashes = 0

    def ask(self, addresses: Sequence[str], topics: Sequence[bytes | None], first: int, last: int) -> list[Any]:
        if last - first >= self.limit:
            self.refused += 1
            raise ChainError("refused") from Web3RPCError(f"at most {self.limit} blocks")
        self.asked.append((first, last))
        blocks = range(-(-first // 1000) * 1000, last + 1, 1000)
        found = [self.log(block, i, task) for block in blocks for i in range(len(EVENTS)) for task in range(self.tasks)]
        wanted = [log for log in found if log["address"] in addresses]
        return [log for log in wanted if all(t in (None, log["topics"][at]) for at, t in enumerate(topics))]

    def log(self, block: int, event: int, task: int) -> dict[str, Any]:
        return {
            "address": ADDRESSES[event % len(ADDRESSES)],
            "topics": [EVENTS[event], task.to_bytes(32, "big")],
            "data": b"data",
            "blockNumber": block,
            "logIndex": task * 10 + event,
            "transactionHash": bytes(32),
        }

    def hash_of(self, number: int) -> bytes | None:
        self.hashes += 1
        return number.to_bytes(32, "big") if number <= self.head else None

    def logs(self, journal: Database) -> Logs:
        """What a process that starts makes of this node."""
        logs = Logs(self.ask, self.hash_of, lambda: "here")
        logs.watch(ADDRESSES)
        logs.keep_in(LogJournal(journal, "1-a"))
        return logs

    def look(self, logs: Logs, start: int) -> list[int]:
        """The blocks of all events of all tasks since they began, as the roles look for them in the newest block."""
        logs.saw_head(self.head, self.head.to_bytes(32, "big"), (self.head - 1).to_bytes(32, "big"))
        found = []
        for task in range(self.tasks):
            for i, event in enumerate(EVENTS):
                query = Query(ADDRESSES[i % len(ADDRESSES)], (event, task.to_bytes(32, "big")))
                found += [log["blockNumber"] for log in logs.read(query, start, self.head)]
        return found


def expected(start: int, node: SimulatedNode) -> list[int]:
    return list(range(-(-start // 1000) * 1000, node.head + 1, 1000)) * 10 * node.tasks


@pytest.mark.parametrize("limit", (1_000, 1_024, 10_000, LENGTH))
@pytest.mark.parametrize("tasks", (1, 5))
def test_restart__of_a_node_on_a_long_chain__asks_at_most_ten_queries_a_task(limit, tasks):
    node, journal, start = SimulatedNode(limit, tasks), Database(None), LENGTH - 200_000
    assert node.look(node.logs(journal), start) == expected(start, node)
    for blocks in (0, 1, HOUR, 2_000):
        node.head += blocks
        node.asked.clear()
        node.refused = 0
        assert node.look(node.logs(journal), start) == expected(start, node)
        assert len(node.asked) + node.refused <= 10
        assert min(first for first, _ in node.asked) >= node.head - blocks - 2 * told.SETTLED


@pytest.mark.parametrize("limit", (1_000, 10_000))
def test_hour__of_idling__asks_one_query_a_block_and_none_for_the_past(limit):
    node, journal, start = SimulatedNode(limit, 2), Database(None), LENGTH - 100_000
    logs = node.logs(journal)
    node.look(logs, start)
    node.asked.clear()
    node.hashes = 0
    for _ in range(HOUR):
        node.head += 1
        assert node.look(logs, start) == expected(start, node)
    assert len(node.asked) == HOUR
    assert node.hashes == 0
    assert all(last - first <= 2 * told.SETTLED for first, last in node.asked)
    assert sum(last - first for first, last in node.asked) <= HOUR * (told.AGAIN + 3)


def test_block__with_a_thousand_tasks__is_one_query(monkeypatch):
    monkeypatch.setattr("tests.unit.test_logs_long_chain.EVENTS", EVENTS[:2])
    node, journal, start = SimulatedNode(1_000, 1_000), Database(None), LENGTH - 3_000
    logs = node.logs(journal)
    node.look(logs, start)
    node.asked.clear()
    node.head += 1
    node.look(logs, start)
    assert len(node.asked) == 1
    assert len(journal.rows("SELECT 1 FROM log_queries")) == 2 * node.tasks
