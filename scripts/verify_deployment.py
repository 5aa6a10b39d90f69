"""Compare a deployment's records with the chain that they name.

    python scripts/verify_deployment.py --network NETWORK [--rpc URL] [--rebuild]

Code at every address, the transactions that put it there, the constructors' arguments, which contract knows which, and
what addresses.json says.
With --rebuild, this checkout's contracts are compiled too, and the code on chain compared with them byte for byte,
addresses included: then no record has to be believed. The exit code is 1 where anything differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.compile import compile_contracts
from headwater.chain.deploying.records import Deployment, network_name
from headwater.chain.deploying.verify import Check, listed, verify
from headwater.cli.console import CHECK, out
from headwater.cli.options import chain_options, home_option
from headwater.errors import HeadwaterError


@click.command(help=__doc__)
@chain_options
@home_option
@click.option("--rebuild", is_flag=True, help="Compile this checkout, and compare the code on chain with it.")
def main(rpc: tuple[str, ...], deployments: Path, network: str | None, home: Path, *, rebuild: bool) -> None:
    """Print a table of checks."""
    try:
        chain = connect(rpc)
        deployment = Deployment.load(network or network_name(chain.chain_id), deployments)
        compiled = compile_contracts(home) if rebuild else None
        checks = [*verify(deployment, chain, compiled), *listed(deployment, deployments)]
    except HeadwaterError as error:
        sys.exit(f"verify_deployment: {error.message}\n  {error.hint}")
    out.print(_table(deployment, checks), soft_wrap=True)
    failed = sum(not check.ok for check in checks)
    print(f"{len(checks) - failed} of {len(checks)} checks hold")
    sys.exit(bool(failed))


def _table(deployment: Deployment, checks: list[Check]) -> Table:
    title = f"{deployment.network}, chain {deployment.chain_id}"
    table = Table("", "contract", "check", "found", box=None, pad_edge=False, title=title, title_justify="left")
    for check in checks:
        table.add_row(CHECK if check.ok else Text("✗", style="red"), check.contract, check.what, check.detail)
    return table


if __name__ == "__main__":
    main()
