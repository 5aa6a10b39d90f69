"""Secret multiples of points: the same as public ones, by the same steps for every secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol import ladder
from headwater.protocol.curve import INFINITY, Point, multiply
from headwater.protocol.field import P
from headwater.protocol.ladder import multiply_secret

G = Point(1, 2)
EDGES = (0, 1, 2, 3, P // 2, P - 2, P - 1, P, P + 1, 2**254 - P, 2**254 - P - 1, -1, -P, 2**256 - 1)

scalars = st.binary(min_size=32, max_size=32).map(lambda drawn: int.from_bytes(drawn, "big") % P)


@pytest.mark.parametrize("scalar", EDGES)
def test_secret_multiple__of_an_edge__is_the_public_one(scalar):
    assert multiply_secret(G, scalar) == multiply(G, scalar)


@settings(max_examples=25, deadline=None)
@given(scalars.filter(bool), scalars)
def test_secret_multiple__is_the_public_one(point, scalar):
    base = multiply(G, point)
    assert multiply_secret(base, scalar) == multiply(base, scalar)


def test_secret_multiple__by_the_order__is_infinity():
    assert multiply_secret(G, P) == INFINITY


@pytest.mark.parametrize("scalar", EDGES)
def test_steps__whatever_the_scalar__are_the_same_number_of_additions(scalar, monkeypatch):
    counted, add = [], ladder._add
    monkeypatch.setattr(ladder, "_add", lambda a, b: counted.append(None) or add(a, b))

    multiply_secret(G, scalar)

    assert len(counted) == 1 + 2 * 254


def test_formulas__at_their_edges__have_no_exceptions():
    infinity, one, minus_one = (0, 1, 0), (1, 2, 1), (1, ladder.Q - 2, 1)
    assert ladder._add(infinity, infinity)[2] == 0
    assert ladder._add(one, minus_one)[2] == 0
    for x, y, z in (ladder._add(one, infinity), ladder._add(infinity, one)):
        assert (x * pow(z, -1, ladder.Q) % ladder.Q, y * pow(z, -1, ladder.Q) % ladder.Q) == G
