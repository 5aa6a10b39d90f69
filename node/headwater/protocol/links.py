"""Links of an update that are claimed, and not proved on chain: what stands for all of them in a row."""

from __future__ import annotations

from collections.abc import Iterable

from headwater.protocol.keccak import keccak256
from headwater.protocol.structs import Link


def next_hash(before: bytes, link: Link) -> bytes:
    """h_i of `IProofManager.Head`: the first 31 bytes of keccak256(abi.encode(h_(i-1), link i)).

    before: h_(i-1), 31 bytes.
    """
    point = b"".join(coordinate.to_bytes(32, "big") for coordinate in link.update)
    return keccak256(before.ljust(32, b"\0") + link.data_hash + point + link.cid)[:31]


def head_hash(links: Iterable[Link]) -> bytes:
    """h_n of links in a row, 31 bytes."""
    found = bytes(31)
    for link in links:
        found = next_hash(found, link)
    return found
