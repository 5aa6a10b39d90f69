"""What the numbers of scores and compositions say, which models they may be of, and what an attester does next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.protocol.curve import add, negate
from headwater.protocol.decisions import Attest, AttesterView, Done, RegisterHeldOut, RoundView, Wait, decide_attester
from headwater.protocol.phases import Phase
from headwater.protocol.scores import (
    WHOLE,
    Error,
    Share,
    composition,
    errors,
    is_fresh,
    is_later,
    scoring_claim,
    shares,
)
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, HeldOut, Scoring
from tests.support.toy_srs import ToySrs

GROUPS = (("sex", ("f", "m")), ("ward", ("3",)))
PLAIN = Scoring(ZERO_ADDRESS, ZERO_HASH, ZERO_ADDRESS, ZERO_HASH, 0, 0, 2, 2, False, (), ())
GROUPED = replace(PLAIN, groups=3, whole_groups=2, each=4)


def test_shares__of_the_whole__are_rows_that_are_right():
    assert shares(PLAIN, (), [4 * 18, 4 * 20]) == [Share(WHOLE, 18, 20)]
    assert str(Share(WHOLE, 18, 20)) == "90.0% of 20 rows"
    assert shares(PLAIN, (), [0, 0])[0].share is None


def test_shares__by_group__have_the_whole_of_the_first_column__and_each_class():
    numbers = [8 * count for count in (3, 4, 5, 6, 1, 1, 0, 9, 7, 7, 7, 7)]
    assert shares(GROUPED, GROUPS, numbers) == [
        Share(WHOLE, 9, 20),
        Share("sex: f", 8, 10, ((5, 6), (3, 4))),
        Share("sex: m", 1, 10, ((0, 9), (1, 1))),
        Share("ward: 3", 14, 14, ((7, 7), (7, 7))),
    ]


def test_errors__are_sums_and_rows():
    scoring = replace(PLAIN, amounts=True, classes=1)
    assert errors(scoring, (), [2 * 700, 2 * 7]) == [Error(WHOLE, 700, 7)]
    grouped = replace(scoring, groups=2, whole_groups=2)
    found = errors(grouped, GROUPS[:1], [4 * 10, 4 * 1, 4 * 20, 4 * 2])
    assert found == [Error(WHOLE, 30, 3), Error("sex: f", 10, 1), Error("sex: m", 20, 2)]


def test_composition__has_rows_by_class_of_each_group():
    assert list(composition(PLAIN, (), [4, 12])) == [(WHOLE, (1, 3))]
    assert list(composition(GROUPED, GROUPS, [8, 16, 24, 32, 40, 48]))[1] == ("sex: m", (3, 4))


@pytest.mark.parametrize(
    ("read", "scoring", "groups", "numbers"),
    (
        (shares, PLAIN, (), [4]),
        (shares, PLAIN, GROUPS, [4, 8]),
        (shares, replace(PLAIN, amounts=True), (), [4, 8]),
        (errors, PLAIN, (), [4, 8]),
        (lambda *given: list(composition(*given)), GROUPED, (), [8] * 6),
    ),
)
def test_numbers__of_another_layout__are_refused(read, scoring, groups, numbers):
    with pytest.raises(ValueError, match="it "):
        read(scoring, groups, numbers)


@pytest.mark.parametrize(
    ("phase", "round_", "latest", "fresh"),
    (
        (Phase.JOIN, 1, 0, True),
        (Phase.TRAIN, 3, 2, True),
        (Phase.MASK, 3, 2, False),
        (Phase.AGGREGATE, 3, 2, False),
        (Phase.JOIN, 4, 2, False),  # round 3 failed: its sum may be known
    ),
)
def test_data__are_fresh__while_no_round_has_shown_a_sum_from_the_current_model(phase, round_, latest, fresh):
    assert is_fresh(phase, round_, latest) is fresh


@pytest.mark.parametrize(
    ("fresh", "round_", "parent", "later"),
    (
        (True, 3, 2, True),
        (True, 2, 1, False),
        (False, 3, 2, False),
        (False, 4, 3, True),
        (False, 5, 2, False),  # rounds 3 and 4 failed
    ),
)
def test_model__is_later__if_nobody_could_know_it(fresh, round_, parent, later):
    assert is_later(HeldOut("0xa", 3, fresh), round_, parent) is later


def test_attester__registers_then_attests_then_waits():
    at = RoundView(0, 2, 5, Phase.JOIN, 10)
    assert decide_attester(AttesterView(at, missing=(0, 1))) == RegisterHeldOut((0, 1))
    assert decide_attester(AttesterView(at, pending=((1, 0), (2, 0)))) == Attest(1, 0)
    assert isinstance(decide_attester(AttesterView(at)), Wait)
    assert decide_attester(AttesterView(at, once=True)) == Done()
    ended = replace(at, phase=Phase.FINALIZED)
    assert decide_attester(AttesterView(ended, missing=(0,))) == Done()
    assert decide_attester(AttesterView(ended, pending=((1, 0),))) == Attest(1, 0)


def test_scoring_claim__is_the_commitment_of_its_vector():
    srs = ToySrs(5, 12345)
    offset = srs.commit([])
    points = [add(srs.commit([0] * (2 + i) + [1]), negate(offset)) for i in range(4)]
    claim = scoring_claim(offset, points, 5)
    assert claim.vector[:2] == (0, 0)
    assert srs.commit(claim.vector) == claim.commitment
