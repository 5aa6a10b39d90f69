"""Wants: to count for more than one person in what items go together, or to take others' counts away.

Tries: entries of a thousand, below zero, or that are fractions of the field, in a true proof.
Stopped: the statement makes a 1 of whatever is 1 or more and a 0 of all else; what is no integer cannot be proved.
"""

from __future__ import annotations

import pytest

from headwater.circuits.circuit import build
from headwater.learners.gram.statement import GramUpdate
from headwater.protocol.field import P, to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import TAG, build_twin, random_salts, train_salts
from tests.support.weakened_learners import UnboundedGram

SPEC = GramUpdate(rows=4, items=3)
HALF = pow(2, -1, P)


def inputs(row):
    """Of one person, from the model zero."""
    data = [*row, *[0] * SPEC.items * (SPEC.rows - 1), *random_salts(3, SPEC.items)]
    return [model_input([0] * SPEC.dimension, TAG), data, train_salts(4, SPEC)]


def counts(proof):
    """What a proof adds to each pair, in people."""
    return [to_signed(entry) / 2**SPEC.model_bits for entry in proof.output[: SPEC.dimension]]


@pytest.mark.parametrize(("row", "gained"), (([1000, 1, 1], 1_000_000), ([1000, -5, 1], -5000)))
def test_entries_beyond_one__count_thousands_where_they_are_taken_as_they_are__and_once_where_not(
    home, srs, attack, row, gained
):
    with attack.works_on(UnboundedGram):
        found = counts(build_twin(home, UnboundedGram(SPEC.rows, SPEC.items), srs).prove(inputs(row)))
        assert found[0] == 1_000_000
        assert gained in found
    found = counts(build(home, SPEC, srs).prove(inputs(row)))
    assert set(found) <= {0, 1}
    attack.gains("a row counts once at most for each pair")


def test_fractions_of_the_field__make_any_count_where_they_are_taken_as_they_are__and_cannot_be_proved(
    home, srs, attack
):
    row = [HALF, 1, 0]
    with attack.works_on(UnboundedGram):
        found = counts(build_twin(home, UnboundedGram(SPEC.rows, SPEC.items), srs).prove(inputs(row)))
        assert found[:2] != [0, 0]
        assert not set(found[:2]) <= {0, 1}
    with attack.stopped_by("CircuitError"):
        build(home, SPEC, srs).prove(inputs(row))
