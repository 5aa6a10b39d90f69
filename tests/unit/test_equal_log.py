"""A proof of equal logarithms convinces of the true shared point, of no other, and says nothing of the secret."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol.curve import INFINITY, Point, add, multiply, negate
from headwater.protocol.equal_log import EqualLogProof, prove, verify
from headwater.protocol.field import P, Q
from headwater.protocol.masks import GENERATOR, mask_key, shared_point
from tests.support.masking import key_of, secret_of, shared_by

PROOF = prove(secret_of(0), key_of(1))
POINTS = (key_of(0), key_of(1), shared_by(0, 1))

# of bytes: hypothesis draws several wide ranges of integers at once only at the price of a health check
numbers = st.binary(min_size=32, max_size=32).map(lambda data: int.from_bytes(data, "big") % P)
secrets = numbers.map(lambda number: number or 1)
few = settings(max_examples=15, deadline=None)


@few
@given(secrets, secrets)
def test_proof__by_either_of_two__convinces(one, other):
    keys = mask_key(one), mask_key(other)
    shared = shared_point(one, keys[1])
    assert verify(*keys, shared, prove(one, keys[1]))
    assert verify(keys[1], keys[0], shared, prove(other, keys[0]))


@pytest.mark.parametrize("secret", (1, 2, P - 1))
def test_proof__of_the_least_and_largest_secrets__convinces(secret):
    assert verify(mask_key(secret), GENERATOR, mask_key(secret), prove(secret, GENERATOR))


def test_proof__is_the_transcript_that_the_contract_hashes():
    """r1 and r2 by the logarithms, and abi.encode of five points: ten words."""
    challenge, response = PROOF
    log = (response + challenge * secret_of(0)) % P
    nonce_points = (multiply(GENERATOR, log), multiply(key_of(1), log))
    words = b"".join(n.to_bytes(32, "big") for point in (*POINTS, *nonce_points) for n in point)
    assert challenge == int.from_bytes(keccak(words), "big") % P


def test_proof__made_again__is_the_same__and_for_another_statement_has_another_nonce():
    assert prove(secret_of(0), key_of(1)) == PROOF
    nonces = {
        (proof.response + proof.challenge * secret_of(n)) % P
        for n in range(3)
        for peer in range(3)
        for proof in [prove(secret_of(n), key_of(peer))]
    }
    assert len(nonces) == 9, "a nonce of two statements would give the secret away"


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("change", (negate, lambda point: add(point, GENERATOR), lambda _: INFINITY, lambda _: (1, 3)))
def test_proof__of_other_points__does_not_convince(at, change):
    points = [*POINTS]
    points[at] = Point(*change(points[at]))
    assert not verify(*points, PROOF)


@pytest.mark.parametrize("change", ((1, 0), (0, 1), (P, 0), (0, P), (-P, 0), (0, -P)))
def test_proof__with_other_numbers__does_not_convince(change):
    assert not verify(*POINTS, EqualLogProof(PROOF.challenge + change[0], PROOF.response + change[1]))


def test_proof__of_a_point_shifted_by_the_modulus__does_not_convince():
    shifted = Point(POINTS[2].x + Q, POINTS[2].y)
    assert not verify(*POINTS[:2], shifted, PROOF)


def test_proof__of_the_other_side__does_not_convince_for_this_one():
    assert not verify(*POINTS, prove(secret_of(1), key_of(0)))


@pytest.mark.parametrize(("secret", "key"), ((0, GENERATOR), (P, GENERATOR), (1, INFINITY), (1, Point(1, 3))))
def test_proof__without_a_secret_or_a_key__is_refused(secret, key):
    with pytest.raises(ValueError, match="mask key"):
        prove(secret, key)


@few
@given(numbers, numbers)
def test_proof__guessed__does_not_convince(challenge, response):
    assert not verify(*POINTS, EqualLogProof(challenge, response))
