"""`headwater doctor`: whether all that a node needs is in order, and what to do where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from rich.table import Table
from rich.text import Text

from headwater.cli.console import err, out
from headwater.cli.options import FOLDER, Setting, chain_options, key_options, store_option

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.cli.settings import NodeSettings
    from headwater.reading.health import Check

STYLES = {"✓": "green", "!": "yellow", "✗": "red"}


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="HEADWATER_CONFIG",
    show_envvar=True,
    help="The settings of `headwater run`: they name all else.",
)
@click.option("--task", "task_ids", type=click.IntRange(1), multiple=True, help="A task to take part in.")
@click.option(
    "--data",
    "files",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="A file of data to train on.",
)
@chain_options
@key_options
@store_option
@click.option(
    "--home",
    cls=Setting,
    type=FOLDER,
    default=Path("~/.headwater"),
    show_default=True,
    help="Where circuits, caches and state are kept.",
)
@click.pass_context
def command(
    context: click.Context,
    config: Path | None,
    task_ids: tuple[int, ...],
    files: tuple[Path, ...],
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
) -> None:
    """Check all that a node needs: nodes, contracts, account, stores, tasks, files, this machine.

    What no option names is as the environment says, as for `headwater run`.

    Exit code 1 where something failed, with what to do; warnings leave it at 0. No transaction is sent. The keystore is
    opened where HEADWATER_PASSWORD_FILE names its password; nothing is asked for.
    """
    from headwater.cli.settings import load_settings
    from headwater.errors import ConfigError
    from headwater.reading import health

    options = {"rpc": rpc, "deployments": deployments, "network": network, "keystore": keystore, "tasks": task_ids}
    options |= {"home": home.expanduser(), "store": (store,) if store else ()}
    sources = {name: context.get_parameter_source("task_ids" if name == "tasks" else name) for name in options}
    given = {name: options[name] for name, source in sources.items() if source is ParameterSource.COMMANDLINE}
    if config and (given or files):
        raise click.UsageError(
            f"--config names it all: leave out what gives {', '.join([*given, *['data'] * bool(files)])}"
        )
    try:
        settings = load_settings(config)
    except ConfigError as error:
        _show("settings", [health.failure("settings", error)])
        out.print("Nothing else was checked: it is the settings that say what to check.")
        context.exit(1)
    daemon = config is not None or bool(settings.model_fields_set & {"roles", "tasks", "data", "pools"})
    settings = settings.model_copy(update=given)
    training = (*settings.data, *settings.pools) if daemon else task_ids
    verdicts = []
    for title, checks in _sections(settings, [*files, *settings.data.values()], training, daemon=daemon):
        _show(title, checks)
        verdicts += [check.verdict for check in checks]
    failures, warnings = (verdicts.count(kind) for kind in (health.Verdict.FAILED, health.Verdict.WARNING))
    out.print(f"\n{len(verdicts)} checks: {failures} failed, {warnings} to be looked at")
    if failures:
        context.exit(1)


def _sections(
    settings: NodeSettings, files: list[Path], training: tuple[int, ...], *, daemon: bool
) -> Iterator[tuple[str, list[Check]]]:
    """Title and checks, one section after the other: each waits for what it asks.

    training: the tasks to train in. daemon: whether all this is for `headwater run`, which must have an account.
    """
    from headwater.reading import health
    from headwater.storage.opening import split

    machines = [health.check_machines(settings.dask)] if settings.dask else []
    yield "this machine", [*health.check_versions(), *machines]
    yield "files", _files(settings, files, daemon=daemon)
    with err.status("Asking nodes"):
        nodes = health.check_nodes(settings.rpc, settings.chain_id)
        contracts, chain = _contracts(settings, nodes)
    yield "chain", [*nodes, *chain]
    if contracts:
        yield "account", _account(settings, contracts, training, daemon=daemon)
    with err.status("Trying stores"):
        stores = [health.check_store(spec) for spec in split(settings.store_spec)]
    yield "stores", stores
    ids = sorted({*settings.tasks, *settings.data, *settings.pools})
    if contracts and ids:
        with err.status("Looking at tasks"):
            checks = _tasks(settings, contracts, ids)
        yield "tasks", checks


def _files(settings: NodeSettings, files: list[Path], *, daemon: bool) -> list[Check]:
    from headwater.cli.keys import KEY_FILE, PASSWORD_FILE
    from headwater.reading import health

    private = {"keystore": settings.keystore} if settings.keystore else {}
    named = {"password": os.environ.get(PASSWORD_FILE), "key": os.environ.get(KEY_FILE)}
    private |= {name: Path(path) for name, path in named.items() if path}
    checks = [health.check_home(settings.home), health.check_limits(settings.limits)]
    checks += [health.check_private_file(name, path) for name, path in private.items()]
    if daemon and settings.keystore and "password" not in private:
        hint = f"name a file with it in {PASSWORD_FILE}, if nobody is there to type it"
        checks.append(health.warning("password", "it will be asked for when the node starts", hint))
    if settings.keystore and "password" in private:
        checks.append(_opened(settings.keystore))
    return checks + [health.check_private_file("data", path) for path in files]


def _opened(keystore: Path) -> Check:
    """Whether the password opens the keystore, and it holds the key of the account that it names."""
    from headwater.cli.account import account_of
    from headwater.cli.keys import load_key
    from headwater.errors import ConfigError
    from headwater.reading import health

    try:
        opened, named = load_key(keystore).address, account_of(keystore)
    except ConfigError as error:
        return health.failure("keystore", error)
    if opened != named:
        text = f"{keystore} names {named}, and holds the key of {opened}"
        return health.failed("keystore", text, "restore the file from its backup")
    return health.ok("keystore", f"its password opens it: {opened}")


def _contracts(settings: NodeSettings, nodes: list[Check]) -> tuple[Contracts | None, list[Check]]:
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.errors import HeadwaterError
    from headwater.reading import health

    if any(check.name == "node" and check.verdict is health.Verdict.FAILED for check in nodes):
        return None, [health.warning("contracts", "not looked at", "mend what failed above")]
    try:
        contracts = open_contracts(connect(settings.rpc, settings.chain_id), settings.deployments, settings.network)
    except HeadwaterError as error:
        return None, [health.failure("contracts", error)]
    text = f"the recorded code stands at all addresses, since block {contracts.tasks.start_block:,}"
    return contracts, [health.ok("contracts", text)]


def _account(settings: NodeSettings, contracts: Contracts, training: tuple[int, ...], *, daemon: bool) -> list[Check]:
    from headwater.cli.account import account_of
    from headwater.errors import HeadwaterError
    from headwater.reading import health

    try:
        account = account_of(settings.keystore)
        if account is None:
            hint = "`headwater key create` makes one; name it with --keystore"
            said = health.failed if daemon else health.warning
            return [said("account", "none is named, so its coin was not looked at", hint)]
        roles, tasks = (settings.roles, {*settings.tasks, *training}) if daemon else (("trainer",), training)
        need = health.need_of(contracts, account, roles, sorted(tasks), training)
        return health.check_account(contracts, account, need)
    except HeadwaterError as error:
        return [health.failure("account", error)]


def _tasks(settings: NodeSettings, contracts: Contracts, ids: list[int]) -> list[Check]:
    from headwater.errors import HeadwaterError
    from headwater.reading import health
    from headwater.storage.opening import open_store

    try:
        store = open_store(settings.store_spec)
    except HeadwaterError as error:
        return [health.failure("tasks", error)]
    return [
        check for number in ids for check in health.check_task(contracts, store, settings.home, number, settings.limits)
    ]


def _show(title: str, checks: list[Check]) -> None:
    out.print(Text(title, style="bold"))
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(overflow="fold")
    for check in checks:
        mark = check.verdict.value
        text = Text(check.text)
        if check.hint:
            text.append(f"\n→ {check.hint}", style=STYLES[mark])
        table.add_row(Text(f"  {mark}", style=STYLES[mark]), check.name, text)
    out.print(table)
