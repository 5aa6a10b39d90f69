"""Several stores as one: put into all that keep content, read from whichever has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import structlog
from typing_extensions import override

from headwater.backoff import Backoff
from headwater.errors import ContentMismatch, ContentTooLarge, StorageError, Unavailable, Unreachable
from headwater.storage.cid import Cid
from headwater.storage.pinning import PinningService
from headwater.storage.store import ContentStore

T = TypeVar("T")
_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class SeveralStores(ContentStore):
    """A ContentStore over others, in the order in which they are asked.

    A store that gave wrong bytes is asked last from then on: what it gives is hashed all the same. One that cannot be
    reached is left alone for a while, each time for longer, unless nothing else is left.
    """

    def __init__(self, stores: Sequence[ContentStore], pinning: Sequence[PinningService] = ()) -> None:
        self._stores = tuple(stores)
        self._keepers = tuple(store for store in stores if not store.read_only)
        self._pinning = tuple(pinning)
        self._lied: set[ContentStore] = set()
        self._backoffs = {store: Backoff() for store in stores}

    @override
    def put(self, data: bytes) -> Cid:
        return self._put(lambda store: store.put(data))

    @override
    def put_file(self, path: Path) -> Cid:
        return self._put(lambda store: store.put_file(path))

    @override
    def get(self, cid: Cid, max_bytes: int) -> bytes:
        return self._read(lambda store: store.get(cid, max_bytes))

    @override
    def get_file(self, cid: Cid, path: Path, max_bytes: int) -> None:
        self._read(lambda store: store.get_file(cid, path, max_bytes))

    @override
    def has(self, cid: Cid) -> bool:
        """Whether all that can be reached keep it: where one was down at `put`, putting again brings it up to date."""
        return all(self._write(lambda store: store.has(cid)))

    @override
    def pin(self, cid: Cid) -> None:
        self._write(lambda store: store.pin(cid))

    @override
    def unpin(self, cid: Cid) -> None:
        self._write(lambda store: store.unpin(cid))
        self._remotely(lambda service: service.unpin(cid))

    @override
    def check(self) -> None:
        """Raises StorageError where no store that keeps content can be used, or none at all where none keeps any."""
        failures: list[StorageError] = []
        working = {store for store in self._stores if self._try(store, _check, failures)}
        if not working & set(self._keepers or self._stores):
            raise _summary(failures)

    @override
    def describe(self) -> str:
        return ",".join(
            [store.describe() for store in self._stores] + [service.describe() for service in self._pinning]
        )

    def _put(self, put: Callable[[ContentStore], Cid]) -> Cid:
        cid = self._write(put)[0]
        self._remotely(lambda service: service.pin(cid))
        return cid

    def _read(self, read: Callable[[ContentStore], T]) -> T:
        failures: list[StorageError] = []
        liars = [store for store in self._stores if store in self._lied]
        for store in (*self._askable([store for store in self._stores if store not in self._lied]), *liars):
            for content in self._try(store, read, failures):
                return content
        raise _summary(failures)

    def _write(self, write: Callable[[ContentStore], T]) -> list[T]:
        """What every store that keeps content and can be reached answers; at least one."""
        if not self._keepers:
            raise StorageError(f"{self.describe()} only reads", "name a store that keeps content before it")
        failures: list[StorageError] = []
        answers = [answer for store in self._askable(self._keepers) for answer in self._try(store, write, failures)]
        if not answers:
            raise _summary(failures)
        return answers

    def _askable(self, stores: Sequence[ContentStore]) -> Sequence[ContentStore]:
        """Those that are not to be left alone; all of them where nothing else is left."""
        return [store for store in stores if not self._backoffs[store].resting] or stores

    def _try(self, store: ContentStore, call: Callable[[ContentStore], T], failures: list[StorageError]) -> list[T]:
        """The answer, or none: then the failure is among `failures`."""
        try:
            answer = call(store)
        except StorageError as error:
            failures.append(error)
            if isinstance(error, ContentMismatch):
                self._lied.add(store)
                _log.warning("store gave wrong bytes", store=store.describe(), reason=error.message)
            elif isinstance(error, Unreachable):
                seconds = self._backoffs[store].failed()
                _log.warning("store left alone", reason=error.message, seconds=round(seconds, 1))
            return []
        self._backoffs[store].worked()
        return [answer]

    def _remotely(self, call: Callable[[PinningService], None]) -> None:
        for service in self._pinning:
            try:
                call(service)
            except Unavailable as error:
                _log.warning("pinning service failed", reason=error.message)


def _check(store: ContentStore) -> None:
    store.check()


def _summary(failures: Sequence[StorageError]) -> StorageError:
    """One error of several stores: that content is too large matters most, then that it may come later."""
    kinds = (ContentTooLarge, Unreachable, Unavailable, ContentMismatch, StorageError)
    kind = next(kind for kind in kinds if any(type(error) is kind for error in failures))
    hint = next(error.hint for error in failures if type(error) is kind)
    return kind("; ".join(error.message for error in failures), hint)
