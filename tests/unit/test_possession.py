"""A proof of possession is the secret's owner's, for one task and one sender; keys made from others' have none."""

from __future__ import annotations

from math import isqrt

import pytest
from eth_abi import encode as abi_encode
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.protocol import equal_log, possession
from headwater.protocol.curve import INFINITY, Point, add, multiply, negate
from headwater.protocol.field import P, Q
from headwater.protocol.masks import GENERATOR, mask_key
from headwater.protocol.openings import MIN_K, TWO_ADICITY, Encoding
from headwater.protocol.possession import PossessionProof, prove, verify
from tests.support.masking import key_of, member, secret_of

TAG = 11
VICTIM, ROGUE = member(0), member(1)
KEY = key_of(0)
PROOF = prove(secret_of(0), TAG, VICTIM)
A, B = 3, 5  # of a rogue key A * K + B * G

few = settings(max_examples=15, deadline=None)
numbers = st.binary(min_size=32, max_size=32).map(lambda drawn: int.from_bytes(drawn, "big") % P)
addresses = st.binary(min_size=20, max_size=20).map(lambda drawn: "0x" + drawn.hex())


def nonce_of(proof: PossessionProof, secret: int) -> int:
    return (proof.response + proof.challenge * secret) % P


@few
@given(numbers.filter(bool), numbers, addresses)
def test_proof__by_the_owner_of_a_secret__convinces(secret, tag, sender):
    assert verify(mask_key(secret), prove(secret, tag, sender), tag, sender)


@pytest.mark.parametrize("secret", (1, 2, P - 1))
def test_proof__of_the_least_and_largest_secrets__convinces(secret):
    assert verify(mask_key(secret), prove(secret, TAG, VICTIM), TAG, VICTIM)


def test_proof__is_the_transcript_that_the_contract_hashes():
    r = multiply(GENERATOR, nonce_of(PROOF, secret_of(0)))
    words = abi_encode(["uint256", "address", *["uint256"] * 4], [TAG, VICTIM, *KEY, *r])
    assert PROOF.challenge == int.from_bytes(keccak(words), "big") % P


def test_proof__made_again__is_the_same__and_for_another_statement_has_another_nonce():
    assert prove(secret_of(0), TAG, VICTIM) == PROOF
    statements = [(n, tag, member(m)) for n in range(2) for tag in range(2) for m in range(2)]
    nonces = {nonce_of(prove(secret_of(n), tag, sender), secret_of(n)) for n, tag, sender in statements}
    assert len(nonces) == 8, "a nonce of two statements would give the secret away"


def test_address__in_upper_case__is_the_same_sender():
    assert verify(KEY, PROOF, TAG, "0x" + VICTIM[2:].upper())


@pytest.mark.parametrize("change", ((1, 0), (0, 1), (P, 0), (0, P), (-P, 0), (0, -P)))
def test_proof__with_other_numbers__does_not_convince(change):
    assert not verify(KEY, PossessionProof(PROOF.challenge + change[0], PROOF.response + change[1]), TAG, VICTIM)


@pytest.mark.parametrize(
    "key", (negate(KEY), add(KEY, GENERATOR), INFINITY, Point(1, 3), Point(KEY.x + Q, KEY.y), Point(KEY.x, KEY.y - Q))
)
def test_proof__of_another_key_or_none__does_not_convince(key):
    assert not verify(key, PROOF, TAG, VICTIM)


def test_key_at_infinity__has_no_proof__though_its_equation_holds_without_a_secret():
    nonce = 7
    challenge = possession._challenge(TAG, VICTIM, INFINITY, multiply(GENERATOR, nonce))
    assert not verify(INFINITY, PossessionProof(challenge, nonce), TAG, VICTIM)


@pytest.mark.parametrize("secret", (0, P, -1))
def test_proof__without_a_secret__is_refused(secret):
    with pytest.raises(ValueError, match="mask key"):
        prove(secret, TAG, VICTIM)


@few
@given(numbers, numbers)
def test_proof__guessed__does_not_convince(challenge, response):
    assert not verify(KEY, PossessionProof(challenge, response), TAG, VICTIM)


def test_proof_of_equal_logarithms__is_none_of_possession():
    assert not verify(KEY, PossessionProof(*equal_log.prove(secret_of(0), GENERATOR)), TAG, VICTIM)


@pytest.mark.parametrize("k", range(MIN_K, TWO_ADICITY + 1))
def test_words_of_an_opening__are_not_those_of_a_proof(k):
    """Both hash six; an opening's third and fourth would be the key, and of its basis claim's ten the last two r2."""
    assert not any(Point(k, encoding).on_curve() for encoding in Encoding)
    assert isqrt(k**3 + 3) ** 2 != k**3 + 3, "no D, which is below 2**28, makes (k, D) a point"


# attacks, each of which works where the hash leaves something out


def weaken(monkeypatch, **instead) -> None:
    """A verifier, and provers with it, that hash the same words whatever the statement is."""
    hashed = possession._challenge

    def weak(tag: int, sender: str, key: Point, r: Point) -> int:
        return hashed(instead.get("tag", tag), instead.get("sender", sender), instead.get("key", key), r)

    monkeypatch.setattr(possession, "_challenge", weak)


def test_attack__a_copied_key_with_its_owners_proof__needs_a_hash_without_the_sender(monkeypatch):
    assert not verify(KEY, PROOF, TAG, ROGUE)
    weaken(monkeypatch, sender=member(9))
    assert verify(KEY, prove(secret_of(0), TAG, VICTIM), TAG, ROGUE)


def test_attack__a_proof_for_another_task__needs_a_hash_without_the_tag(monkeypatch):
    assert not verify(KEY, PROOF, TAG + 1, VICTIM)
    weaken(monkeypatch, tag=0)
    assert verify(KEY, prove(secret_of(0), TAG, VICTIM), TAG + 1, VICTIM)


def test_attack__a_key_shifted_from_anothers__with_its_proof_shifted__needs_a_hash_without_key_and_sender(monkeypatch):
    """response - challenge B makes r for K + B G what it was for K."""
    rogue = add(KEY, multiply(GENERATOR, B))

    def attack() -> bool:
        copied = prove(secret_of(0), TAG, VICTIM)  # public, on chain
        shifted = PossessionProof(copied.challenge, (copied.response - copied.challenge * B) % P)
        return verify(rogue, shifted, TAG, ROGUE)

    assert not attack()
    weaken(monkeypatch, key=GENERATOR, sender=member(9))
    assert attack()


def test_attack__a_combination_of_two_proofs__does_not_prove_the_combined_key(monkeypatch):
    """A K + B G, with the same combination of K's proof and of one's own: the challenges differ, so nothing adds up."""
    mine = prove(1, TAG, ROGUE)
    rogue = add(multiply(KEY, A), multiply(GENERATOR, B))
    response = (A * PROOF.response + B * mine.response) % P
    for challenge in (PROOF.challenge, mine.challenge, (A * PROOF.challenge + B * mine.challenge) % P):
        for sender in (VICTIM, ROGUE):
            assert not verify(rogue, PossessionProof(challenge, response), TAG, sender)
    monkeypatch.setattr(possession, "_challenge", lambda *statement: 1)  # no hash at all: the equation is linear
    mine, copied = prove(1, TAG, ROGUE), prove(secret_of(0), TAG, VICTIM)
    assert verify(rogue, PossessionProof(1, (A * copied.response + B * mine.response) % P), TAG, ROGUE)


def test_attack__a_key_computed_to_fit_a_proof__needs_a_hash_without_the_key(monkeypatch):
    """r = A V + w G of a victim's key V, then the key (r - response G)/challenge: nobody knows its secret."""
    response, r = 77, add(multiply(KEY, A), multiply(GENERATOR, B))

    def attack(guess: Point) -> bool:
        challenge = possession._challenge(TAG, ROGUE, guess, r)
        key = multiply(add(r, negate(multiply(GENERATOR, response))), pow(challenge, -1, P))
        return verify(key, PossessionProof(challenge, response), TAG, ROGUE)

    assert not attack(KEY)
    weaken(monkeypatch, key=GENERATOR)
    assert attack(KEY)
