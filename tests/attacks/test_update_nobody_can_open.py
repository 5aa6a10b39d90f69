"""Wants: to stop the round for free.

Tries: an update whose committed column is not empty behind the vector's end. The statement reads no further, but no
vector has this commitment, so that nobody can prove the average.
Stopped: its masked update can be demanded on chain, and it cannot open what it committed to. It is left out and
slashed.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Aggregated, TrainerSlashed
from headwater.circuits.srs import Srs
from headwater.protocol.curve import Point, add, multiply
from headwater.protocol.phases import Phase
from headwater.protocol.vectors import update_length
from tests.support.arena import MEMBERS, STAKE, UPDATE, Arena
from tests.support.circuits import SMALL
from tests.support.weakened_contracts import Weakness

UNPUNISHED = Weakness("RoundManager", "entry.status = TrainerStatus.Accused;\n        ++state.accused;")
SABOTEUR, JUNK = 1, 12345
OTHERS = tuple(i for i in MEMBERS if i != SABOTEUR)


def beyond(srs: Srs) -> Point:
    """What one unit in the row after an update's last adds to a commitment."""
    return srs.basis(update_length(SMALL.dimension) + 1).points[-1]


@pytest.fixture
def sabotaged(arena: Arena, srs: Srs) -> Arena:
    """Aggregate, with an update of the saboteur's that nobody can open.

    EZKL's prover leaves the rows behind a vector empty and takes no others, so for this one submission the verifier is
    another, which says yes.
    """
    arena.at("training")
    proof = arena.proof(SABOTEUR)
    update = add(proof.points[UPDATE], multiply(beyond(srs), JUNK))
    with arena.saying_yes():
        arena.submit(SABOTEUR, proof.data[: 64 * UPDATE] + update.encode() + proof.data[64 * (UPDATE + 1) :])
    for i in OTHERS:
        arena.submit(i)
    for i in MEMBERS:
        arena.mask(i)
    return arena


def test_update__with_rows_past_the_vector__costs_its_trainer_the_stake(sabotaged, attack):
    arena = sabotaged
    masking = arena.masking(SABOTEUR)
    committed = add(arena.train.commit(masking.vector), multiply(beyond(arena.train.srs), JUNK))
    with attack.works_on(UNPUNISHED), arena.weakened(UNPUNISHED):
        arena.challenge_update(SABOTEUR)
        arena.pass_phase()
        assert arena.rounds.get_round(arena.task_id, 1).phase is Phase.FAILED
        arena.settle(SABOTEUR)
        assert arena.enrolment(SABOTEUR).stake == STAKE
    challenge_id = arena.challenge_update(SABOTEUR)
    with attack.stopped_by("OpeningMismatch"):
        arena.send(SABOTEUR, arena.update_answer(challenge_id, masking, committed))
    arena.pass_phase()
    for i in OTHERS:
        arena.mask(i)
    assert arena.aggregate(OTHERS).event(Aggregated).round == 1
    arena.pass_phase()
    assert arena.rounds.get_round(arena.task_id, 1).phase is Phase.FINALIZED
    attack.answered_by(arena.settle(SABOTEUR).event(TrainerSlashed))
