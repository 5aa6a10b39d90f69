"""What a trainer posts in an attempt at masking, open to changes: who cheats holds true proofs and true masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from headwater.chain.asking.rpc import Call
from headwater.chain.sending.sender import Receipt
from headwater.protocol.curve import Point
from headwater.protocol.field import P, pack
from headwater.protocol.masks import Mask, masked, masks, peers, shared_point
from headwater.protocol.structs import PeerMask
from headwater.protocol.structs import Posting as OnChain
from headwater.roles import masking
from headwater.roles.secrets import mask_secret, secret_of
from headwater.roles.task import Task
from headwater.storage.cid import RAW, Cid
from headwater.storage.vectors import UpdateDocument
from tests.support.roles import World


@dataclass(frozen=True)
class Posting:
    """What trainer i posts in an attempt: an honest one, unless something was replaced.

    Attributes:
        masks: in the order of its peers.
        vector: what it publishes.
        commitments: of its masks, as it posts them.
    """

    world: World
    task: Task
    i: int
    round: int
    attempt: int
    seed: bytes
    update: Point
    masks: tuple[Mask, ...]
    vector: tuple[int, ...]
    commitments: tuple[Point, ...]

    @property
    def trainer(self) -> str:
        """Its address."""
        return self.world.senders[self.i + 1].address

    @property
    def document(self) -> UpdateDocument:
        """Its update document."""
        return UpdateDocument.of(
            pack(self.vector),
            task=self.task.reference,
            round=self.round,
            attempt=self.attempt,
            trainer=self.trainer,
        )

    def call(self, digest: bytes | None = None) -> Call:
        """The transaction. digest: of something else than the document."""
        return self.world.rounds.mask(self.task.id, self.on_chain(digest))

    def on_chain(self, digest: bytes | None = None) -> OnChain:
        """What it commits to. digest: of something else than the document."""
        digest = digest or Cid.of_block(RAW, self.document.encode()).digest
        named = (PeerMask(mask.peer, point) for mask, point in zip(self.masks, self.commitments, strict=True))
        return OnChain(self.seed, self.update, digest, tuple(named))

    def send(self, digest: bytes | None = None) -> Receipt:
        """Post it, and publish the document at once."""
        self.world.put(self.document)
        return self.world.senders[self.i + 1].send(self.call(digest))

    def committing(self, change: Callable[[Point], Point], at: int = 0) -> Self:
        """The same, with another commitment to one of its masks."""
        return replace(self, commitments=_with(self.commitments, at, change(self.commitments[at])))

    def adding(self, number: int) -> Self:
        """The same, with a number added to the first entry of the vector."""
        return replace(self, vector=((self.vector[0] + number) % P, *self.vector[1:]))

    def masking(self, number: int, at: int = 0) -> Self:
        """The same with a number added to one of its masks, and all else as it follows: its own books are right."""
        mask = self.masks[at]
        other = mask._replace(vector=[(mask.vector[0] + number) % P, *mask.vector[1:]])
        changed = self.adding(mask.sign * number).committing(lambda _: self.task.train.commit(other.vector), at)
        return replace(changed, masks=_with(self.masks, at, other))

    def unmasked(self) -> Self:
        """The same with the update itself, and the commitments to masks that are not in it."""
        return replace(self, vector=tuple(self.world.trainer(self.i, self.task).update(self.round)[0]))


def _with(entries: tuple[Any, ...], at: int, entry: Any) -> tuple[Any, ...]:
    return (*entries[:at], entry, *entries[at + 1 :])


def posting(world: World, i: int, task: Task | None = None, round_: int = 1, attempt: int = 1) -> Posting:
    """What trainer i posts if it is honest; its masks are computed here a second time, from its key alone."""
    task, me = task or world.task, world.senders[i + 1].address
    found = masking.attempt(task, round_, attempt)
    secret = mask_secret(secret_of(world.anvil.accounts[i + 1]), task.tag)
    keys = masking.mask_keys(task, peers(found.circle, me))
    update, point = world.trainer(i, task).update(round_)
    own = masks(found, me, {peer: shared_point(secret, key) for peer, key in keys.items()}, len(update))
    commitments = tuple(task.train.commit_all([mask.vector for mask in own]))
    vector = tuple(masked(update, own))
    return Posting(world, task, i, round_, attempt, found.seed, point, tuple(own), vector, commitments)
