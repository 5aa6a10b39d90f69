"""`headwater challenger`: make those who withhold bytes, or posted what does not fit, answer for it."""

from __future__ import annotations

from typing import Any

import click

from headwater.cli.options import role_options, store_option


@click.group()
def command() -> None:
    """Make those who withhold bytes answer for it."""


@command.command()
@role_options
@store_option
def run(task_id: int, store: str | None, **settings: Any) -> None:
    """Watch a task until it has ended: demand masked updates and models that cannot be fetched, and settle wrong masks.

    Each challenge takes the task's bond. Who shows what was demanded gets it; who does not loses stake, and the bond
    comes back. Anyone may challenge: it takes coin, and neither stake nor data.
    """
    from headwater.cli.run import run_role

    run_role("challenger", task_id, store, **settings)
