"""Wants: to make the sum unreadable, and the blame fall on nobody.

Tries: a mask that is not the one it shares with a peer, with its own books right: vector and commitments fit each
other.
Stopped: the two posted different commitments, so either can be made to show their shared point, from which the mask
follows. Who posted another is left out and slashed.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Acquitted, Convicted, TrainerSlashed
from headwater.protocol.phases import Phase
from tests.support.arena import MEMBERS, STAKE, Arena, Masking
from tests.support.weakened_contracts import Weakness

BLIND = Weakness("ChallengeManager", "if (right) _rounds()", "if (true) _rounds()")
CHEAT, PEER = PAIR = (1, 2)


def cheating(arena: Arena) -> Masking:
    """What the cheat does with a mask that it does not share with its peer."""
    own = arena.masking(CHEAT)
    mask = [7] * len(own.update)
    return own.masking_with(arena.address(PEER), mask, arena.train.commit(mask))


@pytest.fixture
def cheated(arena: Arena) -> Arena:
    """Aggregate: all have committed to masks, one of them to a wrong one."""
    arena.at("masking")
    for i in MEMBERS:
        arena.mask(i, cheating(arena) if i == CHEAT else None)
    return arena


def test_mask__that_is_not_the_pairs__convicts_who_posted_it(cheated, attack):
    arena, postings = cheated, (cheating(cheated).posting, cheated.masking(PEER).posting)
    with attack.works_on(BLIND), arena.weakened(BLIND):
        challenge_id = arena.challenge_mask(PAIR, postings)
        arena.send(PEER, arena.mask_answer(challenge_id, PAIR, postings, by=1))
        arena.pass_phase()
        assert arena.rounds.get_round(arena.task_id, 1).phase is Phase.FAILED
        arena.settle(CHEAT)
        assert arena.enrolment(CHEAT).stake == STAKE
    challenge_id = arena.challenge_mask(PAIR, postings)
    answered = arena.send(PEER, arena.mask_answer(challenge_id, PAIR, postings, by=1))
    assert answered.event(Convicted).trainer == arena.address(CHEAT)
    arena.pass_phase()
    others = [i for i in MEMBERS if i != CHEAT]
    for i in others:
        arena.mask(i)
    arena.aggregate(others)
    arena.pass_phase()
    attack.answered_by(arena.settle(CHEAT).event(TrainerSlashed))


def test_vector__under_a_wrong_mask__opens_as_its_own_books_say__so_that_only_the_pair_tells(cheated):
    masking, challenge_id = cheating(cheated), cheated.challenge_update(CHEAT)
    answered = cheated.send(CHEAT, cheated.update_answer(challenge_id, masking))
    assert answered.event(Acquitted).trainer == cheated.address(CHEAT)
