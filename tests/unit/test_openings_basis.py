"""A task's points are those of the SRS that it names, or its claim does not open."""

from __future__ import annotations

import json

import pytest
from eth_abi import encode as abi_encode
from eth_utils.crypto import keccak

from headwater.protocol import openings
from headwater.protocol.curve import Point
from headwater.protocol.field import P, Q
from headwater.protocol.openings import TaskBasis, basis_claim, evaluate, verify_basis
from headwater.protocol.pairing import G2
from tests.support.masking import generated
from tests.support.toy_srs import ToySrs, g2, lagrange
from tests.vectors import make_openings

K = 5
DIMENSION = 5
SRS = ToySrs(K, make_openings.number("tests"))
BASIS = SRS.basis(DIMENSION)
LOGS = (SRS.offset_log, *(lagrange(K, row, SRS.tau) for row in (0, 1, DIMENSION)))

Excess = tuple[dict[int, int], ...]
"""What each of the four points commits to beyond what it should: rows and their entries."""


def at(excess: dict[int, int], x: int) -> int:
    return sum(entry * lagrange(K, row, x) for row, entry in excess.items())


def false_basis(excess: Excess) -> TaskBasis:
    return TaskBasis(*(generated(log + at(more, SRS.tau)) for log, more in zip(LOGS, excess, strict=True)))


def opening_of(points: TaskBasis, excess: Excess) -> Point:
    """The quotient of what the combined points really commit to, which the creator knows: no other can convince."""
    claim = basis_claim(points, K, DIMENSION)
    powers = [pow(claim.vector[0], n, P) for n in range(4)]
    log = sum(rho * (log + at(more, SRS.tau)) for rho, log, more in zip(powers, LOGS, excess, strict=True))
    assert generated(log) == claim.commitment
    value = claim.value + sum(rho * at(more, claim.point) for rho, more in zip(powers, excess, strict=True))
    return SRS.quotient(log, claim.point, value)


def accepted(excess: Excess) -> bool:
    """Whether a creator gets false points past the check with their own opening."""
    points = false_basis(excess)
    return verify_basis(points, K, DIMENSION, opening_of(points, excess), SRS.tau_g2)


def quotient_of(dimension: int) -> Point:
    claim = basis_claim(SRS.basis(dimension), K, dimension)
    return SRS.quotient(SRS.log(claim.vector), claim.point, claim.value)


QUOTIENT = quotient_of(DIMENSION)


@pytest.mark.parametrize("n", range(4))
def test_vectors__open(n):
    case = json.loads(make_openings.FILE.read_text())["bases"][n]
    numbers = {name: [int(word, 16) for word in case[name]] for name in ("points", "quotient", "tau")}
    points = TaskBasis(*(Point(*numbers["points"][i : i + 2]) for i in range(0, 8, 2)))
    k, dimension = int(case["k"], 16), int(case["dimension"], 16)
    assert verify_basis(points, k, dimension, Point(*numbers["quotient"]), G2(*numbers["tau"]))


@pytest.mark.parametrize("dimension", (1, 2, DIMENSION))
def test_basis_claim__is_the_hash_of_abi_encoded_words__and_a_commitment_to_its_vector(dimension):
    points = SRS.basis(dimension)
    claim = basis_claim(points, K, dimension)
    words = [coordinate for point in points for coordinate in point] + [K, dimension]
    rho = int.from_bytes(keccak(abi_encode(["uint256"] * 10, words)), "big") % P
    expected = [0] * (dimension + 1)
    for row, power in ((0, 1), (1, 2), (dimension, 3)):
        expected[row] = (expected[row] + rho**power) % P
    assert list(claim.vector) == expected
    assert claim.commitment == SRS.commit(claim.vector)
    words = [*claim.commitment, rho]
    assert claim.point == int.from_bytes(keccak(abi_encode(["uint256"] * 3, words)), "big") % P
    assert claim.value == evaluate(K, claim.vector, claim.point)


@pytest.mark.parametrize("dimension", (1, 2, DIMENSION, 25))
def test_basis__of_the_srs__holds(dimension):
    assert verify_basis(SRS.basis(dimension), K, dimension, quotient_of(dimension), SRS.tau_g2)


def test_basis__of_another_dimension_or_k_or_tau__or_swapped__does_not_hold():
    swapped = BASIS._replace(basis0=BASIS.basis1, basis1=BASIS.basis0)
    assert not verify_basis(swapped, K, DIMENSION, QUOTIENT, SRS.tau_g2)
    assert not verify_basis(BASIS, K, DIMENSION + 1, QUOTIENT, SRS.tau_g2)
    assert not verify_basis(BASIS, K + 1, DIMENSION, QUOTIENT, SRS.tau_g2)
    assert not verify_basis(BASIS, K, DIMENSION, QUOTIENT, g2(SRS.tau + 1))


@pytest.mark.parametrize("point", (Point(1, 3), Point(1 + Q, 2), Point(-1, 2)))
def test_basis__off_the_curve__does_not_hold(point):
    for name in BASIS._fields:
        assert not verify_basis(BASIS._replace(**{name: point}), K, DIMENSION, QUOTIENT, SRS.tau_g2)
    assert not verify_basis(BASIS, K, DIMENSION, point, SRS.tau_g2)


@pytest.mark.parametrize("dimension", (0, -1, 26, 2**60))
def test_basis__of_a_dimension_without_room__does_not_hold(dimension):
    assert not verify_basis(BASIS, K, dimension, QUOTIENT, SRS.tau_g2)


@pytest.mark.parametrize("which", range(4), ids=TaskBasis._fields)
def test_basis__with_a_false_point__does_not_hold(which):
    excess = tuple({7: 1} if n == which else {} for n in range(4))
    assert not accepted(excess)
    assert not verify_basis(false_basis(excess), K, DIMENSION, QUOTIENT, SRS.tau_g2), "with the true points' opening"


def test_attack__a_basis_d_that_adds_a_bias_to_every_sum__does_not_hold():
    """The lab's falseBasis: basisD = L_D + delta/tag, and whatever is tagged has delta on top."""
    by_tag = pow(make_openings.number("tag"), -1, P)
    assert not accepted(({}, {}, {}, {0: 1_000_000 * by_tag, DIMENSION + 1: 99 * by_tag}))


def test_attack__a_bias_that_vanishes_where_the_claim_is_opened__needs_an_r_that_does_not_hash_it(monkeypatch):
    known = make_openings.number("r known before")
    excess = ({}, {}, {}, {0: lagrange(K, 1, known), 1: -lagrange(K, 0, known)})
    assert not accepted(excess)
    hashed = openings._hashed
    monkeypatch.setattr(openings, "_hashed", lambda data: known if len(data) == 3 * 32 else hashed(data))
    assert accepted(excess), "the attack works where r is known before the points"


def test_attack__two_wrong_points_that_make_up_for_each_other__need_a_rho_that_does_not_hash_them(monkeypatch):
    known = make_openings.number("rho known before")
    excess = ({}, {}, {0: -known}, {0: 1})  # rho^2 times one, rho^3 times the other
    assert not accepted(excess)
    hashed = openings._hashed
    monkeypatch.setattr(openings, "_hashed", lambda data: known if len(data) == 10 * 32 else hashed(data))
    assert accepted(excess), "the attack works where rho is known before the points"
