"""`headwater challenger`: make those who withhold bytes, or posted what does not fit, answer for it."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import Real, chain_options, home_option, key_options, store_option


@click.group()
def command() -> None:
    """Make those who withhold bytes answer for it."""


@command.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--poll", type=Real(0.1, 3600), default=2.0, show_default=True, help="Seconds between looks.")
@chain_options
@key_options
@store_option
@home_option
def run(
    task_id: int,
    poll: float,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
) -> None:
    """Watch a task until it has ended: demand masked updates and models that cannot be fetched, and settle wrong masks.

    Each challenge takes the task's bond. Who shows what was demanded gets it; who does not loses stake, and the bond
    comes back. Anyone may challenge: it takes coin, and neither stake nor data.
    """
    from headwater.cli.run import run_role

    run_role(
        "challenger",
        task_id,
        store,
        rpc=rpc,
        deployments=deployments,
        network=network,
        keystore=keystore,
        home=home,
        poll_seconds=poll,
    )
