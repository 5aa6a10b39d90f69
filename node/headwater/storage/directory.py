"""The embedded store: a directory of files, each named by the CID of its content.

It needs no daemon and gives the CIDs that IPFS gives. Any number of processes may share a directory, also over a
network file system: files appear whole by rename, and a file's name says what must be in it. They may be strangers':
they can take files away and damage them, but not have anything outside of the directory read or written, nor be waited
for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from typing_extensions import override

from headwater.errors import ContentMismatch, ContentTooLarge, StorageError, Unavailable
from headwater.storage.cid import Cid
from headwater.storage.files import (
    IncomingFile,
    NotAFile,
    chunks_of,
    open_folder,
    opened,
    read_chunks,
    reading,
    writing,
)
from headwater.storage.parts import MAX_ARTIFACT_BYTES
from headwater.storage.store import ContentStore, receive, too_large
from headwater.storage.unixfs import CHUNK, DagBuilder

_PROBE = 1 << 14  # bytes: more than a file's buffer holds back
_STALE_SECONDS = 24 * 3600
"""After this long, a temporary file is what a killed process left behind."""


class DirectoryStore(ContentStore):
    """A ContentStore in `root`, which is made where it does not exist."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._right: dict[Cid, tuple[int, ...]] = {}  # which version of a file was hashed, and right
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
        """Whether the right bytes are there: they are hashed, once until the file changes."""
        most = CHUNK if cid.is_raw else MAX_ARTIFACT_BYTES
        try:
            with self._open(cid) as file:
                state = os.fstat(file.fileno())
                version = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
                if self._right.get(cid) != version:
                    self._right.pop(cid, None)
                    receive(self._chunks(cid, file), cid, lambda _: None, most, self.describe())
                    self._right[cid] = version
        except (Unavailable, ContentMismatch, ContentTooLarge):
            return False
        return True

    @override
    def pin(self, cid: Cid) -> None:
        if not self.has(cid):
            raise self._missing(cid)

    @override
    def unpin(self, cid: Cid) -> None:
        path = self._path(cid)
        with writing(path), suppress(FileNotFoundError):
            folder = open_folder(path.parent, shared=True)
            try:
                os.unlink(path.name, dir_fd=folder)
            finally:
                os.close(folder)

    @override
    def check(self) -> None:
        with IncomingFile(self._incoming, shared=True) as file:
            file.write(bytes(_PROBE))  # a full disk takes an empty file
        with reading(self._incoming):
            folder = open_folder(self._incoming, shared=True)
            try:
                _remove_stale(folder)
            finally:
                os.close(folder)

    @override
    def describe(self) -> str:
        return f"dir:{self._root}"

    def _path(self, cid: Cid) -> Path:
        name = str(cid)
        return self._root / name[-3:-1] / name  # the shards of Kubo's flatfs: the first characters are all alike

    def _keep(self, chunks: Iterator[bytes]) -> Cid:
        builder = DagBuilder()
        with IncomingFile(self._incoming, shared=True) as file:
            for chunk in chunks:
                builder.update(chunk)
                file.write(chunk)
            cid = builder.finish()
            file.place(self._path(cid))  # also over an older copy: that one may have been damaged since
        return cid

    def _fetch(self, cid: Cid, sink: Callable[[bytes], object], max_bytes: int) -> None:
        with self._open(cid) as file:
            if os.fstat(file.fileno()).st_size > max_bytes:
                raise too_large(cid, max_bytes)
            receive(self._chunks(cid, file), cid, sink, max_bytes, self.describe())

    @contextmanager
    def _open(self, cid: Cid) -> Iterator[BinaryIO]:
        """The file of a CID. Raises as `get`, but for what is in it."""
        path = self._path(cid)
        with ExitStack() as stack:
            try:
                with reading(path):
                    file = stack.enter_context(opened(path, shared=True))
            except StorageError as error:
                if isinstance(error.__cause__, FileNotFoundError):
                    raise self._missing(cid) from error
                if isinstance(error.__cause__, NotAFile):
                    raise ContentMismatch(error.message, "remove it, and put the content again") from error
                raise
            yield file

    def _chunks(self, cid: Cid, file: BinaryIO) -> Iterator[bytes]:
        with reading(self._path(cid)):
            yield from chunks_of(file)

    def _missing(self, cid: Cid) -> Unavailable:
        return Unavailable(f"{cid} is not in {self.describe()}", "ask again once whoever published it has put it there")


def _remove_stale(folder: int) -> None:
    """Remove what killed writers left in an open folder."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(".part")]
    for name in names:
        with suppress(OSError):  # its writer, or another cleaner, was faster; or it is no file
            if time.time() - os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime > _STALE_SECONDS:
                os.unlink(name, dir_fd=folder)
