"""Options that commands share. Each decorator says which parameters it passes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headwater.errors import ConfigError

if TYPE_CHECKING:
    from headwater.circuits.machines import Machines

F = TypeVar("F", bound=Callable[..., Any])
FOLDER = click.Path(file_okay=False, path_type=Path)


class Real(click.FloatRange):
    """A number in a range. What is no number is in no range, whatever comparisons say."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of a text."""
        number = float(super().convert(value, param, ctx))
        if number != number:
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class Setting(click.Option):
    """An option for what is a setting of nodes, too: its name is the setting's, and the environment sets both alike."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **{"show_envvar": True, **named})
        self.envvar = f"HEADWATER_{str(self.name).upper()}"

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ARG002
        """As settings read it; a list where the option takes several values, else such with commas between."""
        from headwater.cli.settings import environment_setting

        value = environment_setting(str(self.name))
        if isinstance(value, list) and not self.multiple:
            return ",".join(value)
        return Path(value).expanduser() if isinstance(value, str) and isinstance(self.type, click.Path) else value


def chain_options(command: F) -> F:
    """Passes `rpc: tuple[str, ...]`, `deployments: Path` and `network: str | None`."""
    rpc = click.option(
        "--rpc",
        cls=Setting,
        metavar="URL",
        multiple=True,
        default=("http://127.0.0.1:8545",),
        show_default="http://127.0.0.1:8545",
        help="The Ethereum node. Give several, the preferred first: whichever is in order is asked.",
    )
    deployments = click.option(
        "--deployments",
        cls=Setting,
        type=FOLDER,
        default=Path("deployments"),
        show_default=True,
        help="Where the addresses of contracts are recorded.",
    )
    network = click.option(
        "--network",
        cls=Setting,
        metavar="NAME",
        help="The deployment's name.  [default: anvil for chain 31337, else chain-ID]",
    )
    return rpc(deployments(network(command)))


def home_option(command: F) -> F:
    """Passes `home: Path`, made where it is missing, kept from other users, refused where they may change it."""
    option = click.option(
        "--home",
        cls=Setting,
        type=FOLDER,
        default=Path("~/.headwater"),
        show_default=True,
        callback=_home,
        help="Where circuits, caches and state are kept.",
    )
    return option(command)


def store_option(command: F) -> F:
    """Passes `store: str | None`; with `home`, `store_address` turns it into what storage opens."""
    option = click.option(
        "--store",
        cls=Setting,
        metavar="WHERE",
        help="Where documents lie: dir:FOLDER, kubo:ADDRESS, gateway:URL, pin:URL, or several with commas between."
        "  [default: dir:HOME/store]",
    )
    return option(command)


def identity_option(command: F) -> F:
    """Passes `identity: Path | None`."""
    option = click.option(
        "--identity",
        cls=Setting,
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file of your identity, as `headwater group join` makes it: for tasks that admit members of groups.",
    )
    return option(command)


def role_options(command: F) -> F:
    """Passes `task_id: int` and `poll_seconds: float`, and what `chain_options`, `key_options`, `home_option` pass."""
    task = click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
    poll = click.option(
        "--poll",
        "poll_seconds",
        cls=Setting,
        type=Real(0.1, 3600),
        default=2.0,
        show_default=True,
        help="Seconds between looks.",
    )
    return task(poll(chain_options(key_options(home_option(command)))))


def machine_options(command: F) -> F:
    """Passes `workers: int | None` and `dask: str | None`, for `machines_of` or as settings; None: as these say."""
    from headwater.cli.settings import MOST_WORKERS

    workers = click.option(
        "--workers",
        cls=Setting,
        type=click.IntRange(1, MOST_WORKERS),
        help="How many processes prove, or verify, at a time on this machine.  [default: 1]",
    )
    dask = click.option(
        "--dask",
        cls=Setting,
        metavar="ADDRESS",
        help="A Dask scheduler whose workers do that instead: tcp://127.0.0.1:PORT, or tls://HOST:PORT. Whoever runs it"
        " and its workers sees what is proved: name machines of your own alone.",
    )
    return workers(dask(command))


def machines_of(
    workers: int | None, dask: str | None, note: Callable[[str], None], *, is_believed: bool = False
) -> Machines:
    """The machines that these name. note: told of what is worth knowing of others. is_believed: see `Cluster`.

    Raises:
        ConfigError: there is no such scheduler, or it is no place for secrets.
    """
    from headwater.circuits.cluster import Cluster
    from headwater.circuits.machines import Here

    here = Here(workers or 1)
    return Cluster(dask, here, note, is_believed=is_believed) if dask else here


def key_options(command: F) -> F:
    """Passes `keystore: Path | None`, for `keys.load_key`."""
    option = click.option(
        "--keystore",
        cls=Setting,
        type=click.Path(dir_okay=False, path_type=Path),
        help="The account's keystore file. Its password is asked for, or read from the file that"
        " HEADWATER_PASSWORD_FILE names. Without a keystore, the key is taken from the file that"
        " HEADWATER_PRIVATE_KEY_FILE names, or from HEADWATER_PRIVATE_KEY.",
    )
    return option(command)


def store_address(store: str | None, home: Path) -> str:
    """The store that the user named, or the embedded one under `home`."""
    return store or f"dir:{home / 'store'}"


def make_home(value: Path) -> Path:
    """The folder of a node's state, made where it is missing.

    Raises:
        ConfigError: it cannot be made, or others may change it: what is cached there is run, deployed and proved with.
    """
    home = value.expanduser()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{home} cannot be made: {error.strerror}", "name another home") from error
    found = home.stat()
    if found.st_uid != os.geteuid():
        raise ConfigError(f"{home} belongs to another user", "name a folder of your own")
    shared_group = found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid  # else a group of the user alone
    if found.st_mode & stat.S_IWOTH or shared_group:
        raise ConfigError(f"{home} can be changed by other users", f"run `chmod go-w {home}`")
    return home


def _home(_context: click.Context, _option: click.Parameter, value: Path) -> Path:
    try:
        return make_home(value)
    except ConfigError as error:
        raise click.BadParameter(f"{error.message}: {error.hint}") from error
