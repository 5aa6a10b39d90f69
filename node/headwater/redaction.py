"""Taking out of a text what must not be shown: what URLs hold of secrets, and keys."""

from __future__ import annotations

import re

MOST = 50_000
"""Characters of a text that are looked at; the rest is left out."""

_URL = re.compile(
    r"(?<![a-z0-9+.-])([a-z0-9+.-]+://)(?:[^\s/?#]*@)?([^\s/?#'\"]+)[^\s'\",;)\]}>]*", re.IGNORECASE | re.ASCII
)
_NAMED = re.compile(
    r"(?i)\b((?:private[_ ]?key|password|secret|token|authorization)\b['\"]?\s*[:=]\s*)(?:bearer\s+)?\S+"
)


def redact(text: str) -> str:
    """The text with each URL cut down to scheme, host and port, and without the value of what is called a secret.

    Of one that is too long, whole words are left out at the end: half a URL could show what it holds of secrets.
    """
    if len(text) > MOST:
        text = text[:MOST].rpartition(" ")[0] + " …"
    return _NAMED.sub(r"\1***", _URL.sub(r"\1\2", text))
