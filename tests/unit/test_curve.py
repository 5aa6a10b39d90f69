"""BN254 against an independent implementation, py_ecc, and against the laws of a group."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import bn128

from headwater.protocol.curve import INFINITY, Point, add, multiply, negate, total
from headwater.protocol.field import P, Q

G = Point(1, 2)

scalars = st.sampled_from((0, 1, P - 1)) | st.binary(min_size=32, max_size=32).map(
    lambda drawn: int.from_bytes(drawn, "big") % P
)
few = settings(max_examples=25, deadline=None)


def theirs(point):
    return None if point == INFINITY else (bn128.FQ(point.x), bn128.FQ(point.y))


def ours(point):
    return INFINITY if point is None else Point(int(point[0]), int(point[1]))


def test_constants__are_those_of_the_curve():
    assert (bn128.curve_order, bn128.field_modulus) == (P, Q)
    assert ours(bn128.G1) == G


@few
@given(scalars)
def test_multiply__is_py_eccs(scalar):
    assert multiply(G, scalar) == ours(bn128.multiply(bn128.G1, scalar))


@few
@given(scalars, scalars)
def test_add_and_negate__are_py_eccs(a, b):
    left, right = multiply(G, a), multiply(G, b)
    assert add(left, right) == ours(bn128.add(theirs(left), theirs(right)))
    assert negate(left) == ours(bn128.neg(theirs(left)))


@pytest.mark.parametrize("n", (0, 1, 2, P - 1))
def test_add__at_its_edges__is_py_eccs(n):
    point = multiply(G, n)
    for other in (INFINITY, point, negate(point), G):
        assert add(point, other) == add(other, point) == ours(bn128.add(theirs(point), theirs(other)))


@few
@given(scalars, scalars, scalars)
def test_points__are_a_group(a, b, c):
    x, y, z = (multiply(G, scalar) for scalar in (a, b, c))
    assert add(add(x, y), z) == add(x, add(y, z)) == multiply(G, a + b + c)
    assert add(x, negate(x)) == INFINITY
    assert multiply(x, b) == multiply(y, a)


def test_multiply__by_the_order_or_a_negative__wraps():
    assert multiply(G, P) == multiply(INFINITY, 5) == INFINITY
    assert multiply(G, -1) == negate(G)
    assert negate(INFINITY) == INFINITY


def test_total__is_the_sum__and_of_nothing_infinity():
    assert total(multiply(G, n) for n in (1, 2, 3, 4)) == multiply(G, 10)
    assert total([]) == INFINITY


@few
@given(scalars)
def test_bytes_of_a_point__decode_to_it(scalar):
    point = multiply(G, scalar)
    assert point.on_curve()
    assert len(point.encode()) == 64
    assert Point.decode(point.encode()) == point


@pytest.mark.parametrize(
    ("data", "message"),
    (
        (b"", "64 bytes, not 0"),
        (G.encode()[:-1], "64 bytes, not 63"),
        (Point(1, 3).encode(), "no point of BN254"),
        (Point(1 + Q, 2).encode(), "no point of BN254"),
        (Point(0, Q).encode(), "no point of BN254"),
    ),
    ids=("empty", "short", "off the curve", "x not reduced", "y not reduced"),
)
def test_bytes_that_are_no_point__are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        Point.decode(data)
