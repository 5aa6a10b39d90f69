"""Wants: a share of the reward without data or work.

Tries: a neighbour's proof, seen before it is mined and sent as its own; or that, with the commitment of its own data
in the place of the neighbour's.
Stopped: a proof is about one data commitment, which must be the sender's, and the verifier holds every commitment to
the rest of the proof.
"""

from __future__ import annotations

from headwater.chain.contracts.events import Submitted
from tests.support.arena import DATA
from tests.support.weakened_contracts import Weakness

WHOSE_DATA = Weakness("TrainerRegistry", "if (owner != trainer) revert DataNotOwned(taskId, dataHashes[i], owner);")
VALID = Weakness("ProofManager", "if (!valid) revert InvalidProof(verifier);", unit="libraries/Verifying.sol")
THIEF, VICTIM = 1, 2


def test_neighbours_proof__sent_as_ones_own__is_of_other_data(arena, attack):
    arena.at("training")
    call = arena.contracts.proofs.submit(arena.task_id, [arena.proof(VICTIM).data])
    with attack.works_on(WHOSE_DATA), arena.weakened(WHOSE_DATA):
        assert arena.send(THIEF, call).event(Submitted).trainer == arena.address(THIEF)
    with attack.stopped_by("DataNotOwned"):
        arena.send(THIEF, call)


def test_neighbours_proof__with_ones_own_data_in_it__is_invalid(arena, attack):
    arena.at("training")
    own, copied = arena.data(THIEF)[1].encode(), arena.proof(VICTIM).data
    call = arena.contracts.proofs.submit(arena.task_id, [copied[: 64 * DATA] + own + copied[64 * (DATA + 1) :]])
    with attack.works_on(VALID), arena.weakened(VALID):
        assert arena.send(THIEF, call).event(Submitted).trainer == arena.address(THIEF)
    with attack.stopped_by("InvalidProof"):
        arena.send(THIEF, call)
