"""Wants: to forge proofs, by a string whose secret it knows, or by keys of a statement that says less.

Tries: proofs made with its own SRS or its own keys, sent to the task's verifier; its own SRS under the ceremony's
name.
Stopped: the verifier holds the key and the SRS of the task. A file is the ceremony's by its hash alone, and a node
does not take part in a task with another.
"""

from __future__ import annotations

import shutil

import pytest

from headwater.circuits.circuit import build
from headwater.circuits.srs import PERPETUAL, dev_srs, open_srs, perpetual_srs
from tests.support.circuits import SMALL, K, build_twin, training_inputs
from tests.support.verifying import accepts, deploy, plain
from tests.support.weakened import UnclippedTrain

KEYS = {
    "another SRS": lambda home, srs: build(home / "weakened", SMALL, dev_srs(home / "weakened", K)),
    "another statement's keys": lambda home, srs: build_twin(home, UnclippedTrain(**SMALL.params), srs),
}


@pytest.mark.parametrize("make", KEYS.values(), ids=KEYS)
def test_proof_by_other_keys__passes_the_verifier_of_these_keys__and_not_the_tasks(
    home, srs, train, train_proof, anvil, attack, make
):
    own = make(home, srs)
    assert own.verifier.code_hash != train.verifier.code_hash
    proof = own.prove(training_inputs(SMALL)).data
    verifier, tasks = (deploy(anvil, circuit.verifier.bytecode) for circuit in (own, train))
    assert accepts(anvil, tasks, plain(tasks, train_proof.data))
    with attack.works_on("a verifier generated from the attacker's keys"):
        assert accepts(anvil, verifier, plain(verifier, proof))
    assert not accepts(anvil, tasks, plain(tasks, proof))
    attack.gains("the task's verifier does not accept it: TaskManager reverts with InvalidProof")


def test_development_srs__under_the_ceremonys_name__is_taken_by_name_and_refused_by_hash(srs, tmp_path, attack):
    (tmp_path / "srs").mkdir()
    own = tmp_path / "srs" / f"perpetual-{K}.srs"
    shutil.copy(srs.path, own)
    with attack.works_on("an SRS opened by its name and k, without the ceremony's hash"):
        assert open_srs(own, K, PERPETUAL).source == PERPETUAL
    with attack.stopped_by("CircuitError"):
        perpetual_srs(tmp_path, K)
