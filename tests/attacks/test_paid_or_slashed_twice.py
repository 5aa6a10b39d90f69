"""Wants: to be paid twice for one round or one bond, or to have somebody slashed twice for one fault.

Tries: to collect a round again, to reclaim a bond that was paid to who answered, to settle a trainer again.
Stopped: what was collected, closed or settled says so.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import BondReturned, RewardCollected, TrainerSlashed
from tests.support.arena import ABSENCE, AGGREGATOR, OUTSIDER, STAKE
from tests.support.weakened_contracts import Weakness

REWARD_AGAIN = Weakness("RewardManager", "_collected[taskId][msg.sender].set(round);")
BOND_AGAIN = Weakness("ChallengeManager", "challenge.closed = true;")
SLASH_AGAIN = Weakness("TrainerRegistry", "enrolment.round = 0;")
MEMBER, ABSENT = 1, 4


@pytest.mark.parametrize("account", (MEMBER, AGGREGATOR), ids=("a share", "the fee"))
def test_reward__collected_again(arena, attack, account):
    collect = arena.at("finalized").rewards.collect(arena.task_id, [1])
    reward = arena.rewards.reward_of(arena.task_id, 1, arena.address(account))
    with attack.works_on(REWARD_AGAIN), arena.weakened(REWARD_AGAIN):
        for _ in range(2):
            arena.send(account, collect)
        assert arena.claimable(account) == 2 * reward
    assert arena.send(account, collect).event(RewardCollected).amount == reward
    with attack.stopped_by("NothingToCollect"):
        arena.send(account, collect)


def test_bond__reclaimed_after_it_was_paid(arena, attack):
    masking = arena.at("aggregating").masking(MEMBER)
    challenge_id = arena.challenge_update(MEMBER)
    arena.challenge_update(MEMBER + 1)  # whose bond is taken
    answer, reclaim = arena.update_answer(challenge_id, masking), arena.challenges.reclaim_bond(challenge_id)
    with attack.works_on(BOND_AGAIN), arena.weakened(BOND_AGAIN):
        arena.send(MEMBER, answer)
        arena.pass_phase()
        assert arena.send(OUTSIDER, reclaim).event(BondReturned).to == arena.address(OUTSIDER)
    arena.send(MEMBER, answer)
    arena.pass_phase()
    with attack.stopped_by("ChallengeClosed"):
        arena.send(OUTSIDER, reclaim)


def test_absence__settled_again(arena, attack):
    arena.at("training")
    for i in (1, 2, 3):
        arena.submit(i)
    for _ in range(2):
        arena.pass_phase()  # without the absent; and nobody masks
    settle = arena.trainers.settle(arena.task_id, arena.address(ABSENT))
    once = STAKE * ABSENCE // 10_000
    with attack.works_on(SLASH_AGAIN), arena.weakened(SLASH_AGAIN):
        for _ in range(2):
            arena.send(OUTSIDER, settle)
        assert arena.enrolment(ABSENT).stake == STAKE - 2 * once
    assert arena.send(OUTSIDER, settle).event(TrainerSlashed).slashed == once
    with attack.stopped_by("NothingToSettle"):
        arena.send(OUTSIDER, settle)
