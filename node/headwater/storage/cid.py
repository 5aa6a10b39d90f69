"""Content identifiers: CIDv1 with sha2-256, of a raw block or of a UnixFS file.

https://github.com/multiformats/cid. Headwater knows two codecs and one hash, so that a CID has one binary form of 36
bytes and one text form (base32, lower case, `b...`), and comparing either is comparing content.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Self

RAW = 0x55
"""Codec of a block that is the content itself: everything up to 1 MiB, so every document that the chain refers to."""

DAG_PB = 0x70
"""Codec of a UnixFS node, the root of a file of more than one chunk."""

_HASH = b"\x12\x20"  # sha2-256, 32 bytes


@dataclass(frozen=True)
class Cid:
    """A CIDv1. `digest` is the sha2-256 of the block that it names, 32 bytes."""

    codec: int
    digest: bytes

    def __post_init__(self) -> None:
        if self.codec not in (RAW, DAG_PB):
            raise ValueError(f"codec {self.codec:#x} is neither raw (0x55) nor dag-pb (0x70)")
        if len(self.digest) != hashlib.sha256().digest_size:
            raise ValueError(f"a sha2-256 digest has 32 bytes, not {len(self.digest)}")

    def __bytes__(self) -> bytes:
        return bytes((1, self.codec)) + _HASH + self.digest

    def __str__(self) -> str:
        return "b" + base64.b32encode(bytes(self)).decode().lower().rstrip("=")

    @property
    def is_raw(self) -> bool:
        """Whether the digest is that of the content itself."""
        return self.codec == RAW

    @classmethod
    def of_block(cls, codec: int, block: bytes) -> Self:
        """The CID of one block."""
        return cls(codec, hashlib.sha256(block).digest())

    @classmethod
    def from_digest(cls, digest: bytes) -> Self:
        """The CID of the raw block with this digest: what a contract's `bytes32 cid` stands for."""
        return cls(RAW, bytes(digest))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The CID of its binary form.

        Raises:
            ValueError: not a CIDv1 of codec raw or dag-pb with sha2-256.
        """
        if len(data) != 36 or data[0] != 1 or data[2:4] != _HASH:
            raise ValueError(f"{data.hex()} is not a CIDv1 with sha2-256")
        return cls(data[1], data[4:])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The CID of its text: base32, lower case, as `str` gives it.

        Raises:
            ValueError: any other text, for example a CIDv0 (`Qm...`).
        """
        if not text.startswith("b") or len(text) != 59:
            raise ValueError(f"{text!r} is not a CIDv1 in base32: 59 characters, the first of them b")
        try:
            data = base64.b32decode(text[1:].upper() + "======")
        except ValueError as error:
            raise ValueError(f"{text!r} is not base32") from error
        cid = cls.from_bytes(data)
        if str(cid) != text:  # upper case, or bits set in the padding
            raise ValueError(f"{text!r} is not the text of its CID, {cid}")
        return cid
