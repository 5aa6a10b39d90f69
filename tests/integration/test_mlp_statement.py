"""A network's circuit proves exactly the arithmetic of its specification."""

from __future__ import annotations

import pytest

from headwater.circuits.circuit import build
from headwater.circuits.srs import dev_srs
from headwater.learners.mlp.statement import MlpUpdate
from headwater.protocol.field import to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import TAG, data_matrix, flat, random_salts, train_salts

pytestmark = pytest.mark.slow

SPEC = MlpUpdate(
    rows=4,
    features=3,
    outputs=2,
    units=2,
    steps=2,
    data_bits=4,
    model_bits=8,
    error_bits=8,
    rate_shift=2,
    clip=64,
    clamp=64,
)
K = 13


@pytest.fixture(scope="module")
def circuit(home):
    return build(home, SPEC, dev_srs(home, K))


def proved(circuit, weights, x, labels):
    """The update's weights, and what follows them."""
    inputs = [model_input(weights, TAG), flat(SPEC, x, labels, seed=3), train_salts(4, SPEC)]
    output = circuit.prove(inputs).output
    return [to_signed(entry) for entry in output[: SPEC.dimension]], list(output[SPEC.dimension :])


def test_update__is_the_specified_training__entry_by_entry(circuit):
    x, labels = data_matrix(SPEC, rows=3)  # one row is unused
    weights = [-163, 282, -236, -39, -180, 207, 160, 183, 88, -86]
    found, rest = proved(circuit, weights, x, labels)
    assert found == SPEC.train(weights, x, labels) != weights
    assert rest == [0, *random_salts(4)]


@pytest.mark.parametrize("sign", (1, -1))
def test_update__at_the_limits_of_weights_and_features__can_be_proved(circuit, sign):
    weights = [sign * (SPEC.weight_limit - SPEC.clip)] * SPEC.dimension  # a second step starts a clip further
    x, labels = [[SPEC.clamp] * SPEC.features] * SPEC.rows, [[-sign, sign]] * SPEC.rows
    assert proved(circuit, weights, x, labels)[0] == SPEC.train(weights, x, labels)
