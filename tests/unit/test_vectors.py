"""Field elements as documents carry them, and vectors whose commitments add up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import bn128

from headwater.protocol.curve import INFINITY, Point, add, multiply
from headwater.protocol.field import P, derive, from_ezkl, pack, to_ezkl, to_field, to_signed, unpack
from headwater.protocol.field import add as add_vectors
from headwater.protocol.vectors import UPDATE_SALTS, Basis, average, sum_of_commitments, update_length

G = Point(1, 2)
BASIS = Basis(multiply(G, 999), tuple(multiply(G, 7**n) for n in range(1, 5)))
SECRET = b"s" * 32

elements = st.sampled_from((0, 1, P // 2, P // 2 + 1, P - 1)) | st.binary(min_size=32, max_size=32).map(
    lambda drawn: int.from_bytes(drawn, "big") % P
)
signed = elements.map(lambda element: element - P // 2)
weights = st.integers(-(2**20), 2**20)
vectors = st.lists(elements, min_size=4, max_size=4)
few = settings(max_examples=20, deadline=None)


# field elements


@given(signed)
def test_signed_integer__as_an_element__and_back(value):
    assert to_signed(to_field(value)) == value


@given(elements)
def test_element__in_ezkls_text__and_back(element):
    assert from_ezkl(to_ezkl(element)) == element
    assert len(to_ezkl(element)) == 64


@given(st.lists(elements, max_size=5))
def test_vector__packed__is_32_bytes_an_entry_and_unpacks_to_itself(vector):
    assert len(pack(vector)) == 32 * len(vector)
    assert unpack(pack(vector)) == vector


@given(st.lists(signed, min_size=1, max_size=5))
def test_vector__of_negative_entries__packs_their_elements(vector):
    assert [to_signed(entry) for entry in unpack(pack(vector))] == vector


@pytest.mark.parametrize("words", (bytes(31), bytes(33), pack([1]) + P.to_bytes(32, "big"), b"\xff" * 32))
def test_bytes_that_are_no_vector__are_refused(words):
    with pytest.raises(ValueError, match=r"32 bytes an entry|below the field's modulus"):
        unpack(words)


@given(vectors, vectors)
def test_sum_of_vectors__is_entrywise_in_the_field(a, b):
    assert add_vectors([a, b]) == [(x + y) % P for x, y in zip(a, b, strict=True)]


def test_sum_of_vectors__of_different_lengths__is_refused():
    with pytest.raises(ValueError, match="shorter"):
        add_vectors([[1, 2], [1]])


parts = st.lists(st.binary(max_size=4) | st.integers(0, 9999) | st.text(max_size=4), max_size=4)


@given(parts, parts)
def test_derived_element__is_the_same_for_the_same_context_and_no_other(a, b):
    def encoded(context):
        return [part if isinstance(part, bytes) else str(part).encode() for part in context]

    assert 0 <= derive(SECRET, *a) < P
    assert (derive(SECRET, *a) == derive(SECRET, *b)) == (encoded(a) == encoded(b))
    assert derive(SECRET, *a) != derive(b"t" * 32, *a)


def test_derived_element__of_a_short_secret__is_refused():
    with pytest.raises(ValueError, match="at least 32 bytes, this one has 31"):
        derive(b"s" * 31)


# commitments


@few
@given(vectors)
def test_commitment__is_the_offset_and_a_multiple_of_each_basis_point(vector):
    expected = (bn128.FQ(BASIS.offset.x), bn128.FQ(BASIS.offset.y))
    for point, entry in zip(BASIS.points, vector, strict=True):
        expected = bn128.add(expected, bn128.multiply((bn128.FQ(point.x), bn128.FQ(point.y)), entry))
    assert BASIS.commit(vector) == Point(int(expected[0]), int(expected[1]))


@few
@given(st.lists(vectors, min_size=1, max_size=4))
def test_commitment__of_a_sum__is_the_sum_of_the_commitments(found):
    points = [BASIS.commit(vector) for vector in found]
    assert sum_of_commitments(points, BASIS.offset) == BASIS.commit(add_vectors(found))


@few
@given(vectors, vectors)
def test_commitments__are_affine(a, b):
    assert add(BASIS.commit(a), BASIS.commit(b)) == add(BASIS.commit(add_vectors([a, b])), BASIS.offset)


@few
@given(st.lists(weights, max_size=4))
def test_commitment__takes_signed_entries_and_lets_zeros_at_the_end_out(vector):
    assert BASIS.commit(vector) == BASIS.commit([entry % P for entry in vector]) == BASIS.commit([*vector, 0][:4])


def test_commitment__of_nothing__is_the_offset():
    assert BASIS.commit([]) == BASIS.commit([0, 0, 0, 0]) == BASIS.offset
    assert Basis(INFINITY, (G,)).commit([0]) == INFINITY


def test_commitment__to_more_entries_than_points__is_refused():
    with pytest.raises(ValueError, match="4 points cannot commit to 5"):
        BASIS.commit([0] * 5)


def test_sum__of_no_commitments__is_refused():
    with pytest.raises(ValueError, match="no commitments"):
        sum_of_commitments([], BASIS.offset)


# updates


def test_update__is_the_weights_the_place_of_the_tag_and_more_salts_than_two_proofs_give_equations():
    assert update_length(31) == 31 + 1 + UPDATE_SALTS
    assert UPDATE_SALTS > 2 * 2, "a proof gives two, and a restarted trainer makes a second one"


# averages


@given(st.lists(weights, max_size=6), st.integers(1, 1024))
def test_average__is_the_floor__with_remainders_below_n(total, n):
    averaged, remainders = average(total, n)
    assert averaged == [entry // n for entry in total]
    assert all(0 <= remainder < n for remainder in remainders)
    assert [n * a + r for a, r in zip(averaged, remainders, strict=True)] == total


@given(st.lists(weights, max_size=6))
def test_average__of_one_update__is_that_update(update):
    assert average(update, 1) == (update, [0] * len(update))


@given(st.lists(st.lists(weights, min_size=3, max_size=3), min_size=1, max_size=6))
def test_average__of_updates__lies_between_their_extremes(updates):
    averaged, _ = average([sum(column) for column in zip(*updates, strict=True)], len(updates))
    for entry, column in zip(averaged, zip(*updates, strict=True), strict=True):
        assert min(column) <= entry <= max(column)


def test_average__of_no_updates__is_refused():
    with pytest.raises(ValueError, match="at least one update"):
        average([1], 0)
