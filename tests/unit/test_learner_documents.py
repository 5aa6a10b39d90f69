"""What a manifest says of a learner: a stranger may have written it."""

from __future__ import annotations

import copy

import pytest

from headwater.errors import ConfigError, TaskError
from headwater.learners.learner import Request, find, names
from headwater.learners.linear import Linear
from headwater.protocol import documents
from headwater.roles.task import learner_of
from headwater.storage.manifests import TaskManifest
from tests.unit.test_documents_manifests import TASK, changed

LINEAR = {
    "loss": "logistic",
    "penalty": 0,
    "features": [{"name": "mean radius", "mean": "14.1273", "deviation": "3.52405"}],
    "intercept": True,
    "label": {"column": "diagnosis", "classes": ["malignant", "benign"]},
    "groups": [],
    "missing": "refuse",
    "unknown": "refuse",
    "fixed_point": {"data_bits": 6, "model_bits": 12, "clamp": "8"},
    "training": {"rows": 142, "salt_rows": 2, "steps": 1, "rate_shift": 7, "clip": "1"},
}
AMOUNT = {"column": "length", "mean": "1.5", "deviation": "0.25"}
BAD = (
    ("extra", 1),
    ("loss", "cosine"),
    ("penalty", -1),
    ("penalty", 1 << 24),
    ("features", []),
    ("features.0.mean", 14),
    ("features.0.mean", "14,1"),
    ("features.0.mean", "NaN"),
    ("features.0.deviation", "0"),
    ("features.0.deviation", "-1"),
    ("features.0.extra", "1"),
    ("features.0.name", "diagnosis"),
    ("features.0.name", "clear \x1b[2J"),
    ("features.0", {"name": "sex", "values": []}),
    ("features.0", {"name": "sex", "values": ["m", "m"]}),
    ("features.0", {"name": "sex", "values": ["m", "NA"]}),
    ("intercept", 1),
    ("label.classes", ["one"]),
    ("label.classes", ["one", "one"]),
    ("label", AMOUNT),
    ("label", {**AMOUNT, "deviation": "0"}),
    ("missing", "zero"),
    ("fixed_point.data_bits", "6"),
    ("fixed_point.data_bits", True),
    ("fixed_point.data_bits", 0),
    ("fixed_point.data_bits", 41),
    ("fixed_point.model_bits", 10**9),
    ("fixed_point.clamp", "1e400"),
    ("fixed_point.clamp", "0.5"),
    ("training.rate_shift", -1),
    ("training.salt_rows", 0),
    ("training.salt_rows", ...),
    ("training.rate_shift", 41),
    ("training.steps", 1001),
    ("training.rows", (1 << 24) + 1),
    ("training.clip", "1e9"),
)


@pytest.mark.parametrize(
    "changes",
    (
        {},
        *({"loss": loss, "label": AMOUNT} for loss in ("squared", "huber", "poisson")),
        {"loss": "hinge", "penalty": 12},
        {"features": [{"name": "sex", "values": ["f", "m"]}], "missing": "mean", "unknown": "none"},
        {"groups": [{"name": "sex", "values": ["f", "m"]}, {"name": "region", "values": ["north", "south", "west"]}]},
        {"label": {"column": "kind", "classes": ["a", "b", "c"]}},
    ),
)
def test_linear__of_its_document__says_the_same_document(changes):
    document = LINEAR | changes
    assert Linear.parse(document).document() == document
    assert Linear.parse(document) == Linear.parse(copy.deepcopy(document))
    assert Linear.parse(document) != Linear.parse(document | {"intercept": False})


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{path}-{i}" for i, (path, _) in enumerate(BAD)])
def test_linear__of_a_wrong_document__is_refused(path, value):
    with pytest.raises((ValueError, OverflowError)):
        Linear.parse(changed(LINEAR, path, value))
    manifest = TaskManifest.decode(documents.encode(TASK | {"model": changed(LINEAR, path, value)}))
    with pytest.raises(TaskError, match="manifest makes no sense"):
        learner_of(manifest)


def test_linear__of_more_columns_than_a_table_has__is_refused():
    columns = [{"name": f"x{number}", "mean": "0", "deviation": "1"} for number in range(10_001)]
    assert Linear.parse(LINEAR | {"features": columns[:-1]}).spec.features == 10_001
    with pytest.raises(ValueError, match="at most 10000 items"):
        Linear.parse(LINEAR | {"features": columns})


def test_learner__that_is_not_installed__is_refused_with_the_package_that_has_it():
    task = TASK | {"learner": {"kind": "wavelet", "package": "headwater-wavelet"}}
    with pytest.raises(TaskError, match="no package that is installed brings a learner 'wavelet'") as caught:
        learner_of(TaskManifest.decode(documents.encode(task)))
    assert "'headwater-wavelet' brings it. A name proves nothing" in caught.value.hint
    assert "install" not in caught.value.hint


def test_learners__that_are_installed__are_called_what_they_are_named():
    assert {"gram", "linear", "mlp"} <= set(names())
    for name in names():
        assert find(name).kind == name


def test_settings__that_a_learner_has_not__are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no setting 'depth'") as caught:
        Linear.sized(3, 2, Request(8, settings={"depth": "3"}))
    assert "loss, penalty" in caught.value.hint
    for settings, text in (({"loss": "cosine"}, "no loss is called"), ({"penalty": "-1"}, "is no number from 0")):
        with pytest.raises(ConfigError, match=text):
            Linear.sized(3, 2, Request(8, settings=settings))
    (tmp_path / "a.csv").write_text("x,y\n1,a\n2,b\n")
    with pytest.raises(ConfigError, match="predicts a column"):
        Linear.describe(tmp_path / "a.csv", Request(8))


def test_describe__an_amount__is_standardised_as_its_loss_takes_it(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("age,visits\n30,0\n40,3\n50,6\n")
    by_deviation = Linear.describe(path, Request(8, label="visits", settings={"loss": "huber"}))
    assert (str(by_deviation.columns.amount.mean), str(by_deviation.columns.amount.deviation)) == ("3", "2.44949")
    counts = Linear.describe(path, Request(8, label="visits", settings={"loss": "poisson", "penalty": "0.5"}))
    assert (str(counts.columns.amount.mean), str(counts.columns.amount.deviation)) == ("0", "3")
    assert counts.spec.penalty == 1 << (12 + 7 - 1)
    dataset = counts.read(path)
    assert dataset.labels == [[0], [64], [128]]
    zeros = [0] * counts.dimension
    assert counts.predict(zeros, dataset).rows == (("2.97656",),) * 3  # 3 x 0.9922: exp(0), in sixty-fourths
    assert str(counts.evaluate(zeros, dataset)) == "off by 2.008 on average over 3 labelled rows"
