"""What a choice among seeds is worth: counted as said, and said in the threat model."""

import math
from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

from headwater.protocol.masks import NEAREST, circle
from scripts.seed_odds import LEAST, among, chance, needed, table

ROOT = Path(__file__).resolve().parents[2]


def smallest(order: Sequence[str | int], colluding: Collection[str | int], nearest: int) -> int:
    """How many honest members the smallest group has that share masks, at one remove or more, with each other."""
    honest = {member: place for place, member in enumerate(order) if member not in colluding}
    groups: list[int] = []
    while honest:
        _, place = honest.popitem()
        pending, group = [place], 1
        while pending:
            at = pending.pop()
            for step in (*range(-nearest, 0), *range(1, nearest + 1)):
                place = (at + step) % len(order)
                if honest.get(order[place]) == place:
                    del honest[order[place]]
                    pending.append(place)
                    group += 1
        groups.append(group)
    return min(groups)


@pytest.mark.parametrize("nearest", (1, 2, 3))
@pytest.mark.parametrize("fewer_than", (2, 3))
@pytest.mark.parametrize(("members", "colluders"), ((7, 2), (7, 4), (9, 4), (11, 6), (12, 8), (13, 9)))
def test_chance__when_circles_are_few__then_it_is_the_share_of_the_bad_ones(
    members: int, colluders: int, fewer_than: int, nearest: int
):
    circles = [smallest(range(members), set(chosen), nearest) for chosen in combinations(range(members), colluders)]

    share = Fraction(sum(group < fewer_than for group in circles), len(circles))
    assert chance(members, colluders, fewer_than, nearest) == share


@pytest.mark.parametrize("fewer_than", (2, LEAST))
@pytest.mark.parametrize(("members", "colluders"), ((64, 42), (128, 85), (256, 170)))
def test_chance__when_seeds_are_drawn__then_it_is_how_often_they_are_bad(members: int, colluders: int, fewer_than: int):
    accounts = [f"0x{number:040x}" for number in range(1, members + 1)]
    colluding, draws = set(accounts[:colluders]), 400
    expected = float(chance(members, colluders, fewer_than))

    bad = sum(
        smallest(circle(accounts, seed.to_bytes(32, "big")), colluding, NEAREST) < fewer_than for seed in range(draws)
    )

    error = math.sqrt(expected * (1 - expected) / draws)
    assert abs(bad / draws - expected) < 3 * error


def test_chance__when_fewer_collude_than_a_member_has_peers__then_nobody_is_ever_alone():
    assert chance(1024, 2 * NEAREST - 1, 2) == chance(1024, 2 * NEAREST - 1, LEAST) == 0
    assert 0 < chance(1024, 2 * NEAREST, 2) < chance(1024, 2 * NEAREST, LEAST)


def test_needed__when_so_many_seeds_are_tried__then_one_is_bad_with_probability_a_half():
    p = chance(64, 32, 2)

    assert among(p, int(needed(p))) >= 0.5 > among(p, int(needed(p)) - 1)
    assert needed(Fraction(0)) == math.inf
    assert needed(Fraction(2, 3)) == 1


def test_table__when_it_is_made__then_it_is_that_of_the_threat_model():
    assert table() in (ROOT / "docs" / "threat-model.md").read_text(), "python -m scripts.seed_odds prints it"
