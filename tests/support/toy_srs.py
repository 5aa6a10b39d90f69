"""An SRS whose tau is known, so that points are computed with numbers: commitments and openings without EZKL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from py_ecc import optimized_bn128 as bn128

from headwater.protocol.curve import Point
from headwater.protocol.field import P
from headwater.protocol.openings import UNUSABLE_ROWS, TaskBasis, basis_claim, root_of_unity
from headwater.protocol.pairing import G2
from tests.support.masking import generated


def g2(scalar: int) -> G2:
    """scalar * G2, by py_ecc."""
    x, y = bn128.normalize(bn128.multiply(bn128.G2, scalar % P))
    return G2(*(int(c) for c in (x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0])))


def lagrange(k: int, row: int, x: int) -> int:
    """l_row(x) by its definition: (x^n - 1)/n * w^row / (x - w^row)."""
    n, place = 1 << k, pow(root_of_unity(k), row, P)
    return (pow(x, n, P) - 1) * pow(n, -1, P) * place * pow(x - place, -1, P) % P


@dataclass(frozen=True)
class ToySrs:
    """The toxic waste of a ceremony, and what its owner can do."""

    k: int
    tau: int

    @cached_property
    def tau_g2(self) -> G2:
        """[tau]_2."""
        return g2(self.tau)

    @cached_property
    def offset_log(self) -> int:
        """The logarithm of C(0)."""
        n = 1 << self.k
        return sum(lagrange(self.k, row, self.tau) for row in range(n - UNUSABLE_ROWS, n)) % P

    def log(self, values: Sequence[int] | Mapping[int, int]) -> int:
        """f(tau) for a vector, or for its rows that are not zero."""
        rows = values if isinstance(values, Mapping) else dict(enumerate(values))
        return (self.offset_log + sum(v * lagrange(self.k, row, self.tau) for row, v in rows.items() if v)) % P

    def commit(self, values: Sequence[int]) -> Point:
        """C(values)."""
        return generated(self.log(values))

    def quotient(self, log: int, r: int, value: int) -> Point:
        """[(f - value)/(X - r)](tau) for f(tau) = log: it convinces whether or not f(r) is the value."""
        return generated((log - value) * pow(self.tau - r, -1, P))

    def basis(self, dimension: int) -> TaskBasis:
        """A task's points."""
        logs = [self.offset_log, *(lagrange(self.k, row, self.tau) for row in (0, 1, dimension))]
        return TaskBasis(*(generated(log) for log in logs))

    def basis_quotient(self, dimension: int) -> Point:
        """The quotient that shows a task's points to be this SRS's."""
        claim = basis_claim(self.basis(dimension), self.k, dimension)
        return self.quotient(self.log(claim.vector), claim.point, claim.value)
