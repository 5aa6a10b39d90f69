"""Whoever spoils the sum is named, and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.protocol.curve import Point, multiply, negate
from headwater.protocol.faults import Faults, Posted, expected_commitment, find_faults, wrong_peer
from headwater.protocol.field import P, add
from headwater.protocol.masks import GENERATOR, Mask, masked, peers
from headwater.protocol.vectors import Basis, sum_of_commitments
from tests.support.masking import Played, ToyBasis, an_update, attempt_of, masks_of, member, play

LENGTH = 4
BASIS = ToyBasis.of(LENGTH)
NOTHING = Faults((), ())

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.data_too_large])


def honest(n: int, entropy: int = 0) -> Played:
    random = Random(entropy)
    updates = {member(m): an_update(random, [random.randrange(-9, 9) for _ in range(LENGTH - 2)]) for m in range(n)}
    return play(attempt_of(n), BASIS, updates)


def faults(played: Played, **changed: Posted) -> Faults:
    return find_faults(played.attempt.circle, {**played.posted, **changed}, BASIS.offset)


def with_mask(posted: Posted, at: int, point: Point) -> Posted:
    return replace(posted, masks={**posted.masks, list(posted.masks)[at]: point})


def naming(posted: Posted, peer: str, wrong: str) -> Posted:
    """The same masks, one of them said to be with somebody else."""
    return replace(posted, masks={wrong if name == peer else name: mask for name, mask in posted.masks.items()})


def test_toy_basis__commits_as_a_basis_does():
    basis = Basis(BASIS.offset, tuple(multiply(GENERATOR, log) for log in BASIS.logs))
    for vector in ([0, 0, 0, 0], [3, P - 4, 0, P // 3]):
        assert basis.commit(vector) == BASIS.commit(vector)


@few
@given(st.integers(3, 20), st.integers(0, 2**32))
def test_honest_attempt__adds_up_and_nobody_is_named(n, entropy):
    played = honest(n, entropy)
    assert not faults(played)
    assert BASIS.commit(played.total) == sum_of_commitments([p.update for p in played.posted.values()], BASIS.offset)


@few
@given(st.integers(3, 20), st.data())
def test_commitment__of_what_a_member_publishes__follows_from_what_it_posted(n, data):
    attempt = attempt_of(n)
    me = data.draw(st.sampled_from(attempt.circle))
    update = an_update(Random(n), [1, -2])
    found = masks_of(attempt, me, LENGTH)
    signed = [(mask.sign, BASIS.commit(mask.vector)) for mask in found]
    assert expected_commitment(BASIS.commit(update), signed, BASIS.offset) == BASIS.commit(masked(update, found))


@pytest.mark.parametrize("n", (3, 17))
def test_member__that_publishes_another_vector__is_named_alone(n):
    played = honest(n)
    for cheat in played.attempt.circle[:3]:
        wrong = BASIS.commit([(entry + 1) % P for entry in played.published[cheat]])
        assert faults(played, **{cheat: replace(played.posted[cheat], published=wrong)}) == Faults((), (cheat,))


@pytest.mark.parametrize("wrong", (negate, lambda _: BASIS.commit([1, 2, 3, 4])), ids=("negated", "another"))
def test_member__that_posts_a_wrong_mask__is_named_with_its_peer__and_alone_by_its_vector(wrong):
    played = honest(5)
    order = played.attempt.circle
    cheat, victim = order[1], order[3]
    at = peers(order, cheat).index(victim)
    forged = with_mask(played.posted[cheat], at, wrong(played.posted[cheat].masks[victim]))

    assert faults(played, **{cheat: forged}) == Faults(((cheat, victim),), (cheat,))


def test_member__that_really_uses_the_wrong_mask__is_named_with_its_peer_only():
    """Its own books are right then: which of the two it was, their shared point has to tell."""
    played = honest(4)
    cheat = played.attempt.circle[0]
    found = masks_of(played.attempt, cheat, LENGTH)
    used = [Mask(found[0].peer, found[0].sign, [9, 9, 9, 9]), *found[1:]]
    update = [0, 0, 0, 5]
    forged = Posted(
        update=BASIS.commit(update),
        masks={mask.peer: BASIS.commit(mask.vector) for mask in used},
        published=BASIS.commit(masked(update, used)),
    )

    assert faults(played, **{cheat: forged}) == Faults(((cheat, found[0].peer),), ())


def test_member__that_copies_its_peers_commitments_instead_of_masking__is_named_by_its_vector():
    played = honest(3)
    cheat = played.attempt.circle[2]
    update = [7, 7, 0, 7]
    forged = replace(played.posted[cheat], update=BASIS.commit(update), published=BASIS.commit(update))

    assert faults(played, **{cheat: forged}) == Faults((), (cheat,))


def test_two__that_agree_on_any_vector_as_their_mask__are_right():
    """It cancels: what a pair shares is its own business."""
    played = honest(3)
    one, other = played.attempt.circle[:2]
    changed = {}
    for me, peer in ((one, other), (other, one)):
        used = [
            Mask(mask.peer, mask.sign, [4, 3, 2, 1] if mask.peer == peer else mask.vector)
            for mask in masks_of(played.attempt, me, LENGTH)
        ]
        changed[me] = Posted(
            BASIS.commit([1, 1, 0, 1]),
            {mask.peer: BASIS.commit(mask.vector) for mask in used},
            BASIS.commit(masked([1, 1, 0, 1], used)),
        )

    assert faults(played, **changed) == NOTHING


def test_those_who_have_not_posted_or_published_yet__are_not_judged():
    played = honest(4)
    late, silent, *_ = played.attempt.circle
    posted = {m: p for m, p in played.posted.items() if m != late}
    posted[silent] = replace(posted[silent], published=None)

    assert find_faults(played.attempt.circle, posted, BASIS.offset) == NOTHING
    assert find_faults(played.attempt.circle, {}, BASIS.offset) == NOTHING


@pytest.mark.parametrize("n", (18, 24, 40))
def test_member__that_names_a_wrong_peer__is_shown_to_have__by_those_who_are_nearer(n):
    order = attempt_of(n).circle
    for cheat in order[:3]:
        right = peers(order, cheat)
        strangers = [m for m in order if m != cheat and m not in right]
        assert wrong_peer(order, cheat, right) is None
        for wrong in strangers[:2]:
            found = wrong_peer(order, cheat, [*right[1:], wrong])
            assert (found.member, found.wrong) == (cheat, wrong)
            clockwise = [*order[order.index(cheat) :], *order[: order.index(cheat)]]
            places = [clockwise.index(m) for m in (*found.between[:8], wrong, *found.between[8:])]
            assert places == sorted(places)
            assert places[0] > 0
            assert len(found.between) == 16


def test_member__that_names_a_wrong_peer__is_named_alone():
    played = honest(20)
    order = played.attempt.circle
    cheat, wrong = order[0], order[10]
    forged = naming(played.posted[cheat], order[1], wrong)

    found = faults(played, **{cheat: forged})

    assert [(fault.member, fault.wrong) for fault in found.misdirected] == [(cheat, wrong)]
    assert found.disagreeing == ()
    assert set(found.mismatched) <= {cheat}


@pytest.mark.parametrize("n", (3, 17))
def test_member__of_few__cannot_name_a_wrong_peer(n):
    order = attempt_of(n).circle
    assert all(wrong_peer(order, m, [peer for peer in order if peer != m]) is None for m in order)


kinds = st.sampled_from(("vector", "mask", "used"))


@few
@given(st.integers(3, 20), st.data())
def test_sum__that_is_wrong__always_names_somebody_and_never_two_honest(n, data):
    """Any cheats, in any way: where nobody is named the sum is right, and whoever is named is or deals with a cheat."""
    played = honest(n)
    order = played.attempt.circle
    cheats = data.draw(st.dictionaries(st.sampled_from(order), kinds, max_size=3))
    posted, published = dict(played.posted), dict(played.published)
    for cheat, kind in cheats.items():
        at = data.draw(st.integers(0, len(posted[cheat].masks) - 1))
        noise = [data.draw(st.integers(1, P - 1)) for _ in range(LENGTH)]
        if kind in ("mask", "used"):
            mask = masks_of(played.attempt, cheat, LENGTH)[at]
            posted[cheat] = with_mask(posted[cheat], at, BASIS.commit(add([mask.vector, noise])))
        if kind in ("vector", "used"):
            signed = (
                noise if kind == "vector" else [masks_of(played.attempt, cheat, LENGTH)[at].sign * e for e in noise]
            )
            published[cheat] = add([published[cheat], signed])
            posted[cheat] = replace(posted[cheat], published=BASIS.commit(published[cheat]))

    found = find_faults(order, posted, BASIS.offset)

    total = BASIS.commit(add(list(published.values())))
    right = total == sum_of_commitments([p.update for p in posted.values()], BASIS.offset)
    assert right or found
    assert set(found.mismatched) <= set(cheats)
    assert all(set(pair) & set(cheats) for pair in found.disagreeing)
