"""Statements that see private data: noise passes through their decompositions (`headwater.protocol.noise`)."""

from __future__ import annotations

from headwater.circuits.statement import Statement
from headwater.errors import CircuitError
from headwater.protocol.noise import Hidden

MOST_DIGIT_BITS = 28
"""Of the largest table that any k has room for."""

LEAST_DISTANCE_BITS = 80
"""How well the digits of every statement's proofs are hidden: see `Hidden.distance_bits`."""


class Private(Statement):
    """A statement among whose `decompositions` is one of NOISE entries, which nobody but the prover knows."""

    @property
    def decomposition_base(self) -> int:
        """As `Statement` says, and large enough for the noise to hide digits, however small honest numbers are."""
        for bits in range(super().decomposition_base.bit_length() - 1, MOST_DIGIT_BITS + 1):
            if Hidden(self.legs, bits, self.inner_columns).distance_bits >= LEAST_DISTANCE_BITS:
                return 1 << bits
        raise CircuitError(
            f"the noise of {self.kind} hides no digits: {self.legs} of them in {self.inner_columns} inner columns",
            "take one or two inner columns, and numbers of fewer bits",
        )

    @property
    def hidden(self) -> Hidden:
        """What the noise of a proof hides."""
        return Hidden(self.legs, self.decomposition_base.bit_length() - 1, self.inner_columns)
