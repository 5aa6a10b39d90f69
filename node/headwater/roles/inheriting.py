"""What a task that starts from others' models takes over from their tasks: the kind of model, the columns, the terms.

Weights mean something only under the columns, means and deviations that they were trained with. So these are the
parents', and whatever else is named must say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from headwater.errors import ConfigError
from headwater.learners.learner import Learner
from headwater.roles.task import TaskReader
from headwater.roles.terms import Terms

TRAINING = ("rows", "steps", "learning_rate", "clip")
"""What of a request says how models are trained, and may be another than the parents'."""

MONEY = ("pool", "aggregator_fee")
"""What nobody pays without having said so."""


def inherited_learner(
    parents: Sequence[TaskReader], given: Mapping[str, Any], sample: Path | None = None, kind: str | None = None
) -> Learner:
    """The learner of a task whose first model is made of these tasks'.

    Args:
        given: fields of `Request` that somebody named, by name.
        sample: a file that must have the parents' columns, if one is named.
        kind: the kind that must be theirs, if one is named.

    Raises:
        ConfigError: the parents' models do not go together, or what is named is not theirs.
        DataError: the file has not their columns.
        ValueError: no circuit can be made for other rows, steps, rates or clips.
    """
    first, *others = parents
    for other in others:
        check_alike(first.learner, other.learner, f"tasks {first.id} and {other.id}")
    learner = first.learner
    hint = f"leave it out: columns and numbers are those of task {first.id}; or start a task of its own, without --from"
    if kind not in (None, learner.kind):
        raise ConfigError(f"the models of task {first.id} are of the kind {learner.kind!r}, not {kind!r}", hint)
    named = {name: value for name, value in given.items() if name not in TRAINING}
    if problem := learner.disagreement(named):
        raise ConfigError(f"this is not what task {first.id} has: {problem}", hint)
    if sample is not None:
        learner.read(sample, training=False)
    return learner.retrained({name: value for name, value in given.items() if name in TRAINING})


def check_alike(one: Learner, other: Learner, which: str) -> None:
    """Refuse models whose weights do not mean the same.

    which: whose they are, for the message.

    Raises:
        ConfigError: they do not.
    """
    theirs, ours = (other.kind, *other.layout), (one.kind, *one.layout)
    if theirs != ours:
        raise ConfigError(
            f"the models of {which} do not go together: kind, sizes and fractional bits are {ours} and {theirs}",
            "name models of the same shape: nothing was sent",
        )
    if different := [name for name, value in one.meaning.items() if other.meaning.get(name) != value]:
        raise ConfigError(
            f"the models of {which} do not go together: their {', '.join(different)} differ, so the same weight means"
            " another thing in each",
            "merge tasks that were made from one another with --from, or with the same columns: nothing was sent",
        )


def inherited_terms(task: TaskReader, **given: Any) -> Terms:
    """A task's terms, but for those that are given. Its pool is not taken over.

    Where a pool is given, and no aggregator's fee, that is the same share of a round's part as in the task.

    Args:
        given: fields of `Terms`, by name.

    Raises:
        ConfigError: the task is called like none could be.
    """
    config = task.config
    names = {field.name for field in fields(Terms)} - {"name", "description", *MONEY}
    theirs = {name: getattr(config, name) for name in names}
    if "stake" in given and "challenge_bond" not in given:
        theirs["challenge_bond"] = min(theirs["challenge_bond"], given["stake"])
    part = task.contracts.lens.get_task(task.id).pool.amount // config.rounds
    if part and given.get("pool"):
        theirs["aggregator_fee"] = config.aggregator_fee * (given["pool"] // given.get("rounds", config.rounds)) // part
    texts = {"name": task.manifest.name, "description": task.manifest.description}
    return Terms(**{**texts, **theirs, **given})
