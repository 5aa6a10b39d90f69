"""Canonical JSON: one text for one value, and nothing else is read."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol.documents import MAX_BYTES, MAX_DEPTH, MAX_INTEGER, decode, encode

TEXT = st.text(st.characters(blacklist_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)  # other work may hold the machine
@given(VALUES)
def test_decode__of_an_encoded_value__is_the_value(value):
    assert decode(encode(value)) == value


@settings(deadline=None)  # other work may hold the machine
@given(VALUES)
def test_encode__of_a_value__depends_on_nothing_else(value):
    shuffled = json.loads(json.dumps(value, indent=3))

    assert encode(shuffled) == encode(value)


def test_encode__is_the_text_that_rfc_8785_shows():
    value = {"b": [1, -2, True, None], "a": 'line\nbreak, "quote", \\, \x0f, é and 日', "": {}}

    assert (
        encode(value).decode()
        == '{"":{},"a":"line\\nbreak, \\"quote\\", \\\\, \\u000f, é and 日","b":[1,-2,true,null]}'
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    (
        ('{"a": 1}', "canonical"),
        ('{"b":1,"a":1}', "canonical"),
        ('{"a":1,"a":1}', "canonical"),
        ('{"a":1,"a":2}', "canonical"),
        ('{"a":1}\n', "canonical"),
        (' {"a":1}', "canonical"),
        ('{"a":1}{"a":1}', "Extra data"),
        ('"\\u0061"', "canonical"),
        ('"\\/"', "canonical"),
        ('"\\ud800"', "surrogates"),
        ("-0", "canonical"),
        ("1.0", "no integer"),
        ("1e3", "no integer"),
        ("NaN", "no integer"),
        ("Infinity", "no integer"),
        ("-Infinity", "no integer"),
        ("9007199254740992", "past"),
        ("9" * 5000, "Exceeds the limit"),
        ("01", "Extra data"),
        ("'a'", "Expecting value"),
        ("", "Expecting value"),
        ("[1,]", "Expecting value|Illegal trailing comma"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "too deep"),
        ("[" * 500_000, "too deep"),
        ('{"a":' * 100_000, "too deep"),
        ('["\\"]"' + ",[" * 500_000, "too deep"),
        ('"' + '\\"' * 500_000, "Unterminated"),
        ("\ufeff{}", "BOM"),
    ),
)
def test_decode__of_any_other_text__is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        decode(text.encode())


def test_decode__of_brackets_within_strings__does_not_count_them():
    value = {"[" * 50: ['{"[' * 50, '\\"' + "[" * 50]}
    assert decode(encode(value)) == value


@pytest.mark.parametrize("limit", (1_000, 100_000))
def test_decode__whatever_the_recursion_limit_of_the_process__takes_the_deepest_and_refuses_a_deeper(limit):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        assert decode(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
        with pytest.raises(ValueError, match="too deep"):
            decode(b"[" * 500_000)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    "data", (b"\xff\xfe{}", b'"\x80"', '{"a":1}'.encode("utf-16"), '"\ud800"'.encode(errors="surrogatepass"))
)
def test_decode__of_other_encodings__is_refused(data):
    with pytest.raises(ValueError, match="utf-8"):
        decode(data)


def test_documents__end_at_one_ipfs_block():
    largest = encode("x" * (MAX_BYTES - 2))
    assert decode(largest) == "x" * (MAX_BYTES - 2)

    with pytest.raises(ValueError, match=f"at most {MAX_BYTES} bytes, this one has {MAX_BYTES + 1}"):
        encode("x" * (MAX_BYTES - 1))
    with pytest.raises(ValueError, match=f"at most {MAX_BYTES} bytes, this one has {MAX_BYTES + 1}"):
        decode(largest + b" ")


@pytest.mark.parametrize(
    "value", (1.0, float("nan"), {1: "a"}, {"a": b"bytes"}, [{"a": {1, 2}}], MAX_INTEGER + 1, object())
)
def test_encode__of_what_is_not_exact_everywhere__is_refused(value):
    with pytest.raises(ValueError, match=r"holds no|keys are text"):
        encode(value)


@settings(deadline=None)  # other work may hold the machine
@given(st.binary(max_size=300) | TEXT.map(str.encode))
def test_decode__of_anything__gives_a_value_or_a_value_error(data):
    try:
        value = decode(data)
    except ValueError:
        return
    assert encode(value) == data
