"""People in groups: identities that everybody knows, and real proofs, each made once a session."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache

from headwater.chain.contracts.events import GroupCreated
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.groups.prover import Membership, commitment_of, prove
from headwater.protocol.groups import SemaphoreProof, evidence_of, message_of
from headwater.protocol.keccak import keccak256

HOUR = 3600
FOREVER = 1 << 40


@cache
def identity(person: str) -> str:
    """A person's identity, as Semaphore exports it."""
    return base64.b64encode(keccak256(person.encode())).decode()


@cache
def number(person: str) -> int:
    """The commitment of a person's identity."""
    return commitment_of(identity(person))


@cache
def membership(person: str, people: tuple[str, ...], scope: int, message: int) -> SemaphoreProof:
    """A proof that a person is of these people."""
    (proof,) = prove(identity(person), [Membership([number(one) for one in people])], scope, message)
    return proof


def shown(person: str, groups: Sequence[Sequence[str]], scope: int, trainer: str, data_hash: bytes) -> bytes:
    """Evidence that a person is in each of these groups, for an account and its data."""
    message = message_of(trainer, [data_hash])
    return evidence_of([membership(person, tuple(people), scope, message) for people in groups])


def make_group(contracts: Contracts, admin: Sender, people: Sequence[str], expiry: int = HOUR) -> int:
    """A group of these people: its id."""
    made = admin.send(contracts.semaphore.create_group(admin.address, expiry)).event(GroupCreated)
    if people:
        admin.send(contracts.semaphore.add_members(made.group_id, [number(person) for person in people]))
    return made.group_id
