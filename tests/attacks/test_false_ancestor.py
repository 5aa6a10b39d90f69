"""Wants: that a model which nobody merged from others counts as their mean, and is built on.

Tries: to publish a task whose average verifier accepts anything, with a proof that names the right parents and another
model; and to start an honest task from that.
Stopped: who creates a task rebuilds its parents' circuits; and an audit follows the lineage to its roots, and does the
same with all of them.
"""

from __future__ import annotations

from dataclasses import replace

from headwater.chain.contracts.events import TaskCreated
from headwater.protocol.structs import Origin, Parent
from headwater.protocol.vectors import twice
from headwater.reading.audit import audit, audit_ancestors
from headwater.reading.audit_origin import combined
from headwater.roles.origins import Lineage
from headwater.roles.task import Task
from tests.support.arena import YES_CREATION
from tests.support.lineages import of_parents
from tests.support.roles import OUTSIDER, TERMS, World

FALSE = [900, -900, 900, -900]


def only_the_newest_task(task: Task) -> list[str]:
    """An audit of the named task alone."""
    return [check.name for section in audit(task) for check in section.checks if check.ok is False]


def forged(world: World) -> int:
    """A task whose first model is said to be twice another's, and is what its creator likes."""
    sender, config = world.senders[OUTSIDER], world.task.config
    verifier, _ = sender.deploy(YES_CREATION, "a verifier that says yes")
    false = replace(config, average_verifier=verifier, average_code_hash=world.chain.code_hash(verifier))
    parent, model = Parent(world.task_id, 1, 2), world.opened(FALSE)
    commitment = world.models.added(world.task_id, 1).commitment
    total = combined(config, [parent], [commitment], [world.task.tag])
    public = world.task.basis.commit([1, int(sender.address, 16)])
    points = (model.commitment, model.commitment, public, twice(total, config.offset))
    proof = b"".join(point.encode() for point in points)
    origin = Origin(parents=(parent,), models=(commitment,), divisor=1, proof=proof)
    cid = world.put(model.document(0, 0)).digest
    call = world.tasks.create_task(false, world.quotient, origin, cid, TERMS.pool)
    return sender.send(call).event(TaskCreated).task_id


def careless(*_: object) -> None:
    """A creator that does not rebuild its parents' circuits."""


def test_model__that_was_not_merged__under_a_verifier_that_accepts_anything(finalized, attack, monkeypatch):
    world = finalized
    false = Lineage((Parent(forged(world), 0, 1),))
    with attack.works_on(careless), monkeypatch.context() as weak:
        weak.setattr(Task, "check_circuits", careless)
        honest = of_parents(world, false)
    assert honest.current_model() == FALSE
    with attack.works_on(only_the_newest_task):
        assert only_the_newest_task(honest) == []

    with attack.stopped_by("TaskError"):
        of_parents(world, false)
    found = list(audit_ancestors(honest))
    assert list(dict.fromkeys(task_id for task_id, _ in found)) == [false.parents[0].task_id, world.task_id]
    broken = [(of, check.name) for of, section in found for check in section.checks if check.ok is False]
    assert broken == [
        (false.parents[0].task_id, "verifiers on chain are those of the task's statements, rebuilt here"),
        (false.parents[0].task_id, "the proof of the merge"),
    ]
    attack.gains("the audit of its lineage finds the ancestor's verifier and proof to be false")
