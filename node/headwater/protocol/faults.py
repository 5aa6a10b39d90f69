"""Who is at fault when masked updates do not add up. Anybody can tell, from what members posted and published.

    C(u_i) = C(update_i) + sum over peers j of s_ij * (C(M_ij) - B)        each member's own books
    C(M_ij) = C(M_ji)                                                      each pair's

C(update_i) is what the proof fixed. Where both hold for all members the masks cancel, and C(sum of u_i) is the sum of
the C(update_i), whatever the masks are: so a wrong sum always has a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headwater.protocol.curve import Point, add, negate, total
from headwater.protocol.masks import peers, sign


@dataclass(frozen=True)
class Posted:
    """What a member posted in an attempt, and what it published.

    Attributes:
        update: C(update_i).
        masks: C(M_ij) for each peer, in the order of `peers`.
        published: C of the vector found under its CID; None where none was found yet, which is judged elsewhere.
    """

    update: Point
    masks: tuple[Point, ...]
    published: Point | None = None


@dataclass(frozen=True)
class Faults:
    """What was found; false where nothing was.

    Attributes:
        disagreeing: pairs that posted different commitments of their mask, the one first on the circle first. One of
            the two is at fault, or both; their shared point tells.
        mismatched: members whose vector is not their update plus the masks that they posted themselves.
    """

    disagreeing: tuple[tuple[str, str], ...]
    mismatched: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.disagreeing or self.mismatched)


def expected_commitment(update: Point, signed_masks: Iterable[tuple[int, Point]], offset: Point) -> Point:
    """C(u_i) from C(update_i) and the member's (s_ij, C(M_ij))."""
    minus = negate(offset)
    terms = ((s, add(mask, minus)) for s, mask in signed_masks)
    return add(update, total(term if s > 0 else negate(term) for s, term in terms))


def find_faults(order: Sequence[str], posted: Mapping[str, Posted], offset: Point) -> Faults:
    """Compare what members posted with each other and with what they published.

    Args:
        order: the attempt's circle.
        posted: by member; those who have not posted yet are left out, and so are their pairs.
        offset: B.

    Raises:
        ValueError: a member posted more or fewer mask commitments than it has peers, which the contract refuses.
    """
    by_peer = {m: dict(zip(peers(order, m), posted[m].masks, strict=True)) for m in order if m in posted}
    pairs = ((m, peer) for m, found in by_peer.items() for peer in found if peer in by_peer)
    place = {member: at for at, member in enumerate(order)}
    disagreeing = tuple((a, b) for a, b in pairs if place[a] < place[b] and by_peer[a][b] != by_peer[b][a])

    def mismatches(member: str) -> bool:
        signed = ((sign(member, peer), point) for peer, point in by_peer[member].items())
        published = posted[member].published
        return published is not None and published != expected_commitment(posted[member].update, signed, offset)

    return Faults(disagreeing, tuple(member for member in by_peer if mismatches(member)))
