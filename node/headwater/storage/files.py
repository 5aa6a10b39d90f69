"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from headwater.errors import StorageError

_PIECE = 1 << 16


class IncomingFile:
    """A file being written under a temporary name in `folder`, until `place` gives it its own.

    Leaving the context without `place` removes it. Every error of the file system, a full disk among them, is raised as
    StorageError.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{secrets.token_hex(8)}.part"

    def __enter__(self) -> Self:
        with writing(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("xb")
        return self

    def write(self, data: bytes) -> None:
        """Appends bytes."""
        with writing(self._path.parent):
            self._file.write(data)

    def place(self, path: Path) -> None:
        """Syncs the file and renames it, on the same file system, over whatever is at `path`."""
        with writing(path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._path.replace(path)
            for folder in (path.parent, path.parent.parent):  # the first may be new
                _sync_folder(folder)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # closing flushes, which fails again on a full disk
            self._file.close()
        self._path.unlink(missing_ok=True)


def read_chunks(path: Path) -> Iterator[bytes]:
    """A file's content in small pieces. Raises StorageError where it cannot be read."""
    with reading(path), path.open("rb") as file:
        while data := file.read(_PIECE):
            yield data


def size_of(path: Path) -> int:
    """A file's size, bytes. Raises StorageError where there is none."""
    with reading(path):
        return path.stat().st_size


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """A context that raises errors of the file system as StorageError; `path` names what is read."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror or error}", "check that it is a file and that you may read it"
        ) from error


def remove(path: Path) -> None:
    """Removes a file, if there is one. Raises StorageError where that is not allowed."""
    with writing(path):
        path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A context that raises errors of the file system as StorageError; `path` names what is written."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}", "free disk space or mend permissions, then run it again"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where the file system lets folders be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
