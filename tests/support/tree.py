"""A tree of tasks: nine tasks of four trainers each, merged by three tasks, and these by one. All proofs are real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from click.testing import CliRunner

from headwater.cli.main import cli
from headwater.protocol.decisions import Aggregate, Enrol, Join, Mask, Publish, Submit
from headwater.roles.task import Task
from tests.support.lineages import until
from tests.support.roles import CREATOR, World

LEAVES, COHORT, BRANCHES = 9, 4, 3
SHARES = (2,) * (LEAVES * COHORT)
ACCOUNTS = 2 + LEAVES * COHORT
POSTER = ACCOUNTS - 1  # the aggregator's account


@dataclass(frozen=True)
class Tree:
    """Ids of its tasks."""

    world: World
    leaves: Sequence[int]
    branches: Sequence[int]
    root: int


def grow(world: World) -> Tree:
    """The world must be new, with `ACCOUNTS` accounts and `SHARES`."""
    leaves = [_leaf(world, range(COHORT * n, COHORT * (n + 1))) for n in range(LEAVES)]
    each = LEAVES // BRANCHES
    branches = [_merged(world, f"region {n + 1}", leaves[each * n : each * (n + 1)]) for n in range(BRANCHES)]
    return Tree(world, leaves, branches, _merged(world, "everybody", branches))


def _leaf(world: World, members: Sequence[int]) -> int:
    """A task of one round, in which four trainers of its own train."""
    task: Task = world.open(world.create(min_trainers=COHORT, max_trainers=COHORT, rounds=1))
    for action in (Enrol, Join, Submit, Mask, Publish):
        for i in members:
            until(world, world.trainer(i, task), action)
    until(world, world.aggregator(POSTER, task), Aggregate)
    world.advance(task.id)
    return task.id


def _merged(world: World, name: str, parents: Sequence[int]) -> int:
    """A task whose first model is the mean of the newest models of others, as its creator types it."""
    words = [word for task_id in parents for word in ("--from", str(task_id))]
    typed(world, "task", "create", "--name", name, *words)
    return world.tasks.task_count()


def typed(world: World, *words: str, code: int = 0, account: int = CREATOR) -> str:
    """What a command says, in one line; it must end with `code`."""
    options = ["--rpc", world.anvil.url, "--deployments", str(world.folder / "deployments")]
    if words[0] != "explain":
        options += ["--store", f"dir:{world.folder}/store", "--home", str(world.home)]
    environment = {"HEADWATER_PRIVATE_KEY": world.anvil.accounts[account].key.hex(), "COLUMNS": "200"}
    result = CliRunner().invoke(cli, [*words, *options], env=environment)
    assert result.exit_code == code, result.output
    return " ".join(result.output.replace("│", " ").split())
