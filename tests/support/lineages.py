"""Tasks that were made of one another, and a trainer that wants to leave them for good.

Trainer 3 is the leaver. With real proofs, each round finalized:

    left, round 1     it joins and submits, and misses masking: its update is in no average
    left, round 2     it masks with a false commitment; its update is averaged, and only then it is convicted
    beside, round 1   from left's round 1, by the other three
    merged, round 1   from (left's round 2 + beside's round 1) / 2, by the other three
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from headwater.chain.contracts.events import TaskCreated
from headwater.chain.sending.sender import Sender
from headwater.protocol.curve import add
from headwater.protocol.decisions import Action, Aggregate, ChallengeMask, Enrol, Join, Mask, OpenMask, Publish, Submit
from headwater.protocol.structs import Parent
from headwater.roles.origins import Lineage, first_model, read_parents
from headwater.roles.report import silent
from headwater.roles.role import Role
from headwater.roles.task import Task
from tests.support.anvil import run_anvil
from tests.support.posting import posting
from tests.support.roles import CREATOR, TERMS, World

LEAVER, THREE, FOUR = 3, range(3), range(4)


@dataclass(frozen=True)
class Lineages:
    """The world after all of it, and its tasks."""

    world: World
    left: Task
    beside: Task
    merged: Task

    @property
    def leaver(self) -> str:
        """Its address."""
        return self.world.senders[LEAVER + 1].address


@pytest.fixture(scope="session")
def lineages(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Lineages]:
    """All of it, on a chain of its own; tests may add tasks."""
    folder = tmp_path_factory.mktemp("lineages")
    with run_anvil(folder / "anvil.log") as anvil:
        yield grow(World(anvil, folder, home))


def grow(world: World) -> Lineages:
    """Let it all happen."""
    left = world.open(world.create(max_trainers=4, rounds=2))
    everybody(world, left, FOUR, Enrol, Join, Submit)
    everybody(world, left, THREE, Mask)
    world.advance(left.id)
    everybody(world, left, THREE, Mask, Publish)
    world.finalize(left)
    _one_lies_in_vain(world, left)
    beside = of_parents(world, Lineage((Parent(left.id, 1, 1),)))
    one_round(world, beside)
    merged = of_parents(world, Lineage((Parent(left.id, 2, 1), Parent(beside.id, 1, 1)), 2))
    one_round(world, merged)
    return Lineages(world, left, beside, merged)


def one_round(world: World, task: Task) -> None:
    """The three train a round of a task in which nobody is enrolled."""
    everybody(world, task, THREE, Enrol, Join, Submit, Mask, Publish)
    world.finalize(task)


def _one_lies_in_vain(world: World, task: Task) -> None:
    """What is averaged is the leaver's true masked update; that its commitment is false comes out after the average."""
    everybody(world, task, FOUR, Join, Submit)
    liar = posting(world, LEAVER, task, round_=2).committing(lambda point: add(point, task.config.basis0))
    for posted in (*(posting(world, i, task, round_=2) for i in THREE), liar):
        posted.send()
    victim = next(i for i in THREE if world.senders[i + 1].address == liar.masks[0].peer)
    world.challenger(task=task).act(ChallengeMask(*sorted((liar.trainer, liar.masks[0].peer), key=str.lower)))
    until(world, world.aggregator(task=task), Aggregate)
    until(world, world.trainer(victim, task), OpenMask)
    world.advance(task.id)


def of_parents(world: World, lineage: Lineage) -> Task:
    """A task like the world's, but that its first model is made of others'."""
    like, creator = world.task, world.senders[CREATOR]
    parents = read_parents(world.contracts, world.store, world.home, like.learner, lineage)
    first = first_model(like.average, creator.address, lineage, parents, silent)
    cid = world.put(first.model.document(0, 0))
    return world.open(_created(world, creator, first.origin, cid.digest))


def _created(world: World, creator: Sender, origin: object, cid: bytes) -> int:
    call = world.tasks.create_task(world.task.config, world.quotient, origin, cid, TERMS.pool)
    return creator.send(call).event(TaskCreated).task_id


def everybody(world: World, task: Task, members: Sequence[int], *actions: type[Action]) -> None:
    """Let trainers do each of the actions, one after another."""
    for action in actions:
        for i in members:
            until(world, world.trainer(i, task), action)


def until(world: World, role: Role, wanted: type[Action]) -> None:
    """Let a role act until it has done this; a trainer that joins may have stake to deposit first, say."""
    done: list[Action | None] = []
    while not done or type(done[-1]) is not wanted:
        done.append(role.step())
        world.pass_seed_block(role._task_id)
        assert len(done) < 5, f"{done} and no {wanted.__name__}"
