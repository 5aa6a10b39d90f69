"""Members with mask keys, a toy SRS, and attempts played among them: what everybody sees and what members know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from random import Random

from headwater.protocol import ladder
from headwater.protocol.curve import Point
from headwater.protocol.faults import Posted
from headwater.protocol.field import P, Q, add, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import GENERATOR, Attempt, Mask, circle, mask_key, masked, masks, peers, shared_point

SECRET = b"members of tests, of whom everything is known"


def member(n: int) -> str:
    """The address of member n, from 0."""
    return "0x" + keccak256(b"member %d" % n)[12:].hex()


@cache
def secret_of(n: int) -> int:
    """Member n's mask secret."""
    return derive(SECRET, "secret", n)


@cache
def key_of(n: int) -> Point:
    """Member n's mask key."""
    return mask_key(secret_of(n))


@cache
def shared_by(low: int, high: int) -> Point:
    """What members low and high share: a millisecond each, so every test may ask."""
    return shared_point(secret_of(low), key_of(high))


NUMBERS = {member(n): n for n in range(64)}


def update_point(m: str) -> Point:
    """A commitment for those who do not commit."""
    return key_of(NUMBERS[m] + 100)


def attempt_of(n: int, *, tag: int = 5, round_: int = 1, number: int = 1) -> Attempt:
    """An attempt of members 0 to n - 1, in an order that is another in each attempt."""
    seed = keccak256(b"%d %d %d %d" % (n, tag, round_, number))
    members = [member(m) for m in range(n)]
    return Attempt(tag, round_, number, circle(members, seed), {m: update_point(m) for m in members})


def shared_of(attempt: Attempt, me: str) -> dict[str, Point]:
    """What a member shares with each of its peers."""
    return {peer: shared_by(*sorted((NUMBERS[me], NUMBERS[peer]))) for peer in peers(attempt.circle, me)}


def masks_of(attempt: Attempt, me: str, length: int) -> list[Mask]:
    """A member's masks in an attempt."""
    return masks(attempt, me, shared_of(attempt, me), length)


@cache
def _table() -> list[list[ladder.Projective]]:
    """For each byte of a scalar, its 256 multiples of the generator."""
    base, table = (*GENERATOR, 1), []
    for _ in range(32):
        row = [(0, 1, 0)]
        for _ in range(256):
            row.append(ladder._add(row[-1], base))
        table.append(row)
        base = row[256]
    return table


def generated(scalar: int) -> Point:
    """scalar * G, quickly: games commit thousands of times."""
    x, y, z = 0, 1, 0
    for row, byte in zip(_table(), (scalar % P).to_bytes(32, "little"), strict=True):
        x, y, z = ladder._add((x, y, z), row[byte])
    inverse = pow(z, -1, Q) if z else 0
    return Point(x * inverse % Q, y * inverse % Q)


@dataclass(frozen=True)
class ToyBasis:
    """A basis whose discrete logarithms are known, so that a commitment is one multiple of the generator.

    Everybody else sees points; to compute with the logarithms is to be the toxic waste of a ceremony.
    """

    offset_log: int
    logs: tuple[int, ...]

    @classmethod
    def of(cls, length: int) -> ToyBasis:
        """A basis for vectors of a length."""
        return cls(derive(SECRET, "offset"), tuple(derive(SECRET, "basis", n) for n in range(length)))

    @cached_property
    def offset(self) -> Point:
        """B = C(0)."""
        return generated(self.offset_log)

    def inner(self, vector: Sequence[int]) -> int:
        """The sum of the vector's entries times their basis points' logarithms."""
        return sum(entry * log for entry, log in zip(vector, self.logs, strict=True)) % P

    def commit(self, vector: Sequence[int]) -> Point:
        """C(vector)."""
        return generated(self.offset_log + self.inner(vector))


@dataclass(frozen=True)
class Played:
    """One attempt: what members did, of which `posted`, `published` and `total` are for everybody to see."""

    attempt: Attempt
    basis: ToyBasis
    updates: Mapping[str, Sequence[int]]
    masks: Mapping[str, Sequence[Mask]]

    @cached_property
    def published(self) -> dict[str, list[int]]:
        """u_i of each member."""
        return {m: masked(self.updates[m], of_m) for m, of_m in self.masks.items()}

    @cached_property
    def total(self) -> list[int]:
        """The sum of what was published, from which the average is made."""
        return add(list(self.published.values()))

    @cached_property
    def posted(self) -> dict[str, Posted]:
        """Commitments on chain, and of what was published."""
        commit = cache(self.basis.commit)  # one multiplication for the two sides of a pair
        return {
            m: Posted(
                update=self.basis.commit(self.updates[m]),
                masks={mask.peer: commit(tuple(mask.vector)) for mask in of_m},
                published=self.basis.commit(self.published[m]),
            )
            for m, of_m in self.masks.items()
        }


def play(attempt: Attempt, basis: ToyBasis, updates: Mapping[str, Sequence[int]]) -> Played:
    """All members mask their updates, post and publish."""
    attempt = replace(attempt, updates={m: basis.commit(update) for m, update in updates.items()})
    return Played(attempt, basis, updates, {m: masks_of(attempt, m, len(basis.logs)) for m in attempt.circle})


def an_update(random: Random, weights: Sequence[int], *, salted: bool = True) -> list[int]:
    """[w' | 0 | salt] in the field."""
    return [*(w % P for w in weights), 0, random.randrange(P) if salted else 0]
