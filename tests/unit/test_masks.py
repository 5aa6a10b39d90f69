"""Masks cancel in the sum of all, and in no other; peers agree on them without talking; nothing is ever used twice."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from random import Random

import pytest
from eth_utils.crypto import keccak as their_keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol.curve import INFINITY, Point, multiply
from headwater.protocol.field import P, add
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import (
    GENERATOR,
    Attempt,
    circle,
    mask_key,
    masked,
    masks,
    nearest,
    pair_seed,
    peer_count,
    peers,
    prg,
    shared_point,
    sign,
)
from tests.support.masking import attempt_of, key_of, masks_of, member, secret_of, shared_by, shared_of, update_point
from tests.vectors import make_masks

LENGTH = 5
UPDATES = {member(m): update_point(member(m)) for m in range(40)}
ATTEMPT = Attempt(tag=11, round=3, number=1, circle=(), updates=UPDATES)
SHARED = shared_by(0, 1)

sizes = st.integers(3, 40)
seeds = st.binary(min_size=32, max_size=32)
few = settings(max_examples=40, deadline=None)


def updates_of(n: int, entropy: int) -> dict[str, list[int]]:
    random = Random(entropy)
    return {member(m): [random.randrange(P) for _ in range(LENGTH)] for m in range(n)}


def published_in(attempt: Attempt, updates: dict[str, list[int]]) -> dict[str, list[int]]:
    return {m: masked(updates[m], masks_of(attempt, m, LENGTH)) for m in attempt.circle}


def chi_square(values: list[int], bins: int) -> float:
    """In standard deviations from what uniform values give on average."""
    counts = [0] * bins
    for value in values:
        counts[value] += 1
    expected = len(values) / bins
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    return (statistic - (bins - 1)) / (2 * (bins - 1)) ** 0.5


def assert_uniform(elements: list[int]) -> None:
    """In the 8 lowest bits, in the bits above them, and in 256 equal parts of the field."""
    assert all(0 <= element < P for element in elements)
    for values in ([e % 256 for e in elements], [e >> 8 & 255 for e in elements], [256 * e // P for e in elements]):
        assert abs(chi_square(values, 256)) < 4


# the EVM's view


def test_vectors__when_made_again__are_those_committed():
    assert make_masks.vectors() == json.loads(make_masks.FILE.read_text()), "run python -m tests.vectors.make_masks"


@given(st.binary(max_size=300))
def test_keccak__is_eth_utils(data):
    assert keccak256(data) == their_keccak(data)


def test_keccak__of_nothing__is_the_evms_and_not_sha3s():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


# keys


def test_mask_key__is_the_secrets_multiple_of_the_generator():
    assert mask_key(1) == GENERATOR
    assert mask_key(P - 1) == multiply(GENERATOR, -1)
    assert mask_key(secret_of(0)) == multiply(GENERATOR, secret_of(0))


@pytest.mark.parametrize("secret", (0, -1, P, P + 1))
def test_secret__outside_the_group__is_refused_and_not_shown(secret):
    for make in (lambda: mask_key(secret), lambda: shared_point(secret, GENERATOR)):
        with pytest.raises(ValueError, match="from 1 to the group's order less 1") as refused:
            make()
        assert "-1" not in str(refused.value)
        assert str(P) not in str(refused.value)


@pytest.mark.parametrize(("one", "other"), ((0, 1), (0, 2), (1, 39)))
def test_shared_point__from_either_side__is_the_same(one, other):
    shared = shared_point(secret_of(one), key_of(other))
    assert shared == shared_point(secret_of(other), key_of(one))
    assert shared == multiply(GENERATOR, secret_of(one) * secret_of(other))


@pytest.mark.parametrize("key", (INFINITY, Point(1, 3), Point(1 + make_masks.P, 2), Point(-1, 2), Point(0, 1)))
def test_key_that_is_no_key__is_refused(key):
    with pytest.raises(ValueError, match="is no mask key"):
        shared_point(secret_of(0), key)


# seeds


def test_seed__from_either_side__is_the_same_and_as_written():
    low, high = sorted((member(0), member(1)), key=lambda m: int(m, 16))
    words = (*SHARED, 11, 3, 1, int(low, 16), int(high, 16), *UPDATES[low], *UPDATES[high])
    expected = their_keccak(b"".join(word.to_bytes(32, "big") for word in words))
    assert pair_seed(SHARED, ATTEMPT, member(0), member(1)) == expected
    assert pair_seed(SHARED, ATTEMPT, member(1), member(0)) == expected


def test_seed__over_tasks_rounds_attempts_and_pairs__never_repeats():
    pairs = list(itertools.combinations(range(8), 2))
    found = {
        pair_seed(shared_by(a, b), Attempt(tag, round_, number, (), UPDATES), member(a), member(b))
        for tag, round_, number, (a, b) in itertools.product((0, 1, P - 1), range(1, 12), range(1, 6), pairs)
    }
    assert len(found) == 3 * 11 * 5 * len(pairs)


contexts = st.tuples(
    st.integers(0, P - 1), st.integers(1, 2**32 - 1), st.integers(1, 2**16 - 1), st.sampled_from((1, 2))
)


@given(contexts, contexts)
def test_seed__in_another_context__is_another(one, other):
    def seed(context):
        tag, round_, number, peer = context
        return pair_seed(SHARED, Attempt(tag, round_, number, (), UPDATES), member(0), member(peer))

    assert (seed(one) == seed(other)) == (one == other)


def test_seed__of_other_updates__is_another():
    """A chain that forked, or started again, may see one round twice: one mask for two updates would show both."""
    seed = pair_seed(SHARED, ATTEMPT, member(0), member(1))
    for m in (member(0), member(1)):
        other = replace(ATTEMPT, updates=UPDATES | {m: GENERATOR})
        assert pair_seed(SHARED, other, member(0), member(1)) != seed
    other = replace(ATTEMPT, updates=UPDATES | {member(2): GENERATOR})
    assert pair_seed(SHARED, other, member(0), member(1)) == seed


def test_seed__of_a_copied_key__is_another_for_each_address():
    """Whoever enrols another's key as its own shares a point with that other's peers, yet no mask."""
    assert pair_seed(SHARED, ATTEMPT, member(0), member(1)) != pair_seed(SHARED, ATTEMPT, member(0), member(2))


# masks of a pair


@given(seeds, st.integers(0, 40))
def test_prg__is_two_words_in_counter_mode(seed, length):
    vector = prg(seed, length)
    assert len(vector) == length
    for e, entry in enumerate(vector):
        high, low = (int.from_bytes(their_keccak(seed + n.to_bytes(32, "big")), "big") for n in (2 * e, 2 * e + 1))
        assert entry == (high * 2**256 + low) % P


@given(seeds, st.integers(0, 20), st.integers(0, 20))
def test_prg__when_longer__begins_alike(seed, one, other):
    shorter, longer = sorted((prg(seed, one), prg(seed, other)), key=len)
    assert longer[: len(shorter)] == shorter


def test_prg__over_many_entries__is_uniform_and_never_repeats():
    vector = prg(bytes(32), 20_000)
    assert_uniform(vector)
    assert len(set(vector)) == len(vector)
    assert not set(vector) & set(prg(bytes(31) + b"\x01", 20_000))


def test_pair__has_one_mask__which_one_adds_and_the_other_subtracts():
    attempt = attempt_of(5)
    for me, peer in itertools.permutations(attempt.circle, 2):
        (mine,) = (mask for mask in masks_of(attempt, me, LENGTH) if mask.peer == peer)
        (theirs,) = (mask for mask in masks_of(attempt, peer, LENGTH) if mask.peer == me)
        assert mine.vector == theirs.vector
        assert mine.sign == -theirs.sign == sign(me, peer) == (1 if int(me, 16) < int(peer, 16) else -1)


def test_sign__is_by_number__however_the_addresses_are_written():
    assert sign("0x" + "0a" * 20, "0x" + "0B" * 20) == 1
    assert sign("0x" + "0a" * 20, "0x" + "09" * 20) == -1


# circles


@given(sizes, seeds, st.randoms(use_true_random=False))
def test_circle__is_an_order_of_the_members__whatever_order_they_came_in(n, seed, random):
    members = [member(m) for m in range(n)]
    order = circle(members, seed)
    assert sorted(order) == sorted(members)
    assert order == circle(random.sample(members, n), seed)
    places = [their_keccak(seed + bytes.fromhex(m[2:])) for m in order]
    assert places == sorted(places)


def test_circle__with_another_seed__is_another():
    assert len({circle([member(m) for m in range(40)], bytes([n]) * 32) for n in range(100)}) == 100


@pytest.mark.parametrize("n", (0, 1, 2))
def test_circle__of_under_three__is_refused(n):
    with pytest.raises(ValueError, match=f"{n} members cannot hide"):
        circle([member(m) for m in range(n)], bytes(32))


def test_circle__with_a_member_twice__is_refused():
    with pytest.raises(ValueError, match="named twice"):
        circle([member(0), member(1), "0x" + member(0)[2:].upper()], bytes(32))


@pytest.mark.parametrize("n", range(3, 41))
def test_peers__are_mutual_regular_and_connected(n):
    order = attempt_of(n).circle
    found = {m: peers(order, m) for m in order}
    for m, of_m in found.items():
        assert len(of_m) == len(set(of_m)) == peer_count(n) == (n - 1 if n <= 16 else 16)
        assert m not in of_m
        assert all(m in found[peer] for peer in of_m)
    reached, new = {order[0]}, {order[0]}
    while new:
        new = {peer for m in new for peer in found[m]} - reached
        reached |= new
    assert reached == set(order)


@pytest.mark.parametrize("n", (3, 16, 17, 18, 40))
def test_nearest__are_counted_clockwise(n):
    order = attempt_of(n).circle
    for at, m in enumerate(order):
        clockwise = [order[(at + step) % n] for step in range(1, n)]
        assert list(nearest(order, m)) == (clockwise if n <= 17 else clockwise[:8] + clockwise[-8:])


@pytest.mark.parametrize("n", (3, 17, 18, 40))
def test_peers__are_the_nearest__addresses_ascending(n):
    order = attempt_of(n).circle
    for m in order:
        assert sorted(nearest(order, m)) == list(peers(order, m))
    shouted = ["0x" + m[2:].upper() if at % 2 else m for at, m in enumerate(order)]
    assert [m.lower() for m in peers(shouted, shouted[0])] == list(peers(order, order[0])), "by number, not by letters"


def test_peers__of_a_stranger__are_refused():
    with pytest.raises(ValueError, match="not in"):
        peers(attempt_of(3).circle, member(9))


# masks of an attempt


def test_masks__come_in_the_order_of_the_peers():
    attempt = attempt_of(20)
    for m in attempt.circle:
        assert tuple(mask.peer for mask in masks_of(attempt, m, 0)) == peers(attempt.circle, m)


def test_masks__without_a_peers_shared_point__are_refused():
    attempt = attempt_of(4)
    shared = shared_of(attempt, member(0))
    del shared[member(2)]
    with pytest.raises(KeyError):
        masks(attempt, member(0), shared, LENGTH)


@few
@given(sizes, st.integers(0, 2**32))
def test_masks__over_all_members__cancel(n, entropy):
    updates = updates_of(n, entropy)
    published = published_in(attempt_of(n, round_=entropy), updates)
    assert add(list(published.values())) == add(list(updates.values()))


@pytest.mark.parametrize("n", range(3, 41))
def test_masks__of_every_size__cancel_and_hide_each_entry_of_each_member(n):
    updates = updates_of(n, n)
    published = published_in(attempt_of(n), updates)
    assert add(list(published.values())) == add(list(updates.values()))
    for m, update in updates.items():
        assert not set(published[m]) & set(update)


@few
@given(sizes, st.data())
def test_sum__of_only_some_members__is_not_that_of_their_updates(n, data):
    attempt, updates = attempt_of(n), updates_of(n, n)
    some = data.draw(st.lists(st.sampled_from(attempt.circle), min_size=1, max_size=n - 1, unique=True))
    published = published_in(attempt, updates)
    found, hidden = add([published[m] for m in some]), add([updates[m] for m in some])
    assert all(a != b for a, b in zip(found, hidden, strict=True))


@few
@given(sizes, st.data())
def test_attempt__without_those_who_vanished__cancels_again_with_other_masks(n, data):
    """A second attempt is among fewer members; nothing of the first is left in it."""
    first = attempt_of(n)
    left = data.draw(st.lists(st.sampled_from(first.circle), min_size=3, unique=True))
    second = Attempt(first.tag, first.round, 2, circle(left, bytes(32)), first.updates)
    updates = updates_of(n, n)
    before, after = published_in(first, updates), published_in(second, updates)
    assert add([after[m] for m in left]) == add([updates[m] for m in left])
    assert all(before[m] != after[m] for m in left)


def test_masked_update__over_many_rounds__is_uniform_in_every_member():
    """The same small update each time: what is published has nothing of it."""
    rounds, n, length = 400, 3, 50
    update = [entry % P for entry in range(-25, 25)]
    for me in attempt_of(n).circle:
        found: list[int] = []
        for round_ in range(rounds):
            attempt = attempt_of(n, round_=round_)
            found += masked(update, masks_of(attempt, me, length))
        assert_uniform(found)
        assert len(set(found)) == rounds * length


def test_masked__with_too_few_masks_or_another_length__is_refused():
    found = masks_of(attempt_of(3), member(0), LENGTH)
    with pytest.raises(ValueError, match="1 masks do not hide an update"):
        masked([0] * LENGTH, found[:1])
    with pytest.raises(ValueError, match="shorter"):
        masked([0] * (LENGTH + 1), found)
