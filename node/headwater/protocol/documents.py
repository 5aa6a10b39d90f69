"""Canonical JSON: one text for one value, so that a document's CID says what is in it.

Object keys are unique and sorted by code point, there is no space outside strings, text is UTF-8 without escapes that
are not needed, and numbers are integers that every reader's numbers hold (RFC 7493); reals, and larger integers, are
written as strings. That is RFC 8785 without floats, but for the order of keys outside Unicode's basic plane.
"""

from __future__ import annotations

import json
from typing import Any

from headwater.nesting import check_nesting

MAX_BYTES = (
    1 << 20
)  # one IPFS block: a document's CID is always that of a raw block, its digest the document's sha2-256
MAX_DEPTH = 16  # levels below the outermost
MAX_VALUES = 1 << 17  # opening brackets, commas and colons: a value may take a hundred times the memory of its text
MAX_INTEGER = (1 << 53) - 1  # what a double holds exactly, and so what JavaScript reads


def encode(value: Any) -> bytes:
    """The canonical text of a value made of dicts with text keys, lists, text, integers, booleans and None.

    Raises:
        ValueError: another type (a float, say), an integer past `MAX_INTEGER`, too deep, or more than `MAX_BYTES`
            or `MAX_VALUES`.
    """
    _check(value, MAX_DEPTH)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise ValueError(f"a document has at most {MAX_BYTES} bytes, this one has {len(data)}")
    check_nesting(data, MAX_DEPTH + 1, MAX_VALUES)
    return data


def decode(data: bytes) -> Any:
    """The value of a canonical text.

    Raises:
        ValueError: not JSON, or JSON that `encode` would have written otherwise.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"a document has at most {MAX_BYTES} bytes, this one has {len(data)}")
    check_nesting(data, MAX_DEPTH + 1, MAX_VALUES)
    value = json.loads(data.decode(), parse_float=_refuse, parse_constant=_refuse)
    if encode(value) != data:  # also finds keys that stand twice, spaces, and -0
        raise ValueError("the document is not in canonical form")
    return value


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no integer: reals are written as decimal strings")


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ValueError("the document is nested too deep")
    if isinstance(value, dict):
        for key, entry in value.items():
            if not isinstance(key, str):
                raise ValueError(f"keys are text, not {type(key).__name__}")
            _check(entry, depth - 1)
    elif isinstance(value, list | tuple):
        for entry in value:
            _check(entry, depth - 1)
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError("a document holds no integer past 2**53 - 1: write it as a string")
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"a document holds no {type(value).__name__}: write reals as decimal strings")
