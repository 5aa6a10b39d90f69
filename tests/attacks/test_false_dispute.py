"""Wants: an honest member convicted, or two made to show what they share.

Tries: a dispute between peers that agree, one about postings that nobody made; and where it has cheated itself, an
answer with a forged shared point, or with a key that is not its own.
Stopped: what is disputed is compared with what was posted, keys with those enrolled, and a shared point comes with a
proof.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Accused, Convicted
from headwater.protocol import equal_log
from headwater.protocol.curve import Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.masks import mask_key, pair_seed, prg, shared_point
from tests.support.arena import BOND, MEMBERS, OUTSIDER, Arena, secret
from tests.support.weakened_contracts import Weakness

AGREEING = Weakness(
    "ChallengeManager",
    "if (maskOne.equals(_maskWith(other, postingOther, one))) revert MasksAgree(one, other);",
    "_maskWith(other, postingOther, one);",
)
INVENTED = Weakness("ChallengeManager", "if (actual != expected) revert PostingMismatch(trainer, expected, actual);")
ANY_POINT = Weakness(
    "ChallengeManager", "if (!EqualLog.verify(key, peerKey, shared, proof)) revert InvalidSharedPoint();"
)
ANY_KEY = Weakness("ChallengeManager", "if (actual != expected) revert MaskKeyMismatch(trainer, expected, actual);")
CHEAT, VICTIM = PAIR = (1, 2)
OTHER_SECRET = 987_654_321


def test_dispute__between_peers_that_agree(arena, attack):
    arena.at("aggregating")
    members = (arena.address(CHEAT), arena.address(VICTIM))
    postings = (arena.masking(CHEAT).posting, arena.masking(VICTIM).posting)
    call = arena.challenges.challenge_mask(arena.task_id, members, postings, BOND)
    with attack.works_on(AGREEING), arena.weakened(AGREEING):
        assert arena.send(OUTSIDER, call).event(Accused).trainer == arena.address(CHEAT)
    with attack.stopped_by("MasksAgree"):
        arena.send(OUTSIDER, call)


def test_dispute__about_a_posting_that_nobody_made(arena, attack):
    arena.at("aggregating")
    members = (arena.address(CHEAT), arena.address(VICTIM))
    own = arena.masking(VICTIM)
    invented = own.committing(arena.address(CHEAT), own.posting.update).posting
    call = arena.challenges.challenge_mask(arena.task_id, members, (arena.masking(CHEAT).posting, invented), BOND)
    with attack.works_on(INVENTED), arena.weakened(INVENTED):
        assert arena.send(OUTSIDER, call).event(Accused).trainer == arena.address(CHEAT)
    with attack.stopped_by("PostingMismatch"):
        arena.send(OUTSIDER, call)


def disputed(arena: Arena, shared: Point):
    """Aggregate: the cheat has posted the mask that follows from a point of its choice, and is disputed."""
    arena.at("masking")
    attempt, own = arena.attempt(), arena.masking(CHEAT)
    mask = prg(pair_seed(shared, attempt, arena.address(CHEAT), arena.address(VICTIM)), len(own.update))
    cheating = own.committing(arena.address(VICTIM), arena.train.commit(mask))
    postings = (cheating.posting, arena.masking(VICTIM).posting)
    for i in MEMBERS:
        arena.mask(i, cheating if i == CHEAT else None)
    return arena.challenge_mask(PAIR, postings), postings


def convicted(arena: Arena, call) -> str:
    return arena.send(CHEAT, call).event(Convicted).trainer


def answer(arena: Arena, challenge_id, postings, secret_: int, shared: Point, proof: EqualLogProof):
    """The cheat's answer, with a key and a point of its choice."""
    keys = (mask_key(secret_), mask_key(secret(VICTIM)))
    return arena.answering(challenge_id, PAIR, postings, keys, shared, proof)


def test_answer__with_a_forged_shared_point(arena, attack):
    forged = mask_key(OTHER_SECRET)
    challenge_id, postings = disputed(arena, forged)
    proof = equal_log.prove(secret(CHEAT), mask_key(secret(VICTIM)))  # true, of another point
    call = answer(arena, challenge_id, postings, secret(CHEAT), forged, proof)
    with attack.works_on(ANY_POINT), arena.weakened(ANY_POINT):
        assert convicted(arena, call) == arena.address(VICTIM)
    with attack.stopped_by("InvalidSharedPoint"):
        arena.send(CHEAT, call)


def test_answer__with_a_key_that_is_not_its_own(arena, attack):
    victims = mask_key(secret(VICTIM))
    forged, proof = shared_point(OTHER_SECRET, victims), equal_log.prove(OTHER_SECRET, victims)
    challenge_id, postings = disputed(arena, forged)
    call = answer(arena, challenge_id, postings, OTHER_SECRET, forged, proof)
    with attack.works_on(ANY_KEY), arena.weakened(ANY_KEY):
        assert convicted(arena, call) == arena.address(VICTIM)
    with attack.stopped_by("MaskKeyMismatch"):
        arena.send(CHEAT, call)


@pytest.mark.parametrize("by", (0, 1), ids=("the cheat", "the victim"))
def test_dispute__answered_truly__convicts_the_cheat_whoever_answers(arena, by):
    challenge_id, postings = disputed(arena, mask_key(OTHER_SECRET))
    assert convicted(arena, arena.mask_answer(challenge_id, PAIR, postings, by)) == arena.address(CHEAT)
