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


# commitments by columns as short as their vectors


@pytest.mark.parametrize("length", (0, 1, 10, 11, 58, 59, 250, 251))
def test_commitment__of_a_short_vector__is_that_of_the_whole_basis(average, srs, length):
    vector = [P - 1 - n * n for n in range(length)]
    assert average.commit(vector) == srs.basis(length).commit(vector)


def test_commitments__of_vectors_of_several_lengths__are_those_of_each(average, srs):
    vectors = [[1, 2, 3], [], [P - 1] * 58, [5], [0] * 40, [7] * 58]
    assert average.commit_all(vectors) == [srs.basis(58).commit(vector) for vector in vectors]


def test_commitments__of_short_and_full_columns__are_those_of_each(average):
    full, short = [n * n + 1 for n in range(USABLE)], [4, 5]
    assert average.commit_all([short, full]) == [average.commit(short), average.commit(full)]


def test_commitment__of_more_entries_than_there_are_rows__is_refused(average):
    with pytest.raises(CircuitError, match=f"{USABLE + 1} entries does not fit k = {K}"):
        average.commit_all([[1], [1] * (USABLE + 1)])


@pytest.mark.parametrize("damage", (lambda data: data[:-1], lambda data: data[:2000] + b"\1" + data[2001:]))
def test_file_that_was_cut_out_of_the_srs__when_it_is_damaged__is_made_again(average, srs, damage):
    expected = srs.basis(3).commit([1, 2, 3])
    average.commit([1, 2, 3])
    path = average.folder / "commit-4.srs"
    data = path.read_bytes()
    path.write_bytes(damage(data))
    assert average.commit([1, 2, 3]) == expected
    assert path.read_bytes() == data
    path.unlink()
    assert average.commit([1, 2, 3]) == expected


def test_srs__that_is_cut_short__has_no_file_to_be_cut_out_of_it(average, srs, tmp_path):
    path = tmp_path / "srs"
    path.write_bytes(srs.path.read_bytes()[:-1])
    with pytest.raises(CircuitError, match="is cut short"):
        open_srs(path, K, srs.source).cut(4)
