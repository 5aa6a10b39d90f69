"""Three attacks on the running task, with real proofs. The contract refuses each by name.

Each is played against the state just before the transaction that it attacks was mined, by an eth_call at that block:
the state that a thief finds who sees the transaction in the mempool. There, the honest transaction itself is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.codec import decode_call
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.events import Aggregated, Submitted
from headwater.errors import ContractError
from headwater.protocol.field import P, add
from headwater.protocol.vectors import update_length
from headwater.roles.aggregator import Aggregator
from headwater.roles.task import Task
from headwater.roles.trainer import Trainer

COUNT = 3
CID = b"\x01" * 32  # of no document: an attack must not get as far as that
UPDATE = slice(3 * 64, 4 * 64)  # the update's commitment in a train proof


@dataclass(frozen=True)
class Attack:
    """What was tried, whether the contract refused it, and with which error."""

    name: str
    rejected: bool
    error: str


def untrained_update(task: Task, victim: Submitted) -> Attack:
    """Weights ten times as large as the model's, put into an honest proof in place of the trained update."""
    _, (proof,) = _calldata(task, task.contracts.proofs, "submit", victim.transaction_hash)
    chosen = [10 * (weight + 1) % P for weight in task.base_model(victim.round)]
    vector = chosen + [0] * (update_length(task.learner.dimension) - len(chosen))
    forged = proof[: UPDATE.start] + task.train.commit(vector).encode() + proof[UPDATE.stop :]
    call, honest = (task.contracts.proofs.submit(task.id, [each]) for each in (forged, proof))
    return _play("an update that was not trained", task, call, victim.trainer, honest, victim.trainer, victim)


def neighbours_proof(task: Task, victim: Submitted, thief: str) -> Attack:
    """Another trainer's valid proof, copied from the mempool and sent as one's own."""
    call = task.contracts.proofs.submit(
        task.id, _calldata(task, task.contracts.proofs, "submit", victim.transaction_hash)[1]
    )
    return _play("a neighbour's proof sent as one's own", task, call, thief, call, victim.trainer, victim)


def partial_average(aggregator: Aggregator, insider: Trainer, victim: Aggregated) -> Attack:
    """A correct proof of a correct average, of all updates but one: a trainer that aggregates can take out its own."""
    task = aggregator.task
    total, members = aggregator.fetch(victim.round), len(aggregator.accepted(victim.round))
    partial = add([total, [-entry for entry in insider.update(victim.round)[0]]])
    _, proof = aggregator.prove(partial, members - 1)
    call = task.contracts.rounds.aggregate(task.id, proof.data, CID)
    _, proved, cid = _calldata(task, task.contracts.rounds, "aggregate", victim.transaction_hash)
    honest = task.contracts.rounds.aggregate(task.id, proved, cid)
    name = "an average that leaves one trainer out"
    return _play(name, task, call, aggregator.sender.address, honest, victim.aggregator, victim)


def _calldata(task: Task, contract: Contract, function: str, transaction: bytes) -> tuple[Any, ...]:
    return decode_call(contract.name, function, task.contracts.chain.calldata(transaction)[1])


def _play(
    name: str, task: Task, call: Call, attacker: str, honest: Call, sender: str, victim: Submitted | Aggregated
) -> Attack:
    """Call as an attacker where the honest call of `sender` would succeed.

    Raises:
        ContractError: it would not: the attack would show nothing.
    """
    chain, before = task.contracts.chain, victim.block_number - 1
    chain.call(honest, sender, before)
    try:
        chain.call(call, attacker, before)
    except ContractError as error:
        return Attack(name, True, error.name)
    return Attack(name, False, "")
