"""BN254's group G1 in affine coordinates, as the EVM's precompiles (EIP-196) compute it.

Only public values pass through here (commitments, basis points), so nothing needs to run in constant time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from headwater.protocol.field import P, Q


class Point(NamedTuple):
    """A point x, y of G1: y^2 = x^3 + 3 mod Q. (0, 0) is the point at infinity."""

    x: int
    y: int

    def on_curve(self) -> bool:
        """Whether the coordinates are reduced and satisfy the curve's equation (infinity counts)."""
        in_field = 0 <= self.x < Q and 0 <= self.y < Q
        return in_field and (self == INFINITY or (self.y * self.y - self.x**3 - 3) % Q == 0)

    def encode(self) -> bytes:
        """64 bytes: x, then y, big-endian."""
        return self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")

    @classmethod
    def decode(cls, data: bytes) -> Point:
        """The point of 64 bytes x||y, big-endian.

        Raises:
            ValueError: not 64 bytes, or not a point of the curve.
        """
        if len(data) != 64:
            raise ValueError(f"a point has 64 bytes, not {len(data)}")
        point = cls(int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big"))
        if not point.on_curve():
            raise ValueError(f"({point.x:#x}, {point.y:#x}) is no point of BN254")
        return point


INFINITY = Point(0, 0)


def add(a: Point, b: Point) -> Point:
    """a + b."""
    if a == INFINITY:
        return b
    if b == INFINITY:
        return a
    if a.x == b.x:
        if (a.y + b.y) % Q == 0:
            return INFINITY
        slope = 3 * a.x * a.x * pow(2 * a.y, -1, Q)
    else:
        slope = (b.y - a.y) * pow(b.x - a.x, -1, Q)
    x = (slope * slope - a.x - b.x) % Q
    return Point(x, (slope * (a.x - x) - a.y) % Q)


def negate(a: Point) -> Point:
    """-a."""
    return Point(a.x, -a.y % Q)


def multiply(a: Point, scalar: int) -> Point:
    """scalar * a, by double and add."""
    result, scalar = INFINITY, scalar % P
    while scalar:
        if scalar & 1:
            result = add(result, a)
        a, scalar = add(a, a), scalar >> 1
    return result


def total(points: Iterable[Point]) -> Point:
    """The sum of points; infinity for none."""
    result = INFINITY
    for point in points:
        result = add(result, point)
    return result
