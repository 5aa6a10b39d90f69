"""A secret scalar times a point of BN254's G1: for mask keys, as `headwater.protocol.curve` is for public values.

Every scalar takes the same 254 steps of two additions each, by formulas without exceptions (Renes, Costello and Batina
2015, algorithm 7, for curves y^2 = x^3 + b of prime order), in projective coordinates. Python's integers do not run in
constant time themselves: this hides how many bits are set and where, not every trace in a cache.
"""

from __future__ import annotations

from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.field import P, Q

_STEPS = P.bit_length()  # 254

Projective = tuple[int, int, int]


def multiply_secret(point: Point, scalar: int) -> Point:
    """scalar * point, by Montgomery's ladder.

    Args:
        point: of the curve, not infinity.
        scalar: any integer; it counts mod `P`.
    """
    scalar = scalar % P + P
    scalar += P * (1 - (scalar >> _STEPS))  # the same multiple, with its top bit always at the same place
    low = (point.x, point.y, 1)
    rungs = [low, _add(low, low)]
    for step in range(_STEPS - 1, -1, -1):
        bit = (scalar >> step) & 1
        rungs[1 - bit], rungs[bit] = _add(rungs[0], rungs[1]), _add(rungs[bit], rungs[bit])
    x, y, z = rungs[0]
    if not z:
        return INFINITY
    inverse = pow(z, -1, Q)
    return Point(x * inverse % Q, y * inverse % Q)


def _add(a: Projective, b: Projective) -> Projective:
    """a + b, whatever they are: equal, opposite, or infinity (0, 1, 0)."""
    x1, y1, z1 = a
    x2, y2, z2 = b
    xx, yy, zz = x1 * x2, y1 * y2, z1 * z2
    xy = x1 * y2 + x2 * y1
    yz = y1 * z2 + y2 * z1
    xz = x1 * z2 + x2 * z1
    minus, plus = yy - 9 * zz, yy + 9 * zz  # 9 is 3b
    return (
        (xy * minus - 9 * yz * xz) % Q,
        (plus * minus + 27 * xx * xz) % Q,
        (yz * plus + 3 * xx * xy) % Q,
    )
