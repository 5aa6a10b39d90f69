"""What every store can do, and the check that every read goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from headwater.errors import ContentMismatch, ContentTooLarge
from headwater.storage.cid import Cid
from headwater.storage.unixfs import DagBuilder


class ContentStore(Protocol):
    """Keeps bytes and gives them back by CID. Nothing leaves a store unchecked: what was read is hashed again.

    Every method raises Unreachable where the store cannot be reached, and StorageError for what the caller must mend,
    for example a full disk. The reading ones also raise
        Unavailable: the content cannot be had now. Ask again later.
        ContentMismatch: what came is not what the CID names. Ask others first from then on.
        ContentTooLarge: it has more than `max_bytes`. Asking again is useless.
    """

    read_only: bool = False
    """Whether it only gives what others put: `put` and `pin` fail."""

    def put(self, data: bytes) -> Cid:
        """Keeps bytes, pinned. Putting the same bytes again changes nothing."""

    def put_file(self, path: Path) -> Cid:
        """Keeps a file's content, pinned, holding little of it in memory."""

    def get(self, cid: Cid, max_bytes: int) -> bytes:
        """The bytes that `cid` names, at most `max_bytes`."""

    def get_file(self, cid: Cid, path: Path, max_bytes: int) -> None:
        """Writes the bytes that `cid` names to `path`: all of them, checked and synced, or nothing."""

    def has(self, cid: Cid) -> bool:
        """Whether this store holds the content and keeps it, without asking anybody else."""

    def pin(self, cid: Cid) -> None:
        """Keeps content that was got before. Raises Unavailable where the store does not hold all of it."""

    def unpin(self, cid: Cid) -> None:
        """Lets go of content: it may vanish at once. Unpin only what you put; what is not pinned is left alone."""

    def check(self) -> None:
        """Raises StorageError with what to do where the store cannot be used now."""

    def describe(self) -> str:
        """The specification that `open_store` opens this store from."""


def receive(chunks: Iterable[bytes], cid: Cid, sink: Callable[[bytes], object], max_bytes: int, provider: str) -> None:
    """Passes a stream on to `sink` and checks at its end that it was what `cid` names.

    Raises:
        ContentTooLarge: more than `max_bytes` came; no more than these were passed on.
        ContentMismatch: it was something else. What `sink` took is worthless.
    """
    builder, received = DagBuilder(), 0
    for chunk in chunks:
        received += len(chunk)
        if received > max_bytes:
            raise too_large(cid, max_bytes)
        builder.update(chunk)
        sink(chunk)
    if (found := builder.finish()) != cid:
        raise ContentMismatch(
            f"{provider} answered {cid} with {received} bytes of {found}",
            "do not ask this provider again; if it is your own, put the content again with profile unixfs-v1-2025",
        )


def too_large(cid: Cid, max_bytes: int) -> ContentTooLarge:
    """The error for content above the reader's limit."""
    return ContentTooLarge(f"{cid} has more than the {max_bytes} bytes allowed here", "refuse what refers to it")
