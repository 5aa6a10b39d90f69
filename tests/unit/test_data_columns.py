"""What a task says about its columns, and how its creator gets there from a file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from headwater.errors import DataError
from headwater.learners.linear import Linear, LinearSpec
from headwater.tables.columns import Category, Columns, Feature, describe, remarks
from headwater.tables.data import read_csv
from headwater.tables.samples import deal, load

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
    assert describe(path, "y", leave_out=["name"]).names == ("a",)


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
    spec = LinearSpec(shares[0], width, outputs)
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


# categories, missing cells, and what a creator should look at

MIXED = """age,sex,deck,id,y
22,male,A,1,no
38,female,,2,yes
,female,B,3,yes
26,male,A,4,no
"""


def test_describe__texts__become_categories_of_the_values_there(file):
    columns = describe(file(MIXED), "y", leave_out=["deck", "age"])
    assert columns.features[0] == Category("sex", ("female", "male"))
    assert (columns.width, columns.names) == (1 + 2 + 1, ("sex", "id"))
    numbers = describe(file("a,b,y\n1,2,no\n2,3,yes\n1,4,no\n"), "y", categories=["a"])
    assert numbers.features[0] == Category("a", ("1", "2"))


def test_describe__cells_without_a_value__are_one_problem_a_column__unless_a_policy_is_stated(file):
    with pytest.raises(DataError) as caught:
        describe(file(MIXED), "y")
    assert "2 problems" in caught.value.message
    for said in (
        "column 'age' has no value in 1 of 4 rows, first in line 4",
        "column 'deck' has no value in 1 of 4 rows",
    ):
        assert said in caught.value.message
    assert "--missing" in caught.value.message
    for missing in ("drop", "mean"):
        columns = describe(file(MIXED), "y", missing=missing)
        assert columns.missing == missing
        assert columns.features[0].mean == Decimal("28.6667")
        assert columns.features[2] == Category("deck", ("A", "B"))


def test_describe__numbers_with_a_few_texts__are_a_problem__and_names_are_none(file):
    with pytest.raises(DataError, match="3: column 'a' has 'x', which is not a number"):
        describe(file("a,y\n1,no\nx,yes\n2,no\n"), "y")
    rows = "".join(f"name{i},{i % 2}\n" for i in range(101))
    with pytest.raises(DataError, match="has 101 different texts, and a category at most 100: --leave-out"):
        describe(file("who,y\n" + rows), "y")
    with pytest.raises(DataError, match="column 'nothing' is none of the features"):
        describe(file("a,y\n1,no\n2,yes\n"), "y", leave_out=["nothing"])
    with pytest.raises(DataError, match="no column is left"):
        describe(file("a,y\n1,no\n2,yes\n"), "y", leave_out=["a"])


@pytest.mark.parametrize(
    ("values", "name", "said"),
    (
        (range(5, 25), "a", "'a' counts up"),
        ([7 * (i * 37 % 101) for i in range(40)], "a", "'a' has another whole number in every row"),
        ([*range(20, 40), 9999], "a", "'a' has 9999 in 1 rows, far from the rest"),
        ([*range(20, 40), -999, -999], "a", "'a' has -999 in 2 rows"),
        ([3, 1, 2, 1, 2], "patient_id", "'patient_id' is called like an identifier"),
        ([3, 1, "", 2, 1], "a", "'a' has no value in 1 of 5 rows"),
    ),
)
def test_remarks__on_what_a_creator_may_not_want_to_train_on__name_the_column(file, values, name, said):
    path = file(f"{name},b,y\n" + "".join(f"{v},{i * i % 7},{i % 2}\n" for i, v in enumerate(values)))
    found = remarks(path, describe(path, "y", missing="mean"))
    assert any(said in text for text in found), found


def test_remarks__on_measurements__are_none(tmp_path):
    sample = load("breast-cancer")
    _, held_out = deal(sample, (300,), tmp_path)
    assert remarks(held_out, describe(held_out, sample.label)) == []


SPEC = LinearSpec(rows=8, features=6, data_bits=6, model_bits=10, rate_shift=3, clip=1024, clamp=512)
COLUMNS = Columns(
    (Feature("age", Decimal(30), Decimal(10)), Category("sex", ("female", "male")), Category("deck", ("A", "B"))),
    True,
    "y",
    ("no", "yes"),
)


def test_read_csv__with_categories__has_a_feature_for_each_value(file):
    data = read_csv(file("age,sex,deck,y\n20,male,A,no\n45,female,B,yes\n"), COLUMNS, SPEC)
    assert data.x == [[64, -64, 0, 64, 64, 0], [64, 96, 64, 0, 0, 64]]


@pytest.mark.parametrize(
    ("changes", "rows", "said"),
    (
        ({}, "20,male,,no", "column 'deck' has no value"),
        ({}, ",male,A,no", "column 'age' has no value"),
        ({"missing": "mean"}, "20,other,A,no", "'other', which is none of its values: 'female', 'male'"),
        ({"missing": "drop"}, "20,male,?,no", "all rows lack a value"),
    ),
)
def test_read_csv__cells_that_the_task_refuses__are_told(file, changes, rows, said):
    with pytest.raises(DataError, match=said):
        read_csv(file(f"age,sex,deck,y\n{rows}\n"), replace(COLUMNS, **changes), SPEC)


def test_read_csv__by_the_stated_policy__drops_rows_or_takes_the_mean(file):
    path = file("age,sex,deck,y\n20,male,A,no\nNA,female,B,yes\n30,?,Z,yes\n")
    dropped = read_csv(path, replace(COLUMNS, missing="drop", unknown="none"), SPEC)
    assert dropped.x == [[64, -64, 0, 64, 64, 0]]
    assert "2 of 3 rows lack a value and were left out" in dropped.warnings
    filled = read_csv(path, replace(COLUMNS, missing="mean", unknown="none"), SPEC)
    assert filled.x[1:] == [[64, 0, 64, 0, 0, 64], [64, 0, 0, 0, 0, 0]]
    with pytest.raises(DataError, match="has no value"):  # nothing is predicted for a row that is not there
        read_csv(path, replace(COLUMNS, missing="drop", unknown="none"), SPEC, training=False)


@pytest.mark.parametrize("values", ((), ("a", "a"), (" a",), ("NA",), tuple(map(str, range(101)))))
def test_category__with_values_that_make_no_sense__is_refused(values):
    with pytest.raises(ValueError, match="values"):
        Columns((Category("sex", values),), True, "y", ("no", "yes"))


GROUPED = replace(COLUMNS, groups=(Category("sex", ("female", "male")), Category("region", ("north", "south"))))
GROUPED_SPEC = replace(SPEC, groups=4)


def test_read_csv__with_groups__says_of_which_each_row_is__and_trains_on_the_same(file):
    rows = "20,male,A,south,no\n45,female,B,north,yes\n"
    data = read_csv(file(f"age,sex,deck,region,y\n{rows}"), GROUPED, GROUPED_SPEC)
    assert data.groups == [[0, 1, 0, 1], [1, 0, 1, 0]]
    assert data.x == read_csv(file(f"age,sex,deck,region,y\n{rows}"), COLUMNS, SPEC).x
    assert Linear(GROUPED_SPEC, GROUPED).data_vector(data, range(11))[:11] == [*data.x[0], -1, 0, 1, 0, 1]


def test_read_csv__in_parts__keeps_each_rows_groups(file):
    data = read_csv(file("age,sex,deck,region,y\n20,male,A,south,no\n45,female,B,north,yes\n"), GROUPED, GROUPED_SPEC)
    assert [part.groups for part in data.parts(1)] == [[[0, 1, 0, 1]], [[1, 0, 1, 0]]]


@pytest.mark.parametrize(
    ("changes", "row", "said"),
    (
        ({}, "20,male,A,,no", "column 'region' has no value"),
        ({}, "20,male,A,east,no", "column 'region' has 'east', which is none of its values: 'north', 'south'"),
        ({}, "20,other,A,north,no", "has 1 problem:"),  # once, though it is a feature and a column of groups
        ({"missing": "drop"}, "20,male,A,?,no", "all rows lack a value"),
    ),
)
def test_read_csv__groups_that_the_task_refuses__are_told(file, changes, row, said):
    with pytest.raises(DataError, match=said):
        read_csv(file(f"age,sex,deck,region,y\n{row}\n"), replace(GROUPED, **changes), GROUPED_SPEC)


def test_read_csv__groups_by_the_stated_policy__are_none(file):
    path = file("age,sex,deck,region,y\n20,male,A,,no\n45,female,B,east,yes\n")
    assert read_csv(path, replace(GROUPED, missing="mean", unknown="none"), GROUPED_SPEC).groups == [
        [0, 1, 0, 0],
        [1, 0, 0, 0],
    ]


def test_read_csv__to_predict__needs_no_groups(file):
    data = read_csv(file("age,sex,deck\n20,male,A\n"), GROUPED, GROUPED_SPEC, training=False)
    assert (len(data), data.groups) == (1, [])


def test_describe__with_groups__lists_their_values__also_of_numbers(file):
    path = file("age,sex,ward,y\n20,male,3,no\n45,female,12,yes\n30,female,3,no\n")
    columns = describe(path, "y", ["age"], groups=["ward", "sex"])
    assert columns.groups == (Category("ward", ("3", "12")), Category("sex", ("female", "male")))
    assert (columns.names, columns.group_width) == (("age",), 4)


@pytest.mark.parametrize("groups", (["y"], ["nobody"], ["sex", "sex"]))
def test_describe__groups_that_are_no_columns_of_groups__are_refused(file, groups):
    with pytest.raises(DataError, match="is no column of groups"):
        describe(file("age,sex,y\n20,male,no\n45,female,yes\n"), "y", ["age"], groups=groups)
