"""ipfshttpclient with bounds: left alone, it reads a reply whole into memory, for as long as bytes trickle in."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import ipfshttpclient
from ipfshttpclient.exceptions import ErrorResponse
from ipfshttpclient.exceptions import TimeoutError as IpfsTimeoutError
from ipfshttpclient.http import ClientSync

from headwater.foreign import plain
from headwater.nesting import check_nesting
from headwater.replies import CONNECT_SECONDS, FEW_VALUES, MOST_LEVELS, ReplyTooLong, parse_json

_PIECE = 1 << 16


class BoundedClient(ipfshttpclient.Client):  # type: ignore[misc]  # ipfshttpclient ships no types
    """An ipfshttpclient.Client for one call, whose reply ends in `seconds` and within `limit` bytes, or fails.

    `ipfshttpclient.connect` is no use: it refuses every Kubo since 0.8.

    Args:
        silence: seconds without a byte after which the call fails.
        is_json: the reply is JSON, to be held and checked before it is parsed.
    """

    def __init__(
        self, address: str, silence: float, seconds: float, limit: int, *, is_json: bool = False, offline: bool = False
    ) -> None:
        super().__init__(address)
        timeout = (min(CONNECT_SECONDS, silence), silence)
        self._client = _BoundedHttp(address, "api/v0", offline=offline, timeout=timeout)
        self._client.seconds, self._client.limit, self._client.is_json = seconds, limit, is_json


class _BoundedHttp(ClientSync):  # type: ignore[misc]  # ipfshttpclient ships no types
    seconds: float
    limit: int
    is_json: bool
    deadline: float

    def _make_session(self) -> Any:
        session = super()._make_session()
        session.trust_env = False  # a proxy from the environment has no business between a node and its own daemon
        session.get_redirect_target = lambda _: None  # requests reads the whole body of a redirect
        for adapter in session.adapters.values():
            adapter.poolmanager.connection_pool_kw.pop("strict", None)  # urllib3 2 warns of it, 3 will refuse it
        return session

    def _request(self, *args: Any, chunk_size: int | None, **options: Any) -> tuple[list[Any], Generator[bytes]]:
        del chunk_size  # ipfshttpclient asks for whatever there is
        self.deadline = time.monotonic() + self.seconds
        closables, pieces = super()._request(*args, chunk_size=_PIECE, **options)
        bounded = self._bounded(closables[0].raw, pieces)
        return closables, _checked(bounded) if self.is_json else bounded

    def _do_raise_for_status(self, response: Any) -> None:
        if response.status_code == 200:
            return
        try:
            body = b"".join(self._bounded(response.raw, response.iter_content(_PIECE)))
            message = plain(parse_json(body)["Message"])
        except (ReplyTooLong, ValueError, LookupError, TypeError):
            message = f"HTTP status {response.status_code}"
        raise ErrorResponse(message, None)

    def _bounded(self, raw: Any, pieces: Generator[bytes]) -> Generator[bytes]:
        """Socket time-outs bound one read; a server that sends a byte now and then never runs into them."""
        watchdog = threading.Timer(self.deadline - time.monotonic(), _cut, (raw,))
        watchdog.daemon = True
        watchdog.start()
        received = 0
        try:
            for piece in pieces:
                received += len(piece)
                if received > self.limit:
                    raise ReplyTooLong(f"the reply has more than {self.limit} bytes")
                yield piece
        finally:
            watchdog.cancel()
            if time.monotonic() >= self.deadline:  # whatever the cut looked like to the reader
                raise IpfsTimeoutError(None, f"no whole reply in {self.seconds:.0f} s")


def _checked(pieces: Generator[bytes]) -> Generator[bytes]:
    body = b"".join(pieces)
    check_nesting(body, MOST_LEVELS, FEW_VALUES)
    yield body


def _cut(raw: Any) -> None:
    with suppress(OSError, RuntimeError, ValueError):  # it may have ended by itself just now
        raw.shutdown()
