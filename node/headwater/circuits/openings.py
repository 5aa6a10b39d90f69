"""What an opening's prover computes: quotients by EZKL's own commit, and [tau]_2 from the SRS's file.

Everything here is of vectors that are published with their openings. An opening of a vector that is not would give one
linear equation over its entries away.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, repeat

from headwater.circuits.circuit import Circuit
from headwater.circuits.srs import Srs
from headwater.errors import CircuitError
from headwater.protocol.curve import Point, add, multiply, total
from headwater.protocol.field import P
from headwater.protocol.openings import (
    UNUSABLE_ROWS,
    Encoding,
    TaskBasis,
    basis_claim,
    challenge,
    decode,
    evaluate,
    inverses,
    root_of,
    root_of_unity,
)
from headwater.protocol.pairing import G2, GENERATOR_2, in_group


def quotient(circuit: Circuit, values: Sequence[int], r: int) -> Point:
    """Q = [(f - f(r)) / (X - r)](tau) for a vector's polynomial f: half a second at k = 14.

    Q's values on the rows are (f_i - f(r)) / (w^i - r), so it is a commitment too. But EZKL's has ones in the unusable
    rows, where Q has values as in any other: those six are mended here.

    Raises:
        ValueError: the vector does not fit the circuit's k, or r is a power of w.
        CircuitError: the SRS's file is damaged.
    """
    k = circuit.srs.k
    n, w, y = 1 << k, root_of_unity(k), evaluate(k, values, r)
    usable = n - UNUSABLE_ROWS
    column = [*values, *repeat(0, usable - len(values)), *repeat(1, UNUSABLE_ROWS)]
    rows = accumulate(repeat(w, n - 1), lambda place, step: place * step % P, initial=1)
    by = inverses([place - r for place in rows])
    found = [(entry - y) * inverse % P for entry, inverse in zip(column, by, strict=True)]
    unusable = zip(circuit.srs.lagrange_points(usable, UNUSABLE_ROWS), found[usable:], strict=True)
    return add(circuit.commit(found[:usable]), total(multiply(point, value - 1) for point, value in unusable))


def vector_quotient(circuit: Circuit, commitment: Point, encoding: Encoding, entries: int, data: bytes) -> Point:
    """The quotient that opens a commitment to the vector of these bytes, as `protocol.openings.verify` takes both.

    Raises:
        ValueError: not the bytes of so many entries, or more than fit the circuit's k.
        CircuitError: the SRS's file is damaged.
    """
    r = challenge(commitment, circuit.srs.k, encoding, entries, root_of(data, encoding))
    return quotient(circuit, decode(data, encoding, entries), r)


def task_basis(srs: Srs, dimension: int) -> TaskBasis:
    """The points of a task of D weights.

    Raises:
        CircuitError: the file is damaged, or k has no room for D + 1 entries.
    """
    basis = srs.basis(dimension + 1)
    return TaskBasis(basis.offset, basis.points[0], basis.points[1], basis.points[dimension])


def basis_quotient(circuit: Circuit, dimension: int) -> Point:
    """The quotient that shows `task_basis` to be the SRS's, as `protocol.openings.verify_basis` takes it.

    Raises:
        ValueError: no weight, or more than fit the circuit's k.
        CircuitError: the SRS's file is damaged.
    """
    claim = basis_claim(task_basis(circuit.srs, dimension), circuit.srs.k, dimension)
    return quotient(circuit, claim.vector, claim.point)


def tau_g2(srs: Srs) -> G2:
    """[tau]_2 of an SRS.

    Raises:
        CircuitError: the file is damaged.
    """
    one, tau = srs.g2_points()
    if one != GENERATOR_2 or not in_group(tau):
        raise CircuitError(f"{srs.path} does not end in points of G2", "delete it and fetch it again")
    return tau
