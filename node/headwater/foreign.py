"""A stranger's text: cut before anything else is done with it, and then without what is no text.

A terminal obeys control characters, a log takes a line break for a line, and people read what stands there in another
order, or not at all, where a text holds characters that turn it around or are not seen. `plain` is for a text within a
sentence of ours, `lines` for a whole message, whose line breaks are ours. Documents with such names are refused (see
`storage.parts`), by the npm package too: `deployments/js/src/foreign.ts` has the same characters.
"""

from __future__ import annotations

import re

MOST = 500
"""Characters of a stranger's text within a sentence."""

LONGEST = 5_000
"""Characters of a whole message."""

UNSEEN = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890-\\u0891\\u08e2\\u115f-\\u1160"
    "\\u17b4-\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0"
    "\\ufff0-\\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""What is no text, as the inside of a class that Python, Rust and JavaScript read alike.

Unicode's control and format characters (Cc, Cf), separators of lines and paragraphs (Zl, Zp), and what it calls
default-ignorable: what nobody sees. Half a surrogate pair is no text either, and no document holds one.
"""

_NO_TEXT = re.compile(f"[{UNSEEN}\ud800-\udfff]")


def cut(text: str, most: int) -> str:
    """The text's first characters, with a mark where there are more than `most`."""
    return text if len(text) <= most else text[: most - 1] + "…"


def lines(text: str, most: int = LONGEST) -> str:
    """As `plain`; line breaks stay."""
    return _NO_TEXT.sub(lambda found: found[0] if found[0] == "\n" else named(found[0]), cut(text, most))


def plain(text: object, most: int = MOST) -> str:
    """One line of at most `most` characters of a text, or of what a value is as a text; what is no text by its code."""
    return lines(str(text), most).replace("\n", named("\n"))


def named(character: str) -> str:
    """A character by its code: <U+202E>."""
    return f"<U+{ord(character):04X}>"


def unseen(text: str, allowed: str = "") -> str | None:
    """The first character that is no text, but for those in `allowed`."""
    return next((found[0] for found in _NO_TEXT.finditer(text) if found[0] not in allowed), None)
