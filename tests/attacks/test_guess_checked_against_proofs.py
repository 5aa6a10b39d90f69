"""Wants: a trainer's data or update, from its proofs alone.

Tries: to check a guess against the equations that proofs publish: a committed column is not blinded, and each proof
opens it at a random place.
Stopped: salts outnumber all equations that are ever published, so that every guess is possible.
"""

from __future__ import annotations

import re

import pytest
from eth_utils.crypto import keccak

from headwater.circuits.worker import FILES
from headwater.protocol.field import P, to_field
from headwater.protocol.noise import NOISE, salt_input
from headwater.protocol.vectors import model_input
from tests.support.circuits import SMALL, TAG, K, data_matrix, flat, random_salts

N, UNUSABLE = 1 << K, 6
DATA, SALTS, UPDATE = 1, 2, 3  # committed columns, in the order of the proof's points
STAGES = (0x280, 0x100, 0, 0x240, 0x100)  # bytes of points that are absorbed before each challenge; the last one is x
PROOFS = 3


class Opening:
    """The evaluations of a proof's committed columns, read as anybody can from calldata."""

    def __init__(self, proof: bytes, source: str) -> None:
        digest = int(re.search(r"mstore\(0x0780, (0x[0-9a-f]+)\)", source)[1], 16)
        self.omega = int(re.search(r"mstore\(0x0800, (0x[0-9a-f]+)\) // omega", source)[1], 16)
        state, at = digest.to_bytes(32, "big"), 0
        for size in STAGES:
            state = keccak(state + (proof[at : at + size] or b"\x01"))
            at += size
        self.x = int.from_bytes(state, "big") % P
        self.evaluations = [int.from_bytes(proof[at + 32 * i : at + 32 * i + 32], "big") for i in range(4)]

    def lagrange(self, row: int) -> int:
        """The value at x of the polynomial that is 1 in a row and 0 in all others."""
        power = pow(self.omega, row, P)
        return (pow(self.x, N, P) - 1) * power * pow(N * (self.x - power), -1, P) % P

    def equation(self, column: int, length: int) -> tuple[list[int], int]:
        """The coefficients of a vector's entries, and what they add up to."""
        ones = sum(self.lagrange(row) for row in range(N - UNUSABLE, N))
        return [self.lagrange(row) for row in range(length)], (self.evaluations[column] - ones) % P


def is_possible(equations: list[tuple[list[int], int]], known: list[int]) -> bool:
    """Whether some salts behind the `known` entries satisfy all equations: Gauss's elimination mod P."""
    rows = []
    for coefficients, value in equations:
        rest = value - sum(c * v for c, v in zip(coefficients, known, strict=False))
        rows.append([*coefficients[len(known) :], rest % P])
    for column in range(len(rows[0]) - 1):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        inverse = pow(pivot[column], -1, P)
        rows = [[(a - row[column] * inverse * b) % P for a, b in zip(row, pivot, strict=True)] for row in rows]
    return not any(row[-1] for row in rows)


@pytest.fixture(scope="module")
def source(train):
    return (train.folder / FILES["verifier_source"]).read_text()


def quiet(seed: int) -> list[int]:
    """Salts without noise: what is told here is told of salts."""
    return salt_input(random_salts(seed), [0] * NOISE)


def openings(train, source, data, salts):
    """What three proofs about one data commitment publish, from three models."""
    for number in range(PROOFS):
        weights = [10 * number + feature for feature in range(SMALL.dimension)]
        yield Opening(train.prove([model_input(weights, TAG), data, salts(number)]).data, source)


def guesses():
    """The true rows, and rows in which one feature is one unit off."""
    x, labels = data_matrix(SMALL)
    true = [to_field(entry) for features, label in zip(x, labels, strict=True) for entry in (*features, *label)]
    return true, [true[0] + 1, *true[1:]]


def test_data__under_a_single_salt__can_be_guessed_from_two_proofs__and_not_under_a_row_of_salts(train, source, attack):
    true, false = guesses()
    single = flat(SMALL, *data_matrix(SMALL), seed=1)[: len(true)] + [random_salts(1)[0]] + [0] * (SMALL.width - 1)
    weak = [found.equation(DATA, len(true) + 1) for found in openings(train, source, single, quiet)]
    with attack.works_on("a data matrix with one salt instead of a row of them"):
        assert is_possible(weak, true)
        assert not is_possible(weak, false)

    salted = flat(SMALL, *data_matrix(SMALL), seed=1)
    strong = [found.equation(DATA, len(salted)) for found in openings(train, source, salted, quiet)]
    assert is_possible(strong, salted[: len(true)])
    assert is_possible(strong, false)
    attack.gains(f"{len(strong)} equations over {SMALL.salts} salts allow the true data and data one unit off alike")


def test_an_update__under_a_single_salt__can_be_guessed_from_its_proof__and_not_under_eight(train, source, attack):
    model, data = [0] * SMALL.dimension, flat(SMALL, *data_matrix(SMALL), seed=1)
    update = [to_field(entry) for entry in SMALL.train(model, *data_matrix(SMALL))]
    false = [update[0] + 1, *update[1:]]
    length, count = SMALL.dimension + 1, len(random_salts(0))

    def system(salts, known_salts):
        """Both equations of one proof, over [w' | 0 | salts]: that of the update, and that of the salts' own column."""
        inputs = [model_input(model, TAG), data, salt_input(salts, [0] * NOISE)]
        found = Opening(train.prove(inputs).data, source)
        own, value = found.equation(SALTS, known_salts)
        coefficients, total = found.equation(UPDATE, length + known_salts)
        return [(coefficients, total), ([0] * length + own, value)]

    weak = system([random_salts(2)[0]] + [0] * (count - 1), known_salts=1)
    with attack.works_on("an update with one salt instead of eight"):
        assert is_possible(weak, [*update, 0])
        assert not is_possible(weak, [*false, 0])

    strong = system(random_salts(2), known_salts=count)
    assert is_possible(strong, [*update, 0])
    assert is_possible(strong, [*false, 0])
    attack.gains(f"{len(strong)} equations over {count} salts allow the true update and one that is a unit off alike")
