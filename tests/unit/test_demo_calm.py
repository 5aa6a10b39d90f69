"""When the demo may move its chain's clock: never while somebody has something to do, and soon when nobody has."""

from __future__ import annotations

import random

import pytest

from headwater.cli.demo.calm import Calm


@pytest.fixture
def calm():
    """Two nodes have looked at block 5, which somebody's transaction made."""
    calm = Calm()
    calm.saw(5)
    assert calm.holds((5, 5))
    return calm


def test_calm__while_a_node_has_not_looked_at_the_newest_block__does_not_hold(calm):
    assert not calm.holds((5, 4))
    assert not calm.holds((5, None))


def test_calm__that_all_are_idle__is_asked_for_twice(calm):
    assert calm.ask_again()
    calm.saw(6)
    assert not calm.holds((5, 5))
    assert calm.holds((6, 6))
    assert not calm.ask_again()


@pytest.mark.parametrize("stage", ("waiting", "failed", "idle"))
def test_calm__when_a_node_says_that_it_did_nothing__is_not_disturbed(calm, stage):
    assert calm.ask_again()
    calm.said(stage)
    calm.saw(6)
    assert not calm.ask_again()


def test_calm__when_a_node_did_something_that_makes_no_block__is_asked_for_again(calm):
    assert calm.ask_again()
    calm.said("published")  # after the other had looked at the store in vain
    calm.saw(6)
    assert calm.holds((6, 6))
    assert calm.ask_again()


def test_calm__when_a_transaction_came_between__is_asked_for_again(calm):
    assert calm.ask_again()
    calm.saw(6)
    calm.saw(7)
    assert calm.holds((7, 7))
    assert calm.ask_again()


def test_calm__after_the_clock_was_moved__is_asked_for_twice_again(calm):
    assert calm.ask_again()
    calm.saw(6)
    assert not calm.ask_again()
    calm.saw(7)
    assert calm.ask_again()


def test_calm__in_random_histories__never_moves_the_clock_while_work_is_left():
    """The second node looks for what the first publishes: in any order of their looks, nothing is passed over."""
    for seed in range(300):
        rng, calm, block = random.Random(seed), Calm(), 1
        published, fetched = False, False
        idle_in: list[int | None] = [None, None]
        calm.saw(block)
        for _ in range(200):
            node = rng.randrange(3)
            if node == 0 and idle_in[0] != block:
                if not published:
                    published = True
                    calm.said("published")
                else:
                    idle_in[0] = block
            elif node == 1 and idle_in[1] != block:
                if published and not fetched:
                    fetched, block = True, block + 1
                    calm.said("aggregated")
                else:
                    calm.said("failed")
                    idle_in[1] = block
            elif node == 2:
                calm.saw(block)
                if calm.holds(idle_in):
                    if calm.ask_again():
                        block += 1
                    else:
                        break
        else:
            pytest.fail("the clock was never moved")
        assert published, seed
        assert fetched, seed
