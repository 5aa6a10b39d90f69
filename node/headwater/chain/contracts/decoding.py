"""eth_abi's decoder, within bounds: pointers of an encoding may all name the same bytes, each time taken for others."""

from __future__ import annotations

from typing import Any

from eth_abi.codec import ABIDecoder
from eth_abi.decoding import ContextFramesBytesIO
from eth_abi.exceptions import DecodingError
from eth_abi.registry import registry
from typing_extensions import override

MOST_READS = 32
"""How often each byte of an encoding may be read on average: eth_abi reads a tuple twice, and those within it again."""


class _BoundedStream(ContextFramesBytesIO):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)  # type: ignore[no-untyped-call]
        self._left = MOST_READS * len(data)

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self._left -= len(found)
        if self._left < 0:
            raise DecodingError("its pointers name the same bytes again and again")
        return found


class _BoundedDecoder(ABIDecoder):
    stream_class = _BoundedStream


def decode(types: list[str], data: bytes) -> tuple[Any, ...]:
    """The values of these types that bytes encode.

    Raises:
        DecodingError: they are no such encoding, or one that is made of the same bytes many times over.
    """
    return _BoundedDecoder(registry).decode(types, data)
