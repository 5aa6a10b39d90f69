"""Under which name a server is asked: a page of a stranger's, whose name is made to lead here, asks under that name."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_asked_under(header: str | None, names: Collection[str], port: int | None = None) -> bool:
    """Whether a request's Host header has one of these names, in lower case; and this port, where one is given."""
    name, found = _parsed(header)
    return name in names and port in (None, found)


def is_address(header: str | None) -> bool:
    """Whether it is an IP address, which is nobody's to let lead elsewhere."""
    try:
        ip_address(_parsed(header)[0])
    except ValueError:
        return False
    return True


def _parsed(header: str | None) -> tuple[str, int]:
    """Name, empty where there is none, and port."""
    try:
        parts = urlsplit(f"//{header or ''}")
        if parts.netloc != header or parts.username is not None:
            return "", 0
        return parts.hostname or "", parts.port or 80
    except ValueError:
        return "", 0
