"""What a role decides follows from one block, whatever the chain has grown by, or lost, meanwhile."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from eth_utils.crypto import keccak

from headwater.chain.asking.endpoints import Endpoint
from headwater.chain.contracts.codec import encode_call
from headwater.errors import ChainError
from headwater.protocol.decisions import (
    ChallengeUpdate,
    Deposit,
    Enrol,
    Join,
    Mask,
    OpenUpdate,
    ProveWrongPeer,
    Publish,
    Submit,
)
from headwater.protocol.faults import WrongPeer
from headwater.roles import masking
from headwater.roles.task import Task
from headwater.storage.cid import Cid
from tests.support.roles import STAGES, World

START_OF = keccak(text="startOf(uint256)")[:4].hex()
PLACES = {"eth_call": 1, "eth_getBalance": 1, "eth_getCode": 1, "eth_getBlockByNumber": 0}
"""By method, which of its parameters says at which block it reads."""


@pytest.fixture
def asked(monkeypatch):
    """What every endpoint is asked, each request with its method and parameters."""
    requests: list[dict[str, Any]] = []
    ask = Endpoint.ask

    def recorded(self, body, number, most):
        requests.append(json.loads(body))
        return ask(self, body, number, most)

    monkeypatch.setattr(Endpoint, "ask", recorded)
    return requests


def read_at(request: dict[str, Any]) -> str:
    """The newest block that a request reads."""
    method, parameters = request["method"], request["params"]
    place: str = parameters[0]["toBlock"] if method == "eth_getLogs" else parameters[PLACES[method]]
    return place


def is_newer(request: dict[str, Any], block: int) -> bool:
    """Whether a request reads what may have changed after a block: where a task starts never does."""
    return int(read_at(request).replace("latest", "0xffffffff"), 16) > block and START_OF not in json.dumps(request)


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
        newer = [request for request in asked if is_newer(request, block.number)]
        assert not newer, newer
    return decided


@pytest.fixture
def forgetful(monkeypatch):
    """Endpoints know no event any more, as while they drop blocks; state they know."""
    ask = Endpoint.ask

    def forgotten(self, body, number, most):
        logs = json.loads(body)["method"] == "eth_getLogs"
        return {"jsonrpc": "2.0", "id": number, "result": []} if logs else ask(self, body, number, most)

    return lambda: monkeypatch.setattr(Endpoint, "ask", forgotten)


@pytest.mark.parametrize("stage", STAGES)
def test_decide__when_the_node_knows_the_state_without_its_events__tries_again_later(world, forgetful, stage):
    """No other error than those that a job outlives: else one block dropped at the wrong moment would end a node."""
    world.at(stage)
    roles = [*(world.trainer(i) for i in range(3)), world.aggregator(), world.challenger()]
    forgetful()
    for role in roles:
        with suppress(ChainError):
            role.decide(world.chain.block())


def test_work__when_the_node_knows_the_state_without_its_events__is_tried_again_later(aggregating, forgetful):
    world = aggregating
    challenge = world.contracts.challenges.challenge_update(
        world.task_id, world.senders[1].address, world.task.config.challenge_bond
    )
    world.senders[-1].send(challenge)
    trainer, aggregator, challenger = world.trainer(0), world.aggregator(), world.challenger()
    liar = world.senders[1].address
    forgetful()
    for work in (
        lambda: trainer.open_update(1),
        lambda: trainer.mask(1, 1),
        lambda: aggregator.fetch(1),
        lambda: challenger.act(ProveWrongPeer(WrongPeer(liar, liar, ()))),
        lambda: masking.mask_keys(world.task, [liar]),
    ):
        with pytest.raises(ChainError, match=r"the node (does not know|knows)"):
            work()


def test_mask__when_the_submission_is_dropped_meanwhile__is_tried_again_later(masking, monkeypatch):
    """The trainer knows its attempt, and then the node knows no submission: not a word about its file and key."""
    ask, selector = Endpoint.ask, encode_call("RoundManager", "getRosterEntry", (1, 1, masking.senders[1].address))[:4]

    def dropped(self, body, number, most):
        answer = ask(self, body, number, most)
        asked = selector.hex() in str(json.loads(body)["params"])[:300]
        return {**answer, "result": "0x" + "00" * (len(answer["result"]) // 2 - 1)} if asked else answer

    trainer = masking.trainer(0)
    assert isinstance(trainer.decide(masking.chain.block()), Mask)
    monkeypatch.setattr(Endpoint, "ask", dropped)
    with pytest.raises(ChainError, match="does not know what was submitted in round 1"):
        trainer.mask(1, 1)


@pytest.mark.parametrize("stage", STAGES)
def test_decide__when_the_chain_has_grown__reads_nothing_newer(world, asked, stage):
    world.at(stage)
    check_pinned(world, asked, world.task)


def test_decide__when_older_blocks_are_settled__reads_nothing_newer(world, asked):
    world.at("created").rpc("anvil_mine", hex(100))
    world.chain.block()
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
    state = world.rounds.get_state(world.task_id)
    world.store.unpin(Cid.from_digest(state.average_cid))
    check_pinned(world, asked, world.task)
