"""Which coefficients merge models best, by rows that nobody trained on: searched off chain, said in integers.

Every candidate is scored as the contract would have it: the exact integer model floor(sum of a_i w_i / d), in the
protocol's arithmetic. What was searched on one half of the rows is reported on the other, beside the uniform mean, for
which nothing was searched: on a few rows a search finds their noise.

* uniform: the mean (Wortsman et al. 2022, "Model Soups").
* alone: each model as it is.
* validation: of all weighted means with a small denominator the one of the least loss.
* evolutionary: CMA-ES over free coefficients, also negative ones (Akiba et al. 2024, "Evolutionary Optimization of
  Model Merging Recipes"; Hansen 2016, "The CMA Evolution Strategy"), with a pull towards the mean.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from headwater.errors import ConfigError
from headwater.learners.learner import Learner, RowScores
from headwater.roles.origins import merge_problem
from headwater.tables.data import Dataset

LEAST_ROWS = 20
"""Rows that a search takes at least: ten to search on, ten to report on."""

MOST_MEANS = 400
"""Weighted means that are tried."""

DENOMINATOR = 64
"""What the coefficients of the evolutionary search are multiples of."""

WIDTH, FURTHEST, PULL = 0.25, 4.0, 0.05
"""Of the evolutionary search: its first step, the largest coefficient, and what the squared distance from the mean
costs, in parts of the mean's loss."""

RESAMPLES = 2_000
Z = 1.959964  # of 95 %


@dataclass(frozen=True)
class Recipe:
    """A merge: floor(sum of coefficient_i w_i / divisor). name: of how it was found."""

    name: str
    coefficients: tuple[int, ...]
    divisor: int

    @classmethod
    def of(cls, name: str, coefficients: Sequence[int], divisor: int) -> Recipe:
        """With the smallest numbers that say the same."""
        common = math.gcd(*coefficients, divisor)
        return cls(name, tuple(a // common for a in coefficients), divisor // common)

    def weights(self, models: Sequence[Sequence[int]]) -> list[int]:
        """The merged model, D integers; models: in the order of the coefficients."""
        return [total // self.divisor for total in self._totals(models)]

    def problem(self, models: Sequence[Sequence[int]]) -> str:
        """Why no contract would take it; empty if one would."""
        if not any(self.coefficients):
            return "it is made of nothing"
        return merge_problem(self._totals(models), self.divisor)

    def _totals(self, models: Sequence[Sequence[int]]) -> list[int]:
        columns = zip(*models, strict=True)
        return [sum(a * w for a, w in zip(self.coefficients, column, strict=True)) for column in columns]


@dataclass(frozen=True)
class Interval:
    """A number with what it may be, 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Found:
    """A recipe, and how good it is.

    Attributes:
        searched: its mean on the half that was searched on: too good by however much was searched.
        reported: its mean on the other half.
        against: that less the uniform's, row by row; None for the uniform itself.
        better: whether it is better than the uniform by more than chance explains.
    """

    recipe: Recipe
    searched: float
    reported: Interval
    against: Interval | None
    better: bool


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        score: what the numbers are: `accuracy`, say.
        rows: how many were searched on, and how many reported on.
        found: the uniform first.
        evaluations: how many models were scored.
    """

    score: str
    rows: tuple[int, int]
    found: tuple[Found, ...]
    evaluations: int

    @property
    def advice(self) -> Found:
        """The uniform, unless one that was searched for is better by more than chance explains."""
        better = [found for found in self.found[1:] if found.better]
        return max(better, key=lambda each: abs(each.against.value) if each.against else 0.0, default=self.found[0])


@dataclass
class _Half:
    """Rows to score on."""

    learner: Learner
    rows: Dataset
    models: Sequence[Sequence[int]]
    evaluations: int = 0

    def scores(self, recipe: Recipe) -> RowScores:
        self.evaluations += 1
        found = self.learner.row_scores(recipe.weights(self.models), self.rows)
        if found is None:
            raise ConfigError(
                f"models of the kind {self.learner.kind!r} have no score by row", "merge them uniformly, by hand"
            )
        return found

    def loss(self, recipe: Recipe) -> float:
        """The mean loss; infinite where no contract would take it."""
        if recipe.problem(self.models):
            return math.inf
        losses = self.scores(recipe).losses
        return math.fsum(losses) / len(losses)

    @cached_property
    def uniform(self) -> Recipe:
        return Recipe("uniform", (1,) * len(self.models), len(self.models))


def search(
    learner: Learner, models: Sequence[Sequence[int]], rows: Dataset, *, seed: int = 1, evaluations: int = 300
) -> Search:
    """Search for coefficients on one half of the rows, and report on the other.

    Args:
        models: two or more, D integers each, whose weights mean the same.
        rows: that nobody trained on; those without a label are left out.
        seed: of the split, of the evolution and of the intervals.
        evaluations: of the evolution, at most.

    Raises:
        ConfigError: too few rows or models, or the learner has no score by row.
    """
    if len(models) < 2:
        raise ConfigError("one model is merged with nothing", "name two models or more with --from")
    labelled = _labelled(rows)
    if len(labelled) < LEAST_ROWS:
        raise ConfigError(
            f"{len(labelled)} labelled rows are too few to choose by: half of them are kept to report on",
            f"take {LEAST_ROWS} rows at least, and some hundreds to tell small differences; or merge uniformly",
        )
    first, second = (_Half(learner, half, models) for half in _halves(labelled, seed))
    recipes = [first.uniform, *_alone(len(models)), _best_mean(first), _evolved(first, seed, evaluations)]
    base = second.scores(first.uniform)
    found = tuple(_judged(recipe, first.scores(recipe), second.scores(recipe), base, seed) for recipe in recipes)
    count = first.evaluations + second.evaluations
    return Search(base.name, (len(first.rows), len(second.rows)), found, count)


def _labelled(rows: Dataset) -> Dataset:
    kept = [at for at, label in enumerate(rows.labels) if any(label)]
    return _some(rows, kept)


def _some(rows: Dataset, kept: Sequence[int]) -> Dataset:
    return Dataset([rows.x[at] for at in kept], [rows.labels[at] for at in kept], [rows.reals[at] for at in kept])


def _halves(rows: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    middle = len(order) // 2
    return _some(rows, sorted(order[:middle])), _some(rows, sorted(order[middle:]))


def _alone(count: int) -> Iterator[Recipe]:
    for at in range(count):
        yield Recipe(f"model {at + 1} alone", tuple(int(each == at) for each in range(count)), 1)


def _best_mean(half: _Half) -> Recipe:
    """Of the weighted means with one denominator the one of the least loss; of equals the nearest to the uniform."""
    count = len(half.models)
    steps = next(s for s in range(16, 0, -1) if s == 1 or math.comb(s + count - 1, count - 1) <= MOST_MEANS)
    means = (Recipe.of("validation", parts, steps) for parts in _compositions(steps, count))
    best = min([half.uniform, *means], key=half.loss)
    return replace(best, name="validation")


def _compositions(total: int, count: int) -> Iterator[tuple[int, ...]]:
    """All ways to share `total` out in `count` whole numbers."""
    if count == 1:
        yield (total,)
        return
    for head in range(total + 1):
        for tail in _compositions(total - head, count - 1):
            yield head, *tail


def _evolved(half: _Half, seed: int, evaluations: int) -> Recipe:
    """What CMA-ES finds; coefficients are multiples of 1 / `DENOMINATOR`."""
    count = len(half.models)
    middle = 1 / count
    usual = half.loss(half.uniform) or 1.0

    def cost(point: Sequence[float]) -> float:
        distance = math.fsum((entry - middle) ** 2 for entry in point)
        return half.loss(_rounded(point)) / usual + PULL * distance

    best = _minimise(cost, [middle] * count, seed, evaluations)
    found = _rounded(best)
    return found if cost(best) < cost([middle] * count) else replace(half.uniform, name="evolutionary")


def _rounded(point: Sequence[float]) -> Recipe:
    bounded = (min(max(entry, -FURTHEST), FURTHEST) for entry in point)
    return Recipe.of("evolutionary", [round(entry * DENOMINATOR) for entry in bounded], DENOMINATOR)


def _minimise(
    cost: Callable[[Sequence[float]], float], start: list[float], seed: int, evaluations: int
) -> Sequence[float]:
    """The best point that CMA-ES meets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for matplotlib
        try:
            import cma
        except ImportError as error:
            raise ConfigError("the package cma is not installed", "run `scripts/install_packages.sh`") from error
        options = {"seed": seed, "maxfevals": evaluations, "verbose": -9, "verb_log": 0, "verb_disp": 0}
        strategy = cma.CMAEvolutionStrategy(start, WIDTH, options)
        best, least = start, cost(start)
        while not strategy.stop() and strategy.countevals < evaluations:
            points = strategy.ask()
            costs = [min(cost(point), 1e9) for point in points]
            strategy.tell(points, costs)
            if min(costs) < least:
                least, best = min(costs), list(points[costs.index(min(costs))])
    return best


# ---- how good they are


def _judged(recipe: Recipe, searched: RowScores, reported: RowScores, base: RowScores, seed: int) -> Found:
    means = math.fsum(searched.values) / len(searched.values)
    if recipe.name == "uniform":
        return Found(recipe, means, _interval(reported, seed), None, False)
    against = _bootstrap([a - b for a, b in zip(reported.values, base.values, strict=True)], seed)
    better = against.low > 0 if reported.higher_is_better else against.high < 0
    return Found(recipe, means, _interval(reported, seed), against, better)


def _interval(scores: RowScores, seed: int) -> Interval:
    """Of a fraction Wilson's; else by resampling."""
    return _wilson(scores.values) if set(scores.values) <= {0.0, 1.0} else _bootstrap(scores.values, seed)


def _wilson(values: Sequence[float]) -> Interval:
    """Wilson 1927: what a fraction of so many may be."""
    n = len(values)
    p = math.fsum(values) / n
    middle, shrink = p + Z**2 / (2 * n), 1 + Z**2 / n
    half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n * n))
    return Interval(p, (middle - half) / shrink, (middle + half) / shrink)


def _bootstrap(values: Sequence[float], seed: int) -> Interval:
    """Efron 1979: of means of as many rows, drawn with repetition, all but the lowest and highest fortieth."""
    import numpy as np

    found = np.asarray(values)
    draws = np.random.default_rng(seed).integers(0, len(found), (RESAMPLES, len(found)))
    low, high = np.quantile(found[draws].mean(axis=1), (0.025, 0.975))
    return Interval(float(found.mean()), float(low), float(high))
