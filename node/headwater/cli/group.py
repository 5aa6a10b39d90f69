"""`headwater group`: who may enrol, by groups whose members need not show who they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import CHECK, err, out
from headwater.cli.options import chain_options, home_option, identity_option, key_options
from headwater.cli.values import ACCOUNT, DURATION, duration_text

if TYPE_CHECKING:
    from headwater.chain.asking.rpc import Call
    from headwater.chain.contracts.opened import Contracts
    from headwater.chain.sending.sender import Receipt
    from headwater.groups.members import Group

BATCH = 100
"""Members added in one transaction: six million gas."""

PAGE = 20  # groups, four calls each

GROUP = click.IntRange(0)


@click.group()
def command() -> None:
    """Make groups of people, of which tasks may ask that a trainer be a member.

    A group's admin adds people by the commitments of their identities. A member proves in zero knowledge that it is one
    of them: nobody sees which, and it has one seat in a task. See docs/groups.md for what a group does not hide.
    """


@command.command()
@click.option("--admin", type=ACCOUNT, help="Who decides who is in.  [default: the account that signs]")
@click.option(
    "--expiry",
    type=DURATION,
    default="1h",
    show_default=True,
    help="For how long a root counts after it was made, once the group has changed. So long, whoever is removed may"
    " still enrol; shorter than a member takes to prove and send, and a busy group admits nobody.",
)
@chain_options
@key_options
def create(
    admin: str | None, expiry: int, rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None
) -> None:
    """Make a group, which has no members yet."""
    from headwater.chain.contracts.events import GroupCreated

    contracts, send = _account(rpc, deployments, network, keystore)
    receipt = send(lambda account: contracts.semaphore.create_group(admin or account, expiry))
    group_id = receipt.event(GroupCreated).group_id
    out.print(f"group {group_id}")
    err.print("Members give its admin the number that `headwater group join` prints.")


@command.command()
@click.argument("group_id", metavar="GROUP", type=GROUP)
@click.argument("commitments", metavar="[COMMITMENT]...", nargs=-1)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of commitments, one a line.",
)
@chain_options
@key_options
def add(
    group_id: int,
    commitments: Sequence[str],
    file: Path | None,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
) -> None:
    """Add people to a group, by the commitments of their identities. Who is in already is left out.

    Make sure of each that it is the person it should be, and has given no other commitment: a person with two
    identities has two seats.
    """
    from headwater.groups.members import read_group

    wanted = _commitments(commitments, file)
    contracts, send = _account(rpc, deployments, network, keystore)
    group = read_group(contracts, group_id)
    new = [commitment for commitment in wanted if commitment not in group.members]
    for at in range(0, len(new), BATCH):
        batch = new[at : at + BATCH]
        send(lambda _, batch=batch: contracts.semaphore.add_members(group_id, batch))  # type: ignore[misc]
        err.print(f"{min(at + BATCH, len(new)):,} of {len(new):,} added")
    if len(new) < len(wanted):
        err.print(f"{len(wanted) - len(new):,} were in already")
    out.print(f"group {group_id} has {len(group.members) + len(new):,} members")


@command.command()
@click.argument("group_id", metavar="GROUP", type=GROUP)
@click.argument("commitment", metavar="COMMITMENT")
@chain_options
@key_options
def remove(
    group_id: int, commitment: str, rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None
) -> None:
    """Remove somebody from a group. Who has enrolled stays; until a root with it expires it may still enrol."""
    from headwater.errors import ConfigError
    from headwater.groups.members import read_group
    from headwater.groups.prover import siblings_of

    (wanted,) = _commitments((commitment,), None)
    contracts, send = _account(rpc, deployments, network, keystore)
    group = read_group(contracts, group_id)
    if wanted not in group.members:
        raise ConfigError(
            f"{wanted} is no member of group {group_id}", f"headwater group show {group_id} --members lists them"
        )
    siblings = siblings_of(group.membership, wanted)
    send(lambda _: contracts.semaphore.remove_member(group_id, wanted, siblings))
    out.print(f"group {group_id} has {len(group.members) - 1:,} members")


@command.command()
@click.argument("group_id", metavar="GROUP", type=GROUP)
@click.option("--members", "wants_members", is_flag=True, help="Also print each member's commitment.")
@identity_option
@home_option
@chain_options
def show(
    group_id: int,
    *,
    wants_members: bool,
    identity: Path | None,
    home: Path,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
) -> None:
    """Show a group: its admin, size and root, checked against its members; and whether your identity is in.

    The node that is asked does not learn which identity is yours.
    """
    from headwater.groups.identity import NAME, read_identity
    from headwater.groups.members import read_group
    from headwater.groups.prover import check, commitment_of

    contracts = _contracts(rpc, deployments, network)
    group = read_group(contracts, group_id)
    if group.leaves:
        check(group.membership)
    out.print(_facts(group))
    path = identity or home / NAME
    if identity or path.exists():
        is_in = commitment_of(read_identity(path)) in group.members
        mark = CHECK if is_in else Text("✗", style="red")
        out.print(mark, f"the identity in {path} is {'' if is_in else 'not '}a member", soft_wrap=True)
    if wants_members:
        for commitment in group.leaves:
            if commitment:
                out.print(str(commitment), soft_wrap=True)


@command.command("list")
@click.option("--all", "wants_all", is_flag=True, help="All, not only the newest 20.")
@chain_options
def list_(*, wants_all: bool, rpc: tuple[str, ...], deployments: Path, network: str | None) -> None:
    """List groups, the newest first."""
    from headwater.errors import ConfigError
    from headwater.groups.members import group_facts

    contracts = _contracts(rpc, deployments, network)
    block = contracts.chain.block().number
    table = Table("group", "admin", "members so far", "expiry")
    count = contracts.semaphore.group_count(block)
    for group_id in reversed(range(0 if wants_all else max(count - PAGE, 0), count)):
        try:
            found = group_facts(contracts.semaphore, group_id, block)
        except ConfigError:
            continue  # anybody may make a group without an admin: nobody can ever be in it
        table.add_row(str(group_id), found.admin, f"{found.places:,}", duration_text(found.expiry))
    out.print(table)


@command.command()
@identity_option
@home_option
def join(identity: Path | None, home: Path) -> None:
    """Make an identity, unless there is one, and print its commitment, which a group's admin adds.

    Give one commitment to the admins of all groups that you are to be in. The identity is a file that stays with you:
    whoever has it can take your seats, and who loses it is a member no more. Back it up.
    """
    from headwater.groups.identity import NAME, make_identity, read_identity
    from headwater.groups.prover import commitment_of

    path = identity or home / NAME
    is_new = make_identity(path)
    out.print(str(commitment_of(read_identity(path))), soft_wrap=True)
    what = "Your new identity is" if is_new else "This is the identity"
    err.print(f"{what} in {path}: keep it to yourself, and back it up. Give a group's admin the number.")


@command.command("hand-over")
@click.argument("group_id", metavar="GROUP", type=GROUP)
@click.argument("admin", type=ACCOUNT)
@chain_options
@key_options
def hand_over(
    group_id: int, admin: str, rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None
) -> None:
    """Offer a group to another admin, who has it from when it accepts."""
    contracts, send = _account(rpc, deployments, network, keystore)
    send(lambda _: contracts.semaphore.offer_admin(group_id, admin))
    out.print(f"group {group_id} is offered to {admin}: headwater group accept {group_id}")


@command.command()
@click.argument("group_id", metavar="GROUP", type=GROUP)
@chain_options
@key_options
def accept(group_id: int, rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None) -> None:
    """Take over a group that its admin has offered."""
    contracts, send = _account(rpc, deployments, network, keystore)
    send(lambda _: contracts.semaphore.accept_admin(group_id))
    out.print(f"group {group_id} is yours")


@command.command()
@click.argument("group_id", metavar="GROUP", type=GROUP)
@click.argument("expiry", type=DURATION)
@chain_options
@key_options
def expire(
    group_id: int, expiry: int, rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None
) -> None:
    """Have proofs of membership count for another time after the group has changed."""
    contracts, send = _account(rpc, deployments, network, keystore)
    send(lambda _: contracts.semaphore.set_expiry(group_id, expiry))
    out.print(f"group {group_id}: {duration_text(expiry)}")


def _contracts(rpc: tuple[str, ...], deployments: Path, network: str | None) -> Contracts:
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts

    return open_contracts(connect(rpc), deployments, network)


def _account(
    rpc: tuple[str, ...], deployments: Path, network: str | None, keystore: Path | None
) -> tuple[Contracts, Callable[[Callable[[str], Call]], Receipt]]:
    """The contracts, and what sends the call that it makes for the account."""
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key

    contracts = _contracts(rpc, deployments, network)
    sender = Sender(contracts.chain, load_key(keystore))
    return contracts, lambda make: sender.send(make(sender.address))


def _commitments(texts: Iterable[str], file: Path | None) -> list[int]:
    """Commitments as people write them, each once.

    Raises:
        ConfigError: there is none, or one cannot be.
    """
    from headwater.errors import ConfigError
    from headwater.protocol.groups import is_commitment

    named = [*texts, *(file.read_text().split() if file else ())]
    if not named:
        raise ConfigError("no commitment is named", "give them as words, or --file FILE with one a line")
    for text in named:
        if not (text.isdecimal() and len(text) < 80 and is_commitment(int(text))):
            raise ConfigError(f"{text!r} is no commitment", "it is the number that `headwater group join` prints")
    return list(dict.fromkeys(map(int, named)))


def _facts(group: Group) -> Table:
    table = Table(show_header=False, title=f"group {group.facts.id}", title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    removed = len(group.leaves) - len(group.members)
    members = f"{len(group.members):,}" + (f", and {removed:,} removed" if removed else "")
    table.add_row("admin", group.facts.admin)
    table.add_row("members", members)
    table.add_row("root", str(group.facts.root) if group.leaves else "none")
    table.add_row("expiry", f"an older root counts for {duration_text(group.facts.expiry)} after it was made")
    return table
