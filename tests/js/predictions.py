"""What the node's learners say about rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from headwater.learners import amounts, classes
from headwater.learners.gram.ease import item_weights, ranking
from headwater.learners.gram.learner import Gram, HitRate
from headwater.learners.tabular import Tabular
from headwater.tables.data import Dataset
from tests.js.learners import Case, manifest_of

Json = dict[str, Any]


def prediction_facts(case: Case) -> Json:
    """What the node predicts for every row of a file, and how good it says that the model is."""
    learner = case.learner
    dataset = learner.read(case.path, training=False)
    predictions, evaluation = (gram_facts if isinstance(learner, Gram) else table_facts)(learner, case.weights, dataset)
    return {
        "manifest": manifest_of(learner).encode().hex(),
        "weights": [str(weight) for weight in case.weights],
        "rows": [
            {"cells": cells, "encoded": [str(entry) for entry in encoded], **prediction}
            for cells, encoded, prediction in zip(case.rows, dataset.x, predictions, strict=True)
        ],
        "evaluation": evaluation,
    }


def table_facts(learner: Tabular, weights: list[int], dataset: Dataset) -> tuple[list[Json], Json]:
    """Of a learner from tables: classes with their probabilities, or amounts."""
    scores, columns, scale = learner.scores(weights, dataset), learner.columns, learner.columns.amount
    score = learner.evaluate(weights, dataset)
    assert score is not None
    kind = "class" if scale is None else "amount"
    if scale is None:
        found = [asdict(one) for one in classes.predict(columns, scores)]
    else:
        found = [{"value": amounts.amount_of(scale, value)} for value in learner.amounts(scores)]
    said = [{"kind": kind, "scores": list(z), **one} for z, one in zip(scores, found, strict=True)]
    return said, {"kind": kind, **{_camel(name): value for name, value in asdict(score).items()}}


def gram_facts(learner: Gram, weights: list[int], dataset: Dataset) -> tuple[list[Json], Json]:
    """Of a learner that counts: what is recommended, all of it."""
    learned = item_weights(learner.counts(weights), float(learner.ridge))
    said = []
    for row in np.array(dataset.x, dtype=np.float64):
        scores = row @ learned
        ranked = [{"name": learner.items[i], "score": float(scores[i])} for i in ranking(scores, row)]
        said.append({"kind": "items", "ranked": ranked})
    score = learner.evaluate(weights, dataset)
    assert isinstance(score, HitRate)
    names = {"rate": "hitRate", "popular_rate": "popularity"}
    return said, {"kind": "items", **{names.get(name, _camel(name)): value for name, value in asdict(score).items()}}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))
