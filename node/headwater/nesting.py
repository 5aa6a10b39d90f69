"""How deep JSON is nested, and how many values it has, before it is parsed.

Python's parser descends as deep as the process's recursion limit lets it, and libraries set that beyond what the stack
holds: a hostile text could end the process. And a value takes up to a hundred times the memory of its text.
"""

from __future__ import annotations

import re

# strings at once, or what is left of one that never ends. Possessive: what is never given back is never remembered
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},:]', re.DOTALL)
_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


class TooManyValues(ValueError):
    """A JSON text holds more values than it may."""


def check_nesting(data: bytes, most_levels: int, most_values: int) -> None:
    """Check a JSON text without parsing it, in memory that does not grow with it.

    most_levels: of brackets that stand open at once, outside strings.
    most_values: keys and values, counted by what stands before them: a bracket, a comma or a colon.

    Raises:
        TooManyValues: it has more of them.
        ValueError: it is nested deeper.
    """
    depth = values = 0
    for token in _TOKEN.finditer(data):
        mark = token[0] if token.end() - token.start() == 1 else b'"'
        step = _STEP.get(mark, 0)
        depth += step
        values += step == 1 or mark in b",:"
        if depth > most_levels:
            raise ValueError("nested too deep")
        if values > most_values:
            raise TooManyValues(f"it holds more than {most_values} values")
