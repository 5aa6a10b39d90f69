"""`headwater attest`: prove how good a task's models are on rows held out from training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headwater.cli.options import machine_options, role_options, store_option

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("attest")
@click.option(
    "--data",
    required=True,
    type=FILE,
    help="A CSV file of rows that nobody trains on, with the columns that `headwater task show` lists. It is read here"
    " and never sent, but to machines that --dask names.",
)
@click.option("--once", is_flag=True, help="Register, attest to the models that there are, and end.")
@role_options
@store_option
@machine_options
def command(task_id: int, store: str | None, data: Path, once: bool, **settings: Any) -> None:
    """Prove how good a task's models are on rows held out from training, and record it on chain.

    The rows are registered now, by a commitment; of each model that comes later it is proved how often it is right on
    them, and recorded, until the task has ended. Nothing else of the rows becomes public. Started again with the same
    file and key, it goes on where the chain says it is.
    """
    from headwater.cli.run import run_role

    run_role("attester", task_id, store, held_out={task_id: data}, once=once, **settings)
