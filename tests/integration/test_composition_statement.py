"""The statement of a composition: real proofs of its counts, and the reader's check."""

from dataclasses import replace

import pytest
import torch

from headwater.circuits.circuit import build
from headwater.circuits.composition import Composition, check_composition
from headwater.circuits.srs import dev_srs
from headwater.errors import CircuitError
from headwater.protocol.field import to_signed
from headwater.protocol.noise import draw
from tests.support.circuits import random_salts

BINARY = Composition(rows=6, salt_rows=2, features=2, outputs=1)
GROUPED = replace(BINARY, groups=3)
SEVERAL = replace(GROUPED, outputs=3)
AMOUNTS = replace(GROUPED, classifies=0)


def compute(statement, rows):
    """The counts as torch computes them."""
    flat = [e for row in rows for e in row]
    flat += [0] * (statement.width * (statement.rows - len(rows))) + [7] * (statement.width * statement.salt_rows)
    data = torch.tensor(flat, dtype=torch.float32).reshape(statement.inputs[0].shape)
    hint = torch.ones(statement.inputs[1].shape)
    hint[-1] = 0
    *counts, zero = statement.compute(data, hint).reshape(-1).int().tolist()
    assert zero == 0
    return counts


def prove(circuit, rows):
    statement = circuit.statement
    salts = random_salts(1, statement.salt_rows * statement.width)
    data = [*(e for row in rows for e in row), *[0] * (statement.width * (statement.rows - len(rows))), *salts]
    noise = draw(b"the noise of tests, known to all", statement.decomposition_limit)
    proof = circuit.prove([data, statement.hint(noise)])
    return proof, circuit.commit(data), [to_signed(entry) for entry in proof.output[:-1]]


@pytest.mark.parametrize(
    ("statement", "rows", "counts"),
    (
        (BINARY, [[64, 9, 1], [64, 9, -1], [64, 9, 1], [64, 9, 0]], [4, 8]),
        (GROUPED, [[64, 9, 1, 1, 0, 1], [64, 9, -1, 1, 0, 0], [64, 9, 1, 0, 1, 0]], [8, 8, 0, 8, 0, 8]),
        (
            SEVERAL,
            [[64, 9, 1, -1, -1, 1, 0, 0], [64, 9, -1, -1, 1, 1, 0, 0], [64, 9, 1, 1, -1, 1, 0, 0]],
            [8, 0, 8, *[0] * 6],
        ),
        (AMOUNTS, [[64, 9, 300, 1, 0, 0], [64, 9, -4, 0, 0, 1], [0, 9, 5, 1, 1, 1]], [8, 0, 8]),
        (GROUPED, [[64, 9, 1000, 1000, 0, -5]], [0, 8, 0, 0, 0, 0]),
    ),
    ids=["two classes", "by group", "three classes", "amounts", "labels and groups that count a thousand times"],
)
def test_counts__are_of_rows_by_class_and_group(statement, rows, counts):
    assert compute(statement, rows) == counts
    assert statement.numbers == len(counts)


@pytest.mark.parametrize("statement", (BINARY, GROUPED, SEVERAL, replace(SEVERAL, groups=0), AMOUNTS))
def test_proof__has_the_counts__and_a_reader_accepts_no_others(home, statement):
    circuit = build(home, statement, dev_srs(home, 13))
    label = {1: [1], 3: [-1, 1, -1]}[statement.outputs]
    rows = [
        [64, 5, *label, *[1, 0, 1][: statement.groups]],
        [64, -5, *[-e for e in label], *[0, 1, 0][: statement.groups]],
    ]

    proof, data, counts = prove(circuit, rows)

    assert counts == compute(statement, rows)
    check_composition(circuit, proof.data, data, counts)
    more = [counts[0] + statement.unit, *counts[1:]]
    with pytest.raises(CircuitError, match="another score"):
        check_composition(circuit, proof.data, data, more)
    with pytest.raises(CircuitError, match="another data"):
        check_composition(circuit, proof.data, circuit.commit([1]), counts)


def test_parameters_without_sense__are_refused():
    for change in ({"rows": 0}, {"groups": -1}, {"classifies": 2}, {"classifies": 0, "outputs": 2}):
        with pytest.raises(ValueError, match=r"must be|labels are"):
            replace(BINARY, **change)
