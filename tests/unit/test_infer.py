"""What statements of inferences compute, in torch: the reference's answer, at ties, at the threshold and below zero."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from headwater.circuits.infer import DIGIT_BITS, Infer
from headwater.circuits.private import LEAST_DISTANCE_BITS
from headwater.learners.linear.infer import LinearInfer
from headwater.learners.linear.numbers import LinearSpec
from headwater.learners.mlp.infer import MlpInfer
from headwater.learners.mlp.numbers import MlpSpec
from headwater.protocol.field import P
from headwater.protocol.inferences import ROW_SALTS, context_of, public_vector
from headwater.protocol.noise import NOISE
from headwater.protocol.phases import Question
from headwater.protocol.structs import Query
from headwater.protocol.vectors import UPDATE_SALTS

LINE = LinearSpec(rows=8, features=4, data_bits=4, model_bits=10, rate_shift=3, clip=1024, clamp=64)
SEVERAL = replace(LINE, features=2, outputs=3)
NET = MlpSpec(rows=4, features=3, units=2, data_bits=4, model_bits=8, rate_shift=3, clip=64, clamp=32)
ALICE, BOB, CAROL = (f"0x{digit * 40}" for digit in "123")


def said(statement: Infer, weights: list[int], row: list[int], question: Question, value: int) -> int:
    """The statement's answer, in doubles: what is here is far below 2^53."""
    model = [*weights, 77, *[0] * UPDATE_SALTS]
    public = [question.entry(value), 123, 0]
    vectors = (model, [*row, *[5] * ROW_SALTS], [3] * NOISE, public)
    tensors = (torch.tensor(vector, dtype=torch.float64).reshape(-1, 1) for vector in vectors)
    torch.set_default_dtype(torch.float64)
    try:
        return int(statement.compute(*tensors).item())
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("seed", range(5))
def test_threshold__is_reached_from_z_on(seed):
    rng = random.Random(seed)
    weights, row = [rng.randint(-900, 900) for _ in range(4)], [rng.randint(-64, 64) for _ in range(4)]
    z = sum(a * b for a, b in zip(weights, row, strict=True))
    for value in (z - 1000, z - 1, z, z + 1, z + 1000, 0, -z):
        answer = said(LinearInfer.of(LINE), weights, row, Question.AT_LEAST, value)
        assert answer == (2 if z >= value else -2)
        assert Question.AT_LEAST.answer(answer) == Question.AT_LEAST.of(value, [z])
        answer = said(LinearInfer.of(LINE), weights, row, Question.EXACTLY, value)
        assert answer == 2 * ((z > value) - (z < value))
        assert Question.EXACTLY.answer(answer) == Question.EXACTLY.of(value, [z])


def test_threshold__that_is_met_exactly__is_reached_and_does_not_say_that_it_was_met():
    zero = [0, 0, 0, 0]
    assert said(LinearInfer.of(LINE), zero, [1, 2, 3, 4], Question.AT_LEAST, 0) == 2
    assert said(LinearInfer.of(LINE), zero, [1, 2, 3, 4], Question.AT_LEAST, 1) == -2
    assert said(LinearInfer.of(LINE), [1, 0, 0, 0], [1, 0, 0, 0], Question.AT_LEAST, 0) == 2


@pytest.mark.parametrize(
    ("z", "chosen"),
    (((5, 9, 1), 1), ((-5, -9, -1), 2), ((4, 4, 4), 0), ((0, 0, 0), 0), ((1, 7, 7), 1), ((7, 1, 7), 0), ((6, 7, 8), 2)),
)
def test_class__is_that_of_the_largest_z_and_of_equal_ones_the_first(z, chosen):
    weights = [*z, 0, 0, 0]  # of the first feature, which is 1
    for index in (-1, 0, 1, 2, 3, 1000):
        answer = said(LinearInfer.of(SEVERAL), weights, [1, 9], Question.CLASS, index)
        assert answer == (2 if index == chosen else -2)
        assert Question.CLASS.answer(answer) == Question.CLASS.of(index, list(z))


@pytest.mark.parametrize("seed", range(5))
def test_network__says_what_its_reference_does(seed):
    rng = random.Random(seed)
    weights, row = [rng.randint(-300, 300) for _ in range(NET.dimension)], [rng.randint(-32, 32) for _ in range(3)]
    if not seed:
        weights[:6] = [0] * 6  # units that are exactly at their threshold
    hidden = [sum(row[f] * weights[2 * f + u] for f in range(3)) for u in range(2)]
    z = sum(2 * (h + abs(h)) * weights[6 + u] for u, h in enumerate(hidden))
    for value in (z - 1, z, z + 1, 0):
        answer = said(MlpInfer.of(NET), weights, row, Question.AT_LEAST, value)
        assert answer == (2 if z >= value else -2)


@pytest.mark.parametrize("statement", (LinearInfer.of(LINE), LinearInfer.of(SEVERAL), MlpInfer.of(NET)))
def test_statement__has_digits_that_noise_hides_and_that_fit_every_k(statement):
    assert statement.hidden.distance_bits >= LEAST_DISTANCE_BITS
    assert statement.decomposition_base <= 1 << DIGIT_BITS
    assert statement.decomposition_limit > statement.magnitude


def test_signs__of_what_is_taken_apart__are_the_answers_alone():
    """No row of one output moves a count of signs or of zeros but by its answer."""
    counted = {True: set(), False: set()}
    rng = random.Random(1)
    for _ in range(200):
        weights, row = [rng.randint(-900, 900) for _ in range(4)], [rng.randint(-64, 64) for _ in range(4)]
        z = sum(a * b for a, b in zip(weights, row, strict=True))
        value = z + rng.choice((-3, -1, 0, 1, 2))
        v = 4 * z - 2 * Question.AT_LEAST.entry(value)
        entries = (v + 1, v - 1)
        counted[z >= value].add((sum(e < 0 for e in entries), sum(e == 0 for e in entries)))
    assert counted == {True: {(0, 0)}, False: {(2, 0)}}


@pytest.mark.parametrize("question", Question)
@pytest.mark.parametrize("said_", (-4, -1, 1, 3, P - 2))
def test_answer__that_a_statement_cannot_give__is_none(question, said_):
    with pytest.raises(ValueError, match="is no answer"):
        question.answer(said_)


def test_answer__of_zero__is_one_of_a_number_alone():
    assert Question.EXACTLY.answer(0)
    for question in (Question.AT_LEAST, Question.CLASS):
        with pytest.raises(ValueError, match="is no answer"):
            question.answer(0)


def test_context__differs_by_chain_contract_consumer_issuer_account_and_nonce():
    query = Query(1, 2, ALICE, BOB, Question.AT_LEAST, -40, 0)
    found = {
        context_of(1, CAROL, ALICE, query),
        context_of(2, CAROL, ALICE, query),
        context_of(1, BOB, ALICE, query),
        context_of(1, CAROL, BOB, query),
        context_of(1, CAROL, ALICE, replace(query, issuer=CAROL)),
        context_of(1, CAROL, ALICE, replace(query, account=CAROL)),
        context_of(1, CAROL, ALICE, replace(query, nonce=1)),
    }
    assert len(found) == 7
    assert public_vector(1, CAROL, ALICE, query) == [P - 81, context_of(1, CAROL, ALICE, query), 0]
