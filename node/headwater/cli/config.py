"""`headwater config`: the settings of a node."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Check the settings of a node."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Read a file of settings and the environment as `headwater run` does, and show what follows from them."""
    import json

    from headwater.cli.settings import load_settings, shown

    for name, value in shown(load_settings(file)).items():
        click.echo(f"{name} = {json.dumps(value)}")
