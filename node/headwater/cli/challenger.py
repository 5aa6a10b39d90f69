"""`headwater challenger`: make those who withhold bytes, or posted what does not fit, answer for it."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import Real, chain_options, home_option, key_options, store_address, store_option
from headwater.cli.progress import log_report


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
    from headwater.chain.contracts import open_contracts
    from headwater.chain.rpc import connect
    from headwater.chain.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.roles.challenger import Challenger
    from headwater.roles.loop import run as run_role
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    report = log_report("challenger")
    contracts = open_contracts(connect(rpc), deployments, network)
    key = load_key(keystore)
    opened = open_store(store_address(store, home))
    opened.check()
    task = open_task(contracts, opened, home, task_id, check_model=False)
    task.check_circuits(report)
    run_role(Challenger(task, Sender(contracts.chain, key), report), report, poll)
