"""The BN254 scalar field: where every vector entry lives, and how it is written down.

`P` is the group order of BN254 (EIP-196), the modulus of all vector entries; `Q` is its base field, the modulus of
point coordinates. Signed integers are embedded symmetrically: a negative integer ``-x`` is the element ``P - x``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

P = 21888242871839275222246405745257275088548364400416034343698204186575808495617
Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583


def to_field(value: int) -> int:
    """The element of a signed integer."""
    return value % P


def to_signed(element: int) -> int:
    """The integer of smallest magnitude that `element` stands for."""
    return element - P if element > P // 2 else element


def to_ezkl(value: int) -> str:
    """EZKL's text of an element: 32 bytes, little-endian, hex."""
    return (value % P).to_bytes(32, "little").hex()


def from_ezkl(text: str) -> int:
    """The element of EZKL's little-endian hex text."""
    return int.from_bytes(bytes.fromhex(text), "little")


def pack(vector: Iterable[int]) -> bytes:
    """A vector's words: 32 bytes big-endian an entry, each mod `P`."""
    return b"".join([(value % P).to_bytes(32, "big") for value in vector])


def unpack(words: bytes) -> list[int]:
    """The vector of its words.

    Raises:
        ValueError: not whole words, or one that is not below `P`.
    """
    if len(words) % 32:
        raise ValueError(f"a vector has 32 bytes an entry, this one has {len(words)} bytes")
    vector = [int.from_bytes(words[i : i + 32], "big") for i in range(0, len(words), 32)]
    if any(value >= P for value in vector):
        raise ValueError("a word is not below the field's modulus")
    return vector


def add(vectors: Sequence[Sequence[int]]) -> list[int]:
    """The entrywise sum of vectors of one length.

    Raises:
        ValueError: the lengths differ.
    """
    return [sum(column) % P for column in zip(*vectors, strict=True)]


def derive(secret: bytes, *context: bytes | int | str) -> int:
    """A uniform field element from a secret and a context: HKDF-Expand (RFC 5869) with SHA-512, reduced mod `P`.

    512 bits reduced mod a 254-bit prime are within 2**-258 of uniform. The context is encoded injectively, so two
    contexts never share an element.

    Raises:
        ValueError: the secret has under 32 bytes.
    """
    if len(secret) < 32:
        raise ValueError(f"a secret has at least 32 bytes, this one has {len(secret)}")
    info = b"headwater/1"
    for part in context:
        encoded = part if isinstance(part, bytes) else str(part).encode()
        info += len(encoded).to_bytes(4, "big") + encoded
    return int.from_bytes(hmac.new(secret, info + b"\x01", hashlib.sha512).digest(), "big") % P
