"""Whatever is wrong with a trainer's file is said before anything is staked or sent: where, what, and what to write."""

from __future__ import annotations

import codecs
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import DataError
from headwater.learners.linear import Linear, LinearSpec
from headwater.protocol.field import P
from headwater.tables import table
from headwater.tables.columns import Columns, Feature
from headwater.tables.data import Dataset, read_csv
from headwater.tables.table import parse_number

COLUMNS = Columns(
    features=(Feature("radius", Decimal("14.1"), Decimal("3.5")), Feature("texture", Decimal(20), Decimal("0.5"))),
    intercept=True,
    label="diagnosis",
    classes=("benign", "malignant"),
)
SPEC = LinearSpec(rows=4, features=3)
HEADER = "radius,texture,diagnosis\n"


@pytest.fixture
def read(tmp_path):
    """Write a text or bytes to a file and read it."""

    def read_content(content, *, columns=COLUMNS, spec=SPEC, training=True):
        path = tmp_path / "patients.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_csv(path, columns, spec, training=training)

    return read_content


@pytest.fixture
def complaint(read):
    """The whole message of the error that a content gives."""

    def message_of(content, **options):
        with pytest.raises(DataError) as caught:
            read(content, **options)
        assert "nothing was sent" in caught.value.hint
        return caught.value.message

    return message_of


def test_read__any_order_and_other_columns__standardises_and_encodes(read):
    data = read("id,diagnosis,texture,note,radius\n7,malignant,20.5,x,17.6\n8,benign,19.75,y,14.1\n")
    assert data.reals == [[1.0, 1.0, 1.0], [1.0, 0.0, -0.5]]
    assert data.x == [[64, 64, 64], [64, 0, -32]]
    assert data.labels == [[1], [-1]]
    assert data.warnings == ()


@given(st.decimals(-100, 100, places=5), st.decimals("0.01", 100, places=3))
def test_standardise__any_decimals__is_the_nearest_float(value, deviation):
    exact = (Fraction(value) - Fraction("14.1")) / Fraction(deviation)
    assert Feature("radius", Decimal("14.1"), deviation).standardise(value) == float(exact)


def test_read__values_far_off__are_clamped_to_the_limit(read):
    data = read(HEADER + "1e90,20,benign\n-1e90,20,malignant\n14.1,20,benign\n")
    assert [row[1] for row in data.x] == [512, -512, 0]


@pytest.mark.parametrize("newline", ("\n", "\r\n", "\r"))
def test_read__of_what_spreadsheets_write__is_understood(read, newline):
    text = '"radius", "texture",diagnosis\n\n"17.6", 20 ,"malignant"\n,,\n 14.1,+2.0e1,benign \n\n'
    data = read(codecs.BOM_UTF8 + text.replace("\n", newline).encode())
    assert data.x == [[64, 64, 0], [64, 0, 0]]
    assert data.labels == [[1], [-1]]


def test_read__three_classes__labels_each_output(read):
    columns = Columns(COLUMNS.features, False, "species", ("a", "b", "c"))
    data = read("radius,texture,species\n14.1,20,b\n14.1,20,c\n", columns=columns, spec=LinearSpec(4, 2, 3))
    assert data.labels == [[-1, 1, -1], [-1, -1, 1]]
    assert data.x == [[0, 0], [0, 0]]


def test_read__many_problems__tells_all_with_their_places(complaint, tmp_path):
    text = "17.6,,benign\n17;6,20,Benign\n1,2\n14.1,20,benign,\nnan,1_0,\n"
    path = tmp_path / "patients.csv"
    assert complaint(HEADER + text).splitlines() == [
        "patients.csv has 8 problems:",
        f"  {path}:2: column 'texture' has no value",
        f"  {path}:3: column 'radius' has '17;6', which is not a number",
        f"  {path}:3: column 'diagnosis' has 'Benign', which is none of the classes: 'benign', 'malignant'",
        f"  {path}:4: the row has 2 cells, the header 3",
        f"  {path}:5: the row has 4 cells, the header 3: is a comma inside a number or a text without quotes?",
        f"  {path}:6: column 'radius' has 'nan', which is not a finite number",
        f"  {path}:6: column 'texture' has '1_0', which is not a number",
        f"  {path}:6: column 'diagnosis' names no class: 'benign', 'malignant'",
    ]


def test_read__very_many_problems__lists_twenty_and_counts_the_rest(complaint):
    lines = complaint(HEADER + "x,y,benign\n" * 30, spec=LinearSpec(rows=50, features=3)).splitlines()
    assert lines[0] == "patients.csv has 60 problems:"
    assert len(lines) == 22
    assert lines[-1] == "  and 40 more"


@pytest.mark.parametrize(
    ("cell", "text"),
    (
        ('"17,6"', "'17,6': write decimals with a point, 17.6"),
        ('"1,234.5"', "'1,234.5': write numbers without separators"),
        ("NA", "has no value but 'NA'"),
        ("?", "has no value but '?'"),
        ("-inf", "'-inf', which is not a finite number"),
        ("1e101", "which is larger than 1e100"),
        ("1e9999", "which is not a number"),
        ("12kg", "'12kg', which is not a number"),
        ("0x10", "which is not a number"),
        ("１２", "which is not a number"),
        ("x" * 50, "'" + "x" * 40 + "...'"),
    ),
)
def test_read__a_wrong_number__says_what_to_write(complaint, cell, text):
    message = complaint(HEADER + f"{cell},20,benign\n")
    assert f"patients.csv:2: column 'radius' has {text}" in message or text in message


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_parse_number__of_a_plain_decimal__is_exact(value):
    assert parse_number(f"{value:f}") == value


@pytest.mark.parametrize(
    ("content", "text"),
    (
        ("radius,Texture,diagnosis\n1,2,benign\n", ":1: column 'texture' is missing: did you mean 'Texture'?"),
        ("RADIUS,texture,diagnosis\n1,2,benign\n", ":1: column 'radius' is missing: did you mean 'RADIUS'?"),
        ("radius,texture\n1,2\n", ":1: column 'diagnosis' is missing"),
        ("radius,texture,radius,diagnosis\n1,2,1,benign\n", ":1: column 'radius' is there 2 times"),
        ("radius;texture;diagnosis\n1;2;benign\n", "single cell: separate cells with commas"),
        (HEADER, "has a header but no rows"),
        ("", "the file is empty"),
        ("\n\n \n", "the file is empty"),
        (HEADER + '1,"2,benign\n', ":2: the line is not CSV"),
        (HEADER + f"{'1' * 200_000},2,benign\n", ":2: the line is not CSV: field larger"),
        ((HEADER + "1,2,benign\n").encode("utf-16"), "UTF-16 text: save it as UTF-8"),
        (b"PK\x03\x04...", "a spreadsheet or an archive, not CSV"),
        (b"\x1f\x8b\x08...", "compressed: unpack it first"),
    ),
)
def test_read__a_wrong_file__says_what_it_takes(complaint, content, text):
    assert text in complaint(content)


def test_read__bytes_that_are_not_utf8__matter_only_where_they_are_used(read, complaint):
    content = "note,radius,texture,diagnosis\nM\N{LATIN SMALL LETTER U WITH DIAERESIS}ller,1{},20,b{}nign\n"
    assert len(read(content.format("", "e").encode("latin-1"))) == 1
    message = complaint(content.format("\xe9", "\xe9").encode("latin-1"))
    assert ":2: column 'radius' has bytes that are not UTF-8: save the file as UTF-8" in message
    assert ":2: column 'diagnosis' has bytes that are not UTF-8" in message


def test_read__more_rows_than_room__drops_none_by_itself(complaint):
    message = complaint(HEADER + "14.1,20,benign\n" * 5)
    assert "has 5 rows, the task has room for 4: choose yourself which to leave out" in message


def test_read__a_huge_file__is_refused_by_its_size(complaint, monkeypatch):
    monkeypatch.setattr(table, "MAX_BYTES", 30)
    assert "has 40 bytes, the most is 30" in complaint(HEADER + "14.1,20,benign\n")


def test_read__no_such_file__says_so(tmp_path):
    with pytest.raises(DataError, match=r"missing\.csv cannot be read: No such file"):
        read_csv(tmp_path / "missing.csv", COLUMNS, SPEC)


def test_read__with_a_line_break_in_quotes__counts_lines_as_editors_do(complaint):
    assert ":4: column 'radius'" in complaint("note," + HEADER + '"two\nlines",1,2,benign\nx,y,2,benign\n')


def test_read__odd_columns_and_a_single_class__are_warnings(read):
    data = read(HEADER + "14100,20,benign\n15200,20,benign\n14.5,20,benign\n")
    assert data.warnings == (
        (
            "column 'radius' is 8 or more deviations from the task's mean 14.1 in 2 of 3 rows, and was cut off there:"
            " is it in other units?"
        ),
        "column 'texture' has the same value in all 3 rows",
        "all rows are of the class 'benign'",
    )


def test_read__to_predict__needs_no_labels_and_takes_any_number_of_rows(read, complaint):
    assert read("texture,radius\n20,14.1\n", training=False).labels == [[]]
    assert read(HEADER + "14.1,20,\n" + "14.1,20,malignant\n" * 5, training=False).labels == [[]] + [[1]] * 5
    assert "none of the classes" in complaint(HEADER + "14.1,20,both\n", training=False)


def test_read__columns_of_another_specification__is_a_mistake_of_the_caller(read):
    with pytest.raises(ValueError, match="3 features, 1 outputs and 0 groups, the specification has 4, 1 and 0"):
        read(HEADER + "14.1,20,benign\n", spec=LinearSpec(rows=4, features=4))


def test_data_vector__is_rows_then_zeros_then_the_salts(read):
    data, salts = read(HEADER + "17.6,20,malignant\n14.1,20,benign\n"), [99, 0, P - 1, 7]
    assert Linear(SPEC, COLUMNS).data_vector(data, salts) == [64, 64, 0, 1, 64, 0, 0, -1, *[0] * 8, *salts]
    assert Linear(replace(SPEC, salt_rows=2), COLUMNS).data_vector(data, salts * 2)[16:] == salts * 2


@pytest.mark.parametrize(
    ("rows", "label", "salts", "text"),
    (
        (5, 1, [0] * 4, "5 rows do not fit"),
        (1, None, [0] * 4, "without a label"),
        (1, 1, [1, 2, 3, P], "the salts are"),
        (1, 1, [-1, 2, 3, 4], "the salts are"),
        (1, 1, [1, 2, 3], "the salts are"),
        (1, 1, [1, 2, 3, 4, 5], "the salts are"),
    ),
)
def test_data_vector__of_what_cannot_be_committed__is_refused(rows, label, salts, text):
    data = Dataset([[64, 0, 0]] * rows, [[] if label is None else [label]] * rows, [[1.0, 0.0, 0.0]] * rows)
    with pytest.raises(ValueError, match=text):
        Linear(SPEC, COLUMNS).data_vector(data, salts)
