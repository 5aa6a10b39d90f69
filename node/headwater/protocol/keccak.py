"""keccak256 as the EVM computes it (padding 0x01; SHA3-256 of FIPS 202 pads with 0x06 and is another hash).

The one module of protocol/ that needs more than the standard library, and why: docs/adr/0006-keccak-in-protocol.md.
"""

from __future__ import annotations

from sha3 import keccak_256


def keccak256(data: bytes) -> bytes:
    """The 32 bytes of keccak256(data)."""
    digest: bytes = keccak_256(data).digest()
    return digest
