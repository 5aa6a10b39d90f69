"""Wants: to be paid for a proof that is not about this round's training.

Tries: true proofs of another model, of other data than it enrolled, of an earlier round, of a copy of the task, on
this chain or on another where the contracts have the same addresses.
Stopped: a proof starts with the commitments of model and data. The model's ends in a tag of chain, contract and task.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.chain.contracts.events import Submitted
from headwater.protocol.vectors import model_input
from tests.support.anvil import run_anvil
from tests.support.arena import MEMBERS, Arena
from tests.support.circuits import SMALL, data_matrix, flat, train_salts
from tests.support.weakened_contracts import Weakness

ANY_MODEL = Weakness("ProofManager", "i == 0 ? modelHash", "i == 0 ? proofs[i].commitmentAt(0).hash()")
ANY_DATA = Weakness("TrainerRegistry", "if (owner != trainer) revert DataNotOwned(taskId, dataHashes[i], owner);")
TAG, UNIT = "keccak256(abi.encode(block.chainid, taskManager, taskId))", "libraries/TaskCode.sol"
ANY_TASK, ANY_CHAIN = (
    tuple(
        Weakness(contract, TAG, f"keccak256(abi.encode({words}))", UNIT)
        for contract in ("TaskManager", "RoundManager", "TrainerRegistry")
    )
    for words in ("block.chainid, taskManager", "taskManager, taskId")
)
CHEAT = 1


def submitted(arena: Arena, proof: bytes) -> bool:
    """Whether the cheat's proof is accepted."""
    return arena.submit(CHEAT, proof).event(Submitted).trainer == arena.address(CHEAT)


def test_proof__from_a_model_of_ones_own(arena, attack):
    arena.at("training")
    proof = arena.proof(CHEAT, weights=[900] * SMALL.dimension).data
    with attack.works_on(ANY_MODEL), arena.weakened(ANY_MODEL):
        assert submitted(arena, proof)
    with attack.stopped_by("ModelMismatch"):
        submitted(arena, proof)


def test_proof__of_other_data_than_were_enrolled(arena, attack):
    arena.at("training")
    chosen = flat(SMALL, *data_matrix(SMALL, seed=99), seed=99)
    proof = arena.train.prove([model_input([0] * SMALL.dimension, arena.tag), chosen, train_salts(1)]).data
    with attack.works_on(ANY_DATA), arena.weakened(ANY_DATA):
        assert submitted(arena, proof)
    with attack.stopped_by("DataNotOwned"):
        submitted(arena, proof)


def test_proof__of_the_round_before(arena, attack):
    arena.at("finalized")
    for i in MEMBERS:
        arena.send(i, arena.rounds.join(arena.task_id))
    proof = arena.proof(CHEAT).data
    with attack.works_on(ANY_MODEL), arena.weakened(ANY_MODEL):
        assert submitted(arena, proof)
    with attack.stopped_by("ModelMismatch"):
        submitted(arena, proof)


def test_proof__of_a_copy_of_the_task(arena, attack):
    arena.at("created")
    with attack.works_on(ANY_TASK[0]), arena.weakened(*ANY_TASK):
        one, other = arena.entered(), arena.entered()
        proof = one.proof(CHEAT).data
        assert submitted(one, proof)
        assert submitted(other, proof)
    one, other = arena.entered(), arena.entered()
    proof = one.proof(CHEAT).data
    assert submitted(one, proof)
    with attack.stopped_by("ModelMismatch"):
        submitted(other, proof)


@pytest.fixture
def elsewhere(arena: Arena, home: Path, train, average, tmp_path: Path) -> Iterator[Arena]:
    """The same contracts at the same addresses on another chain."""
    with run_anvil(tmp_path / "anvil.log", "--chain-id", "1337") as anvil:
        other = Arena(anvil, tmp_path, home, train, average)
        other.weak = arena.weak
        yield other


def test_proof__of_the_same_task_on_another_chain(arena, elsewhere, attack):
    arena.at("created")
    assert elsewhere.tasks.address == arena.tasks.address
    assert elsewhere.config == arena.config
    with attack.works_on(ANY_CHAIN[0]), arena.weakened(*ANY_CHAIN), elsewhere.weakened(*ANY_CHAIN):
        here, there = arena.entered(), elsewhere.entered()
        proof = there.proof(CHEAT).data
        assert submitted(there, proof)
        assert submitted(here, proof)
    here, there = arena.entered(), elsewhere.entered()
    proof = there.proof(CHEAT).data
    assert submitted(there, proof)
    with attack.stopped_by("ModelMismatch"):
        submitted(here, proof)
