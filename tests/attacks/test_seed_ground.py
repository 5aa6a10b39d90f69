"""Wants: a circle on which its accomplices stand around a victim, whose update they can then compute.

Tries: as a contract, to submit the round's last update only in a block after which it likes the seed.
Stopped: the seed follows from the hash of the very block in which the set of members is fixed, which no transaction in
it knows.
"""

from __future__ import annotations

import pytest

from headwater.protocol import possession
from headwater.protocol.masks import mask_key
from headwater.protocol.phases import Phase
from tests.support.agents import Agent
from tests.support.arena import STAKE, Arena
from tests.support.weakened_contracts import Weakness

FIXED = "state.convicted = 0;\n        state.seedBlock = uint64(block.number"
BLOCK_BEFORE = Weakness("RoundManager", f"{FIXED});", f"{FIXED} - 1);", summary="the seed is of the block before")
BITS, ROUNDS = 1, 32
AGENTS = 4  # whose data and proof the contract has


@pytest.fixture
def grinding(arena: Arena) -> tuple[Arena, Agent]:
    """Train: all but the last of four have submitted, and that one is a contract."""
    arena.at("created")
    agent, secret = Agent(arena), 4242
    for i in (1, 2, 3):
        arena.enrol(i, arena.data(i)[1])
        arena.send(i, arena.rounds.join(arena.task_id))
    agent.send(arena.stakes.deposit(STAKE))
    shown = possession.prove(secret, arena.tag, agent.address)
    agent.send(arena.trainers.enrol(arena.task_id, [arena.data(AGENTS)[1]], mask_key(secret), shown))
    agent.send(arena.rounds.join(arena.task_id))
    for i in (1, 2, 3):
        arena.submit(i)
    return arena, agent


def liked(arena: Arena, bits: int) -> bool:
    """Whether the seed that is drawn starts with so many zeros."""
    arena.rpc("evm_mine")
    assert arena.state.phase is Phase.MASK
    return int.from_bytes(arena.seed, "big") >> (256 - bits) == 0


def submit_when_it_likes(arena: Arena, agent: Agent, bits: int) -> None:
    submit = arena.contracts.proofs.submit(arena.task_id, [arena.proof(AGENTS).data])
    call = agent.call(submit, "callIf", arena.task_id, bits)
    while not agent.tries(call):
        assert arena.state.phase is Phase.TRAIN


def test_seed__of_a_block_that_a_contract_likes(grinding, attack):
    arena, agent = grinding
    with attack.works_on(BLOCK_BEFORE), arena.weakened(BLOCK_BEFORE):
        submit_when_it_likes(arena, agent, bits=5)
        assert liked(arena, bits=5)
    hits = 0
    for wait in range(ROUNDS):
        with arena.forgotten():
            arena.rpc("anvil_mine", hex(wait + 1))  # else it is the same chain again
            submit_when_it_likes(arena, agent, BITS)
            hits += liked(arena, BITS)
    assert abs(hits - ROUNDS / 2) < 5 * (ROUNDS / 4) ** 0.5
    attack.gains(f"{hits} of {ROUNDS} seeds begin as it likes, as every second one does")
