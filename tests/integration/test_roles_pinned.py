"""What a role decides follows from one block, whatever the chain has grown by meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater.chain.endpoints import Endpoint
from headwater.protocol.decisions import ChallengeUpdate, Deposit, Enrol, Join, Mask, OpenUpdate, Publish, Submit
from headwater.roles.task import Task
from headwater.storage.cid import Cid
from tests.support.roles import STAGES, World

PLACES = {"eth_call": 1, "eth_getBalance": 1, "eth_getCode": 1, "eth_getBlockByNumber": 0}
"""By method, which of its parameters says at which block it reads."""


@pytest.fixture
def asked(monkeypatch):
    """What every endpoint is asked, each request with its method and parameters."""
    requests: list[dict[str, Any]] = []
    ask = Endpoint.ask

    def recorded(self, body, number):
        requests.append(json.loads(body))
        return ask(self, body, number)

    monkeypatch.setattr(Endpoint, "ask", recorded)
    return requests


def read_at(request: dict[str, Any]) -> str:
    """The newest block that a request reads."""
    method, parameters = request["method"], request["params"]
    place: str = parameters[0]["toBlock"] if method == "eth_getLogs" else parameters[PLACES[method]]
    return place


def check_pinned(world: World, asked: list[dict[str, Any]], task: Task, trainers: int = 3) -> list[Any]:
    """Let every role decide at a block that is not the newest any more, each as if it had just been started.

    Returns what they decided.
    """
    block = world.chain.block()
    world.rpc("anvil_mine", "0x2")
    roles = (
        *(world.trainer(i, task) for i in range(trainers)),
        world.aggregator(task=task),
        world.challenger(task=task),
    )
    decided = []
    for role in roles:
        asked.clear()
        decided.append(role.decide(block))
        assert asked
        newer = [
            request for request in asked if int(read_at(request).replace("latest", "0xffffffff"), 16) > block.number
        ]
        assert not newer, newer
    return decided


@pytest.mark.parametrize("stage", STAGES)
def test_decide__when_the_chain_has_grown__reads_nothing_newer(world, asked, stage):
    world.at(stage)
    check_pinned(world, asked, world.task)


def test_decide__while_an_update_is_missing_and_demanded_and_after__reads_nothing_newer(created, asked):
    world = created
    task = world.open(world.create(max_trainers=4))
    for action in (Deposit, Enrol, Join, Submit, Mask):
        for i in range(4):
            world.steps(world.trainer(i, task), action)
    for i in range(3):
        world.steps(world.trainer(i, task), Publish)
    world.rpc("evm_increaseTime", task.config.aggregate_period // 2)
    world.rpc("evm_mine")
    assert isinstance(check_pinned(world, asked, task, 4)[-1], ChallengeUpdate)
    world.steps(world.challenger(task=task), ChallengeUpdate)
    assert isinstance(check_pinned(world, asked, task, 4)[3], OpenUpdate)
    world.advance(task.id)
    for i in range(3):
        world.steps(world.trainer(i, task), Mask)
    check_pinned(world, asked, task, 4)


def test_decide__of_an_average_whose_bytes_are_nowhere__reads_nothing_newer(averaged, asked):
    world = averaged
    _, state = world.tasks.get_task(world.task_id)
    world.store.unpin(Cid.from_digest(state.average_cid))
    check_pinned(world, asked, world.task)
