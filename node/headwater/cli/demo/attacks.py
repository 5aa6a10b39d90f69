"""Three attacks, tried on the running task with real proofs. The contract refuses each by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.chain.rpc import Call
from headwater.chain.sender import Sender
from headwater.circuits.circuit import Proof
from headwater.errors import ContractError
from headwater.protocol.field import P, add
from headwater.roles.aggregator import Aggregator
from headwater.roles.task import Task

CID = b"\x01" * 32  # of no document: an attack must not get as far as that
UPDATE = slice(3 * 64, 4 * 64)  # the update's commitment in a train proof


@dataclass(frozen=True)
class Attack:
    """What was tried, whether the contract refused it, and with which error."""

    name: str
    rejected: bool
    error: str


def untrained_update(task: Task, attacker: Sender, proof: Proof) -> Attack:
    """Weights ten times as large, put into an honest proof in place of the trained update."""
    chosen = [10 * entry % P for entry in proof.output[: task.spec.dimension]] + list(
        proof.output[task.spec.dimension :]
    )
    forged = proof.data[: UPDATE.start] + task.train.commit(chosen).encode() + proof.data[UPDATE.stop :]
    return _try("an update that was not trained", attacker, task.contracts.tasks.submit(task.id, forged))


def neighbours_proof(task: Task, attacker: Sender, proof: Proof) -> Attack:
    """Another trainer's valid proof, copied from the mempool and sent as one's own."""
    return _try("a neighbour's proof sent as one's own", attacker, task.contracts.tasks.submit(task.id, proof.data))


def partial_average(aggregator: Aggregator, vectors: Sequence[Sequence[int]], own: Sequence[int]) -> Attack:
    """A correct proof of a correct average, of all updates but one: a trainer that aggregates can take out its own."""
    partial = add([*vectors, [-entry for entry in own]])
    _, proof = aggregator.prove(partial, len(vectors) - 1)
    call = aggregator.task.contracts.tasks.aggregate(aggregator.task.id, proof.data, CID)
    return _try("an average that leaves one trainer out", aggregator.sender, call)


def _try(name: str, attacker: Sender, call: Call) -> Attack:
    try:
        attacker.send(call)
    except ContractError as error:
        return Attack(name, True, error.name)
    return Attack(name, False, "")
