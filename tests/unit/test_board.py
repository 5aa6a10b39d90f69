"""What a node knows of where tasks are, and of what endpoints tell late."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from headwater.chain.asking.rpc import Block
from headwater.roles import board as module
from headwater.roles.board import Board


class Chain:
    """Logs by block, as an endpoint knows them at the moment; None where it knows none any more."""

    def __init__(self) -> None:
        self.logs: list[tuple[int, int, int]] | None = []  # block, index, task

    def logs_since(self, block: int):
        if self.logs is None:
            return None
        return [
            {"blockNumber": number, "logIndex": index, "transactionHash": bytes(32), "task": task}
            for number, index, task in self.logs
            if number > block
        ]


@pytest.fixture
def world(monkeypatch):
    chain, read = Chain(), []
    monkeypatch.setattr(module, "decode_log", lambda log: SimpleNamespace(task_id=log["task"]))

    def summaries(ids, _block):
        read.append(list(ids))
        return [SimpleNamespace(task_id=task_id) for task_id in ids]

    lens = SimpleNamespace(summaries=summaries, get_tasks=lambda *_: ([SimpleNamespace(task_id=1)], 1, 0, 0))
    board = Board(SimpleNamespace(chain=chain, lens=lens))
    return SimpleNamespace(chain=chain, board=board, read=read, look=lambda n: board.look(Block(n, bytes(32), n)))


def test_first_look__and_one_after_a_gap__say_that_anything_may_have_changed(world):
    assert world.look(100) is None
    assert world.look(101) == set()
    world.chain.logs = None
    assert world.look(300) is None


def test_logs__are_told_once__also_those_that_come_late(world):
    world.look(100)
    world.chain.logs = [(101, 0, 1)]
    assert world.look(101) == {1}
    assert world.look(102) == set()
    world.chain.logs += [(101, 1, 2), (103, 0, 3)]
    assert world.look(103) == {2, 3}
    assert world.look(104) == set()
    assert world.read[-1] == []
