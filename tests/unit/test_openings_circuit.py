"""EZKL's own commitments open, and the development SRS is what openings are checked against."""

from __future__ import annotations

import pytest

from headwater.circuits.openings import basis_quotient, quotient, task_basis, tau_g2, vector_quotient
from headwater.circuits.srs import open_srs
from headwater.errors import CircuitError
from headwater.protocol.curve import add, multiply, total
from headwater.protocol.field import P
from headwater.protocol.masks import GENERATOR, prg
from headwater.protocol.openings import (
    UNUSABLE_ROWS,
    Encoding,
    challenge,
    encode,
    root_of,
    root_of_unity,
    verify,
    verify_basis,
)
from headwater.protocol.pairing import G2, balanced
from tests.support.circuits import K

WEIGHTS = [5, -1, 0, 2**40, -(2**63)]
USABLE = (1 << K) - UNUSABLE_ROWS


@pytest.fixture(scope="module")
def tau(srs) -> G2:
    return tau_g2(srs)


@pytest.mark.parametrize(
    ("encoding", "values"),
    (
        (Encoding.WORDS, [P - 1]),
        (Encoding.WORDS, [*WEIGHTS, *range(40)]),
        (Encoding.WORDS, [n * n + 1 for n in range(USABLE)]),
        (Encoding.PACKED, WEIGHTS),
        (Encoding.PACKED, [1] * USABLE),
    ),
    ids=("one word", "words", "full column", "packed", "constant"),
)
def test_commitment_of_ezkl__opens(average, tau, encoding, values):
    commitment, data = average.commit(values), encode(values, encoding)
    found = vector_quotient(average, commitment, encoding, len(values), data)
    assert verify(commitment, K, encoding, len(values), data, found, tau)


def test_commitment_of_ezkl__to_a_mask__opens_by_its_seed(average, tau):
    seed = bytes(range(32))
    commitment = average.commit(prg(seed, 17))
    found = vector_quotient(average, commitment, Encoding.MASK, 17, seed)
    assert verify(commitment, K, Encoding.MASK, 17, seed, found, tau)


def test_commitment_of_ezkl__to_another_vector__does_not_open(average, tau):
    data = encode(WEIGHTS, Encoding.PACKED)
    for commitment in (average.commit([*WEIGHTS[:-1], 7]), add(average.commit(WEIGHTS), GENERATOR)):
        found = vector_quotient(average, commitment, Encoding.PACKED, len(WEIGHTS), data)
        assert not verify(commitment, K, Encoding.PACKED, len(WEIGHTS), data, found, tau)


def test_quotient__of_a_weights_opening__is_the_one_of_its_challenge(average):
    commitment, data = average.commit(WEIGHTS), encode(WEIGHTS, Encoding.WORDS)
    r = challenge(commitment, K, Encoding.WORDS, len(WEIGHTS), root_of(data, Encoding.WORDS))
    expected = vector_quotient(average, commitment, Encoding.WORDS, len(WEIGHTS), data)
    assert quotient(average, WEIGHTS, r) == expected
    assert quotient(average, WEIGHTS, r + 1) != expected


def test_quotient__of_a_vector_that_does_not_fit__or_at_a_root_of_unity__is_refused(average):
    with pytest.raises(ValueError, match="does not fit"):
        quotient(average, [0] * (USABLE + 1), 5)
    with pytest.raises(ValueError, match="root of unity"):
        quotient(average, WEIGHTS, root_of_unity(K))


@pytest.mark.parametrize("dimension", (1, 5))
def test_basis_of_the_srs__holds(average, srs, tau, dimension):
    points = task_basis(srs, dimension)
    found = basis_quotient(average, dimension)
    assert verify_basis(points, K, dimension, found, tau)
    biased = points._replace(basis_d=add(points.basis_d, srs.lagrange_points(0, 1)[0]))
    assert not verify_basis(biased, K, dimension, found, tau)


def test_tau__is_that_of_the_points_to_which_ezkl_commits(average, srs, tau):
    """The polynomial X has the values w^i, so the sum of w^i L_i is [tau], of which e([tau], G2) = e(G, [tau]_2)."""
    places = [pow(root_of_unity(K), row, P) for row in range(1 << K)]
    ones = zip(srs.lagrange_points(USABLE, UNUSABLE_ROWS), places[USABLE:], strict=True)
    tau_g1 = add(average.commit(places[:USABLE]), total(multiply(point, place - 1) for point, place in ones))
    assert balanced(tau_g1, GENERATOR, tau)


def test_srs__that_is_cut_short_or_ends_in_something_else__has_no_tau(srs, tmp_path):
    whole = srs.path.read_bytes()
    for data, message in ((whole[:-1], "cut short"), (whole[:-64] + bytes(64), "does not end in points of G2")):
        path = tmp_path / "srs"
        path.write_bytes(data)
        with pytest.raises(CircuitError, match=message):
            tau_g2(open_srs(path, K, "dev"))
