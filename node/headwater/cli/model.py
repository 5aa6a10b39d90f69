"""`headwater model`: use what tasks have trained. Needs no prover."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from headwater.cli.console import CHECK, err, out
from headwater.cli.options import chain_options, home_option, store_address, store_option
from headwater.foreign import plain
from headwater.tables.table import parse_number

if TYPE_CHECKING:
    from headwater.learners.learner import Predictions
    from headwater.roles.task import TaskReader

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet computes; unless it is a number."""

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Pull, verify and apply models."""


def _read_task(
    task_id: int, rpc: tuple[str, ...], deployments: Path, network: str | None, store: str | None, home: Path
) -> TaskReader:
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.roles.task import read_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    return read_task(contracts, open_store(store_address(store, home)), task_id)


@command.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--round", "round_", type=click.IntRange(0), help="The round that made the model.  [default: the newest]")
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("model"), show_default=True
)
@chain_options
@store_option
@home_option
def pull(
    task_id: int,
    round_: int | None,
    folder: Path,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
) -> None:
    """Fetch a model, check it against the chain, and keep it in a folder."""
    from headwater.reading.models import pull as pull_model

    task = _read_task(task_id, rpc, deployments, network, store, home)
    models = task.contracts.models
    pulled = pull_model(task, models.latest(task_id) if round_ is None else models.get_model(task_id, round_), folder)
    facts = pulled.provenance
    out.print(
        CHECK,
        f"task {task_id}, round {facts['round']}, average of {facts['trainers']} proved updates:"
        f" these weights are the contract's model {facts['model_hash']}",
        soft_wrap=True,
    )
    out.print(str(folder), soft_wrap=True)


@command.command()
@click.argument("folder", type=FOLDER)
@chain_options
@store_option
@home_option
def verify(
    folder: Path, rpc: tuple[str, ...], deployments: Path, network: str | None, store: str | None, home: Path
) -> None:
    """Check the model in FOLDER against the chain: exit code 1 where it is not what the contract accepted."""
    from headwater.errors import ConfigError
    from headwater.reading.models import load
    from headwater.reading.models import verify as verify_model

    pulled = load(folder)
    task_id = pulled.provenance.get("task_id")
    if not isinstance(task_id, int) or task_id < 1:
        raise ConfigError(f"{folder} does not say of which task it is", "pull the model again")
    model = verify_model(_read_task(task_id, rpc, deployments, network, store, home), pulled)
    out.print(
        CHECK,
        f"the registry has this model as round {model.round} of task {task_id}, and these are its weights",
        soft_wrap=True,
    )


@command.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with the task's columns; where it has labels, they are compared.",
)
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path), help="A CSV file.  [default: stdout]")
def predict(folder: Path, data: Path, target: Path | None) -> None:
    """Apply the pulled model in FOLDER to the rows of a CSV file."""
    from headwater.errors import ConfigError
    from headwater.reading.models import load

    pulled = load(folder)
    dataset = pulled.learner.read(data, training=False)
    for warning in dataset.warnings:
        err.print(Text("note", style="yellow"), warning, soft_wrap=True)
    said = pulled.learner.predict(pulled.weights, dataset)
    if target is None:
        _write(said, sys.stdout)
    else:
        try:
            with target.open("w", newline="", encoding="utf-8") as file:
                _write(said, file)
        except OSError as error:
            raise ConfigError(
                f"{target} cannot be written: {error.strerror}", "name another file with --out"
            ) from error
    if score := pulled.learner.evaluate(pulled.weights, dataset):
        err.print(str(score))


def _write(said: Predictions, file: object) -> None:
    writer = csv.writer(file, lineterminator="\n")  # type: ignore[arg-type]
    for row in (said.header, *said.rows):
        writer.writerow(map(_cell, row))


def _cell(text: str) -> str:
    """A text as a cell that every spreadsheet takes for a text, or for the number that it is."""
    shown = plain(text)
    if not shown.lstrip().startswith(FORMULA):
        return shown
    try:
        parse_number(shown)
    except ValueError:
        return "'" + shown
    return shown
