"""`headwater trainer`: take part in a task with data that stay here."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import Real, chain_options, home_option, key_options, store_option


@click.group()
def command() -> None:
    """Train on data that stay here, and prove it."""


@command.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with the columns that `headwater task show` lists. It is read here and never sent.",
)
@click.option("--poll", type=Real(0.1, 3600), default=2.0, show_default=True, help="Seconds between looks.")
@click.option(
    "--keep-stake", is_flag=True, help="Having left the task, leave the account's free stake for other tasks."
)
@chain_options
@key_options
@store_option
@home_option
def run(
    task_id: int,
    data: Path,
    poll: float,
    keep_stake: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
) -> None:
    """Enrol, then train, prove and submit in every round until the task has ended; then collect, claim and withdraw.

    The file and the task are checked before anything is staked or sent. Started again with the same file and key, it
    goes on where the chain says it is. But keep it running while it is on a round's roster: a trainer that joins and
    does not submit and mask loses some of its stake, and one that does not answer a challenge loses its seat.
    """
    from headwater.cli.run import run_role

    run_role(
        "trainer",
        task_id,
        store,
        rpc=rpc,
        deployments=deployments,
        network=network,
        keystore=keystore,
        home=home,
        poll_seconds=poll,
        data={task_id: data},
        keep_stake=keep_stake,
    )


@command.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--poll", type=Real(0.1, 3600), default=2.0, show_default=True, help="Seconds between looks.")
@chain_options
@key_options
@home_option
def leave(
    task_id: int,
    poll: float,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    home: Path,
) -> None:
    """Leave a task before its end, and take stake and rewards home. Neither data nor store are needed.

    The account takes no seat from now on. Where it has one in a running round and can still train, leave after that
    round: this command does nothing for it, and an absence costs stake. It ends when the unbonding time has passed and
    all is paid out; started again, it goes on.
    """
    from headwater.cli.run import leave_task

    leave_task(task_id, rpc, deployments, network, keystore, home, poll)
