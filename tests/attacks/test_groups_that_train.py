"""Wants: a model that moves more than the features of rows move it.

Tries: entries of groups that are large, or no numbers of groups at all: nothing checks them in training.
Stopped: training reads features and labels by their places, and nothing behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from headwater.circuits.blocks import view
from headwater.circuits.circuit import build
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.field import to_signed
from headwater.protocol.vectors import model_input
from tests.support.circuits import SMALL, TAG, build_twin, random_salts, train_salts

SPEC = replace(SMALL, groups=1)
ROWS = [[16, 3, -2, 5, 1], [16, -4, 1, 0, -1]]  # features and a label


@dataclass(frozen=True)
class ReadsOn(LinearUpdate):
    """An update that takes all that follows the features for labels."""

    def _errors(self, z, labels):
        return super()._errors(z, self.all_labels)

    def learn(self, weights, data):
        behind = view(data, self.rows, self.features, self.width)
        object.__setattr__(self, "all_labels", behind[:, :1] + behind[:, 1:])
        return super().learn(weights, data)


def trained(circuit, group):
    statement = circuit.statement
    rows = [[*row, group] for row in ROWS]
    padding = [0] * (statement.width * (statement.rows - len(rows)))
    data = [*(e for row in rows for e in row), *padding, *random_salts(1, statement.salt_rows * statement.width)]
    proof = circuit.prove([model_input([0] * SPEC.dimension, TAG), data, train_salts(1)])
    return [to_signed(entry) for entry in proof.output[: SPEC.dimension]]


def test_group_of_a_thousand_times__moves_no_weight(home, srs, attack):
    honest = SPEC.train([0] * SPEC.dimension, [row[:4] for row in ROWS], [row[4:] for row in ROWS])
    with attack.works_on(ReadsOn):
        assert trained(build_twin(home, ReadsOn(**SPEC.params), srs), 3) != honest
    circuit = build(home, SPEC, srs)
    assert trained(circuit, 0) == trained(circuit, 1000) == honest
    attack.gains("the update of the same rows without groups")
