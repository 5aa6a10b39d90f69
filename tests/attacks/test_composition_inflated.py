"""Wants: training data that look as if they were of other people.

Tries: a label, and an entry of a group, that count a thousand times; a row of every class; and a zero that is none,
which adds the noise to the first count.
Stopped: a row counts once at most, for one class, and once in each of its groups; the zero is in the proof's output,
and whoever checks a composition computes the commitment of the counts alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch

from headwater.circuits.blocks import over
from headwater.circuits.circuit import build
from headwater.circuits.composition import Composition, check_composition
from headwater.circuits.srs import dev_srs
from headwater.protocol.field import to_signed
from headwater.protocol.noise import NOISE, draw
from tests.support.circuits import build_twin, random_salts

SPEC = Composition(rows=6, salt_rows=2, features=2, outputs=1, groups=2)


@pytest.fixture(scope="module")
def srs(home):
    return dev_srs(home, 13)


@dataclass(frozen=True)
class Weighted(Composition):
    """A composition in which a row counts as much as its label and its group's entry say."""

    @property
    def decompositions(self):
        return (NOISE,)

    def compute(self, data, hint):
        rows = data[: self.rows]
        counts = (rows[:, self.features + 1 :].transpose(0, 1) @ rows[:, [self.features]]) * 8.0
        zero = hint[NOISE:]
        quiet = torch.ones(1, NOISE) @ torch.abs(hint[:NOISE]) * zero
        first, second = counts[:1], counts[1:2]
        return torch.cat([first + quiet, first, second, second, zero], 0)


@dataclass(frozen=True)
class AnyClasses(Composition):
    """A composition in which a row may be of every class at once."""

    @property
    def decompositions(self):
        rows = self.rows
        return (*[rows * self.outputs] * 2, *[rows * self.groups] * 2, NOISE)

    def compute(self, data, hint):
        rows, labelled = data[: self.rows], self.features + self.outputs
        named, member = over(rows[:, self.features : labelled]), over(rows[:, labelled:])
        counts = (member.transpose(0, 1) @ (named * 2.0)).reshape(-1, 1)
        zero = hint[NOISE:]
        quiet = torch.ones(1, NOISE) @ torch.abs(hint[:NOISE]) * zero
        return torch.cat([counts[:1] + quiet, counts[1:], zero], 0)


def claim(circuit, rows, zero=0, noise=None):
    """A proof, the commitment of the data, and the counts that it is of."""
    statement = circuit.statement
    salts = random_salts(1, statement.salt_rows * statement.width)
    data = [*(e for row in rows for e in row), *[0] * (statement.width * (statement.rows - len(rows))), *salts]
    noise = noise or draw(b"the noise of tests, known to all", statement.decomposition_limit)
    proof = circuit.prove([data, [*noise, zero]])
    return proof, circuit.commit(data), [*map(to_signed, proof.output[:-1])]


def test_label_and_group_that_count_a_thousand_times__count_once(home, srs, attack):
    rows = [[64, 9, 1000, 1000, 0]]
    with attack.works_on(Weighted):
        *_, counts = claim(build_twin(home, Weighted(**SPEC.params), srs), rows)
        assert counts[0] == 8 * 1_000_000
    circuit = build(home, SPEC, srs)
    proof, data, counts = claim(circuit, rows)
    check_composition(circuit, proof.data, data, counts)
    assert counts == [0, 8, 0, 0]
    attack.gains("the row is counted once")
    with attack.stopped_by("CircuitError"):
        check_composition(circuit, proof.data, data, [0, 8000, 0, 0])


def test_row_of_every_class__is_of_none(home, srs, attack):
    spec, rows = replace(SPEC, outputs=3), [[64, 9, 1, 1, 1, 1, 0]] * 2
    with attack.works_on(AnyClasses):
        *_, counts = claim(build_twin(home, AnyClasses(**spec.params), srs), rows)
        assert counts == [16, 16, 16, 0, 0, 0]
    *_, counts = claim(build(home, spec, srs), rows)
    assert counts == [0] * 6
    attack.gains("such a row is not counted")


def test_zero_that_is_none__adds_noise_to_a_count__and_is_seen(home, srs, attack):
    circuit, rows = build(home, SPEC, srs), [[64, 9, 1, 1, 0]]
    proof, data, counts = claim(circuit, rows, zero=8, noise=[5, *[0] * (NOISE - 1)])
    with attack.works_on("a reader who compares the counts, and not what follows them"):
        assert counts == [40, 8, 0, 0]
        assert circuit.verify([proof.data]) == [True]
    with attack.stopped_by("CircuitError"):
        check_composition(circuit, proof.data, data, counts)
