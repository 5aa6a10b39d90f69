"""`headwater merge`: search for the coefficients that merge models best. Needs no prover, and sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import err, out
from headwater.cli.options import chain_options, home_option, store_address, store_option
from headwater.cli.values import PARENT

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.learners.learner import Learner
    from headwater.reading.ancestry import ModelId
    from headwater.reading.merging import Found, Interval, Recipe, Search
    from headwater.storage.store import ContentStore

FEW = 200
"""Rows to report on, below which a difference of some percent cannot be told from chance."""


@click.group()
def command() -> None:
    """Search for the coefficients that merge models best."""


@command.command()
@click.option(
    "--from",
    "parents",
    type=PARENT,
    multiple=True,
    required=True,
    help="A model to merge: ROUND is a number or `latest`. Two or more.",
)
@click.option(
    "--validation",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with labelled rows that nobody trained on. They stay here.",
)
@click.option(
    "--seed", type=click.IntRange(1, 2**31), default=1, show_default=True, help="Of the split and the search."
)
@click.option(
    "--evaluations",
    type=click.IntRange(1, 100_000),
    default=300,
    show_default=True,
    help="How many models the evolutionary search scores.",
)
@chain_options
@store_option
@home_option
def search(
    parents: tuple[tuple[int, int | None, int], ...],
    validation: Path,
    seed: int,
    evaluations: int,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
) -> None:
    """Compare the uniform mean of models with searched coefficients, on rows that were not searched on.

    Each candidate is scored as the very integer model that the contract would have. What is printed last are the words
    to create a task with.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.reading.merging import search as search_for
    from headwater.storage.opening import open_store

    if any(coefficient != 1 for *_, coefficient in parents):
        raise click.UsageError("coefficients are what is searched for: name models alone, such as --from 3:5")
    contracts = open_contracts(connect(rpc), deployments, network)
    ids = [(task, contracts.models.latest(task).round if of is None else of) for task, of, _ in parents]
    learner, models = _models(contracts, open_store(store_address(store, home)), ids)
    rows = learner.read(validation, training=False)
    with err.status("Searching"):
        found = search_for(learner, models, rows, seed=seed, evaluations=evaluations)
    out.print(_table(found))
    for text in _remarks(found):
        out.print(text, soft_wrap=True)
    for each in found.found:
        style = "bold" if each is found.advice else ""
        out.print(Text(f"{each.recipe.name}:", style=style), _words(each.recipe, ids), soft_wrap=True)


def _models(contracts: Contracts, store: ContentStore, ids: Sequence[ModelId]) -> tuple[Learner, list[list[int]]]:
    """The models' weights, verified, and the learner of all of them."""
    from headwater.roles.inheriting import check_alike
    from headwater.roles.task import read_task

    tasks = {task_id: read_task(contracts, store, task_id) for task_id in dict.fromkeys(task for task, _ in ids)}
    first, *others = tasks.values()
    for other in others:
        check_alike(first.learner, other.learner, f"tasks {first.id} and {other.id}")
    models = [tasks[task].weights(contracts.models.get_model(task, round_)) for task, round_ in ids]
    return first.learner, models


def _table(found: Search) -> Table:
    searched, reported = found.rows
    table = Table(
        "", "coefficients", f"on the {searched} rows searched on", f"on {reported} other rows", "minus uniform"
    )
    table.title = f"{found.score}, with 95% intervals; {found.evaluations} models were scored"
    table.title_justify = "left"
    percent = found.score == "accuracy"
    for each in found.found:
        recipe = each.recipe
        numbers = ", ".join(map(str, recipe.coefficients))
        against = _interval(each.against, percent, sign="+") if each.against else ""
        style = "bold" if each is found.advice else ""
        row = (f"({numbers}) / {recipe.divisor}", _number(each.searched, percent), _interval(each.reported, percent))
        table.add_row(recipe.name, *row, against, style=style)
    return table


def _remarks(found: Search) -> list[str]:
    """What the numbers say, and do not."""
    searched = [each for each in found.found if each.recipe.name in ("validation", "evolutionary")]
    vain = [each.recipe.name for each in searched if not each.better]
    told = []
    if found.rows[1] < FEW:
        told.append(
            f"{found.rows[1]} rows are few: a search finds the noise of those it sees, and differences within the"
            " intervals are chance. The column of the rows searched on is no measure of anything."
        )
    if vain:
        told.append(f"Not shown to be better than the uniform mean: {', '.join(vain)}.")
    told.append(f"Advice: {_advice(found.advice)}.")
    return told


def _advice(advised: Found) -> str:
    name = advised.recipe.name
    if name == "uniform":
        return "merge uniformly, since nothing was shown to be better"
    return f"{name}, better than the uniform mean by more than chance explains, on rows like these"


def _words(recipe: Recipe, ids: Sequence[ModelId]) -> str:
    """How to create a task that starts from it."""
    used = [(model, a) for model, a in zip(ids, recipe.coefficients, strict=True) if a]
    models = " ".join(f"--from {task}:{round_}={a}" for (task, round_), a in used)
    return f"headwater task create {models} --divisor {recipe.divisor}"


def _number(value: float, percent: bool, sign: str = "") -> str:
    return f"{100 * value:{sign}.1f}%" if percent else f"{value:{sign}.4g}"


def _interval(interval: Interval, percent: bool, sign: str = "") -> str:
    low, high = _number(interval.low, percent, sign), _number(interval.high, percent, sign)
    return f"{_number(interval.value, percent, sign)} [{low}, {high}]"
