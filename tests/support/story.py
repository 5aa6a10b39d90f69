"""A task with a past, for readers of the chain: rounds that were finalized, failed and skipped, and what went wrong.

Four rounds of task `long`, with real proofs, finalized each:

    1   the fourth trainer submits nothing
    2   it submits, and misses the first attempt at masking
    3   it posts a wrong mask, is convicted, and slashed
    4   the first aggregator withholds its average, which is revoked; another one's is demanded, and shown on chain

Task `warm` starts from the model that `long` ended with, and `merged` from a model of both: nothing has happened there.

Task `pooled` has two pools: one that was closed, whose owner left somebody out and somebody withdrew from, and one
that is open.

Task `short` has a round that failed, since too few submitted, and one that was skipped. Task `plain` stands as it was
created. Task `withheld` ended when one had joined, since its creator did not show the first model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from headwater.chain.contracts.events import Challenged
from headwater.protocol.decisions import (
    Advance,
    Aggregate,
    ChallengeMask,
    ChallengeModel,
    Enrol,
    Join,
    Mask,
    OpenMask,
    OpenModel,
    Publish,
    Reclaim,
    Settle,
    Submit,
)
from headwater.protocol.slots import Reason
from headwater.protocol.structs import Parent
from headwater.roles.origins import Lineage
from headwater.roles.pools import contributing, owning
from headwater.roles.task import Task, open_task
from tests.support.lineages import everybody, of_parents, until
from tests.support.posting import posting
from tests.support.roles import AGGREGATOR, OUTSIDER, TERMS, Place, World

FOUR, THREE = range(4), range(3)
NOWHERE = b"\x09" * 32
"""The digest of nothing that anybody has."""


@dataclass(frozen=True)
class Story:
    """The world after all of it, and its tasks."""

    world: World
    long: Task
    short: Task
    plain: Task
    withheld: Task
    warm: Task
    merged: Task
    pooled: Task


def play(world: World) -> Story:
    """Let it all happen; the world must be new."""
    long = world.open(world.create(max_trainers=4, rounds=4))
    _one_submits_nothing(world, long)
    _one_misses_masking(world, long)
    _one_lies(world, long)
    _average_withheld(world, long)
    world.senders[1].send(world.rewards.collect(long.id, (1, 3)))
    short, plain, withheld = _too_few(world), world.open(world.task_id), _first_model_withheld(world)
    trained = Parent(long.id, 4, 1)
    warm = of_parents(world, Lineage((trained,)))
    merged = of_parents(world, Lineage((replace(trained, coefficient=3), Parent(warm.id, 0, -1)), divisor=2))
    return Story(world, long, short, plain, withheld, warm, merged, _pooled(world))


def _pooled(world: World) -> Task:
    from tests.support.pooling import OWNER, Pooling  # which stands on roles, as this does

    task = world.open(world.create())
    pooling = Pooling(world, task)
    for account in (4, 5, 7, 8):
        pooling.contribute(account)
    contributing.withdraw(world.contracts, world.senders[5], pooling.journals[5], pooling.id)
    bad = next(member for member in pooling.seen.members if member.contributor == pooling.address(7))
    findings = [owning.Finding(bad, Reason.INVALID_ROW)]
    list(owning.leave_out(world.contracts, world.senders[OWNER], pooling.id, findings))
    pooling.freeze()
    pooling.collect()
    pooling.close()
    Pooling(world, task).contribute(9)
    return task


def _one_submits_nothing(world: World, task: Task) -> None:
    everybody(world, task, FOUR, Enrol, Join)
    everybody(world, task, THREE, Submit)
    world.advance(task.id)
    everybody(world, task, THREE, Mask, Publish)
    world.finalize(task)


def _one_misses_masking(world: World, task: Task) -> None:
    everybody(world, task, FOUR, Join, Submit)
    everybody(world, task, THREE, Mask)
    world.advance(task.id)
    everybody(world, task, THREE, Mask, Publish)
    world.finalize(task)


def _one_lies(world: World, task: Task) -> None:
    everybody(world, task, FOUR, Join, Submit)
    liar = posting(world, 3, task, round_=3).masking(1)
    for posted in (*(posting(world, i, task, round_=3) for i in THREE), liar):
        posted.send()
    challenger = world.challenger(task=task)
    until(world, challenger, ChallengeMask)
    victim = next(i for i in THREE if world.senders[i + 1].address == liar.masks[0].peer)
    until(world, world.trainer(victim, task), OpenMask)
    world.pass_deadline(task.id)
    until(world, challenger, Advance)
    everybody(world, task, THREE, Mask, Publish)
    world.finalize(task)
    until(world, challenger, Settle)


def _average_withheld(world: World, task: Task) -> None:
    everybody(world, task, THREE, Join)
    world.advance(task.id)
    everybody(world, task, THREE, Submit, Mask, Publish)
    withholding = world.aggregator(AGGREGATOR, task)
    _, proof = withholding.prove(withholding.fetch(4), 3)
    world.senders[AGGREGATOR].send(world.rounds.aggregate(task.id, proof.data, NOWHERE))
    challenger = world.challenger(task=task)
    world.rpc("evm_increaseTime", TERMS.aggregate_period // 4)  # what cannot be fetched for so long is withheld
    world.rpc("evm_mine")
    until(world, challenger, ChallengeModel)
    world.pass_deadline(task.id)
    until(world, challenger, Advance)
    until(world, challenger, Reclaim)
    aggregator = world.aggregator(OUTSIDER, task)
    until(world, aggregator, Aggregate)
    bond = task.config.challenge_bond
    world.senders[AGGREGATOR].send(task.contracts.challenges.challenge_model(task.id, bond))
    until(world, aggregator, OpenModel)


def _too_few(world: World) -> Task:
    """Round 1 failed, round 2 was skipped."""
    task = world.open(world.create(rounds=2))
    everybody(world, task, THREE, Enrol, Join)
    everybody(world, task, range(2), Submit)
    world.advance(task.id)
    everybody(world, task, range(1), Join)
    world.advance(task.id)
    return task


def _first_model_withheld(world: World) -> Task:
    """Not of zeros, which would need no bytes; a trainer of ours would not join."""
    task_id = world.create(world.opened([1, 2, 3, 4]).commitment, NOWHERE)
    place = Place(world.contracts, task_id, world.senders)
    place.enter([world.task.basis.commit([5])])
    task = open_task(world.contracts, world.store, world.home, task_id, check_model=False)
    challenges, challenger = world.contracts.challenges, world.senders[OUTSIDER]
    raised = challenger.send(challenges.challenge_model(task_id, task.config.challenge_bond))
    world.advance(task_id)
    challenger.send(challenges.reclaim_bond(raised.event(Challenged).challenge_id))
    return task
