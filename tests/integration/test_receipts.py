"""Receipts, played by nodes: who goes on alone proves that its model was good enough, and anybody can demand it."""

from __future__ import annotations

import csv
import random
from dataclasses import replace

import pytest

from headwater.circuits.circuit import proof_points
from headwater.errors import ConfigError, TaskError
from headwater.protocol.decisions import ChallengeProof, Deposit, Enrol, Join, Mask, OpenProof, Publish, Submit, Wait
from headwater.protocol.phases import Phase
from headwater.protocol.structs import Link, Shown
from headwater.reading.audit import audit
from headwater.roles.creating import create_task
from headwater.roles.reviewing import bond, chains, links_of, read, score_fits
from headwater.roles.task import Task, point_hash
from headwater.storage.vectors import NO_SCORE, ProofDocument
from tests.support.arena import YES_CREATION
from tests.support.circuits import SMALL
from tests.support.roles import CREATOR, TERMS, SharedCircuit, World

PARTS = 3
MEMBERS = range(3)
QUIET = replace(TERMS, max_links=PARTS, review_period=600, quiet_bound=7_500)


@pytest.fixture
def task(created: World) -> Task:
    """A task with receipts, in Train of round 2: its model is good. Round 1 started from zeros."""
    call = (created.contracts, created.senders[CREATOR], created.store, created.home, created.task.learner, QUIET)
    task = created.open(create_task(*call, scores=True))
    task.check_circuits()
    score = task.score
    task.__dict__["score"] = SharedCircuit(score.folder, score.statement, score.srs, score.manifest)
    deal(created)
    for i in MEMBERS:
        created.steps(trainer(created, task, i), Deposit, Enrol)
    join(created, task)
    for i in MEMBERS:
        created.steps(trainer(created, task, i), Submit)
    assert {len(chain) for chain in links_of(task, 1).values()} == {1}  # zeros are right on half of the rows
    finish(created, task)
    join(created, task)
    return task


def deal(world: World) -> None:
    """To each trainer a file of several parts."""
    with world.held_out.open(newline="") as file:
        header, *rows = csv.reader(file)
    random.Random(5).shuffle(rows)
    each = (PARTS - 1) * SMALL.rows + 2
    for i in MEMBERS:
        with (world.folder / f"stream-{i}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows[i * each : (i + 1) * each]])


def trainer(world: World, task: Task, i: int, **options):
    return world.trainer(i, task, world.folder / f"stream-{i}.csv", **options)


def join(world: World, task: Task) -> None:
    for i in MEMBERS:
        world.steps(trainer(world, task, i), Join)


def finish(world: World, task: Task) -> None:
    """The round, from Review to its end."""
    for i in MEMBERS:
        assert isinstance(trainer(world, task, i).step(), Wait)
    world.advance(task.id)
    for action in (Mask, Publish):
        for i in MEMBERS:
            world.steps(trainer(world, task, i), action)
    world.finalize(task)


def test_trainer__whose_model_is_good__goes_on_alone_and_proves_it(created, task):
    assert len(trainer(created, task, 0)._links(2)) > 1
    early = trainer(created, task, 0, quiet_until=1)
    assert (len(early._links(2)), early._receipts(2)) == (1, [NO_SCORE])
    for i in MEMBERS:
        created.steps(trainer(created, task, i), Submit)
    restarted = trainer(created, task, 0, quiet_until=1)  # its operator has set less since
    assert restarted.update(2)[1] == links_of(task, 2)[restarted.sender.address][-1].update
    claimed = chains(links_of(task, 2), task.contracts.rounds.get_state(task.id).model_hash)
    receipts = [each for each in claimed if not each.is_last]
    assert receipts
    for each in claimed:
        document = read(task, each.link)
        assert (document.score != NO_SCORE) is not each.is_last
        assert each.is_last or score_fits(task, each, document.score)
    for i in MEMBERS:  # a stream: the second round goes on where the first one ended
        me = trainer(created, task, i)
        learnt = [part for part, _ in me._updates(2, task.base_model(2))]
        assert learnt == [(1 + link) % PARTS for link in range(len(learnt))]
    assert isinstance(created.challenger(task=task).step(), Wait)

    first = receipts[0]
    demand = task.contracts.challenges.challenge_proof
    me = created.senders[7]
    me.send(demand(task.id, first.trainer, first.index, bond(task, 4, me.address)))
    account = next(i for i in MEMBERS if created.senders[i + 1].address == first.trainer)
    created.steps(trainer(created, task, account), OpenProof)
    assert task.contracts.proofs.is_proved(task.id, 2, first.trainer, first.index)
    finish(created, task)
    checks = [check for section in audit(task) for check in section.checks]
    assert not [check for check in checks if check.ok is False]
    assert len(task.contracts.models.get_models(task.id, 0, 10)) == 3


def test_receipt__without_a_score_that_suffices__is_demanded_and_cannot_be_shown(created, task):
    me = trainer(created, task, 0)
    proofs, receipts = me.train(2), me._receipts(2)
    assert len(proofs) > 1
    links = []
    for proof, score in zip(proofs, receipts, strict=True):
        claimed = replace(score, right=score.right + 1) if score != NO_SCORE else score  # better than it was
        document = ProofDocument.made(proof.data, claimed, task=task.reference, round=2, trainer=me.sender.address)
        _, data, _, end = proof_points(proof.data, 4)
        links.append(Link(point_hash(data), end, created.put(document.encode()).digest))
    me.sender.send(task.contracts.proofs.claim(task.id, links, last=True))
    for i in MEMBERS[1:]:
        created.steps(trainer(created, task, i), Submit)
    created.steps(created.challenger(task=task), ChallengeProof)
    document = read(task, links[0])
    shown = Shown(bytes(31), tuple(links), document.proof, document.score)
    assert created.refusal(1, task.contracts.challenges.answer_proof(1, shown)).name == "ScoreMismatch"
    assert task.contracts.rounds.get_state(task.id).phase is Phase.REVIEW


def test_task__with_receipts_but_no_scores__is_refused(created):
    call = (created.contracts, created.senders[CREATOR], created.store, created.home, created.task.learner)
    with pytest.raises(ConfigError, match="receipts need a score"):
        create_task(*call, QUIET)
    with pytest.raises(ConfigError, match="a bound for receipts"):
        create_task(*call, replace(QUIET, review_period=0), scores=True)


def test_task__with_receipts_but_salts_for_half_of_their_proofs__is_refused(created):
    yes, _ = created.senders[CREATOR].deploy(YES_CREATION, "a verifier that says yes")
    score = {"score_verifier": yes, "score_code_hash": created.chain.code_hash(yes)}
    created.open(created.create(rounds=4))
    with pytest.raises(TaskError, match="proofs would give the data away"):
        created.open(created.create(rounds=4, review_period=600, quiet_bound=6_000, **score))
