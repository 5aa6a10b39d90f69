"""What a task takes over from those that it starts from, and what is refused."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal

import pytest

from headwater.errors import ConfigError, DataError
from headwater.learners.gram.learner import Gram
from headwater.learners.gram.numbers import GramSpec
from headwater.learners.linear import Linear, LinearSpec
from headwater.learners.mlp.learner import Mlp
from headwater.learners.mlp.numbers import MlpSpec
from headwater.roles.inheriting import check_alike
from headwater.tables.columns import Category, Columns, Feature

COLUMNS = Columns(
    (Feature("size", Decimal("1.5"), Decimal("0.1")), Category("sex", ("f", "m"))), True, "kind", ("a", "b")
)
LINEAR = Linear(LinearSpec(rows=8, features=4, clip=512), COLUMNS)
MLP = Mlp(MlpSpec(rows=8, features=4, clip=512, units=2), COLUMNS)
GRAM = Gram(GramSpec(4, 3), ("bread", "milk", "salt"), "2")


def with_mean(mean: str) -> Linear:
    size = replace(COLUMNS.features[0], mean=Decimal(mean))
    return Linear(LINEAR.spec, replace(COLUMNS, features=(size, COLUMNS.features[1])))


@pytest.mark.parametrize(
    "other",
    (
        LINEAR.with_salt_rows(9),
        LINEAR.retrained({"rows": 4, "steps": 2, "clip": 0.5, "learning_rate": 1.0}),
        Linear(replace(LINEAR.spec, penalty=7), COLUMNS),
        Linear(LINEAR.spec, replace(COLUMNS, missing="drop", unknown="none")),
    ),
)
def test_models__that_are_only_trained_otherwise__go_together(other):
    check_alike(LINEAR, other, "both")


@pytest.mark.parametrize(
    ("one", "other", "message"),
    (
        (LINEAR, MLP, "kind, sizes"),
        (LINEAR, with_mean("1.6"), "features differ"),
        (LINEAR, Linear(LINEAR.spec, replace(COLUMNS, classes=("b", "a"))), "label differ"),
        (LINEAR, Linear(replace(LINEAR.spec, loss="hinge"), COLUMNS), "loss differ"),
        (LINEAR, Linear(replace(LINEAR.spec, model_bits=13), COLUMNS), "kind, sizes"),
        (MLP, Mlp(replace(MLP.spec, seed=1), COLUMNS), "seed differ"),
        (GRAM, Gram(GRAM.spec, ("bread", "milk", "tea"), "2"), "kind, sizes"),
    ),
)
def test_models__whose_weights_mean_other_things__are_not_added_up(one, other, message):
    with pytest.raises(ConfigError, match=message):
        check_alike(one, other, "both")


@pytest.mark.parametrize(
    ("learner", "given"),
    (
        (LINEAR, {"label": "kind", "features": ["sex", "size"], "categories": ["sex"], "missing": "refuse"}),
        (LINEAR, {"leave_out": ["id"], "unknown": "refuse", "settings": {"loss": "logistic", "penalty": "0"}}),
        (MLP, {"settings": {"hidden": "2", "seed": "0"}}),
        (GRAM, {"features": ["milk", "salt", "bread"], "settings": {"ridge": "2"}}),
    ),
)
def test_what_is_named__and_is_the_parents__agrees(learner, given):
    assert learner.disagreement(given) == ""


@pytest.mark.parametrize(
    ("learner", "given", "says"),
    (
        (LINEAR, {"label": "sex"}, "the label is 'kind'"),
        (LINEAR, {"features": ["size"]}, "the features are size, sex"),
        (LINEAR, {"categories": ["size"]}, "categories are sex"),
        (LINEAR, {"leave_out": ["size"]}, "they take size"),
        (LINEAR, {"missing": "drop"}, "a missing cell means refuse"),
        (LINEAR, {"unknown": "none"}, "an unknown value means refuse"),
        (LINEAR, {"settings": {"loss": "hinge"}}, "loss is logistic"),
        (LINEAR, {"settings": {"penalty": "0.5"}}, "penalty is 0"),
        (LINEAR, {"settings": {"depth": "3"}}, "no setting depth"),
        (MLP, {"settings": {"hidden": "3"}}, "hidden is 2"),
        (GRAM, {"features": ["milk"]}, "the items are bread, milk, salt"),
        (GRAM, {"settings": {"ridge": "3"}}, "ridge is 2"),
        (GRAM, {"label": "milk"}, "there is no label"),
    ),
)
def test_what_is_named__and_is_not_the_parents__is_said(learner, given, says):
    assert says in learner.disagreement(given)


def test_training__changes_where_it_is_named__and_only_there():
    changed = LINEAR.retrained({"rows": 4, "learning_rate": 1.0})
    assert (changed.spec.rows, changed.spec.rate_shift) == (4, 2)
    assert replace(changed.spec, rows=8, rate_shift=LINEAR.spec.rate_shift) == LINEAR.spec
    assert LINEAR.retrained({}) is LINEAR
    with pytest.raises(ConfigError, match="takes --learning-rate from its parents"):
        GRAM.retrained({"learning_rate": 1.0})


def test_file__without_the_parents_columns__is_refused(tmp_path):
    path = tmp_path / "sample.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows((["size", "kind"], ["1.5", "a"]))
    with pytest.raises(DataError, match="sex"):
        LINEAR.read(path, training=False)
