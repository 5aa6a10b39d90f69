"""Wants: more weight in the model than its rows deserve.

Tries: to say that it has more rows: a larger count beside the data, rows that are empty, rows past the capacity.
Stopped: no count enters the statement. Rows are the circuit's capacity, empty ones add nothing, and every update
counts once.
"""

from __future__ import annotations

from headwater.protocol.field import to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import SMALL, TAG, build_twin, data_matrix, flat, random_salts, train_salts
from tests.support.weakened import ClaimedRows

D, ROWS, CLAIMED = SMALL.dimension, 2, 64


def inputs(rows: int, *claims: int):
    """From the model zero, with `rows` rows of data and the rest of the capacity empty."""
    data = flat(SMALL, *data_matrix(SMALL, rows), seed=1)
    return [model_input([0] * D, TAG), data, train_salts(2), *([claim] for claim in claims)]


def weights(proof) -> list[int]:
    return [to_signed(entry) for entry in proof.output[:D]]


def test_rows__claimed_and_not_there__multiply_a_step_by_a_count__and_add_nothing_where_none_enters(
    home, srs, train, attack
):
    twin = build_twin(home, ClaimedRows(**SMALL.params), srs)
    with attack.works_on(ClaimedRows):
        honest, inflated = (weights(twin.prove(inputs(ROWS, claim))) for claim in (ROWS, CLAIMED))
        assert max(map(abs, inflated)) > 10 * max(map(abs, honest))
    assert [tensor.name for tensor in train.statement.inputs] == ["model", "data", "salts"]
    moved = weights(train.prove(inputs(ROWS)))
    assert moved == SMALL.train([0] * D, *data_matrix(SMALL, ROWS))
    attack.gains(f"{ROWS} rows in a capacity of {SMALL.rows} move the weights as {ROWS} rows do: {moved}")


def test_rows__past_the_capacity__do_not_fit(home, srs, train, attack):
    rows = SMALL.rows * CLAIMED
    with attack.works_on(ClaimedRows):
        twin = build_twin(home, ClaimedRows(**SMALL.params), srs)
        whole, inflated = (weights(twin.prove(inputs(SMALL.rows, claim))) for claim in (1, rows))
        assert inflated == [rows * weight for weight in whole]
    x, labels = data_matrix(SMALL, rows)
    data = [entry for features, label in zip(x, labels, strict=True) for entry in (*features, *label)]
    with attack.stopped_by("CircuitError"):
        train.prove([model_input([0] * D, TAG), data + random_salts(1, SMALL.salts), train_salts(2)])
