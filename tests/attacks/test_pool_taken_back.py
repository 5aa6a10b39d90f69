"""Wants: the work of trainers and to keep the reward.

Tries: as the creator, to take the pool back while the task runs, and what finalized rounds owe after it has ended.
Stopped: the rest of the pool is the creator's only after the task's end, and what rounds owe is no part of it.
"""

from __future__ import annotations

from headwater.chain.contracts.events import PoolReclaimed
from headwater.protocol.phases import Phase
from tests.support.arena import CREATOR, MEMBERS, POOL, Arena
from tests.support.weakened_contracts import Weakness

WHILE_IT_RUNS = Weakness(
    "RewardManager", "if (phase < IRoundManager.Phase.Finalized) revert TaskRunning(taskId, round);"
)
OWED_TOO = Weakness("RewardManager", "amount = pool.amount - pool.spent;", "amount = pool.amount;")


def taken(arena: Arena) -> int:
    return arena.send(CREATOR, arena.rewards.reclaim(arena.task_id)).event(PoolReclaimed).amount


def test_pool__taken_back_while_the_task_runs(arena, attack):
    arena.at("challenging")
    with attack.works_on(WHILE_IT_RUNS), arena.weakened(WHILE_IT_RUNS):
        assert taken(arena) == POOL
    with attack.stopped_by("TaskRunning"):
        taken(arena)


def test_pool__taken_back_with_what_is_owed(arena, attack):
    arena.at("finalized")
    arena.pass_phase()
    assert arena.state.phase is Phase.SKIPPED
    owed = sum(arena.rewards.reward_of(arena.task_id, 1, arena.address(i)) for i in MEMBERS)
    with attack.works_on(OWED_TOO), arena.weakened(OWED_TOO):
        assert taken(arena) == POOL
    receipt = arena.send(CREATOR, arena.rewards.reclaim(arena.task_id))
    assert receipt.event(PoolReclaimed).amount <= POOL - owed
    attack.answered_by(receipt.event(PoolReclaimed))
    for i in MEMBERS:
        arena.send(i, arena.rewards.collect(arena.task_id, [1]))
