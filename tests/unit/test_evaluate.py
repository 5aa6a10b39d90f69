"""Predictions, accuracy, log-loss and confusion."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from headwater.learners.classes import Prediction, evaluate, predict
from headwater.learners.linear import LinearSpec
from headwater.learners.linear.floating import float_scores
from headwater.learners.linear.learner import integer_scores
from headwater.protocol.fixedpoint import encode
from headwater.tables.columns import Columns, Feature
from headwater.tables.data import Dataset

FEATURE = Feature("a", Decimal(0), Decimal(1))
BINARY = Columns((FEATURE,), True, "y", ("no", "yes"))
THREE = Columns((FEATURE,), True, "y", ("p", "q", "r"))


def dataset(reals, labels):
    return Dataset([[encode(value, 6) for value in row] for row in reals], labels, reals)


def test_integer_scores__are_the_exact_products__in_reals():
    spec = LinearSpec(rows=2, features=2, outputs=3)
    data = dataset([[1.0, -0.5], [1.0, 2.0]], [[1, -1, -1]] * 2)
    weights = np.array([[0.25, 1.0, -3.0], [0.5, 0.0, 1.5]])
    integers = [int(w * 4096) for w in weights.flatten()]
    assert integer_scores(integers, data, spec) == [[0.0, 1.0, -3.75], [1.25, 1.0, 0.0]]
    assert float_scores(weights, data) == integer_scores(integers, data, spec)


def test_integer_scores__of_another_models_weights__are_refused():
    with pytest.raises(ValueError, match="has 2 weights, not 3"):
        integer_scores([1, 2, 3], dataset([[1.0, 0.0]], [[1]]), LinearSpec(rows=1, features=2))


def test_predict__two_classes__goes_by_the_sign():
    assert predict(BINARY, [[1.0], [0.0], [-50.0]]) == [
        Prediction("yes", (0.25, 0.75)),
        Prediction("no", (0.5, 0.5)),
        Prediction("no", (0.99, 0.01)),
    ]


def test_predict__three_classes__goes_by_the_largest__even_where_all_saturate():
    saturated, plain = predict(THREE, [[-9.0, -3.0, -4.0], [-1.0, 1.0, 0.0]])
    assert saturated.name == "q"
    assert saturated.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert plain.name == "q"
    assert plain.probabilities == pytest.approx((0.25 / 1.5, 0.75 / 1.5, 0.5 / 1.5))


def test_evaluate__counts_what_is_right__and_leaves_out_unknown_classes():
    data = dataset([[1.0, 0.0]] * 5, [[1], [1], [-1], [-1], [0]])
    found = evaluate(BINARY, [[1.0], [-1.0], [-9.0], [-1.0], [5.0]], data)
    assert found.rows == 4
    assert found.accuracy == 0.75
    assert found.confusion == ((2, 0), (1, 1))
    assert found.log_loss == pytest.approx(-(2 * math.log(0.75) + math.log(0.25) + math.log(0.99)) / 4)


def test_evaluate__three_classes__has_a_row_for_each_true_class():
    data = dataset([[1.0, 0.0]] * 3, [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    found = evaluate(THREE, [[2.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], data)
    assert found.confusion == ((1, 0, 0), (0, 0, 1), (0, 0, 1))
    assert found.accuracy == pytest.approx(2 / 3)


def test_evaluate__without_any_class__is_refused():
    with pytest.raises(ValueError, match="no row has a class"):
        evaluate(BINARY, [[1.0]], dataset([[1.0, 0.0]], [[0]]))
