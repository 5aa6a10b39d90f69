"""Counts of pairs: exact whatever the number of trainers, the rows that are read, and what is recommended."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from headwater.circuits.average import Average
from headwater.errors import ConfigError, DataError
from headwater.learners.gram import Gram, GramSpec
from headwater.learners.gram.ease import item_weights
from headwater.learners.gram.numbers import AVERAGE_BITS
from headwater.learners.learner import Request
from headwater.protocol.vectors import average
from headwater.tables.data import Dataset
from tests.unit.test_documents_manifests import changed

SPEC = GramSpec(rows=5, items=4)
MODEL = {"items": ["tea", "milk", "bread"], "model_bits": 12, "rows": 40, "salt_rows": 2, "ridge": "2.5"}
BAD = (
    ("extra", 1),
    ("items", ["tea"]),
    ("items", ["tea", "tea"]),
    ("items", ["tea", " milk"]),
    ("items", ["tea", "\x1b[2J"]),
    ("items", [f"{n}" for n in range(501)]),
    ("items", "tea"),
    ("items.0", 1),
    ("model_bits", "12"),
    ("model_bits", 1),
    ("model_bits", 21),
    ("model_bits", 12.0),
    ("rows", 0),
    ("rows", 1 << 24),
    ("rows", True),
    ("salt_rows", ...),
    ("ridge", 2),
    ("ridge", "0"),
    ("ridge", "-1"),
    ("ridge", "NaN"),
    ("ridge", "1e400"),
)
SHOPS = "tea,milk,bread\n1,1,0\n1,0,0\n0,1,1\n"


def people(count, items, seed, density=0.4):
    """Random rows of zeros and ones."""
    rng = random.Random(seed)
    return [[int(rng.random() < density) for _ in range(items)] for _ in range(count)]


def communities(count, seed):
    """People of three tastes, each of ten of thirty items, who also take what they meet."""
    rng = np.random.default_rng(seed)
    taste = rng.integers(0, 3, count)
    chance = np.where(np.arange(30) // 10 == taste[:, None], 0.35, 0.08)
    return (rng.random((count, 30)) < chance).astype(int).tolist()


def test_update__counts_each_pair_of_each_row__once():
    x = people(5, 4, 1)
    expected = [sum(row[i] and row[j] for row in x) for i in range(4) for j in range(i, 4)]
    assert SPEC.update([0] * 10, x) == [count << 12 for count in expected]
    assert SPEC.update([7] * 10, [[0] * 4]) == [7] * 10
    loud = [[1000 if cell else -5 for cell in row] for row in x]
    assert SPEC.update([0] * 10, loud) == SPEC.update([0] * 10, x)


def test_update__of_other_sizes__is_refused():
    with pytest.raises(ValueError, match="10 weights, not 9"):
        SPEC.update([0] * 9, [])
    with pytest.raises(ValueError, match="6 rows do not fit"):
        SPEC.update([0] * 10, people(6, 4, 1))


@pytest.mark.parametrize("trainers", (1, 3, 7, 100, 4095, 4096))
def test_sums__of_an_average__are_exact(trainers):
    spec = replace(SPEC, rows=2000)
    rng = random.Random(trainers)
    counts = [[rng.randint(0, 3) for _ in range(spec.dimension)] for _ in range(trainers)]
    totals = [sum(column) for column in zip(*counts, strict=True)]
    weights, _ = average([total << spec.model_bits for total in totals], trainers)
    assert spec.sums(weights, trainers) == totals


def test_tasks__that_cannot_count__say_why():
    model = Gram.sized(4, 0, Request(5))
    assert model.problem(1, 4096) == ""
    assert "in one round" in model.problem(2, 3)
    assert "at most 4096 trainers" in model.problem(1, 4097)
    with pytest.raises(ValueError, match="sums are exact for 1 to 4096"):
        SPEC.sums([0] * 10, 4097)
    assert model.weight_limit < 1 << Average(4).weight_bits == 1 << AVERAGE_BITS


@pytest.mark.parametrize(
    "numbers", ({"rows": 0}, {"items": 1}, {"items": 501}, {"model_bits": 1}, {"model_bits": 21}, {"rows": 1 << 17})
)
def test_numbers__that_make_no_sense__are_refused(numbers):
    with pytest.raises(ValueError, match=r"must be|are more than"):
        replace(SPEC, **numbers)


def test_item_weights__are_the_least_squares_of_each_item_from_the_others():
    x = np.array(people(60, 5, 3), dtype=float)
    found = item_weights(x.T @ x, 2.0)
    for item in range(5):
        others = [other for other in range(5) if other != item]
        gram = x[:, others].T @ x[:, others] + 2 * np.eye(4)
        assert np.allclose(found[others, item], np.linalg.solve(gram, x[:, others].T @ x[:, item]))
    assert np.allclose(item_weights(x.T @ x / 7, 2 / 7), found)
    assert not np.diag(found).any()


def test_recommendations__find_what_was_left_out__more_often_than_the_popular():
    model = Gram.sized(30, 0, Request(40))
    updates = [model.update([0] * model.dimension, Dataset(communities(40, seed), [], [])) for seed in range(4)]
    weights, _ = average([sum(column) for column in zip(*updates, strict=True)], 4)
    held_out = communities(100, 9)
    found = model.evaluate(weights, Dataset(held_out, [], []))
    assert (found.best, found.rows) == (6, sum(sum(row) >= 2 for row in held_out))
    assert found.rate > found.popular_rate + 0.1
    assert "an item left out of a row is among the best 6 in" in str(found)
    assert model.evaluate(weights, Dataset([[1, *[0] * 29]], [], [])) is None
    predicted = model.predict(weights, Dataset(held_out[:5], [], []))
    assert predicted.header[:4] == ("1st", "score of 1st", "2nd", "score of 2nd")
    assert predicted.header[-2:] == ("10th", "score of 10th")
    for row, said in zip(held_out[:5], predicted.rows, strict=True):
        names, scores = said[::2], [float(text) for text in said[1::2]]
        assert not {f"x{item}" for item, has in enumerate(row) if has} & set(names)
        assert scores == sorted(scores, reverse=True)


def test_recommendations__to_who_has_almost_all__are_fewer():
    model = Gram.parse(MODEL)
    weights = model.update([0] * 6, Dataset([[1, 1, 0], [1, 1, 1]], [], []))
    assert model.predict(weights, Dataset([[1, 1, 0], [1, 1, 1]], [], [])).rows[0][2:] == ("", "") * 2
    assert model.predict(weights, Dataset([[1, 1, 1]], [], [])).rows == (("",) * 6,)
    with pytest.raises(ValueError, match="6 weights, not 5"):
        model.predict(weights[1:], Dataset([[1, 1, 0]], [], []))
    with pytest.raises(ValueError, match="no counts"):
        model.predict([round(-2.5 * 4096) if i == j else 0 for i, j in model.spec.pairs], Dataset([[1, 1, 0]], [], []))


def test_tensors__are_symmetric_mean_counts():
    model, x = Gram.parse(MODEL), people(20, 3, 5)
    gram = model.tensors(model.update([0] * 6, Dataset(x, [], [])))["gram"]
    assert (gram.shape, gram.dtype) == ((3, 3), np.float32)
    for i, j in combinations(range(3), 2):
        assert gram[i, j] == gram[j, i] == sum(row[i] and row[j] for row in x)


def test_file__of_zeros_and_ones__becomes_a_model_and_rows(tmp_path):
    path = tmp_path / "shops.csv"
    path.write_text("who," + SHOPS.replace("\n", "\nann,", 3))
    model = Gram.describe(path, Request(40, leave_out=["who"]))
    assert (model.items, model.ridge, model.dimension) == (("tea", "milk", "bread"), "10", 6)
    assert Gram.parse(model.document()) == model
    dataset = model.read(path)
    assert (dataset.x, dataset.labels) == ([[1, 1, 0], [1, 0, 0], [0, 1, 1]], [[]] * 3)
    vector = model.data_vector(dataset, [5] * model.salts)
    assert vector == [1, 1, 0, 1, 0, 0, 0, 1, 1, *[0] * 3 * 37, 5, 5, 5]
    assert Gram.describe(path, Request(40, features=["milk", "tea"])).items == ("milk", "tea")
    assert model.facts["model"] == "counts of pairs of 3 items, 6 weights, ridge 10"
    assert len(model.taken) == 3
    path.write_text("tea,milk,bread\n0,0,0\n1,0,1\n")
    assert model.read(path).warnings == ("1 of 2 rows have no item, and count for nothing",)


@pytest.mark.parametrize(
    ("text", "problem"),
    (
        (SHOPS.replace("0,1,1", "0,2,1"), "4: column 'milk' has '2': write 1"),
        (SHOPS.replace("0,1,1", "0,,1"), "4: column 'milk' has ''"),
        (SHOPS.replace("0,1,1", "0,yes,1"), "column 'milk' has 'yes'"),
        ("tea,milk,bread\n", "a header but no rows"),
        ("tea,milk\n1,1\n", "column 'bread' is missing"),
        (SHOPS + "1,1,1\n" * 38, "has 41 rows, the task has room for 40"),
    ),
)
def test_file__that_is_no_history__is_refused(tmp_path, text, problem):
    path = tmp_path / "shops.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=problem):
        Gram.parse(MODEL).read(path)
    if "room" in problem:
        assert len(Gram.parse(MODEL).read(path, links=2)) == len(Gram.parse(MODEL).read(path, training=False)) == 41


@pytest.mark.parametrize(
    ("asked", "problem"),
    (
        ({"features": ["tea", "tea"]}, "column 'tea' is there twice"),
        ({"leave_out": ["wine"]}, "column 'wine' is none of the items"),
        ({"features": ["tea"]}, "takes two to go together"),
    ),
)
def test_items__that_are_not_there__are_refused(tmp_path, asked, problem):
    path = tmp_path / "shops.csv"
    path.write_text(SHOPS)
    with pytest.raises(DataError, match=problem):
        Gram.describe(path, Request(40, **asked))


@pytest.mark.parametrize(
    "asked",
    (
        {"label": "tea"},
        {"missing": "mean"},
        {"categories": ["tea"]},
        {"steps": 2},
        {"settings": {"ridge": "0"}},
        {"settings": {"ridge": "nan"}},
        {"settings": {"ridge": "much"}},
        {"settings": {"hidden": "3"}},
    ),
)
def test_request__that_counting_has_no_use_for__is_refused(tmp_path, asked):
    path = tmp_path / "shops.csv"
    path.write_text(SHOPS)
    with pytest.raises(ConfigError):
        Gram.describe(path, Request(40, **asked))


def test_document__is_that_of_what_it_makes():
    assert Gram.parse(MODEL).document() == MODEL
    assert Gram.parse(MODEL) != Gram.parse(MODEL | {"ridge": "3"})
    assert Gram.parse(MODEL).with_salt_rows(3).document() == MODEL | {"salt_rows": 3}
    assert Gram.parse(MODEL).layout == (12, "tea", "milk", "bread")


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{path}-{i}" for i, (path, _) in enumerate(BAD)])
def test_document__that_is_wrong__is_refused(path, value):
    with pytest.raises(ValueError, match=r".+"):
        Gram.parse(changed(MODEL, path, value))
