"""What a task says about its columns, and how its creator gets there from a file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from headwater.errors import DataError
from headwater.protocol.fixedpoint import TrainingSpec
from headwater.training.columns import Columns, Feature, describe
from headwater.training.data import read_csv
from headwater.training.samples import deal, load

A, B = Feature("a", Decimal(0), Decimal(1)), Feature("b", Decimal("0.10"), Decimal("2.50"))


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "data.csv"
        path.write_text(text)
        return path

    return write


def test_columns__of_two_classes__have_one_output__and_the_second_class_is_positive():
    columns = Columns((A, B), True, "y", ("no", "yes"))
    assert (columns.width, columns.outputs, columns.names) == (3, 1, ("a", "b"))
    assert (columns.label_row("yes"), columns.label_row("no")) == ([1], [-1])
    assert [columns.class_index(row) for row in ([1], [-1], [0])] == [1, 0, None]


def test_columns__of_three_classes__have_an_output_each():
    columns = Columns((A, B), False, "y", ("p", "q", "r"))
    assert (columns.width, columns.outputs) == (2, 3)
    assert columns.label_row("q") == [-1, 1, -1]
    assert [columns.class_index(row) for row in ([-1, -1, 1], [0, 0, 0])] == [2, None]


@pytest.mark.parametrize(
    ("features", "label", "classes", "text"),
    (
        ((), "y", ("no", "yes"), "at least one feature"),
        ((A,), "y", ("yes",), "two classes"),
        ((A, A), "y", ("no", "yes"), "columns must have different names"),
        ((A,), "a", ("no", "yes"), "columns must have different names"),
        ((A,), "y", ("no", "no"), "classes must have different names"),
        ((A,), "y", ("no", " yes"), "without spaces"),
        ((A,), "", ("no", "yes"), "columns must have different names"),
        ((Feature("a", Decimal(0), Decimal(0)),), "y", ("no", "yes"), "deviation above 0"),
        ((Feature("a", Decimal("nan"), Decimal(1)),), "y", ("no", "yes"), "finite mean"),
    ),
)
def test_columns__that_make_no_sense__are_refused(features, label, classes, text):
    with pytest.raises(ValueError, match=text):
        Columns(features, True, label, classes)


def test_describe__gives_means_and_deviations_of_six_digits(file):
    columns = describe(file("a,y,b\n1,yes,10000000\n2,no,30000000\n4,yes,20000000\n"), "y")
    assert columns.features == (
        Feature("a", Decimal("2.33333"), Decimal("1.24722")),
        Feature("b", Decimal(20000000), Decimal(8164970)),
    )
    assert [str(feature.deviation) for feature in columns.features] == ["1.24722", "8164970"]
    assert columns.classes == ("no", "yes")
    assert columns.intercept


def test_describe__only_the_features_that_are_named__ignores_other_columns(file):
    path = file("name,a,y\nann,1,2\nbob,2,10\n")
    assert describe(path, "y", ["a"]).names == ("a",)
    assert describe(path, "y", ["a"]).classes == ("2", "10")
    with pytest.raises(DataError, match="2: column 'name' has 'ann', which is not a number"):
        describe(path, "y")


@pytest.mark.parametrize(
    ("text", "complaint"),
    (
        ("a,b,y\n1,5,no\n2,5,yes\n", "column 'b' has the same value in every row: leave it out"),
        ("a,y\n1,no\n2,no\n", "column 'y' names 1 classes"),
        ("a,y\n1,no\n2,\n", "column 'y' has rows without a class"),
        ("a,z\n1,no\n", "column 'y' is missing"),
        (",a,y\n0,1,no\n1,2,yes\n", "a column has no name"),
        ("a,y\n" + "".join(f"{i},{i}\n" for i in range(101)), "column 'y' names 101 classes; it takes 2 to 100"),
    ),
)
def test_describe__a_file_that_cannot_be_trained_on__says_why(file, text, complaint):
    with pytest.raises(DataError, match=complaint):
        describe(file(text), "y")


@pytest.mark.parametrize(
    ("name", "shares", "width", "outputs"), (("breast-cancer", (142, 71), 31, 1), ("iris", (30, 20), 5, 3))
)
def test_samples__dealt_out__are_files_that_a_task_can_be_described_by(tmp_path, name, shares, width, outputs):
    sample = load(name)
    files, held_out = deal(sample, shares, tmp_path, seed=3)
    columns = describe(held_out, sample.label)
    spec = TrainingSpec(shares[0], width, outputs)
    read = [read_csv(file, columns, spec) for file in files]
    left = read_csv(held_out, columns, spec, training=False)
    assert [len(data) for data in (*read, left)] == [*shares, len(sample.rows) - sum(shares)]
    lines = [line for file in (*files, held_out) for line in file.read_text().splitlines()[1:]]
    assert sorted(lines) == sorted(",".join(row) for row in sample.rows)


def test_samples__wrong_requests__are_refused(tmp_path):
    with pytest.raises(ValueError, match="no sample 'mnist'"):
        load("mnist")
    with pytest.raises(ValueError, match="leave none of 150"):
        deal(load("iris"), [75, 75], tmp_path)


@pytest.mark.parametrize(
    ("features", "text"), ((["a", "b", "a"], "'a' is named as a feature twice"), (["a", "y"], "'y' is the label"))
)
def test_describe__with_features_that_cannot_be__is_refused(file, features, text):
    with pytest.raises(DataError, match=text):
        describe(file("a,b,y\n1,2,no\n2,3,yes\n"), "y", features)
