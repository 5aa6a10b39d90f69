"""What a role does next: a table of every case, and what holds for whatever it sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.protocol.decisions import (
    MOST_ROUNDS,
    Advance,
    Aggregate,
    Claim,
    Collect,
    Deposit,
    Done,
    Enrol,
    Join,
    Mask,
    Publish,
    RoundView,
    Submit,
    TrainerView,
    Unenrol,
    Wait,
    Withdraw,
    decide_aggregator,
    decide_trainer,
)
from headwater.protocol.phases import Phase, TrainerStatus

ENDS = (Phase.FINALIZED, Phase.FAILED, Phase.SKIPPED)
RUNNING = (Phase.JOIN, Phase.TRAIN, Phase.MASK, Phase.AGGREGATE)
NOW, DEADLINE = 1_000, 2_000


def at(phase, now=NOW, round_=2, attempt=1):
    return RoundView(now, round_, 3, phase, 0 if phase.is_end else DEADLINE, attempt)


def trainer(phase, status=TrainerStatus.NONE, **changes):
    """An enrolled trainer with nothing to collect."""
    return replace(TrainerView(at(phase), True, status, stake=10, free=0), **changes)


TRAINER_CASES = {
    "not enrolled, no stake": (trainer(Phase.JOIN, enrolled=False), Deposit(10)),
    "not enrolled, some stake": (trainer(Phase.JOIN, enrolled=False, free=7), Deposit(3)),
    "not enrolled, stake": (trainer(Phase.JOIN, enrolled=False, free=10), Enrol()),
    "not enrolled, task without stake": (trainer(Phase.TRAIN, enrolled=False, stake=0), Enrol()),
    "join, no seat": (trainer(Phase.JOIN), Join(2)),
    "join, a seat": (trainer(Phase.JOIN, TrainerStatus.JOINED), Wait("round 2: others may still join", DEADLINE)),
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
        Wait("round 2: waiting for the average", DEADLINE),
    ),
    "aggregate, left out": (
        trainer(Phase.AGGREGATE, TrainerStatus.SUBMITTED, at=at(Phase.AGGREGATE, attempt=2), masked_in=1),
        Wait("round 2: waiting for the average", DEADLINE),
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
    "ended, then the free stake": (
        trainer(Phase.FINALIZED, enrolled=False, free=10, withdrawable=10, claimable=5),
        Withdraw(10),
    ),
    "ended, then the money": (trainer(Phase.SKIPPED, enrolled=False, claimable=5), Claim(5)),
    "ended, the stake is kept": (trainer(Phase.FINALIZED, enrolled=False, free=10), Done()),
    "ended, nothing left": (trainer(Phase.FINALIZED, enrolled=False), Done()),
    "ended before it enrolled": (trainer(Phase.FAILED, enrolled=False, free=10, withdrawable=10), Withdraw(10)),
}
AGGREGATOR_CASES = {
    "join": ((at(Phase.JOIN),), Wait("round 2: Join goes on", DEADLINE)),
    "train": ((at(Phase.TRAIN),), Wait("round 2: Train goes on", DEADLINE)),
    "aggregate": ((at(Phase.AGGREGATE),), Aggregate(2)),
    "overdue": ((at(Phase.AGGREGATE, DEADLINE),), Advance(2)),
    "ended, fees first": ((at(Phase.FAILED), (1,), 5), Collect((1,))),
    "ended, many fees": ((at(Phase.FINALIZED), tuple(range(1, 151))), Collect(tuple(range(1, MOST_ROUNDS + 1)))),
    "ended, then the money": ((at(Phase.FINALIZED), (), 5), Claim(5)),
    "ended, nothing left": ((at(Phase.SKIPPED),), Done()),
}

amounts = st.integers(0, 10**20)
rounds = st.lists(st.integers(1, 9), unique=True, max_size=4).map(lambda found: tuple(sorted(found)))


def round_views(phases):
    return st.builds(RoundView, st.integers(0, 99), st.integers(1, 9), st.just(9), st.sampled_from(phases), amounts)


def trainer_views(phases):
    status = st.sampled_from(TrainerStatus)
    return st.builds(
        TrainerView, round_views(phases), st.booleans(), status, amounts, amounts, rounds, amounts, st.just(0), amounts
    )


@pytest.mark.parametrize(("view", "action"), TRAINER_CASES.values(), ids=TRAINER_CASES)
def test_trainer__in_each_case__does_this(view, action):
    assert decide_trainer(view) == action


@pytest.mark.parametrize(("arguments", "action"), AGGREGATOR_CASES.values(), ids=AGGREGATOR_CASES)
def test_aggregator__in_each_case__does_this(arguments, action):
    assert decide_aggregator(*arguments) == action


@given(trainer_views(RUNNING))
def test_running_round__when_overdue__is_advanced_by_whoever_looks(view):
    overdue = replace(view, at=replace(view.at, deadline=view.at.now))
    assert decide_trainer(overdue) == decide_aggregator(overdue.at) == Advance(view.at.round)


@given(trainer_views(tuple(Phase)[1:]))
def test_trainer__whatever_it_sees__asks_for_nothing_that_the_contract_must_refuse(view):
    action, phase, status = decide_trainer(view), view.at.phase, view.status
    ended = {
        Unenrol: view.enrolled,
        Collect: view.collectable,
        Withdraw: view.withdrawable,
        Claim: view.claimable,
        Done: True,
    }
    if type(action) in ended:
        assert phase.is_end
        assert ended[type(action)]
        return
    assert not phase.is_end
    assert view.at.overdue == isinstance(action, Advance)
    match action:
        case Deposit(amount):
            assert (view.enrolled, view.free + amount) == (False, view.stake)
        case Enrol():
            assert not view.enrolled
            assert view.free >= view.stake
            assert phase is Phase.JOIN or view.at.round < view.at.rounds
        case Join():
            assert (view.enrolled, phase, status) == (True, Phase.JOIN, TrainerStatus.NONE)
        case Submit():
            assert (view.enrolled, phase, status) == (True, Phase.TRAIN, TrainerStatus.JOINED)
        case Wait(until=until):
            assert view.at.now < until == view.at.deadline


@given(round_views(tuple(Phase)[1:]), rounds, amounts)
def test_aggregator__whatever_it_sees__aggregates_only_in_time(view, collectable, claimable):
    action = decide_aggregator(view, collectable, claimable)
    assert isinstance(action, Aggregate) == (view.phase is Phase.AGGREGATE and not view.overdue)
    assert isinstance(action, Collect | Claim | Done) == view.phase.is_end


@given(trainer_views(ENDS))
def test_ended_task__when_each_action_is_carried_out__ends_in_done(view):
    done = []
    while not done or not isinstance(done[-1], Done):
        assert len(done) < 5
        done.append(decide_trainer(view))
        match done[-1]:
            case Collect():
                view = replace(view, collectable=(), claimable=view.claimable + 1)
            case Unenrol():
                view = replace(view, enrolled=False, withdrawable=view.withdrawable + view.stake)
            case Withdraw():
                view = replace(view, withdrawable=0)
            case Claim():
                view = replace(view, claimable=0)
    assert (view.enrolled, view.collectable, view.claimable, view.withdrawable) == (False, (), 0, 0)


@given(round_views(ENDS), rounds, amounts)
def test_ended_task__for_an_aggregator__ends_in_done(view, collectable, claimable):
    first = decide_aggregator(view, collectable, claimable)
    if isinstance(first, Collect):
        claimable, first = claimable + 1, decide_aggregator(view, (), claimable + 1)
    assert first == (Claim(claimable) if claimable else Done())
    assert decide_aggregator(view) == Done()
