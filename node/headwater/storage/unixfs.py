"""The CID of a file, as `ipfs add` gives it under the profile unixfs-v1-2025 (IPIP-499).

Chunks of 1 MiB, raw leaves, at most 1,024 links a node, balanced layout, no metadata. Content of one chunk is its own
raw block; more has a dag-pb root. Nodes are encoded as https://ipld.io/specs/codecs/dag-pb and UnixFS's protobuf say.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from headwater.storage.cid import DAG_PB, RAW, Cid
from headwater.storage.files import read_chunks

CHUNK = 1 << 20
WIDTH = 1024


class _Link(NamedTuple):
    cid: Cid
    total: int  # dag-pb's Tsize: bytes of the block and of everything below it
    content: int  # bytes of the file below it


class DagBuilder:
    """Computes the CID of content as it streams by, holding one chunk and the open nodes.

    `emit`, where given, is called with every block, leaves before the nodes that link to them.
    """

    def __init__(self, emit: Callable[[Cid, bytes], None] | None = None) -> None:
        self._emit = emit
        self._pending = bytearray()
        self._levels: list[list[_Link]] = [[]]

    def update(self, data: bytes) -> None:
        """Takes the next bytes of the content."""
        self._pending += data
        while len(self._pending) > CHUNK:  # the last chunk stays, so that content of one chunk has no node above it
            self._leaf(bytes(self._pending[:CHUNK]))
            del self._pending[:CHUNK]

    def finish(self) -> Cid:
        """The root's CID. The builder is used up."""
        if self._pending or not self._levels[0]:
            self._leaf(bytes(self._pending))
        level = 0
        while len(self._levels[level]) > 1 or level < len(self._levels) - 1:
            self._close(level)
            level += 1
        return self._levels[level][0].cid

    def _leaf(self, chunk: bytes) -> None:
        self._add(0, _Link(self._block(RAW, chunk), len(chunk), len(chunk)))

    def _add(self, level: int, link: _Link) -> None:
        if len(self._levels[level]) == WIDTH:
            self._close(level)
        self._levels[level].append(link)

    def _close(self, level: int) -> None:
        """Makes one node of a level's links and adds it to the level above."""
        links, self._levels[level] = self._levels[level], []
        if level + 1 == len(self._levels):
            self._levels.append([])
        block = _node(links)
        total = len(block) + sum(link.total for link in links)
        self._add(level + 1, _Link(self._block(DAG_PB, block), total, sum(link.content for link in links)))

    def _block(self, codec: int, block: bytes) -> Cid:
        cid = Cid.of_block(codec, block)
        if self._emit:
            self._emit(cid, block)
        return cid


def cid_of(data: bytes) -> Cid:
    """The CID of content in memory."""
    builder = DagBuilder()
    builder.update(data)
    return builder.finish()


def cid_of_file(path: Path) -> Cid:
    """The CID of a file's content. Raises StorageError where it cannot be read."""
    builder = DagBuilder()
    for chunk in read_chunks(path):
        builder.update(chunk)
    return builder.finish()


def content_size(root: bytes) -> int:
    """How many bytes of content a dag-pb root claims, from its UnixFS `filesize`.

    Raises:
        ValueError: not the block of a UnixFS file.
    """
    unixfs = [value for number, value in _fields(root) if number == 1]
    if len(unixfs) != 1 or not isinstance(unixfs[0], bytes):
        raise ValueError("not a UnixFS node: it has no data")
    fields = list(_fields(unixfs[0]))
    sizes = [value for number, value in fields if number == 3]
    if (1, 2) not in fields or len(sizes) != 1 or not isinstance(sizes[0], int):  # type 2 is a file
        raise ValueError("not the root of a UnixFS file")
    return sizes[0]


def links_of(block: bytes) -> list[Cid]:
    """What a dag-pb block links to, in order.

    Raises:
        ValueError: not a dag-pb block, or it links to what has another kind of CID.
    """
    links = []
    for number, link in _fields(block):
        if number == 2 and isinstance(link, bytes):
            hashes = [value for field, value in _fields(link) if field == 1]
            if len(hashes) != 1 or not isinstance(hashes[0], bytes):
                raise ValueError("not a dag-pb block: a link has no hash")
            links.append(Cid.from_bytes(hashes[0]))
    return links


def _node(links: list[_Link]) -> bytes:
    """The dag-pb block of a UnixFS file's inner node. Its links come before its data, though their field is later."""
    data = b"\x08\x02\x18" + _varint(sum(link.content for link in links))
    data += b"".join(b"\x20" + _varint(link.content) for link in links)
    encoded = (_tagged(0x0A, bytes(link.cid)) + b"\x12\x00\x18" + _varint(link.total) for link in links)
    return b"".join(_tagged(0x12, link) for link in encoded) + _tagged(0x0A, data)


def _tagged(tag: int, data: bytes) -> bytes:
    return bytes((tag,)) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """The fields of a protobuf message, of the two wire types that dag-pb and UnixFS use."""
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if key & 7 == 0:
            fields.append((key >> 3, value))
        elif key & 7 == 2 and at + value <= len(message):
            fields.append((key >> 3, message[at : at + value]))
            at += value
        else:
            raise ValueError("not a dag-pb block")
    return fields


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 63, 7):
        if at >= len(message):
            break
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ValueError("not a dag-pb block: a number is cut short or too large")
