"""Every loss and every score is proved as its reference computes it, on committed vectors."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from types import FunctionType

import pytest
from eth_account import Account

from headwater.circuits import evaluate, worker
from headwater.circuits.circuit import build
from headwater.circuits.evaluate import NOISE, SLACKS, Evaluate, check_score
from headwater.circuits.srs import dev_srs
from headwater.errors import CircuitError, ConfigError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.learners.linear import LinearSpec
from headwater.learners.linear.evaluate import LinearEvaluate
from headwater.learners.linear.losses import LOSSES
from headwater.learners.linear.statement import LinearUpdate
from headwater.learners.mlp import Mlp
from headwater.learners.mlp.evaluate import MlpEvaluate
from headwater.learners.mlp.numbers import MlpSpec
from headwater.protocol.field import P, to_signed
from headwater.protocol.noise import draw
from headwater.protocol.vectors import model_input
from headwater.roles.commitments import DataCommitments
from headwater.roles.scoring import prove_score
from headwater.tables.columns import Columns, Feature
from headwater.tables.data import Dataset
from tests.support.circuits import MULTI, SMALL, TAG, flat, random_salts, train_salts

FEATURE = Feature("a", Decimal(0), Decimal(1))
WEIGHTS = [300, -700, 500, 90]


K = 13


@pytest.fixture(scope="module")
def srs(home):
    return dev_srs(home, K)


def amounts(spec, seed=5, rows=None):
    """Random features with an intercept first, and amounts of both signs."""
    rng = random.Random(seed)
    count = rows or spec.rows
    near = spec.clamp // 4
    x = [[16, *(rng.randint(-near, near) for _ in range(spec.features - 1))] for _ in range(count)]
    return x, [[rng.randint(-near, near) for _ in range(spec.outputs)] for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("loss", sorted(set(LOSSES) - {"logistic"}))
def test_update__of_each_loss_with_a_penalty__is_the_specified_step(home, srs, loss):
    spec = replace(SMALL, loss=loss, penalty=900)
    x, labels = amounts(spec, rows=6)
    if spec.derivative.classifies:
        labels = [[1 if y > 0 else -1] for (y,) in labels]
    inputs = [model_input(WEIGHTS, TAG), flat(spec, x, labels, seed=8), train_salts(9, spec)]
    proof = build(home, spec, srs).prove(inputs)
    found = [to_signed(entry) for entry in proof.output[: spec.dimension]]
    expected = spec.train(WEIGHTS, x, labels)
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 1  # EZKL rounds a half either way
    assert expected != spec.train(WEIGHTS, [], [])


def test_update__of_two_steps_with_a_penalty__can_be_built():
    assert worker.sizes(replace(SMALL, steps=2, penalty=900))[0][1] <= K


# ---- scores


def scored(statement, circuit, weights, rows, slack=0, seed=1):
    """The score that is proved of rows of [features | labels | groups]."""
    salts = random_salts(seed, statement.salt_rows * statement.width)
    padding = [0] * (statement.width * (statement.rows - len(rows)))
    data = [*(entry for row in rows for entry in row), *padding, *salts]
    noise = draw(b"the noise of tests, known to all", statement.decomposition_limit, seed)
    proof = circuit.prove([model_input(weights, TAG), data, statement.hint(noise, slack)])
    numbers = [to_signed(entry) for entry in proof.output[:-1]]
    assert proof.points[3] == circuit.commit([entry % P for entry in numbers])  # so what follows them is zero
    return numbers


def z_of(weights, features, outputs):
    return [sum(x * w for x, w in zip(features, weights[o::outputs], strict=True)) for o in range(outputs)]


@pytest.mark.slow
def test_score__of_two_classes__counts_rows_and_each_once_at_most(home, srs):
    statement = LinearEvaluate.of(SMALL)
    rng = random.Random(7)
    x = [[rng.randint(-64, 64) for _ in range(4)] for _ in range(4)]
    labels = [1, -1, 1, -1]
    right = sum((z_of(WEIGHTS, row, 1)[0] > 0) == (label > 0) for row, label in zip(x, labels, strict=True))
    tie = [[0, 0, 0, 0, 1], [0, 0, 0, 0, -1]]  # z = 0 is of the negative class
    large = [[*x[0], 1000 * (1 if z_of(WEIGHTS, x[0], 1)[0] > 0 else -1)]]  # counts once
    rows = [*([*row, label] for row, label in zip(x, labels, strict=True)), *tie, *large]
    assert scored(statement, build(home, statement, srs), WEIGHTS, rows) == [4 * (right + 2), 4 * 7]


@pytest.mark.slow
def test_score__by_group__counts_each_class_of_each_group(home, srs):
    statement = LinearEvaluate.of(SMALL, 2)
    rows = [[40, 0, 0, 0, 1, 1, 0], [40, 0, 0, 0, -1, 1, 0], [-40, 0, 0, 0, -1, 0, 1], [-40, 0, 0, 0, 1, 0, 77]]
    rows += [[40, 0, 0, 0, 1, 1, 1], [40, 0, 0, 0, 1, 0, 0], [40, 0, 0, 0, 0, 1, 1]]  # both; neither; without a class
    found = scored(statement, build(home, statement, srs), WEIGHTS, rows)
    assert found == [8 * count for count in (2, 2, 0, 1, 1, 2, 1, 1)]


@pytest.mark.slow
def test_score__of_three_classes__takes_the_first_of_the_largest__and_rows_of_one_class_only(home, srs):
    spec = replace(MULTI, rows=6, outputs=3)
    statement = LinearEvaluate.of(spec)
    weights = [10, 10, -10, 0, 5, 0]
    rows = [
        [9, 0, 1, -1, -1],  # equal z of the first two: the first
        [9, 0, -1, 1, -1],  # so this is wrong
        [-9, 0, -1, -1, 1],
        [0, 9, -1, 1, -1],
        [0, 9, -1, 1, 1],  # two labels: not used
        [0, 9, -1, -1, -1],  # none
    ]
    assert scored(statement, build(home, statement, srs), weights, rows) == [4 * 3, 4 * 4]


@pytest.mark.slow
def test_score__that_is_a_bound__tells_no_more_than_it(home, srs):
    statement = LinearEvaluate.of(SMALL, at_least=True)
    rows = [[40, 0, 0, 0, 1]] * 5
    circuit = build(home, statement, srs)
    assert scored(statement, circuit, WEIGHTS, rows, slack=8) == [4 * 3, 4 * 5]
    assert scored(statement, circuit, WEIGHTS, rows, slack=-8) == [4 * 3, 4 * 5]  # a slack is of no sign


@pytest.mark.slow
@pytest.mark.parametrize("loss", ("squared", "poisson"))
def test_score__of_amounts__is_the_sum_of_absolute_errors(home, srs, loss):
    spec = replace(SMALL, loss=loss)
    statement = LinearEvaluate.of(spec)
    x, labels = amounts(spec, rows=5)
    errors = []
    for row, (label,) in zip(x, labels, strict=True):
        (z,) = z_of(WEIGHTS, row, 1)
        errors.append(abs(spec.error(z, label)) if loss == "poisson" else abs(z - (label << spec.model_bits)))
    rows = [[*row, *label] for row, label in zip(x, labels, strict=True)]
    assert scored(statement, build(home, statement, srs), WEIGHTS, rows) == [2 * sum(errors), 2 * 5]


@pytest.mark.slow
def test_score__of_a_network__is_of_what_it_predicts(home, srs):
    spec = MlpSpec(rows=6, features=3, units=2, data_bits=4, model_bits=6, error_bits=6, clip=16, clamp=64, seed=11)
    rng, weights = random.Random(2), spec.first_weights()
    x = [[16, rng.randint(-64, 64), rng.randint(-64, 64)] for _ in range(5)]
    columns = Columns((FEATURE, replace(FEATURE, name="b")), True, "y", ("no", "yes"))
    said = Mlp(spec, columns).scores(weights, Dataset(x, [[]] * 5, x))
    rows = [[*row, rng.choice((-1, 1))] for row in x]
    right = sum((z > 0) == (row[-1] > 0) for (z,), row in zip(said, rows, strict=True))
    statement = MlpEvaluate.of(spec)
    assert scored(statement, build(home, statement, srs), weights, rows) == [4 * right, 4 * 5]
    assert len({z > 0 for (z,) in said}) == 2


def test_score__of_groups_and_a_bound__is_of_no_statement():
    with pytest.raises(ValueError, match="a bound is of no group"):
        LinearEvaluate.of(SMALL, 2, at_least=True)
    with pytest.raises(ValueError, match="by their intercept"):
        LinearEvaluate.of(replace(SMALL, loss="huber", intercept=0))


@pytest.mark.slow
def test_score__whose_check_a_compiler_drops__is_refused(home, srs, tmp_path):
    with pytest.raises(CircuitError, match="of the checks that the statement names"):
        build(tmp_path, ConstantZero.of(SMALL), srs)


class ConstantZero(LinearEvaluate):
    """A score whose noise is multiplied by a constant zero."""

    def compute(self, *inputs):
        def part(vector, start, end):
            found = evaluate.part(vector, start, end)
            return found * 0.0 if start == SLACKS + NOISE else found

        code = FunctionType(Evaluate.compute.__code__, {**vars(evaluate), "part": part})
        return code(self, *inputs)


@pytest.mark.slow
def test_score__of_committed_rows__is_counted_like_any_proof_about_them(home, srs):
    circuit = build(home, LinearEvaluate.of(SMALL), srs)
    commitments = DataCommitments(SecretStore(Database(None), Account.create()), "here", "this")
    data = flat(SMALL, [[40, 0, 0, 0]] * 2, [[1]] * 2, seed=3)
    model = model_input(WEIGHTS, TAG)
    commitments.count(circuit.commit(data), [1, 2, 3])  # of a training proof about the same data
    proof = prove_score(circuit, commitments, 2, model, data)
    score = [to_signed(entry) for entry in proof.output[:-1]]
    assert score == [4 * 2, 4 * 2]
    check_score(circuit, proof.data, circuit.commit(model), circuit.commit(data), score)
    with pytest.raises(ConfigError, match="2 proofs about these data have been made"):
        prove_score(circuit, commitments, 2, model, data)
    with pytest.raises(CircuitError, match="not of a score"):
        prove_score(build(home, SMALL, srs), commitments, 2, model, data)


def test_update__at_the_reference_shape__has_room_for_175_rows_at_k_14():
    assert worker.sizes(LinearUpdate(rows=175, features=31))[0][1] == 14


def test_score__at_the_reference_shape__has_the_k_of_training():
    assert worker.sizes(LinearEvaluate.of(LinearSpec(rows=142, features=31)))[0][1] == 14
