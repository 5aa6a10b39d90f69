"""`headwater aggregator`: average the updates of a task's rounds, prove it, and earn the fee."""

from __future__ import annotations

from typing import Any

import click

from headwater.cli.options import machine_options, role_options, store_option


@click.group()
def command() -> None:
    """Average updates and prove it."""


@command.command()
@role_options
@click.option(
    "--keep-stake", is_flag=True, help="After the task's end, leave the account's free stake for other tasks."
)
@store_option
@machine_options
def run(task_id: int, store: str | None, **settings: Any) -> None:
    """Post the proved average of every round until the task has ended; then collect, withdraw and claim.

    Anyone may aggregate, and several may: the first valid average wins the round's fee. Posting one locks as much stake
    as a trainer's, until the challenge period is over: keep this running meanwhile, to answer who demands the bytes.
    """
    from headwater.cli.run import run_role

    run_role("aggregator", task_id, store, **settings)
