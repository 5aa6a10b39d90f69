"""`headwater task`: publish training jobs, and look at them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from headwater.cli.console import err, out
from headwater.cli.options import Real, chain_options, home_option, key_options, store_address, store_option
from headwater.cli.progress import log_report
from headwater.protocol.machine.terms import MAX_PERIOD, MAX_ROUNDS, MAX_TRAINERS, WHOLE

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.protocol.decisions import RoundView
    from headwater.roles.task import Task

MAX_CLIP = 8.0
PAGE = 100  # tasks a call: some nine million gas
MIN_RATE, MAX_RATE = 2.0**-60, 2.0**60
MOST_COIN = 10**9  # fits the contracts' 96 bits of wei
_EXACT = Context(prec=100)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Ether(click.ParamType[int]):
    """An amount of the chain's coin, as wei."""

    name = "ETH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Wei of a decimal text."""
        try:
            coin = Decimal(value)
            if not coin.is_finite() or not 0 <= coin <= MOST_COIN:
                raise InvalidOperation
            wei = _EXACT.scaleb(coin, 18)
            if wei != int(wei):
                raise InvalidOperation
        except InvalidOperation:
            self.fail(f"{value!r} is no amount of coin, for example 0.25", param, ctx)
        return int(wei)


class Duration(click.ParamType[int]):
    """A span of time, as seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds of a text such as 90s, 30m, 12h or 2d."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", value)
        seconds = int(found[1]) * UNITS[found[2]] if found else 0
        if not 0 < seconds <= MAX_PERIOD:
            self.fail(f"{value!r} is no duration of at most 30 days: write 90s, 30m, 12h or 2d", param, ctx)
        return seconds


class Percent(click.ParamType[int]):
    """A part of a stake, in 1/10,000."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parts of 10,000 of a text such as 5%, 0.25% or 100%."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%", value)
        parts = 100 * int(found[1]) + int((found[2] or "").ljust(2, "0")) if found else WHOLE + 1
        if parts > WHOLE:
            self.fail(f"{value!r} is no part of a stake: write 100%, 5% or 0.25%", param, ctx)
        return parts


ETHER, DURATION, PERCENT = Ether(), Duration(), Percent()


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
@click.option("--label", required=True, help="The column that names a row's class.")
@click.option(
    "--feature", "features", multiple=True, help="A numeric column to train on.  [default: all but the label]"
)
@click.option("--rows", type=click.IntRange(1), required=True, help="The most rows a trainer may have.")
@click.option("--steps", type=click.IntRange(1), default=1, show_default=True, help="Gradient steps in an update.")
@click.option(
    "--learning-rate",
    type=Real(MIN_RATE, MAX_RATE),
    default=4.0,
    show_default=True,
    help="For a gradient averaged over --rows rows; taken to the nearest power of two for the summed one.",
)
@click.option(
    "--clip",
    type=Real(0, MAX_CLIP, min_open=True),
    default=0.125,
    show_default=True,
    help="The largest change of a weight in one step: what bounds the influence of bad data.",
)
@click.option("--rounds", type=click.IntRange(1, MAX_ROUNDS), default=5, show_default=True)
@click.option("--min-trainers", type=click.IntRange(3, MAX_TRAINERS), default=3, show_default=True)
@click.option("--max-trainers", type=click.IntRange(3, MAX_TRAINERS), default=16, show_default=True)
@click.option("--stake", type=ETHER, default="0", show_default=True, help="What a trainer locks, and an aggregator.")
@click.option("--pool", type=ETHER, default="0", show_default=True, help="The reward pool, escrowed now.")
@click.option("--aggregator-fee", type=ETHER, default="0", show_default=True, help="Of each round's part of the pool.")
@click.option("--join-period", type=DURATION, default="1h", show_default=True)
@click.option("--train-period", type=DURATION, default="1h", show_default=True)
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
    default="0.01",
    show_default=True,
    help="What a challenger puts up, and who answers gets: about what the gas of an answer costs.",
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
    "--srs",
    type=click.Choice(["dev", "perpetual-powers-of-tau"]),
    default="dev",
    show_default=True,
    help="A development string is for local chains: whoever made it can forge proofs.",
)
@chain_options
@key_options
@store_option
@home_option
def create(
    sample: Path,
    label: str,
    features: Sequence[str],
    rows: int,
    steps: int,
    learning_rate: float,
    clip: float,
    srs: str,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
    **terms: Any,
) -> None:
    """Publish a task: circuits, verifiers, documents, and the terms that nobody can change afterwards."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.errors import ConfigError
    from headwater.protocol.fixedpoint import TrainingSpec, encode
    from headwater.roles.creating import create_task
    from headwater.roles.terms import Terms
    from headwater.storage.opening import open_store
    from headwater.training.columns import describe

    columns = describe(sample, label, list(features) or None)
    shift = max(0, round(math.log2(rows / learning_rate)))
    try:
        spec = TrainingSpec(rows, columns.width, columns.outputs, steps, rate_shift=shift, clip=encode(clip, 12))
    except ValueError as error:
        raise ConfigError(f"no circuit can be made for this: {error}", "see docs/fixed-point.md") from error
    contracts = open_contracts(connect(rpc), deployments, network)
    sender = Sender(contracts.chain, load_key(keystore))
    opened = open_store(store_address(store, home))
    opened.check()
    report = log_report("creator")
    report("rate", learning_rate=f"{rows / 2**shift:.4g}", summed=f"2^-{shift}")
    task_id = create_task(contracts, sender, opened, home, spec, columns, Terms(**terms), srs, report)
    out.print(f"task {task_id}")
    err.print(f"Trainers take part with: headwater trainer run --task {task_id} --data FILE.csv")


@command.command()
@click.argument("task_id", type=click.IntRange(1), required=False)
@click.option("--check", is_flag=True, help="Also rebuild the circuits and compare the verifiers on chain.")
@chain_options
@store_option
@home_option
def show(
    task_id: int | None,
    check: bool,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    store: str | None,
    home: Path,
) -> None:
    """Show a task: its terms, columns, phase and models, checked against each other. Without TASK_ID: list all."""
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.roles.task import open_task
    from headwater.storage.opening import open_store

    contracts = open_contracts(connect(rpc), deployments, network)
    if task_id is None:
        out.print(_list(contracts))
        return
    task = open_task(contracts, open_store(store_address(store, home)), home, task_id)
    out.print(_facts(task))
    models = Table("round", "trainers", "model hash", "document", title="models", title_justify="left")
    from headwater.storage.cid import Cid

    for model in contracts.models.get_models(task_id, 0, 1000):
        row = (str(model.round), str(model.trainers), "0x" + model.model_hash.hex()[:16] + "…")
        models.add_row(*row, str(Cid.from_digest(model.cid)))
    out.print(models)
    if check:
        task.check_circuits(log_report("check"))
        out.print("[green]✓[/] the verifiers on chain are those of the task's statements, rebuilt here")


def _list(contracts: Contracts) -> Table:
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
        left = len(page) == PAGE
    return table


def _facts(task: Task) -> Table:
    from datetime import datetime

    from headwater.chain.contracts.reverts import format_wei

    config, spec, block = task.config, task.spec, task.contracts.chain.block()
    view = task.view(block)
    state = task.contracts.tasks.get_task(task.id, block.number)[1]
    deadline = (
        f", until {datetime.fromtimestamp(view.deadline).astimezone():%Y-%m-%d %H:%M:%S %Z}" if view.deadline else ""
    )
    shape = task.manifest.model
    facts = {
        "name": task.manifest.name,
        "description": task.manifest.description,
        "creator": state.creator,
        "round": f"{view.round} of {view.rounds}, {view.phase}{deadline}",
        "challenged": _challenged(view),
        "trainers": f"{config.min_trainers} to {config.max_trainers} in a round; {state.joined} joined",
        "stake": f"{format_wei(config.stake)}, free {_duration(config.unbonding_period)} after leaving",
        "slashed": f"{config.fault_slash / 100:g}% for a fault, {config.absence_slash / 100:g}% for an absence",
        "challenges": f"for {format_wei(config.challenge_bond)}, to be answered in {_duration(config.answer_period)};"
        f" a new model can be challenged for {_duration(config.challenge_period)}",
        "pool": f"{format_wei(state.pool)}, {format_wei(config.aggregator_fee)} of a round's part for its aggregator",
        "model": f"{shape.kind}, {spec.dimension} weights, classes {', '.join(shape.label.classes)}",
        "label": shape.label.column,
        "features": ", ".join(feature.name for feature in shape.features),
        "training": f"{spec.steps} step(s) on up to {spec.rows} rows, rate 2^-{spec.rate_shift} for a summed gradient",
        "circuits": f"k = {config.k}, SRS {task.srs.source}",
    }
    table = Table(show_header=False, title=f"task {task.id}", title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, text in facts.items():
        if text:
            table.add_row(name, text)
    return table


def _challenged(view: RoundView) -> str:
    """Who has to answer."""
    from headwater.protocol.phases import Phase

    if not view.accused:
        return ""
    return f"{view.accused} accused or guilty" if view.phase is Phase.AGGREGATE else "the model's bytes are demanded"


def _duration(seconds: int) -> str:
    """A span of time as `Duration` reads it."""
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"
