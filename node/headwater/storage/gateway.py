"""Any IPFS gateway, trusted with nothing: blocks come raw and are hashed here before anything is made of them.

https://specs.ipfs.tech/http-gateways/trustless-gateway. It only reads: what a node publishes, it puts elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import requests
from typing_extensions import override

from headwater.errors import ConfigError, ContentMismatch, StorageError, Unavailable, Unreachable
from headwater.redaction import redact
from headwater.replies import ReplyTooLong, ask, new_session, read_reply
from headwater.storage.cid import Cid
from headwater.storage.dag import NODE_LIMIT, read_file
from headwater.storage.files import IncomingFile
from headwater.storage.store import ContentStore, too_large
from headwater.storage.unixfs import CHUNK

MIN_RATE = 64 << 10
"""Bytes a second; a transfer that is slower is given up."""

PROBE = "bafkqaaa"
"""The CID of nothing, which every gateway has: the specification's way to ask whether it is one."""

_LATER = "ask again later, or name another gateway"


class GatewayStore(ContentStore):
    """A ContentStore on the gateway at `url`, for example https://ipfs.io.

    timeout: seconds that it may be silent while it looks for content.
    """

    read_only = True

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        """Raises ConfigError where it is no http or https URL of a host and port."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ConfigError(f"{redact(url)!r} is no address of a gateway", "give one like https://ipfs.io")
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._session = new_session({"Accept": "application/vnd.ipld.raw"})

    @override
    def put(self, data: bytes) -> Cid:
        raise self._read_only()

    @override
    def put_file(self, path: Path) -> Cid:
        raise self._read_only()

    @override
    def get(self, cid: Cid, max_bytes: int) -> bytes:
        content = BytesIO()
        self._fetch(cid, content.write, max_bytes)
        return content.getvalue()

    @override
    def get_file(self, cid: Cid, path: Path, max_bytes: int) -> None:
        with IncomingFile(path.parent) as file:
            self._fetch(cid, file.write, max_bytes)
            file.place(path)

    @override
    def has(self, cid: Cid) -> bool:
        return False  # whatever it has, it promises to keep nothing

    @override
    def pin(self, cid: Cid) -> None:
        raise self._read_only()

    @override
    def unpin(self, cid: Cid) -> None:
        pass

    @override
    def check(self) -> None:
        try:
            self._ask(PROBE, 0)
        except ReplyTooLong:
            raise StorageError(f"{self.describe()} is no gateway of IPFS", "check the address") from None

    @override
    def describe(self) -> str:
        return f"gateway:{self._url}"

    def _fetch(self, cid: Cid, sink: Callable[[bytes], object], max_bytes: int) -> None:
        root = self._block(cid)
        if cid.is_raw:
            if len(root) > max_bytes:
                raise too_large(cid, max_bytes)
            sink(root)
            return
        read_file(cid, root, self._block, sink, max_bytes)

    def _block(self, cid: Cid) -> bytes:
        limit = CHUNK if cid.is_raw else NODE_LIMIT
        try:
            block = self._ask(str(cid), limit)
        except ReplyTooLong as error:
            raise self._lied(cid, f"more than {limit} bytes") from error
        if (found := Cid.of_block(cid.codec, block)) != cid:
            raise self._lied(cid, f"the block {found}")
        return block

    def _ask(self, cid: str, limit: int) -> bytes:
        url = f"{self._url}/ipfs/{cid}?format=raw"
        try:
            with ask(self._session, "GET", url, self._timeout) as response:
                if response.status_code != requests.codes.ok:
                    raise self._refusal(cid, response)
                return read_reply(response, limit, self._timeout + limit / MIN_RATE)
        except requests.RequestException as error:
            reason = "no whole reply in time" if isinstance(error, requests.Timeout) else "it cannot be reached"
            raise Unreachable(f"{self.describe()} failed at {cid}: {reason}", _LATER) from None

    def _refusal(self, cid: str, response: requests.Response) -> Unavailable:
        busy = response.status_code in (requests.codes.too_many_requests, requests.codes.service_unavailable)
        kind = Unreachable if busy else Unavailable
        return kind(f"{self.describe()} answered {cid} with HTTP status {response.status_code}", _LATER)

    def _lied(self, cid: Cid, answer: str) -> ContentMismatch:
        return ContentMismatch(f"{self.describe()} answered {cid} with {answer}", "do not ask this provider again")

    def _read_only(self) -> StorageError:
        return StorageError(f"{self.describe()} only reads", "name a store that keeps content before it")
