"""Wants: honest members to pay for answers that earn them nothing, or to show what they share for nothing.

Tries: as challenger and aggregator in one, to have the average accepted before the right answer is mined, and its bond
back before anybody can answer; to let a dispute run out first.
Stopped: a right answer earns the bond also when it decides nothing any more, and no bond goes back before the time to
answer is over. A shared point that decides nothing is not taken.
"""

from __future__ import annotations

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import BondReturned, Convicted, MaskOpened
from headwater.errors import ContractError
from headwater.protocol.phases import Phase
from tests.support.arena import AGGREGATOR, BOND, CREATOR, MEMBERS, OUTSIDER, SMALL, Arena, Masking
from tests.support.weakened_contracts import Weakness

UPDATES_IN_VAIN = Weakness(
    "ChallengeManager",
    "_rounds().acquit(taskId, round, attempt, trainer); // or it is too late to matter",
    "if (!_runs(challenge)) revert ChallengeClosed(challengeId); _rounds().acquit(taskId, round, attempt, trainer);",
)
MODELS_IN_VAIN = Weakness(
    "ChallengeManager",
    "_rounds().acquitModel(taskId, round, averages); // or it is too late to matter",
    "if (!_runs(challenge)) revert ChallengeClosed(challengeId); _rounds().acquitModel(taskId, round, averages);",
)
BACK_AT_ONCE = Weakness("ChallengeManager", "block.timestamp < answerBy || _runs(challenge)", "_runs(challenge)")
MOOT = "if (!_decides(challenge)) "
POINT_FOR_NOTHING = Weakness(
    "ChallengeManager",
    f"{MOOT}revert ChallengeMoot(challengeId);",
    f"""{MOOT}{{
            emit MaskOpened(
                challenge.taskId, challenge.round, challenge.attempt, challenge.accused, challenge.other, shared
            );
            return _close(challengeId, challenge, challenge.challenger);
        }}""",
    summary="`answerMask` takes a point that decides nothing",
)
MEMBER, GRIEFER = 1, OUTSIDER
CHEAT, PEER = PAIR = (2, 3)


def in_vain(arena: Arena, account: int, answer: Call) -> bool:
    """Whether a right answer is refused, since it comes too late."""
    try:
        arena.send(account, answer)
    except ContractError as error:
        return error.name == "ChallengeClosed"
    return False


def test_answer__after_the_average(arena, attack):
    masking = arena.at("aggregating").masking(MEMBER)
    answer = arena.update_answer(arena.challenge_update(MEMBER, GRIEFER), masking)
    arena.aggregate(account=AGGREGATOR)
    with attack.works_on(UPDATES_IN_VAIN), arena.weakened(UPDATES_IN_VAIN):
        assert in_vain(arena, MEMBER, answer)
    receipt = arena.send(MEMBER, answer)
    attack.answered_by(receipt.event(BondReturned))
    assert arena.claimable(MEMBER) == BOND > receipt.fee
    assert arena.state.phase is Phase.CHALLENGE


def test_answer__of_a_model_after_its_phase(arena, attack):
    arena = arena.at("created").around(arena.create([7] * SMALL.dimension))
    answer = arena.model_answer(arena.challenge_model(GRIEFER), [7] * SMALL.dimension)
    arena.pass_phase()  # the task has ended without its model
    with attack.works_on(MODELS_IN_VAIN), arena.weakened(MODELS_IN_VAIN):
        assert in_vain(arena, CREATOR, answer)
    attack.answered_by(arena.send(CREATOR, answer).event(BondReturned))
    assert arena.claimable(CREATOR) == BOND
    assert arena.state.phase is Phase.SKIPPED


def test_bond__back_before_the_time_to_answer_is_over(arena, attack):
    masking = arena.at("aggregating").masking(MEMBER)
    challenge_id = arena.challenge_update(MEMBER, GRIEFER)
    answer, reclaim = arena.update_answer(challenge_id, masking), arena.challenges.reclaim_bond(challenge_id)
    arena.aggregate(account=AGGREGATOR)
    with attack.works_on(BACK_AT_ONCE), arena.weakened(BACK_AT_ONCE):
        arena.send(GRIEFER, reclaim)
        assert arena.claimable(GRIEFER) == BOND
        assert in_vain(arena, MEMBER, answer)
    with attack.stopped_by("ChallengeOpen"):
        arena.send(GRIEFER, reclaim)
    arena.pass_time(arena.challenges.get_challenge(challenge_id).answer_by)
    assert arena.send(GRIEFER, reclaim).event(BondReturned).to == arena.address(GRIEFER)


@pytest.fixture
def disputed(arena: Arena):
    """Aggregate: a wrong mask is disputed; the challenge's id and both postings."""

    def cheating() -> Masking:
        own = arena.masking(CHEAT)
        wrong = [7] * len(own.update)
        return own.masking_with(arena.address(PEER), wrong, arena.train.commit(wrong))

    arena.at("masking")
    postings = (cheating().posting, arena.masking(PEER).posting)
    for i in MEMBERS:
        arena.mask(i, cheating() if i == CHEAT else None)
    return arena, arena.challenge_mask(PAIR, postings, GRIEFER), postings


def test_shared_point__asked_for_when_it_decides_nothing(disputed, attack):
    arena, challenge_id, postings = disputed
    answer = arena.mask_answer(challenge_id, PAIR, postings, by=1)
    arena.aggregate(account=AGGREGATOR)  # the commitments fit all the same, so an aggregator that knows all can
    with arena.forgotten():
        assert arena.send(PEER, answer).event(Convicted).trainer == arena.address(CHEAT)
    arena.pass_phase()
    assert arena.state.phase is Phase.JOIN
    with attack.works_on(POINT_FOR_NOTHING), arena.weakened(POINT_FOR_NOTHING):
        assert arena.send(PEER, answer).event(MaskOpened).one == arena.address(CHEAT)
    with attack.stopped_by("ChallengeMoot"):
        arena.send(PEER, answer)
