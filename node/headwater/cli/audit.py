"""`headwater audit`: verify a task's whole history again, trusting no node and no contract's word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from headwater.cli.console import err, out
from headwater.cli.options import chain_options, home_option, store_address, store_option

if TYPE_CHECKING:
    from headwater.reading.audit import Check

MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "yellow")}


@click.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@chain_options
@store_option
@home_option
def command(
    task_id: int, rpc: tuple[str, ...], deployments: Path, network: str | None, store: str | None, home: Path
) -> None:
    """Verify a task from its config to its newest model: every proof, sum, average, verifier and document.

    ✓ holds, ✗ does not, ? could not be checked. Exit code 1 where anything does not hold.
    """
    from rich.text import Text
    from rich.tree import Tree

    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.errors import TaskError
    from headwater.reading.audit import audit
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id)
    checks: list[Check] = []
    with err.status("Rebuilding the circuits"):
        for section in audit(task):
            tree = Tree(Text.assemble(_verdict(section.checks), " ", (section.title, "bold")))
            for check in section.checks:
                detail = f"  {check.detail}" if check.detail else ""
                tree.add(Text.assemble(MARKS[check.ok], f" {check.name}", (detail, "dim")))
            out.print(tree)
            checks += section.checks
    broken = [check for check in checks if check.ok is False]
    unchecked = sum(check.ok is None for check in checks)
    out.print(f"{len(checks)} checks: {len(broken)} broken, {unchecked} could not be made")
    if broken:
        raise TaskError(
            f"task {task_id} is not what it says: {broken[0].name}", "do not use its models, and tell the others"
        )


def _verdict(checks: list[Check]) -> tuple[str, str]:
    found = {check.ok for check in checks}
    return MARKS[False if False in found else None if None in found else True]
