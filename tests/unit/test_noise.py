"""Noise of proofs: what it is, that it ends in the salts, and what it hides, in numbers."""

from collections import Counter
from math import comb, log2

import pytest

from headwater.learners.gram import Gram
from headwater.learners.learner import Request
from headwater.learners.linear import Linear
from headwater.learners.linear.statement import LinearUpdate
from headwater.learners.mlp import Mlp
from headwater.protocol.field import P
from headwater.protocol.noise import COLUMNS, MOST_ZEROS, NEGATIVES, NOISE, Hidden, draw, salt_input
from headwater.protocol.vectors import UPDATE_SALTS
from tests.support.circuits import MULTI, SMALL

SECRET, LIMIT = b"a secret of as many bytes as needed", 1 << 27
REFERENCE = LinearUpdate(rows=142, features=31)
SHARE = NOISE // COLUMNS


def columns(found: list[int]) -> list[list[int]]:
    return [found[column::COLUMNS] for column in range(COLUMNS)]


@pytest.fixture(scope="module")
def draws():
    return [draw(SECRET, LIMIT, number) for number in range(400)]


def test_noise__of_another_secret_or_context__is_all_other(draws):
    assert draw(SECRET, LIMIT, 0) == draws[0]
    assert len({tuple(found) for found in (*draws, draw(SECRET + b"!", LIMIT, 0))}) == len(draws) + 1
    with pytest.raises(ValueError, match="32 bytes"):
        draw(b"short", LIMIT)


def test_noise__has_numbers_of_zeros_and_negatives_that_are_uniform_in_each_column_by_itself(draws):
    parts = [part for found in draws for part in columns(found)]
    zeros = Counter(part.count(0) for part in parts)
    negatives = Counter(sum(entry < 0 for entry in part) for part in parts)
    assert set(zeros) == set(range(MOST_ZEROS + 1)), "with 800 draws every number comes up"
    assert (min(negatives), max(negatives)) == NEGATIVES
    assert max(negatives.values()) < 5 * len(parts) / (NEGATIVES[1] - NEGATIVES[0] + 1)
    both = {tuple(sum(entry < 0 for entry in part) for part in columns(found)) for found in draws}
    assert len(both) > 350, "the columns' numbers have nothing to do with each other"


def test_noise__has_digits_that_are_uniform(draws):
    base = 1 << 9
    digits = Counter(abs(entry) // base**leg % base for found in draws for entry in found if entry for leg in range(3))
    mean = sum(digits.values()) / base
    assert set(digits) == set(range(base))
    assert all(abs(count - mean) < 6 * mean**0.5 for count in digits.values())


def test_salt_input__makes_an_update_end_in_the_salts():
    salts, noise = [5, P - 3, *[7] * 6], draw(SECRET, LIMIT)
    own, rest = salt_input(salts, noise)[:UPDATE_SALTS], salt_input(salts, noise)[UPDATE_SALTS:]
    assert rest == [entry % P for entry in noise]
    each = NOISE // UPDATE_SALTS
    added = [sum(abs(entry) for entry in noise[each * j : each * (j + 1)]) for j in range(UPDATE_SALTS)]
    assert [(a + b) % P for a, b in zip(own, added, strict=True)] == salts


@pytest.mark.parametrize("statement", (SMALL, MULTI, REFERENCE))
def test_digits__of_every_shape__are_hidden_to_80_bits(statement):
    assert statement.hidden == Hidden(statement.legs, statement.decomposition_base.bit_length() - 1, 2)
    assert statement.hidden.distance_bits > 80


def test_digits__of_the_reference__are_hidden_by_far():
    assert REFERENCE.hidden.distance_bits > 1000
    assert Hidden(3, 8).distance_bits < 80, "a smaller table would ask for more noise"


def test_digits__hidden_by_so_few_bits__are_counted_exactly():
    few = Hidden(1, 1)  # 160 coins a column: the likeliest number of heads is 80
    assert few.draws == (NOISE - COLUMNS * MOST_ZEROS) // COLUMNS == 160
    assert few.multiplicity_bits == pytest.approx(160 - log2(comb(160, 80)))
    assert few.order_bits == pytest.approx(log2(comb(160, 80)))


def test_counts_of_signs__tell_a_bounded_number_of_bits__what_it_is_for_every_distribution_of_the_data():
    """The bound is the capacity of adding a number that is uniform over 89: checked on the worst inputs by hand."""
    spread = NEGATIVES[1] - NEGATIVES[0] + 1
    for span in (1, 2, 31, 89, 142):
        told = log2(spread + span) - log2(spread)  # of no distribution is the sum's entropy larger
        assert REFERENCE.hidden.count_bits(span) == pytest.approx(told)
    assert REFERENCE.hidden.count_bits(2) < 0.04
    assert REFERENCE.hidden.count_bits(142) < 1.4
    hard = 2 * log2(comb(SHARE, NEGATIVES[0]))
    assert hard > 260, "and the order of the signs is as many bits at least"


def test_task__whose_proofs_could_show_a_rows_side_of_a_threshold__is_refused():
    """Twenty steps from the same model, each with seven knots: one proof told on which side of 50 an age is."""
    usual = Linear.sized(30, 2, Request(142))
    assert usual.leak_problem(5) == ""
    assert usual.row_bits(5) < 0.6
    assert usual.row_bits(5, receipts=True) > 5  # each says of a row whether it was right
    assert "take fewer rounds" in usual.leak_problem(50, receipts=True)
    assert "take fewer rounds" in usual.leak_problem(10_000)
    steps = Linear.sized(2, 2, Request(8, steps=20, settings={"loss": "poisson"}))
    assert "one row decides up to 140 signs in an inner column of a proof, and noise hides 22" in steps.leak_problem(1)
    assert Mlp.sized(30, 2, Request(32, steps=3)).leak_problem(30) == ""
    assert Gram.sized(50, 2, Request(40)).row_bits(1) == 0
