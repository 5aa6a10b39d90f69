"""Networks: exact arithmetic and its bounds, floats beside it, what a model says, and its document."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headwater.errors import ConfigError
from headwater.learners.learner import Request
from headwater.learners.mlp import Mlp, MlpSpec, floating
from headwater.learners.mlp.statement import MlpUpdate
from headwater.protocol.fixedpoint import decode, rebase
from headwater.tables.data import Dataset
from scripts.benchmarks.learners import SIMULATIONS, simulate
from tests.unit.test_documents_manifests import changed

SHAPE = MlpSpec(rows=32, features=31, rate_shift=3, clip=512)
SMALL = MlpSpec(rows=4, features=3, outputs=2, units=2, steps=2, rate_shift=1, clip=512)
MODEL = {
    "hidden": 16,
    "error_bits": 10,
    "seed": 7,
    "features": [{"name": "mean radius", "mean": "14.1273", "deviation": "3.52405"}],
    "intercept": True,
    "label": {"column": "diagnosis", "classes": ["malignant", "benign"]},
    "groups": [],
    "missing": "refuse",
    "unknown": "refuse",
    "fixed_point": {"data_bits": 6, "model_bits": 12, "clamp": "8"},
    "training": {"rows": 32, "salt_rows": 2, "steps": 1, "rate_shift": 3, "clip": "0.125"},
}
BAD = (
    ("extra", 1),
    ("hidden", ...),
    ("hidden", 0),
    ("hidden", 1025),
    ("hidden", "16"),
    ("hidden", True),
    ("error_bits", 0),
    ("error_bits", 40),
    ("seed", -1),
    ("seed", 1 << 32),
    ("features", []),
    ("label", {"column": "length", "mean": "1.5", "deviation": "0.25"}),
    ("fixed_point.data_bits", 20),
    ("fixed_point.model_bits", 20),
    ("fixed_point.clamp", "0.5"),
    ("training.rows", 1 << 24),
    ("training.clip", "0"),
)


def drawn(spec, rows, seed, weight=2000):
    """Random weights, features and labels."""
    rng = random.Random(seed)
    weights = [rng.randint(-weight, weight) for _ in range(spec.dimension)]
    x = [[rng.randint(-spec.clamp, spec.clamp) for _ in range(spec.features)] for _ in range(rows)]
    return weights, x, [[rng.choice((-1, 1)) for _ in range(spec.outputs)] for _ in range(rows)]


def stepped(spec, weights, x, labels):
    """One step as the module's docstring says it, number by number; and the largest magnitude on the way."""
    f, h, o = spec.features, spec.units, spec.outputs
    v = [weights[i * h : (i + 1) * h] for i in range(f)]
    w = [weights[f * h + i * o : f * h + (i + 1) * o] for i in range(h)]
    g_v, g_w = [[0] * h for _ in range(f)], [[0] * o for _ in range(h)]
    met = []
    for row, label in zip(x, labels, strict=True):
        z = [4 * sum(row[i] * v[i][j] for i in range(f)) - 1 for j in range(h)]
        active = [2 * max(value, 0) for value in z]
        y = [sum(active[i] * w[i][j] for i in range(h)) for j in range(o)]
        e = [2 * min(max(value, -spec.half), spec.half) - 2 * spec.half * s for value, s in zip(y, label, strict=True)]
        r = [rebase(value, spec.error_shift) for value in e]
        back = [4 * (z[i] > 0) * sum(r[j] * w[i][j] for j in range(o)) for i in range(h)]
        met += [abs(value) + 2 for value in z] + [abs(value) + spec.half for value in y]
        for j in range(h):
            for i in range(f):
                g_v[i][j] += row[i] * back[j]
            for i in range(o):
                g_w[j][i] += active[j] * r[i]
    flat = [value for layer in (g_v, g_w) for line in layer for value in line]
    bits = [spec.rebase_bits - (index < f * h) for index in range(len(flat))]
    clips = [spec.clip << each for each in bits]
    met += [abs(value) + c for value, c in zip(flat, clips, strict=True)]
    moved = [rebase(2 * min(max(g, -c), c), j + 1) for g, c, j in zip(flat, clips, bits, strict=True)]
    return [weight - move for weight, move in zip(weights, moved, strict=True)], max(met)


@pytest.mark.parametrize("spec", (SMALL, replace(SHAPE, features=5, units=3, rows=8)))
def test_training__is_what_the_docstring_says__number_by_number(spec):
    for seed in range(20):
        weights, x, labels = drawn(spec, seed % spec.rows + 1, seed)
        expected = weights
        for _ in range(spec.steps):
            expected, _ = stepped(spec, expected, x, labels)
        assert spec.train(weights, x, labels) == expected
        padded = spec.rows - len(x)
        zeros = [[0] * spec.features] * padded, [[0] * spec.outputs] * padded
        assert spec.train(weights, x + zeros[0], labels + zeros[1]) == expected


@pytest.mark.parametrize("sign", (1, -1))
@pytest.mark.parametrize("spec", (SHAPE, SMALL, replace(SMALL, rate_shift=20), replace(SHAPE, outputs=3, features=4)))
def test_magnitude__bounds_whatever_is_met__at_the_limits_of_weights_and_features(spec, sign):
    weights = [sign * spec.weight_limit] * spec.dimension
    x = [[sign * spec.clamp] * spec.features] * spec.rows
    for labels in ([[1] * spec.outputs] * spec.rows, [[-1] * spec.outputs] * spec.rows):
        _, largest = stepped(spec, weights, x, labels)
        assert largest <= spec.magnitude < 1 << 53
        assert spec.step(weights, x, labels) == stepped(spec, weights, x, labels)[0]
    assert spec.magnitude < MlpUpdate.of(spec).decomposition_limit


def test_step__beyond_what_is_bounded__is_refused():
    weights, x, labels = drawn(SMALL, 4, 1)
    with pytest.raises(ValueError, match="a weight is beyond"):
        SMALL.step([SMALL.weight_limit + 1, *weights[1:]], x, labels)
    with pytest.raises(ValueError, match="a feature is beyond"):
        SMALL.step(weights, [[SMALL.clamp + 1, 0, 0], *x[1:]], labels)
    with pytest.raises(ValueError, match="5 rows do not fit"):
        SMALL.step(weights, [*x, x[0]], [*labels, labels[0]])
    with pytest.raises(ValueError, match="10 weights, not 9"):
        SMALL.step(weights[1:], x, labels)


@pytest.mark.parametrize(
    ("numbers", "text"),
    (
        ({"units": 0}, "units must be 1 to 1024"),
        ({"error_bits": 0}, "error_bits must be"),
        ({"seed": -1}, "seed must be"),
        ({"rows": 1 << 20}, "exact to 2"),
        ({"data_bits": 14, "clamp": 1 << 17}, "exact to 2"),
    ),
)
def test_numbers__that_cannot_be_proved__are_refused(numbers, text):
    with pytest.raises(ValueError, match=text):
        replace(SHAPE, **numbers)


def test_first_weights__are_everybodys__small__and_another_seeds_are_others():
    first = SHAPE.first_weights()
    assert first == replace(SHAPE, rows=8).first_weights()
    assert first[:4] == [635, 124, 115, -282]
    assert first != replace(SHAPE, seed=1).first_weights()
    hidden, output = SHAPE.layers(first, np.int64)
    assert (np.abs(hidden).max(), np.abs(output).max()) <= (4096 / 31**0.5, 4096 / 16**0.5)
    assert abs(hidden.mean()) < 50
    assert abs(hidden.std() - 4096 / (3 * 31) ** 0.5) < 30


def test_weight_limit__leaves_room_for_sixty_rounds_of_the_usual_clip():
    model = Mlp.sized(30, 2, Request(32))
    assert max(map(abs, model.first_weights())) + 60 * model.reach <= model.weight_limit


def test_update__is_within_two_units_of_floats():
    rng = np.random.default_rng(3)
    spec = SHAPE
    for seed in range(5):
        first = replace(spec, seed=seed).first_weights()
        reals = np.clip(np.concatenate([np.ones((32, 1)), rng.normal(size=(32, 30))], 1), -8, 8)
        labels = np.where(rng.normal(size=(32, 1)) > 0, 1, -1)
        reached = floating.real_weights(
            spec, spec.train(first, np.rint(reals * 64).astype(int).tolist(), labels.tolist())
        )
        rounded = np.rint(reals * 64) / 64
        expected = floating.train(spec, floating.real_weights(spec, first), rounded, labels.astype(float))
        deviation = max(np.abs(a - b).max() for a, b in zip(reached, expected, strict=True))
        assert deviation < decode(2, spec.model_bits)


@pytest.mark.parametrize("simulation", SIMULATIONS, ids=lambda s: s.name)
def test_held_out_accuracy__is_that_of_floats__and_above_a_linear_models_where_rows_are_not_linear(simulation):
    found = simulate(simulation)
    assert abs(found["accuracy"] - found["float"]) <= 0.01
    assert found["accuracy"] >= found["logistic"] + (0.04 if simulation.name == "digits" else -0.01)


def test_model__says_classes__by_exact_scores():
    model = Mlp.sized(2, 3, Request(4, settings={"hidden": "2", "seed": "5"}))
    weights, x, _ = drawn(model.spec, 4, 2)
    dataset = Dataset(x, [[1, -1, -1], [-1, 1, -1], [-1, -1, 1], []], [])
    hidden, output = floating.real_weights(model.spec, weights)
    said = model.scores(weights, dataset)
    assert np.allclose(said, floating.scores((hidden, output), np.array(x) / 64), atol=2**-16)
    predicted = model.predict(weights, dataset)
    assert predicted.header == ("y", "probability of 0", "probability of 1", "probability of 2")
    assert [row[0] for row in predicted.rows] == [str(int(np.argmax(z))) for z in said]
    assert model.evaluate(weights, dataset).rows == 3
    tensors = model.tensors(weights)
    assert {name: tensor.shape for name, tensor in tensors.items()} == {"hidden": (3, 2), "output": (2, 3)}
    assert model.layout == (3, 3, 12, 2)
    huge = [weight << 200 for weight in weights]  # a stranger's: no update leads there, and none is overflown
    assert [row[0] for row in model.predict(huge, dataset).rows] == [row[0] for row in predicted.rows]


def test_network__learns_what_no_line_separates():
    """The exclusive or, which logistic regression gets half right at best."""
    corners = [[64, a, b] for a in (-64, 64) for b in (-64, 64)]
    labels = [[1 if a != b else -1] for _, a, b in corners]
    spec = MlpSpec(rows=4, features=3, units=8, rate_shift=0, clip=512)
    weights = spec.first_weights()
    for _ in range(60):
        weights = spec.train(weights, corners, labels)
    found = Mlp.sized(2, 2, Request(4, settings={"hidden": "8"})).scores(weights, Dataset(corners, labels, []))
    assert [z > 0 for (z,) in found] == [label == 1 for (label,) in labels]
    assert LogisticRegression().fit(corners, np.ravel(labels)).score(corners, np.ravel(labels)) < 1


@pytest.mark.parametrize("changes", ({}, {"label": {"column": "kind", "classes": ["a", "b", "c"]}}, {"seed": 0}))
def test_document__is_that_of_what_it_makes(changes):
    document = MODEL | changes
    assert Mlp.parse(document).document() == document
    assert Mlp.parse(document) != Mlp.parse(document | {"seed": 8})
    assert Mlp.parse(document).with_salt_rows(9).salt_rows == 9


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{path}-{i}" for i, (path, _) in enumerate(BAD)])
def test_document__that_is_wrong__is_refused(path, value):
    with pytest.raises(ValueError, match=r".+"):
        Mlp.parse(changed(MODEL, path, value))


@pytest.mark.parametrize(
    "settings", ({"hidden": "0"}, {"hidden": "1e3"}, {"seed": "-1"}, {"seed": "4294967296"}, {"seed": "9" * 5000})
)
def test_settings__that_are_wrong__are_refused(settings):
    with pytest.raises(ConfigError, match="not a whole number from"):
        Mlp.sized(3, 2, Request(8, settings=settings))


def test_seed__is_no_part_of_the_circuit():
    assert Mlp.parse(MODEL).update_statement == Mlp.parse(MODEL | {"seed": 8}).update_statement


def test_described__from_a_file__tells_of_itself(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,a\n2,b\n3,a\n")
    model = Mlp.describe(path, Request(8, label="y", settings={"hidden": "3"}))
    assert Mlp.parse(model.document()) == model
    assert model.facts["model"] == "network, 3 hidden units, 9 weights, the first of them from seed 0"
    assert [name for name, _ in model.taken] == ["x", "y"]
    assert len(model.update(model.first_weights(), model.read(path))) == model.dimension == 9
