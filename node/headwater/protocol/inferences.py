"""Inferences in numbers: what is asked of a row, who may use the answer, and the vectors that say so.

What a proof is about is fixed by five commitments; `IInferences` says of what, and checks them.
"""

from __future__ import annotations

from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.structs import ZERO_ADDRESS, Query

ROW_SALTS = 32
"""Salts behind a row. Each proof about it publishes an equation over its entries (docs/adr/0007)."""

MOST_ROW_PROOFS = ROW_SALTS - 1
"""How many proofs about one commitment of a row there may be."""

MOST_VALUE = 2**63 - 1
"""As `IInferences.Query` takes it."""

NOBODY = ZERO_ADDRESS
"""The consumer of what is recorded for everybody."""


def context_of(chain_id: int, inferences: str, consumer: str, query: Query) -> int:
    """Who may use a proof, and for what: the second entry of its public vector.

    inferences: the contract that checks it.
    """
    words = (
        chain_id,
        *(int(address, 16) for address in (inferences, consumer, query.issuer, query.account)),
        query.nonce,
    )
    return int.from_bytes(keccak256(b"".join(word.to_bytes(32) for word in words))) % P


def public_vector(chain_id: int, inferences: str, consumer: str, query: Query) -> list[int]:
    """[ entry | context | 0 ]: what the statement takes."""
    entry = query.question.entry(query.value) % P
    return [entry, context_of(chain_id, inferences, consumer, query), 0]


def input_commitment(row_hash: bytes, context: int) -> bytes:
    """What ERC-7992 calls a commitment to all inputs: `IInferences.inputCommitmentOf`."""
    name = b"headwater/input/1"
    words = ((0x60).to_bytes(32), row_hash, context.to_bytes(32), len(name).to_bytes(32), name.ljust(32, b"\0"))
    return keccak256(b"".join(words))
