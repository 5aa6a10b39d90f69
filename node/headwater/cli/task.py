"""`headwater task`: publish training jobs, and look at them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import CHECK, out
from headwater.cli.options import chain_options, home_option, store_address, store_option
from headwater.cli.progress import log_report
from headwater.cli.task_create import create
from headwater.cli.values import duration_text

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.chain.contracts.screens import TaskScreen
    from headwater.protocol.decisions import RoundView
    from headwater.protocol.structs import TaskConfig
    from headwater.roles.task import Task

PAGE = 100  # tasks a call: some nine million gas
MOST_MODELS = 100  # newest rounds of a task whose models are shown


@click.group()
def command() -> None:
    """Publish training jobs, and look at them."""


command.add_command(create)


@command.command("list")
@click.option("--all", "wants_all", is_flag=True, help="All, not only the newest 100.")
@chain_options
def list_tasks(*, wants_all: bool, rpc: tuple[str, ...], deployments: Path, network: str | None) -> None:
    """List tasks, the newest first, from the chain alone."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts

    out.print(_list(open_contracts(connect(rpc), deployments, network), wants_all=wants_all))


@command.command()
def learners() -> None:
    """List the kinds of models that are installed, with their settings."""
    from headwater.learners.learner import find, names

    for name in names():
        learner = find(name)
        lines = (learner.__doc__ or "").strip().splitlines()
        says = f"  {lines[0] if lines else ''} (package {learner.package})"
        out.print(Text.assemble((name, "bold"), says), soft_wrap=True)
        for setting, says in learner.settings.items():
            out.print(f"  --set {setting}=…  {says}", soft_wrap=True)


@command.command()
@click.argument("task_id", type=click.IntRange(1))
@click.option("--check", is_flag=True, help="Also rebuild the circuits and compare the verifiers on chain.")
@chain_options
@store_option
@home_option
def show(
    task_id: int,
    check: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
) -> None:
    """Show a task: its terms, columns, phase and models, checked against each other and against its SRS."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id)
    out.print(_facts(task))
    models = Table("round", "trainers", "model hash", "document", title="models", title_justify="left")
    from headwater.storage.cid import Cid

    newest = contracts.models.latest(task_id).round
    shown = contracts.models.get_models(task_id, max(newest - MOST_MODELS + 1, 0), MOST_MODELS)
    if older := contracts.models.model_count(task_id) - len(shown):
        models.caption = f"and {older:,} older ones"
    for model in reversed(shown):
        row = (str(model.round), str(model.trainers), "0x" + model.model_hash.hex()[:16] + "…")
        models.add_row(*row, str(Cid.from_digest(model.cid)))
    out.print(models)
    if check:
        out.print(CHECK, f"tau, offset and basis points are those of the SRS {task.srs.id}", soft_wrap=True)
        task.check_circuits(log_report("check"))
        out.print(CHECK, "the verifiers on chain are those of the task's statements, rebuilt here")
        if task.has_scores:
            task.check_scores(log_report("check"))
            out.print(CHECK, "so are those of its scores, and what their numbers mean")
        if task.has_inference:
            task.check_inference(log_report("check"))
            out.print(CHECK, "so is that of its inferences")


def _list(contracts: Contracts, *, wants_all: bool) -> Table:
    from headwater.chain.contracts.lens import NEWEST
    from headwater.chain.contracts.reverts import format_wei

    table = Table("task", "weights", "trainers", "stake", "pool", "round", "newest model")
    start, left = NEWEST, True
    while left:
        page, *_ = contracts.lens.get_tasks(start, PAGE)
        for task in page:
            seats = f"{task.min_trainers} to {task.max_trainers}"
            place = f"{task.round} of {task.rounds}, {task.phase}"
            model = f"of round {task.model.round}" if task.model.round else "the first"
            amounts = (format_wei(task.stake), format_wei(task.pool))
            table.add_row(str(task.task_id), str(task.dimension), seats, *amounts, place, model)
            start = task.task_id - 1
        left = wants_all and len(page) == PAGE
    if not wants_all and start > 0 and page:
        table.caption = f"and {start:,} older ones: see --all"
    return table


def _facts(task: Task) -> Table:
    from datetime import datetime

    from headwater.chain.contracts.reverts import format_wei
    from headwater.protocol.machine.challenges import least_bond
    from headwater.protocol.machine.terms import answer_time
    from headwater.protocol.phases import Kind
    from headwater.reading.admission import who_may_enrol

    config, block = task.config, task.contracts.chain.block()
    view, seen = task.view(block), task.contracts.lens.get_task(task.id, block.number)
    bond = least_bond(config, Kind.UPDATE, task.contracts.chain.base_fee(block.number))
    deadline = (
        f", until {datetime.fromtimestamp(view.deadline).astimezone():%Y-%m-%d %H:%M:%S %Z}" if view.deadline else ""
    )
    fee = format_wei(config.aggregator_fee)
    links = f", up to {config.max_links} times in a row" if config.max_links > 1 else ""
    told = task.learner.row_bits(config.rounds, receipts=config.quiet_bound > 0)
    facts = {
        "name": task.manifest.name,
        "description": task.manifest.description,
        "creator": seen.creator,
        "round": f"{view.round} of {view.rounds}, {view.phase}{deadline}",
        "challenged": _challenged(view),
        "trainers": f"{config.min_trainers} to {config.max_trainers} in a round; {seen.state.joined} joined",
        "admission": who_may_enrol(task.contracts, config.admission, block.number),
        "stake": f"{format_wei(config.stake)}, free {duration_text(config.unbonding_period)} after leaving",
        "slashed": f"{config.fault_slash / 100:g}% for a fault, {config.absence_slash / 100:g}% for an absence",
        "challenges": f"for {format_wei(bond)} at today's base fee, at least {format_wei(config.challenge_bond)};"
        f" to be answered in {duration_text(answer_time(config))};"
        f" a new model can be challenged for {duration_text(config.challenge_period)}",
        "proofs": _where_proofs_stand(config),
        "receipts": _receipts(config),
        "pool": f"{format_wei(seen.pool.amount)}, {fee} of a round's part for its aggregator",
        "starts from": _origin(task, seen),
        **task.learner.facts,
        "rows": f"up to {task.learner.rows} in a proof{links}",
        "proofs tell": f"of one row at most {told:.2g} bits in all rounds, and only to who knows all else",
        "scores": _scores(task),
        "inferences": "contracts may ask about committed rows (`headwater infer`)" if task.has_inference else "",
        "circuits": f"k = {config.k}, SRS {task.srs.source}",
    }
    table = Table(show_header=False, title=f"task {task.id}", title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, text in facts.items():
        if text:
            table.add_row(name, text)
    return table


def _where_proofs_stand(config: TaskConfig) -> str:
    if not config.review_period:
        return "all on chain"
    return f"in the store, and on chain if demanded within {duration_text(config.review_period)} after Train"


def _receipts(config: TaskConfig) -> str:
    if not config.quiet_bound:
        return ""
    return (
        f"a trainer goes on alone while its model is right on {config.quiet_bound / 100:g}% of the next part of its"
        f" data, at most {config.max_links} parts a round"
    )


def _scores(task: Task) -> str:
    """Whose scores there are."""
    from headwater.errors import TaskError

    if not task.has_scores:
        return ""
    try:
        scoring = task.scoring
    except TaskError as error:
        return f"{error.message}: {error.hint}"
    attestations = task.contracts.attestations
    held, declared = attestations.held_outs(task.id), attestations.compositions(task.id)
    named = f"; its creator points to those by {', '.join(scoring.attesters)}" if scoring.attesters else ""
    holders = len({holding.data.holder for holding in held})
    return f"{holders} holders of held-out data, {len(declared)} compositions{named}"


def _origin(task: Task, seen: TaskScreen) -> str:
    """What the first model is made of."""
    if not seen.parents:
        return task.own_origin(task.contracts.models.get_model(task.id, 0).model_hash)
    terms = (
        f"{parent.coefficient} x round {parent.round} of task {parent.task_id}"
        if parent.coefficient != 1
        else f"round {parent.round} of task {parent.task_id}"
        for parent in seen.parents
    )
    total = " + ".join(terms)
    return total if seen.divisor == 1 else f"({total}) / {seen.divisor}"


def _challenged(view: RoundView) -> str:
    """Who has to answer."""
    from headwater.protocol.phases import Phase

    if not view.accused:
        return ""
    return f"{view.accused} accused or guilty" if view.phase is Phase.AGGREGATE else "the model's bytes are demanded"
