"""Wants: to keep somebody out of a task, and to send its old proofs as one's own.

Tries: to register another's data commitment first: one that it sees in the mempool, and one whose owner has left.
Stopped: commitments are salted, so the owner has as many as it likes, and each one taken locks a stake. Data stay
registered to whom they were, also when it has left.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Enrolled, Submitted
from headwater.errors import ContractError
from tests.support.arena import MEMBERS, OUTSIDER, STAKE
from tests.support.circuits import SMALL, random_salts
from tests.support.weakened_contracts import Weakness

FORGETFUL = Weakness(
    "TrainerRegistry",
    "if (owner != address(0) && owner != msg.sender) revert",
    "if (_enrolments[taskId][owner].maskKeyHash != 0 && owner != msg.sender) revert",
)
TWICE = Weakness(
    "TrainerRegistry",
    "if (owner != address(0) && owner != msg.sender) revert DataAlreadyRegistered(taskId, dataHash, owner);",
)
THIEF, VICTIM = OUTSIDER, 4


def salted(arena, attempt: int):
    """The commitment of the victim's data under other salts."""
    vector = arena.data(VICTIM)[0][: -SMALL.salts]
    return arena.train.commit([*vector, *random_salts(1000 + attempt, SMALL.salts)])


def test_commitment__registered_first__is_lost_without_salts__and_made_anew_with_them(arena, attack):
    arena.at("created")
    only = arena.train.commit(arena.data(VICTIM)[0][: -SMALL.salts])
    arena.send(VICTIM, arena.stakes.deposit(STAKE))
    with attack.works_on("data that are committed to without salts: they have one commitment"), arena.forgotten():
        arena.enrol(THIEF, only)
        with pytest.raises(ContractError, match="DataAlreadyRegistered"):
            arena.send(VICTIM, arena.enrolling(VICTIM, only))
    arena.enrol(THIEF, salted(arena, attempt=0))
    call = arena.enrolling(VICTIM, salted(arena, attempt=1))
    event = arena.send(VICTIM, call).event(Enrolled)
    assert event.trainer == arena.address(VICTIM)
    assert arena.stakes.lock_of(arena.task_id, arena.address(THIEF)) == STAKE
    attack.answered_by(event)


@pytest.mark.parametrize("weakness", (TWICE, FORGETFUL), ids=("while it is enrolled", "when it has left"))
def test_commitment__of_another__registered_to_send_its_proofs(arena, attack, weakness):
    arena.at("enrolled")
    data, proof = arena.data(VICTIM)[1], arena.proof(VICTIM).data
    enrol = arena.enrolling(THIEF, data)

    def leave() -> None:
        arena.send(VICTIM, arena.trainers.unenrol(arena.task_id))
        arena.pass_time(arena.enrolment(VICTIM).releasable_at)
        arena.send(VICTIM, arena.trainers.release(arena.task_id))

    with attack.works_on(weakness), arena.weakened(weakness):
        if weakness is FORGETFUL:
            leave()
        arena.send(THIEF, enrol)
        for account in (*MEMBERS[:3], THIEF):
            arena.send(account, arena.rounds.join(arena.task_id))
        assert arena.submit(THIEF, proof).event(Submitted).trainer == arena.address(THIEF)
    if weakness is FORGETFUL:
        leave()
    with attack.stopped_by("DataAlreadyRegistered"):
        arena.send(THIEF, enrol)
