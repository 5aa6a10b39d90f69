"""Taking out of a text what must not be shown: what URLs hold of secrets, and keys."""

from __future__ import annotations

import re

_URL = re.compile(r"\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#]*@)?([^\s/?#'\"]+)[^\s'\",;)\]}>]*", re.IGNORECASE)
_NAMED = re.compile(
    r"(?i)\b((?:private[_ ]?key|password|secret|token|authorization)\b['\"]?\s*[:=]\s*)(?:bearer\s+)?\S+"
)


def redact(text: str) -> str:
    """The text with each URL cut down to scheme, host and port, and without the value of what is called a secret."""
    return _NAMED.sub(r"\1***", _URL.sub(r"\1\2", text))
