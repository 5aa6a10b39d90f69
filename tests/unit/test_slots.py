"""Rows at slots: vectors, sums and proofs, over an SRS whose tau is known."""

from __future__ import annotations

import itertools

import pytest

from headwater.errors import ConfigError, DocumentError
from headwater.protocol import slots
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.field import P
from headwater.protocol.slots import SALTS_ONLY, Matrix, Place, Reason, SlotProof
from headwater.protocol.vectors import sum_of_commitments
from headwater.roles.pools.sealing import MOST_TEXT, new_key, public_key, seal, unseal
from tests.support.toy_srs import ToySrs

SRS = ToySrs(6, 987654321)
MATRIX = Matrix(rows=4, width=3, salts=6)
POOLS, ANNA = "0x" + "11" * 20, "0x" + "22" * 20
PLACE = Place(77, POOLS, 1, ANNA, 2)
ROW, SALTS = [5, -6, 1], slots.salts_of(b"s" * 32, 6)
POINT = SRS.commit(MATRIX.vector(2, ROW, SALTS))
PROOF = slots.prove(MATRIX, PLACE, ROW, SALTS, b"n" * 32, SRS.commit)


def holds(point: Point = POINT, proof: SlotProof = PROOF, place: Place = PLACE) -> bool:
    return slots.verify(MATRIX, place, point, proof, SRS.commit([]), SRS.commit)


def test_vector__has_the_row_at_its_slot_and_the_salts_behind_all_rows():
    assert MATRIX.vector(1, [1, -2, 3], range(6)) == [0, 0, 0, 1, P - 2, 3, *[0] * 6, *range(6)]
    assert MATRIX.vector(SALTS_ONLY, [], range(6)) == [*[0] * 12, *range(6)]
    for wrong in (
        (4, [1, 2, 3], range(6)),
        (1, [1, 2], range(6)),
        (1, [1, 2, 3], range(5)),
        (SALTS_ONLY, [1], [0] * 6),
    ):
        with pytest.raises(ValueError, match=r"slot|entries"):
            MATRIX.vector(*wrong)


def test_sum__of_commitments__is_that_of_the_matrix_with_all_rows():
    each = [MATRIX.vector(slot, [slot, 1, 2], slots.salts_of(bytes([slot]) * 32, 6)) for slot in range(3)]
    blinding = MATRIX.vector(SALTS_ONLY, [], slots.salts_of(b"b" * 32, 6))
    together = [sum(column) % P for column in zip(*each, blinding, strict=True)]
    points = [SRS.commit(vector) for vector in (*each, blinding)]
    assert sum_of_commitments(points, SRS.commit([])) == SRS.commit(together)
    assert together[:9] == [0, 1, 2, 1, 1, 2, 2, 1, 2]


def test_salts__of_two_seeds_or_two_places__have_nothing_in_common():
    found = [salt for seed in (b"a" * 32, b"b" * 32) for salt in slots.salts_of(seed, 50)]
    assert len(set(found)) == 100
    assert slots.salts_of(b"a" * 32, 3) == found[:3]


def test_proof__of_a_row_at_its_slot__holds_for_it_alone():
    assert holds()
    for place in (
        Place(78, POOLS, 1, ANNA, 2),
        Place(77, "0x" + "12" * 20, 1, ANNA, 2),
        Place(77, POOLS, 2, ANNA, 2),
        Place(77, POOLS, 1, "0x" + "23" * 20, 2),
        Place(77, POOLS, 1, ANNA, 1),
    ):
        assert not holds(place=place)
    assert not holds(SRS.commit(MATRIX.vector(2, [5, -6, 2], SALTS)))


@pytest.mark.parametrize("entry", range(12))
def test_proof__of_a_matrix_that_is_not_zero_elsewhere__does_not_hold(entry):
    vector = MATRIX.vector(2, ROW, SALTS)
    vector[entry] = (vector[entry] + 1) % P
    point = SRS.commit(vector)
    # honest answers for what is free, whatever stands elsewhere
    row = vector[6:9]
    announcement = SRS.commit(MATRIX.spread(2, [1] * 9))
    e = slots._challenge(PLACE, point, announcement)
    answers = tuple((1 + e * v) % P for v in (*row, *SALTS))
    assert holds(point, SlotProof(announcement, answers)) == (6 <= entry < 9)


def test_proof__with_other_numbers__does_not_hold():
    for at in range(len(PROOF.responses)):
        changed = list(PROOF.responses)
        changed[at] = (changed[at] + 1) % P
        assert not holds(proof=SlotProof(PROOF.announcement, tuple(changed)))
    assert not holds(proof=SlotProof(PROOF.announcement, PROOF.responses[:-1]))
    assert not holds(proof=SlotProof(PROOF.announcement, (*PROOF.responses, 0)))
    assert not holds(proof=SlotProof(PROOF.announcement, (PROOF.responses[0] + P, *PROOF.responses[1:])))
    assert not holds(proof=SlotProof(Point(1, 1), PROOF.responses))
    assert not holds(proof=SlotProof(INFINITY, PROOF.responses))


def test_proof__of_a_blinding__holds_for_salts_and_no_row():
    place = Place(77, POOLS, 1, ANNA, SALTS_ONLY)
    proof = slots.prove(MATRIX, place, [], SALTS, b"m" * 32, SRS.commit)
    assert holds(SRS.commit(MATRIX.vector(SALTS_ONLY, [], SALTS)), proof, place)
    assert not holds(POINT, proof, place)


def test_proof__tells_nothing_of_the_row():
    """For any other row there is a nonce with which it would have the same answers: each answer is uniform."""
    e = slots._challenge(PLACE, POINT, PROOF.announcement)
    free = [entry % P for entry in (*ROW, *SALTS)]
    mask = [(z - e * v) % P for z, v in zip(PROOF.responses, free, strict=True)]
    assert len(set(mask)) == len(mask)
    assert SRS.commit(MATRIX.spread(2, mask)) == PROOF.announcement
    again = slots.prove(MATRIX, PLACE, ROW, SALTS, b"o" * 32, SRS.commit)
    assert not set(again.responses) & set(PROOF.responses)


def test_reasons__have_words():
    assert all(reason.text for reason in Reason)
    assert len({reason.text for reason in Reason}) == len(Reason)


# ---- sealing


def test_seal__opens_with_the_key_and_at_its_place_alone():
    private = new_key()
    sealed = seal(b"a,b\n1,2\n", b"s" * 32, public_key(private), PLACE, POINT)
    assert unseal(sealed, private, PLACE, POINT) == (b"a,b\n1,2\n", b"s" * 32)
    others = (
        (sealed, new_key(), PLACE, POINT),
        (sealed, private, Place(77, POOLS, 1, ANNA, 1), POINT),
        (sealed, private, PLACE, SRS.commit([1])),
        (sealed[:-1], private, PLACE, POINT),
        (bytes([sealed[0] ^ 1]) + sealed[1:], private, PLACE, POINT),
        (b"", private, PLACE, POINT),
    )
    for wrong in others:
        with pytest.raises(DocumentError):
            unseal(*wrong)


def test_seal__of_rows_of_any_usual_length__has_one_length():
    key = public_key(new_key())
    lengths = {len(seal(b"x" * n, bytes(32), key, PLACE, POINT)) for n in (1, 20, 500, 980)}
    assert len(lengths) == 1
    texts = [seal(b"x", bytes(32), key, PLACE, POINT) for _ in range(2)]
    assert texts[0] != texts[1]


@pytest.mark.parametrize("key", (bytes(32), (1).to_bytes(32, "little"), b"short"), ids=("zero", "one", "short"))
def test_seal__for_what_is_no_key__is_refused(key):
    with pytest.raises(ConfigError, match="key"):
        seal(b"row", bytes(32), key, PLACE, POINT)


def test_seal__of_too_long_a_text__is_refused():
    with pytest.raises(ConfigError, match="too long"):
        seal(bytes(MOST_TEXT + 1), bytes(32), public_key(new_key()), PLACE, POINT)


def test_challenges__of_places__differ():
    places = itertools.product((1, 2), (POOLS, ANNA), (1, 2), (ANNA, POOLS), (0, SALTS_ONLY))
    found = {slots._challenge(Place(*place), POINT, POINT) for place in places}
    assert len(found) == 32
