"""`headwater trainer`: take part in a task with data that stay here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headwater.cli.options import identity_option, machine_options, role_options, store_option
from headwater.protocol.machine.terms import MAX_LINKS


@click.group()
def command() -> None:
    """Train on data that stay here, and prove it."""


@command.command()
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with the columns that `headwater task show` lists. It is read here and never sent, but to machines"
    " that --dask names.",
)
@click.option(
    "--pool",
    "pool_id",
    type=click.IntRange(1),
    help="In the place of a file: a pool of this account's, which `headwater pool close` has closed.",
)
@role_options
@identity_option
@click.option(
    "--quiet-until",
    type=click.IntRange(1, MAX_LINKS),
    help="In a task with receipts, synchronize after so many parts of the data at the latest."
    "  [default: as many as the task allows]",
)
@click.option(
    "--keep-stake", is_flag=True, help="Having left the task, leave the account's free stake for other tasks."
)
@store_option
@machine_options
def run(
    task_id: int,
    store: str | None,
    data: Path | None,
    pool_id: int | None,
    quiet_until: int | None,
    **settings: Any,
) -> None:
    """Enrol, then train, prove and submit in every round until the task has ended; then collect, claim and withdraw.

    Where a task admits members of groups only, --identity names the identity that is one; the proof of it says neither
    which member nor which account an admin has added. Enrol from an account that nobody connects with you.

    The file and the task are checked before anything is staked or sent. Started again with the same file and key, it
    goes on where the chain says it is. But keep it running while it is on a round's roster: a trainer that joins and
    does not submit and mask loses some of its stake, and one that does not answer a challenge loses its seat.
    """
    from headwater.cli.run import run_role

    if quiet_until is not None:
        settings["quiet_until"] = quiet_until
    if (data is None) == (pool_id is None):
        raise click.UsageError("name the data: --data FILE, or --pool for the rows of a pool")
    run_role(
        "trainer",
        task_id,
        store,
        data={task_id: data} if data else None,
        pools={task_id: pool_id} if pool_id else None,
        **settings,
    )


@command.command()
@role_options
def leave(**settings: Any) -> None:
    """Leave a task before its end, and take stake and rewards home. Neither data nor store are needed.

    The account takes no seat from now on. Where it has one in a running round and can still train, leave after that
    round: this command does nothing for it, and an absence costs stake. It ends when the unbonding time has passed and
    all is paid out; started again, it goes on.
    """
    from headwater.cli.run import leave_task

    leave_task(**settings)
