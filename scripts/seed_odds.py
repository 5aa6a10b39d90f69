"""What a choice among seeds is worth to colluders, as the table of docs/threat-model.md: python -m scripts.seed_odds.

A seed arranges an attempt's members on a circle, in an order that is as good as random, and two are peers if at most 7
stand between them (`IRoundManager`). Before each honest member stands a gap: the colluders between it and the previous
honest one, maybe none. A gap of 8 or more cuts: honest members on its two sides are no peers. So those between two
cutting gaps share masks with each other and with colluders, who can subtract theirs and read the sum of their updates.
Of a member alone between two, that is its update.

Everything is counted, nothing is drawn. From any one honest member on, the gaps are a list of numbers, one for each
honest member, that add up to the number of colluders; and all such lists are as likely. A seed is bad if two cutting
gaps have fewer than so many honest members between them. Counted are the lists of the good ones: for each number of
gaps that cut, how those can lie on the circle, times how colluders can be dealt out so that those cut and no others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from math import comb

from headwater.protocol.masks import NEAREST

MEMBERS = (18, 24, 32, 64, 128, 256, 512, 1024)
SHARES = (Fraction(1, 3), Fraction(1, 2), Fraction(2, 3))
CHOICES = (1, 2, 10**3, 10**6)
LEAST = 3  # updates in a sum that may be read


def main() -> None:
    """Print the table as Markdown."""
    print(table(), end="")


def table() -> str:
    """A row for each number of members and share of colluders: one alone, fewer than three."""
    choices = [f"{seeds:,} seed{'s' * (seeds > 1)}" for seeds in CHOICES]
    columns = ["members", "colluders"]
    for kind in ("alone", f"fewer than {LEAST}"):
        columns += [f"{kind}: {choices[0]}", *choices[1:], "seeds for 1/2"]
    rows = [columns, ["--:"] * len(columns)]
    for members in MEMBERS:
        for share in SHARES:
            colluders = math.floor(members * share)
            odds = (chance(members, colluders, 2), chance(members, colluders, LEAST))
            rows.append([f"{members:,}", f"{colluders} ({share})", *(cell for p in odds for cell in row(p))])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def chance(members: int, colluders: int, fewer_than: int, nearest: int = NEAREST) -> Fraction:
    """How likely a random circle has two cutting gaps with fewer than so many honest members between them.

    Args:
        members: on the circle, of whom `fewer_than` at least are honest.
        colluders: how many of them collude.
        fewer_than: 2 or more; with 2, that some honest member has only colluders as peers.
        nearest: how many peers a member has on each side, and how long a gap is that cuts.
    """
    honest = members - colluders
    good = sum(
        apart(honest, cutting, fewer_than) * dealt(colluders, honest, cutting, nearest)
        for cutting in range(min(honest, colluders // nearest) + 1)
    )
    return 1 - Fraction(good, comb(members - 1, honest - 1))


def apart(places: int, chosen: int, distance: int) -> int:
    """In how many ways so many of a circle's places can be chosen, each `distance` steps at least from the next."""
    if chosen < 2:
        return places**chosen
    free = places - chosen * (distance - 1)
    return places * comb(free, chosen) // free if free >= chosen else 0


def dealt(colluders: int, gaps: int, cutting: int, nearest: int) -> int:
    """In how many ways colluders can be dealt out among gaps so that `cutting` given ones cut, and no others."""
    total, rest = 0, colluders - cutting * nearest
    # those that do not cut have fewer than `nearest`: inclusion and exclusion of those that have more
    for over in range(min(gaps - cutting, rest // nearest) + 1):
        total += (-1) ** over * comb(gaps - cutting, over) * comb(rest - over * nearest + gaps - 1, gaps - 1)
    return total


def among(p: Fraction, seeds: int) -> float:
    """How likely one at least of so many seeds is bad, each of which is with probability p < 1."""
    return -math.expm1(seeds * math.log1p(-float(p)))


def needed(p: Fraction) -> float:
    """How many seeds have one that is bad among them with probability 1/2."""
    return math.inf if p == 0 else max(1, math.ceil(-math.log(2) / math.log1p(-float(p))))


def row(p: Fraction) -> Iterator[str]:
    """The cells of one kind of bad seed."""
    for seeds in CHOICES:
        chance_ = among(p, seeds)
        yield "0" if p == 0 else "> 0.99" if chance_ > 0.99 else digits(chance_, 0.001)
    count = needed(p)
    yield "never" if count == math.inf else f"{count:,}" if count < 10**6 else digits(count, math.inf)


def digits(number: float, plain: float) -> str:
    """Two digits of a number, without an exponent from `plain` on."""
    if number >= plain:
        return f"{number:.2g}"
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


if __name__ == "__main__":
    main()
