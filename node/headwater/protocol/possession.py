"""Proofs of possession: whoever enrols with a mask key knows its secret.

    key = x * G                                                                  G = (1, 2), as of all mask keys
    challenge = keccak256(tag | sender | key.x | key.y | r.x | r.y) mod P        words of 32 bytes
    r = response * G + challenge * key

Schnorr 1991 ("Efficient Signature Generation by Smart Cards"), made non-interactive by hashing; why keys need it:
Ristenpart and Yilek 2007 ("The Power of Proofs-of-Possession"). Without it a member may enrol with a key that it
computed from another's, a copy of it or a * K + b * G, and shares a point with every peer that it cannot compute
itself: it can then neither mask nor answer for its masks, and the fault looks like somebody else's.

The hash has the sender, or a proof could be copied with its key; the key, or one could be computed to fit a proof
(Bernhard, Pereira and Warinschi 2012, "How Not to Prove Yourself"); and the task's tag, which binds the chain, the
contract and the task. It takes six words where `equal_log` takes ten. `openings.challenge` takes six as well, but its
third and fourth are k and an encoding, which are no point of the curve for any k that is allowed. So no hash of one
proof is that of another kind.
"""

from __future__ import annotations

from typing import NamedTuple

from headwater.protocol.curve import INFINITY, Point, add, multiply
from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.ladder import multiply_secret
from headwater.protocol.masks import GENERATOR, mask_key


class PossessionProof(NamedTuple):
    """A proof: two numbers below `P`."""

    challenge: int
    response: int


def prove(secret: int, tag: int, sender: str) -> PossessionProof:
    """Prove to a task that its sender knows the secret of `mask_key(secret)`.

    The nonce follows from the secret and the statement, as in RFC 6979: a broken source of randomness cannot give the
    secret away, and a restarted node proves the same once more.

    Args:
        tag: the task's.
        sender: the address that enrols, hex.

    Raises:
        ValueError: the secret is not in 1 .. P - 1.
    """
    key = mask_key(secret)
    nonce = derive(secret.to_bytes(32, "big"), "possession", tag, int(sender, 16)) or 1
    challenge = _challenge(tag, sender, key, multiply_secret(GENERATOR, nonce))
    return PossessionProof(challenge, (nonce - challenge * secret) % P)


def verify(key: Point, proof: PossessionProof, tag: int, sender: str) -> bool:
    """Whether a proof shows that the sender of a task's enrolment knows the secret of its key."""
    if key == INFINITY or not key.on_curve() or not all(0 <= number < P for number in proof):
        return False
    r = add(multiply(GENERATOR, proof.response), multiply(key, proof.challenge))
    return _challenge(tag, sender, key, r) == proof.challenge


def _challenge(tag: int, sender: str, key: Point, r: Point) -> int:
    words = (tag, int(sender, 16), *key, *r)
    return int.from_bytes(keccak256(b"".join(word.to_bytes(32, "big") for word in words)), "big") % P
