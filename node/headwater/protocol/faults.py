"""Who is at fault when masked updates do not add up. Anybody can tell, from what members posted and published.

    C(u_i) = C(update_i) + sum over peers j of s_ij * (C(M_ij) - B)        each member's own books
    C(M_ij) = C(M_ji)                                                      each pair's

C(update_i) is what the proof fixed. Where both hold for all members, and all named their right peers, the masks cancel,
and C(sum of u_i) is the sum of the C(update_i), whatever the masks are: so a wrong sum always has a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headwater.protocol.curve import Point, add, negate, total
from headwater.protocol.masks import nearest, sign


@dataclass(frozen=True)
class Posted:
    """What a member posted in an attempt, and what it published.

    Attributes:
        update: C(update_i).
        masks: C(M_ij) by the peer that the member named.
        published: C of the vector found under its CID; None where none was found yet, which is judged elsewhere.
    """

    update: Point
    masks: Mapping[str, Point]
    published: Point | None = None


@dataclass(frozen=True)
class WrongPeer:
    """A member that named somebody as its peer who is none.

    Attributes:
        between: the 8 members after it on the circle and the 8 before it, clockwise: all are nearer than `wrong`.
    """

    member: str
    wrong: str
    between: tuple[str, ...]


@dataclass(frozen=True)
class Faults:
    """What was found; false where nothing was.

    Attributes:
        disagreeing: pairs that posted different commitments of their mask, the one first on the circle first. One of
            the two is at fault, or both; their shared point tells.
        mismatched: members whose vector is not their update plus the masks that they posted themselves.
        misdirected: members who named a wrong peer, each with the first such. Up to 17 members nobody can.
    """

    disagreeing: tuple[tuple[str, str], ...]
    mismatched: tuple[str, ...]
    misdirected: tuple[WrongPeer, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.disagreeing or self.mismatched or self.misdirected)


NO_FAULTS = Faults((), ())


def expected_commitment(update: Point, signed_masks: Iterable[tuple[int, Point]], offset: Point) -> Point:
    """C(u_i) from C(update_i) and the member's (s_ij, C(M_ij))."""
    minus = negate(offset)
    terms = ((s, add(mask, minus)) for s, mask in signed_masks)
    return add(update, total(term if s > 0 else negate(term) for s, term in terms))


def find_faults(order: Sequence[str], posted: Mapping[str, Posted], offset: Point) -> Faults:
    """Compare what members posted with each other, with the circle, and with what they published.

    Args:
        order: the attempt's circle.
        posted: by member; those who have not posted yet are left out, and so are their pairs.
        offset: B.
    """
    place = {member: at for at, member in enumerate(order)}
    members = [member for member in order if member in posted]
    disagreeing = tuple(
        (one, other)
        for one in members
        for other, mask in posted[one].masks.items()
        if other in posted and place[one] < place[other] and posted[other].masks.get(one, mask) != mask
    )

    def mismatches(member: str) -> bool:
        signed = ((sign(member, peer), point) for peer, point in posted[member].masks.items())
        published = posted[member].published
        return published is not None and published != expected_commitment(posted[member].update, signed, offset)

    found = (wrong_peer(order, member, posted[member].masks) for member in members)
    return Faults(disagreeing, tuple(filter(mismatches, members)), tuple(fault for fault in found if fault))


def wrong_peer(order: Sequence[str], member: str, named: Iterable[str]) -> WrongPeer | None:
    """The first of those whom a member of an attempt named as its peers that is none; None if all are."""
    right = nearest(order, member)
    return next((WrongPeer(member, peer, right) for peer in named if peer not in right), None)
