"""Membership in Semaphore's groups: what a proof of it is about, and the evidence that an admission module takes.

Semaphore v4, https://docs.semaphore.pse.dev: `SemaphoreProof` is its contract's struct, `signal` its `_hash`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256

DEPTH = 16
"""Of the circuit that proves membership: a group has up to 2^16 members. A deeper one takes longer for any group."""

MOST_MEMBERS = 1 << DEPTH
MOST_GROUPS = 4
"""Of one task."""


@dataclass(frozen=True)
class SemaphoreProof:
    """A proof that somebody is a member of a group, as Semaphore's contract takes it.

    Attributes:
        merkle_tree_depth: of the circuit, not of the group's tree.
        merkle_tree_root: the group's.
        nullifier: follows from scope and identity: the same in every group.
        message: what the proof is bound to, see `message_of`.
        scope: in which an identity has one nullifier: a task's tag, or `pool_scope`.
        points: Groth16's, eight coordinates.
    """

    merkle_tree_depth: int
    merkle_tree_root: int
    nullifier: int
    message: int
    scope: int
    points: tuple[int, ...]


def message_of(trainer: str, data_hashes: Sequence[bytes]) -> int:
    """What a proof says of who enrols with which data: `IGroupAdmission.messageOf`."""
    words = _words(int(trainer, 16), 64, len(data_hashes)) + b"".join(data_hashes)
    return int.from_bytes(keccak256(words), "big")


def task_scope(chain_id: int, task_manager: str, task_id: int) -> int:
    """The scope of proofs for a task: its tag, `ITaskManager.tag`. task_manager: the contract's address."""
    return int.from_bytes(keccak256(_words(chain_id, int(task_manager, 16), task_id)), "big") % P


def pool_scope(chain_id: int, pools: str, pool_id: int) -> int:
    """The scope of proofs for a pool: `IGroupAdmission.scopeOf`. pools: the contract's address."""
    return int.from_bytes(keccak256(_words(chain_id, int(pools, 16), pool_id)), "big")


def signal(value: int) -> int:
    """A message or scope as a circuit's input: keccak256 of its 32 bytes, without the last 8 bits."""
    return int.from_bytes(keccak256(_words(value)), "big") >> 8


def evidence_of(proofs: Sequence[SemaphoreProof]) -> bytes:
    """What a trainer enrols with: the encoded list of its proofs, one for each group of the module, in its order."""
    found = _words(32, len(proofs))
    for proof in proofs:
        about = (proof.merkle_tree_depth, proof.merkle_tree_root, proof.nullifier, proof.message, proof.scope)
        found += _words(*about, *proof.points)
    return found


def is_commitment(value: int) -> bool:
    """Whether a number can be the commitment of an identity: a field element other than zero."""
    return 0 < value < P


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)
