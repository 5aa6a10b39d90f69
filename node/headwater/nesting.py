"""How deep JSON is nested, before it is parsed.

Python's parser descends as deep as the process's recursion limit lets it, and libraries set that beyond what the stack
holds: a hostile text could end the process.
"""

from __future__ import annotations

import re

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)  # or what is left of one that never ends
_BRACKET = re.compile(rb"[][{}]")


def is_too_deep(data: bytes, most: int) -> bool:
    """Whether more than `most` brackets stand open at once, outside strings."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        if depth > most:
            return True
    return False
