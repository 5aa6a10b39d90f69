"""`headwater key`: the keys of accounts, each in an encrypted file under HOME/keystores."""

from __future__ import annotations

from pathlib import Path

import click

from headwater.cli.options import home_option


@click.group()
def command() -> None:
    """Create, import and list the keys of accounts.

    Passwords are asked for, or read from the file that HEADWATER_PASSWORD_FILE names.
    """


@command.command()
@home_option
def create(home: Path) -> None:
    """Make a new key. Back up its file and its password: nobody can restore either."""
    from eth_account import Account

    from headwater.cli.keys import ask_password, write_keystore

    account = Account.create()
    _say(account.address, write_keystore(home, account, ask_password("New password", confirm=True)))


@command.command(name="import")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of nothing but the key, 64 hex digits. Without it, the key is asked for.",
)
@home_option
def import_(file: Path | None, home: Path) -> None:
    """Put a key that you have into a file of its own. It is never taken from the command line, which others can see."""
    from headwater.cli.keys import ask_password, read_key, write_keystore

    account = read_key(file)
    _say(account.address, write_keystore(home, account, ask_password("New password", confirm=True)))


@command.command(name="list")
@home_option
def list_(home: Path) -> None:
    """Each account and its file."""
    from headwater.cli.keys import keystores

    found = keystores(home)
    for path in found:
        click.echo(f"{path.stem}  {path}")
    if not found:
        click.echo("There is none yet: `headwater key create` makes one.", err=True)


def _say(address: str, path: Path) -> None:
    click.echo(address)
    click.echo(f"Its key is in {path}: sign with --keystore {path}", err=True)
