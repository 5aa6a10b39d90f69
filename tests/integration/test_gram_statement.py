"""The circuit of counts proves exactly what the specification counts."""

from __future__ import annotations

import pytest

from headwater.circuits.circuit import build, proof_points
from headwater.learners.gram.statement import GramUpdate
from headwater.protocol.field import to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import TAG, random_salts, train_salts

pytestmark = pytest.mark.slow

SPEC = GramUpdate(rows=4, items=3)
MULTIPLICITIES = slice(10, 14)  # points of a proof: of signs and digits, in each inner column


@pytest.mark.parametrize(
    "rows",
    (
        [[1, 1, 0], [0, 1, 1], [0, 0, 0]],  # a person without items, and an unused row
        [[1000, 1, 0], [-5, 2, 1 << 20], [3, -1, -(1 << 20)], [1, 1, 1]],  # whatever is committed to counts once
    ),
)
def test_update__is_the_specified_count__entry_by_entry(home, srs, rows):
    weights = [100, -200, 300, 1 << 20, 0, 7]
    unused = [0] * SPEC.items * (SPEC.rows - len(rows))
    data = [*(entry for row in rows for entry in row), *unused, *random_salts(3, SPEC.items)]
    output = build(home, SPEC, srs).prove([model_input(weights, TAG), data, train_salts(4, SPEC)]).output
    assert [to_signed(entry) for entry in output[: SPEC.dimension]] == SPEC.update(weights, rows)
    assert list(output[SPEC.dimension :]) == [0, *random_salts(4)]


def test_lookups__of_any_zeros_and_ones__are_the_same(home, srs):
    """What a proof publishes of them, unblinded, without the noise: docs/adr/0015."""
    circuit, found = build(home, SPEC, srs), []
    for rows in ([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0], [1] * 11 + [0], [1] * 11 + [2]):
        data = [*rows, *random_salts(3, SPEC.items)]
        proof = circuit.prove([model_input([0] * SPEC.dimension, TAG), data, train_salts(4, SPEC)])
        found.append(proof_points(proof.data, MULTIPLICITIES.stop)[MULTIPLICITIES])
    assert found[0] == found[1]
    assert found[0] != found[2]  # a two is no one
