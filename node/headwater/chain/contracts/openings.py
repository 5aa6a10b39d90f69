"""Openings: which vector a commitment is of, shown at once or in parts. See `IOpenings.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import Point
from headwater.protocol.structs import Claim


class Openings(Contract):
    """Openings of commitments, remembered."""

    name = "Openings"

    def open(self, claim: Claim, vector: bytes, quotient: Point) -> Call:
        """Open a commitment at once. vector: its bytes, none of a mask."""
        return self._call("open", claim, vector, quotient)

    def show(self, claim: Claim, hashes: Sequence[bytes], part: bytes) -> Call:
        """Show the next part of a vector. hashes: keccak256 of each part."""
        return self._call("show", claim, tuple(hashes), part)

    def expand(self, claim: Claim, count: int) -> Call:
        """Expand the next entries of a mask, `count` at most."""
        return self._call("expand", claim, count)

    def conclude(self, claim: Claim, quotient: Point) -> Call:
        """Open a commitment whose vector was shown in parts."""
        return self._call("conclude", claim, quotient)

    # ---- views

    def is_open(self, claim: Claim, block: BlockId = "latest") -> bool:
        """Whether the claim is known to be true."""
        return self._read(bool, "isOpen", claim, block=block)

    def progress_of(self, claim: Claim, block: BlockId = "latest") -> int:
        """How many entries of the claim's vector have been shown in parts."""
        return self._read(int, "progressOf", claim, block=block)
