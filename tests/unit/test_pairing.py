"""Pairings balance as the EVM's precompile has them, of points that are checked to be of their groups."""

from __future__ import annotations

import subprocess
import sys

import pytest
from py_ecc import optimized_bn128 as bn128

from headwater.protocol.curve import INFINITY, Point, multiply
from headwater.protocol.field import P, Q
from headwater.protocol.masks import GENERATOR
from headwater.protocol.pairing import G2, GENERATOR_2, balanced, in_group
from tests.support.toy_srs import g2

POINT = g2(7)


def off_subgroup() -> G2:
    """A point of the twist that is not of order P: its cofactor is some 254 bits long, so nearly any point is none."""

    def root(a):  # a square root in the extension, Q = 3 mod 4 (Adj and Rodriguez-Henriquez 2012, algorithm 9)
        a1 = a ** ((Q - 3) // 4)
        alpha, x0 = a1 * a1 * a, a1 * a
        minus = bn128.FQ2([-1, 0])
        return bn128.FQ2([0, 1]) * x0 if alpha == minus else (bn128.FQ2.one() + alpha) ** ((Q - 1) // 2) * x0

    for n in range(1, 50):
        x = bn128.FQ2([n, 0])
        y = root(x * x * x + bn128.b2)
        if y * y == x * x * x + bn128.b2:
            return G2(*(int(c) for c in (x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0])))
    raise AssertionError("no point of the twist was found")


def test_generator__is_py_eccs():
    assert g2(1) == GENERATOR_2


@pytest.mark.parametrize("scalar", (1, 7, P - 1))
def test_multiples_of_the_generator__are_of_the_group(scalar):
    assert in_group(g2(scalar))


@pytest.mark.parametrize(
    "point",
    (
        (0, 0, 0, 0),
        (1, 2, 3, 4),
        (POINT[1], POINT[0], POINT[3], POINT[2]),
        (*POINT[2:], *POINT[:2]),
        (POINT[0] + Q, *POINT[1:]),
        (*POINT[:3], POINT[3] - Q),
    ),
    ids=("infinity", "off the twist", "real parts first", "y before x", "not reduced", "negative"),
)
def test_other_numbers__are_not(point):
    assert not in_group(G2(*point))


def test_point_of_the_twist__outside_the_subgroup__is_not_of_the_group():
    point = off_subgroup()
    x, y = bn128.FQ2([point.x_real, point.x_imaginary]), bn128.FQ2([point.y_real, point.y_imaginary])
    assert bn128.is_on_curve((x, y, bn128.FQ2.one()), bn128.b2)
    assert not in_group(point)


@pytest.mark.parametrize(
    ("left", "right", "factor"),
    (
        (Point(1, 3), GENERATOR, POINT),
        (GENERATOR, Point(1 + Q, 2), POINT),
        (GENERATOR, GENERATOR, G2(0, 0, 0, 0)),
        (GENERATOR, GENERATOR, off_subgroup()),
    ),
)
def test_pairing__of_what_is_no_point_of_its_group__is_refused(left, right, factor):
    with pytest.raises(ValueError, match="two groups"):
        balanced(left, right, factor)


@pytest.mark.parametrize(("left", "right"), ((21, 3), (22, 3), (0, 0), (1, 0), (0, 1)))
def test_pairing__balances_multiples__and_infinity_with_itself_alone(left, right):
    assert multiply(GENERATOR, 0) == INFINITY
    assert balanced(multiply(GENERATOR, left), multiply(GENERATOR, right), POINT) == (left == 7 * right)


def test_pairing__leaves_the_recursion_limit_of_the_process_as_it_is():
    code = "import sys; from headwater.protocol.pairing import *; in_group(GENERATOR_2); print(sys.getrecursionlimit())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(found) == 1000
