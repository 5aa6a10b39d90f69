"""Who withholds bytes or posts a wrong mask is made to answer, or pays; the others finish the round without it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from headwater.chain.contracts.challenge_manager import ChallengeManager
from headwater.chain.contracts.events import (
    Accused,
    Acquitted,
    AverageRevoked,
    Challenged,
    Convicted,
    Enrolled,
    FirstModelWithheld,
    MaskOpened,
    ModelOpened,
    PhaseChanged,
    TrainerSlashed,
    UpdateOpened,
)
from headwater.chain.contracts.screens import Stake
from headwater.chain.contracts.trainer_registry import TrainerRegistry
from headwater.circuits.openings import vector_quotient
from headwater.errors import ChainError, ContentMismatch, Unavailable
from headwater.protocol.curve import Point, multiply
from headwater.protocol.decisions import (
    Advance,
    Aggregate,
    AnswerLate,
    ChallengeMask,
    ChallengeModel,
    ChallengeUpdate,
    Claim,
    Deposit,
    Done,
    Enrol,
    Join,
    Mask,
    OpenMask,
    OpenModel,
    OpenUpdate,
    Publish,
    Reclaim,
    Settle,
    Submit,
    Unenrol,
    Wait,
)
from headwater.protocol.faults import NO_FAULTS
from headwater.protocol.field import add, pack
from headwater.protocol.masks import GENERATOR, mask_key, shared_point
from headwater.protocol.openings import Encoding, encode, root_of
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import Opening
from headwater.reading.models import load, pull, verify
from headwater.roles import masking as attempts
from headwater.roles.challenger import Challenger
from headwater.roles.job import Job
from headwater.roles.secrets import mask_secret, secret_of
from headwater.roles.task import Task, open_task
from headwater.storage.cid import RAW, Cid
from headwater.storage.directory import DirectoryStore
from tests.support.posting import posting
from tests.support.roles import AGGREGATOR, CHALLENGER, CREATOR, ETHER, OUTSIDER, TERMS, World, run, share_proofs

ZERO = [0, 0, 0, 0]
BOND = TERMS.challenge_bond
OFFERED = BOND * 5 // 4  # what a challenger puts up
GRACE = TERMS.aggregate_period // 4


def averaged_of(vectors: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) // len(vectors) for column in zip(*vectors, strict=True)]


def everybody(world: World, task: Task, members: Sequence[int], *actions) -> None:
    """Let trainers do each of the actions, one after another."""
    for action in actions:
        for i in members:
            world.steps(world.trainer(i, task), action)


def phases(world: World, task: Task, round_: int = 1) -> list[Phase]:
    return [event.to_phase for event in world.rounds.events(PhaseChanged, task_id=task.id, round=round_)]


def address(world: World, i: int) -> str:
    """Of trainer i."""
    return world.senders[i + 1].address


def be_patient(world: World) -> None:
    """Wait until what cannot be fetched counts as withheld."""
    world.rpc("evm_increaseTime", GRACE)
    world.rpc("evm_mine")


@contextmanager
def lost(world: World, digest: bytes):
    """A document that the store does not have for a while."""
    path = world.store._path(Cid.from_digest(digest))
    data = path.read_bytes()
    path.unlink()
    try:
        yield
    finally:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


def cid_of(world: World, i: int, task: Task | None = None) -> bytes:
    """The digest of trainer i's masked update of the first attempt."""
    return Cid.of_block(RAW, posting(world, i, task).document.encode()).digest


@pytest.fixture
def four(created: World) -> Task:
    """A task for three or four trainers; four have masked, and all but the last have published."""
    task = created.open(created.create(max_trainers=4))
    everybody(created, task, range(4), Deposit, Enrol, Join)
    everybody(created, task, range(4), Submit)
    everybody(created, task, range(4), Mask)
    everybody(created, task, range(3), Publish)
    return task


# masked updates


def test_update__that_is_withheld__is_demanded__and_costs_its_trainer_the_stake_and_the_others_one_attempt(
    created, four
):
    challenger, culprit = created.challenger(task=four), address(created, 3)
    assert isinstance(challenger.step(), Wait), "it may still come"
    with pytest.raises(Unavailable, match=f"the update of {culprit} cannot be had") as caught:
        created.aggregator(task=four).step()
    assert f"`headwater challenger run --task {four.id}`" in caught.value.hint
    be_patient(created)
    created.steps(challenger, ChallengeUpdate)
    (event,) = created.contracts.challenges.events(Challenged, task_id=four.id)
    assert (event.accused, event.kind, event.round, event.attempt) == (culprit, Kind.UPDATE, 1, 1)
    assert created.stakes.bonded() == OFFERED
    assert isinstance(challenger.step(), Wait), "once is enough"

    created.pass_deadline(four.id)
    created.steps(challenger, Advance)
    assert created.rounds.get_state(four.id).members == 3
    created.steps(challenger, Reclaim)
    assert created.stakes.claimable(challenger.sender.address) == OFFERED
    left_out = created.trainer(3, four).step()
    assert left_out == Wait("round 1 goes on without this trainer, which was found at fault", left_out.until)
    everybody(created, four, range(3), Mask)
    everybody(created, four, range(3), Publish)
    created.finalize(four)

    assert four.current_model() == averaged_of(created.trained(ZERO))
    begun = [Phase.JOIN, Phase.TRAIN, Phase.MASK, Phase.AGGREGATE]
    assert phases(created, four) == [*begun, Phase.MASK, Phase.AGGREGATE, Phase.CHALLENGE, Phase.FINALIZED]
    assert [created.rewards.reward_of(four.id, 1, address(created, i)) > 0 for i in range(4)] == [True] * 3 + [False]
    created.steps(challenger, Settle)
    (slashed,) = created.trainers.events(TrainerSlashed, task_id=four.id)
    assert (slashed.trainer, slashed.fault, slashed.slashed) == (culprit, True, ETHER)
    assert created.stakes.burnt() == ETHER
    assert created.stakes.lock_of(four.id, culprit) == 0
    assert created.trainer(3, four).step() == Done(), "it is expelled, and has nothing left"
    assert isinstance(challenger.step(), Wait)


def test_update__that_is_shown_when_demanded__is_read_from_the_chain(created, four):
    challenger, late = created.challenger(task=four), created.trainer(3, four)
    be_patient(created)
    created.steps(challenger, ChallengeUpdate)
    created.steps(late, OpenUpdate)
    (event,) = created.contracts.challenges.events(UpdateOpened, task_id=four.id)
    assert event.trainer == late.sender.address
    assert attempts.opened(four, 1, 1) == {late.sender.address: pack(posting(created, 3, four).vector)}
    (acquitted,) = created.rounds.events(Acquitted, task_id=four.id)
    assert acquitted.trainer == late.sender.address
    assert created.stakes.claimable(late.sender.address) == OFFERED, "for its gas"
    assert isinstance(challenger.step(), Wait), "nothing is missing now"

    assert not created.store.has(Cid.from_digest(cid_of(created, 3, four)))
    updates = [created.trainer(i, four).update(1)[0] for i in range(4)]
    assert created.aggregator(task=four).fetch(1) == add(updates)
    created.finalize(four)
    assert four.current_model() == averaged_of(
        [
            four.learner.spec.train(ZERO, t.dataset.x, t.dataset.labels)
            for t in (created.trainer(i, four) for i in range(4))
        ]
    )
    assert created.trainers.slash_of(four.id, late.sender.address) == (0, False)


@pytest.mark.parametrize("lie", ("another vector", "garbage"))
def test_update__whose_bytes_are_others__is_demanded_at_once(masking, lie):
    culprit = posting(masking, 1)
    everybody(masking, masking.task, (0, 2), Mask)
    if lie == "garbage":
        culprit.send(masking.put(b"\xff\x00 no document").digest)
    else:
        culprit.adding(1).send()
    everybody(masking, masking.task, (0, 2), Publish)
    challenger = masking.challenger()
    action = challenger.step()
    assert action == ChallengeUpdate(culprit.trainer)
    masking.steps(masking.trainer(1), OpenUpdate)
    assert isinstance(challenger.step(), Wait)
    masking.finalize()
    assert masking.task.current_model() == averaged_of(masking.trained(ZERO))


def damage(world: World, digest: bytes) -> None:
    """Put other bytes into the store, under the name of these."""
    world.store._path(Cid.from_digest(digest)).write_bytes(b"damaged")


def test_update__under_whose_name_the_store_has_other_bytes__counts_as_withheld_when_patience_ends(aggregating):
    """A store that lies says nothing about who committed: that it has the bytes is its trainer's to show."""
    world, heard = aggregating, []
    challenger = Challenger(world.task, world.senders[CHALLENGER], lambda stage, **said: heard.append((stage, said)))
    damage(world, cid_of(world, 0))
    assert isinstance(challenger.step(), Wait), "it may still be mended"
    with pytest.raises(Unavailable, match=f"the update of {address(world, 0)} cannot be had"):
        world.aggregator().step()
    be_patient(world)
    world.steps(challenger, ChallengeUpdate)
    world.steps(world.trainer(0), OpenUpdate)
    assert world.stakes.claimable(address(world, 0)) == OFFERED
    assert isinstance(challenger.step(), Wait), "once an attempt is enough"
    (note,) = [said["text"] for stage, said in heard if stage == "note"]
    assert "challenge 1 was answered" in note
    assert "name other stores" in note
    world.finalize()
    assert world.task.current_model() == averaged_of(world.trained(ZERO))


def test_update__that_is_damaged_and_not_shown__costs_its_trainer_the_stake(created, four):
    challenger, culprit = created.challenger(task=four), address(created, 3)
    created.put(posting(created, 3, four).document)
    damage(created, cid_of(created, 3, four))
    be_patient(created)
    created.steps(challenger, ChallengeUpdate)
    created.pass_deadline(four.id)
    created.steps(challenger, Advance, Reclaim)
    everybody(created, four, range(3), Mask, Publish)
    created.finalize(four)
    created.steps(challenger, Settle)
    (slashed,) = created.trainers.events(TrainerSlashed, task_id=four.id)
    assert (slashed.trainer, slashed.fault) == (culprit, True)


def test_average__under_whose_name_the_store_has_other_bytes__is_not_demanded_before_patience_ends(averaged):
    state = averaged.rounds.get_state(averaged.task_id)
    challenger = averaged.challenger()
    damage(averaged, state.average_cid)
    assert isinstance(challenger.step(), Wait)
    be_patient(averaged)
    averaged.steps(challenger, ChallengeModel)


def test_trainer__accused_by_a_griefer__answers_after_a_restart_and_gets_the_bond(aggregating):
    griefer = aggregating.senders[OUTSIDER]
    call = aggregating.contracts.challenges.challenge_update(aggregating.task_id, address(aggregating, 0), BOND)
    griefer.send(call)
    assert aggregating.refusal(OUTSIDER, call).name == "NotAccusable"
    before = aggregating.rounds.current_phase(aggregating.task_id).deadline
    trainer = aggregating.trainer(0)
    decided = trainer.decide(aggregating.chain.block())
    assert isinstance(decided, OpenUpdate)
    again = aggregating.trainer(0)  # the first one crashed before it acted
    assert again.decide(aggregating.chain.block()) == decided
    again.act(decided)
    assert isinstance(trainer.step(), Wait), "the first one comes back: it was answered"
    assert aggregating.refusal(1, trainer.open_update(decided.challenge)).name == "ChallengeClosed"
    assert aggregating.stakes.claimable(address(aggregating, 0)) == BOND
    assert aggregating.stakes.bonded() == 0
    assert aggregating.refusal(OUTSIDER, call).name == "AlreadyOpened"
    assert aggregating.rounds.current_phase(aggregating.task_id).deadline >= before
    aggregating.finalize()
    assert aggregating.trainers.slash_of(aggregating.task_id, address(aggregating, 0)) == (0, False)


def test_accusation__keeps_nobody_from_aggregating__and_its_late_answer_is_paid(aggregating):
    call = aggregating.contracts.challenges.challenge_update(aggregating.task_id, address(aggregating, 0), BOND)
    aggregating.senders[CHALLENGER].send(call)
    aggregating.steps(aggregating.aggregator(), Aggregate)
    assert isinstance(aggregating.challenger().step(), Wait), "there is time to answer"
    aggregating.steps(aggregating.trainer(0), AnswerLate)
    assert aggregating.stakes.claimable(address(aggregating, 0)) == BOND
    assert isinstance(aggregating.trainer(0).step(), Wait), "nothing is left to answer"
    aggregating.advance()
    entry = aggregating.rounds.get_roster_entry(aggregating.task_id, 1, address(aggregating, 0))
    assert entry.status is TrainerStatus.ACCUSED
    assert aggregating.trainers.slash_of(aggregating.task_id, address(aggregating, 0)) == (0, False)
    assert aggregating.rewards.reward_of(aggregating.task_id, 1, address(aggregating, 0)) > 0
    aggregating.steps(aggregating.trainer(0), Join)


def test_update__that_was_left_out__is_not_shown_late__though_its_bond_could_be_won(created, four):
    """What the others masked with it and without it would differ by its update."""
    created.senders[OUTSIDER].send(created.contracts.challenges.challenge_update(four.id, address(created, 3), BOND))
    silent = created.trainer(3, four)
    assert isinstance(silent.decide(created.chain.block()), OpenUpdate)
    created.advance(four.id)
    assert isinstance(silent.step(), Wait)
    everybody(created, four, range(3), Mask)
    everybody(created, four, range(3), Publish)
    assert isinstance(silent.step(), Wait)
    created.finalize(four)
    assert not created.contracts.challenges.get_challenge(1).closed
    assert not isinstance(silent.step(), AnswerLate)
    assert not created.store.has(Cid.from_digest(cid_of(created, 3, four)))


def test_bond__of_a_challenge_that_was_overtaken__is_reclaimed_when_the_time_to_answer_is_over(aggregating):
    call = aggregating.contracts.challenges.challenge_update(aggregating.task_id, address(aggregating, 0), BOND)
    aggregating.senders[CHALLENGER].send(call)
    aggregating.steps(aggregating.aggregator(), Aggregate)
    answer_by = aggregating.contracts.challenges.get_challenge(1).answer_by
    trainer = aggregating.trainer(0)
    decided = trainer.decide(aggregating.chain.block())
    aggregating.pass_until(answer_by)
    challenger = aggregating.challenger()
    aggregating.steps(challenger, *([Advance] if aggregating.rounds.current_phase(1).next else []), Reclaim)
    assert aggregating.stakes.claimable(challenger.sender.address) == BOND
    heard: list[str] = []
    trainer._report = lambda stage, **said: heard.append(said["text"])
    trainer.act(decided)
    assert "challenge 1 stays without an answer" in heard[0]
    assert not isinstance(aggregating.trainer(0).step(), AnswerLate)


def shown_as(task: Task, commitment: Point, vector: Sequence[int]) -> Opening:
    """How a vector is opened in an answer, right or wrong."""
    data = encode(vector, Encoding.WORDS)
    quotient = vector_quotient(task.train, commitment, Encoding.WORDS, len(vector), data)
    return Opening(root_of(data, Encoding.WORDS), data, quotient)


def test_answer__that_is_not_what_was_committed_to__is_refused(aggregating):
    challenges, task = aggregating.contracts.challenges, aggregating.task
    aggregating.senders[OUTSIDER].send(challenges.challenge_update(task.id, address(aggregating, 0), BOND))
    mine, other = posting(aggregating, 0), posting(aggregating, 1)
    commitment = task.train.commit(mine.vector)
    right = shown_as(task, commitment, mine.vector)
    wrong = {
        "OpeningMismatch": (mine.on_chain(), shown_as(task, commitment, other.vector)),
        "WrongLength": (mine.on_chain(), shown_as(task, commitment, mine.vector[:-1])),
        "PostingMismatch": (other.on_chain(), right),
        "RootMismatch": (mine.on_chain(), replace(right, root=bytes(32))),
    }
    for name, answer in wrong.items():
        assert aggregating.refusal(1, challenges.answer_update(1, *answer)).name == name
    assert aggregating.refusal(1, challenges.answer_update(2, mine.on_chain(), right)).name == "UnknownChallenge"
    aggregating.senders[OUTSIDER].send(challenges.answer_update(1, mine.on_chain(), right))
    assert aggregating.stakes.claimable(address(aggregating, 0)) == BOND, "whoever sends the answer"


# masks


def wrong_mask(world: World, task: Task, members: Sequence[int], liar: int) -> tuple[str, str]:
    """All mask, one of them with a mask of its own; returns the liar and the peer whom it wronged."""
    culprit = posting(world, liar, task).masking(1)
    for i in members:
        (culprit if i == liar else posting(world, i, task)).send()
    return culprit.trainer, culprit.masks[0].peer


def test_wrong_mask__is_disputed__the_honest_one_answers_and_the_liar_pays(created):
    task = created.open(created.create(max_trainers=4))
    everybody(created, task, range(4), Deposit, Enrol, Join)
    everybody(created, task, range(4), Submit)
    liar, victim = wrong_mask(created, task, range(4), liar=3)
    challenger = created.challenger(task=task)
    with pytest.raises(ContentMismatch, match="disagree about their mask"):
        created.aggregator(task=task).step()
    action = challenger.step()
    assert isinstance(action, ChallengeMask)
    assert {action.one, action.other} == {liar, victim}
    accused = [event.trainer for event in created.rounds.events(Accused, task_id=task.id)]
    assert set(accused) == {liar, victim}
    honest = next(i for i in range(4) if address(created, i) == victim)
    created.steps(created.trainer(honest, task), OpenMask)

    assert [e.trainer for e in created.rounds.events(Convicted, task_id=task.id)] == [liar]
    assert [e.trainer for e in created.rounds.events(Acquitted, task_id=task.id)] == [victim]
    (opened,) = created.contracts.challenges.events(MaskOpened, task_id=task.id)
    secrets = [mask_secret(secret_of(created.anvil.accounts[i + 1]), task.tag) for i in (honest, 3)]
    assert opened.shared == shared_point(secrets[0], mask_key(secrets[1]))
    assert created.stakes.claimable(challenger.sender.address) == OFFERED, "a dispute is nobody's gain"
    assert isinstance(created.trainer(3, task).step(), Wait), "the liar has nothing to answer"
    assert isinstance(challenger.step(), Wait)

    created.pass_deadline(task.id)
    created.steps(challenger, Advance)
    everybody(created, task, range(3), Mask)
    everybody(created, task, range(3), Publish)
    created.finalize(task)
    assert task.current_model() == averaged_of(created.trained(ZERO))
    (convicted,) = created.rounds.events(Convicted, task_id=task.id)
    assert (convicted.payee, convicted.owed > 0) == (victim, True), "for the gas of its answer"
    created.steps(created.trainer(honest, task), Join, Settle)
    assert created.stakes.claimable(victim) == convicted.owed
    assert created.stakes.lock_of(task.id, liar) == 0
    assert isinstance(created.trainer(honest, task).step(), Wait), "once is enough"
    assert [created.trainers.slash_of(task.id, address(created, i)) for i in range(3)] == [(0, False)] * 3


def test_wrong_mask__that_nobody_explains__costs_both(created):
    task = created.open(created.create(max_trainers=5))
    everybody(created, task, range(4), Deposit, Enrol, Join)
    created.advance(task.id)
    everybody(created, task, range(4), Submit)
    pair = wrong_mask(created, task, range(4), liar=3)
    created.steps(created.challenger(task=task), ChallengeMask)
    created.advance(task.id)
    assert phases(created, task)[-1] is Phase.FAILED, "two are left"
    assert all(created.trainers.slash_of(task.id, member) == (ETHER, True) for member in pair)
    honest = next(i for i in range(4) if address(created, i) == pair[1])
    created.steps(created.trainer(honest, task), Unenrol)


def test_honest_pair__cannot_be_made_to_show_what_it_shares(aggregating):
    task, challenges = aggregating.task, aggregating.contracts.challenges
    one, other, third = (posting(aggregating, i) for i in range(3))
    pair, postings = (one.trainer, other.trainer), (one.on_chain(), other.on_chain())
    assert aggregating.refusal(OUTSIDER, challenges.challenge_mask(task.id, pair, postings, BOND)).name == "MasksAgree"
    forged = (one.committing(lambda _: one.update).on_chain(), other.on_chain())
    assert aggregating.refusal(OUTSIDER, challenges.challenge_mask(task.id, pair, forged, BOND)).name == (
        "PostingMismatch"
    )
    alone = (one.trainer, one.trainer)
    call = challenges.challenge_mask(task.id, alone, (one.on_chain(),) * 2, BOND)
    assert aggregating.refusal(OUTSIDER, call).name == "NotPeers"
    assert third.trainer not in pair


def test_node__told_of_a_dispute_that_cannot_be__shows_nothing(aggregating, monkeypatch):
    """An Ethereum node that lies must not make a trainer show the point it shares with an honest peer."""
    trainer, peer = aggregating.trainer(0), address(aggregating, 1)
    challenges = aggregating.contracts.challenges
    aggregating.senders[OUTSIDER].send(challenges.challenge_update(aggregating.task_id, trainer.sender.address, BOND))
    true = challenges.get_challenge(1)
    forged = type(true)(**{**vars(true), "kind": Kind.MASK, "other": peer})
    monkeypatch.setattr(ChallengeManager, "get_challenge", lambda *_: forged)
    action = trainer.decide(aggregating.chain.block())
    assert isinstance(action, OpenMask)
    nonce = trainer.sender.next_nonce()
    with pytest.raises(ChainError, match=r"about which .* agree"):
        trainer.act(action)
    assert trainer.sender.next_nonce() == nonce


def told(monkeypatch, **lie):
    """Nodes that tell something else of the peer's enrolment."""
    true = TrainerRegistry.events

    def events(registry, kind, *arguments, **wanted):
        found = true(registry, kind, *arguments, **wanted)
        return (replace(event, **lie) for event in found) if kind is Enrolled else found

    monkeypatch.setattr(TrainerRegistry, "events", events)


@pytest.mark.parametrize(
    ("lie", "said"),
    (
        ({"possession": PossessionProof(1, 2)}, "has not shown that it knows the secret of its mask key"),
        ({"mask_key": GENERATOR}, "is not the one that the contract keeps"),
    ),
    ids=("no proof", "another key"),
)
def test_dispute__with_a_key_whose_secret_its_owner_has_not_shown__is_not_answered(aggregating, monkeypatch, lie, said):
    """As on a chain whose contract takes any key: what would be shown may be what two honest members share."""
    trainer, peer = aggregating.trainer(0), address(aggregating, 1)
    challenges = aggregating.contracts.challenges
    aggregating.senders[OUTSIDER].send(challenges.challenge_update(aggregating.task_id, trainer.sender.address, BOND))
    forged = replace(challenges.get_challenge(1), kind=Kind.MASK, other=peer)
    monkeypatch.setattr(ChallengeManager, "get_challenge", lambda *_: forged)
    told(monkeypatch, **lie)
    nonce, heard = trainer.sender.next_nonce(), []
    job = Job(lambda: trainer, lambda stage, **details: heard.append((stage, details)))
    job.turn(aggregating.chain.block(), aggregating.chain.block, 0.1, lambda: False)
    ((stage, details),) = heard
    assert (stage, details["kind"]) == ("failed", "ChainError")
    assert said in details["error"]
    assert trainer.sender.next_nonce() == nonce


# the average


def without_model(world: World, cid: bytes = b"\x09" * 32) -> list[int]:
    """Round 1's average is accepted, beside the CID of nothing; its weights."""
    aggregator = world.aggregator()
    weights, proof = aggregator.prove(aggregator.fetch(1), 3)
    aggregator.sender.send(world.rounds.aggregate(world.task_id, proof.data, cid))
    return weights


@pytest.mark.parametrize("bytes_", ("withheld", "others"))
def test_average__whose_bytes_are_not_told__is_revoked__and_another_aggregates(aggregating, bytes_):
    world, challenger = aggregating, aggregating.challenger()
    other = world.opened([1, 2, 3, 4]).document(1, 3)
    without_model(world, world.put(other).digest if bytes_ == "others" else b"\x09" * 32)
    if bytes_ == "withheld":
        assert isinstance(challenger.step(), Wait), "it may still come"
        be_patient(world)
    world.steps(challenger, ChallengeModel)
    assert isinstance(challenger.step(), Wait)
    (event,) = world.contracts.challenges.events(Challenged, task_id=world.task_id)
    assert (event.accused, event.kind) == (world.senders[AGGREGATOR].address, Kind.MODEL)
    world.pass_deadline()
    world.steps(challenger, Advance)
    (revoked,) = world.rounds.events(AverageRevoked, task_id=world.task_id)
    assert (revoked.aggregator, revoked.slashed) == (world.senders[AGGREGATOR].address, ETHER)
    assert world.stakes.stake_of(world.senders[AGGREGATOR].address) == Stake(0, 0)
    world.steps(challenger, Reclaim)

    assert isinstance(challenger.step(), Wait)
    call = world.contracts.challenges.challenge_update(world.task_id, address(world, 0), BOND)
    assert world.refusal(OUTSIDER, call).name == "NotAccusable", "its bytes were had"
    world.steps(world.aggregator(OUTSIDER), Deposit, Aggregate)
    world.advance()
    assert world.task.current_model() == averaged_of(world.trained(ZERO))
    ended = world.rounds.get_round(world.task_id, 1)
    assert (ended.phase, ended.aggregator, ended.averages) == (Phase.FINALIZED, world.senders[OUTSIDER].address, 2)
    assert world.rewards.reward_of(world.task_id, 1, world.senders[AGGREGATOR].address) == 0


def test_round__whose_averages_are_withheld_again_and_again__fails(aggregating):
    challenger = aggregating.challenger()
    for left in (2, 1, 0):
        if left < 2:
            aggregating.steps(aggregating.aggregator(), Deposit)
            aggregating.senders[AGGREGATOR].send(aggregating.stakes.deposit(1))  # enough for what follows
        without_model(aggregating)
        be_patient(aggregating)
        aggregating.steps(challenger, ChallengeModel)
        aggregating.pass_deadline()
        aggregating.steps(challenger, Advance, Reclaim)
    assert aggregating.rounds.get_round(aggregating.task_id, 1).phase is Phase.FAILED
    assert aggregating.stakes.burnt() == 3 * ETHER
    assert all(
        aggregating.trainers.slash_of(aggregating.task_id, address(aggregating, i)) == (0, False) for i in range(3)
    )


def test_average__that_its_aggregator_shows_on_chain__is_final__and_trained_on_from_there(averaged, tmp_path):
    world = averaged
    state = world.rounds.get_state(world.task_id)
    aggregator, challenger = world.aggregator(), world.challenger()
    with lost(world, state.average_cid):
        be_patient(world)
        world.steps(challenger, ChallengeModel)
        with pytest.raises(Unavailable):
            aggregator.step()
    world.steps(world.aggregator(), OpenModel)  # started anew, with its store
    (event,) = world.contracts.challenges.events(ModelOpened, task_id=world.task_id)
    assert (event.round, event.average) == (1, 1)
    assert world.rounds.get_round(world.task_id, 1).phase is Phase.FINALIZED
    assert world.stakes.claimable(aggregator.sender.address) == OFFERED
    assert world.stakes.stake_of(aggregator.sender.address) == Stake(ETHER, 0)
    model = world.models.latest(world.task_id)
    with lost(world, model.cid):
        assert world.task.weights(model) == averaged_of(world.trained(ZERO))
        assert verify(world.task, pull(world.task, model, tmp_path)).round == 1
        assert verify(world.task, load(tmp_path)).round == 1
        everybody(world, world.task, range(3), Join)
        everybody(world, world.task, range(3), Submit)


def test_aggregator__that_nobody_asks__answers_nothing(averaged):
    assert isinstance(averaged.aggregator().step(), Wait)
    assert isinstance(averaged.challenger().step(), Wait)
    be_patient(averaged)
    assert isinstance(averaged.challenger().step(), Wait), "the bytes are there"


# the first model


FIRST = [3, -1, 4, 1]  # weights of a first model that has to be shown: zeros need not be


def with_first_model(world: World, *, told: bool) -> int:
    """A task that does not start from zeros, and whose first model's bytes lie in the store, or nowhere."""
    model = world.opened(FIRST)
    document = model.document(0, 0)
    cid = world.put(document) if told else Cid.of_block(RAW, document.encode())
    return world.create(model.commitment, cid.digest)


def watched(world: World, task_id: int) -> Task:
    """A task as a challenger opens it."""
    return share_proofs(open_task(world.contracts, world.store, world.home, task_id, check_model=False))


def test_first_model__that_is_withheld__ends_the_task_before_anybody_enrols(created):
    task_id = with_first_model(created, told=False)
    with pytest.raises(Unavailable):
        created.open(task_id)
    challenger = created.challenger(task=watched(created, task_id))
    assert isinstance(challenger.step(), Wait)
    be_patient(created)
    created.steps(challenger, ChallengeModel)
    created.pass_deadline(task_id)
    created.steps(challenger, Advance, Reclaim, Claim, Done)
    (event,) = created.rounds.events(FirstModelWithheld, task_id=task_id)
    assert (event.creator, event.slashed) == (created.senders[CREATOR].address, TERMS.pool)
    assert created.rounds.current_phase(task_id).phase is Phase.SKIPPED
    assert created.stakes.escrow_of(task_id) == 0
    assert created.stakes.burnt() == TERMS.pool


def test_first_model__that_is_demanded_for_nothing__is_shown_by_whoever_takes_part(created):
    task = created.open(with_first_model(created, told=True))
    everybody(created, task, range(3), Deposit, Enrol)
    everybody(created, task, (0, 1), Join)
    call = created.contracts.challenges.challenge_model(task.id, BOND)
    created.senders[OUTSIDER].send(call)
    late = created.trainer(2, task)
    assert isinstance(late.decide(created.chain.block()), OpenModel)
    created.steps(created.aggregator(task=task), OpenModel)
    assert created.stakes.claimable(created.senders[CREATOR].address) == BOND
    assert created.refusal(OUTSIDER, call).name == "AlreadyOpened"
    created.steps(late, Join)
    assert created.rounds.current_phase(task.id).phase is Phase.TRAIN
    assert created.refusal(OUTSIDER, call).name == "ModelNotAccusable"


@pytest.mark.parametrize("bytes_", (None, [1, 2, 3, 4]), ids=("none", "others"))
def test_first_model__of_zeros__needs_no_bytes(created, tmp_path, bytes_):
    other = bytes_ and created.put(created.opened(bytes_).document(0, 0)).digest
    task_id = created.create(model_cid=other or b"\x09" * 32)
    task = created.open(task_id)
    assert task.current_model() == ZERO
    with pytest.raises(ContentMismatch if bytes_ else Unavailable):
        pull(task, created.models.latest(task_id), tmp_path / "model")
    be_patient(created)
    assert isinstance(created.challenger(task=watched(created, task_id)).step(), Wait)


def test_first_model__that_was_shown_on_chain__is_read_from_there(created):
    task_id = with_first_model(created, told=False)
    be_patient(created)
    challenger = created.challenger(task=watched(created, task_id))
    created.steps(challenger, ChallengeModel)
    model, packed = created.opened(FIRST), encode(FIRST, Encoding.PACKED)
    opening = Opening(root_of(packed, Encoding.PACKED), packed, model.opening)
    tagged = watched(created, task_id).tagged(model.commitment)
    created.senders[CREATOR].send(created.contracts.challenges.answer_model(1, tagged, opening))
    assert created.open(task_id).current_model() == FIRST
    assert isinstance(challenger.step(), Wait)


# what nobody must see


def test_mask_keys_and_seeds__are_shown_nowhere__but_the_point_of_a_disputed_pair(created):
    """In the store, in calldata, in logs; whatever happened: a round, a challenge answered, a dispute."""
    task = created.open(created.create(max_trainers=4))
    first = created.chain.block().number
    everybody(created, task, range(4), Deposit, Enrol, Join)
    everybody(created, task, range(4), Submit)
    liar, victim = wrong_mask(created, task, range(4), liar=3)
    honest = next(i for i in range(4) if address(created, i) == victim)
    created.steps(created.challenger(task=task), ChallengeMask)
    created.steps(created.trainer(honest, task), OpenMask)
    third = next(i for i in range(3) if i != honest)
    call = created.contracts.challenges.challenge_update(task.id, address(created, third), BOND)
    created.senders[OUTSIDER].send(call)
    created.steps(created.trainer(third, task), OpenUpdate)

    shown = [path.read_bytes() for path in created.stored()]
    for number in range(first, created.chain.block().number + 1):
        for transaction in created.anvil.web3.eth.get_block(number, full_transactions=True)["transactions"]:
            shown.append(bytes(transaction["input"]))
            logs = created.anvil.web3.eth.get_transaction_receipt(transaction["hash"])["logs"]
            shown += [bytes(log["data"]) for log in logs]
    secrets = {address(created, i): mask_secret(secret_of(created.anvil.accounts[i + 1]), task.tag) for i in range(4)}
    disputed = shared_point(secrets[liar], mask_key(secrets[victim]))
    assert any(disputed.encode() in data for data in shown)
    for member, secret in secrets.items():
        assert not any(is_in(secret, data) for data in shown)
        for peer, other in secrets.items():
            if peer != member and {member, peer} != {liar, victim}:
                shared = multiply(mask_key(other), secret)
                assert not any(is_in(coordinate, data) for coordinate in shared for data in shown)


def is_in(number: int, data: bytes) -> bool:
    """Whether bytes hold a number, as they are or as documents write it."""
    return number.to_bytes(32, "big") in data or f"{number:064x}".encode() in data


# a challenger by itself


def test_loop__of_a_challenger__sees_a_task_to_its_end(aggregating):
    heard = []

    def report(stage, **details):
        if stage != "idle":
            heard.append(stage)
        if stage == "waiting" and details["reason"] == "round 1: Aggregate goes on":
            be_patient(aggregating)
        elif stage == "waiting":
            aggregating.pass_deadline()

    with lost(aggregating, cid_of(aggregating, 2)):
        run(Challenger(aggregating.task, aggregating.senders[CHALLENGER], report), report)
    steps = ["challenged", "waiting", "advanced", "settled", "reclaimed", "waiting", "advanced", "claimed"]
    assert heard == ["waiting", *steps]
    assert aggregating.rounds.get_round(aggregating.task_id, 1).phase is Phase.FAILED
    assert aggregating.rounds.current_phase(aggregating.task_id).phase is Phase.SKIPPED
    assert aggregating.stakes.burnt() == ETHER
    assert aggregating.stakes.bonded() == 0


# reading updates


def test_challenger__reads_updates_again__only_when_one_that_was_missing_has_come(masking, monkeypatch):
    read, get = [], DirectoryStore.get
    monkeypatch.setattr(DirectoryStore, "get", lambda store, cid, most: (read.append(cid), get(store, cid, most))[1])
    for i in range(3):
        masking.steps(masking.trainer(i), Mask)
    for i in range(2):
        masking.steps(masking.trainer(i), Publish)
    challenger, chain, late = masking.challenger(), masking.task.contracts.chain, masking.trainer(2)

    def seen():
        read.clear()
        view = challenger.view(chain.block())
        return len(read), view.missing, view.faults

    assert seen() == (5, (late.sender.address,), NO_FAULTS)  # all, and then those that are there: one by one
    assert seen() == (1, (late.sender.address,), NO_FAULTS)
    masking.steps(late, Publish)
    assert seen() == (4, (), NO_FAULTS)
    assert seen() == (0, (), NO_FAULTS)
