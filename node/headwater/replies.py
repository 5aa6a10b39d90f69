"""HTTP within bounds: left alone, requests reads a reply whole, for as long as bytes trickle in."""

from __future__ import annotations

import json
import time
from typing import Any

import requests
import urllib3

from headwater.nesting import is_too_deep

CONNECT_SECONDS = 5.0
MOST_LEVELS = 16  # of JSON; logs, the deepest of replies, have five
_PIECE = 1 << 16


class ReplyTooLong(Exception):
    """A reply has more bytes than it may have."""


def ask(session: requests.Session, method: str, url: str, silence: float, **options: Any) -> requests.Response:
    """The start of a reply, for `read_reply`. Redirects are not followed. Close it afterwards.

    A connection that the server has closed since its last use is opened anew: ask only what may be asked twice.

    Args:
        silence: seconds without a byte after which it fails.

    Raises:
        requests.RequestException: there is none.
    """
    options |= {"timeout": (min(CONNECT_SECONDS, silence), silence), "allow_redirects": False, "stream": True}
    try:
        return session.request(method, url, **options)
    except requests.ConnectTimeout:
        raise
    except requests.ConnectionError:
        return session.request(method, url, **options)


def read_reply(response: requests.Response, limit: int, seconds: float) -> bytes:
    """The rest of a reply.

    Raises:
        ReplyTooLong: it has more than `limit` bytes.
        requests.Timeout: it did not end in time; a silent server is noticed after the request's own time-out.
        requests.ConnectionError: it broke off.
    """
    deadline = time.monotonic() + seconds
    content = bytearray()
    try:
        while piece := response.raw.read1(_PIECE):
            content += piece
            if len(content) > limit:
                raise ReplyTooLong(f"the reply has more than {limit} bytes")
            if time.monotonic() > deadline:
                raise requests.ReadTimeout(f"no whole reply in {seconds:.0f} s")
    except urllib3.exceptions.TimeoutError:
        raise requests.ReadTimeout("no more bytes in time") from None
    except (urllib3.exceptions.HTTPError, requests.exceptions.ChunkedEncodingError):
        raise requests.ConnectionError("the reply broke off") from None
    return bytes(content)


def parse_json(body: bytes) -> Any:
    """The JSON value of a reply.

    Raises:
        ValueError: it is none, or nested deeper than any reply.
    """
    if is_too_deep(body, MOST_LEVELS):
        raise ValueError("nested too deep")
    return json.loads(body.decode())
