"""`headwater explain`: whether a contribution counted, and why not, from the chain's events alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from headwater.cli.console import out
from headwater.cli.options import chain_options

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.reading.history import History, Part, RoundHistory


@click.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--round", "number", type=click.IntRange(1), required=True, help="Which round.")
@click.option("--address", help="Whose part to explain step by step.  [default: everybody's, a line each]")
@chain_options
def command(
    task_id: int, number: int, address: str | None, rpc: tuple[str, ...], deployments: Path, network: str | None
) -> None:
    """Say whose contributions to a round counted, and if not, why: from the chain alone."""
    from eth_utils.address import is_address, to_checksum_address

    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.reading.history import read_history

    if address is not None and not is_address(address):
        raise click.BadParameter(f"{address!r} is no address", param_hint="--address")
    contracts = open_contracts(connect(rpc), deployments, network)
    history = read_history(contracts, task_id)
    accounts = [to_checksum_address(address)] if address else history.accounts
    outcomes = {account: history.outcome(number, account) for account in accounts}
    round_ = history.rounds[number]
    out.print(f"[bold]round {number} of task {task_id}: {round_.phase}[/], {_summary(round_)}")
    if address is None:
        out.print(_everybody(history, number, {a: str(o) for a, o in outcomes.items()}))
        return
    (account,) = accounts
    out.print(f"{account}: [bold]{outcomes[account]}[/]", highlight=False, soft_wrap=True)
    if part := round_.parts.get(account):
        out.print(_steps(contracts, part))


def _summary(round_: RoundHistory) -> str:
    submitted = sum(part.submitted is not None for part in round_.parts.values())
    text = f"{len(round_.parts)} joined, {submitted} submitted, {len(round_.attempts)} attempt(s) at masking"
    return text + (f", {len(round_.counted)} updates averaged" if round_.counted else "")


def _everybody(history: History, number: int, outcomes: dict[str, str]) -> Table:
    from headwater.chain.contracts.reverts import format_wei

    table = Table("trainer", "its contribution", "slashed", "rewarded")
    for account, outcome in outcomes.items():
        part = history.rounds[number].parts.get(account)
        slashed = format_wei(part.slashed.slashed) if part and part.slashed else ""
        rewarded = format_wei(part.rewarded.amount) if part and part.rewarded else ""
        table.add_row(account, outcome, slashed, rewarded)
    return table


def _steps(contracts: Contracts, part: Part) -> Table:
    """What a trainer did and what befell it, in the chain's order, with the transactions to look up."""
    from headwater.chain.contracts.reverts import format_wei
    from headwater.reading.history import place

    slashed = part.slashed
    slash = (
        f"slashed {format_wei(slashed.slashed)} for {'a fault' if slashed.fault else 'a missed duty'}"
        if slashed
        else ""
    )
    named = {
        "joined": part.joined,
        "its proof was accepted": part.submitted,
        **{f"masked in attempt {attempt}": event for attempt, event in part.masked.items()},
        "accused: its masked update or mask was challenged": part.accused,
        "acquitted": part.acquitted,
        "convicted of a wrong mask or peer": part.convicted,
        slash: slashed,
        "reward credited": part.rewarded,
    }
    table = Table("when", "what", "block", "transaction")
    for what, event in sorted(((w, e) for w, e in named.items() if e is not None), key=lambda item: place(item[1])):
        when = datetime.fromtimestamp(contracts.chain.block(event.block_number).timestamp).astimezone()
        table.add_row(f"{when:%Y-%m-%d %H:%M:%S}", what, str(event.block_number), "0x" + event.transaction_hash.hex())
    return table
