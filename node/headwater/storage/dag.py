"""Reading a UnixFS file block by block: each is checked by its own CID, so whoever gives a wrong one is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from headwater.errors import StorageError
from headwater.storage.cid import Cid
from headwater.storage.store import too_large
from headwater.storage.unixfs import CHUNK, DagBuilder, content_size, links_of

NODE_LIMIT = 1 << 17
"""Most bytes of a dag-pb block: 1,024 links take about 60,000."""

GetBlock = Callable[[Cid], bytes]
"""Gives a block that is what its CID says."""


def read_file(cid: Cid, root: bytes, block_of: GetBlock, sink: Callable[[bytes], object], max_bytes: int) -> None:
    """Passes the content of the file `cid`, whose checked block is `root`, on to `sink`.

    Raises:
        ContentTooLarge: it has more than `max_bytes`.
        StorageError: it is no file of profile unixfs-v1-2025. Its provider is not to blame: it was published like that.
    """
    try:
        size = content_size(root)
        if size > max_bytes:
            raise too_large(cid, max_bytes)
        builder = DagBuilder()
        for leaf in _leaves(root, size, block_of):
            builder.update(leaf)
            sink(leaf)
        if (found := builder.finish()) != cid:
            raise ValueError(f"by profile unixfs-v1-2025 its content is {found}")
    except ValueError as error:
        raise StorageError(f"{cid} is not a file: {error}", "refuse what refers to it") from error


def _leaves(root: bytes, size: int, block_of: GetBlock) -> Iterator[bytes]:
    """The content of a file of `size` bytes, leaf after leaf. Raises ValueError where there is more."""
    pending, left, nodes = links_of(root)[::-1], size, 2 + size // CHUNK
    while pending:
        cid = pending.pop()
        block = block_of(cid)
        if cid.is_raw:
            left -= len(block)
            yield block
        else:
            nodes -= 1
            pending += links_of(block)[::-1]
        if left < 0 or nodes < 0:
            raise ValueError(f"it has more than its {size} bytes")
