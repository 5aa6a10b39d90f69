"""Wants: a share for another's work, by a chain of proofs of which only some are its own.

Tries: to put a neighbour's proof behind its own in one submission, or alone; its own data count for the first.
Stopped: each proof must start where the one before it ended, and all data be the sender's. Each of the two is enough
here.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Submitted
from tests.support.arena import UPDATE, Arena
from tests.support.weakened_contracts import Weakness

UNLINKED = Weakness("ProofManager", "revert LinkMismatch(index, expected, actual);")
FIRST_DATA_ONLY = Weakness(
    "TrainerRegistry", "for (uint256 i; i < dataHashes.length; ++i) {", "for (uint256 i; i < 1; ++i) {"
)
NO_DATA = Weakness("TrainerRegistry", "if (owner != trainer) revert DataNotOwned(taskId, dataHashes[i], owner);")
THIEF, VICTIM = 1, 2


def accepted(arena: Arena) -> bool:
    """Whether the victim's update is taken for the thief's."""
    own, stolen = arena.proof(THIEF), arena.proof(VICTIM)
    return arena.submit(THIEF, own.data, stolen.data).event(Submitted).update == stolen.points[UPDATE]


@pytest.mark.parametrize("data", (FIRST_DATA_ONLY, NO_DATA), ids=("first data checked", "no data checked"))
def test_link__of_anothers_proof(arena, attack, data):
    arena.at("training")
    with attack.works_on(f"{UNLINKED}; {data}"), arena.weakened(UNLINKED, data):
        assert accepted(arena)
    with attack.stopped_by("DataNotOwned"), arena.weakened(UNLINKED):
        accepted(arena)
    with attack.stopped_by("LinkMismatch"), arena.weakened(data):
        accepted(arena)
    with attack.stopped_by("LinkMismatch"):
        accepted(arena)


def test_links__of_which_the_first_is_anothers(arena, attack):
    """The victim's chain goes on in public: whoever has seen its first link may add one of its own, but not send it."""
    arena.at("training")
    first, last = arena.proof(VICTIM), arena.proof(THIEF)
    start = first.points[UPDATE].encode()
    own = start + last.data[len(start) :]  # starts where the victim's ended; only a verifier would see that it is none

    def submit() -> Submitted:
        return arena.submit(THIEF, first.data, own).event(Submitted)

    with attack.works_on(f"{NO_DATA}; a verifier that says yes"), arena.weakened(NO_DATA), arena.saying_yes():
        assert submit().update == last.points[UPDATE]
    with attack.stopped_by("DataNotOwned"), arena.saying_yes():
        submit()
    with attack.stopped_by("DataNotOwned"):
        submit()
