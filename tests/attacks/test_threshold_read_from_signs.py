"""Wants: to know on which side of a threshold a trainer's record is, from one proof.

Tries: as the task's creator, many steps of a loss with many knots, from a first model that such a record tips, so that
one row turns more signs than the noise has room for; then it counts the signs that a proof of the trainer's tells. Or
a network whose hidden units all ask the same of a row, and are negative, or zero, where it is on one side.
Stopped: a statement says how many signs one row decides, and nobody creates or enters a task with too many of them. Of
what hidden units take apart, in training, scores and inferences, as much is negative as positive, and nothing zero.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
import torch

from headwater.circuits import blocks
from headwater.circuits.blocks import paired, positive
from headwater.circuits.circuit import build, proof_points
from headwater.circuits.srs import dev_srs
from headwater.errors import ConfigError
from headwater.learners.linear import Linear
from headwater.learners.mlp import statement as networks
from headwater.learners.mlp.evaluate import MlpEvaluate
from headwater.learners.mlp.infer import MlpInfer
from headwater.learners.mlp.numbers import MlpSpec
from headwater.protocol.curve import INFINITY, add, multiply, negate
from headwater.protocol.fixedpoint import encode
from headwater.protocol.noise import MOST_ZEROS, NEGATIVES, NOISE, draw, salt_input
from headwater.protocol.openings import UNUSABLE_ROWS
from headwater.protocol.vectors import model_input
from headwater.roles.creating import check_documents
from headwater.roles.terms import Terms
from tests.support.circuits import TAG, flat, random_salts

K = 14
SIGN_POINTS = slice(10, 12)  # of a proof: the multiplicities of the signs, in each inner column
WEIGHTS = [0, 7 << 10]  # z is seven times how many deviations an age is above 50
AGES = (38, 62)
MOST = 2000
WIDTH = NEGATIVES[1] - NEGATIVES[0] + 1


def learner(loss, steps):
    age = {"name": "age", "mean": "50", "deviation": "10"}
    amount = {"column": "visits", "mean": "0", "deviation": "1"}
    return Linear.parse(
        {
            "loss": loss,
            "penalty": 0,
            "features": [age],
            "intercept": True,
            "label": amount if loss == "poisson" else {"column": "ill", "classes": ["no", "yes"]},
            "groups": [],
            "missing": "refuse",
            "unknown": "refuse",
            "fixed_point": {"data_bits": 4, "model_bits": 10, "clamp": "4"},
            "training": {"rows": 2, "salt_rows": 2, "steps": steps, "rate_shift": 12, "clip": "0.0009765625"},
        }
    )


class Proofs:
    """Proofs about a record of an age, beside a row that everybody knows, and what they tell of signs."""

    def __init__(self, home, loss, steps):
        statement = learner(loss, steps).update_statement
        self.circuit = build(home, statement, dev_srs(home, K))
        zero, positive, rest = (self._unit(i) for i in (1, 2, (1 << K) - UNUSABLE_ROWS - 1))
        self._usable = multiply(rest, (1 << K) - UNUSABLE_ROWS)
        self._zero = add(zero, negate(rest))
        self._found, point = {}, INFINITY
        for count in range(MOST):
            self._found[point] = count
            point = add(point, add(positive, negate(rest)))
        self.explained = {age: self._explained(age) for age in AGES}

    def _unit(self, i):
        return add(self.circuit.commit([0] * i + [1]), negate(self.circuit.commit([0])))

    def _signs(self, point):
        """Zeros and positives, as a sign lookup's multiplicities commit to them."""
        point = add(point, negate(self._usable))
        for zeros in range(MOST):
            if point in self._found:
                return zeros, self._found[point]
            point = add(point, negate(self._zero))
        raise AssertionError("these are no multiplicities of signs")

    def told(self, age, noise):
        """How many zeros and positives a proof tells of, both columns together."""
        x, labels = [[16, encode((age - 50) / 10, 4)], [16, 3]], [[1], [1]]
        data = flat(self.circuit.statement, x, labels, seed=age)
        proof = self.circuit.prove([model_input(WEIGHTS, TAG), data, salt_input(random_salts(9), noise)])
        return [sum(of) for of in zip(*map(self._signs, proof_points(proof.data, 14)[SIGN_POINTS]), strict=True)]

    def noise(self):
        return draw(secrets.token_bytes(32), self.circuit.statement.decomposition_limit, TAG)

    def _explained(self, age):
        """What a guess explains, by a proof of the attacker's own, whose noise it knows."""
        noise = self.noise()
        zeros, positives = self.told(age, noise)
        return zeros - sum(v == 0 for v in noise), positives - sum(v > 0 for v in noise)

    def possible(self, age):
        """The ages that a proof of a trainer's leaves possible."""
        zeros, positives = self.told(age, self.noise())
        return [guess for guess, (z, p) in self.explained.items() if self._can_be(zeros - z, positives - p)]

    @staticmethod
    def _can_be(zeros, positives):
        negatives = NOISE - zeros - positives
        return 0 <= zeros <= 2 * MOST_ZEROS and 2 * NEGATIVES[0] <= negatives <= 2 * NEGATIVES[1]


@pytest.mark.slow
def test_side_of_a_threshold__is_read_from_one_proof_of_a_task_of_many_steps__which_nobody_creates_or_enters(
    home, attack
):
    proofs = Proofs(home, "poisson", 30)
    with attack.works_on("a node that enters tasks of any number of steps"):
        assert [proofs.possible(age) for age in AGES] == [[age] for age in AGES]
    with attack.stopped_by("ConfigError"):
        check_documents(learner("poisson", 30), Terms("ages", rounds=1))


@pytest.mark.slow
def test_side_of_a_threshold__of_the_usual_task__stays_open(home, attack):
    usual = Proofs(home, "logistic", 1)
    apart = [abs(a - b) for a, b in zip(*usual.explained.values(), strict=True)]
    with attack.works_on("a proof without noise, which tells its counts exactly"):
        assert max(apart) >= 1
    signs, zeros = max(apart), apart[0]
    assert signs <= WIDTH // 8, f"{signs} signs among {2 * WIDTH} values"
    attack.gains(f"the sides differ by {signs} signs, {zeros} of them zeros, hidden among {WIDTH} in each column")
    check_documents(learner("logistic", 1), Terms("ages", rounds=5))
    with pytest.raises(ConfigError, match="would give rows away"):
        check_documents(learner("logistic", 1), Terms("ages", rounds=10_000))


UNITS, THRESHOLD = 191, 20
PAIRED = paired(UNITS)
NET = MlpSpec(rows=1, features=2, units=UNITS, data_bits=4, model_bits=10, clip=64, clamp=64)
TURNS = [1 - 2 * (unit % 2) for unit in range(UNITS)]
ALIKE = (
    [-THRESHOLD * turn for turn in TURNS] + [16 * turn for turn in TURNS] + [1] * UNITS
)  # x V: 16 (age - 20), or less it
VALUES = range(-64, 65)


def out_of_step(values, least=1):
    """What takes v and t - v apart, and where there is an odd number of values puts them into different columns."""
    flat = values.reshape(-1, 1)
    sizes = torch.abs(torch.cat([flat, float(least) - flat], 0))
    return sizes[: len(flat)].reshape(values.shape), values


def plainly(values, least=1):
    """What tells a number's sign by its magnitude alone, and takes nothing else apart."""
    sizes = torch.abs(values)
    return sizes, (sizes + values) / sizes


def with_zeros(values, least=1):
    """What takes v and 1 - v apart, of which one may be zero."""
    return positive((values + 1) / 4)


def of_training(value):
    networks.MlpUpdate.of(NET).learn(floats(ALIKE), floats([16, value, 1]))


def of_a_score(value):
    MlpEvaluate.of(NET).z(floats(ALIKE), floats([16, value]).reshape(1, 2))


def of_an_inference(value):
    MlpInfer.of(replace(NET, rows=1)).z(floats(ALIKE), floats([16, value]).reshape(1, 2))


def floats(entries):
    return torch.tensor(entries, dtype=torch.float32).reshape(-1, 1)


@pytest.mark.parametrize("weak", (plainly, with_zeros, out_of_step))
@pytest.mark.parametrize("statement", (of_training, of_a_score, of_an_inference))
def test_side_of_a_threshold__asked_by_all_hidden_units__is_told_by_none(statement, weak, attack, monkeypatch):
    """By arithmetic: how many numbers of either sign, and zeros, the hidden units take apart, for any row."""

    def counted(value):
        seen = []
        with monkeypatch.context() as watched:
            watched.setattr(torch, "abs", lambda values: seen.append(values) or values.abs())
            statement(value)
        columns = [seen[0].flatten()[column::2] for column in range(2)]  # entries go to inner columns by turns
        return tuple(int(kind.sum()) for column in columns for kind in (column < 0, column == 0))

    with attack.works_on(weak), monkeypatch.context() as weakened:
        weakened.setattr(networks, "positive", weak)
        weakened.setattr(blocks, "positive", weak)
        told = [counted(value) for value in VALUES]
        assert max(max(of) - min(of) for of in zip(*told, strict=True)) > WIDTH
    assert {counted(value) for value in VALUES} == {(PAIRED // 4, 0) * 2}
    attack.gains("nothing: for any row as many numbers are negative as positive, and none is zero")
