"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from headwater.errors import StorageError

_PIECE = 1 << 16
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotAFile(OSError):
    """Where a file should be, there is a link, a folder, a pipe or a device."""


class IncomingFile:
    """A file being written under a temporary name in `folder`, until `place` gives it its own.

    Leaving the context without `place` removes it. Every error of the file system, a full disk among them, is raised as
    StorageError.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """shared: strangers write beside it; neither `folder` nor that of `place` may be a link, see `open_folder`."""
        self._folder, self._shared = folder, shared
        self._name = f"{secrets.token_hex(8)}.part"

    def __enter__(self) -> Self:
        with writing(self._folder):
            self._handle = open_folder(self._folder, make=True, shared=self._shared)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._file = os.fdopen(os.open(self._name, flags, 0o666, dir_fd=self._handle), "wb")
            except OSError:
                os.close(self._handle)
                raise
        return self

    def write(self, data: bytes) -> None:
        """Appends bytes."""
        with writing(self._folder):
            self._file.write(data)

    def place(self, path: Path) -> None:
        """Syncs the file and renames it, on the same file system, over whatever file or link is at `path`."""
        with writing(path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            target = open_folder(path.parent, make=True, shared=self._shared)
            try:
                os.rename(self._name, path.name, src_dir_fd=self._handle, dst_dir_fd=target)
                _sync(target)
            finally:
                os.close(target)
            _sync_folder(path.parent.parent)  # the other may be new

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # closing flushes, which fails again on a full disk
            self._file.close()
        with suppress(OSError):  # it has its name, or others took it away
            os.unlink(self._name, dir_fd=self._handle)
        os.close(self._handle)


def open_folder(path: Path, *, make: bool = False, shared: bool = False) -> int:
    """A handle on a folder, to be closed. Raises OSError.

    make: it is made where it does not exist.
    shared: strangers write beside it, though not above; it must be a folder itself, and no link to another.
    """
    path = path.absolute()
    name = path.name or "."
    if make:
        path.parent.mkdir(parents=True, exist_ok=True)
    above = os.open(path.parent, _FOLDER)
    try:
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
        return os.open(name, _FOLDER | (os.O_NOFOLLOW if shared else 0), dir_fd=above)
    finally:
        os.close(above)


@contextmanager
def opened(path: Path, *, shared: bool = False) -> Iterator[BinaryIO]:
    """An ordinary file to read, opened without waiting for anybody.

    shared: strangers write beside it; no link is followed, see `open_folder`.

    Raises:
        NotAFile: it is something else, which was not read; also where somebody exchanges it just now.
        OSError: it cannot be opened.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW if shared else 0)
    folder = open_folder(path.parent, shared=shared)
    try:
        handle = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):  # a link; a socket
            raise NotAFile(error.errno, "it is no ordinary file") from error
        raise
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotAFile(errno.EINVAL, "it is no ordinary file")
    with os.fdopen(handle, "rb") as file:
        yield file


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """The content of an open file in small pieces, as long as it is now: whoever makes it longer is not waited for."""
    left = os.fstat(file.fileno()).st_size
    while left > 0 and (data := file.read(min(left, _PIECE))):
        left -= len(data)
        yield data


def read_chunks(path: Path) -> Iterator[bytes]:
    """A file's content in small pieces. Raises StorageError where it cannot be read."""
    with reading(path), opened(path) as file:
        yield from chunks_of(file)


def size_of(path: Path) -> int:
    """A file's size, bytes. Raises StorageError where there is none."""
    with reading(path), opened(path) as file:
        return os.fstat(file.fileno()).st_size


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """A context that raises errors of the file system as StorageError; `path` names what is read."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror or error}", "check that it is a file and that you may read it"
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A context that raises errors of the file system as StorageError; `path` names what is written."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}", "free disk space or mend permissions, then run it again"
        ) from error


def _sync_folder(path: Path) -> None:
    with suppress(OSError):
        handle = os.open(path, _FOLDER)
        try:
            _sync(handle)
        finally:
            os.close(handle)


def _sync(folder: int) -> None:
    """Makes a rename last through a power cut, where the file system lets folders be synced."""
    with suppress(OSError):
        os.fsync(folder)
