"""`headwater plan`: what a task will cost, before it is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.table import Table
from rich.text import Text

from headwater.cli.console import err, out
from headwater.cli.learners import learner_options, made, requested
from headwater.cli.options import Real
from headwater.protocol.machine.terms import MAX_LINKS, MAX_ROUNDS, MAX_TRAINERS

if TYPE_CHECKING:
    from headwater.circuits.cost import ProvingCost
    from headwater.circuits.statement import Statement
    from headwater.learners.learner import Learner
    from headwater.reading.planning import Crowd, Expense

GWEI = 10**9


@click.command()
@learner_options
@click.option(
    "--features",
    type=click.IntRange(1),
    required=True,
    help="Numeric columns to train on; where the learner has an intercept, it is added.",
)
@click.option(
    "--classes", type=click.IntRange(2, 100), default=2, show_default=True, help="Of the label, if it has any."
)
@click.option("--rounds", type=click.IntRange(1, MAX_ROUNDS), default=5, show_default=True)
@click.option("--trainers", type=click.IntRange(3, MAX_TRAINERS), default=16, show_default=True, help="In a round.")
@click.option(
    "--links",
    type=click.IntRange(1, MAX_LINKS),
    default=1,
    show_default=True,
    help="How many proofs in a row an update has: of a trainer with so many times --rows rows.",
)
@click.option("--on-demand", is_flag=True, help="Proofs stand in the store, and on chain only if demanded.")
@click.option(
    "--group-column", "groups", multiple=True, metavar="NAME", help="A column of two groups, by which scores count."
)
@click.option("--scores/--no-scores", default=None, help="Also what scores take.  [default: where groups are named]")
@click.option("--gas-price", type=Real(0, 10**6), metavar="GWEI", help="Also show what the gas costs.")
@click.option(
    "--data-price",
    type=Real(0, 10**9),
    default=0.0,
    metavar="GWEI",
    help="What a byte of calldata costs beside its gas: an L2 asks for it, since it publishes all of them.",
)
def command(
    kind: str,
    settings: tuple[str, ...],
    features: int,
    classes: int,
    rounds: int,
    trainers: int,
    links: int,
    on_demand: bool,
    groups: tuple[str, ...],
    scores: bool | None,
    gas_price: float | None,
    data_price: float,
    **training: Any,
) -> None:
    """Estimate what a task takes: proofs, gas, bytes and time. Nothing is built or sent.

    The circuits are laid out here, so that k and rows are exact. Seconds and memory are for two cores, gas is what our
    tests measure.

    For example: headwater plan --rows 142 --features 30 --gas-price 20
    """
    from headwater.circuits import worker
    from headwater.circuits.average import Average
    from headwater.circuits.cost import proving_cost
    from headwater.errors import ConfigError
    from headwater.learners.learner import find
    from headwater.protocol.fixedpoint import salt_rows_for
    from headwater.reading.planning import (
        answer_parts,
        check_plan,
        crowds,
        expenses,
        periods,
        round_bytes,
        score_expenses,
        shorter,
    )
    from headwater.roles.scores import score_statements

    learner = made(lambda: find(kind).sized(features, classes, requested(settings, groups=groups, **training)))
    bare, learner = learner, learner.with_salt_rows(salt_rows_for(rounds, learner.width))
    scoring = score_statements(learner) if (bool(groups) if scores is None else scores) else {}
    check_plan(learner, rounds, trainers, links, scores=bool(scoring))
    if scores and not scoring:
        raise ConfigError(f"models of the kind {kind!r} have no score", "leave out --scores")
    statements: tuple[Statement, ...] = (learner.update_statement, Average(learner.dimension), *scoring.values())
    fewer = shorter(rounds) if learner.salt_rows > bare.rows // 4 else []  # else salts hardly matter
    with err.status("Laying the circuits out"):
        others = [bare.with_salt_rows(salt_rows_for(count, bare.width)).update_statement for count in fewer]
        sizes = worker.sizes(*statements, *others)
    own, shorter_ones = sizes[: len(statements)], sizes[len(statements) :]
    alone = max(k for _, k in own[:2])
    k, smaller = max(k for _, k in own), [max(size, *(k for _, k in own[1:])) for _, size in shorter_ones]
    train, average, *of_scores = (proving_cost(k, statement.inner_columns) for statement in statements)
    documents = round_bytes(learner.dimension, trainers)
    out.print(_proofs(learner, k, [rows for rows, _ in own], [train, average, *of_scores]))
    if k > alone:
        text = f"! scores take k = {k} of everybody, training alone k = {alone}: fewer rows or groups bring it down"
        out.print(Text(text, style="yellow"), soft_wrap=True)
    _warn(k, train)
    _print_salts(learner, rounds, k, dict(zip(fewer, smaller, strict=True)))
    costs = expenses(learner.dimension, rounds, trainers, links, on_demand=on_demand)
    costs += score_expenses(learner, rounds if scoring else 0)
    prices = None if gas_price is None and not data_price else Prices(gas_price or 0.0, data_price)
    out.print(_gas(costs, prices))
    out.print(_totals(costs, trainers, prices))
    out.print(_blocks(crowds(costs, trainers)))
    out.print(_bond(learner.dimension, gas_price), soft_wrap=True)
    _print_store(k, train.key_mb + average.key_mb, documents.update, documents.model, documents.total * rounds)
    table = Table("option", "at least", "room for", title="periods", title_justify="left")
    reviewed = trainers * links if on_demand else 0
    for period in periods(train, average, documents, answer_parts(learner.dimension), links, reviewed):
        table.add_row(period.option, f"{period.seconds // 60}m", period.why)
    out.print(table)


def _proofs(learner: Learner, k: int, rows: list[int], costs: list[ProvingCost]) -> Table:
    table = Table("proof", "rows", "takes", "memory", "key", title_justify="left")
    table.title = f"{learner.dimension} weights, k = {k}: {1 << k:,} rows"
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, count, cost in zip(("an update", "the average", "a score", "a composition"), rows, costs, strict=False):
        table.add_row(
            kind, f"{count:,}", f"{cost.seconds:.1f} s", f"{cost.memory_mb:,.0f} MB", f"{cost.key_mb:,.0f} MB"
        )
    return table


def _warn(k: int, train: ProvingCost) -> None:
    from headwater.circuits.cost import LARGE_K

    if k > LARGE_K:
        text = (
            f"! k = {k} is beyond what was tried: every trainer needs {train.memory_mb / 1024:.0f} GB of"
            f" memory. Fewer rows, features or steps bring it down; up to k = {LARGE_K} was measured, and nodes leave a"
            " task of more alone unless their max_k allows it."
        )
        out.print(Text(text, style="yellow"))


def _print_salts(learner: Learner, rounds: int, k: int, fewer: dict[int, int]) -> None:
    """Where the salts of many rounds make the circuits larger: how many rounds do not.

    fewer: the k of tasks with fewer rounds.
    """
    better = {count: size for count, size in fewer.items() if size < k}
    if not better:
        return
    count = max(better)
    out.print(
        Text("!", style="yellow"),
        f"{rounds:,} rounds take {learner.salts:,} salts, and so k = {k} of everybody: each proof tells an"
        f" equation about its data. A task of {count:,} rounds has k = {better[count]}. Another one can start from its"
        f" last model (`headwater task create --from`); its trainers enrol anew, with fresh salts or other data.",
        soft_wrap=True,
    )


class Prices(NamedTuple):
    """What a unit of gas costs, and a byte of calldata beside its gas; gwei."""

    gas: float
    data: float

    def of(self, gas: int, calldata: int) -> str:
        """What a transaction costs, ETH."""
        return f"{(gas * self.gas + calldata * self.data) / GWEI:.6f}"


def _blocks(crowds: list[Crowd]) -> Table:
    from headwater.reading.planning import BLOCK_GAS

    table = Table("phase", "gas", "bytes", "blocks", title="what all trainers of a round send", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for crowd in crowds:
        table.add_row(crowd.phase, f"{crowd.gas:,}", f"{crowd.calldata:,}", f"{crowd.blocks:.2f}")
    table.caption = f"blocks of {BLOCK_GAS // 10**6} million gas with nothing else in them: a period has room for more"
    table.caption_justify = "left"
    return table


def _gas(costs: list[Expense], prices: Prices | None) -> Table:
    headers = ["who", "sends", "times", "gas", "bytes"] + ["ETH"] * (prices is not None)
    table = Table(*headers, title="transactions, each", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for cost in costs:
        price = [] if prices is None else [prices.of(cost.gas, cost.calldata)]
        times = str(cost.times) if cost.times else "if need be"
        table.add_row(cost.who, cost.what, times, f"{cost.gas:,}", f"{cost.calldata:,}", *price)
    return table


def _totals(costs: list[Expense], trainers: int, prices: Prices | None) -> Table:
    def total(who: str, many: int = 1) -> tuple[int, int]:
        own = [cost for cost in costs if cost.who == who]
        return many * sum(c.gas * c.times for c in own), many * sum(c.calldata * c.times for c in own)

    rows = {"creator": total("creator"), "each trainer": total("trainer"), "aggregator": total("aggregator")}
    rows["whoever advances"] = total("anyone")
    if any(cost.who == "attester" for cost in costs):
        rows["each attester"] = total("attester")
    parts = [total(who, trainers if who == "trainer" else 1) for who in dict.fromkeys(cost.who for cost in costs)]
    rows[f"all, with {trainers} trainers"] = sum(gas for gas, _ in parts), sum(calldata for _, calldata in parts)
    table = Table(show_header=False, title="gas of the whole task, without challenges", title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    if prices is not None:
        table.add_column(justify="right")
    for name, (gas, calldata) in rows.items():
        table.add_row(name, f"{gas:,}", *([] if prices is None else [f"{prices.of(gas, calldata)} ETH"]))
    return table


def _bond(dimension: int, gas_price: float | None) -> str:
    """What a challenge of an update takes, which follows the base fee."""
    from headwater.protocol.machine.challenges import assumed_gas
    from headwater.protocol.phases import Kind

    gas = 2 * assumed_gas(Kind.UPDATE, dimension)
    price = "" if gas_price is None else f": {gas * gas_price / GWEI:.6f} ETH"
    return f"bond of a challenge of an update: {gas:,} times the base fee{price}, and --challenge-bond at least"


def _print_store(k: int, keys_mb: float, update: int, model: int, total: int) -> None:
    from headwater.reading.planning import srs_bytes

    srs = srs_bytes(k) / 2**20
    table = Table(show_header=False, title="store and disk", title_justify="left")
    table.add_row("an update, each trainer and round", f"{update:,} bytes")
    table.add_row("a model, each round", f"{model:,} bytes")
    table.add_row("all rounds", f"{total:,} bytes")
    table.add_row("disk of each node: SRS and keys", f"{srs + keys_mb:,.0f} MB")
    out.print(table)
