"""Rows on their way to a pool's owner: sealed for its key, so that they can lie in a store that everybody reads.

HPKE (RFC 9180) in its base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305. Who has sealed is not shown by it: it is shown
by the commitment, which came from the contributor's account, and must be that of what is sealed.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from headwater.errors import ConfigError, DocumentError
from headwater.protocol.curve import Point
from headwater.protocol.slots import Place

SEED = 32
"""Bytes that the salts follow from."""

MOST_TEXT = 1 << 18
"""Bytes of the longest row that is sealed."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_LENGTH, _BLOCK = 4, 1024  # all rows under a kilobyte look alike


def new_key() -> bytes:
    """A private key of a pool, 32 random bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_key(private: bytes) -> bytes:
    """What rows are sealed for, 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(text: bytes, seed: bytes, key: bytes, place: Place, point: Point) -> bytes:
    """A row's text and what its salts follow from, for the owner of a key alone; of a length that says little.

    Raises:
        ConfigError: the key is none, or the text too long.
    """
    if len(text) > MOST_TEXT:
        raise ConfigError(f"a row of {len(text)} bytes is too long to be sealed", f"take at most {MOST_TEXT}")
    plain = seed + len(text).to_bytes(_LENGTH, "big") + text
    try:
        public = X25519PublicKey.from_public_bytes(key)
        return _SUITE.encrypt(plain + bytes(-len(plain) % _BLOCK), public, info=_info(place, point))
    except ValueError as error:
        raise ConfigError("the pool's key is none of X25519", "do not contribute: tell the pool's owner") from error


def unseal(sealed: bytes, private: bytes, place: Place, point: Point) -> tuple[bytes, bytes]:
    """The text of a sealed row, and what its salts follow from.

    Raises:
        DocumentError: it does not open with this key, or was sealed for another place.
    """
    try:
        plain = _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info=_info(place, point))
    except (InvalidTag, ValueError) as error:
        raise DocumentError("what is sealed does not open with the pool's key", "leave the row out") from error
    length = int.from_bytes(plain[SEED : SEED + _LENGTH], "big")
    text = plain[SEED + _LENGTH :][:length]
    if len(text) != length or not length:
        raise DocumentError("what is sealed holds no row", "leave it out")
    return text, plain[:SEED]


def _info(place: Place, point: Point) -> bytes:
    names = (place.tag, int(place.pools, 16), place.pool, int(place.contributor, 16), place.slot, *point)
    return b"headwater/row/1" + b"".join(name.to_bytes(32, "big") for name in names)
