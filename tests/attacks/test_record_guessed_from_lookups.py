"""Wants: one record of a trainer's data, of which all the rest is known.

Tries: to check guesses against the lookups of one proof: EZKL commits, unblinded, to how often each digit and each sign
occurs that a circuit takes apart. By proving guesses oneself, or by arithmetic on histograms; and to tell that two
proofs are of the same data.
Stopped: noise that nobody knows passes through the same lookups, in every column.
"""

from __future__ import annotations

from itertools import product

import pytest

from headwater.circuits.circuit import build, proof_points
from headwater.protocol.curve import INFINITY, add, negate, total
from headwater.protocol.field import P
from headwater.protocol.fixedpoint import rebase
from headwater.protocol.vectors import model_input
from tests.support.circuits import SMALL, TAG, K, data_matrix, flat, random_salts, train_salts
from tests.support.weakened import QuietTrain, Twice

MODEL, DATA = 0, 1
ADVICE = 10  # points of committed and inner columns, which a proof starts with
SIGNS, DIGITS = range(ADVICE, ADVICE + 2), range(ADVICE + 2, ADVICE + 4)  # multiplicities, by inner column
LEAST = (1 << K) - 7  # the row at which a table's least value is counted: all that are left have it
WEIGHTS = [5, -7, 100, 3]
TRUE, GUESSES = 37, (-60, 36, 37, 38)
"""The first feature of the first record, and what it is guessed to be."""


def record(feature: int) -> tuple[list[list[int]], list[list[int]]]:
    """The trainer's rows, with this in the place that is guessed."""
    x, labels = data_matrix(SMALL)
    x[0][0] = feature
    return x, labels


class Prover:
    """The public prover: what everybody can run on guesses."""

    def __init__(self, circuit, salts):
        self.circuit, self._salts, self._seed = circuit, salts, 0

    def points(self, feature):
        """The points of a fresh proof."""
        self._seed += 1
        data = flat(SMALL, *record(feature), seed=self._seed)
        inputs = [model_input(WEIGHTS, TAG), data, self._salts(100 + self._seed)]
        return proof_points(self.circuit.prove(inputs).data, DIGITS.stop)


@pytest.fixture(scope="module")
def quiet(home, srs):
    """Without noise."""
    return Prover(build(home / "weakened", QuietTrain(**SMALL.params), srs), random_salts)


@pytest.fixture(scope="module")
def real(train):
    return Prover(train, train_salts)


def groups(feature: int) -> list[list[int]]:
    """All that the statement decomposes of a record, but for constants (docs/fixed-point.md, EZKL's source)."""
    (x, labels), h, c, j = record(feature), -SMALL.knots[0], SMALL.clip_gradient, SMALL.rebase_bits + 1
    z = [sum(a * b for a, b in zip(row, WEIGHTS, strict=True)) for row in x]
    errors = [abs(v + h) - abs(v - h) - 2 * h * label for v, (label,) in zip(z, labels, strict=True)]
    g = [sum(row[f] * e for row, e in zip(x, errors, strict=True)) for f in range(SMALL.features)]
    clipped = [abs(v + c) - abs(v - c) for v in g]
    steps = [rebase(v, j) for v in clipped]
    rests = [v - (step << j) for v, step in zip(clipped, steps, strict=True)]
    saturation = [[v + h for v in z], [v - h for v in z]]
    return [*saturation, [v + c for v in g], [v - c for v in g], steps, rests, [(1 << j) - abs(rest) for rest in rests]]


def histogram(values: list[int], first: int) -> list[int]:
    """How often each digit is in one of two columns, by row of the table: of every other one, from `first`."""
    base, counts = SMALL.decomposition_base, [0] * (LEAST + 1)
    digits = [abs(value) // base**leg % base for value in values for leg in reversed(range(SMALL.legs))]
    for digit in digits[first::2]:
        counts[digit or LEAST] += 1
    return counts


class Arithmetic:
    """Guesses checked without proving them: by what the histograms of two guesses differ in."""

    def __init__(self, prover: Prover) -> None:
        self._circuit, self._zero = prover.circuit, prover.circuit.commit([0])
        self._known, (one, other) = GUESSES[0], GUESSES[:2]
        self._own = prover.points(one)[DIGITS.start]
        again = prover.points(other)[DIGITS.start]
        steps, ways = self._steps(other), product((0, 1), repeat=len(groups(one)))
        self.ways = [way for way in ways if self._sum(steps, way) == add(again, negate(self._own))]
        """In which of two columns each group of values starts, as far as it explains two proofs of one's own."""

    def _steps(self, feature):
        """From the known guess to another: what changes in each group, by the column that it starts in."""
        pairs = zip(groups(self._known), groups(feature), strict=True)
        return [[self._step(before, after, first) for first in (0, 1)] for before, after in pairs]

    def _step(self, before, after, first):
        counts = zip(histogram(before, first), histogram(after, first), strict=True)
        return add(self._circuit.commit([(b - a) % P for a, b in counts]), negate(self._zero))

    def _sum(self, steps, way):
        return total([INFINITY, *(step[first] for step, first in zip(steps, way, strict=True))])

    def finds(self, target) -> list[int]:
        """Guesses that explain a proof's multiplicities."""
        change = add(target[DIGITS.start], negate(self._own))
        return [guess for guess in GUESSES if self._sum(self._steps(guess), self.ways[0]) == change]


def same(one, other) -> set[int]:
    """Which points two proofs share."""
    return {index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a == b}


def test_two_proofs_of_the_same_data__under_other_salts(quiet, real, attack):
    with attack.works_on(QuietTrain):
        assert same(quiet.points(TRUE), quiet.points(TRUE)) == {MODEL, *SIGNS, *DIGITS}
        assert same(quiet.points(TRUE), quiet.points(TRUE + 1)) < {MODEL, *SIGNS, *DIGITS}
    assert same(real.points(TRUE), real.points(TRUE)) == {MODEL}
    attack.gains("two proofs of the same data share no point but the model's")


def test_record__searched_for_by_proving_guesses(quiet, real, attack):
    def found(prover):
        target = prover.points(TRUE)
        shared = {guess: same(target, prover.points(guess)) & {*SIGNS, *DIGITS} for guess in GUESSES}
        return [guess for guess, points in shared.items() if points == {*SIGNS, *DIGITS}], shared

    with attack.works_on(QuietTrain):
        assert found(quiet)[0] == [TRUE]
    assert found(real) == ([], {guess: set() for guess in GUESSES})
    attack.gains(f"of {len(GUESSES)} guesses, the true one among them, none shares a point of the lookups")


def test_record__searched_for_by_arithmetic_on_histograms(quiet, real, attack):
    arithmetic = Arithmetic(quiet)
    assert len(arithmetic.ways) == 1
    with attack.works_on(QuietTrain):
        assert arithmetic.finds(quiet.points(TRUE)) == [TRUE]
    assert Arithmetic(real).ways == []
    assert arithmetic.finds(real.points(TRUE)) == []
    attack.gains("no guess explains what the digits' multiplicities commit to")


def test_running_sums_of_two_lookups__have_the_same_blinding(home, srs):
    """Not an attack yet, but why the noise must hide them: their difference is not blinded (docs/adr/0015)."""
    circuit = build(home / "weakened", Twice(), srs)
    points = proof_points(circuit.prove([[7 * i * i + 3 for i in range(40)]]).data, 18)
    *_, m0, m1, m2, m3 = points[:12]
    assert (m0, m2) == (m1, m3), "every value is decomposed in both columns"
    assert points[16] == points[17], "so are their running sums, random rows included"
