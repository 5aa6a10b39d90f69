"""Wants: to move a network's weights further than any honest data could.

Tries: features near 2^200, features that are fractions of the field, or labels beyond one, in a true proof.
Stopped: hidden units and errors are decomposed, so nothing out of range can be proved; and every step is clipped.
"""

from __future__ import annotations

import pytest

from headwater.circuits.circuit import build
from headwater.learners.mlp.statement import MlpUpdate
from headwater.protocol.field import P, to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import TAG, build_twin, data_matrix, flat, train_salts
from tests.support.weakened_learners import UnclippedMlp

SPEC = MlpUpdate(rows=2, features=2, units=2, data_bits=4, model_bits=7, error_bits=7, rate_shift=2, clip=64, clamp=64)
WEIGHTS = [40, -30, 20, 50, -60, 70]


@pytest.fixture(scope="module")
def twin(home, srs):
    return build_twin(home, UnclippedMlp(**SPEC.params), srs)


@pytest.fixture(scope="module")
def circuit(home, srs):
    return build(home, SPEC, srs)


def poisoned(change):
    """Inputs with changed data."""
    x, labels = data_matrix(SPEC)
    change(x, labels)
    return [model_input(WEIGHTS, TAG), flat(SPEC, x, labels, seed=5), train_salts(6, SPEC)]


def huge_feature(x, labels):
    x[0][0] = 1 << 70


def fractional_feature(x, labels):
    x[0] = [pow(3, -1, P)] * SPEC.features


def large_labels(x, labels):
    for features, label in zip(x, labels, strict=True):
        features[:], label[0] = [SPEC.clamp] * SPEC.features, 9


def farthest(proof) -> int:
    """How far a weight was moved, in units."""
    moved = zip(proof.output[: SPEC.dimension], WEIGHTS, strict=True)
    return max(abs(to_signed(entry) - weight) for entry, weight in moved)


@pytest.mark.parametrize("change", (huge_feature, fractional_feature))
def test_features_out_of_range__move_weights_anywhere_without_checks__and_cannot_be_proved_with_them(
    twin, circuit, attack, change
):
    inputs = poisoned(change)
    with attack.works_on(UnclippedMlp):
        assert farthest(twin.prove(inputs)) > 1 << 140
    with attack.stopped_by("CircuitError"):
        circuit.prove(inputs)


def test_labels_out_of_range__move_no_weight_beyond_the_clip(twin, circuit, attack):
    inputs = poisoned(large_labels)
    with attack.works_on(UnclippedMlp):
        assert farthest(twin.prove(inputs)) > 100 * SPEC.clip
    moved = farthest(circuit.prove(inputs))
    assert moved <= SPEC.clip + 1
    attack.gains(f"weights move by {moved} units, and the clip is {SPEC.clip}")
