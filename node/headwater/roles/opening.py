"""Vectors shown on chain: what was shown, and showing one, at once or in parts that each fit a transaction."""

from __future__ import annotations

from collections.abc import Callable

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.events import PartShown
from headwater.chain.contracts.opened import Contracts
from headwater.errors import ChainError
from headwater.protocol.curve import Point
from headwater.protocol.keccak import keccak256
from headwater.protocol.openings import PART_BYTES, Encoding, parts, root_of
from headwater.protocol.structs import Claim, Opening

MASK_ENTRIES = 16_384
"""How many entries of a mask are expanded in one transaction: some 450 gas each."""


def shown(contracts: Contracts, task_id: int, commitment_hash: bytes, root: bytes, block: BlockId = "latest") -> bytes:
    """The bytes of a vector that was shown on chain in a task, from its parts.

    Raises:
        ChainError: the node does not know all of them.
    """
    start = contracts.start_of(task_id)
    events = contracts.openings.events(PartShown, start, block, commitment_hash=commitment_hash, root=root)
    found = {event.index: event.part for event in events}
    data = b"".join(found[index] for index in sorted(found))
    if root_of(data, Encoding.WORDS) != root:
        raise ChainError(
            f"the node does not know the bytes of what was opened under root 0x{root.hex()}",
            "it may be behind: try again, or name another with --rpc",
        )
    return data


class Showing:
    """What is to be shown of a commitment in an answer: a claim, its bytes, and how to open it.

    An answer that fits one transaction carries it all. Else each step is the next transaction, as the chain says how
    far it has come; so a restarted node goes on, and so does whoever else has the bytes.
    """

    def __init__(self, contracts: Contracts, claim: Claim, data: bytes, quotient: Callable[[], Point]) -> None:
        """data: the vector's bytes; none of a mask. quotient: computed only where it is sent."""
        self._openings, self._claim, self._data, self._quotient = contracts.openings, claim, data, quotient

    @property
    def _is_mask(self) -> bool:
        return self._claim.encoding is Encoding.MASK

    def step(self) -> Call | None:
        """The next transaction before the answer; None where the answer is next."""
        is_short = self._claim.entries <= MASK_ENTRIES if self._is_mask else len(self._data) <= PART_BYTES
        if is_short or self._openings.is_open(self._claim):
            return None
        progress = self._openings.progress_of(self._claim)
        if progress == self._claim.entries:
            return self._openings.conclude(self._claim, self._quotient())
        if self._is_mask:
            return self._openings.expand(self._claim, MASK_ENTRIES)
        cut = parts(self._data)
        index = progress * (len(self._data) // self._claim.entries) // PART_BYTES
        return self._openings.show(self._claim, [keccak256(part) for part in cut], cut[index])

    def opening(self) -> Opening:
        """What the answer carries: nothing but the root of what was opened before."""
        if self._openings.is_open(self._claim):
            return Opening(self._claim.root)
        return Opening(self._claim.root, self._data, self._quotient())
