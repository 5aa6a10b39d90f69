"""`headwater task`: publish training jobs, and look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import CHECK, err, out
from headwater.cli.learners import learner_options, made, requested
from headwater.cli.options import chain_options, home_option, key_options, store_address, store_option
from headwater.cli.progress import log_report
from headwater.cli.values import ACCOUNT, DURATION, ETHER, PARENT, PERCENT, duration_text
from headwater.protocol.machine.terms import MAX_LINKS, MAX_ROUNDS, MAX_TRAINERS
from headwater.protocol.structs import ZERO_ADDRESS

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.chain.contracts.screens import TaskScreen
    from headwater.learners.learner import Learner
    from headwater.protocol.decisions import RoundView
    from headwater.protocol.structs import TaskConfig
    from headwater.roles.task import Task
    from headwater.tables.columns import Missing, Unknown

PAGE = 100  # tasks a call: some nine million gas
MOST_MODELS = 100  # newest rounds of a task whose models are shown
USUAL_BOND = 10**16  # wei


@click.group()
def command() -> None:
    """Publish training jobs, and look at them."""


@command.command()
@click.option("--name", required=True, help="What the task is called.")
@click.option("--description", default="", help="A few sentences for trainers.")
@click.option(
    "--sample",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file that you may describe in public: its columns, means, deviations and classes become the task's."
    " Its rows stay here.",
)
@click.option("--label", help="The column to predict, where the learner predicts one: a row's class, or its amount.")
@click.option("--feature", "features", multiple=True, help="A column to train on.  [default: all but the label]")
@click.option("--leave-out", multiple=True, help="A column not to train on.")
@click.option("--category", "categories", multiple=True, help="A column of numbers that are names, not amounts.")
@click.option(
    "--group-column",
    "group_columns",
    multiple=True,
    help="A column of a few values that say of which group a row is. Training does not read it; scores and compositions"
    " count by it. It may be a feature, too.",
)
@click.option(
    "--missing",
    type=click.Choice(["refuse", "drop", "mean"]),
    default="refuse",
    show_default=True,
    help="What a cell without a value means: a wrong file, a row to leave out, or the column's mean.",
)
@click.option(
    "--unknown",
    type=click.Choice(["refuse", "none"]),
    default="refuse",
    show_default=True,
    help="What a value means that a category does not have: a wrong file, or none of its values.",
)
@learner_options
@click.option("--rounds", type=click.IntRange(1, MAX_ROUNDS), default=5, show_default=True)
@click.option("--min-trainers", type=click.IntRange(3, MAX_TRAINERS), default=3, show_default=True)
@click.option("--max-trainers", type=click.IntRange(3, MAX_TRAINERS), default=16, show_default=True)
@click.option(
    "--links",
    "max_links",
    type=click.IntRange(1, MAX_LINKS),
    default=1,
    show_default=True,
    help="How many proofs in a row may make an update: a trainer may have so many times --rows rows.",
)
@click.option("--stake", type=ETHER, default="0", show_default=True, help="What a trainer locks, and an aggregator.")
@click.option("--pool", type=ETHER, default="0", show_default=True, help="The reward pool, escrowed now.")
@click.option("--aggregator-fee", type=ETHER, default="0", show_default=True, help="Of each round's part of the pool.")
@click.option("--join-period", type=DURATION, default="1h", show_default=True)
@click.option("--train-period", type=DURATION, default="1h", show_default=True)
@click.option(
    "--review-period",
    type=DURATION,
    default=0,
    show_default="every proof stands on chain",
    help="Let trainers claim links whose proofs lie in the store, and demand any of them for so long: 80,000 gas an"
    " update instead of 690,000.",
)
@click.option("--mask-period", type=DURATION, default="1h", show_default=True, help="Of each attempt at masking.")
@click.option("--aggregate-period", type=DURATION, default="1h", show_default=True)
@click.option(
    "--answer-period", type=DURATION, default="1h", show_default=True, help="What the accused have to answer, at least."
)
@click.option(
    "--challenge-period",
    type=DURATION,
    default="1h",
    show_default=True,
    help="How long a new model's bytes can be demanded before it counts.",
)
@click.option("--unbonding-period", type=DURATION, default="1d", show_default=True, help="From leaving to the stake.")
@click.option(
    "--challenge-bond",
    type=ETHER,
    show_default="0.01, or the stake if that is less",
    help="What a challenger puts up at least, and who answers gets: about what the gas of an answer costs. Where gas is"
    " dear it is more.",
)
@click.option(
    "--fault-slash",
    type=PERCENT,
    default="100%",
    show_default=True,
    help="What of its stake is burnt of who withholds bytes or posts a wrong mask.",
)
@click.option(
    "--absence-slash",
    type=PERCENT,
    default="5%",
    show_default=True,
    help="What of its stake is burnt of a trainer that joins and does not submit, or submits and does not mask.",
)
@click.option(
    "--admission",
    type=ACCOUNT,
    default=ZERO_ADDRESS,
    show_default="anybody",
    help="A contract that decides who may enrol: see contracts/interfaces/IAdmission.sol.",
)
@click.option(
    "--group",
    "groups",
    type=click.IntRange(0),
    multiple=True,
    help="A group whose members may enrol, each once: see `headwater group`. Repeated: who is in all of them.",
)
@click.option(
    "--parent",
    "parents",
    type=PARENT,
    multiple=True,
    help="A model to start from, instead of zeros; several are added, each times its coefficient, and proved.",
)
@click.option("--divisor", type=click.IntRange(1), help="What the sum of the parents is divided by.  [default: 1]")
@click.option(
    "--srs",
    type=click.Choice(["dev", "perpetual-powers-of-tau"]),
    default="dev",
    show_default=True,
    help="A development string is for local chains: whoever made it can forge proofs. Parents bring their own.",
)
@click.option(
    "--scores/--no-scores",
    default=None,
    help="Whether scores on held-out data can be proved and recorded: two more verifiers are deployed, and circuits may"
    " be larger.  [default: where groups are named]",
)
@click.option("--attester", "attesters", type=ACCOUNT, multiple=True, help="Whose scores you point readers to.")
@chain_options
@key_options
@store_option
@home_option
def create(
    sample: Path,
    label: str | None,
    features: Sequence[str],
    leave_out: Sequence[str],
    categories: Sequence[str],
    group_columns: Sequence[str],
    missing: Missing,
    unknown: Unknown,
    kind: str,
    settings: tuple[str, ...],
    rows: int,
    steps: int,
    learning_rate: float,
    clip: float,
    parents: tuple[tuple[int, int, int], ...],
    divisor: int | None,
    groups: tuple[int, ...],
    srs: str,
    scores: bool | None,
    attesters: tuple[str, ...],
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
    **terms: Any,
) -> None:
    """Publish a task: circuits, verifiers, documents, and the terms that nobody can change afterwards.

    Its first model is zeros; or, with one --parent, that very model; or, with several, their sum, divided and proved.
    """
    if divisor is not None and not parents:
        raise click.UsageError("--divisor divides the sum of parents: name them with --parent")
    scores = bool(group_columns) if scores is None else scores
    if attesters and not scores:
        raise click.UsageError("--attester names whose scores count: say --scores")
    if groups and terms["admission"] != ZERO_ADDRESS:
        raise click.UsageError("--group and --admission both say who may enrol: give one of them")
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.learners.learner import find
    from headwater.protocol.structs import Parent
    from headwater.roles.creating import create_task, module_of
    from headwater.roles.origins import Lineage
    from headwater.roles.terms import Terms
    from headwater.storage.opening import open_store

    lineage = Lineage(tuple(Parent(*parent) for parent in parents), divisor or 1) if parents else None
    if terms["challenge_bond"] is None:
        terms["challenge_bond"] = min(USUAL_BOND, terms["stake"])
    request = requested(
        settings,
        rows=rows,
        steps=steps,
        learning_rate=learning_rate,
        clip=clip,
        label=label,
        features=list(features) or None,
        leave_out=leave_out,
        categories=categories,
        missing=missing,
        unknown=unknown,
        groups=group_columns,
    )
    learner = made(lambda: find(kind).describe(sample, request))
    err.print(_taken(learner))
    for text in learner.remarks(sample):
        err.print(Text("!", style="yellow"), text)
    contracts = open_contracts(connect(rpc), deployments, network)
    sender = Sender(contracts.chain, load_key(keystore))
    opened = open_store(store_address(store, home))
    opened.check()
    report = log_report("creator")
    if groups:
        terms["admission"] = module_of(contracts, sender, groups, terms["min_trainers"], report)
    task_id = create_task(
        contracts,
        sender,
        opened,
        home,
        learner,
        Terms(**terms),
        srs,
        report,
        lineage,
        scores=scores,
        attesters=attesters,
    )
    out.print(f"task {task_id}")
    identity = " --identity FILE" if groups else ""
    err.print(f"Trainers take part with: headwater trainer run --task {task_id} --data FILE.csv{identity}")


@command.command("open")
@click.argument("task_id", type=click.IntRange(1))
@click.option("--attester", "attesters", type=ACCOUNT, multiple=True, help="Whose scores you point readers to.")
@chain_options
@key_options
@store_option
@home_option
def open_for_scores(
    task_id: int,
    attesters: tuple[str, ...],
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
) -> None:
    """Open a task of yours for scores, where `task create --scores` did not come so far."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.roles.scores import open_scores
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    sender = Sender(contracts.chain, load_key(keystore))
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id)
    circuits = (task.score, task.composition)
    open_scores(contracts, sender, task_id, task.learner, circuits, attesters, log_report("creator"))
    out.print(f"task {task_id} is open for scores")


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


def _taken(learner: Learner) -> Table:
    """What a task's creator is about to make public of a file."""
    table = Table("column", "becomes", title="columns", title_justify="left")
    for name, becomes in learner.taken:
        table.add_row(name, becomes)
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
        "pool": f"{format_wei(seen.pool.amount)}, {fee} of a round's part for its aggregator",
        "starts from": _origin(task, seen),
        **task.learner.facts,
        "rows": f"up to {task.learner.rows} in a proof{links}",
        "proofs tell": f"of one row at most {task.learner.row_bits(config.rounds):.2g} bits in all rounds, and only to"
        " who knows all else",
        "scores": _scores(task),
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
