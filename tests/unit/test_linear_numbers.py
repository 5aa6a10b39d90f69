"""The integers are the real formulas of the specification, rounded where it says so and nowhere else."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.learners.linear import LinearSpec
from headwater.learners.linear.losses import LOSSES
from headwater.protocol.fixedpoint import decode, encode, rebase

HALF = Fraction(1, 2)
AMOUNTS = ("squared", "huber", "poisson")
EXPONENTIAL = [Fraction(round(64 * e), 64) for e in (0.0855, 0.2325, 0.6321, 1.7183, 4.6708, 12.6965)]  # e^(z+1) - e^z


def spec_strategy(largest_rows=5):
    return st.builds(
        _spec,
        rows=st.integers(1, largest_rows),
        features=st.integers(1, 4),
        outputs=st.integers(1, 3),
        steps=st.integers(1, 3),
        data_bits=st.integers(2, 8),
        model_bits=st.integers(2, 14),
        rate_shift=st.integers(0, 12),
        clip=st.integers(1, 1 << 14),
        clamp=st.integers(256, 4096),
        loss=st.sampled_from(sorted(LOSSES)),
        penalty=st.sampled_from([0, 0, 1, 1000]),
        intercept=st.integers(0, 1),
    )


def _spec(outputs, loss, **numbers):
    return LinearSpec(outputs=1 if loss in AMOUNTS else outputs, loss=loss, **numbers)


@st.composite
def problems(draw):
    """A specification, weights, and rows of features and labels within its limits."""
    spec = draw(spec_strategy())
    rng = random.Random(draw(st.integers(0, 2**32)))
    near, limit = draw(st.sampled_from([1, 40, spec.clamp])), draw(st.sampled_from([3, 5000, 1 << 20]))
    count = rng.randint(1, spec.rows)
    x = [[rng.randint(-near, near) for _ in range(spec.features)] for _ in range(count)]
    choices = range(-spec.clamp, spec.clamp + 1) if spec.loss in AMOUNTS else (-1, 1)
    labels = [[rng.choice(choices) for _ in range(spec.outputs)] for _ in range(count)]
    return spec, [rng.randint(-limit, limit) for _ in range(spec.dimension)], x, labels


def half_away(value: Fraction) -> int:
    return int(abs(value) + HALF) * (1 if value >= 0 else -1)


def between(value, low, high):
    return min(max(value, Fraction(low)), Fraction(high))


def error_in_fractions(loss, z, y):
    """What a row adds to the gradient, times its features, by the formula of each loss."""
    match loss:
        case "logistic":
            return between(z / 4 + HALF, 0, 1) - (1 + y) * HALF
        case "hinge":
            return y * between(y * z - 1, -1, 0)
        case "squared":
            return between(z - y, -16, 16)
        case "huber":
            return between(z - y, Fraction(-11, 8), Fraction(11, 8))
    rises = (slope * between(z - at, 0, 1) for at, slope in zip(range(-3, 3), EXPONENTIAL, strict=True))
    return Fraction(round(64 * (0.049787 + 20.085537)), 128) - sum(EXPONENTIAL) / 2 + sum(rises) - y


def step_in_fractions(spec, weights, x, labels):
    """The step of the specification's first paragraph, in exact reals, rounded to units once."""
    unit, rate = Fraction(1, 2**spec.model_bits), Fraction(1, 2**spec.rate_shift)
    clip = spec.clip * unit
    result = list(weights)
    for o in range(spec.outputs):
        w = [weights[f * spec.outputs + o] * unit for f in range(spec.features)]
        gradient = [Fraction(0)] * spec.features
        for row, label in zip(x, labels, strict=True):
            reals = [Fraction(value, 2**spec.data_bits) for value in row]
            z = sum(a * b for a, b in zip(reals, w, strict=True))
            y = Fraction(label[o], 2**spec.data_bits if spec.loss in AMOUNTS else 1)
            for f, value in enumerate(reals):
                gradient[f] += value * error_in_fractions(spec.loss, z, y)
        for f in range(spec.intercept, spec.features):
            bits = {"logistic": 3, "poisson": 7, "squared": 1, "huber": 1, "hinge": 1}[spec.loss]
            gradient[f] += w[f] * Fraction(spec.penalty, 2 ** (2 * spec.data_bits + bits))
        for f, g in enumerate(gradient):
            result[f * spec.outputs + o] -= half_away(min(max(g * rate, -clip), clip) / unit)
    return result


@given(st.floats(-1e12, 1e12), st.integers(0, 30))
def test_encode__any_float__is_the_nearest_multiple(value, bits):
    assert encode(value, bits) == round(Fraction(value) * 2**bits)


@given(st.integers(-(2**40), 2**40), st.integers(0, 30))
def test_decode__of_an_integer__encodes_to_it_again(value, bits):
    assert encode(decode(value, bits), bits) == value


@pytest.mark.parametrize("value", (float("nan"), float("inf"), -float("inf")))
def test_encode__not_finite__is_refused(value):
    with pytest.raises(ValueError, match="not a finite number"):
        encode(value, 6)


@given(st.integers(-(2**60), 2**60), st.integers(0, 40))
def test_rebase__any_integer__is_the_nearest__halves_away_from_zero(value, bits):
    assert rebase(value, bits) == half_away(Fraction(value, 2**bits))


@settings(max_examples=200, deadline=None)
@given(problems())
def test_step__any_rows__is_the_real_formula_rounded_once(problem):
    spec, weights, x, labels = problem
    assert spec.step(weights, x, labels) == step_in_fractions(spec, weights, x, labels)


@settings(deadline=None)
@given(problems())
def test_train__several_steps__are_that_many_steps(problem):
    spec, weights, x, labels = problem
    expected = weights
    for _ in range(spec.steps):
        expected = step_in_fractions(spec, expected, x, labels)
    assert spec.train(weights, x, labels) == expected


@settings(deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_train__other_order_and_unused_rows__change_nothing(problem, rng):
    spec, weights, x, labels = problem
    rows = [*zip(x, labels, strict=True), ([0] * spec.features, [0] * spec.outputs)]
    rng.shuffle(rows)
    shuffled_x, shuffled_labels = zip(*rows, strict=True)
    assert spec.train(weights, shuffled_x, shuffled_labels) == spec.train(weights, x, labels)


@settings(deadline=None)
@given(problems())
def test_train__any_rows__moves_no_weight_by_more_than_the_clips(problem):
    spec, weights, x, labels = problem
    poisoned = [[value * 10**9 for value in row] for row in x]
    after = spec.train(weights, poisoned, labels)
    assert all(abs(a - b) <= spec.steps * spec.clip for a, b in zip(after, weights, strict=True))


@settings(max_examples=200, deadline=None)
@given(problems(), st.booleans())
def test_magnitude__whatever_is_decomposed__stays_within(problem, extreme):
    spec, _, x, labels = problem
    rng = random.Random(len(x))
    if extreme:  # every feature and weight at its limit, and of the sign that adds up
        x = [[spec.clamp] * spec.features] * spec.rows
        unit = spec.clamp if spec.loss in AMOUNTS else 1
        sign = -1 if spec.loss == "poisson" else rng.choice((-1, 1))  # of an amount below zero the error is larger
        labels = [[sign * unit] * spec.outputs] * spec.rows
        weights = [(-1 if labels[0][0] > 0 else 1) * spec.weight_limit] * spec.dimension
    else:
        weights = [rng.randint(-spec.weight_limit, spec.weight_limit) for _ in range(spec.dimension)]
    c = spec.clip_gradient
    for o in range(spec.outputs):
        z = [sum(a * b for a, b in zip(row, weights[o :: spec.outputs], strict=True)) for row in x]
        errors = [spec.error(v, label[o]) for v, label in zip(z, labels, strict=True)]
        sums = [sum(row[f] * e for row, e in zip(x, errors, strict=True)) for f in range(spec.features)]
        sums = [g + penalty * w for g, penalty, w in zip(sums, spec.penalties, weights[o :: spec.outputs], strict=True)]
        clipped = [abs(g + c) - abs(g - c) for g in sums]
        remainders = [v - (rebase(v, spec.rebase_bits + 1) << (spec.rebase_bits + 1)) for v in clipped]
        form = spec.derivative.form
        moved = {
            "direct": lambda v, y: v,
            "residual": lambda v, y: v - (y << spec.model_bits),
            "margin": lambda v, y: v * y,
        }
        bent = [moved[form](v, label[o]) - knot for v, label in zip(z, labels, strict=True) for knot in spec.knots]
        decomposed = [*bent, *(g + c for g in sums), *(g - c for g in sums)]
        largest = max(map(abs, [*decomposed, *clipped, *remainders]))
        assert largest <= spec.magnitude
        if extreme:
            assert max(map(abs, sums)) >= spec.rows * spec.clamp * spec.error_limit  # so the bound is reached


def test_weight_limit__of_the_reference_shape__is_far_above_real_weights():
    assert decode(LinearSpec(rows=142, features=31).weight_limit, 12) > 2000


@pytest.mark.parametrize(
    ("changes", "text"),
    (
        ({"rows": 0}, "rows must be at least 1"),
        ({"rate_shift": -1}, "must not be negative"),
        ({"data_bits": 8, "clamp": 2048, "rate_shift": 21}, r"by 2\*\*41, and divisors beyond 2\*\*40"),
        ({"clamp": 63}, "an intercept is 1.0"),
        ({"clip": 1 << 24}, "below 2\\*\\*24"),
        ({"model_bits": 28}, "exact to 2\\*\\*53"),
    ),
)
def test_specification__outside_what_circuits_can_do__is_refused(changes, text):
    with pytest.raises(ValueError, match=text):
        LinearSpec(**{"rows": 142, "features": 31, **changes})
