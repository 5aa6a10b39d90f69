"""Counting as a learner: its settings, its manifest, its rows, and what it recommends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError

from headwater.errors import ConfigError
from headwater.learners.gram import histories
from headwater.learners.gram.numbers import MOST_ITEMS, GramSpec
from headwater.learners.learner import Learner, Predictions, Request, Score, check_settings
from headwater.storage.parts import MAX_ROWS, Bits, Decimal, Name, Part, problem_of
from headwater.tables.data import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headwater.circuits.update import Update

MOST_SHOWN = 10
RIDGES = (0.01, 1e6)
"""Between which a ridge is: above what rounding an average can take from a count."""


class GramDocument(Part):
    """The items in the order of their columns, bits of a mean count, capacities, and the ridge of recommendations."""

    items: Annotated[tuple[Name, ...], Field(min_length=2, max_length=MOST_ITEMS)]
    model_bits: Bits
    rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    salt_rows: Annotated[int, Field(ge=1, le=MAX_ROWS)]
    ridge: Decimal


@dataclass(frozen=True)
class HitRate(Score):
    """Recommendations compared with what people have.

    Attributes:
        rows: people with two items or more.
        left_out: how many items were left out, each once.
        best: among how many recommendations one was looked for.
        rate, popular_rate: the part that was among the best, and among the most popular that the person has not.
    """

    rows: int
    left_out: int
    best: int
    rate: float
    popular_rate: float

    def __str__(self) -> str:
        return (
            f"an item left out of a row is among the best {self.best} in {self.rate:.1%} of {self.left_out} cases, and"
            f" among the most popular {self.best} in {self.popular_rate:.1%} ({self.rows} rows)"
        )


class Gram(Learner):
    """How often two items go together, in one round; from that, what to recommend to whom."""

    kind = "gram"
    package = "headwater"
    settings: ClassVar[Mapping[str, str]] = {
        "ridge": f"people, for each trainer, who are taken to have one item each, {RIDGES[0]} to {RIDGES[1]:.0f}: the"
        " more, the nearer are recommendations to plain popularity; usually a quarter of the rows"
    }
    Document: ClassVar[type[Part]] = GramDocument

    spec: GramSpec
    items: tuple[str, ...]
    ridge: str

    def __init__(self, spec: GramSpec, items: Sequence[str], ridge: str) -> None:
        if len(items) != spec.items or len(set(items)) < len(items) or any(not i or i != i.strip() for i in items):
            raise ValueError(f"{spec.items} items must have different names, without spaces around them: {items}")
        if not RIDGES[0] <= float(ridge) <= RIDGES[1]:
            raise ValueError(f"the ridge must be {RIDGES[0]} to {RIDGES[1]:.0f}, not {ridge}")
        self.spec, self.items, self.ridge = spec, tuple(items), ridge

    @property
    def rows(self) -> int:
        """As `Learner` says."""
        return self.spec.rows

    @property
    def salt_rows(self) -> int:
        """As `Learner` says."""
        return self.spec.salt_rows

    @property
    def width(self) -> int:
        """As `Learner` says."""
        return self.spec.items

    @property
    def dimension(self) -> int:
        """As `Learner` says."""
        return self.spec.dimension

    @property
    def model_bits(self) -> int:
        """As `Learner` says."""
        return self.spec.model_bits

    @property
    def reach(self) -> int:
        """As `Learner` says: exactly, since nothing is rounded."""
        return self.spec.reach

    @property
    def weight_limit(self) -> int:
        """As `Learner` says."""
        return self.spec.weight_limit

    @property
    def layout(self) -> tuple[int | str, ...]:
        """As `Learner` says: the items by name, for counts of others are no counts of these."""
        return self.spec.model_bits, *self.items

    @property
    def meaning(self) -> Mapping[str, Any]:
        """As `Learner` says: the layout has it all; how many rows a trainer may have does not matter."""
        return {}

    def disagreement(self, given: Mapping[str, Any]) -> str:
        """As `Learner` says."""
        if set(given.get("features", self.items)) != set(self.items) or set(given.get("leave_out", ())) & set(
            self.items
        ):
            return f"the items are {', '.join(self.items)}"
        ridge = given.get("settings", {}).get("ridge", self.ridge)
        if ridge != self.ridge:
            return f"ridge is {self.ridge}"
        rest = {name: value for name, value in given.items() if name not in ("features", "leave_out", "settings")}
        return f"there is no {next(iter(rest))}" if rest else ""

    @property
    def update_statement(self) -> Update:
        """As `Learner` says."""
        from headwater.learners.gram.statement import GramUpdate

        return GramUpdate.of(self.spec)

    def problem(self, rounds: int, trainers: int) -> str:
        """As `Learner` says."""
        if rounds != 1:
            return f"pairs are counted in one round, and not in {rounds}: a second would count the same people again"
        if trainers > 1 << self.model_bits:
            return f"counts are exact for at most {1 << self.model_bits} trainers, not {trainers}"
        return ""

    def with_salt_rows(self, salt_rows: int) -> Self:
        """As `Learner` says."""
        return type(self)(replace(self.spec, salt_rows=salt_rows), self.items, self.ridge)

    # ---- making one, and the manifest

    @classmethod
    def describe(cls, sample: Path, request: Request) -> Self:
        """As `Learner` says: the columns' names are the items'."""
        if request.label is not None:
            raise ConfigError(f"the learner {cls.kind!r} predicts no column of its own", "leave out --label")
        cells = (request.categories, request.missing != "refuse", request.unknown != "refuse")
        if any(cells) or request.steps != 1:
            raise ConfigError(
                f"the learner {cls.kind!r} counts cells of 0 and 1, once", "leave out --categories, --missing, .."
            )
        return cls._of(histories.items_of(sample, request.features, request.leave_out), request)

    @classmethod
    def sized(cls, features: int, classes: int, request: Request) -> Self:
        """As `Learner` says; classes are none of its."""
        del classes
        return cls._of([f"x{number}" for number in range(features)], request)

    @classmethod
    def _of(cls, items: Sequence[str], request: Request) -> Self:
        check_settings(cls, request)
        text = request.settings.get("ridge", f"{max(1.0, request.rows / 4):g}")
        try:
            ridge = float(text)
        except ValueError:
            ridge = -1.0
        if not RIDGES[0] <= ridge <= RIDGES[1]:
            raise ConfigError(f"the ridge {text!r} is no number from {RIDGES[0]} to {RIDGES[1]:.0f}", "write 10")
        return cls(GramSpec(request.rows, len(items)), items, f"{ridge:.6f}".rstrip("0").rstrip("."))

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """As `Learner` says."""
        try:
            found = GramDocument.model_validate_json(json.dumps(document), strict=True)
        except ValidationError as error:
            raise ValueError(problem_of(error)) from error
        spec = GramSpec(found.rows, len(found.items), found.model_bits, found.salt_rows)
        return cls(spec, found.items, found.ridge)

    def document(self) -> dict[str, Any]:
        """As `Learner` says."""
        found = {**asdict(self.spec), "items": self.items, "ridge": self.ridge}
        document: dict[str, Any] = GramDocument.model_validate(found).model_dump(mode="json")
        return document

    @property
    def facts(self) -> dict[str, str]:
        """As `Learner` says."""
        return {
            "model": f"counts of pairs of {len(self.items)} items, {self.dimension} weights, ridge {self.ridge}",
            "rows": f"at most {self.rows} a trainer",
            "items": ", ".join(self.items),
        }

    @property
    def taken(self) -> list[tuple[str, str]]:
        """As `Learner` says."""
        return [(item, "1 where the person has it, else 0") for item in self.items]

    # ---- data and training

    def read(self, path: Path, *, training: bool = True, links: int = 1) -> Dataset:
        """As `Learner` says: a row a person, cells of 0 and 1."""
        return histories.read(path, self.items, self.rows * links if training else None)

    def update(self, weights: Sequence[int], dataset: Dataset) -> list[int]:
        """As `Learner` says."""
        return self.spec.update(weights, dataset.x)

    # ---- using a model

    def counts(self, weights: Sequence[int]) -> NDArray[np.float64]:
        """How many people of a mean trainer have both of two items, (items, items)."""
        import numpy as np

        found = np.zeros((len(self.items), len(self.items)))
        upper = np.triu_indices(len(self.items))
        found[upper] = np.array(self.spec.checked(weights), dtype=np.float64) / 2**self.model_bits
        return found + np.triu(found, 1).T

    def tensors(self, weights: Sequence[int]) -> dict[str, NDArray[np.float32]]:
        """As `Learner` says: `gram`, (items, items), symmetric: the mean count of a trainer."""
        import numpy as np

        return {"gram": self.counts(weights).astype(np.float32)}

    def predict(self, weights: Sequence[int], dataset: Dataset) -> Predictions:
        """As `Learner` says: the items that each row has not, the best first, and their scores."""
        import numpy as np

        from headwater.learners.gram.ease import item_weights, ranking

        learned = item_weights(self.counts(weights), float(self.ridge))
        shown = min(MOST_SHOWN, len(self.items))
        said = []
        for row in np.array(dataset.x, dtype=np.float64):
            scores = row @ learned
            best = [(self.items[item], f"{scores[item]:.4f}") for item in ranking(scores, row)[:shown]]
            said.append(tuple(text for pair in (*best, *[("", "")] * (shown - len(best))) for text in pair))
        places = [_place(number) for number in range(1, shown + 1)]
        return Predictions(tuple(text for place in places for text in (place, f"score of {place}")), tuple(said))

    def evaluate(self, weights: Sequence[int], dataset: Dataset) -> Score | None:
        """As `Learner` says: each item of a row is left out once, and looked for among a fifth of the items, or ten."""
        import numpy as np

        from headwater.learners.gram.ease import hits, item_weights

        counts, rows = self.counts(weights), np.array(dataset.x, dtype=np.float64)
        best = max(1, min(MOST_SHOWN, len(self.items) // 5))
        found = list(hits(item_weights(counts, float(self.ridge)), np.diag(counts), rows, best))
        if not found:
            return None
        rates = (sum(column) / len(found) for column in zip(*found, strict=True))
        return HitRate(int((rows.sum(1) >= 2).sum()), len(found), best, *rates)


def _place(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
