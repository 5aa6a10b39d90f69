"""Masked rounds: nothing but the sum can be read, who vanishes is left out, and a wrong sum has names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, groupby
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from headwater.chain.contracts.events import (
    Masked,
    MaskingStarted,
    PhaseChanged,
    SeedDrawn,
    SeedRenewed,
    TrainerSlashed,
)
from headwater.errors import ConfigError, ContentMismatch, Unavailable
from headwater.protocol.curve import Point
from headwater.protocol.decisions import (
    Advance,
    Aggregate,
    Deposit,
    Enrol,
    Join,
    Mask,
    Publish,
    RenewSeed,
    Submit,
    Wait,
)
from headwater.protocol.field import add, pack, unpack
from headwater.protocol.masks import peers
from headwater.protocol.phases import Phase
from headwater.roles import masking as attempts
from headwater.roles.aggregator import Aggregator
from headwater.roles.task import Task, point_hash
from headwater.roles.trainer import Trainer
from headwater.storage.cid import Cid
from headwater.storage.vectors import UpdateDocument
from tests.support.posting import posting
from tests.support.roles import AGGREGATOR, ETHER, OUTSIDER, TERMS, World, run

ZERO = [0, 0, 0, 0]
HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935"  # of EIP-2935: the hashes of 8,191 blocks
ABSENCE = ETHER * TERMS.absence_slash // 10_000


def documents(world: World) -> Iterator[bytes]:
    """Every file that anybody has stored, whatever it holds."""
    return (path.read_bytes() for path in world.store._root.rglob("*") if path.is_file())


def is_shown(data: bytes, entries: Sequence[int]) -> bool:
    """Whether bytes hold these field elements in a row, as words or as their hex text."""
    words = pack(entries)
    return words in data or words.hex().encode() in data


def averaged(vectors: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) // len(vectors) for column in zip(*vectors, strict=True)]


def phases(world: World, task: Task) -> list[Phase]:
    return [event.to_phase for event in world.rounds.events(PhaseChanged, task_id=task.id, round=1)]


def everybody(world: World, task: Task, members: Sequence[int], *actions) -> None:
    """Let trainers do each of the actions, one after another."""
    for action in actions:
        for i in members:
            world.steps(world.trainer(i, task), action)


@pytest.fixture
def four(created: World) -> Task:
    """A task for three or four trainers, of which four have submitted: attempt 1 runs."""
    task = created.open(created.create(max_trainers=4))
    everybody(created, task, range(4), Deposit, Enrol, Join)
    everybody(created, task, range(4), Submit)
    return task


# a round


def test_masked_round__shows_the_sum_of_the_updates__and_no_update_anywhere(aggregating):
    world, updates = aggregating, aggregating.updates()
    d = world.task.learner.spec.dimension
    stored = list(documents(world))
    assert len(stored) > 10
    for update, trained in zip(updates, world.trained(ZERO), strict=True):
        assert any(trained)
        for data in stored:
            assert not is_shown(data, update[:d])
            assert not any(is_shown(data, [salt]) for salt in update[d + 1 :])
    published = [unpack(attempts.read(world.task, event)) for event in world.aggregator().accepted(1)]
    entries = {entry for update in updates for entry in update}
    assert not entries & {entry for vector in published for entry in vector}
    assert add(published) == add(updates)
    for pair in combinations(range(3), 2):
        assert add([published[i] for i in pair])[:d] != add([updates[i] for i in pair])[:d], "two are hidden too"
    world.finalize()
    assert world.task.current_model() == averaged(world.trained(ZERO))


def test_nothing__is_published_before_all_members_have_committed(masking):
    for i in (0, 1):
        masking.steps(masking.trainer(i), Mask)
        action = masking.trainer(i).step()
        assert isinstance(action, Wait)
        assert action.reason == "round 1: waiting for other trainers' masked updates"
    masking.steps(masking.trainer(2), Mask)
    (event, *_) = masking.rounds.events(Masked, task_id=masking.task_id, round=1)
    trainer = masking.trainer(0)
    masking.steps(trainer, Publish)
    document = UpdateDocument.decode(masking.store.get(Cid.from_digest(event.posting.cid), 1 << 20))
    assert (document.header.attempt, document.header.trainer) == (1, trainer.sender.address)
    assert unpack(document.vector) == list(posting(masking, 0).vector)
    action = trainer.step()
    assert isinstance(action, Wait)
    assert action.reason == "round 1: waiting for the average"


def test_masks__of_each_pair__are_committed_to_alike_by_both(aggregating):
    events = {e.trainer: e for e in aggregating.rounds.events(Masked, task_id=aggregating.task_id, round=1)}
    circle = attempts.attempt(aggregating.task, 1, 1).circle
    assert sorted(circle) == sorted(events)
    found = {(m, mask.peer): mask.commitment for m in circle for mask in events[m].posting.masks}
    assert all(tuple(mask.peer for mask in events[m].posting.masks) == peers(circle, m) for m in circle)
    assert len(found) == 6
    assert all(found[m, p] == found[p, m] for m, p in found)
    assert len(set(found.values())) == 3


# who vanishes


def test_trainer__that_vanishes_after_submitting__is_left_out_by_the_next_attempt(created, four):
    everybody(created, four, range(3), Mask)
    created.advance(four.id)
    started = list(created.rounds.events(MaskingStarted, task_id=four.id, round=1))
    assert [(event.attempt, event.members) for event in started] == [(1, 4), (2, 3)]
    everybody(created, four, range(3), Mask)
    everybody(created, four, range(3), Publish)
    aggregator = created.aggregator(task=four)
    assert aggregator.fetch(1) == add([created.trainer(i, four).update(1)[0] for i in range(3)])
    created.finalize(four)
    assert four.current_model() == averaged(created.trained(ZERO))
    masked_twice = [Phase.JOIN, Phase.TRAIN, Phase.MASK, Phase.MASK, Phase.AGGREGATE]
    assert phases(created, four) == [*masked_twice, Phase.CHALLENGE, Phase.FINALIZED]
    ended = created.rounds.get_round(four.id, 1)
    assert (ended.phase, ended.attempt, ended.masked) == (Phase.FINALIZED, 2, 3)
    share = (TERMS.pool // TERMS.rounds - TERMS.aggregator_fee) // 3
    owed = [created.rewards.reward_of(four.id, 1, created.senders[i + 1].address) for i in range(4)]
    assert owed == [share, share, share, 0]


def test_attempt__that_failed__published_nothing(created, four):
    everybody(created, four, range(3), Mask)
    created.advance(four.id)
    for event in created.rounds.events(Masked, task_id=four.id, round=1):
        document = posting(created, [s.address for s in created.senders].index(event.trainer) - 1, four).document
        assert not any(document.encode() == data for data in documents(created))


def test_trainer__that_missed_an_attempt__says_why_it_waits_and_joins_the_next_round(created, four):
    everybody(created, four, range(3), Mask)
    created.advance(four.id)
    dropped = created.trainer(3, four)
    action = dropped.step()
    assert isinstance(action, Wait)
    assert action.reason == "round 1 goes on without this trainer, which missed an attempt"
    everybody(created, four, range(3), Mask)
    action = dropped.step()
    assert isinstance(action, Wait)
    assert action.reason == "round 1: waiting for the average", "it has nothing to publish"
    everybody(created, four, range(3), Publish)
    created.finalize(four)
    created.steps(dropped, Deposit, Join)


def test_round__that_loses_trainers_below_the_minimum__fails_and_costs_those_who_were_missing(created, four):
    everybody(created, four, range(3), Mask)
    created.advance(four.id)
    everybody(created, four, range(2), Mask)
    created.advance(four.id)
    assert phases(created, four) == [Phase.JOIN, Phase.TRAIN, Phase.MASK, Phase.MASK, Phase.FAILED]
    found = created.rounds.current_phase(four.id)
    assert (found.round, found.phase) == (2, Phase.JOIN)
    assert four.current_model() == ZERO
    for i in range(4):
        address = created.senders[i + 1].address
        assert created.rewards.reward_of(four.id, 1, address) == 0
        assert created.trainers.slash_of(four.id, address) == (0 if i < 2 else ABSENCE, False)
    everybody(created, four, range(2), Join)
    everybody(created, four, (2, 3), Deposit, Join)
    slashed = [(e.trainer, e.slashed) for e in created.trainers.events(TrainerSlashed, task_id=four.id, round=1)]
    assert slashed == [(created.senders[i + 1].address, ABSENCE) for i in (2, 3)]
    assert created.stakes.burnt() == 2 * ABSENCE


def test_round__whose_first_attempt_has_too_few__fails_at_once(masking):
    everybody(masking, masking.task, range(2), Mask)
    masking.advance()
    assert masking.rounds.get_round(masking.task_id, 1).phase is Phase.FAILED
    everybody(masking, masking.task, range(2), Join)
    everybody(masking, masking.task, (2,), Deposit, Join)


def test_member__that_commits_and_never_publishes__is_named_and_the_round_fails_at_its_deadline(masking):
    everybody(masking, masking.task, range(3), Mask)
    everybody(masking, masking.task, range(2), Publish)
    event = list(masking.rounds.events(Masked, task_id=masking.task_id, round=1))[2]
    masking.store._path(Cid.from_digest(event.posting.cid)).unlink(missing_ok=True)  # of another test
    with pytest.raises(Unavailable, match=f"the update of {masking.senders[3].address} cannot be had"):
        masking.aggregator().step()
    masking.advance()
    assert masking.rounds.get_round(masking.task_id, 1).phase is Phase.FAILED
    everybody(masking, masking.task, range(3), Join)


# restarts


def test_trainer__started_anew__masks_the_very_update_that_it_submitted(masking):
    once, again = (masking.trainer(0) for _ in range(2))
    assert once.update(1) == again.update(1)
    assert again.update(1)[0] == list(masking.proof(0).output)
    assert again.update(1)[1] == masking.proof(0).points[3]
    assert posting(masking, 0).vector == posting(masking, 0).vector
    masking.steps(again, Mask)
    (event,) = masking.rounds.events(Masked, task_id=masking.task_id, round=1)
    assert event.posting == posting(masking, 0).on_chain()


def test_trainer__started_anew_before_it_publishes__publishes_what_it_committed_to(masking):
    everybody(masking, masking.task, range(3), Mask)
    for i, event in enumerate(masking.rounds.events(Masked, task_id=masking.task_id, round=1)):
        assert masking.trainer(i).publish(1, 1).digest == event.posting.cid
        assert masking.trainer(i).publish(1, 1).digest == event.posting.cid, "and again"
    masking.steps(masking.aggregator(), Aggregate)


def test_trainer__that_waits_for_the_average__computes_its_masked_update_once(masking, monkeypatch):
    computed, compute = [], Trainer.update
    monkeypatch.setattr(Trainer, "update", lambda self, *at: computed.append(at[0]) or compute(self, *at))
    trainer = masking.trainer(0)
    masking.steps(trainer, Mask)
    everybody(masking, masking.task, (1, 2), Mask)
    computed.clear()
    masking.steps(trainer, Publish, Wait, Wait)
    assert computed == []
    masking.steps(masking.trainer(0), Wait)
    assert computed == [1], "started anew, it computes it again, and finds it in the store"


def test_file__changed_after_submitting__is_refused_before_anything_is_masked(masking, changed_file: Path):
    trainer = masking.trainer(0, file=changed_file)
    nonce = trainer.sender.next_nonce()
    with pytest.raises(ConfigError, match="submitted in round 1 does not follow from this file and key") as caught:
        trainer.step()
    assert "run with the file" in caught.value.hint
    assert trainer.sender.next_nonce() == nonce
    masking.steps(masking.trainer(0), Mask)


def test_file__changed_after_masking__is_refused_before_anything_is_published(masking, changed_file: Path):
    everybody(masking, masking.task, range(3), Mask)
    with pytest.raises(ConfigError, match="does not follow from this file and key"):
        masking.trainer(0, file=changed_file).step()
    masking.steps(masking.trainer(0), Publish)


# cheats

ATTACKS = {
    "another vector": lambda honest: honest.adding(1),
    "a commitment of another mask": lambda honest: honest.committing(lambda _: honest.update),
    "a mask of its own": lambda honest: honest.masking(1),
    "no masks at all": lambda honest: honest.unmasked(),
}
MISMATCHED = ("another vector", "a commitment of another mask", "no masks at all")
DISAGREEING = ("a commitment of another mask", "a mask of its own")


@pytest.mark.parametrize("name", ATTACKS)
def test_member__whose_masked_update_or_masks_are_wrong__is_named(masking, name):
    world, culprit = masking, ATTACKS[name](posting(masking, 1))
    for i in (0, 2):
        posting(world, i).send()
    culprit.send()
    expected = []
    if name in MISMATCHED:
        expected.append(f"the masked update of {culprit.trainer} is not what it proved and posted")
    if name in DISAGREEING:
        circle, pair = attempts.attempt(world.task, 1, 1).circle, {culprit.trainer, culprit.masks[0].peer}
        one, other = (member for member in circle if member in pair)
        expected.append(f"{one} and {other} disagree about their mask")
    aggregator = world.aggregator()
    if name == "a commitment of another mask":  # a lie about the books: the masks themselves cancel
        assert aggregator.fetch(1) == add(world.updates())
        return
    with pytest.raises(ContentMismatch) as caught:
        aggregator.step()
    assert caught.value.message == "in round 1: " + "; ".join(expected)
    assert f"`headwater challenger run --task {world.task_id}` makes them answer" in caught.value.hint


def test_members__who_agree_on_wrong_masks__spoil_nothing(masking):
    """Their masks cancel all the same: what they are is their own affair."""
    one, other, third = (posting(masking, i) for i in range(3))
    at = {
        name: next(n for n, mask in enumerate(p.masks) if mask.peer == q.trainer)
        for name, p, q in (("one", one, other), ("other", other, one))
    }
    one.masking(5, at["one"]).send()
    other.masking(5, at["other"]).send()
    third.send()
    masking.finalize()
    assert masking.task.current_model() == averaged(masking.trained(ZERO))


def test_round__with_a_wrong_mask__fails_at_its_deadline_and_the_next_one_starts(masking):
    for i in range(2):
        posting(masking, i).send()
    posting(masking, 2).masking(1).send()
    heard = []

    def report(stage, **details):
        if stage != "idle":
            heard.append(stage)
        if stage in ("failed", "waiting"):
            masking.pass_deadline()

    run(Aggregator(masking.task, masking.senders[AGGREGATOR], report), report)
    told = [stage for stage, _ in groupby(heard)]  # on a busy machine it may fail once more before the block is seen
    assert told == ["failed", "advanced", "recovered", "waiting", "advanced", "withdrawn"]
    assert masking.rounds.get_round(masking.task_id, 1).phase is Phase.FAILED
    assert masking.rounds.get_round(masking.task_id, 2).phase is Phase.SKIPPED
    for i in range(3):
        assert masking.stakes.lock_of(masking.task_id, masking.senders[i + 1].address) == ETHER


# masks


def test_masks__of_the_same_pair__are_others_in_every_attempt_and_round(created, four):
    pairs = {}

    def note(round_: int, attempt: int) -> None:
        mine = posting(created, 0, four, round_, attempt)
        for mask in mine.masks:
            pairs.setdefault(mask.peer, []).append(tuple(mask.vector))

    note(1, 1)
    everybody(created, four, range(3), Mask)
    created.advance(four.id)
    note(1, 2)
    everybody(created, four, range(3), Mask)
    everybody(created, four, range(3), Publish)
    created.finalize(four)
    everybody(created, four, range(3), Join)
    created.steps(created.trainer(3, four), Deposit, Join)
    everybody(created, four, range(4), Submit)
    note(2, 1)
    met = [pairs[created.senders[i + 1].address] for i in (1, 2, 3)]
    assert [len(vectors) for vectors in met] == [3, 3, 2]
    entries = [entry for vectors in met for vector in vectors for entry in vector]
    assert len(set(entries)) == len(entries)


# the seed of the circle


def test_trainer__while_the_newest_blocks_hash_makes_the_seed__waits_for_the_next_one(training):
    for i in range(2):
        training.steps(training.trainer(i), Submit)
    training.trainer(2).step()  # the last one: its block is the seed's
    (started,) = training.rounds.events(MaskingStarted, task_id=training.task_id)
    assert started.seed_block == training.chain.block().number
    action = training.trainer(0).step()
    assert isinstance(action, Wait)
    assert action.reason == "round 1: the next block shows who is whose peer"
    training.pass_seed_block()
    training.steps(training.trainer(0), Mask)
    (drawn,) = training.rounds.events(SeedDrawn, task_id=training.task_id)
    words = (training.task_id, 1, 1)
    hashed = training.chain.block(started.seed_block).hash + b"".join(word.to_bytes(32, "big") for word in words)
    assert drawn.seed == keccak(hashed) == posting(training, 1).seed
    state = training.rounds.get_state(training.task_id)
    assert (state.seed, state.seed_block) == (drawn.seed, 0)


def test_seed__whose_block_the_chain_has_forgotten__is_renewed_by_a_member(created):
    task = created.open(created.create(mask_period=30 * 86_400, max_trainers=3))
    everybody(created, task, range(3), Deposit, Enrol, Join)
    everybody(created, task, range(3), Submit)
    before = posting(created, 0, task).seed
    created.rpc("anvil_mine", hex(256))
    trainer = created.trainer(0, task)
    assert isinstance(trainer.decide(created.chain.block()), Mask), "EIP-2935 remembers more"
    created.rpc("anvil_setCode", HISTORY, "0x")  # as on a chain without it
    created.rpc("evm_mine")
    created.steps(trainer, RenewSeed)
    created.steps(trainer, Mask)
    (renewed,) = created.rounds.events(SeedRenewed, task_id=task.id)
    (event,) = created.rounds.events(Masked, task_id=task.id)
    assert (renewed.attempt, event.posting.seed) == (1, posting(created, 1, task).seed)
    assert event.posting.seed != before
    everybody(created, task, (1, 2), Mask)


def test_masked_update__of_a_history_that_is_none_any_more__is_made_anew(masking):
    trainer = masking.trainer(0)
    before = trainer._masked(1, 1).attempt.seed
    masking.at("training").rpc("evm_mine")
    everybody(masking, masking.task, range(3), Submit)
    assert masking.refusal(1, masking.rounds.mask(1, replace(posting(masking, 0).on_chain(), seed=before))).name == (
        "SeedMismatch"
    )
    trainer.sender = masking.senders[1]
    masking.steps(trainer, Mask)
    (event,) = masking.rounds.events(Masked, task_id=masking.task_id)
    assert event.posting.seed == posting(masking, 0).seed != before


# what the contract refuses


def refusal(world: World, i: int, task: Task, **changes):
    """The error for trainer i's true mask call, with arguments exchanged."""
    honest = posting(world, i, task) if i in range(3) else posting(world, 0, task)
    return world.refusal(i + 1, world.rounds.mask(task.id, replace(honest.on_chain(), **changes)))


def test_mask__of_an_account_that_submitted_nothing__is_refused(masking):
    error = refusal(masking, OUTSIDER - 1, masking.task)
    assert error.name == "NotAMember"
    assert error.arguments["trainer"] == masking.senders[OUTSIDER].address


def test_mask__of_a_trainer_that_joined_and_did_not_submit__is_refused(created):
    task = created.open(created.create(max_trainers=4))
    everybody(created, task, range(4), Deposit, Enrol, Join)
    everybody(created, task, range(3), Submit)
    created.advance(task.id)
    error = refusal(created, 3, task)
    assert (error.name, error.arguments["trainer"]) == ("NotAMember", created.senders[4].address)


def test_mask__of_a_trainer_that_missed_the_attempt_before__is_refused(created, four):
    late = posting(created, 3, four)
    everybody(created, four, range(3), Mask)
    created.advance(four.id)
    error = created.refusal(4, late.call())
    assert (error.name, error.arguments["attempt"]) == ("NotAMember", 2)
    fewer = replace(late.on_chain(), masks=late.on_chain().masks[:2])
    assert created.refusal(4, created.rounds.mask(four.id, fewer)).name == "NotAMember"


def test_mask__made_twice__is_refused(masking):
    masking.steps(masking.trainer(0), Mask)
    error = refusal(masking, 0, masking.task)
    assert error.name == "AlreadyMasked"
    assert error.arguments["trainer"] == masking.senders[1].address


@pytest.mark.parametrize("count", (0, 1, 3))
def test_mask__with_a_wrong_number_of_commitments__is_refused(masking, count):
    masks = (posting(masking, 0).on_chain().masks * 2)[:count]
    error = refusal(masking, 0, masking.task, masks=masks)
    assert (error.name, error.arguments) == ("WrongMaskCount", {"expected": 2, "actual": count})


def test_mask__of_another_trainers_update__is_refused(masking):
    mine, theirs = posting(masking, 0), posting(masking, 1)
    error = refusal(masking, 0, masking.task, update=theirs.update)
    assert error.name == "UpdateMismatch"
    expected, actual = point_hash(mine.update)[:29], point_hash(theirs.update)[:29]
    assert error.arguments == {"expected": expected, "actual": actual}


def test_mask__without_a_document_or_with_points_off_the_curve__is_refused(masking):
    assert refusal(masking, 0, masking.task, cid=bytes(32)).name == "MissingCid"
    good, other = posting(masking, 0).on_chain().masks
    error = refusal(masking, 0, masking.task, masks=(good, replace(other, commitment=Point(1, 3))))
    assert (error.name, error.arguments) == ("InvalidPoint", {"x": 1, "y": 3})


@pytest.mark.parametrize("wrong", ("itself", "a stranger", "in another order"))
def test_mask__with_a_wrong_peer__is_refused(masking, wrong):
    first, last = posting(masking, 0).on_chain().masks
    me, stranger = masking.senders[1].address, masking.senders[OUTSIDER].address
    masks = {
        "itself": sorted((first, replace(last, peer=me)), key=lambda mask: int(mask.peer, 16)),
        "a stranger": sorted((first, replace(last, peer=stranger)), key=lambda mask: int(mask.peer, 16)),
        "in another order": (last, first),
    }[wrong]
    error = refusal(masking, 0, masking.task, masks=tuple(masks))
    named = {"itself": me, "a stranger": stranger, "in another order": first.peer}[wrong]
    assert (error.name, error.arguments) == ("WrongPeer", {"peer": named})


def test_mask__that_was_refused__changes_nothing(masking):
    refusal(masking, 0, masking.task, cid=bytes(32))
    masking.steps(masking.trainer(0), Mask)
    masking.pass_deadline()
    assert refusal(masking, 1, masking.task).name == "DeadlinePassed"
    masking.steps(masking.aggregator(OUTSIDER), Advance)
