"""First models that come from others: warm starts, merges, and what is refused; with real proofs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headwater.chain.contracts.events import OriginRecorded, TaskCreated
from headwater.circuits.circuit import proof_points
from headwater.errors import ConfigError, ContractError, TaskError
from headwater.learners.linear import Linear
from headwater.protocol.decisions import Deposit, Enrol, Join, Submit
from headwater.protocol.field import to_signed
from headwater.protocol.structs import Parent
from headwater.protocol.vectors import UPDATE_SALTS, public_input
from headwater.protocol.vectors import average as divide
from headwater.roles.creating import create_task
from headwater.roles.origins import Lineage, merge_problem
from headwater.roles.task import read_task
from tests.support.circuits import SMALL
from tests.support.roles import CREATOR, OUTSIDER, TERMS, World

FIRST = [300, -100, 40, 7]
MOST_GAS = {"merge": 700_000, "warm start": 300_000}
"""Beyond a plain `createTask`."""


def create(world: World, *parents: Parent, divisor: int = 1, account: int = CREATOR, **changes: Any) -> int:
    """A task whose first model comes from others."""
    place = (world.contracts, world.senders[account], world.store, world.home)
    lineage = Lineage(parents, divisor)
    learner = Linear(replace(SMALL, **changes), world.task.learner.columns)
    return create_task(*place, learner, TERMS, lineage=lineage)


def another(world: World, weights: list[int]) -> int:
    """A task from a model of its creator's making."""
    model = world.opened(weights)
    return world.create(model.commitment, world.put(model.document(0, 0)).digest)


def first_model(world: World, task_id: int) -> list[int]:
    task = read_task(world.contracts, world.store, task_id)
    return task.weights(world.models.get_model(task_id, 0))


def gas_of(world: World, task_id: int) -> int:
    """Of the transaction that created a task."""
    (event,) = world.tasks.events(TaskCreated, task_id=task_id)
    return int(world.anvil.web3.eth.get_transaction_receipt(event.transaction_hash)["gasUsed"])


def test_warm_start__has_the_weights_of_its_parent__under_its_own_tag(finalized):
    parent = Parent(finalized.task_id, 1, 1)
    task_id = create(finalized, parent)
    assert first_model(finalized, task_id) == finalized.task.current_model()
    assert finalized.models.get_parents(task_id, 0) == ((parent,), 1)
    old, new = finalized.models.latest(finalized.task_id), finalized.models.latest(task_id)
    assert old.model_hash != new.model_hash
    (event,) = finalized.models.events(OriginRecorded, task_id=task_id)
    assert (event.parents, event.divisor) == ((parent,), 1)
    assert gas_of(finalized, task_id) - gas_of(finalized, finalized.task_id) <= MOST_GAS["warm start"]


def test_warm_start__is_trained_on_from_there(finalized):
    task = finalized.open(create(finalized, Parent(finalized.task_id, 1, 1)))
    for action in (Deposit, Enrol, Join, Submit):
        for i in range(3):
            finalized.steps(finalized.trainer(i, task), action)
    start, dataset = finalized.task.current_model(), finalized.trainer(0).dataset
    trained = task.learner.spec.train(start, dataset.x, dataset.labels)
    assert [to_signed(entry) for entry in finalized.trainer(0, task).update(1)[0][:4]] == trained


def test_merge__is_the_floored_combination_of_its_parents__with_signs_and_a_divisor(finalized):
    model = finalized.task.current_model()
    other = another(finalized, FIRST)
    parents = (Parent(finalized.task_id, 1, 3), Parent(other, 0, -2))
    task_id = create(finalized, *parents, divisor=4)
    assert first_model(finalized, task_id) == [(3 * a - 2 * b) // 4 for a, b in zip(model, FIRST, strict=True)]
    assert finalized.models.get_parents(task_id, 0) == (parents, 4)
    assert gas_of(finalized, task_id) - gas_of(finalized, finalized.task_id) <= MOST_GAS["merge"]
    finalized.open(task_id).check_circuits()


def test_merge__of_merges__goes_on(finalized):
    other = another(finalized, FIRST)
    mean = create(finalized, Parent(finalized.task_id, 1, 1), Parent(other, 0, 1), divisor=2)
    merged = first_model(finalized, mean)
    task_id = create(finalized, Parent(mean, 0, 2), Parent(other, 0, -1))
    assert first_model(finalized, task_id) == [2 * a - b for a, b in zip(merged, FIRST, strict=True)]


def test_merge__proved_by_another__is_worth_nothing_to_its_thief(finalized):
    other = another(finalized, FIRST)
    task_id = create(finalized, Parent(finalized.task_id, 1, 1), Parent(other, 0, 1), divisor=2)
    (event,) = finalized.tasks.events(TaskCreated, task_id=task_id)
    sent = finalized.anvil.web3.eth.get_transaction(event.transaction_hash)
    copied = replace(finalized.rounds.advance(1), to=sent["to"], data=bytes(sent["input"]), value=sent["value"])
    assert finalized.refusal(OUTSIDER, copied).name == "PublicMismatch"
    assert finalized.senders[CREATOR].simulate(copied)


@pytest.mark.parametrize(
    ("parents", "divisor", "changes", "kind", "message"),
    (
        ((), 1, {}, ConfigError, "takes one parent at least"),
        ((Parent(1, 1, 1),), 0, {}, ConfigError, "a divisor from 1"),
        ((Parent(1, 1, 1),), 1, {"model_bits": 9, "clip": 512}, ConfigError, "do not go together"),
        ((Parent(1, 2, 1),), 1, {}, ContractError, "UnknownModel"),
        ((Parent(9, 0, 1),), 1, {}, ContractError, "there is no task 9"),
        ((Parent(1, 1, 1 << 40), Parent(1, 1, 1)), 1, {}, ConfigError, "beyond what a proof reaches"),
        ((Parent(1, 1, 1), Parent(1, 1, 1)), 1 << 30, {}, ConfigError, "the divisor 1073741824 is beyond"),
        ((Parent(1, 1, 1 << 45),), 1 << 29, {}, ConfigError, "bits is beyond 53"),
    ),
)
def test_origin__that_cannot_be__is_refused_before_anything_is_sent(
    finalized, parents, divisor, changes, kind, message
):
    nonce = finalized.senders[CREATOR].next_nonce()
    with pytest.raises(kind, match=message):
        create(finalized, *parents, divisor=divisor, **changes)
    assert finalized.senders[CREATOR].next_nonce() == nonce


def test_parent__whose_task_contradicts_itself__is_not_built_on(finalized):
    false = finalized.create(srs=b"\x01" * 32)
    with pytest.raises(TaskError, match="contradicts itself"):
        create(finalized, Parent(false, 0, 1))


@pytest.mark.parametrize(
    ("total", "divisor"), (((1 << 52) - 1, 1 << 29), (-(1 << 52) + 1, 1 << 29), ((1 << 52) - 1, (1 << 23) + 1))
)
def test_merge__at_the_limits_that_are_named__is_proved(average, total, divisor):
    assert not merge_problem([total] * 4, divisor)
    assert merge_problem([2 * total] * 4, divisor)
    weights, remainder = divide([total] * 4, divisor)
    salts = [0] * UPDATE_SALTS
    proof = average.prove([[*weights, 0], [*remainder, *salts], public_input(divisor, "0x" + "11" * 20)])
    assert average.verify([proof.data]) == [True]
    proved, expected = average.commit([2 * total] * 4), proof_points(proof.data, 4)[3]
    assert proved == expected
