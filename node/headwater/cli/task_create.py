"""`headwater task create`: publish a training job, from zeros or from models that others have trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from rich.table import Table
from rich.text import Text

from headwater.cli.console import err, out
from headwater.cli.learners import learner_options, made, requested
from headwater.cli.options import chain_options, home_option, key_options, store_address, store_option
from headwater.cli.progress import log_report
from headwater.cli.values import ACCOUNT, DURATION, ETHER, PARENT, PERCENT
from headwater.protocol.machine.terms import MAX_LINKS, MAX_ROUNDS, MAX_TRAINERS
from headwater.protocol.structs import ZERO_ADDRESS

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.learners.learner import Learner
    from headwater.roles.origins import Lineage
    from headwater.roles.terms import Terms
    from headwater.storage.store import ContentStore

USUAL_BOND = 10**16  # wei
REQUEST = (
    *("label", "features", "leave_out", "categories", "group_columns", "missing", "unknown", "settings"),
    *("rows", "steps", "learning_rate", "clip"),
)
"""Parameters of the command that are fields of a learner's request."""

From = tuple[int, int | None, int]
"""A model as --from names it: task, round (None: the newest), coefficient."""


@click.command()
@click.option("--name", help="What the task is called.  [default: like the task that it starts --from]")
@click.option("--description", default="", help="A few sentences for trainers.")
@click.option(
    "--sample",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file that you may describe in public: its columns, means, deviations and classes become the task's."
    " Its rows stay here. With --from, columns and figures are those that are there already.",
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
@partial(learner_options, rows_required=False)
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
    help="Let trainers claim links whose proofs lie in the store, and demand any of them for so long: 106,000 gas an"
    " update instead of 680,000.",
)
@click.option(
    "--quiet-bound",
    type=PERCENT,
    default=0,
    show_default="every part is learnt in every round",
    help="Receipts: let a trainer go on alone, part after part, while its model is right on so much of the next part,"
    " which it proves. Needs --review-period, --links and scores. See docs/receipts.md.",
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
    "--scores/--no-scores",
    default=None,
    help="Whether scores on held-out data can be proved and recorded: two more verifiers are deployed, and circuits may"
    " be larger.  [default: where columns of groups are named, or the task that it starts --from has them]",
)
@click.option("--attester", "attesters", type=ACCOUNT, multiple=True, help="Whose scores you point readers to.")
@click.option(
    "--inference",
    is_flag=True,
    help="Let contracts ask what models say of a row that they do not see: one more verifier is deployed, and circuits"
    " may be larger.",
)
@click.option(
    "--from",
    "parents",
    type=PARENT,
    multiple=True,
    help="A model to start from, instead of zeros: ROUND is a number or `latest`. Several are added, each times its"
    " coefficient, and divided, which is proved. Columns, numbers and terms are then those of the first one's task, but"
    " for what is named here. No money is taken over: name --pool.",
)
@click.option(
    "--divisor",
    type=click.IntRange(1),
    help="What the sum of the models is divided by.  [default: the sum of the coefficients: a weighted mean]",
)
@click.option(
    "--without",
    type=ACCOUNT,
    multiple=True,
    help="Start from the newest model, of those that the one named with --from is made of, that this account's data"
    " never entered.",
)
@click.option(
    "--srs",
    type=click.Choice(["dev", "perpetual-powers-of-tau"]),
    default="dev",
    show_default=True,
    help="A development string is for local chains: whoever made it can forge proofs. Parents bring their own.",
)
@chain_options
@key_options
@store_option
@home_option
@click.pass_context
def create(
    ctx: click.Context,
    /,
    sample: Path | None,
    kind: str,
    parents: tuple[From, ...],
    divisor: int | None,
    without: tuple[str, ...],
    groups: tuple[int, ...],
    scores: bool | None,
    attesters: tuple[str, ...],
    inference: bool,
    srs: str,
    rpc: tuple[str, ...],
    deployments: Path,
    network: str | None,
    keystore: Path | None,
    store: str | None,
    home: Path,
    **options: Any,
) -> None:
    """Publish a task: circuits, verifiers, documents, and the terms that nobody can change afterwards.

    Its first model is zeros; or, with one --from, that very model; or, with several, their sum, divided and proved:
    a mean, or with coefficients such as 1:4 2:4 3:4=-1 whatever is linear. `headwater merge search` finds coefficients.
    """
    from headwater.chain.asking.rpc import connect
    from headwater.chain.contracts.opened import open_contracts
    from headwater.chain.sending.sender import Sender
    from headwater.cli.keys import load_key
    from headwater.roles.creating import create_task, module_of
    from headwater.storage.opening import open_store

    if groups and options["admission"] != ZERO_ADDRESS:
        raise click.UsageError("--group and --admission both say who may enrol: give one of them")
    named = {name for name in ctx.params if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT}
    _check_usage(named, parents, divisor, without)
    request = {name: options.pop(name) for name in REQUEST}
    lineage = None
    if not parents:
        learner, terms = _described(sample, kind, request), _own_terms(options)
    contracts = open_contracts(connect(rpc), deployments, network)
    sender = Sender(contracts.chain, load_key(keystore))
    opened = open_store(store_address(store, home))
    opened.check()
    if parents:
        lineage = _lineage(contracts, opened, home, parents, divisor, without)
        given = {name: value for name, value in request.items() if name in named}
        of_terms = {name: value for name, value in options.items() if name in named}
        asked = kind if "kind" in named else None
        learner, terms = _inherited(contracts, opened, parents, given, sample, asked, of_terms)
    if scores is None:
        scores = bool(terms.quiet_bound) or _has_scores(contracts, opened, parents, learner)
    if attesters and not scores:
        raise click.UsageError("--attester names whose scores count: say --scores")
    report = log_report("creator")
    if groups:
        terms = replace(terms, admission=module_of(contracts, sender, groups, terms.min_trainers, report))
    task_id = create_task(
        *(contracts, sender, opened, home, learner, terms, srs, report, lineage),
        scores=scores,
        attesters=attesters,
        inference=inference,
    )
    out.print(f"task {task_id}")
    if parents:
        err.print(f"What its first model is made of, and whose data: headwater explain --task {task_id} --lineage")
    identity = " --identity FILE" if contracts.admissions.groups_of(terms.admission) else ""
    err.print(f"Trainers take part with: headwater trainer run --task {task_id} --data FILE.csv{identity}")


def _has_scores(contracts: Contracts, store: ContentStore, parents: Sequence[From], learner: Learner) -> bool:
    """Whether a task has scores where nobody says: with columns of groups, or where the first parent's has them."""
    from headwater.roles.task import read_task

    if not parents:
        return bool(learner.groups)
    return bool(read_task(contracts, store, parents[0][0]).manifest.circuits.score)


def _check_usage(named: set[str], parents: Sequence[From], divisor: int | None, without: Sequence[str]) -> None:
    """Refuse options that do not go together."""
    if not parents:
        if divisor is not None:
            raise click.UsageError("--divisor divides the sum of models: name them with --from")
        if without:
            raise click.UsageError("--without says whose data to leave: name the model that they are in with --from")
        for name in ("name", "sample", "rows"):
            if name not in named:
                raise click.UsageError(f"Missing option '--{name}': a task that starts from zeros needs it.")
        return
    if "srs" in named:
        raise click.UsageError("--srs is the parents': leave it out")
    if without and (len(parents) > 1 or parents[0][2] != 1 or divisor is not None):
        raise click.UsageError("--without starts from one model: name that, and no coefficient, with a single --from")
    if divisor is None and sum(coefficient for *_, coefficient in parents) < 1:
        raise click.UsageError("the coefficients add up to less than 1: say with --divisor what the sum is divided by")


def _described(sample: Path | None, kind: str, request: Mapping[str, Any]) -> Learner:
    """The learner of a task that starts from zeros, with what becomes public of the sample on the screen."""
    from headwater.learners.learner import find

    if sample is None:
        raise click.UsageError("Missing option '--sample'.")
    settings, features = request["settings"], list(request["features"]) or None
    rest = {name: value for name, value in request.items() if name not in ("settings", "features", "group_columns")}
    wanted = requested(settings, features=features, groups=request["group_columns"], **rest)
    learner = made(lambda: find(kind).describe(sample, wanted))
    err.print(_taken(learner))
    for text in learner.remarks(sample):
        err.print(Text("!", style="yellow"), text)
    return learner


def _own_terms(options: dict[str, Any]) -> Terms:
    from headwater.roles.terms import Terms

    if options["challenge_bond"] is None:
        options["challenge_bond"] = min(USUAL_BOND, options["stake"])
    return Terms(**options)


def _lineage(
    contracts: Contracts,
    store: ContentStore,
    home: Path,
    parents: Sequence[From],
    divisor: int | None,
    without: Sequence[str],
) -> Lineage:
    """What the first model is made of."""
    from headwater.protocol.structs import Parent
    from headwater.roles.origins import Lineage

    if without:
        return _without(contracts, store, home, parents[0], without)
    latest = contracts.models.latest
    found = [Parent(task, latest(task).round if number is None else number, a) for task, number, a in parents]
    return Lineage(tuple(found), divisor or sum(parent.coefficient for parent in found))


def _without(contracts: Contracts, store: ContentStore, home: Path, left: From, accounts: Sequence[str]) -> Lineage:
    """The newest model without somebody's data; and what there is to know about it."""
    from headwater.protocol.structs import Parent
    from headwater.reading.without import newest_without
    from headwater.roles.origins import Lineage

    task_id, round_, _ = left
    found = newest_without(contracts, store, home, task_id, round_, accounts)
    of, model = found.left.model.name, found.model
    err.print(f"{of} rests on data of {', '.join(accounts)}; {model.name}, the newest that does not, is the start.")
    for other in found.others:
        err.print(f"{other.name} does not either, and is no part of that: --from takes both, without --without.")
    err.print(
        Text("!", style="yellow"),
        "what was registered for another address, or the same rows under another's salt, nobody can see: this leaves"
        " out what these addresses proved, and no more",
    )
    return Lineage((Parent(*model.id, 1),))


def _inherited(
    contracts: Contracts,
    store: ContentStore,
    parents: Sequence[From],
    request: dict[str, Any],
    sample: Path | None,
    kind: str | None,
    terms: dict[str, Any],
) -> tuple[Learner, Terms]:
    """Columns, numbers and terms of the parents' tasks, but for what is named.

    request, terms: what is named, by the names of parameters.
    """
    from headwater.chain.contracts.reverts import format_wei
    from headwater.roles.inheriting import inherited_learner, inherited_terms
    from headwater.roles.task import read_task

    tasks = [read_task(contracts, store, task_id) for task_id in dict.fromkeys(task for task, *_ in parents)]
    if "settings" in request:
        request["settings"] = requested(request["settings"], rows=1).settings
    if "features" in request:
        request["features"] = list(request["features"])
    if "group_columns" in request:
        request["groups"] = request.pop("group_columns")
    learner = made(lambda: inherited_learner(tasks, request, sample, kind))
    names = {task.manifest.name for task in tasks}
    if "name" not in terms and len(names) > 1:
        raise click.UsageError(f"the tasks have different names: {', '.join(sorted(names))}: say with --name which")
    pool = contracts.lens.get_task(tasks[0].id).pool.amount
    if pool and "pool" not in terms:
        err.print(f"task {tasks[0].id} had a pool of {format_wei(pool)}; this one has none: --pool escrows one")
    if tasks[0].config.admission != ZERO_ADDRESS and "admission" not in terms:
        err.print(
            f"the contract at {tasks[0].config.admission} decides who may enrol, as in task {tasks[0].id}: it may have"
            " to be told of this task",
            soft_wrap=True,
        )
    found = inherited_terms(tasks[0], **terms)
    if found.aggregator_fee and "aggregator_fee" not in terms:
        err.print(
            f"a round's aggregator has {format_wei(found.aggregator_fee)} of its part, the share that it has in task"
            f" {tasks[0].id}: --aggregator-fee sets another",
            soft_wrap=True,
        )
    return learner, found


def _taken(learner: Learner) -> Table:
    """What a task's creator is about to make public of a file."""
    table = Table("column", "becomes", title="columns", title_justify="left")
    for name, becomes in learner.taken:
        table.add_row(name, becomes)
    return table
