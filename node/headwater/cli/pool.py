"""`headwater pool`: several people, a row each, are one trainer together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import CHECK, err, out
from headwater.cli.options import chain_options, home_option, identity_option, key_options, store_address, store_option
from headwater.cli.values import ACCOUNT, DURATION

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.chain.sending.sender import Sender
    from headwater.journal.journal import Journal
    from headwater.roles.pools.owning import Finding
    from headwater.roles.pools.rows import Seen
    from headwater.roles.task import Task

MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
CSV = click.Path(exists=True, dir_okay=False, path_type=Path)


class HexBytes(click.ParamType[bytes]):
    """Bytes as hex digits, with or without 0x."""

    name = "HEX"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """The bytes of a text."""
        if isinstance(value, bytes):
            return value
        try:
            return bytes.fromhex(str(value).removeprefix("0x"))
        except ValueError:
            self.fail(f"{value!r} is not hex", param, ctx)


HEX = HexBytes()


@click.group()
def command() -> None:
    """Pool rows: people with a single record each are one trainer together, whom they trust with the rows."""


def _pool_option(function: Any) -> Any:
    return click.option("--pool", "pool_id", type=click.IntRange(1), required=True, help="The pool's id.")(function)


def _options(function: Any) -> Any:
    return chain_options(store_option(key_options(home_option(function))))


@dataclass(frozen=True)
class Hand:
    """What a command that sends needs."""

    contracts: Contracts
    task: Task
    sender: Sender
    journal: Journal
    secret: bytes


@contextmanager
def _hand(
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    keystore: Path | None,
    home: Path,
    *,
    pool_id: int | None = None,
    task_id: int | None = None,
) -> Iterator[Hand]:
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.journal.journal import open_journal
    from headwater.roles.secrets import secret_of

    task = _task(rpc, deployments, network, store, home, pool_id=pool_id, task_id=task_id)
    key = load_key(keystore)
    with open_journal(home, key) as journal:
        task.contracts.chain.keep_logs(journal.database)
        sender = Sender(task.contracts.chain, key, intents=journal.intents)
        yield Hand(task.contracts, task, sender, journal, secret_of(key))


def _task(
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
    *,
    pool_id: int | None = None,
    task_id: int | None = None,
) -> Task:
    """The task that is named, or that of a pool."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    named = task_id or contracts.pools.get_pool(pool_id or 0).task_id
    return open_task(contracts, open_store(store_address(store, home)), home, named)


@command.command("open")
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task to train in.")
@click.option("--slots", type=click.IntRange(1, 65_535), required=True, help="Rows that the pool has room for.")
@click.option("--closes", type=DURATION, required=True, help="For how long rows can be contributed and withdrawn: 7d.")
@click.option(
    "--closing", type=DURATION, default="2d", show_default=True, help="How long you have to close it after that."
)
@click.option("--admission", type=ACCOUNT, help="A contract that decides who may contribute.  [default: anybody]")
@click.option(
    "--group",
    "groups",
    type=click.IntRange(0),
    multiple=True,
    help="A group whose members may contribute, a row each: see `headwater group`. Repeated: who is in all of them.",
)
@_options
def open_(
    task_id: int,
    slots: int,
    closes: int,
    closing: int,
    admission: str | None,
    groups: tuple[int, ...],
    **where: Any,
) -> None:
    """Open a pool of a task, and become its owner: who learns its rows, and trains on them.

    The key for which contributors seal their rows is drawn here. It lies in this account's journal, and nowhere else,
    until the pool is closed. Tell contributors the pool's id, and its key by another way than the chain.
    """
    from headwater.protocol.structs import ZERO_ADDRESS
    from headwater.roles.creating import module_of
    from headwater.roles.pools.owning import open_pool

    if groups and admission:
        raise click.UsageError("--group and --admission both say who may contribute: give one of them")
    with _hand(**where, task_id=task_id) as hand:
        if groups:
            admission = module_of(hand.contracts, hand.sender, groups, 0)
        now = hand.contracts.chain.block().timestamp
        times = (now + closes, now + closes + closing)
        opened = open_pool(
            *(hand.task, hand.sender, hand.journal.secrets, slots, *times), admission=admission or ZERO_ADDRESS
        )
    out.print(CHECK, f"pool {opened.pool_id} of task {task_id}: {slots} slots, open until {_time(opened.closes_at)}")
    out.print(f"key {opened.key.hex()}", soft_wrap=True)
    out.print(f"contributors run: headwater pool contribute --pool {opened.pool_id} --row row.csv --key KEY")
    out.print(f"close it between {_time(opened.closes_at)} and {_time(opened.expires_at)}")


@command.command()
@_pool_option
@chain_options
@home_option
def show(pool_id: int, rpc: tuple[str, ...], deployments: Path, network: str | None, home: Path) -> None:
    """Show a pool: its terms, who is in, and who was left out and why."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.reading.admission import who_may_enrol
    from headwater.roles.pools.rows import see

    del home
    contracts = open_contracts(connect(rpc), deployments, network)
    seen = see(contracts, pool_id)
    out.print(_facts(seen, who_may_enrol(contracts, seen.pool.admission, contracts.chain.block().number)))
    table = Table("slot", "contributor", "commitment")
    for member in seen.members:
        table.add_row(str(member.slot), member.contributor, f"0x{member.commitment.encode().hex()[:16]}…")
    out.print(table)
    for event in seen.gone:
        reason = getattr(event, "reason", None)
        what = "withdrew" if reason is None else f"was left out: {reason.text}"
        out.print(f"{event.contributor} {what}", soft_wrap=True)


@command.command()
@_pool_option
@click.option("--row", type=CSV, required=True, help="A CSV file with a header and your row. Only the owner reads it.")
@click.option("--slot", type=click.IntRange(0), help="The slot to take.  [default: any free one]")
@click.option("--key", type=HEX, help="The pool's key as its owner told you: refuse if the chain says another.")
@identity_option
@click.option("--evidence", type=HEX, default=b"", help="What another admission contract asks for.")
@click.option("--package", type=click.Path(dir_okay=False, path_type=Path), help="Also write what is sent to a file.")
@_options
def contribute(
    pool_id: int,
    row: Path,
    slot: int | None,
    key: bytes | None,
    identity: Path | None,
    evidence: bytes,
    package: Path | None,
    **where: Any,
) -> None:
    """Contribute a row to a pool, from this account. The pool's owner learns it; nobody else does.

    The row is committed to, sealed for the owner, and put into the store: its sealed bytes stay there for whoever keeps
    them. Until the pool closes you can withdraw. What the owner has read by then, it has read.
    """
    from headwater.cli.progress import log_report
    from headwater.private import check_private
    from headwater.roles.admittance import pool_admittance_for
    from headwater.roles.heavy import Heavy
    from headwater.roles.pools.contributing import contribute as send
    from headwater.roles.pools.rows import row_text

    check_private(row)
    with _hand(**where, pool_id=pool_id) as hand:
        contracts, me = hand.contracts, hand.sender.address
        text = row_text(hand.task.learner, row)
        admittance = pool_admittance_for(contracts, pool_id, identity, log_report("pool"))
        closes_at = contracts.pools.get_pool(pool_id).closes_at

        def shown(hashes: Sequence[bytes]) -> bytes:
            return admittance.evidence(me, hashes, Heavy(), closes_at) if admittance else evidence

        with err.status("Committing to the row"):
            receipt, document = send(
                *(hand.task, hand.sender, hand.journal.secrets, pool_id, text),
                slot=slot,
                key=key,
                evidence=shown,
            )
    if package is not None:
        package.write_bytes(document.encode())
    out.print(CHECK, f"your row has slot {document.header.slot} of pool {pool_id}, for {receipt.gas_used:,} gas")
    if key is None:
        out.print("compare the key with what the pool's owner told you: `headwater pool show` prints it")
    out.print(f"check after the pool has closed: headwater pool check --pool {pool_id}")


@command.command()
@_pool_option
@_options
def withdraw(pool_id: int, **where: Any) -> None:
    """Take this account's row out of a pool: before it closes, or when it has expired.

    That takes the row out of the sum, and not out of the memory of the owner, which may have read it.
    """
    from headwater.roles.pools.contributing import withdraw as send

    with _hand(**where, pool_id=pool_id) as hand:
        receipt = send(hand.contracts, hand.sender, hand.journal.secrets, pool_id)
    out.print(CHECK, f"your row is no longer in pool {pool_id}, for {receipt.gas_used:,} gas")


@command.command()
@_pool_option
@click.option("--leave-out", is_flag=True, help="Leave out whose row does not fit, each with its reason on chain.")
@click.option("--missing", "also_missing", is_flag=True, help="With --leave-out: also those whose document is missing.")
@click.option(
    "--package", "packages", type=CSV, multiple=True, help="A contributor's document that you have from elsewhere."
)
@_options
def collect(pool_id: int, leave_out: bool, also_missing: bool, packages: tuple[Path, ...], **where: Any) -> None:
    """Fetch and open what contributors have sent, and check each row against its commitment.

    What fits is kept in this account's journal, encrypted, and nowhere else. Run it while the pool is open: whoever is
    left out then may come again with what fits.
    """
    from headwater.protocol.slots import Reason
    from headwater.roles.pools import owning

    with _hand(**where, pool_id=pool_id) as hand:
        for path in packages:
            hand.task.store.put(path.read_bytes())
        with err.status("Checking rows"):
            seen, findings = owning.collect(hand.task, hand.journal.secrets, pool_id)
        out.print(_findings(findings))
        bad = [f for f in findings if f.reason is not Reason.MISSING or also_missing] if leave_out else []
        for event in owning.leave_out(hand.contracts, hand.sender, pool_id, bad):
            out.print(CHECK, f"{event.contributor} is left out: {event.reason.text}", soft_wrap=True)
    fitting = sum(finding.reason is Reason.NONE for finding in findings)
    out.print(f"{fitting} of {len(seen.members)} rows fit, and are in the journal")


@command.command("close")
@_pool_option
@identity_option
@_options
def close_(pool_id: int, identity: Path | None, **where: Any) -> None:
    """Close a pool: register the sum of its rows as this account's data in the task, and fix it.

    Enrols the account in the task if it is not, with its stake. Then `headwater trainer run --pool` trains.
    """
    from headwater.cli.progress import log_report
    from headwater.roles.admittance import admittance_for
    from headwater.roles.pools.registering import close

    with _hand(**where, pool_id=pool_id) as hand, err.status("Closing the pool"):
        report = log_report("pool")
        admittance = admittance_for(hand.task, hand.sender.address, identity, report)
        closed = close(hand.task, hand.sender, hand.journal.secrets, hand.secret, pool_id, report, admittance)
    out.print(CHECK, f"pool {pool_id} is closed, with {len(closed.members)} rows; its key is deleted")
    out.print(f"train on it: headwater trainer run --task {closed.pool.task_id} --pool {pool_id}")


@command.command("check")
@_pool_option
@click.option("--account", type=ACCOUNT, help="Whose row must be in it.  [default: this account's, if it contributed]")
@click.option("--row", type=CSV, help="Your row: it must be the one that was committed to.")
@_options
def check_(pool_id: int, account: str | None, row: Path | None, **where: Any) -> None:
    """Check that a pool is the sum of its contributors' rows and of nothing else, and that yours is in it.

    The owner is not asked. ✓ holds, ✗ does not, ? could not be checked. Exit code 1 where anything does not hold.
    """
    from headwater.cli.account import account_of
    from headwater.errors import TaskError
    from headwater.reading.checks import Check
    from headwater.reading.pools import check, rounds_trained
    from headwater.roles.pools.contributing import kept
    from headwater.roles.pools.rows import row_text, see

    checks: list[Check] = []
    own, me = None, account_of(where["keystore"])
    if me is None:
        del where["keystore"]  # there is no key
        task = _task(**where, pool_id=pool_id)
        seen = see(task.contracts, pool_id)
    else:
        with _hand(**where, pool_id=pool_id) as hand:
            seen, task = see(hand.contracts, pool_id), hand.task
            own = kept(hand.contracts, hand.journal.secrets, seen, me) if account in (None, me) else None
    if account is None and me is not None and (own or seen.member(me)):
        account = me
    with err.status("Checking slots"):
        checks += check(task, seen, account, own)
    if row is not None:
        same = own is not None and own.text == row_text(task.learner, row)
        checks.append(Check(f"{row.name} is the row that was contributed", same if own else None))
    for found in checks:
        detail = f"  {found.detail}" if found.detail else ""
        out.print(Text.assemble(MARKS[found.ok], f" {found.name}", (detail, "dim")), soft_wrap=True)
    for number, whole in rounds_trained(task.contracts, seen).items():
        what = "an update of these rows and nothing else" if whole else "an update of other data, too"
        out.print(f"round {number}: {seen.pool.owner} has submitted {what}", soft_wrap=True)
    if broken := [found for found in checks if found.ok is False]:
        raise TaskError(f"pool {pool_id} is not what it says: {broken[0].name}", "tell the other contributors")


@command.command()
@_pool_option
@click.option("--yes", is_flag=True, help="Do it. Without this, it only says what it would delete.")
@_options
def forget(pool_id: int, yes: bool, **where: Any) -> None:
    """Delete a pool's rows and salts from this account's journal: nothing can be trained on or shown then."""
    from headwater.roles.pools import owning, rows

    with _hand(**where, pool_id=pool_id) as hand:
        names = hand.journal.secrets.names(rows.name(hand.contracts, pool_id, ""))
        if yes:
            owning.forget(hand.contracts, hand.journal.secrets, pool_id)
    out.print(f"{'deleted' if yes else '--yes deletes'} {len(names)} secret(s) of pool {pool_id}")


def _facts(seen: Seen, admitted: str) -> Table:
    pool = seen.pool
    table = Table(show_header=False, title=f"pool {seen.id}", title_justify="left")
    state = f"closed, data 0x{pool.data_hash.hex()}" if pool.closed else _state(seen)
    for name, text in (
        ("task", str(pool.task_id)),
        ("owner, who learns the rows", pool.owner),
        ("slots", f"{len(seen.members)} of {pool.slots} taken"),
        ("state", state),
        ("open until", _time(pool.closes_at)),
        ("to be closed until", _time(pool.expires_at)),
        ("who may contribute", admitted),
        ("key", pool.key.hex()),
    ):
        table.add_row(name, text)
    return table


def _state(seen: Seen) -> str:
    now, pool = seen.block.timestamp, seen.pool
    if now < pool.closes_at:
        return "open"
    return "frozen, its owner is to close it" if now < pool.expires_at else "expired: all can withdraw"


def _findings(findings: list[Finding]) -> Table:
    from headwater.protocol.slots import Reason

    table = Table("slot", "contributor", "row")
    for finding in findings:
        fits = finding.reason is Reason.NONE
        text = Text("fits", "green") if fits else Text(f"{finding.reason.text} ({finding.detail})", "red")
        table.add_row(str(finding.member.slot), finding.member.contributor, text)
    return table


def _time(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M} UTC"
