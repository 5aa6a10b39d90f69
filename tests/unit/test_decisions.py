"""What a role does next: a table of every case, and what holds for whatever it sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.protocol.decisions import (
    MOST_ROUNDS,
    NEXT_BLOCK,
    STORE_SECONDS,
    Advance,
    Aggregate,
    AggregatorView,
    AnswerLate,
    Bytes,
    ChallengeMask,
    ChallengeModel,
    ChallengerView,
    ChallengeUpdate,
    Claim,
    Collect,
    Deposit,
    Done,
    Enrol,
    Join,
    Mask,
    OpenMask,
    OpenModel,
    OpenUpdate,
    ProveWrongPeer,
    Publish,
    Reclaim,
    Release,
    RenewSeed,
    RoundView,
    Seed,
    Settle,
    Submit,
    TrainerView,
    Unenrol,
    Wait,
    Withdraw,
    decide_aggregator,
    decide_challenger,
    decide_leaver,
    decide_trainer,
)
from headwater.protocol.faults import NO_FAULTS, Faults, WrongPeer
from headwater.protocol.phases import Phase, TrainerStatus

ENDS = (Phase.FINALIZED, Phase.FAILED, Phase.SKIPPED)
RUNNING = (Phase.JOIN, Phase.TRAIN, Phase.MASK, Phase.AGGREGATE, Phase.CHALLENGE)
NOW, DEADLINE = 1_000, 2_000


def at(phase, now=NOW, round_=2, attempt=1):
    return RoundView(now, round_, 3, phase, 0 if phase.is_end else DEADLINE, attempt)


def trainer(phase, status=TrainerStatus.NONE, **changes):
    """An enrolled trainer with nothing to collect, or one whose stake is free."""
    locked = 10 if changes.get("enrolled", True) else 0
    return replace(TrainerView(at(phase), True, status, stake=10, free=0, locked=locked), **changes)


def aggregator(phase, **changes):
    """An aggregator with enough stake."""
    return replace(AggregatorView(at(phase), stake=10, free=10), **changes)


def challenger(phase, **changes):
    """A challenger that found nothing yet, and has no patience left."""
    return replace(ChallengerView(at(phase), patience=NOW), **changes)


TRAINER_CASES = {
    "not enrolled, no stake": (trainer(Phase.JOIN, enrolled=False), Deposit(10)),
    "not enrolled, some stake": (trainer(Phase.JOIN, enrolled=False, free=7), Deposit(3)),
    "not enrolled, stake": (trainer(Phase.JOIN, enrolled=False, free=10), Enrol()),
    "not enrolled, task without stake": (trainer(Phase.TRAIN, enrolled=False, stake=0), Enrol()),
    "join, no seat": (trainer(Phase.JOIN), Join(2)),
    "join, a seat": (trainer(Phase.JOIN, TrainerStatus.JOINED), Wait("round 2: others may still join", DEADLINE)),
    "join, some stake slashed": (trainer(Phase.JOIN, locked=8, free=1), Deposit(1)),
    "join, some stake to be slashed": (trainer(Phase.JOIN, slash=3), Deposit(3)),
    "join, some stake slashed and enough free": (trainer(Phase.JOIN, locked=8, slash=1, free=3), Join(2)),
    "join, at fault before": (trainer(Phase.JOIN, slash=10, fault=True, free=10), Unenrol()),
    "join, leaving": (trainer(Phase.JOIN, releasable_at=NOW + 5), Wait("the stake is unbonding", NOW + 5)),
    "join, left for a fault": (trainer(Phase.JOIN, enrolled=False, locked=0, expelled=True, free=10), Done()),
    "join, the first model is demanded": (trainer(Phase.JOIN, answer=OpenModel(4)), OpenModel(4)),
    "train, leaving with a seat": (trainer(Phase.TRAIN, TrainerStatus.JOINED, releasable_at=NOW), Submit(2)),
    "train, no seat": (
        trainer(Phase.TRAIN),
        Wait("round 2 started without this trainer: the next one can be joined", DEADLINE),
    ),
    "train of the last round, not enrolled": (
        trainer(Phase.TRAIN, enrolled=False, free=10, at=at(Phase.TRAIN, round_=3)),
        Wait("round 3 started without this trainer: it is the last", DEADLINE),
    ),
    "join of the last round, not enrolled": (
        trainer(Phase.JOIN, enrolled=False, free=10, at=at(Phase.JOIN, round_=3)),
        Enrol(),
    ),
    "train, a seat": (trainer(Phase.TRAIN, TrainerStatus.JOINED), Submit(2)),
    "train, submitted": (
        trainer(Phase.TRAIN, TrainerStatus.SUBMITTED),
        Wait("round 2: waiting for other trainers' updates", DEADLINE),
    ),
    "aggregate, no seat": (
        trainer(Phase.AGGREGATE),
        Wait("round 2 started without this trainer: the next one can be joined", DEADLINE),
    ),
    "aggregate, too late": (
        trainer(Phase.AGGREGATE, TrainerStatus.JOINED),
        Wait("round 2: waiting for the average", DEADLINE),
    ),
    "mask, first attempt": (trainer(Phase.MASK, TrainerStatus.SUBMITTED), Mask(2, 1)),
    "mask, its seed is not known before the next block": (
        trainer(Phase.MASK, TrainerStatus.SUBMITTED, seed=Seed.AWAITED),
        Wait("round 2: the next block shows who is whose peer", DEADLINE, again=NEXT_BLOCK),
    ),
    "mask, its seed's block is forgotten": (
        trainer(Phase.MASK, TrainerStatus.SUBMITTED, seed=Seed.FORGOTTEN),
        RenewSeed(2, 1),
    ),
    "mask, left out, a seed is forgotten": (
        trainer(Phase.MASK, TrainerStatus.SUBMITTED, at=at(Phase.MASK, attempt=3), masked_in=1, seed=Seed.FORGOTTEN),
        Wait("round 2 goes on without this trainer, which missed an attempt", DEADLINE),
    ),
    "mask, masked": (
        trainer(Phase.MASK, TrainerStatus.SUBMITTED, masked_in=1),
        Wait("round 2: waiting for other trainers' masked updates", DEADLINE),
    ),
    "mask, next attempt": (
        trainer(Phase.MASK, TrainerStatus.SUBMITTED, at=at(Phase.MASK, attempt=3), masked_in=2),
        Mask(2, 3),
    ),
    "mask, left out": (
        trainer(Phase.MASK, TrainerStatus.SUBMITTED, at=at(Phase.MASK, attempt=3), masked_in=1),
        Wait("round 2 goes on without this trainer, which missed an attempt", DEADLINE),
    ),
    "mask, nothing submitted": (
        trainer(Phase.MASK, TrainerStatus.JOINED),
        Wait("round 2: waiting for other trainers' masked updates", DEADLINE),
    ),
    "aggregate, masked": (
        trainer(Phase.AGGREGATE, TrainerStatus.SUBMITTED, at=at(Phase.AGGREGATE, attempt=2), masked_in=2),
        Publish(2, 2),
    ),
    "aggregate, masked and published": (
        trainer(
            Phase.AGGREGATE, TrainerStatus.SUBMITTED, at=at(Phase.AGGREGATE, attempt=2), masked_in=2, published=True
        ),
        Wait("round 2: waiting for the average", DEADLINE, again=NOW + STORE_SECONDS),
    ),
    "aggregate, left out": (
        trainer(Phase.AGGREGATE, TrainerStatus.SUBMITTED, at=at(Phase.AGGREGATE, attempt=2), masked_in=1),
        Wait("round 2: waiting for the average", DEADLINE),
    ),
    "mask, at fault": (
        trainer(Phase.MASK, TrainerStatus.ACCUSED, at=at(Phase.MASK, attempt=2), masked_in=1),
        Wait("round 2 goes on without this trainer, which was found at fault", DEADLINE),
    ),
    "aggregate, accused": (
        trainer(Phase.AGGREGATE, TrainerStatus.ACCUSED, masked_in=1, answer=OpenUpdate(7)),
        OpenUpdate(7),
    ),
    "aggregate, accused of a mask": (
        trainer(Phase.AGGREGATE, TrainerStatus.ACCUSED, masked_in=1, published=True, answer=OpenMask(7)),
        OpenMask(7),
    ),
    "aggregate, accused with nothing to answer": (
        trainer(Phase.AGGREGATE, TrainerStatus.ACCUSED, masked_in=1),
        Publish(2, 1),
    ),
    "aggregate, guilty": (
        trainer(Phase.AGGREGATE, TrainerStatus.GUILTY, masked_in=1),
        Wait("round 2: waiting for the average", DEADLINE),
    ),
    "aggregate, accused and too late": (
        trainer(Phase.AGGREGATE, TrainerStatus.ACCUSED, at=at(Phase.AGGREGATE, DEADLINE), answer=OpenUpdate(7)),
        Advance(2),
    ),
    "challenge, a dispute that still convicts": (
        trainer(Phase.CHALLENGE, TrainerStatus.ACCUSED, masked_in=1, answer=OpenMask(7)),
        OpenMask(7),
    ),
    "challenge, an answer that comes too late": (
        trainer(Phase.CHALLENGE, TrainerStatus.ACCUSED, masked_in=1, late=OpenUpdate(7), owing=("bob",)),
        AnswerLate(OpenUpdate(7)),
    ),
    "join, a seat before a late answer": (trainer(Phase.JOIN, late=OpenUpdate(7)), Join(2)),
    "join, somebody owes this trainer": (
        trainer(Phase.JOIN, TrainerStatus.JOINED, owing=("bob", "carol")),
        Settle("bob"),
    ),
    "train, its proof before what is owed": (trainer(Phase.TRAIN, TrainerStatus.JOINED, owing=("bob",)), Submit(2)),
    "ended, a late answer and a debt before the end": (
        trainer(Phase.FINALIZED, enrolled=False, late=OpenUpdate(7), owing=("bob",)),
        AnswerLate(OpenUpdate(7)),
    ),
    "ended, unbonding, somebody owes it": (
        trainer(Phase.FINALIZED, releasable_at=NOW + 1, owing=("bob",)),
        Settle("bob"),
    ),
    "challenge": (
        trainer(Phase.CHALLENGE, TrainerStatus.SUBMITTED, masked_in=1),
        Wait("round 2: waiting for the average to be final", DEADLINE),
    ),
    "overdue in its first second": (
        trainer(Phase.TRAIN, TrainerStatus.JOINED, at=at(Phase.TRAIN, DEADLINE)),
        Advance(2),
    ),
    "in time in its last second": (
        trainer(Phase.TRAIN, TrainerStatus.JOINED, at=at(Phase.TRAIN, DEADLINE - 1)),
        Submit(2),
    ),
    "overdue, not enrolled": (trainer(Phase.JOIN, enrolled=False, at=at(Phase.JOIN, DEADLINE)), Advance(2)),
    "ended, the stake first": (trainer(Phase.FAILED, collectable=(1, 3), claimable=5), Unenrol()),
    "ended, then rewards": (
        trainer(Phase.FINALIZED, enrolled=False, collectable=(1, 3), withdrawable=10, claimable=5),
        Collect((1, 3)),
    ),
    "ended, many rewards": (
        trainer(Phase.FINALIZED, enrolled=False, collectable=tuple(range(1, 151))),
        Collect(tuple(range(1, MOST_ROUNDS + 1))),
    ),
    "ended, leaving, rewards meanwhile": (
        trainer(Phase.FINALIZED, releasable_at=NOW + 9, collectable=(1,), claimable=5),
        Collect((1,)),
    ),
    "ended, leaving, money meanwhile": (trainer(Phase.FINALIZED, releasable_at=NOW + 9, claimable=5), Claim(5)),
    "ended, unbonding": (
        trainer(Phase.FINALIZED, releasable_at=NOW + 1),
        Wait("the stake is unbonding", NOW + 1),
    ),
    "ended, unbonded": (trainer(Phase.FINALIZED, releasable_at=NOW), Release()),
    "ended, all was slashed": (trainer(Phase.FAILED, locked=0, releasable_at=NOW + 9), Done()),
    "ended, all will be slashed": (trainer(Phase.FAILED, slash=10, fault=True), Done()),
    "ended, nothing was staked": (trainer(Phase.FAILED, locked=0, stake=0), Done()),
    "ended, then the money": (
        trainer(Phase.SKIPPED, enrolled=False, free=10, withdrawable=10, claimable=5),
        Claim(5),
    ),
    "ended, then the free stake": (trainer(Phase.FINALIZED, enrolled=False, free=10, withdrawable=10), Withdraw(10)),
    "ended, the stake is kept": (trainer(Phase.FINALIZED, enrolled=False, free=10), Done()),
    "ended, nothing left": (trainer(Phase.FINALIZED, enrolled=False), Done()),
    "ended before it enrolled": (trainer(Phase.FAILED, enrolled=False, free=10, withdrawable=10), Withdraw(10)),
}
AGGREGATOR_CASES = {
    "join": (aggregator(Phase.JOIN), Wait("round 2: Join goes on", DEADLINE)),
    "join, the first model is demanded": (aggregator(Phase.JOIN, answer=OpenModel(3)), OpenModel(3)),
    "train": (aggregator(Phase.TRAIN), Wait("round 2: Train goes on", DEADLINE)),
    "aggregate": (aggregator(Phase.AGGREGATE), Aggregate(2)),
    "aggregate, too little stake": (aggregator(Phase.AGGREGATE, free=4), Deposit(6)),
    "aggregate, no stake needed": (aggregator(Phase.AGGREGATE, stake=0, free=0), Aggregate(2)),
    "challenge": (aggregator(Phase.CHALLENGE), Wait("round 2: Challenge goes on", DEADLINE)),
    "challenge, its model is demanded": (aggregator(Phase.CHALLENGE, answer=OpenModel(3)), OpenModel(3)),
    "challenge, an earlier average of it is demanded in vain": (
        aggregator(Phase.CHALLENGE, late=OpenModel(3)),
        AnswerLate(OpenModel(3)),
    ),
    "aggregate, before a late answer": (aggregator(Phase.AGGREGATE, late=OpenModel(3)), Aggregate(2)),
    "ended, a late answer": (aggregator(Phase.FAILED, late=OpenModel(3)), AnswerLate(OpenModel(3))),
    "challenge over": (aggregator(Phase.CHALLENGE, at=at(Phase.CHALLENGE, DEADLINE)), Advance(2)),
    "overdue": (aggregator(Phase.AGGREGATE, at=at(Phase.AGGREGATE, DEADLINE)), Advance(2)),
    "ended, fees first": (aggregator(Phase.FAILED, collectable=(1,), claimable=5), Collect((1,))),
    "ended, many fees": (
        aggregator(Phase.FINALIZED, collectable=tuple(range(1, 151))),
        Collect(tuple(range(1, MOST_ROUNDS + 1))),
    ),
    "ended, then the stake": (aggregator(Phase.FINALIZED, withdrawable=10, claimable=5), Withdraw(10)),
    "ended, then the money": (aggregator(Phase.FINALIZED, claimable=5), Claim(5)),
    "ended, nothing left": (aggregator(Phase.SKIPPED), Done()),
}
MISDIRECTED = WrongPeer("alice", "bob", ("carol",) * 16)
ALL = frozenset(("alice", "bob", "carol", "dave"))
CHALLENGER_CASES = {
    "join, nothing wrong": (challenger(Phase.JOIN), Wait("round 2: Join goes on", DEADLINE)),
    "join, no first model": (challenger(Phase.JOIN, model=Bytes.MISSING, model_accusable=True), ChallengeModel(2)),
    "join, no first model yet": (
        challenger(Phase.JOIN, model=Bytes.MISSING, model_accusable=True, patience=NOW + 1),
        Wait("round 2: Join goes on", DEADLINE, again=NOW + 1),
    ),
    "join, a wrong first model": (
        challenger(Phase.JOIN, model=Bytes.WRONG, model_accusable=True, patience=NOW + 1),
        ChallengeModel(2),
    ),
    "challenge, demanded already": (
        challenger(Phase.CHALLENGE, model=Bytes.MISSING),
        Wait("round 2: Challenge goes on", DEADLINE, again=NOW + STORE_SECONDS),
    ),
    "challenge, no bytes": (challenger(Phase.CHALLENGE, model=Bytes.MISSING, model_accusable=True), ChallengeModel(2)),
    "challenge, bytes found": (
        challenger(Phase.CHALLENGE, model_accusable=True),
        Wait("round 2: Challenge goes on", DEADLINE, again=NOW + STORE_SECONDS),
    ),
    "aggregate, a proof before all challenges": (
        challenger(
            Phase.AGGREGATE,
            faults=Faults((("bob", "carol"),), ("dave",), (MISDIRECTED,)),
            missing=("carol",),
            accusable=ALL,
        ),
        ProveWrongPeer(MISDIRECTED),
    ),
    "aggregate, a pair": (
        challenger(Phase.AGGREGATE, faults=Faults((("bob", "carol"),), ("dave",)), accusable=ALL),
        ChallengeMask("bob", "carol"),
    ),
    "aggregate, a pair of which one is accused": (
        challenger(Phase.AGGREGATE, faults=Faults((("bob", "carol"),), ("dave",)), accusable=ALL - {"bob"}),
        ChallengeUpdate("dave"),
    ),
    "aggregate, a wrong vector, at once": (
        challenger(Phase.AGGREGATE, faults=Faults((), ("dave",)), accusable=ALL, patience=NOW + 1),
        ChallengeUpdate("dave"),
    ),
    "aggregate, a vector that is missing": (
        challenger(Phase.AGGREGATE, missing=("dave",), accusable=ALL),
        ChallengeUpdate("dave"),
    ),
    "aggregate, a vector that may come": (
        challenger(Phase.AGGREGATE, missing=("dave",), accusable=ALL, patience=NOW + 1),
        Wait("round 2: Aggregate goes on", DEADLINE, again=NOW + 1),
    ),
    "aggregate, all are accused": (
        challenger(Phase.AGGREGATE, faults=Faults((), ("dave",), (MISDIRECTED,)), missing=("bob",)),
        Wait("round 2: Aggregate goes on", DEADLINE, again=NOW + STORE_SECONDS),
    ),
    "overdue before all": (
        challenger(
            Phase.AGGREGATE, at=at(Phase.AGGREGATE, DEADLINE), missing=("dave",), accusable=ALL, faulty=("bob",)
        ),
        Advance(2),
    ),
    "somebody to settle": (challenger(Phase.MASK, faulty=("bob", "carol"), reclaimable=(3,)), Settle("bob")),
    "a bond to reclaim": (challenger(Phase.MASK, reclaimable=(3, 4), claimable=5), Reclaim(3)),
    "money while it runs": (challenger(Phase.MASK, claimable=5), Wait("round 2: Mask goes on", DEADLINE)),
    "a bond that can still be won": (
        challenger(Phase.MASK, reclaimable_at=DEADLINE + 9),
        Wait("round 2: Mask goes on", DEADLINE),
    ),
    "ended, a bond that can still be won": (
        challenger(Phase.FAILED, reclaimable_at=NOW + 9, claimable=5),
        Wait("a bond can still be won by an answer", NOW + 9),
    ),
    "ended, a bond": (challenger(Phase.FAILED, reclaimable=(3,)), Reclaim(3)),
    "ended, money": (challenger(Phase.FAILED, claimable=5), Claim(5)),
    "ended, nothing left": (challenger(Phase.SKIPPED), Done()),
}

amounts = st.integers(0, 10**20)
rounds = st.lists(st.integers(1, 9), unique=True, max_size=4).map(lambda found: tuple(sorted(found)))


answers = st.none() | st.builds(OpenUpdate, st.integers(1, 9)) | st.builds(OpenModel, st.integers(1, 9))


def round_views(phases):
    return st.builds(RoundView, st.integers(0, 99), st.integers(1, 9), st.just(9), st.sampled_from(phases), amounts)


@st.composite
def trainer_views(draw, phases):
    """What a trainer may see: some things exclude each other."""
    view = draw(round_views(phases))
    enrolled, locked = draw(st.booleans()), draw(amounts)
    return TrainerView(
        view,
        enrolled,
        draw(st.sampled_from(TrainerStatus)),
        stake=draw(amounts),
        free=draw(amounts),
        collectable=draw(rounds),
        claimable=draw(amounts),
        withdrawable=draw(amounts),
        locked=locked if enrolled else 0,
        slash=draw(st.integers(0, locked)) if enrolled else 0,
        fault=enrolled and draw(st.booleans()),
        releasable_at=draw(st.integers(0, 200)) if enrolled else 0,
        expelled=not enrolled and draw(st.booleans()),
        seed=draw(st.sampled_from(Seed)),
        late=draw(st.none() | st.builds(OpenUpdate, st.integers(1, 9))),
        owing=draw(st.sampled_from(((), ("bob",)))),
        answer=draw(answers) if view.phase in (Phase.JOIN, Phase.AGGREGATE, Phase.CHALLENGE) else None,
    )


def aggregator_views(phases):
    late = st.none() | st.builds(OpenModel, st.integers(1, 9))
    return st.builds(AggregatorView, round_views(phases), amounts, amounts, answers, late, rounds, amounts, amounts)


@pytest.mark.parametrize(("view", "action"), TRAINER_CASES.values(), ids=TRAINER_CASES)
def test_trainer__in_each_case__does_this(view, action):
    assert decide_trainer(view) == action


@pytest.mark.parametrize(("view", "action"), AGGREGATOR_CASES.values(), ids=AGGREGATOR_CASES)
def test_aggregator__in_each_case__does_this(view, action):
    assert decide_aggregator(view) == action


@pytest.mark.parametrize(("view", "action"), CHALLENGER_CASES.values(), ids=CHALLENGER_CASES)
def test_challenger__in_each_case__does_this(view, action):
    assert decide_challenger(view) == action


@given(trainer_views(RUNNING))
def test_running_round__when_overdue__is_advanced_by_whoever_looks(view):
    overdue = replace(view, at=replace(view.at, deadline=view.at.now))
    advance = Advance(view.at.round)
    assert decide_trainer(overdue) == advance
    assert decide_aggregator(AggregatorView(overdue.at, answer=view.answer)) == advance
    assert decide_challenger(ChallengerView(overdue.at, missing=("a",), accusable=frozenset("a"))) == advance


@given(trainer_views(tuple(Phase)[1:]))
def test_trainer__whatever_it_sees__asks_for_nothing_that_the_contract_must_refuse(view):
    action, phase, status = decide_trainer(view), view.at.phase, view.status
    assert view.at.overdue == isinstance(action, Advance)
    match action:
        case Deposit(amount):
            assert amount > 0
            assert not view.expelled
            assert not view.releasable_at or status is not TrainerStatus.NONE
            missing = view.stake - view.locked + view.slash if view.enrolled else view.stake
            assert view.free + amount == missing
        case Enrol():
            assert not view.enrolled
            assert not view.expelled
            assert view.free >= view.stake
            assert phase is Phase.JOIN or view.at.round < view.at.rounds
        case Join():
            assert (view.enrolled, phase, status) == (True, Phase.JOIN, TrainerStatus.NONE)
            assert (view.fault, view.releasable_at) == (False, 0)
            assert view.free >= view.stake - view.locked + view.slash
        case Submit():
            assert (view.enrolled, phase, status) == (True, Phase.TRAIN, TrainerStatus.JOINED)
        case OpenUpdate() | OpenModel():
            assert action == view.answer
            assert not phase.is_end
        case Mask() | RenewSeed():
            assert (phase, status) == (Phase.MASK, TrainerStatus.SUBMITTED)
            assert view.seed is (Seed.KNOWN if isinstance(action, Mask) else Seed.FORGOTTEN)
            assert view.masked_in == view.at.attempt - 1
        case AnswerLate(answer):
            assert answer == view.late
            assert view.answer is None
        case Settle(name):
            assert name in view.owing
        case Unenrol():
            assert view.enrolled
            assert phase.is_end or (view.fault and phase is Phase.JOIN)
        case Release():
            assert view.enrolled
            assert 0 < view.releasable_at <= view.at.now
            assert not view.plays
        case Collect() | Withdraw() | Claim() | Done():
            assert phase.is_end or view.expelled or (view.releasable_at and not view.plays)
        case Wait(until=until):
            assert view.at.now < until


@given(aggregator_views(tuple(Phase)[1:]))
def test_aggregator__whatever_it_sees__aggregates_only_in_time_and_with_enough_stake(view):
    action, at = decide_aggregator(view), view.at
    if isinstance(action, Aggregate | Deposit):
        assert at.phase is Phase.AGGREGATE
        assert not at.overdue
        assert isinstance(action, Aggregate) == (view.free >= view.stake)
    if not isinstance(action, AnswerLate):
        assert isinstance(action, Collect | Withdraw | Claim | Done) == at.phase.is_end


@given(trainer_views(ENDS))
def test_ended_task__when_each_action_is_carried_out__ends_in_done(view):
    view = replace(view, answer=None)
    owned, done = view.locked - view.slash, []
    while not done or not isinstance(done[-1], Done):
        assert len(done) < 12
        done.append(decide_trainer(view))
        match done[-1]:
            case Collect():
                view = replace(view, collectable=(), claimable=view.claimable + 1)
            case Unenrol():
                view = replace(view, releasable_at=view.at.now + 10)
            case Wait(until=until):
                view = replace(view, at=replace(view.at, now=until))
            case Release():
                view = replace(view, enrolled=False, locked=0, slash=0, releasable_at=0, withdrawable=1)
            case Withdraw():
                view = replace(view, withdrawable=0)
            case Claim():
                view = replace(view, claimable=0)
            case AnswerLate():
                view = replace(view, late=None, claimable=view.claimable + 1)
            case Settle():
                view = replace(view, owing=(), claimable=view.claimable + 1)
    assert (view.late, view.owing) == (None, ())
    assert (view.locked - view.slash, view.collectable, view.claimable, view.withdrawable) == (0, (), 0, 0)
    assert (Release() in done) == (owned > 0)


@given(aggregator_views(ENDS))
def test_ended_task__for_an_aggregator__ends_in_done(view):
    done = []
    while not done or not isinstance(done[-1], Done):
        assert len(done) < 6
        done.append(decide_aggregator(view))
        match done[-1]:
            case Collect():
                view = replace(view, collectable=(), claimable=view.claimable + 1)
            case Withdraw():
                view = replace(view, withdrawable=0)
            case Claim():
                view = replace(view, claimable=0)
            case AnswerLate():
                view = replace(view, late=None, claimable=view.claimable + 1)
    assert (view.late, view.claimable) == (None, 0)


members = st.sampled_from(sorted(ALL))


@given(
    round_views(tuple(Phase)[1:]),
    st.lists(st.tuples(members, members)),
    st.lists(members),
    st.lists(members),
    st.frozensets(members),
)
def test_challenger__whatever_it_sees__accuses_only_who_can_be_accused_and_in_time(
    at, pairs, wrong, missing, accusable
):
    found = Faults(tuple(pairs), tuple(wrong))
    view = ChallengerView(at, faults=found, missing=tuple(missing), accusable=accusable)
    action = decide_challenger(view)
    match action:
        case ChallengeUpdate(trainer):
            assert trainer in accusable & {*wrong, *missing}
        case ChallengeMask(one, other):
            assert (one, other) in pairs
            assert {one, other} <= accusable
    if isinstance(action, ChallengeUpdate | ChallengeMask):
        assert at.phase is Phase.AGGREGATE
        assert not at.overdue
    calm = decide_challenger(replace(view, faults=NO_FAULTS, missing=()))
    if isinstance(calm, Wait):
        calm = replace(calm, again=0)
    assert calm in (Advance(at.round), Done(), Wait(f"round {at.round}: {at.phase} goes on", at.deadline))


@pytest.mark.parametrize("phase", (*ENDS, *RUNNING))
@pytest.mark.parametrize("status", list(TrainerStatus))
def test_leaver__in_any_phase__leaves_first_and_takes_no_seat_and_no_duty(phase, status):
    view = trainer(phase, status, collectable=(1,))
    assert decide_leaver(view) == Unenrol()
    leaving = replace(view, releasable_at=NOW + 5)
    seated = phase in RUNNING and status is not TrainerStatus.NONE
    waiting = Wait("round 2 runs, and this account has a seat in it", DEADLINE)
    assert decide_leaver(leaving) == (waiting if seated else Collect((1,)))
    assert decide_leaver(replace(leaving, at=at(phase, DEADLINE))) == (
        Advance(2) if phase in RUNNING else Collect((1,))
    )
