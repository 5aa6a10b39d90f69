"""The IPFS store: a Kubo daemon's RPC, through ipfshttpclient.

Kubo checks the blocks that it has from strangers; this store checks Kubo. The address may be wrong, the daemon old, or
not Kubo at all, so nothing that it says is believed: CIDs are computed here too, a reply is read in small pieces, never
more of it than can be right, and never for longer than a slow but honest daemon needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from ipfshttpclient.exceptions import AddressError, Error, ErrorResponse
from ipfshttpclient.exceptions import ConnectionError as IpfsConnectionError
from requests import RequestException
from typing_extensions import override
from urllib3.exceptions import HTTPError

from headwater.errors import ConfigError, ContentMismatch, StorageError, Unavailable, Unreachable
from headwater.foreign import plain
from headwater.replies import ReplyTooLong
from headwater.storage.cid import Cid
from headwater.storage.dag import NODE_LIMIT, read_file
from headwater.storage.files import IncomingFile, read_chunks, size_of
from headwater.storage.rpc import BoundedClient
from headwater.storage.store import ContentStore, receive, too_large
from headwater.storage.unixfs import CHUNK, WIDTH, DagBuilder, content_size

MIN_RATE = 64 << 10
"""Bytes a second; a transfer that is slower is given up."""

_REPLY_LIMIT = 1 << 16  # bytes of a JSON reply

ADD = {
    "cid-version": "1",
    "hash": "sha2-256",
    "raw-leaves": "true",
    "chunker": f"size-{CHUNK}",
    "max-file-links": str(WIDTH),
    "trickle": "false",
    "inline": "false",
    "wrap-with-directory": "false",
    "preserve-mode": "false",
    "preserve-mtime": "false",
    "only-hash": "false",
    "nocopy": "false",
    "fscache": "false",
    "progress": "false",
    "pin": "true",
}
"""Every parameter of /add that bears on the CID or on what is kept: none is left to the daemon's configuration."""


_FAILURES = (
    *(Error, RequestException, HTTPError, OSError, ReplyTooLong),  # no reply, or none that is HTTP of the right length
    *(AssertionError, LookupError, TypeError, ValueError, RecursionError),  # none that ipfshttpclient understands
)


class KuboStore(ContentStore):
    """A ContentStore on the Kubo daemon whose RPC listens at the multiaddr `address`.

    timeout: seconds that the daemon may be silent, for example while it looks for content on the network. A call takes
    at most that, and one second more for each 64 KiB that it moves.
    """

    def __init__(self, address: str, timeout: float = 30.0) -> None:
        self._address = address
        self._timeout = timeout
        try:
            self._json_client()
        except (AddressError, ValueError) as error:
            raise ConfigError(
                f"{address!r} is no address of a Kubo RPC", "give one like /ip4/127.0.0.1/tcp/5001"
            ) from error

    @override
    def put(self, data: bytes) -> Cid:
        return self._add(iter((data,)), len(data))

    @override
    def put_file(self, path: Path) -> Cid:
        return self._add(read_chunks(path), size_of(path))

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
        with self._calling(f"pin/ls of {cid}"):
            try:
                self._json_client().pin.ls(str(cid), type="recursive")
            except ErrorResponse as error:
                if "not pinned" not in str(error):
                    raise
                return False
        return True

    @override
    def pin(self, cid: Cid) -> None:
        with self._calling(f"pin/add of {cid}"):  # offline: only what was got, with its limit, may take space
            self._json_client(offline=True).pin.add(str(cid))

    @override
    def unpin(self, cid: Cid) -> None:
        with self._calling(f"pin/rm of {cid}"):
            try:
                self._json_client().pin.rm(str(cid))
            except ErrorResponse as error:
                if "not pinned" not in str(error):
                    raise

    @override
    def check(self) -> None:
        with self._calling("version"):
            self._json_client().version()

    @override
    def describe(self) -> str:
        return f"kubo:{self._address}"

    def _add(self, chunks: Iterator[bytes], size: int) -> Cid:
        builder = DagBuilder()

        def tapped() -> Iterator[bytes]:
            for chunk in chunks:
                builder.update(chunk)
                yield chunk

        with self._calling("add"):
            answer = self._json_client(size).add_bytes(tapped(), opts=dict(ADD))
        cid = builder.finish()
        if answer != str(cid):
            raise StorageError(
                f"{self.describe()} added {cid} as {plain(answer)}",
                "it does not follow profile unixfs-v1-2025: use Kubo 0.35 or later",
            )
        return cid

    def _fetch(self, cid: Cid, sink: Callable[[bytes], object], max_bytes: int) -> None:
        if cid.is_raw:
            sink(self._block(cid, min(max_bytes, CHUNK), max_bytes))
            return
        root = self._block(cid, NODE_LIMIT, max_bytes)
        try:
            size = content_size(root)
        except ValueError as error:
            raise StorageError(f"{cid} is not a file: {error}", "refuse what refers to it") from error
        if size > max_bytes:
            raise too_large(cid, max_bytes)
        try:
            receive(self._stream(cid, size), cid, sink, size, self.describe())
        except ContentMismatch:
            read_file(cid, root, self._checked_block, lambda _: None, size)  # fails where it was published like that
            raise

    def _checked_block(self, cid: Cid) -> bytes:
        return self._block(cid, CHUNK if cid.is_raw else NODE_LIMIT, CHUNK)

    def _block(self, cid: Cid, limit: int, max_bytes: int) -> bytes:
        with self._calling(f"block/get of {cid}"):
            try:
                block = bytes(self._client(limit).block.get(str(cid), opts={"timeout": f"{self._timeout}s"}))
            except ReplyTooLong as error:
                if limit == max_bytes < CHUNK:
                    raise too_large(cid, max_bytes) from error
                raise self._lied(cid, f"more than {limit} bytes") from error
        if (found := Cid.of_block(cid.codec, block)) != cid:
            raise self._lied(cid, f"the block {found}")
        return block

    def _stream(self, cid: Cid, size: int) -> Iterator[bytes]:
        """The content of a file of `size` bytes, unchecked but for its size."""
        received = 0
        with self._calling(f"cat of {cid}"):
            try:
                client = self._client(size, size)
                with client.cat(str(cid), stream=True, opts={"timeout": f"{self._seconds(size)}s"}) as chunks:
                    for chunk in chunks:
                        received += len(chunk)
                        yield chunk
            except ReplyTooLong as error:
                raise self._lied(cid, f"more than its {size} bytes") from error
        if received < size:  # Kubo ends a stream in good order when it cannot find the rest
            raise Unavailable(f"{self.describe()} gave {received} of {size} bytes of {cid}", "ask again later")

    def _lied(self, cid: Cid, answer: str) -> ContentMismatch:
        return ContentMismatch(f"{self.describe()} answered {cid} with {answer}", "do not ask this provider again")

    def _client(self, limit: int, moved: int = 0) -> BoundedClient:
        """A client for one call that moves `moved` bytes either way and replies with at most `limit`."""
        return BoundedClient(self._address, self._timeout, self._seconds(max(moved, limit)), limit)

    def _json_client(self, moved: int = 0, *, offline: bool = False) -> BoundedClient:
        """A client for one call that moves `moved` bytes and replies with JSON."""
        seconds = self._seconds(max(moved, _REPLY_LIMIT))
        return BoundedClient(self._address, self._timeout, seconds, _REPLY_LIMIT, is_json=True, offline=offline)

    def _seconds(self, moved: int) -> float:
        return self._timeout + moved / MIN_RATE

    @contextmanager
    def _calling(self, what: str) -> Iterator[None]:
        """Every way in which a call can fail, but for wrong bytes, is one for the caller: it cannot be had now."""
        try:
            yield
        except _FAILURES as error:
            kind = Unreachable if isinstance(error, IpfsConnectionError) else Unavailable
            raise kind(
                f"{self.describe()} failed at {what}: {plain(error) or type(error).__name__}",
                "ask again later; is `ipfs daemon` running, and is this the address of its RPC?",
            ) from error
