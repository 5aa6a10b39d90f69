"""The embedded store: a directory of files, each named by the CID of its content.

It needs no daemon and gives the CIDs that IPFS gives. Any number of processes may share a directory, also over a
network file system: files appear whole by rename, and a file's name says what must be in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from typing_extensions import override

from headwater.errors import Unavailable
from headwater.storage.cid import Cid
from headwater.storage.files import IncomingFile, read_chunks, reading, remove
from headwater.storage.store import ContentStore, receive, too_large
from headwater.storage.unixfs import DagBuilder

_PROBE = 1 << 14  # bytes: more than a file's buffer holds back
_STALE_SECONDS = 24 * 3600
"""After this long, a temporary file is what a killed process left behind."""


class DirectoryStore(ContentStore):
    """A ContentStore in `root`, which is made where it does not exist."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self.check()

    @override
    def put(self, data: bytes) -> Cid:
        return self._keep(iter((data,)))

    @override
    def put_file(self, path: Path) -> Cid:
        return self._keep(read_chunks(path))

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
        path = self._path(cid)
        with reading(path):
            return path.is_file()

    @override
    def pin(self, cid: Cid) -> None:
        if not self.has(cid):
            raise self._missing(cid)

    @override
    def unpin(self, cid: Cid) -> None:
        remove(self._path(cid))

    @override
    def check(self) -> None:
        with IncomingFile(self._incoming) as file:
            file.write(bytes(_PROBE))  # a full disk takes an empty file
        for left_over in self._incoming.glob("*.part"):
            try:
                if time.time() - left_over.stat().st_mtime > _STALE_SECONDS:
                    left_over.unlink()
            except FileNotFoundError:  # its writer, or another cleaner, was faster
                continue

    @override
    def describe(self) -> str:
        return f"dir:{self._root}"

    def _path(self, cid: Cid) -> Path:
        name = str(cid)
        return self._root / name[-3:-1] / name  # the shards of Kubo's flatfs: the first characters are all alike

    def _keep(self, chunks: Iterator[bytes]) -> Cid:
        builder = DagBuilder()
        with IncomingFile(self._incoming) as file:
            for chunk in chunks:
                builder.update(chunk)
                file.write(chunk)
            cid = builder.finish()
            file.place(self._path(cid))  # also over an older copy: that one may have been damaged since
        return cid

    def _fetch(self, cid: Cid, sink: Callable[[bytes], object], max_bytes: int) -> None:
        path = self._path(cid)
        with reading(path):
            try:
                size = path.stat().st_size
            except FileNotFoundError as error:
                raise self._missing(cid) from error
        if size > max_bytes:
            raise too_large(cid, max_bytes)
        receive(read_chunks(path), cid, sink, max_bytes, self.describe())

    def _missing(self, cid: Cid) -> Unavailable:
        return Unavailable(f"{cid} is not in {self.describe()}", "ask again once whoever published it has put it there")
