"""Wants: to move the model's weights further than any honest data could.

Tries: features near 2^200, features that are fractions of the field, or labels beyond one, in a true proof.
Stopped: what enters a product is decomposed, so it cannot be proved out of range; and every step is clipped.
"""

from __future__ import annotations

import pytest

from headwater.protocol.field import P, to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import SMALL, TAG, build_twin, data_matrix, flat, train_salts
from tests.support.weakened import UnclippedTrain


def poisoned(change):
    """Inputs from the model zero, with changed data."""
    x, labels = data_matrix(SMALL)
    change(x, labels)
    return [model_input([0] * SMALL.dimension, TAG), flat(SMALL, x, labels, seed=5), train_salts(6)]


def huge_feature(x, labels):
    x[0][0] = 1 << 200


def fractional_feature(x, labels):
    x[0] = [pow(3, -1, P)] * SMALL.features


def large_labels(x, labels):
    for features, label in zip(x, labels, strict=True):
        features[:], label[0] = [SMALL.clamp] * SMALL.features, 3


def farthest(proof) -> int:
    """How far the model zero was moved, in units."""
    return max(abs(to_signed(entry)) for entry in proof.output[: SMALL.dimension])


@pytest.mark.parametrize("change", (huge_feature, fractional_feature))
def test_features_out_of_range__move_weights_anywhere_without_checks__and_cannot_be_proved_with_them(
    home, srs, train, attack, change
):
    inputs = poisoned(change)
    with attack.works_on(UnclippedTrain):
        assert farthest(build_twin(home, UnclippedTrain(**SMALL.params), srs).prove(inputs)) > 1 << 190
    with attack.stopped_by("CircuitError"):
        train.prove(inputs)


def test_labels_out_of_range__move_no_weight_beyond_the_clip(home, srs, train, attack):
    inputs = poisoned(large_labels)
    with attack.works_on(UnclippedTrain):
        assert farthest(build_twin(home, UnclippedTrain(**SMALL.params), srs).prove(inputs)) > SMALL.clip + 1
    moved = farthest(train.prove(inputs))
    assert moved <= SMALL.clip + 1
    attack.gains(f"weights move by {moved} units, and the clip is {SMALL.clip}")
