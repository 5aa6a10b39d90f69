"""Wants: anything to count as proved.

Tries: a verifier of its own that accepts everything, named with the proof; or, as a creator, put where the config
says that the true one stands.
Stopped: verifiers are fixed with the task, by address and by the hash of their code.
"""

from __future__ import annotations

from headwater.chain.contracts.events import Submitted
from tests.support.arena import YES_CREATION
from tests.support.weakened_contracts import Weakness

NAMED = Weakness(
    "ProofManager",
    "config.trainVerifier.check(proofs[i]);",
    "address(bytes20(proofs[i][proofs[i].length - 20:])).check(proofs[i]);",
)
UNPINNED = Weakness(
    "TaskManager",
    "if (actual != codeHash || verifier.code.length == 0) revert InvalidVerifier(verifier, codeHash, actual);",
)
LIAR, CREATOR = 1, 0


def test_verifier__named_with_the_proof__is_asked_by_who_takes_names__and_by_no_other(arena, attack):
    arena.at("training")
    verifier, _ = arena.senders[LIAR].deploy(YES_CREATION, "a verifier that says yes")
    honest = arena.proof(LIAR).data
    garbage = honest[:256] + bytes(len(honest) - 276) + bytes.fromhex(verifier[2:])
    call = arena.contracts.proofs.submit(arena.task_id, [garbage])
    with attack.works_on(NAMED), arena.weakened(NAMED):
        assert arena.send(LIAR, call).event(Submitted).submitted == 1
    with attack.stopped_by("InvalidProof"):
        arena.send(LIAR, call)


def test_verifier__that_is_not_the_code_of_the_config__cannot_be_a_tasks(arena, attack):
    arena.at("created")
    verifier, _ = arena.senders[CREATOR].deploy(YES_CREATION, "a verifier that says yes")
    with attack.works_on(UNPINNED), arena.weakened(UNPINNED):
        assert arena.create(train_verifier=verifier) == 2  # with the true one's hash
    with attack.stopped_by("InvalidVerifier"):
        arena.create(train_verifier=verifier)
