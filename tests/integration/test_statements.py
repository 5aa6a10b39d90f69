"""The circuits prove exactly the arithmetic of the specification, on committed vectors."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import build, check_reproducible
from headwater.errors import CircuitError
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.field import P, add, to_signed
from headwater.protocol.vectors import average as floored_average
from headwater.protocol.vectors import model_input, public_input, sum_of_commitments, twice, update_length
from tests.support.circuits import MULTI, SMALL, TAG, K, data_matrix, flat, random_salts, train_salts, training_inputs


def weights_of(output, dimension):
    return [to_signed(entry) for entry in output[:dimension]]


def test_update__is_the_specified_step__and_carries_the_salts(train_proof):
    model, _, _ = training_inputs(SMALL)
    expected = SMALL.train(model[: SMALL.dimension], *data_matrix(SMALL))
    assert weights_of(train_proof.output, SMALL.dimension) == expected
    assert list(train_proof.output[SMALL.dimension :]) == [0, *random_salts(2)]


def test_points__of_a_proof__are_the_commitments_of_its_vectors(train, train_proof):
    vectors = [*training_inputs(SMALL), train_proof.output]
    assert list(train_proof.points) == [train.commit(vector) for vector in vectors]


def test_one_vs_rest__several_steps__is_the_specified_training(home, srs):
    circuit = build(home, MULTI, srs)
    inputs = training_inputs(MULTI, seed=3)
    proof = circuit.prove(inputs)
    assert weights_of(proof.output, MULTI.dimension) == MULTI.train(
        inputs[0][: MULTI.dimension], *data_matrix(MULTI, seed=3)
    )


def test_unused_rows__add_nothing__and_salts_are_ignored(train):
    x, labels = data_matrix(SMALL, rows=5)
    weights = [100, -200, 300, -400]
    data = flat(SMALL, x, labels, seed=8)  # salts also stand where labels stand in other rows
    proof = train.prove([model_input(weights, TAG), data, train_salts(9)])
    assert weights_of(proof.output, SMALL.dimension) == SMALL.train(weights, x, labels)


def test_average__is_exact__and_its_sum_is_the_sum_of_updates(average):
    rng, n = random.Random(2), 5
    updates = [[rng.randint(-9000, 9000) for _ in range(SMALL.dimension)] for _ in range(n)]
    salts = [random_salts(seed) for seed in range(n)]
    avg, rho = floored_average([sum(column) for column in zip(*updates, strict=True)], n)
    proof = average.prove([[*avg, TAG], [*rho, *add(salts)], public_input(n, "0xABC")])
    basis = average.srs.basis(update_length(SMALL.dimension))
    points = [average.commit([*update, 0, *own]) for update, own in zip(updates, salts, strict=True)]
    with_tag = [*points, basis.commit([0] * SMALL.dimension + [TAG])]
    total = sum_of_commitments(with_tag, basis.offset)
    assert proof.points[3] == twice(total, basis.offset)
    assert proof.points[2] == basis.commit([n, 0xABC])
    assert weights_of(proof.output, SMALL.dimension) == [2 * sum(c) for c in zip(*updates, strict=True)]


def test_commitments__of_all_circuits_of_a_task__agree(train, average):
    vector = [random.Random(4).randrange(P) for _ in range(SMALL.dimension + 2)]
    assert train.commit(vector) == average.commit(vector) == train.srs.basis(len(vector)).commit(vector)


def test_build__twice_from_the_statement__gives_the_same_keys_and_verifier(train):
    assert check_reproducible(train) == []


@pytest.mark.parametrize("changes", ({"rows": 1 << 20}, {"steps": 1000}, {"features": 30_000}))
def test_build__of_what_is_far_too_large__is_refused_before_anything_is_computed(srs, tmp_path, changes, monkeypatch):
    monkeypatch.setattr(worker, "run", lambda *_, **__: pytest.fail("it was laid out"))
    with pytest.raises(CircuitError, match="far too large"):
        build(tmp_path, replace(SMALL, **changes), srs)


def test_build__with_a_k_that_is_too_small__says_the_right_one(home, srs, tmp_path):
    large = LinearUpdate(rows=64, features=20, data_bits=4, model_bits=10, rate_shift=3, clip=1024, clamp=64)
    with pytest.raises(CircuitError, match=rf"k = \d+, not {K}"):
        build(tmp_path, large, srs)


def test_prove__with_a_vector_of_the_wrong_length__is_refused(train):
    model, data, salts = training_inputs(SMALL)
    with pytest.raises(CircuitError, match="data takes 45 entries, not 44"):
        train.prove([model, data[:-1], salts])


def test_average__of_another_dimension__is_another_verifier(home, srs, average):
    assert build(home, Average(SMALL.dimension + 1), srs).verifier.code_hash != average.verifier.code_hash


def test_verify__without_a_chain__tells_proofs_from_forgeries(train, average, train_proof):
    proof = train_proof.data
    flipped = proof[:-1] + bytes([proof[-1] ^ 1])
    other = proof[:64] + proof[64:128][::-1] + proof[128:]
    assert train.verify([proof, flipped, other, proof[:-32], b""]) == [True, False, False, False, False]
    assert average.verify([proof]) == [False]
