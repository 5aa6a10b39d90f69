"""Noise that passes through a circuit's decompositions, so that a proof does not tell what else did.

EZKL checks a range by a log-derivative lookup (Haböck 2022). Its prover commits, without blinding, to how often each
value of the range table occurs, and opens that polynomial once. Salts are never decomposed. So without noise these
points are a function of the data, the model and the update alone: whoever guesses a record can check the guess against
one proof.

Here NOISE entries that nobody else knows are decomposed like all else, in every inner column and every table. Their
digits are uniform. Their signs are not: how many are zero, and how many negative, is itself drawn, so that counts are
hidden as well as so few entries can. `Hidden` says in numbers what is left; docs/adr/0015 gives the argument.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.protocol.field import P, derive
from headwater.protocol.vectors import UPDATE_SALTS

NOISE = 50 * UPDATE_SALTS
"""How many entries of noise a proof about private data has. Their magnitudes are added to the update's salts."""

COLUMNS = 2
"""Entries are laid out in turns, so that each of two inner columns has numbers of zeros and negatives of its own."""

MOST_ZEROS = NOISE // COLUMNS // 5
"""The most zeros of a column; their number is uniform from 0 on."""

NEGATIVES = (36, NOISE // COLUMNS - MOST_ZEROS - 36)
"""Between which numbers that of a column's negative entries is, uniformly. Not all: their order must stay hard."""


SEEN = 4
"""One over the largest probability with which one proof may show on which side of a threshold a row is, in a column."""

MOST_ROW_BITS = 64
"""The most bits that all proofs of a task may tell of one row, by the bound that holds whatever else is known."""


def draw(secret: bytes, limit: int, *context: bytes | int | str) -> list[int]:
    """The noise of one proof: NOISE integers of magnitude below `limit`, the base to the number of digits.

    Args:
        secret: what it is derived from; `context` must be that of no other proof.

    Raises:
        ValueError: the secret has under 32 bytes.
    """

    def derived(*name: int | str) -> int:
        return derive(secret, "noise", *context, *name)

    found = [0] * NOISE
    for column in range(COLUMNS):
        zeros = derived("zeros", column) % (MOST_ZEROS + 1)
        negatives = NEGATIVES[0] + derived("negatives", column) % (NEGATIVES[1] - NEGATIVES[0] + 1)
        order = sorted(range(column, NOISE, COLUMNS), key=lambda index: derived("order", index))
        for place, index in enumerate(order[zeros:]):
            magnitude = derived("magnitude", index) % limit
            found[index] = -magnitude if place < negatives else magnitude
    return found


def salt_input(salts: Sequence[int], noise: Sequence[int]) -> list[int]:
    """What the statement takes so that the update ends in `salts`: [ salts less their part of |noise| | noise ].

    Args:
        salts: UPDATE_SALTS field elements.
        noise: NOISE integers.
    """
    each = NOISE // UPDATE_SALTS
    parts = [noise[each * j : each * (j + 1)] for j in range(UPDATE_SALTS)]
    own = [(salt - sum(map(abs, part))) % P for salt, part in zip(salts, parts, strict=True)]
    return [*own, *(entry % P for entry in noise)]


@dataclass(frozen=True)
class Hidden:
    """What the noise of a proof hides, for a circuit of so many digits, of so many bits, in so many inner columns."""

    digits: int
    digit_bits: int
    columns: int = COLUMNS

    @property
    def draws(self) -> int:
        """Uniform digits in each column at least: most entries are not zero."""
        return (NOISE - COLUMNS * MOST_ZEROS) * self.digits // self.columns

    @property
    def multiplicity_bits(self) -> float:
        """Min-entropy of the multiplicities of one column's digits: that of so many draws, unordered."""
        low, more = divmod(self.draws, 1 << self.digit_bits)
        same = more * _log2_factorial(low + 1) + ((1 << self.digit_bits) - more) * _log2_factorial(low)
        return self.draws * self.digit_bits - _log2_factorial(self.draws) + same

    @property
    def order_bits(self) -> float:
        """Min-entropy of the order of the digits, which running sums depend on, given the likeliest multiplicities."""
        return self.draws * self.digit_bits - self.multiplicity_bits

    @property
    def distance_bits(self) -> float:
        """-log2 of how far, statistically, what a proof publishes of digits is from the same for any other data.

        By the leftover hash lemma: half of the entropy beyond what is published, a point and a value of the
        multiplicities of each column; a point and two values of the difference of two running sums.
        """
        return min(self.multiplicity_bits - 2 * P.bit_length(), self.order_bits - 3 * P.bit_length()) / 2 - math.log2(
            2 * self.columns
        )

    def row_bits(self, signs: int) -> float:
        """At most how many bits a proof tells of one row that decides so many signs, everything else being known.

        How many are negative, and how many are zero, may follow in each inner column; it is most if each has half.
        """
        each = -(-signs // self.columns)
        return self.columns * (self.count_bits(each) + math.log2(1 + each / (MOST_ZEROS + 1)))

    def row_problem(self, signs: int) -> str:
        """Why one proof would tell too much of one row that decides so many signs in an inner column; else empty.

        A count that moves by a part of what it is hidden among is seen outside with that probability.
        """
        most = (NEGATIVES[1] - NEGATIVES[0] + 1) // SEEN
        if signs <= most:
            return ""
        return (
            f"one row decides up to {signs} signs in an inner column of a proof, and noise hides {most}: take fewer"
            " steps, outputs, or knots of the loss"
        )

    def count_bits(self, span: int) -> float:
        """At most how many bits a proof tells of the number of negative entries in a column, if it varies by `span`.

        What is seen is uniform over one of `span` + 1 intervals of one length: its entropy less that of the noise.
        Of zeros the same with `MOST_ZEROS`.
        """
        return math.log2(1 + span / (NEGATIVES[1] - NEGATIVES[0] + 1))


def _log2_factorial(n: int) -> float:
    return math.lgamma(n + 1) / math.log(2)
