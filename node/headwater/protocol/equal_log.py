"""Proofs that two pairs of points have one discrete logarithm: a mask key, and the point that it shares with a peer's.

    key = x * G,  shared = x * peer_key                           G = (1, 2), as of all mask keys
    challenge = keccak256(key | peer_key | shared | r1 | r2) mod P            points of 64 bytes
    r1 = response * G + challenge * key,  r2 = response * peer_key + challenge * shared

Chaum and Pedersen 1992 ("Wallet Databases with Observers"), made non-interactive by hashing. It tells nothing of x but
that it is the same. `IChallengeManager.EqualLogProof` is its twin on chain, which settles whose mask is the true one.
"""

from __future__ import annotations

from typing import NamedTuple

from headwater.protocol.curve import INFINITY, Point, add, multiply
from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.ladder import multiply_secret
from headwater.protocol.masks import GENERATOR, mask_key, shared_point


class EqualLogProof(NamedTuple):
    """A proof: two numbers below `P`."""

    challenge: int
    response: int


def prove(secret: int, peer_key: Point) -> EqualLogProof:
    """Prove that `shared_point(secret, peer_key)` is what the owner of `secret` and of `peer_key` share.

    The nonce follows from the secret and the statement, as in RFC 6979: a broken source of randomness cannot give the
    secret away, and a restarted node proves the same once more.

    Raises:
        ValueError: the secret is not in 1 .. P - 1, or the key is no mask key.
    """
    key, shared = mask_key(secret), shared_point(secret, peer_key)
    statement = key.encode() + peer_key.encode() + shared.encode()
    nonce = derive(secret.to_bytes(32, "big"), "equal log", statement) or 1
    challenge = _challenge(key, peer_key, shared, multiply_secret(GENERATOR, nonce), multiply_secret(peer_key, nonce))
    return EqualLogProof(challenge, (nonce - challenge * secret) % P)


def verify(key: Point, peer_key: Point, shared: Point, proof: EqualLogProof) -> bool:
    """Whether a proof shows that `shared` is what the owners of the two keys share."""
    if INFINITY in (key, peer_key, shared) or not all(point.on_curve() for point in (key, peer_key, shared)):
        return False
    if not all(0 <= number < P for number in proof):
        return False
    r1 = add(multiply(GENERATOR, proof.response), multiply(key, proof.challenge))
    r2 = add(multiply(peer_key, proof.response), multiply(shared, proof.challenge))
    return _challenge(key, peer_key, shared, r1, r2) == proof.challenge


def _challenge(*points: Point) -> int:
    return int.from_bytes(keccak256(b"".join(point.encode() for point in points)), "big") % P
