"""Proofs of scores: how often a model is right on rows that a commitment is of, counted like all proofs about them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.evaluate import Evaluate
from headwater.errors import CircuitError
from headwater.protocol.noise import draw
from headwater.roles.commitments import DataCommitments


def prove_score(
    circuit: Circuit,
    commitments: DataCommitments,
    most: int,
    model: Sequence[int],
    data: Sequence[int],
    slack: int = 0,
) -> Proof:
    """Prove the score of a model; `check_score` accepts it for the numbers that the proof's output has.

    The score says of the rows what it says, and each proof opens their commitment once more: so it counts among the
    proofs that there may be about it, those of training included (docs/adr/0007).

    Args:
        circuit: of an `Evaluate` statement, of the k and SRS that model and data are committed to under.
        most: how many proofs about the data there may be: fewer than they have salts.
        model: as `vectors.model_input` gives it.
        data: the data matrix, flat, with its salts.
        slack: of a bound: by how much the first entry is to be worse than it is.

    Raises:
        ConfigError: as many proofs were made as there may be.
        CircuitError: the circuit is of something else, or these cannot be proved.
        JournalError: it cannot be counted; then there is no proof.
    """
    statement = circuit.statement
    if not isinstance(statement, Evaluate):
        raise CircuitError(f"the circuit is of {statement.kind}, not of a score", "build a score's circuit")
    point = circuit.commit(data)
    commitments.check(point, most)
    noise = draw(secrets.token_bytes(32), statement.decomposition_limit)
    proof = circuit.prove([model, data, statement.hint(noise, slack), [0]])
    commitments.count(point)
    return proof
