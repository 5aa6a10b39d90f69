"""`headwater deploy`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import Deployment
from headwater.chain.sending.sender import Sender
from headwater.cli.console import err, out
from headwater.cli.keys import load_key
from headwater.cli.options import chain_options, home_option, key_options


@click.command()
@chain_options
@key_options
@home_option
@click.option("--replace", is_flag=True, help="Forget contracts of other code that are recorded, with all their tasks.")
def command(
    rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None, home: Path, replace: bool
) -> None:
    """Deploy the contracts, and Semaphore with them, and record their addresses.

    Needs a clone of the repository, whose contracts are compiled. Where they stand already, there is nothing to do.
    """
    chain = connect(rpc)
    sender = Sender(chain, load_key(keystore))
    with err.status(f"Deploying to chain {chain.chain_id}"):
        deployed = deploy(sender, deployments, home, network, replace=replace)
    out.print(_table(deployed.deployment))
    folder = deployments / deployed.deployment.network
    out.print(f"Recorded in {folder}." if deployed.fresh else f"Nothing to do: they stand as recorded in {folder}.")


def _table(deployment: Deployment) -> Table:
    title = f"{deployment.network}, chain {deployment.chain_id}"
    table = Table("contract", box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column("address", no_wrap=True)
    table.add_column("bytes", justify="right")
    table.add_column("gas", justify="right")
    for name, record in sorted(deployment.records.items()):
        table.add_row(name, record.address, f"{record.code_size:,}", f"{record.gas_used:,}")
    return table
