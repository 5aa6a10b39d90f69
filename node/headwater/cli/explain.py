"""`headwater explain`: whether a contribution counted, and why not, from the chain's events alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import out
from headwater.cli.options import chain_options

if TYPE_CHECKING:
    from headwater.chain.contracts.events import Event, LinksClaimed
    from headwater.chain.contracts.opened import Contracts
    from headwater.reading.history import History, Part, RoundHistory


@click.command()
@click.option("--task", "task_id", type=click.IntRange(1), required=True, help="The task's id.")
@click.option("--round", "number", type=click.IntRange(0), help="Which round.  [with --lineage: the newest model's]")
@click.option("--address", help="Whose part to explain step by step.  [default: of all who joined, a line each]")
@click.option("--later", is_flag=True, help="Read on to the newest block: rewards may be collected long after.")
@click.option(
    "--lineage",
    "wants_lineage",
    is_flag=True,
    help="Show what the round's model is made of, over all tasks, and on whose data it rests.",
)
@chain_options
def command(
    task_id: int,
    number: int | None,
    address: str | None,
    later: bool,
    wants_lineage: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
) -> None:
    """Say whose contributions to a round counted, and if not, why: from the chain alone.

    Only the blocks of the round and 2,000 after it are read, however old the task is. With --lineage, all of those of
    the tasks that the model is made of.
    """
    from eth_utils.address import is_address, to_checksum_address

    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.reading.history import read_round

    if address is not None and not is_address(address):
        raise click.BadParameter(f"{address!r} is no address", param_hint="--address")
    if not (number or wants_lineage):
        raise click.UsageError("Missing option '--round': name a round, from 1 on; or ask for --lineage.")
    contracts = open_contracts(connect(rpc), deployments, network)
    account = to_checksum_address(address) if address else None
    if wants_lineage or number is None:
        from headwater.cli.lineage import show
        from headwater.reading.ancestry import read_ancestry

        show(contracts, read_ancestry(contracts, task_id, number), account)
        return
    history = read_round(contracts, task_id, number, account, later=later)
    round_ = history.rounds[number]
    outcomes = {each: history.outcome(number, each) for each in ([account] if account else round_.parts)}
    title = f"round {number} of task {task_id}: {round_.phase}"
    out.print(Text.assemble((title, "bold"), f", {_summary(round_)}"))
    if history.until is not None and history.until < contracts.chain.block().number:
        out.print(f"what was collected or settled after block {history.until:,} is not shown: --later reads on")
    for line in _scores(contracts, task_id, number):
        out.print(line, soft_wrap=True)
    if account is None:
        out.print(_everybody(history, number, {a: str(o) for a, o in outcomes.items()}))
        if round_.averaged:
            out.print("on whose data its model rests, earlier ones included, says --lineage")
        return
    out.print(Text.assemble(f"{account}: ", (str(outcomes[account]), "bold")), soft_wrap=True)
    if story := _story(history, number, account):
        out.print(_steps(contracts, story))


def _scores(contracts: Contracts, task_id: int, number: int) -> list[Text]:
    """What attesters have recorded of the round's model, by the chain alone: it does not know groups' names."""
    from headwater.errors import ContractError
    from headwater.protocol.scores import shares

    attestations = contracts.attestations
    try:
        scoring = attestations.get_scoring(task_id)
    except ContractError:  # not open for scores
        return []
    names = [("group", tuple(str(each + 1) for each in range(scoring.groups)))] if scoring.groups else []
    lines = []
    for score in attestations.attestations(task_id, number):
        since = f"data registered {datetime.fromtimestamp(score.registered_at).astimezone():%Y-%m-%d %H:%M:%S %Z}"
        if scoring.amounts:
            text = f"a sum of errors, {score.numbers}"
        else:
            text = "; ".join(f"{share.name}: {share}" for share in shares(scoring, names, score.numbers))
        lines.append(Text(f"score on held-out data, by {score.attester}, {since}: {text}"))
    return lines


def _summary(round_: RoundHistory) -> str:
    submitted = sum(part.submitted is not None for part in round_.parts.values())
    text = f"{len(round_.parts)} joined, {submitted} submitted, {len(round_.attempts)} attempt(s) at masking"
    return text + (f", {len(round_.averaged)} updates averaged" if round_.averaged else "")


def _everybody(history: History, number: int, outcomes: dict[str, str]) -> Table:
    from headwater.chain.contracts.reverts import format_wei

    table = Table("trainer", "its contribution", "data", "proofs", "slashed", "rewarded", "compensated")
    for account, outcome in outcomes.items():
        part = history.rounds[number].parts.get(account)
        data = _data(part) if part else ""
        slashed = format_wei(part.slashed.slashed) if part and part.slashed else ""
        rewarded = format_wei(part.rewarded.amount) if part and part.rewarded else ""
        paid = sum(each.compensated.amount for each in history.compensations(number, account) if each.compensated)
        table.add_row(
            account, outcome, data, _proofs(part) if part else "", slashed, rewarded, format_wei(paid) if paid else ""
        )
    return table


def _data(part: Part) -> str:
    """Which data an update rests on, by the start of their hashes."""
    return ", ".join(f"0x{data_hash.hex()[:8]}…" for data_hash in part.data_hashes)


def _proofs(part: Part) -> str:
    """Where the proofs of an update stand."""
    if not part.submitted:
        return ""
    count = len(part.data_hashes)
    if len(part.links) != count:
        return "on chain" if count == 1 else f"{count} on chain"
    shown = len(part.proved)
    if not shown:
        return "in the store" if count == 1 else f"{count} in the store"
    return "on chain, demanded" if shown == count else f"{shown} on chain, demanded; {count - shown} in the store"


def _story(history: History, number: int, account: str) -> list[tuple[Event, str]]:
    """What an account did in a round and what befell it, in the chain's order."""
    from headwater.chain.contracts.reverts import format_wei
    from headwater.reading.history import place

    told: list[tuple[Event | None, str]] = []
    if part := history.rounds[number].parts.get(account):
        told = [
            (part.joined, "joined"),
            *((event, f"masked in attempt {attempt}") for attempt, event in part.masked.items()),
            (part.accused, _accusation(part)),
            *((event, _claimed(event)) for event in part.claims),
            *((event, f"the proof of link {index} was shown on chain") for index, event in part.proved.items()),
            (part.acquitted, "acquitted"),
            (part.rewarded, f"reward of {format_wei(part.rewarded.amount)} credited" if part.rewarded else ""),
        ]
        if submitted := part.submitted:
            proofs, claimed = len(part.data_hashes), len(part.links)
            what = "link" if claimed == proofs else "proof"
            told.append((submitted, f"{proofs} {what}{'s' * (proofs > 1)} accepted, of the data {_data(part)}"))
        if convicted := part.convicted:
            owed = f"; owes {format_wei(convicted.owed)} to {convicted.payee}, who showed it" if convicted.owed else ""
            told.append((convicted, f"convicted of a wrong mask or peer{owed}"))
        if slashed := part.slashed:
            why = "a fault" if slashed.fault else "a missed duty"
            told.append((slashed, f"slashed {format_wei(slashed.slashed)} for {why}"))
        if paid := part.compensated:
            told.append((paid, f"{format_wei(paid.amount)} of that went to {paid.account}"))
    for other in history.compensations(number, account):
        if paid := other.compensated:
            text = f"compensated with {format_wei(paid.amount)} for showing the fault of {other.trainer}"
            told.append((paid, text))
    return sorted(((event, text) for event, text in told if event is not None), key=lambda item: place(item[0]))


def _accusation(part: Part) -> str:
    in_review = part.accused is not None and part.accused.attempt == 0
    return f"accused: {'a proof of its links' if in_review else 'its masked update or mask'} was challenged"


def _claimed(event: LinksClaimed) -> str:
    count = len(event.links)
    return f"claimed {count} link{'s' * (count > 1)} whose proof{'s' * (count > 1)} the store has"


def _steps(contracts: Contracts, story: list[tuple[Event, str]]) -> Table:
    """A story with the transactions to look up."""
    table = Table("when", "what", "block", "transaction")
    for event, what in story:
        when = datetime.fromtimestamp(contracts.chain.block(event.block_number).timestamp).astimezone()
        table.add_row(f"{when:%Y-%m-%d %H:%M:%S}", what, str(event.block_number), "0x" + event.transaction_hash.hex())
    return table
