"""Trainers who drop out, and updates whose bytes are not there or not what was proved: rounds fail, money does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from headwater.chain.contracts.events import PhaseChanged
from headwater.chain.contracts.screens import Stake
from headwater.errors import ContentMismatch, StorageError, Unavailable
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import (
    Advance,
    Aggregate,
    Deposit,
    Enrol,
    Join,
    Mask,
    Publish,
    Release,
    Submit,
    Unenrol,
    Wait,
)
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.field import pack
from headwater.protocol.phases import Phase
from headwater.protocol.vectors import update_length
from headwater.roles.aggregator import Aggregator
from headwater.roles.task import Task, open_task
from headwater.storage.cid import RAW, Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.vectors import UpdateDocument
from headwater.storage.words import WORD
from tests.support.circuits import SMALL
from tests.support.posting import posting
from tests.support.roles import AGGREGATOR, ETHER, OUTSIDER, TERMS, World, run, share_proofs

LENGTH = update_length(SMALL.dimension)
ABSENCE = ETHER * TERMS.absence_slash // 10_000

# drop-outs


@pytest.fixture
def roster(created: World) -> Task:
    """A task for three or four trainers, of which four have joined."""
    task = created.open(created.create(max_trainers=4))
    for i in range(4):
        created.steps(created.trainer(i, task), Deposit, Enrol, Join)
    return task


def submit(world: World, task: Task, count: int) -> None:
    for i in range(count):
        world.steps(world.trainer(i, task), Submit)


def mask(world: World, task: Task, count: int) -> None:
    for action in (Mask, Publish):
        for i in range(count):
            world.steps(world.trainer(i, task), action)


def phases(world: World, task: Task) -> list[Phase]:
    """Every phase that round 1 went through."""
    return [event.to_phase for event in world.rounds.events(PhaseChanged, task_id=task.id, round=1)]


def test_round__with_one_of_four_missing__is_finalized_with_three_after_the_deadline(created, roster):
    submit(created, roster, 3)
    aggregator = created.aggregator(task=roster)
    assert isinstance(aggregator.step(), Wait), "the fourth has time until the deadline"
    created.pass_deadline(roster.id)
    created.steps(aggregator, Advance)
    mask(created, roster, 3)
    created.finalize(roster)
    done = [Phase.JOIN, Phase.TRAIN, Phase.MASK, Phase.AGGREGATE, Phase.CHALLENGE, Phase.FINALIZED]
    assert phases(created, roster) == done
    assert roster.current_model() == [sum(column) // 3 for column in zip(*created.trained([0] * 4), strict=True)]
    share = (TERMS.pool // TERMS.rounds - TERMS.aggregator_fee) // 3
    owed = [created.rewards.reward_of(roster.id, 1, created.senders[i + 1].address) for i in range(4)]
    assert owed == [share, share, share, 0]


def test_trainer__who_missed_a_round__is_in_the_next_one_again(created, roster):
    submit(created, roster, 3)
    created.advance(roster.id)
    missing = created.trainer(3, roster)
    assert isinstance(missing.step(), Wait)
    refused = created.refusal(4, created.proofs.submit(roster.id, [bytes(256)]))
    assert refused.name == "WrongPhase"
    mask(created, roster, 3)
    created.finalize(roster)
    assert created.trainers.slash_of(roster.id, missing.sender.address) == (ABSENCE, False)
    created.steps(missing, Deposit, Join)
    assert created.stakes.lock_of(roster.id, missing.sender.address) == ETHER
    assert created.stakes.burnt() == ABSENCE


def test_round__with_too_few_updates__fails_and_leaves_the_model(created, roster):
    submit(created, roster, 2)
    created.advance(roster.id)
    assert phases(created, roster) == [Phase.JOIN, Phase.TRAIN, Phase.FAILED]
    assert created.models.latest(roster.id).round == 0
    assert roster.current_model() == [0, 0, 0, 0]
    found = created.rounds.current_phase(roster.id)
    assert (found.round, found.phase) == (2, Phase.JOIN)
    for i in range(4):
        assert created.rewards.reward_of(roster.id, 1, created.senders[i + 1].address) == 0
        created.steps(created.trainer(i, roster), *((Join,) if i < 2 else (Deposit, Join)))


def test_round__that_too_few_joined__is_skipped(enrolled):
    for i in range(2):
        enrolled.steps(enrolled.trainer(i), Join)
    enrolled.advance()
    assert phases(enrolled, enrolled.task) == [Phase.JOIN, Phase.SKIPPED]
    assert enrolled.rounds.current_phase(enrolled.task_id).round == 2


@pytest.mark.parametrize("who", ("a trainer", "an aggregator", "a stranger"))
def test_overdue_round__is_advanced_by_anybody(training, who):
    role = {
        "a trainer": lambda: training.trainer(1),
        "an aggregator": training.aggregator,
        "a stranger": lambda: training.aggregator(OUTSIDER),
    }[who]()
    training.pass_deadline()
    training.steps(role, Advance)
    assert training.rounds.get_round(training.task_id, 1).phase is Phase.FAILED


# documents of masked updates

Spoil = Callable[[bytes, UpdateDocument], bytes]


def with_vector(document: UpdateDocument, vector: bytes) -> bytes:
    header = document.header.model_copy(update={"entries": len(vector) // WORD})
    return UpdateDocument(header, vector).encode()


WORTHLESS: dict[str, Spoil] = {
    "garbage": lambda data, document: b"\xff\x00 no document",
    "truncated": lambda data, document: data[:-10],
    "not canonical": lambda data, document: data + b"\n",
    "more than its header says": lambda data, document: data + bytes(WORD),
    "an entry that is not reduced": lambda data, document: data[:-WORD] + b"\xff" * WORD,
    "another vector": lambda data, document: with_vector(document, pack(range(LENGTH))),
    "a shorter vector": lambda data, document: with_vector(document, document.vector[:-WORD]),
    "a longer vector": lambda data, document: with_vector(document, document.vector + bytes(WORD)),
}


def mask_with(world: World, spoil: Spoil | None = None, digest: bytes = b"\x0a" * 32) -> str:
    """Three masked updates, the last of them under the CID of other bytes, or under any digest; its trainer."""
    for i in range(2):
        world.steps(world.trainer(i), Mask)
    culprit = posting(world, 2)
    if spoil:
        digest = world.put(spoil(culprit.document.encode(), culprit.document)).digest
    culprit.send(digest)
    for i in range(2):
        world.steps(world.trainer(i), Publish)
    return culprit.trainer


@pytest.mark.parametrize("spoil", WORTHLESS.values(), ids=WORTHLESS)
def test_update__whose_document_is_not_what_it_posted__is_blamed_on_its_trainer_alone(masking, spoil):
    culprit = mask_with(masking, spoil)
    with pytest.raises(ContentMismatch) as caught:
        masking.aggregator().step()
    assert caught.value.message == f"in round 1: the masked update of {culprit} is not what it proved and posted"
    assert "makes them answer for it, else the round fails" in caught.value.hint


def test_update__whose_document_is_missing__is_blamed_on_its_trainer(masking):
    culprit = mask_with(masking)
    with pytest.raises(Unavailable, match=f"the update of {culprit} cannot be had: bafk"):
        masking.aggregator().step()


def test_update__whose_document_is_larger_than_any_may_be__is_blamed_on_its_trainer(masking):
    flood = bytes(MAX_BYTES + 1)
    cid = Cid.of_block(RAW, flood)
    path = masking.store._path(cid)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(flood)
    culprit = mask_with(masking, digest=cid.digest)
    with pytest.raises(ContentMismatch, match=f"update of {culprit} is not what it proved"):
        masking.aggregator().step()


def test_round__with_a_worthless_update__fails_at_its_deadline_and_costs_nobody_a_stake(masking):
    mask_with(masking, WORTHLESS["garbage"])
    masking.pass_deadline()
    masking.steps(masking.aggregator(), Advance)
    assert masking.rounds.get_round(masking.task_id, 1).phase is Phase.FAILED
    found = masking.rounds.current_phase(masking.task_id)
    assert (found.round, found.phase) == (2, Phase.JOIN)
    for i in range(3):
        assert masking.stakes.lock_of(masking.task_id, masking.senders[i + 1].address) == ETHER
    masking.trainer(0).act(Unenrol())
    masking.pass_until(masking.trainers.get_enrolment(masking.task_id, masking.senders[1].address).releasable_at)
    masking.trainer(0).act(Release())
    assert masking.stakes.stake_of(masking.senders[1].address) == Stake(ETHER, 0)


def test_loop__of_an_aggregator__outlives_a_round_with_a_worthless_update(masking):
    mask_with(masking, WORTHLESS["another vector"])
    heard = []

    def report(stage, **details):
        if stage != "idle":
            heard.append(stage)
        if stage in ("failed", "waiting"):
            masking.pass_deadline()

    run(Aggregator(masking.task, masking.senders[AGGREGATOR], report), report)
    assert heard == ["failed", "advanced", "recovered", "waiting", "advanced", "withdrawn"]
    assert masking.rounds.current_phase(masking.task_id).phase is Phase.SKIPPED


# an aggregator's store that fails


@pytest.fixture
def incoming(aggregating, tmp_path) -> Path:
    """The folder into which an aggregator's own store writes; a file in its place breaks the store."""
    shutil.copytree(aggregating.folder / "store", tmp_path / "store")
    return tmp_path / "store" / "incoming"


def break_store(incoming: Path) -> None:
    incoming.rmdir()
    incoming.touch()


def test_aggregator__whose_store_fails_after_its_proof__posts_that_proof_later__also_when_started_anew(
    aggregating, incoming
):
    store, told = DirectoryStore(incoming.parent), []
    task = share_proofs(open_task(aggregating.contracts, store, aggregating.home, aggregating.task_id))
    secrets = SecretStore(Database(None), aggregating.anvil.accounts[AGGREGATOR])

    def report(stage: str, **_details: object) -> None:
        told.append(stage)
        if stage == "proved":
            break_store(incoming)

    def aggregator() -> Aggregator:
        return Aggregator(task, aggregating.senders[AGGREGATOR], report, journal=secrets)

    with pytest.raises(StorageError, match="cannot write"):
        aggregator().step()
    incoming.unlink()
    assert isinstance(aggregator().step(), Aggregate)
    assert told == ["fetched", "proving", "proved", "aggregated"]
    aggregating.advance()
    assert task.current_model() == [sum(column) // 3 for column in zip(*aggregating.trained([0] * 4), strict=True)]


def test_aggregator__whose_store_takes_nothing__proves_nothing(aggregating, incoming):
    store, told = DirectoryStore(incoming.parent), []
    task = share_proofs(open_task(aggregating.contracts, store, aggregating.home, aggregating.task_id))
    break_store(incoming)
    aggregator = Aggregator(task, aggregating.senders[AGGREGATOR], lambda stage, **_: told.append(stage))
    with pytest.raises(StorageError, match="cannot write"):
        aggregator.step()
    assert told == []
