"""Wants: to subtract the masks away.

Tries: two vectors under the same mask, whose difference shows that of the updates: of two rounds, of two updates in
one attempt, or two entries of one vector.
Stopped: a mask's seed holds task, round, attempt and both updates' commitments, and every entry is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from headwater.protocol import masks
from headwater.protocol.field import P, to_signed
from headwater.protocol.masks import Attempt
from tests.support.masking import Played, ToyBasis, an_update, attempt_of, member, play

WEIGHTS = ([90, -31, 7, 1200], [85, -29, 9, 1150])
BASIS = ToyBasis.of(len(WEIGHTS[0]) + 2)
VICTIM = member(0)


def played(weights: list[int], attempt: Attempt) -> Played:
    """An attempt in which the victim has these weights, and the other two what they have."""
    random = Random(attempt.round)
    updates = {m: an_update(random, [random.randrange(-99, 99) for _ in weights]) for m in attempt.circle}
    return play(attempt, BASIS, updates | {VICTIM: an_update(random, weights)})


def seed_without_the_round(shared, attempt, one, other):
    """The seed of a mask without round and attempt, and without the updates."""
    return _SEED(
        shared, replace(attempt, round=0, number=0, updates=dict.fromkeys(attempt.updates, BASIS.offset)), one, other
    )


def seed_without_the_updates(shared, attempt, one, other):
    """The seed of a mask without the updates that it hides."""
    return _SEED(shared, replace(attempt, updates=dict.fromkeys(attempt.updates, BASIS.offset)), one, other)


def one_draw(seed, length):
    """A mask whose entries are all the same."""
    return _PRG(seed, 1) * length


_SEED, _PRG = masks.pair_seed, masks.prg


def between_rounds() -> list[int]:
    """The victim's vectors of two rounds, subtracted."""
    first, second = (played(w, attempt_of(3, round_=n)).published[VICTIM] for n, w in enumerate(WEIGHTS, start=1))
    return difference(second, first)


def between_updates() -> list[int]:
    """Its vectors of one attempt with two updates, as on a chain that was reorganized, subtracted."""
    first, second = (played(weights, attempt_of(3)).published[VICTIM] for weights in WEIGHTS)
    return difference(second, first)


def between_entries() -> list[int]:
    """Its vector of one attempt, each entry less the first."""
    found = played(WEIGHTS[0], attempt_of(3)).published[VICTIM]
    return difference(found, [found[0]] * len(found))


def difference(a: list[int], b: list[int]) -> list[int]:
    """a - b, of the weights only, as signed integers."""
    return [to_signed((x - y) % P) for x, y in zip(a, b, strict=True)][: len(WEIGHTS[0])]


CHANGE = [b - a for a, b in zip(*WEIGHTS, strict=True)]
SPREAD = [weight - WEIGHTS[0][0] for weight in WEIGHTS[0]]
USES: dict[str, tuple[str, Callable, Callable, list[int]]] = {
    "in two rounds": ("pair_seed", seed_without_the_round, between_rounds, CHANGE),
    "for two updates": ("pair_seed", seed_without_the_updates, between_updates, CHANGE),
    "for all entries": ("prg", one_draw, between_entries, SPREAD),
}


@pytest.mark.parametrize(("function", "weakened", "read", "secret"), USES.values(), ids=USES)
def test_mask__used_twice__shows_the_updates_difference__and_is_never_used_twice(
    monkeypatch, attack, function, weakened, read, secret
):
    with attack.works_on(weakened), monkeypatch.context() as weak:
        weak.setattr(masks, function, weakened)
        assert read() == secret
    found = read()
    hidden = sum(entry.bit_length() > 200 for entry in found)
    assert hidden >= len(secret) - 1, "less the entry that is subtracted from itself"
    assert found != secret
    attack.gains(
        f"the difference is of {max(entry.bit_length() for entry in found)} bits, as masks are: it tells nothing"
    )
