"""Wants: to wear honest members down, or to earn by it.

Tries: to challenge members who have published everything, to send their answers first, to take the bond back at once,
to challenge again and again, and without a bond.
Stopped: an answer earns the challenged the bond. Each costs another bond, and what was opened once is not demanded
again.
"""

from __future__ import annotations

from headwater.chain.contracts.events import BondReturned, Challenged
from tests.support.arena import BOND, OUTSIDER, PARTNER
from tests.support.weakened_contracts import Weakness

ANSWERED = "_rounds().acquit(taskId, round, attempt, trainer); // or it is too late to matter\n        "
REFUNDED = Weakness(
    "ChallengeManager",
    f"{ANSWERED}_close(challengeId, challenge, trainer);",
    f"{ANSWERED}_close(challengeId, challenge, challenge.challenger);",
    summary="a challenge costs nothing",
)
TO_THE_SENDER = Weakness(
    "ChallengeManager",
    f"{ANSWERED}_close(challengeId, challenge, trainer);",
    f"{ANSWERED}_close(challengeId, challenge, msg.sender);",
    summary="the bond is whose who sends the answer",
)
RECLAIMED = Weakness(
    "ChallengeManager",
    "if (block.timestamp < answerBy || _runs(challenge)) revert ChallengeOpen(challengeId, answerBy);",
)
AGAIN = Weakness("ChallengeManager", "_opened[taskId][round][attempt][trainer] = true;")
UNBONDED = Weakness(
    "ChallengeManager",
    "if (msg.value < required) revert InsufficientBond(required, msg.value);",
)
MEMBER, GRIEFER, COPIER = 1, OUTSIDER, PARTNER


def test_bond__of_a_challenge_that_was_answered(arena, attack):
    masking = arena.at("aggregating").masking(MEMBER)
    answer = arena.update_answer(arena.challenge_update(MEMBER, GRIEFER), masking)
    with attack.works_on(REFUNDED), arena.weakened(REFUNDED):
        arena.send(MEMBER, answer)
        assert arena.claimable(GRIEFER) == BOND
    receipt = arena.send(MEMBER, answer)
    attack.answered_by(receipt.event(BondReturned))
    assert (arena.claimable(GRIEFER), arena.claimable(MEMBER)) == (0, BOND)


def test_answer__copied_from_the_mempool(arena, attack):
    masking = arena.at("aggregating").masking(MEMBER)
    answer = arena.update_answer(arena.challenge_update(MEMBER), masking)
    with attack.works_on(TO_THE_SENDER), arena.weakened(TO_THE_SENDER):
        arena.send(COPIER, answer)
        assert arena.claimable(COPIER) == BOND
    attack.answered_by(arena.send(COPIER, answer).event(BondReturned))
    assert (arena.claimable(COPIER), arena.claimable(MEMBER)) == (0, BOND)


def test_bond__taken_back_before_the_answer(arena, attack):
    arena.at("aggregating")
    reclaim = arena.challenges.reclaim_bond(arena.challenge_update(MEMBER, GRIEFER))
    with attack.works_on(RECLAIMED), arena.weakened(RECLAIMED):
        arena.send(GRIEFER, reclaim)
        assert arena.claimable(GRIEFER) == BOND
    with attack.stopped_by("ChallengeOpen"):
        arena.send(GRIEFER, reclaim)


def test_challenge__of_what_was_opened(arena, attack):
    masking = arena.at("aggregating").masking(MEMBER)
    answer = arena.update_answer(arena.challenge_update(MEMBER, GRIEFER), masking)
    again = arena.challenges.challenge_update(arena.task_id, arena.address(MEMBER), BOND)
    with attack.works_on(AGAIN), arena.weakened(AGAIN):
        arena.send(MEMBER, answer)
        assert arena.send(GRIEFER, again).event(Challenged).accused == arena.address(MEMBER)
    arena.send(MEMBER, answer)
    with attack.stopped_by("AlreadyOpened"):
        arena.send(GRIEFER, again)


def test_challenge__without_a_bond(arena, attack):
    arena.at("aggregating")
    call = arena.challenges.challenge_update(arena.task_id, arena.address(MEMBER), 0)
    with attack.works_on(UNBONDED), arena.weakened(UNBONDED):
        assert arena.send(GRIEFER, call).event(Challenged).accused == arena.address(MEMBER)
    with attack.stopped_by("InsufficientBond"):
        arena.send(GRIEFER, call)
