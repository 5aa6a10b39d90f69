"""`headwater aggregator`: average the updates of a task's rounds, prove it, and earn the fee."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import Real, chain_options, home_option, key_options, store_option


@click.group()
def command() -> None:
    """Average updates and prove it."""


@command.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--poll", type=Real(0.1, 3600), default=2.0, show_default=True, help="Seconds between looks.")
@click.option(
    "--keep-stake", is_flag=True, help="After the task's end, leave the account's free stake for other tasks."
)
@chain_options
@key_options
@store_option
@home_option
def run(
    task_id: int,
    poll: float,
    keep_stake: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
) -> None:
    """Post the proved average of every round until the task has ended; then collect, withdraw and claim.

    Anyone may aggregate, and several may: the first valid average wins the round's fee. Posting one locks as much stake
    as a trainer's, until the challenge period is over: keep this running meanwhile, to answer who demands the bytes.
    """
    from headwater.cli.run import run_role

    run_role(
        "aggregator",
        task_id,
        store,
        rpc=rpc,
        deployments=deployments,
        network=network,
        keystore=keystore,
        home=home,
        poll_seconds=poll,
        keep_stake=keep_stake,
    )
