"""BN254's pairing, as the EVM's precompile checks it (EIP-197), and points of its second group.

The one module that imports py_ecc, Ethereum's own BN254 in pure Python: about a second a check, which a node makes
a few times a task. It is imported at the first check, since it takes 0.2 s and reading a model needs none.
"""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

from headwater.protocol.curve import Point, negate
from headwater.protocol.field import P, Q


class G2(NamedTuple):
    """A point of G2 in the precompile's order. All zeros is the point at infinity."""

    x_imaginary: int
    x_real: int
    y_imaginary: int
    y_real: int


GENERATOR_2 = G2(
    0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
    0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
    0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
    0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
)


@cache
def in_group(point: G2) -> bool:
    """Whether a point is of G2 and not infinity: coordinates reduced, on the twist, and of order `P`.

    The twist has other points too, which a pairing must not be given. The precompile refuses them itself, but takes
    infinity.
    """
    if not all(0 <= number < Q for number in point) or not any(point):
        return False
    bn128, theirs = _bn128(), _theirs(point)
    return bool(bn128.is_on_curve(theirs, bn128.b2)) and bool(bn128.is_inf(bn128.multiply(theirs, P)))


def balanced(left: Point, right: Point, factor: G2) -> bool:
    """Whether e(left, G2's generator) = e(right, factor): whether `left` is as often `right` as `factor` the generator.

    Args:
        left: of the curve, as `right`; each may be infinity.

    Raises:
        ValueError: a point is not of its group, or `factor` is infinity.
    """
    if not (left.on_curve() and right.on_curve() and in_group(factor)):
        raise ValueError("a pairing takes points of BN254's two groups, and a factor other than infinity")
    bn128 = _bn128()
    product = bn128.FQ12.one()
    for point, of_2 in ((left, GENERATOR_2), (negate(right), factor)):
        if any(point):
            theirs = (bn128.FQ(point.x), bn128.FQ(point.y), bn128.FQ(1))
            product *= bn128.pairing(_theirs(of_2), theirs, final_exponentiate=False)
    return bool(bn128.final_exponentiate(product) == bn128.FQ12.one())


def _theirs(point: G2) -> Any:
    fq2 = _bn128().FQ2
    return fq2([point.x_real, point.x_imaginary]), fq2([point.y_real, point.y_imaginary]), fq2.one()


@cache
def _bn128() -> ModuleType:
    limit = sys.getrecursionlimit()
    try:
        from py_ecc import optimized_bn128
    finally:
        sys.setrecursionlimit(limit)  # py_ecc raises it to 100,000 for the whole process
    return optimized_bn128
