"""What `headwater explain --lineage` shows: the models that a model is made of, and the data that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from headwater.cli.console import out

if TYPE_CHECKING:
    from headwater.chain.contracts.opened import Contracts
    from headwater.reading.ancestry import Ancestry, Generation, ModelId

MARK = {True: ("in it", "yellow"), False: ("not in it", "green")}


def show(contracts: Contracts, ancestry: Ancestry, account: str | None) -> None:
    """Print a model's lineage; with an account, only whether its data are in it, and where."""
    from headwater.reading.ancestry import name_of

    name = ancestry.model.name
    if account is not None:
        out.print(Text.assemble(f"{account}: its data are ", MARK[account in ancestry.people], f", in {name}"))
    else:
        out.print(_tree(contracts, ancestry))
    data = [use for use in ancestry.data if account in (None, use.trainer, *use.contributors)]
    if data:
        table = Table("data, by the hash of their commitment", "whose", "went into", title_justify="left")
        table.title = f"{name[0].upper()}{name[1:]} rests on {len(data)} data commitments"
        for use in data:
            rows = f", rows of {len(use.contributors)} people in its pool" if use.contributors else ""
            table.add_row("0x" + use.data_hash.hex(), use.trainer + rows, _models(use.models))
        out.print(table)
    elif account is None:
        out.print("It rests on nobody's data.")
    for trainer, models in ancestry.left_out.items():
        if account in (None, trainer):
            out.print(f"{trainer} is not in it: its data went into {', '.join(map(name_of, models))}", soft_wrap=True)
    out.print("The same rows under another salt or account are other data here: nobody can see that they are the same.")


def _tree(contracts: Contracts, ancestry: Ancestry) -> Tree:
    """The lineage, a branch for each task's models; what was shown already is not shown again."""
    known = {generation.id: generation for generation in ancestry.generations}
    tree = Tree(_rounds(known, ancestry.model))
    pending, seen = [(tree, ancestry.model)], {ancestry.model.id}
    while pending:
        branch, model = pending.pop()
        first = known[model.added.task_id, 0]
        if first.is_root:
            branch.add(_root(contracts, first))
        for parent in first.parents:
            of = known[parent.task_id, parent.round]
            share = Fraction(parent.coefficient, first.divisor)
            text = Text.assemble(
                (f"{share} × ", "bold") if share != 1 or len(first.parents) > 1 else "", _rounds(known, of)
            )
            if of.id in seen:
                branch.add(text.append(": see above", "dim"))
            else:
                pending.append((branch.add(text), of))
                seen.add(of.id)
    return tree


def _rounds(known: dict[ModelId, Generation], model: Generation) -> Text:
    """A model, and how many updates went into it in which rounds of its task."""
    task_id, rounds = model.added.task_id, []
    while model.added.round:
        rounds.append(f"{len(model.contributions)} updates in round {model.added.round}")
        model = known[task_id, model.added.parent]
    name = known[task_id, model.added.round].name if not rounds else f"task {task_id}"
    return Text.assemble((name, "bold"), f": {', '.join(rounds)}" if rounds else "")


def _root(contracts: Contracts, first: Generation) -> Text:
    from headwater.protocol.curve import add, multiply

    config, tag = contracts.tasks.get_task(first.added.task_id).config, contracts.tasks.tag(first.added.task_id)
    if first.added.commitment == add(config.offset, multiply(config.basis_d, tag)):
        return Text("from zeros", "dim")
    return Text("from weights that nobody proved: `headwater task show` says whether its learner draws them", "yellow")


def _models(models: Iterable[ModelId]) -> str:
    by_task = groupby(models, key=lambda model: model[0])
    return "; ".join(f"task {task}: round {', '.join(str(round_) for _, round_ in found)}" for task, found in by_task)
