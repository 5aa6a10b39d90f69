"""Pairwise masks: what a trainer adds to its update so that only the sum over all members can be read.

Every two peers of an attempt agree on a mask without talking (Diffie-Hellman over the keys they enrolled with); one
adds it, the other subtracts it, so the sum of what all members publish is the sum of their updates (Bonawitz et al.
2017, "Practical Secure Aggregation for Privacy-Preserving Machine Learning", without its self-masks and secret sharing:
members are known to have submitted, and when one vanishes the others start a new attempt without it). Above 17 members
a member's peers are the nearest on a circle in an order that nobody chose (Bell et al. 2020, "Secure Single-Server
Aggregation with (Poly)Logarithmic Overhead").

    S_ij = x_i * K_j = x_j * K_i                                      K = x * G, with G = (1, 2) of BN254
    k_ij = keccak256(S.x | S.y | tag | round | attempt | lo | hi | C(update_lo) | C(update_hi))
                                                     32 bytes each, points two; lo < hi are the two addresses
    M_ij[e] = (keccak256(k | 2e) * 2**256 + keccak256(k | 2e + 1)) mod P          counters of 32 bytes, big-endian
    u_i = update_i + sum over peers j of s_ij * M_ij                  s_ij = +1 where address i < address j, else -1

A mask is bound to the two updates that it hides, so it never hides others: not after a deep reorganization of the
chain, nor on a development chain that started again with the same addresses. Two vectors under one mask would show
their difference.

Members are addresses as hex text; the same member has to be written alike everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.ladder import multiply_secret

GENERATOR = Point(1, 2)
MIN_MEMBERS = 3  # of two, each learns the other's update from the sum
NEAREST = 8  # peers on each side of the circle; up to twice as many and one, all are peers


@dataclass(frozen=True)
class Attempt:
    """One masking attempt of a round.

    Attributes:
        tag: the task's tag.
        number: from 1.
        circle: the attempt's members in their order, as `circle` gives it.
        updates: C(update) of each member, as its proof fixed it.
        seed: the 32 bytes that the circle follows from, which members post; no mask depends on them.
    """

    tag: int
    round: int
    number: int
    circle: tuple[str, ...]
    updates: Mapping[str, Point]
    seed: bytes = b""


class Mask(NamedTuple):
    """A member's mask with one peer: the vector M_ij, and whether the member adds (1) or subtracts (-1) it."""

    peer: str
    sign: int
    vector: list[int]


def mask_key(secret: int) -> Point:
    """The public mask key K = secret * G.

    Raises:
        ValueError: the secret is not in 1 .. P - 1.
    """
    return multiply_secret(GENERATOR, _checked(secret))


def shared_point(secret: int, key: Point) -> Point:
    """What the owner of `secret` shares with the owner of `key`, for as long as both keep their keys.

    Raises:
        ValueError: the secret is not in 1 .. P - 1, or the key is infinity or no point of the curve: its product with
            the secret would give the secret away.
    """
    if key == INFINITY or not key.on_curve():
        raise ValueError(f"({key.x:#x}, {key.y:#x}) is no mask key: those are points of BN254 other than infinity")
    return multiply_secret(key, _checked(secret))


def pair_seed(shared: Point, attempt: Attempt, one: str, other: str) -> bytes:
    """k_ij: the 32 bytes from which two members of an attempt derive their mask, in either order.

    Raises:
        KeyError: a member's update is missing in the attempt.
    """
    low, high = sorted((one, other), key=_number)
    pair = (_number(low), _number(high), *attempt.updates[low], *attempt.updates[high])
    words = (*shared, attempt.tag, attempt.round, attempt.number, *pair)
    return keccak256(b"".join(word.to_bytes(32, "big") for word in words))


def prg(seed: bytes, length: int) -> list[int]:
    """`length` field elements from a seed of 32 bytes. 512 bits reduced mod `P` are within 2**-258 of uniform."""
    return [
        int.from_bytes(
            keccak256(seed + (2 * e).to_bytes(32, "big")) + keccak256(seed + (2 * e + 1).to_bytes(32, "big")), "big"
        )
        % P
        for e in range(length)
    ]


def circle(members: Collection[str], seed: bytes) -> tuple[str, ...]:
    """An attempt's members in their order on the circle: by keccak256(seed | address).

    Args:
        members: in any order.
        seed: the attempt's 32 bytes, as the chain has drawn them.

    Raises:
        ValueError: fewer than three members, or one twice.
    """
    if len(members) < MIN_MEMBERS:
        raise ValueError(f"{len(members)} members cannot hide their updates from each other: it takes {MIN_MEMBERS}")
    if len({_number(member) for member in members}) < len(members):
        raise ValueError("a member is named twice")
    return tuple(sorted(members, key=lambda member: keccak256(seed + _number(member).to_bytes(20, "big"))))


def peer_count(members: int) -> int:
    """How many peers each of so many members has."""
    return min(members - 1, 2 * NEAREST)


def nearest(order: Sequence[str], me: str) -> tuple[str, ...]:
    """The `NEAREST` members after `me` on the circle and the `NEAREST` before it, clockwise; all others of up to 17.

    Raises:
        ValueError: `me` is not on the circle.
    """
    n, at = len(order), order.index(me)
    steps = range(1, n) if n <= 2 * NEAREST else (*range(1, NEAREST + 1), *range(n - NEAREST, n))
    return tuple(order[(at + step) % n] for step in steps)


def peers(order: Sequence[str], me: str) -> tuple[str, ...]:
    """A member's peers, which are `nearest` to it, addresses ascending: the order of its mask commitments on chain.

    Raises:
        ValueError: `me` is not on the circle.
    """
    return tuple(sorted(nearest(order, me), key=_number))


def sign(me: str, peer: str) -> int:
    """s_ij: 1 where `me` adds the mask it has with the peer, -1 where it subtracts it."""
    return 1 if _number(me) < _number(peer) else -1


def masks(attempt: Attempt, me: str, shared: Mapping[str, Point], length: int) -> list[Mask]:
    """A member's masks in an attempt, in the order of its peers.

    Args:
        shared: the point shared with each peer, under the key with which it is enrolled now.
        length: entries of an update: D + 9.

    Raises:
        ValueError: `me` is not on the circle.
        KeyError: the point shared with a peer is missing, or an update in the attempt.
    """
    return [
        Mask(peer, sign(me, peer), prg(pair_seed(shared[peer], attempt, me, peer), length))
        for peer in peers(attempt.circle, me)
    ]


def masked(update: Sequence[int], masks_: Sequence[Mask]) -> list[int]:
    """u_i: the update plus its signed masks, entrywise mod `P`. The sum of all members' is that of their updates.

    Raises:
        ValueError: under two masks, or the lengths differ.
    """
    if len(masks_) < MIN_MEMBERS - 1:
        raise ValueError(f"{len(masks_)} masks do not hide an update: it takes {MIN_MEMBERS - 1}")
    added = [mask.vector for mask in masks_ if mask.sign > 0]
    subtracted = [[-entry for entry in mask.vector] for mask in masks_ if mask.sign < 0]
    return [sum(column) % P for column in zip(update, *added, *subtracted, strict=True)]


def _number(address: str) -> int:
    return int(address, 16)


def _checked(secret: int) -> int:
    if not 0 < secret < P:
        raise ValueError("a mask key's secret is a number from 1 to the group's order less 1")
    return secret
