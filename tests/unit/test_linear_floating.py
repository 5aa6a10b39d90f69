"""Training in floats is the real formula, and the integers stay within the proved bound of it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.learners.linear import LinearSpec, figures, numbers
from headwater.learners.linear.deviation import bound
from headwater.learners.linear.floating import arrays, errors, federated, real_weights, train
from headwater.learners.linear.losses import LOSSES
from headwater.protocol.fixedpoint import encode
from headwater.tables.data import Dataset
from tests.unit.test_linear_numbers import AMOUNTS, problems


def dataset_of(spec, rng, count, spread=2.0):
    limit = spec.clamp / 2**spec.data_bits
    reals = [[min(max(rng.gauss(0, spread), -limit), limit) for _ in range(spec.features)] for _ in range(count)]
    choices = range(-spec.clamp, spec.clamp + 1) if spec.loss in AMOUNTS else (-1, 1)
    labels = [[rng.choice(choices) for _ in range(spec.outputs)] for _ in range(count)]
    return Dataset([[encode(v, spec.data_bits) for v in row] for row in reals], labels, reals)


def encoded(spec, weights):
    return [encode(float(w), spec.model_bits) for w in weights.flatten()]


def test_logistic__is_linear_between_minus_two_and_two():
    z = np.array([[-9.0], [-2.0], [-1.0], [0.0], [1.0], [2.0], [9.0]])
    assert errors(LinearSpec(7, 1), z, -np.ones((7, 1)))[:, 0].tolist() == [0, 0, 0.25, 0.5, 0.75, 1, 1]


def test_poisson__follows_the_exponential():
    z = np.linspace(-3, 3, 50)[:, None]
    assert np.allclose(errors(LinearSpec(50, 1, loss="poisson"), z, np.zeros((50, 1))), np.exp(z), rtol=0.2)


@settings(deadline=None)
@given(problems())
def test_train__on_features_that_need_no_rounding__agrees_with_the_integers_to_half_a_unit(problem):
    spec, weights, x, labels = problem
    spec = LinearSpec(**{**vars(spec), "steps": 1})
    data = Dataset(x, labels, [[value / 2**spec.data_bits for value in row] for row in x])
    reached = train(spec, real_weights(spec, weights), *arrays(spec, data))
    units = reached * 2**spec.model_bits - np.array(spec.train(weights, x, labels)).reshape(reached.shape)
    assert np.abs(units).max() <= 0.5 + 1e-6


def test_federated__is_the_mean_of_what_each_trainer_reaches():
    spec, rng = LinearSpec(rows=9, features=3, steps=2, rate_shift=2), random.Random(1)
    shares = [dataset_of(spec, rng, count) for count in (9, 4, 2)]
    first, second = federated(spec, shares, rounds=2)
    zeros = np.zeros((3, 1))
    assert np.allclose(first, sum(train(spec, zeros, *arrays(spec, share)) for share in shares) / 3)
    assert np.allclose(second, federated(spec, shares, rounds=1, weights=first)[0])


def any_rounding(rng):
    """A rebase as a dishonest prover may choose it: down or up."""
    return lambda value, bits: (value >> bits) + (rng.random() < 0.5 if value & ((1 << bits) - 1) else 0)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    steps=st.integers(1, 12),
    rate_shift=st.integers(0, 9),
    clip=st.sampled_from([8, 512, 4096, 1 << 16]),
    spread=st.sampled_from([0.3, 1.0, 4.0, 20.0]),
    loss=st.sampled_from(sorted(LOSSES)),
    penalty=st.sampled_from([0, 1, 40_000]),
)
def test_bound__any_data__holds_for_the_honest_update_and_for_any_rounding(
    seed, steps, rate_shift, clip, spread, loss, penalty
):
    rng = random.Random(seed)
    outputs = 1 if loss in AMOUNTS else 2
    numbers_of = {"steps": steps, "rate_shift": rate_shift, "clip": clip, "loss": loss, "penalty": penalty}
    spec = LinearSpec(rows=30, features=4, outputs=outputs, **numbers_of)
    data = dataset_of(spec, rng, rng.randint(1, 30), spread)
    model = np.array([[rng.gauss(0, 1) for _ in range(outputs)] for _ in range(4)])
    start, reals = encoded(spec, model), train(spec, model, *arrays(spec, data))
    rounded = 2 * 0.5 / 2**spec.model_bits  # sqrt(features) / 2 units

    def distance():
        away = real_weights(spec, spec.train(start, data.x, data.labels)) - reals
        return np.linalg.norm(away, axis=0).max()

    assert distance() <= bound(spec, model, data, rounded) + 1e-9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "rebase", any_rounding(rng))
        assert distance() <= bound(spec, model, data, rounded, proved=True) + 1e-9


@pytest.mark.parametrize(
    ("setting", "largest"),
    tuple(zip(figures.SETTINGS, (0.01, 0.05, 0.15), strict=True)),
    ids=("1 step", "10 steps", "3 classes"),
)
def test_integers__on_real_data__stay_close_to_floats__and_predict_as_well(setting, largest):
    deviation, proved, any_proof, last, integers, floats, _ = figures.measure(setting, seed=1)
    assert deviation <= proved <= any_proof <= largest
    assert last <= largest
    assert abs(integers - floats) <= 0.01


def test_page__of_the_limits__is_what_the_specification_says():
    page = (Path(__file__).resolve().parents[2] / "docs" / "fixed-point.md").read_text()
    assert "\n".join(figures.limits()) in page
    assert f"| {' | '.join(figures.HEADINGS)} |" in page
