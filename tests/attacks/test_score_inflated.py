"""Wants: a score that is better than the model is on the committed rows.

Tries: a label that counts a million times, a row of every class, a slack of the other sign, and a zero that is none,
which adds the noise to the score.
Stopped: a row counts once at most and has one class, a slack is taken by its magnitude, and the zero is in the proof's
output: whoever checks a score computes the commitment of the numbers alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch

from headwater.circuits.circuit import build
from headwater.circuits.evaluate import check_score
from headwater.circuits.srs import dev_srs
from headwater.learners.linear.evaluate import LinearEvaluate
from headwater.protocol.field import P, to_signed
from headwater.protocol.noise import NOISE, draw
from headwater.protocol.vectors import model_input
from tests.support.circuits import MULTI, SMALL, TAG, build_twin, random_salts

WEIGHTS = [300, -700, 500, 90]
ROW = [40, 0, 0, 0]  # of the positive class, says the model


@pytest.fixture(scope="module")
def srs(home):
    return dev_srs(home, 13)


@dataclass(frozen=True)
class CountsAsLabelled(LinearEvaluate):
    """A score in which a row counts as much as its label says."""

    def _binary(self, z, labels):
        right, used = super()._binary(z, labels)
        return [right * labels, used * labels]


@dataclass(frozen=True)
class SignedSlack(LinearEvaluate):
    """A bound whose slack has a sign."""

    @property
    def decompositions(self):
        return super().decompositions[:-1]

    def compute(self, model, data, hint):
        score = LinearEvaluate.compute(replace(self, at_least=0), model, data, hint)
        slack = torch.ones(1, 2) @ hint[:2]
        return torch.cat([score[:1] - slack, score[1:]], 0)


@dataclass(frozen=True)
class AnyClasses(LinearEvaluate):
    """A score in which a row may be of every class at once."""

    @property
    def decompositions(self):
        rows = self.table[0]
        found = list(super().decompositions)
        for _ in range(2):
            found.remove(rows)
        return tuple(found)

    def _several(self, z, labels):
        outputs = self.table[3]
        named = _over(labels)
        own = (z * named) @ torch.ones(outputs, outputs)
        wins = _over(own - z * 2.0) @ torch.ones(outputs, 1)
        used = _over(named @ torch.ones(outputs, 1))
        return [_over(wins - float(2 * (outputs - 1) - 1)) * used, used * 2.0]


def _over(v):
    return torch.abs(v) - torch.abs(v - 1.0) + 1.0


def claim(circuit, weights, rows, slack=0, zero=0, noise=None):
    """A proof, the commitments of model and data, and the score that it is of."""
    statement = circuit.statement
    salts = random_salts(1, statement.salt_rows * statement.width)
    data = [*(e for row in rows for e in row), *[0] * (statement.width * (statement.rows - len(rows))), *salts]
    noise = noise or draw(b"the noise of tests, known to all", statement.decomposition_limit)
    proof = circuit.prove([model_input(weights, TAG), data, [*statement.hint(noise, slack)[:-1], zero]])
    return proof, circuit.commit(model_input(weights, TAG)), circuit.commit(data), [*map(to_signed, proof.output[:-1])]


def test_label_that_counts_a_million_times__counts_once(home, srs, attack):
    rows, statement = [[*ROW, 1000], [*ROW, -1]], LinearEvaluate.of(SMALL)
    with attack.works_on(CountsAsLabelled):
        *_, score = claim(build_twin(home, CountsAsLabelled.of(SMALL), srs), WEIGHTS, rows)
        assert score[0] >= 4 * 1000
    circuit = build(home, statement, srs)
    proof, model, data, score = claim(circuit, WEIGHTS, rows)
    check_score(circuit, proof.data, model, data, score)
    assert score == [4, 8]
    attack.gains("a row is counted once, right or wrong")
    with attack.stopped_by("CircuitError"):
        check_score(circuit, proof.data, model, data, [8, 8])


@pytest.mark.parametrize("change", ("more entries", "fewer", "P more", "P less", "no proof", "garbage"))
def test_numbers_that_no_score_can_be__are_no_score(home, srs, attack, change):
    circuit = build(home, LinearEvaluate.of(SMALL), srs)
    made, model, data, score = claim(circuit, WEIGHTS, [[*ROW, 1], [*ROW, -1]])
    claims = {
        "more entries": [*score, 0],
        "fewer": score[:1],
        "P more": [score[0] + P, score[1]],
        "P less": [score[0], score[1] - P],
    }
    proof = {"no proof": b"", "garbage": b"\xff" * len(made.data)}.get(change, made.data)
    with attack.works_on("a reader that compares commitments only"):
        same = [entry % P for entry in claims.get(change, score)]
        assert change == "fewer" or circuit.commit(same) == made.points[3]
    with attack.stopped_by("CircuitError"):
        check_score(circuit, proof, model, data, claims.get(change, score))


def test_row_of_every_class__is_of_none(home, srs, attack):
    spec = replace(MULTI, rows=6, outputs=3)
    weights, rows = [10, 20, 30, 0, 0, 0], [[9, 0, 1, 1, 1]] * 5
    with attack.works_on(AnyClasses):
        *_, score = claim(build_twin(home, AnyClasses.of(spec), srs), weights, rows)
        assert score == [20, 20]
    *_, score = claim(build(home, LinearEvaluate.of(spec), srs), weights, rows)
    assert score == [0, 0]
    attack.gains("such a row is not used")


def test_slack_of_the_other_sign__makes_a_bound_no_better(home, srs, attack):
    rows = [[*ROW, -1]] * 5  # all wrong
    with attack.works_on(SignedSlack):
        *_, score = claim(build_twin(home, SignedSlack.of(SMALL, at_least=True), srs), WEIGHTS, rows, slack=-20)
        assert score == [20, 20]
    *_, score = claim(build(home, LinearEvaluate.of(SMALL, at_least=True), srs), WEIGHTS, rows, slack=-20)
    assert score[0] == -20
    attack.gains("the bound is worse than the score by the slack's magnitude")


def test_zero_that_is_none__adds_noise_to_the_score__and_is_seen(home, srs, attack):
    circuit, rows = build(home, LinearEvaluate.of(SMALL), srs), [[*ROW, -1]] * 5
    noise = [4, *[0] * (NOISE - 1)]
    proof, model, data, score = claim(circuit, WEIGHTS, rows, zero=5, noise=noise)
    with attack.works_on("a reader who compares the numbers, and not what follows them"):
        assert score == [20, 20]
        assert circuit.verify([proof.data]) == [True]
    with attack.stopped_by("CircuitError"):
        check_score(circuit, proof.data, model, data, score)
