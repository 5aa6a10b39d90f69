"""HTTP within bounds: left alone, requests reads a reply whole, for as long as bytes trickle in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from typing_extensions import override

from headwater.nesting import TooManyValues, check_nesting

CONNECT_SECONDS = 5.0
MOST_LEVELS = 16  # of JSON; logs, the deepest of replies, have five
BYTES_PER_VALUE, FEW_VALUES = 16, 4096
"""A reply has at most one value in so many bytes, or so few of them: logs, the densest of replies, have one in 22."""

_PIECE = 1 << 16


class ReplyTooLong(Exception):
    """A reply has more bytes, or values, than it may have."""


class _Session(requests.Session):
    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests reads the whole body of a redirect, also where it does not follow it."""


def new_session(headers: Mapping[str, str]) -> requests.Session:
    """A session for `ask`, whose requests carry these headers and ask for replies that are not compressed."""
    session = _Session()
    session.headers.update({**headers, "Accept-Encoding": "identity"})
    return session


def ask(session: requests.Session, method: str, url: str, silence: float, **options: Any) -> requests.Response:
    """The start of a reply, for `read_reply`. Redirects are not followed. Close it afterwards.

    A connection that the server has closed since its last use is opened anew: ask only what may be asked twice.

    Args:
        session: one of `new_session`.
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
        ReplyTooLong: it holds more values than a reply of its length.
        ValueError: it is none, or nested deeper than any reply.
    """
    try:
        check_nesting(body, MOST_LEVELS, max(FEW_VALUES, len(body) // BYTES_PER_VALUE))
    except TooManyValues as error:
        raise ReplyTooLong(str(error)) from None
    return json.loads(body.decode())
