"""Scores and compositions as numbers: what they say, of which models they may be, and the basis points they need.

Counts are those of the statements `Evaluate` and `Composition`; the contract `Attestations` records them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headwater.protocol.curve import Point, add, multiply
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.openings import BasisClaim, evaluate
from headwater.protocol.phases import Phase
from headwater.protocol.structs import HeldOut, Scoring

Groups = Sequence[tuple[str, Sequence[str]]]
"""The columns of groups by name, each with its groups; see `Learner.groups`."""

WHOLE = "all rows"

KNOWN = 2
"""Numbers for which a task's config has basis points."""

MAX_NUMBERS, MAX_ATTESTERS, MAX_COUNT, MAX_ERROR = 128, 64, 2**31 - 1, 2**63 - 1
"""As `IAttestations` says."""


@dataclass(frozen=True)
class Share:
    """How often a model is right on rows of one kind.

    Attributes:
        name: of the group, with its column; or `WHOLE`.
        classes: of two classes by group, right and all of the negative and of the positive class; else none.
    """

    name: str
    right: int
    rows: int
    classes: tuple[tuple[int, int], ...] = ()

    @property
    def share(self) -> float | None:
        """The fraction that is right; None of no rows."""
        return self.right / self.rows if self.rows else None

    def __str__(self) -> str:
        return f"{self.right / self.rows:.1%} of {self.rows} rows" if self.rows else "no rows"


@dataclass(frozen=True)
class Error:
    """How far a model's amounts are off on rows of one kind: the sum of |error|, in units of the statement's."""

    name: str
    total: int
    rows: int


def group_names(groups: Groups) -> list[str]:
    """A name for each group, in the order of the data's columns."""
    return [f"{column}: {value}" for column, values in groups for value in values]


def shares(scoring: Scoring, groups: Groups, numbers: Sequence[int]) -> list[Share]:
    """What a score of classes says: of the whole, and then of each group.

    Raises:
        ValueError: these are no numbers of such a score.
    """
    _check(scoring.numbers, scoring, groups, numbers)
    if scoring.amounts:
        raise ValueError("it is a score of amounts")
    unit, each = (8 if scoring.groups else 4), scoring.each
    cells = [numbers[i : i + each] for i in range(0, len(numbers), each)]
    pairs = [[(cell[i] // unit, cell[i + 1] // unit) for i in range(0, each, 2)] for cell in cells]
    names = group_names(groups) if scoring.groups else [WHOLE]
    found = [_share(name, pair) for name, pair in zip(names, pairs, strict=True)]
    if not scoring.groups:
        return found
    whole = found[: scoring.whole_groups]
    return [Share(WHOLE, sum(s.right for s in whole), sum(s.rows for s in whole)), *found]


def errors(scoring: Scoring, groups: Groups, numbers: Sequence[int]) -> list[Error]:
    """What a score of amounts says: of the whole, and then of each group.

    Raises:
        ValueError: these are no numbers of such a score.
    """
    _check(scoring.numbers, scoring, groups, numbers)
    if not scoring.amounts:
        raise ValueError("it is a score of classes")
    unit = 4 if scoring.groups else 2
    pairs = [(numbers[i] // unit, numbers[i + 1] // unit) for i in range(0, len(numbers), 2)]
    if not scoring.groups:
        return [Error(WHOLE, *pairs[0])]
    found = [Error(name, *pair) for name, pair in zip(group_names(groups), pairs, strict=True)]
    whole = found[: scoring.whole_groups]
    return [Error(WHOLE, sum(e.total for e in whole), sum(e.rows for e in whole)), *found]


def composition(scoring: Scoring, groups: Groups, counts: Sequence[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Rows by class: of each group, or of the whole where there are none.

    Raises:
        ValueError: these are no numbers of such a composition.
    """
    _check(scoring.counts, scoring, groups, counts)
    unit, classes = (8 if scoring.groups else 4), scoring.classes
    for index, name in enumerate(group_names(groups) if scoring.groups else [WHOLE]):
        yield name, tuple(count // unit for count in counts[index * classes : (index + 1) * classes])


def is_fresh(phase: Phase, round_: int, latest: int) -> bool:
    """Whether data registered in a round count for its own model: no round has shown a sum from its first model yet.

    latest: the round that made the newest model.
    """
    return phase <= Phase.TRAIN and latest + 1 == round_


def is_later(data: HeldOut, round_: int, parent: int) -> bool:
    """Whether nobody could know the model of a round when the data were registered.

    parent: the round that made the model before it.
    """
    return round_ >= data.round and (data.fresh or parent >= data.round)


def scoring_claim(offset: Point, basis: Sequence[Point], k: int) -> BasisClaim:
    """What is opened to show that L_2 and those that follow are those of an SRS: see `IAttestations.open`."""
    words = [offset.x, offset.y, 0x80, k, len(basis), *(n for point in basis for n in (point.x, point.y))]
    rho = int.from_bytes(keccak256(b"".join(word.to_bytes(32) for word in words))) % P
    powers = [pow(rho, i + 1, P) for i in range(len(basis))]
    combined = offset
    for point, power in zip(basis, powers, strict=True):
        combined = add(combined, multiply(point, power))
    place = int.from_bytes(keccak256(b"".join(n.to_bytes(32) for n in (combined.x, combined.y, rho)))) % P
    vector = (*[0] * KNOWN, *powers)
    return BasisClaim(vector, combined, place, evaluate(k, vector, place))


def _share(name: str, pairs: Sequence[tuple[int, int]]) -> Share:
    # of two classes, the statement has the positive one first
    classes = tuple(reversed(pairs)) if len(pairs) > 1 else ()
    return Share(name, sum(right for right, _ in pairs), sum(rows for _, rows in pairs), classes)


def _check(expected: int, scoring: Scoring, groups: Groups, numbers: Sequence[int]) -> None:
    if len(numbers) != expected:
        raise ValueError(f"it has {len(numbers)} numbers, not {expected}")
    if scoring.groups != len(group_names(groups)):
        raise ValueError(f"it is of {scoring.groups} groups, and the task's columns have {len(group_names(groups))}")
