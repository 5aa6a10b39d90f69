"""Field elements as bytes: the same checks and sums as entry by entry."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.protocol.field import P, add, pack
from headwater.storage.words import WordSum, check_words

LARGEST = P - 1
near = st.integers(-3, 3).map(lambda n: P + n) | st.integers(0, (1 << 192) - 1).map(lambda n: (P >> 192 << 192) + n)
words = st.lists(near | st.integers(0, (1 << 256) - 1), max_size=6)


@given(words)
def test_words__are_taken__exactly_where_each_is_below_the_modulus(entries):
    data = b"".join(entry.to_bytes(32, "big") for entry in entries)
    wrong = [at for at, entry in enumerate(entries) if entry >= P]
    if not wrong:
        check_words(data)
        return
    with pytest.raises(ValueError, match=f"entry {wrong[0]} is not below the field's modulus"):
        check_words(data)


@pytest.mark.parametrize("size", (1, 31, 33, 65))
def test_words__that_are_not_whole__are_refused(size):
    with pytest.raises(ValueError, match=f"32 bytes an entry, this one has {size} bytes"):
        check_words(bytes(size))


def summed(vectors):
    total = WordSum(len(vectors[0]))
    for vector in vectors:
        total.add(pack(vector))
    return total.total()


@given(
    st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(st.integers(0, P - 1), min_size=n, max_size=n), min_size=1))
)
def test_sum_of_words__is_that_of_the_vectors(vectors):
    assert summed(vectors) == add(vectors)


def test_sum_of_the_largest_entries__of_thousands__does_not_overflow():
    rng, count = random.Random(1), 3000
    vector = [LARGEST, P >> 1, rng.randrange(P)]
    assert summed([vector] * count) == [entry * count % P for entry in vector]


def test_sum_of_words__has_room_for_four_thousand_million_vectors():
    """A limb of 32 bits is added to one of 64: what is left is room for 2**32 of the largest."""
    assert (2**32 - 1) * 2**32 < 2**64


def test_sum_of_nothing__is_zero():
    assert WordSum(3).total() == [0, 0, 0]


@pytest.mark.parametrize("length", (0, 2, 4))
def test_vector_of_another_length__is_not_added(length):
    total = WordSum(3)
    total.add(pack([1, 2, 3]))
    with pytest.raises(ValueError, match="cannot be added"):
        total.add(pack([1] * length))
    assert total.total() == [1, 2, 3]
