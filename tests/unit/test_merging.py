"""The search for coefficients: it finds what is there, keeps to what a contract takes, and says what is chance."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from headwater.errors import ConfigError
from headwater.learners.gram.learner import Gram
from headwater.learners.gram.numbers import GramSpec
from headwater.learners.linear import Linear, LinearSpec
from headwater.protocol.vectors import average
from headwater.reading.merging import Recipe, search
from headwater.tables.columns import Columns, Feature
from headwater.tables.data import Dataset

ONE = Decimal(1)
FEATURES = tuple(Feature(f"x{n}", Decimal(0), ONE) for n in range(3))
CLASSES = Linear(LinearSpec(rows=8, features=4, clip=512), Columns(FEATURES, True, "kind", ("a", "b")))
AMOUNT = Linear(
    LinearSpec(rows=8, features=4, clip=512, loss="squared"),
    Columns(FEATURES, True, "price", (), amount=Feature("price", Decimal(0), ONE)),
)
UNIT = 1 << LinearSpec.model_bits
TRUTH = (0, 2 * UNIT, -UNIT, UNIT)


def rows(count: int, truth=TRUTH, noise: float = 0.0, seed: int = 5) -> Dataset:
    """Rows of two classes, by the sign of what the truth says of them."""
    rng = random.Random(seed)
    x = [[64, *(rng.randrange(-128, 129) for _ in range(3))] for _ in range(count)]
    z = [sum(a * w for a, w in zip(row, truth, strict=True)) + rng.gauss(0, noise * 64 * UNIT) for row in x]
    return Dataset(x, [[1 if value > 0 else -1] for value in z], [[entry / 64 for entry in row] for row in x])


def amounts(count: int, truth=TRUTH) -> Dataset:
    """Rows with an amount, in 64ths."""
    found = rows(count, truth)
    labels = [[round(sum(a * w for a, w in zip(row, truth, strict=True)) / UNIT)] for row in found.x]
    return Dataset(found.x, labels, found.reals)


def by_name(found):
    return {each.recipe.name: each for each in found.found}


def test_search__where_one_model_is_right_and_the_others_are_not__finds_it_and_advises_it():
    models = [list(TRUTH), [0, -UNIT, 2 * UNIT, UNIT], [0, -2 * UNIT, UNIT, -3 * UNIT]]
    found = search(CLASSES, models, rows(600))
    assert [each.recipe.name for each in found.found][:1] == ["uniform"]
    named = by_name(found)
    assert named["model 1 alone"].reported.value == 1.0
    assert named["uniform"].reported.value < 0.9
    for name in ("validation", "evolutionary"):
        assert named[name].better
        assert named[name].reported.value > 0.95
    assert found.advice.recipe.name != "uniform"
    assert found.rows == (300, 300)


def test_search__of_task_arithmetic__finds_negative_coefficients_that_no_mean_has():
    base = [UNIT, UNIT, UNIT, 0]
    a, b = [2 * UNIT, UNIT, UNIT, 0], [UNIT, UNIT, UNIT, 3 * UNIT]
    truth = [x + y - z for x, y, z in zip(a, b, base, strict=True)]
    found = by_name(search(AMOUNT, [a, b, base], amounts(200, truth), evaluations=600))
    evolved, mean = found["evolutionary"], found["validation"]
    assert evolved.better
    assert evolved.reported.value < mean.reported.value / 2
    shares = [Fraction(c, evolved.recipe.divisor) for c in evolved.recipe.coefficients]
    assert shares[2] < 0


def test_search__of_noise_on_few_rows__looks_better_on_those_it_saw__and_is_not_advised():
    """Labels that no model explains: whatever is found is chance."""
    rng = random.Random(3)
    models = [[rng.randrange(-UNIT, UNIT) for _ in range(4)] for _ in range(3)]
    found = search(CLASSES, models, rows(40, truth=[0] * 4, noise=1.0, seed=9))
    named = by_name(found)
    assert named["evolutionary"].searched > named["evolutionary"].reported.value
    assert found.advice.recipe.name == "uniform"


def test_search__is_the_same_with_the_same_seed__and_scores_what_the_contract_would_have():
    models = [list(TRUTH), [0, -UNIT, 2 * UNIT, UNIT]]
    one, again, other = (search(CLASSES, models, rows(100, noise=0.5), seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    for each in one.found:
        totals = [
            sum(a * w for a, w in zip(each.recipe.coefficients, c, strict=True)) for c in zip(*models, strict=True)
        ]
        assert each.recipe.weights(models) == average(totals, each.recipe.divisor)[0]
        assert not each.recipe.problem(models)


def test_search__where_large_coefficients_would_outgrow_a_proof__keeps_within():
    models = [[(1 << 29) - 1, 5, 0, 0], [(1 << 29) - 1, -5, 0, 0]]
    for each in search(CLASSES, models, rows(60)).found:
        assert not each.recipe.problem(models)


def test_recipe__in_its_smallest_numbers__is_the_same_model():
    models = [[7, -3], [2, 9]]
    assert Recipe.of("x", (32, -64), 96) == Recipe("x", (1, -2), 3)
    assert Recipe.of("x", (32, -64), 96).weights(models) == Recipe("x", (32, -64), 96).weights(models) == [1, -7]
    assert Recipe("x", (0, 0), 1).problem(models) == "it is made of nothing"


@pytest.mark.parametrize("count", (2, 5, 9, 30))
def test_search__of_many_models__tries_a_bounded_number_of_means(count):
    rng = random.Random(count)
    models = [[rng.randrange(-UNIT, UNIT) for _ in range(4)] for _ in range(count)]
    assert search(CLASSES, models, rows(40), evaluations=50).evaluations < 700


@pytest.mark.parametrize(
    ("learner", "models", "data", "message"),
    (
        (CLASSES, [list(TRUTH)], rows(40), "merged with nothing"),
        (CLASSES, [list(TRUTH)] * 2, rows(19), "19 labelled rows are too few"),
        (Gram(GramSpec(4, 3), ("bread", "milk", "salt"), "2"), [[0] * 6] * 2, rows(40), "no score by row"),
    ),
)
def test_search__that_cannot_be__says_what_to_do(learner, models, data, message):
    with pytest.raises(ConfigError, match=message):
        search(learner, models, data)


def test_rows__without_a_label__are_left_out():
    data = rows(50)
    unlabelled = Dataset(data.x, [*data.labels[:30], *[[]] * 20], data.reals)
    assert sum(search(CLASSES, [list(TRUTH), [UNIT] * 4], unlabelled).rows) == 30
