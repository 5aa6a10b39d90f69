"""`headwater status`: where tasks are, and what an account has done in them, waits for, and until when."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headwater.cli.console import out
from headwater.cli.options import Real, chain_options, key_options

if TYPE_CHECKING:
    from headwater.errors import ChainError
    from headwater.reading.overview import AccountOverview, Observer, Overview, PartOverview, TaskOverview


@click.command()
@click.option(
    "--task", "task_ids", type=click.IntRange(1), multiple=True, help="A task's id.  [default: the newest 100]"
)
@click.option("--address", metavar="ADDRESS", help="Whose part in the tasks to show.  [default: the key's account]")
@click.option("--watch", is_flag=True, help="Keep looking, until Ctrl-C.")
@click.option(
    "--poll", type=Real(0.5, 3600), default=4.0, show_default=True, help="Seconds between looks, with --watch."
)
@chain_options
@key_options
def command(
    task_ids: tuple[int, ...],
    address: str | None,
    watch: bool,
    poll: float,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
) -> None:
    """Show where tasks are, how long their phases last, and what an account does next or waits for.

    All is read from the chain, at one block: no node has to run, no store is asked, and a password is not needed.
    """
    from eth_utils.address import is_address, to_checksum_address

    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.cli.account import account_of
    from headwater.reading.overview import Observer

    if address is not None and not is_address(address):
        raise click.BadParameter(f"{address!r} is no address", param_hint="--address")
    account = to_checksum_address(address) if address else account_of(keystore)
    contracts = open_contracts(connect(rpc), deployments, network)
    observer = Observer(contracts, account)
    if watch:
        _watch(observer, task_ids, poll)
    else:
        overview = observer.look(task_ids)
        out.print(screen(overview, _now(overview, 0.0)))


def _watch(observer: Observer, task_ids: tuple[int, ...], poll: float) -> None:
    """Redraw every second, look every `poll` seconds, and leave the last view there after Ctrl-C.

    A node that fails is asked again.
    """
    from rich.live import Live

    from headwater.errors import ChainError

    overview, failure = observer.look(task_ids), None
    asked = seen = time.monotonic()
    try:
        with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
            while True:
                live.update(screen(overview, _now(overview, time.monotonic() - seen), failure), refresh=True)
                time.sleep(min(poll, 1.0))
                if time.monotonic() - asked < poll:
                    continue
                before = overview.block
                try:
                    overview, failure = observer.look(task_ids), None
                except ChainError as error:
                    failure = error
                asked = time.monotonic()
                seen = seen if overview.block == before else asked
    except KeyboardInterrupt:
        out.print(screen(overview, _now(overview, time.monotonic() - seen), failure))


def _now(overview: Overview, elapsed: float) -> int:
    """What time it is for the chain, Unix seconds, some seconds after its newest block was first seen.

    The clock is this machine's, as it is of those who make blocks, unless the chain is ahead of that.
    """
    return int(max(overview.block.timestamp + elapsed, time.time()))


def screen(overview: Overview, now: int, failure: ChainError | None = None) -> RenderableType:
    """All of it. now: Unix seconds, for countdowns. failure: why this is not the newest state."""
    block = overview.block
    parts: list[RenderableType] = [
        Text(f"block {block.number}, {time.strftime('%Y-%m-%d %H:%M:%S %Z', time.localtime(block.timestamp))}")
    ]
    if failure:
        parts.append(Text(f"! not up to date: {failure.message}", style="yellow"))
    if not overview.tasks:
        return Group(*parts, Text("There is no task yet: `headwater task create` publishes one."))
    parts.append(_tasks(overview, now))
    if overview.account is None:
        parts.append(Text("Name an account with --address or --keystore to see its part.", style="dim"))
    else:
        parts.append(_account(overview.account))
        parts.append(_parts(overview, overview.account, now))
    return Group(*parts)


def _tasks(overview: Overview, now: int) -> Table:
    from headwater.reading.overview import coin, progress

    table = Table("task", "round", "phase", "ends in", "progress", "pool left")
    if overview.older:
        table.caption = f"and {overview.older:,} older ones: name them with --task"
    for task in reversed(overview.tasks):
        state = task.state
        row = (
            str(task.id),
            f"{state.round} of {task.config.rounds}",
            str(state.phase),
            _left(state.deadline, now),
            progress(task),
            coin(task.pool.amount - task.pool.spent),
        )
        table.add_row(*row, style="dim" if state.has_ended else "")
    return table


def _account(account: AccountOverview) -> Text:
    from headwater.reading.overview import coin

    text = Text(account.address + "\n", style="bold")
    facts = {
        "balance": account.balance,
        "free stake": account.stake.free,
        "locked": account.stake.locked,
        "to claim": account.claimable,
    }
    text.append(", ".join(f"{name} {coin(amount)}" for name, amount in facts.items()), style="not bold")
    return text


def _parts(overview: Overview, account: AccountOverview, now: int) -> RenderableType:
    from headwater.reading.overview import coin

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for task in reversed(overview.tasks):
        part = task.part
        if part is None or not part.concerns(task.creator):
            continue
        facts = {
            "done": _done(task, part),
            "next": _next(task, part, account, overview.block.timestamp, now),
            "stake": _stake(part, now),
            "rewards": f"{coin(sum(part.owed.values()))}, of {len(part.owed)} round(s)" if part.owed else "",
        }
        name = f"task {task.id}"
        for label, text in facts.items():
            if text:
                table.add_row(name, label, text)
                name = ""
    return table if table.row_count else Text("It has no part in these tasks.")


def _next(task: TaskOverview, part: PartOverview, account: AccountOverview, seen: int, now: int) -> str:
    from headwater.reading.overview import next_of

    what, until = next_of(task, part, account, seen)
    if not until:
        return what
    return f"{what} ({_left(until, now)} left)" if until > now else f"{what} (no time left)"


def _done(task: TaskOverview, part: PartOverview) -> str:
    from headwater.reading.overview import done_in_round

    done = done_in_round(part, task.state) or (["enrolled"] if part.enrolment.exists else [])
    if not done and part.account == task.creator:
        return "created it"
    return ", ".join(done)


def _stake(part: PartOverview, now: int) -> str:
    from headwater.reading.overview import coin

    facts = [f"{coin(part.locked)} locked"] if part.locked else []
    if part.slash:
        facts.append(f"{coin(part.slash)} to be slashed for {'a fault' if part.fault else 'an absence'}")
    if releasable := part.enrolment.releasable_at:
        facts.append(f"free in {_left(releasable, now)}" if releasable > now else "can be released")
    return ", ".join(facts)


def _left(until: int, now: int) -> str:
    """How long until a moment, in two units."""
    if not until:
        return ""
    seconds = until - now
    if seconds <= 0:
        return "over"
    for size, unit, below, smaller in ((86_400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if seconds >= size:
            return f"{seconds // size}{unit} {seconds % size // below}{smaller}"
    return f"{seconds}s"
