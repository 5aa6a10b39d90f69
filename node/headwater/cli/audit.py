"""`headwater audit`: verify a task's whole history again, trusting no node and no contract's word."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import err, out
from headwater.cli.options import chain_options, home_option, machine_options, machines_of, store_address, store_option

if TYPE_CHECKING:
    from rich.tree import Tree

    from headwater.reading.audit import Check, Section

MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "yellow")}


@click.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--only", is_flag=True, help="Not the tasks that its first model is made of.")
@chain_options
@store_option
@home_option
@machine_options
def command(
    task_id: int,
    only: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
    workers: int | None,
    dask: str | None,
) -> None:
    """Verify a task from its config to its newest model: every proof, sum, average, verifier and document.

    And every task that its first model is made of, to the roots, each once.

    With several workers, their proofs are verified side by side. Those of --dask are believed when they accept one: the
    audit says so. What they refuse is looked at again here.

    ✓ holds, ✗ does not, ? could not be checked. Exit code 1 where anything does not hold.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.errors import TaskError
    from headwater.reading.audit import audit, audit_ancestors
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    machines = machines_of(workers, dask, lambda text: err.print(Text(text, "yellow")), is_believed=True)
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id, machines=machines)
    found: dict[int, list[Check]] = {}
    with err.status("Rebuilding the circuits"):
        own = ((task_id, section) for section in audit(task))
        for of, section in own if only else chain(own, audit_ancestors(task)):
            out.print(_tree(section))
            found.setdefault(of, []).extend(section.checks)
    if len(found) > 1:
        out.print(_by_task(found))
    checks = [check for of in found.values() for check in of]
    unchecked = sum(check.ok is None for check in checks)
    broken = [(of, check) for of, own_checks in found.items() for check in own_checks if check.ok is False]
    tasks = f" of {len(found)} tasks" if len(found) > 1 else ""
    out.print(f"{len(checks)} checks{tasks}: {len(broken)} broken, {unchecked} could not be made")
    if broken:
        of, check = broken[0]
        others = "" if of == task_id else f", and task {task_id} is made of it"
        raise TaskError(
            f"task {of} is not what it says: {check.name}{others}", "do not use its models, and tell the others"
        )


def _tree(section: Section) -> Tree:
    from rich.tree import Tree

    tree = Tree(Text.assemble(_verdict(section.checks), " ", (section.title, "bold")))
    for check in section.checks:
        detail = f"  {check.detail}" if check.detail else ""
        tree.add(Text.assemble(MARKS[check.ok], f" {check.name}", (detail, "dim")))
    return tree


def _by_task(found: dict[int, list[Check]]) -> Table:
    """How many checks held, task by task."""
    table = Table("", "task", "checks", "broken", "could not be made", title="the lineage", title_justify="left")
    for task_id, checks in found.items():
        counts = (len(checks), sum(c.ok is False for c in checks), sum(c.ok is None for c in checks))
        table.add_row(Text.assemble(_verdict(checks)), str(task_id), *map(str, counts))
    return table


def _verdict(checks: list[Check]) -> tuple[str, str]:
    found = {check.ok for check in checks}
    return MARKS[False if False in found else None if None in found else True]
