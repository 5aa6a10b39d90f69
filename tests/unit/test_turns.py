"""Who advances a round, and when: by arithmetic on addresses that everybody does alike."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from headwater.roles.turns import AT_ONCE, SLOTS, WIDEST, group, order, turns_to_wait


def accounts(count: int, seed: int = 1) -> list[str]:
    found = random.Random(seed)
    return ["0x" + found.randbytes(20).hex() for _ in range(count)]


@pytest.mark.parametrize("count", (1, 2, 3, 16, 200))
def test_members__at_one_deadline__go_two_at_once__then_ever_more(count):
    members = accounts(count)
    for deadline in range(20):
        turns = Counter(turns_to_wait(me, "", members, 1, deadline) for me in members)
        assert turns[0] == min(AT_ONCE, count)
        assert max(turns) <= max(count - 1, 1).bit_length()
        assert [turns[n] for n in sorted(turns)][1:-1] == [AT_ONCE << n for n in range(len(turns) - 2)]


def test_members__have_another_order_in_each_phase():
    members = accounts(5)
    firsts = {order(members, 1, deadline)[0] for deadline in range(100)}
    assert firsts == set(members)
    assert order(members, 1, 7) == order(members[::-1], 1, 7)


def test_who_posted_the_average__goes_first():
    members = accounts(16)
    for first in (members[3], accounts(1, seed=2)[0]):
        assert turns_to_wait(first, first, members, 1, 9) == 0
        assert sum(turns_to_wait(me, first, members, 1, 9) == 0 for me in {*members, first}) == AT_ONCE


@pytest.mark.parametrize("count", (0, 3, 16, 500))
def test_others__come_after_the_members__each_at_a_turn_of_its_own(count):
    members, others = accounts(count), accounts(400, seed=3)
    turns = [turns_to_wait(me, "", members, 1, 9) for me in others]
    least = min(group(count - 1) + 1, WIDEST) if count else 0
    assert {min(turns), max(turns)} == {least, least + SLOTS - 1}
    assert max(Counter(turns).values()) < 3 * len(others) / SLOTS
