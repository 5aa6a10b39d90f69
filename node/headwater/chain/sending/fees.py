"""What a transaction offers for gas (EIP-1559), and what it offers when nobody takes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Protocol

GWEI = 10**9


@dataclass(frozen=True)
class Fees:
    """Wei for one unit of gas: the most in all, and how much of it the block's proposer gets at most."""

    most: int
    tip: int


class FeeStrategy(Protocol):
    """Decides what to offer. `market` is what a new transaction would have to offer now."""

    @property
    def after(self) -> float:
        """Seconds without being mined until a replacement is thought of."""

    def first(self, market: Fees) -> Fees:
        """For a new transaction."""

    def next(self, offered: Fees, market: Fees) -> Fees | None:
        """For a replacement of one that was not mined; None: leave it as it is."""


@dataclass(frozen=True)
class ConstantFees:
    """The market's price at the start, however long it takes."""

    after = inf

    def first(self, market: Fees) -> Fees:
        """The market's."""
        return market

    def next(self, offered: Fees, market: Fees) -> Fees | None:  # noqa: ARG002
        """Never."""
        return None


@dataclass(frozen=True)
class BumpingFees:
    """The market's price, and more of it each time a transaction has waited for long.

    Attributes:
        after: seconds until a transaction that is not mined is replaced.
        ceiling: wei for one unit of gas that are never exceeded.
    """

    after: float = 60.0
    ceiling: int = 500 * GWEI

    def first(self, market: Fees) -> Fees:
        """The market's, below the ceiling."""
        return Fees(min(market.most, self.ceiling), min(market.tip, self.ceiling))

    def next(self, offered: Fees, market: Fees) -> Fees | None:
        """An eighth more on both, the least that nodes accept for a replacement, or the market's if that is more."""
        raised = Fees(max(_raised(offered.most), market.most), max(_raised(offered.tip), market.tip))
        return raised if raised.most <= self.ceiling else None


def _raised(fee: int) -> int:
    """An eighth more, rounded up, and more than nothing."""
    return max(fee + -(-fee // 8), 1)
