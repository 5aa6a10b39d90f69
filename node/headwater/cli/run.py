"""`headwater run`: the roles of a node, in tasks, for weeks."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headwater.cli.options import machine_options

if TYPE_CHECKING:
    from headwater.chain.asking.rpc import Block
    from headwater.cli.settings import NodeSettings
    from headwater.roles.loop import Stop
    from headwater.roles.trainer import Trainer

ROLES = ("trainer", "aggregator", "challenger", "attester")


@click.command("run")
@click.option(
    "--role",
    "roles",
    type=click.Choice((*ROLES, "all")),
    multiple=True,
    help="What to be; may be repeated.  [default: as the settings say, else all]",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="HEADWATER_CONFIG",
    show_envvar=True,
    help="A TOML file of settings; `headwater config check` shows what follows from it. The environment is read too.",
)
@machine_options
def command(roles: tuple[str, ...], config: Path | None, workers: int | None, dask: str | None) -> None:
    """Take part in tasks, as settings say: train where data are named, aggregate and challenge in all others, too.

    Ends with exit code 0 when all of the tasks that the settings name have ended, or in order after SIGTERM or Ctrl-C:
    the step in hand is finished first, a proof with its submission. A second signal ends at once; nothing is lost by
    that but a proof that was not whole.
    """
    from headwater.cli.logs import configure_logging
    from headwater.cli.settings import load_settings

    machines = {name: value for name, value in (("workers", workers), ("dask", dask)) if value is not None}
    settings = load_settings(config).model_copy(update=machines)
    if roles:
        wanted = ROLES if "all" in roles else tuple(role for role in ROLES if role in roles)
        settings = settings.model_copy(update={"roles": wanted})
    configure_logging(click.get_current_context().find_root().params["verbose"], settings.log_format)
    run_node(settings)


def run_role(
    role: str,
    task_id: int,
    store: str | None,
    *,
    keep_stake: bool = False,
    data: Mapping[int, Path] | None = None,
    pools: Mapping[int, int] | None = None,
    held_out: Mapping[int, Path] | None = None,
    once: bool = False,
    **settings: Any,
) -> None:
    """Run one role in one task. `settings` are a node's, as `NodeSettings` names them. Raises as `run_node`.

    What no option names is as the environment says.
    """
    from headwater.cli.settings import load_settings

    given = {name: value for name, value in settings.items() if value is not None}
    tables = {"data": data or {}, "pools": pools or {}, "held_out": held_out or {}}
    named = {**given, "roles": (role,), "tasks": (task_id,), **tables}
    if keep_stake:
        named["keep_stake"] = True
    if store:
        named["store"] = (store,)
    run_node(load_settings(None).model_copy(update=named), once=once)


def run_node(settings: NodeSettings, trainer: type[Trainer] | None = None, *, once: bool = False) -> None:
    """Run the roles of the settings in their tasks until these have ended, or a signal comes.

    trainer: what trains; by default, headwater's own.
    once: attest to the models that there are, and end.

    Raises:
        HeadwaterError: something that is needed from the start is not in order; or, at the end, what ended a role.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.cli.keys import load_key
    from headwater.cli.options import machines_of, make_home
    from headwater.cli.progress import log_report
    from headwater.errors import ConfigError
    from headwater.journal.journal import open_journal
    from headwater.journal.trimming import trim
    from headwater.roles.loop import Loop, Stop
    from headwater.roles.report import Report
    from headwater.roles.trainer import Trainer
    from headwater.roles.wiring import Node, Wanted
    from headwater.storage.opening import open_store

    home, report, stop = make_home(settings.home), log_report("node"), Stop()
    wanted = Wanted(
        settings.roles,
        settings.tasks,
        settings.data,
        settings.pools,
        settings.keep_stake,
        settings.proof_limit_seconds,
        machines_of(settings.workers, settings.dask, lambda text: report("note", text=text)),
        settings.limits,
        settings.held_out,
        once,
        settings.identity,
        settings.quiet_until,
    )
    wanted.check()
    chain = connect(settings.rpc, settings.chain_id)
    contracts = open_contracts(chain, settings.deployments, settings.network)
    key = load_key(settings.keystore)
    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(home, key))
        chain.keep_logs(journal.database)
        trim(journal.database)
        balance = chain.balance(key.address)
        if not balance:
            raise ConfigError(f"{key.address} has no coin on chain {chain.chain_id}", "send it some: gas costs coin")
        store = open_store(settings.store_spec)
        store.check()
        monitor = None
        if settings.metrics_port is not None:
            from headwater.cli.monitor import Monitor

            monitor = Monitor(settings, contracts, key.address, journal)
            report = monitor.report("node", 0, report)
            url = stack.enter_context(monitor.serve(settings.metrics_host, settings.metrics_port))
            report("serving", metrics=url)

        def report_of(role: str, task_id: int) -> Report:
            logged = log_report(role, task=task_id)
            return monitor.report(role, task_id, logged) if monitor else logged

        node = Node(contracts, store, home, key, journal, wanted, report_of, report, trainer or Trainer)

        def looked(block: Block) -> Set[int] | None:
            changed = node.looked(block)
            if monitor:
                monitor.looked()
            return changed

        stack.enter_context(_stopping(stop))
        report("started", account=key.address, chain=chain.chain_id, roles=list(wanted.roles), jobs=len(node.jobs))
        loop = Loop(
            chain,
            node.jobs,
            report,
            poll=settings.poll_seconds,
            stop=stop,
            asked=monitor.asked if monitor else None,
            looked=looked,
            endless=wanted.endless,
            closing=node.close,
        )
        loop.run()
        report("stopped" if stop.requested else "finished")


def leave_task(
    task_id: int,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    home: Path,
    poll_seconds: float,
) -> None:
    """Have an account leave a task, until its stake is withdrawn or a signal comes.

    Raises:
        HeadwaterError: something that is needed is not in order; for example another process uses the account.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.cli.progress import log_report
    from headwater.journal.journal import open_journal
    from headwater.roles.job import Job
    from headwater.roles.leaving import Leaver
    from headwater.roles.loop import Loop, Stop

    chain = connect(rpc)
    contracts = open_contracts(chain, deployments, network)
    contracts.tasks.get_task(task_id)
    key, stop, report = load_key(keystore), Stop(), log_report("trainer", task=task_id)
    with open_journal(home, key) as journal, _stopping(stop):
        chain.keep_logs(journal.database)
        sender = Sender(chain, key, intents=journal.intents)
        job = Job(lambda: Leaver(contracts, task_id, sender, report), report)
        Loop(chain, [job], report, poll=poll_seconds, stop=stop).run()
        report("stopped" if stop.requested else "finished")


@contextmanager
def _stopping(stop: Stop) -> Iterator[None]:
    """The first SIGTERM or SIGINT stops after the steps in hand, the second at once: whatever threads do, it ends.

    Children end with the process, and nothing is lost but what was not whole.
    """

    def handle(number: int, _frame: Any) -> None:
        if stop.requested:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(128 + number)
        stop.request()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
