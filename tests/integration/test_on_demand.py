"""Proofs on demand, played by nodes: claimed, reviewed, demanded where they are missing or false, shown, audited."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.chain.contracts.events import LinksClaimed, TrainerSlashed
from headwater.circuits.circuit import proof_points
from headwater.errors import Unavailable
from headwater.protocol.decisions import (
    ChallengeProof,
    Deposit,
    Enrol,
    Join,
    Mask,
    OpenProof,
    Publish,
    Submit,
    Wait,
)
from headwater.protocol.phases import Phase, TrainerStatus
from headwater.protocol.structs import Link
from headwater.reading.audit import audit
from headwater.reading.history import Outcome, read_history
from headwater.roles.reviewing import answer_proof, links_of, read
from headwater.roles.task import Task, point_hash
from headwater.storage.cid import Cid
from headwater.storage.vectors import ProofDocument
from tests.support.roles import World

REVIEW = 600
FOUR = range(4)


@pytest.fixture
def task(created: World) -> Task:
    """A task of proofs on demand, in Train, with four trainers on its roster."""
    task = created.open(created.create(review_period=REVIEW, max_trainers=4))
    for i in FOUR:
        created.steps(trainer(created, task, i), Deposit, Enrol)
    for i in FOUR:
        created.steps(trainer(created, task, i), Join)
    return task


def trainer(world: World, task: Task, i: int):
    """Four of them, of whom the last has the first one's file and an account of its own."""
    return world.trainer(i, task, world.files[i % 3])


def phase(task: Task) -> Phase:
    return task.contracts.rounds.get_state(task.id).phase


def finish(world: World, task: Task, members) -> None:
    """The round, from Mask to its end."""
    for action in (Mask, Publish):
        for i in members:
            world.steps(trainer(world, task, i), action)
    world.finalize(task)


def checks(task: Task) -> dict[str, tuple[bool | None, str]]:
    return {check.name: (check.ok, check.detail) for section in audit(task) for check in section.checks}


def test_round__of_claims_that_nobody_doubts__is_cheap_and_audited_from_the_store(created, task):
    receipts = [trainer(created, task, i).act(Submit(1)) for i in FOUR]

    assert max(receipt.gas_used for receipt in receipts[1:-1]) <= 110_000
    assert phase(task) is Phase.REVIEW
    for role in (*(trainer(created, task, i) for i in FOUR), created.challenger(task=task)):
        assert isinstance(role.step(), Wait)
    created.advance(task.id)
    finish(created, task, FOUR)
    found = checks(task)
    assert all(ok is not False for ok, _ in found.values()), found
    claimed = [detail for name, (_, detail) in found.items() if ": proof of link 0" in name]
    assert claimed == ["it stands in the store; no contract has checked it"] * 4
    history = read_history(task.contracts, task.id)
    parts = history.rounds[1].parts.values()
    assert all(len(part.data_hashes) == 1 and history.outcome(1, part.trainer) is Outcome.COUNTED for part in parts)


def test_proof__that_no_store_has__is_demanded_once_and_shown_by_its_trainer(created, task):
    for i in FOUR:
        trainer(created, task, i).act(Submit(1))
    silent = trainer(created, task, 2).sender.address
    (link,) = links_of(task, 1)[silent]
    lose(created, link)

    others = [trainer(created, task, i) for i in (0, 1, 3)]
    assert all(isinstance(role.step(), Wait) for role in others)  # it may come
    created.pass_until(created.chain.block().timestamp + REVIEW // 4)
    demands = [role.step() for role in others]
    assert [action for action in demands if isinstance(action, ChallengeProof)] == [ChallengeProof(silent, 0)]
    created.steps(trainer(created, task, 2), OpenProof)
    assert task.contracts.proofs.is_proved(task.id, 1, silent, 0)
    assert all(isinstance(role.step(), Wait) for role in others)  # it stands on chain
    created.advance(task.id)
    finish(created, task, FOUR)
    assert checks(task)[f"{silent}: proof of link 0"] == (True, "it stood on chain")


def test_proof__that_is_false__costs_its_trainer_the_round_and_stake(created, task):
    cheat = trainer(created, task, 0)
    me = cheat.sender.address
    proofs = cheat.train(1)
    honest = cheat._proof_document(1, proofs[0])
    tampered = bytearray(honest.proof)
    tampered[-1] ^= 1
    document = ProofDocument.made(bytes(tampered), task=task.reference, round=1, trainer=me)
    point = task.train.commit(list(proofs[0].output))
    data_hash = point_hash(proof_points(honest.proof, 2)[1])
    link = Link(data_hash, point, created.put(document.encode()).digest)
    cheat.sender.send(task.contracts.proofs.claim(task.id, [link], last=True))
    for i in (1, 2, 3):
        trainer(created, task, i).act(Submit(1))
    assert phase(task) is Phase.REVIEW

    challenger = created.challenger(task=task)
    created.steps(challenger, ChallengeProof)
    others = [trainer(created, task, i) for i in (1, 2, 3)]
    assert all(isinstance(role.step(), Wait) for role in others)  # it is accused already
    answer = answer_proof(task, 1, [link], read(task, link))
    assert created.refusal(1, answer).name == "InvalidProof"
    created.advance(task.id)
    entry = task.contracts.rounds.get_roster_entry(task.id, 1, me)
    assert entry.status is TrainerStatus.ACCUSED
    finish(created, task, (1, 2, 3))
    assert read_history(task.contracts, task.id).outcome(1, me) is Outcome.UNPROVED
    slashed = created.senders[7].send(task.contracts.trainers.settle(task.id, me)).event(TrainerSlashed)
    assert slashed.fault
    assert checks(task)[f"{me}: proof of link 0"][0] is False


def test_review__in_which_nobody_looks__goes_on_without_a_word(created, task):
    """What a store has lost stays unknown: the audit says so."""
    for i in FOUR:
        trainer(created, task, i).act(Submit(1))
    created.advance(task.id)
    finish(created, task, FOUR)
    (link,) = links_of(task, 1)[trainer(created, task, 1).sender.address]
    lose(created, link)
    me = trainer(created, task, 1).sender.address
    assert checks(task)[f"{me}: proof of link 0"] == (None, "no store gives it, and nobody has demanded it")


def test_document__of_a_proof__is_one_string_of_bytes(created, task):
    trainer(created, task, 0).act(Submit(1))
    (event,) = task.contracts.proofs.events(LinksClaimed, task_id=task.id)
    data = created.store.get(Cid.from_digest(event.links[0].cid), 1 << 20)
    document = ProofDocument.decode(data)
    assert document.encode() == data
    assert document.header.trainer == event.trainer
    again = replace(document, header=document.header.model_copy(update={"score": 5}))
    assert ProofDocument.decode(again.encode()).proof == document.proof[:-5]


def lose(world: World, link: Link) -> None:
    """The store no longer has a link's proof."""
    data = world.store.get(Cid.from_digest(link.cid), 1 << 20)
    (path,) = [path for path in world.stored() if path.read_bytes() == data]
    path.unlink()
    with pytest.raises(Unavailable):
        world.store.get(Cid.from_digest(link.cid), 1 << 20)
