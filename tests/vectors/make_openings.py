"""Write tests/vectors/openings.json: roots, openings and basis claims of toy SRSs, for other implementations.

    python -m tests.vectors.make_openings

Every number is 32 bytes of hex. Points of G1 are x, y; of G2 four numbers as the EVM's precompile takes them. The file
is committed; a test fails when it differs.

    roots      the root of the first `length` bytes of the words 0, 1, 2, ..
    openings   `data` is empty for a seed (encoding 2), which is the root; `challenge` is r, `value` f(r)
    bases      `points` are offset, basis0, basis1, basisD
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.protocol.field import P, derive
from headwater.protocol.openings import (
    PART_BYTES,
    ROOT,
    Encoding,
    basis_claim,
    challenge,
    decode,
    encode,
    evaluate,
    root_of,
)
from headwater.protocol.pairing import GENERATOR_2
from scripts.artifacts import ROOT as FOLDER
from scripts.artifacts import write_json
from tests.support.toy_srs import ToySrs

FILE = FOLDER / "tests" / "vectors" / "openings.json"
LENGTHS = (0, 1, 32, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 2 * PART_BYTES + 33)


def number(*context: bytes | int | str) -> int:
    """A field element that is random to the eye and the same in every run."""
    return derive(b"headwater opening vectors, in public", *context)


def words(*numbers: int) -> list[str]:
    """32 bytes each, hex with 0x."""
    return [f"0x{value:064x}" for value in numbers]


def counted(length: int) -> bytes:
    """The first bytes of the words 0, 1, 2, .."""
    return b"".join(n.to_bytes(32, "big") for n in range(length // 32 + 1))[:length]


def root(length: int) -> dict[str, Any]:
    """The root of so many bytes."""
    return {"length": words(length)[0], "root": "0x" + root_of(counted(length), Encoding.WORDS).hex()}


def toy(k: int) -> ToySrs:
    """The toy SRS of a k."""
    return ToySrs(k, number("tau", k))


def opening(k: int, encoding: Encoding, entries: int, data: bytes) -> dict[str, Any]:
    """A vector, its commitment, and its opening."""
    srs, values, its_root = toy(k), decode(data, encoding, entries), root_of(data, encoding)
    commitment = srs.commit(values)
    r = challenge(commitment, k, encoding, entries, its_root)
    value = evaluate(k, values, r)
    return {
        "k": words(k)[0],
        "encoding": words(encoding)[0],
        "entries": words(entries)[0],
        "data": "0x" + (b"" if encoding is Encoding.MASK else data).hex(),
        "root": "0x" + its_root.hex(),
        "commitment": words(*commitment),
        "challenge": words(r)[0],
        "value": words(value)[0],
        "quotient": words(*srs.quotient(srs.log(values), r, value)),
        "tau": words(*srs.tau_g2),
    }


def of_words(k: int, values: Sequence[int]) -> dict[str, Any]:
    """An opening of field elements."""
    return opening(k, Encoding.WORDS, len(values), encode(values, Encoding.WORDS))


def packed(k: int, values: Sequence[int]) -> dict[str, Any]:
    """An opening of signed integers."""
    return opening(k, Encoding.PACKED, len(values), encode(values, Encoding.PACKED))


def basis(k: int, dimension: int) -> dict[str, Any]:
    """A task's points, and the opening of their claim."""
    srs = toy(k)
    points = srs.basis(dimension)
    claim = basis_claim(points, k, dimension)
    return {
        "k": words(k)[0],
        "dimension": words(dimension)[0],
        "points": words(*(coordinate for point in points for coordinate in point)),
        "rho": words(claim.vector[0])[0],
        "commitment": words(*claim.commitment),
        "challenge": words(claim.point)[0],
        "value": words(claim.value)[0],
        "quotient": words(*srs.quotient(srs.log(claim.vector), claim.point, claim.value)),
        "tau": words(*srs.tau_g2),
    }


def vectors() -> dict[str, Any]:
    """All of them. Two columns of ones are constant, and their quotient infinity; one vector fills its column."""
    return {
        "root_of_unity": words(ROOT)[0],
        "g2": words(*GENERATOR_2),
        "roots": [root(length) for length in LENGTHS],
        "openings": [
            of_words(6, [number("one")]),
            of_words(7, [P - 1, 0, number("three")]),
            of_words(8, [number("forty", e) for e in range(40)]),
            of_words(6, [number("full", e) for e in range(58)]),
            packed(9, [0, -1, 1, -(2**63), 2**63 - 1, *(number("weight", e) % 2**24 - 2**23 for e in range(16))]),
            packed(10, [-5]),
            packed(6, [1] * 58),
            opening(11, Encoding.MASK, 17, number("seed").to_bytes(32, "big")),
            opening(6, Encoding.MASK, 1, b"\xff" * 32),
        ],
        "bases": [basis(6, 5), basis(11, 1), basis(7, 2), basis(8, 249)],
    }


def main() -> None:
    """Write the file."""
    write_json(FILE, vectors())


if __name__ == "__main__":
    main()
