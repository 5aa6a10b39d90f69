"""Wants: to forge proofs, by a string whose secret it knows, or by keys of a statement that says less.

Tries: proofs made with its own SRS or its own keys, sent to the task; its own SRS under the ceremony's name.
Stopped: the verifier holds the task's key and SRS. Commitments by another SRS are other points. A file is the
ceremony's by its hash alone.
"""

from __future__ import annotations

import shutil

import pytest

from headwater.circuits.circuit import build
from headwater.circuits.srs import PERPETUAL, dev_srs, open_srs, perpetual_srs
from headwater.protocol.vectors import model_input
from tests.support.arena import ZERO
from tests.support.circuits import SMALL, K, build_twin, train_salts
from tests.support.verifying import accepts, deploy, plain
from tests.support.weakened import UnclippedTrain

FORGER = 1
KEYS = {
    "another SRS": (lambda home, srs: build(home / "weakened", SMALL, dev_srs(home / "weakened", K)), "ModelMismatch"),
    "another key": (lambda home, srs: build_twin(home, UnclippedTrain(**SMALL.params), srs), "InvalidProof"),
}


@pytest.mark.parametrize(("make", "refusal"), KEYS.values(), ids=KEYS)
def test_proof__by_keys_of_ones_own__passes_the_verifier_of_these_keys__and_not_the_tasks(
    home, srs, arena, attack, make, refusal
):
    arena.at("training")
    own = make(home, srs)
    points = b"".join(point.encode() for point in arena.proof(FORGER).points)
    forged = own.prove([model_input(ZERO, arena.tag), arena.data(FORGER)[0], train_salts(1)]).data
    verifier = deploy(arena.anvil, own.verifier.bytecode)
    with attack.works_on("a verifier that was generated from the forger's keys"):
        assert accepts(arena.anvil, verifier, plain(verifier, forged))
    with attack.stopped_by(refusal):
        arena.submit(FORGER, forged)
    with attack.stopped_by("InvalidProof"):
        arena.submit(FORGER, points + forged[len(points) :])  # with the right commitments


def test_development_srs__under_the_ceremonys_name__is_taken_by_name_and_refused_by_hash(srs, tmp_path, attack):
    (tmp_path / "srs").mkdir()
    own = tmp_path / "srs" / f"perpetual-{K}.srs"
    shutil.copy(srs.path, own)
    with attack.works_on("an SRS opened by its name and k, without the ceremony's hash"):
        assert open_srs(own, K, PERPETUAL).source == PERPETUAL
    with attack.stopped_by("CircuitError"):
        perpetual_srs(tmp_path, K)
