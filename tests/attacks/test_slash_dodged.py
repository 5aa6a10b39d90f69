"""Wants: to do wrong and keep its stake.

Tries: to leave before it is slashed: to release in the round of its fault or in the block after its end, to withdraw
what is locked, to start anew in the next round.
Stopped: locked stake is not free. No stake leaves, and nobody joins again, before the last round is over and settled.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Released, TrainerSlashed, Withdrawn
from tests.support.arena import FAULT, MEMBERS, OUTSIDER, STAKE, UNBONDING, Arena
from tests.support.weakened_contracts import Weakness

RELEASED_UNSETTLED = Weakness(
    "TrainerRegistry", "if (enrolment.round != 0) _settle(taskId, msg.sender, enrolment, _config(taskId));"
)
JOINED_UNSETTLED = Weakness(
    "TrainerRegistry", "if (enrolment.round != 0) _settle(taskId, trainer, enrolment, _config(taskId));"
)
LOCKED_AND_FREE = Weakness("StakeManager", "_takeFree(trainer, amount);")
NO_UNBONDING = Weakness("TrainerRegistry", "releasableAt == 0 || block.timestamp < releasableAt", "releasableAt == 0")
CHEAT = 1


def released(arena: Arena) -> int:
    """What the cheat has back."""
    return arena.send(CHEAT, arena.trainers.release(arena.task_id)).event(Released).stake


@pytest.fixture
def leaving(arena: Arena) -> Arena:
    """Aggregate: the cheat left when the round began, its unbonding is over, and its bytes are demanded in vain."""
    arena.at("aggregating")
    arena.send(CHEAT, arena.trainers.unenrol(arena.task_id))
    arena.challenge_update(CHEAT)
    arena.pass_time(arena.anvil.web3.eth.get_block("latest")["timestamp"] + UNBONDING)
    return arena


def test_stake__released_in_the_round_of_the_fault(leaving, attack):
    with attack.works_on(RELEASED_UNSETTLED), leaving.weakened(RELEASED_UNSETTLED):
        assert released(leaving) == STAKE
    with attack.stopped_by("RoundRunning"):
        released(leaving)


def test_stake__released_in_the_first_block_after_the_round(leaving, attack):
    leaving.pass_phase()
    while leaving.rounds.get_round(leaving.task_id, 1).ended_at == 0:
        leaving.pass_phase()  # the others mask no more: the round fails
    with attack.works_on(RELEASED_UNSETTLED), leaving.weakened(RELEASED_UNSETTLED):
        assert released(leaving) == STAKE
    receipt = leaving.send(CHEAT, leaving.trainers.release(leaving.task_id))
    attack.answered_by(receipt.event(TrainerSlashed))
    assert receipt.event(Released).stake == STAKE - STAKE * FAULT // 10_000


def test_stake__released_before_it_is_unbonded(arena, attack):
    arena.at("finalized")
    arena.send(CHEAT, arena.trainers.unenrol(arena.task_id))
    with attack.works_on(NO_UNBONDING), arena.weakened(NO_UNBONDING):
        assert released(arena) == STAKE
    with attack.stopped_by("NotReleasable"):
        released(arena)


def test_stake__withdrawn_while_it_is_locked(arena, attack):
    arena.at("created")
    arena.send(CHEAT, arena.stakes.deposit(STAKE))
    enrol = arena.enrolling(CHEAT, arena.data(CHEAT)[1])
    withdraw = arena.stakes.withdraw(STAKE)
    arena.send(OUTSIDER, arena.stakes.deposit(STAKE))  # somebody's money must be there to be taken
    with attack.works_on(LOCKED_AND_FREE), arena.weakened(LOCKED_AND_FREE):
        arena.send(CHEAT, enrol)
        assert arena.send(CHEAT, withdraw).event(Withdrawn).amount == STAKE
        assert arena.enrolment(CHEAT).stake == STAKE
    arena.send(CHEAT, enrol)
    with attack.stopped_by("InsufficientStake"):
        arena.send(CHEAT, withdraw)


def test_fault__forgotten_by_joining_the_next_round(arena, attack):
    arena.at("aggregating").challenge_update(CHEAT)
    arena.pass_phase()
    for i in MEMBERS[1:]:
        arena.mask(i)
    arena.aggregate(MEMBERS[1:])
    arena.pass_phase()
    join = arena.rounds.join(arena.task_id)
    with attack.works_on(JOINED_UNSETTLED), arena.weakened(JOINED_UNSETTLED):
        arena.send(CHEAT, join)
        assert arena.trainers.slash_of(arena.task_id, arena.address(CHEAT)) == (0, False)
    with attack.stopped_by("Leaving"):
        arena.send(CHEAT, join)
    assert arena.settle(CHEAT).event(TrainerSlashed).fault
