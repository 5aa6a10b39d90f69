"""ProofManager: what updates are proved by. What each function does and requires is in `IProofManager.sol`."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.structs import Head, Link


class ProofManager(Contract):
    """Proofs on chain, and links that can be demanded."""

    name = "ProofManager"

    # ---- trainers

    def submit(self, task_id: int, proofs: Sequence[bytes]) -> Call:
        """Submit the proofs of the sender's update: one, or a chain of which each starts where the last one ended."""
        return self._call("submit", task_id, tuple(proofs))

    def claim(self, task_id: int, links: Sequence[Link], *, last: bool) -> Call:
        """Claim the next links of the sender's update, whose proofs lie in storage. last: it ends with them."""
        return self._call("claim", task_id, tuple(links), last)

    # ---- views

    def head_of(self, task_id: int, round_: int, trainer: str, block: BlockId = "latest") -> Head:
        """What a trainer has claimed in a round."""
        return self._read(Head, "headOf", task_id, round_, trainer, block=block)

    def is_proved(self, task_id: int, round_: int, trainer: str, index: int, block: BlockId = "latest") -> bool:
        """Whether a link that was claimed, from 0, was proved on chain."""
        return self._read(bool, "isProved", task_id, round_, trainer, index, block=block)
