"""Proofs of scores and compositions, counted like all proofs about the data."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence

from headwater.circuits.circuit import Circuit, Proof
from headwater.circuits.composition import Composition
from headwater.circuits.evaluate import Evaluate
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.errors import CircuitError
from headwater.protocol.noise import draw
from headwater.roles.commitments import DataCommitments

Entropy = Callable[[], bytes]


def _entropy() -> bytes:
    return secrets.token_bytes(32)


def prove_score(
    circuit: Circuit,
    commitments: DataCommitments,
    most: int,
    model: Sequence[int],
    data: Sequence[int],
    slack: int = 0,
    limit: float = LONGEST_SECONDS,
    stop: threading.Event | None = None,
    entropy: Entropy = _entropy,
    update: Sequence[int] | None = None,
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
        limit, stop: as `Circuit.prove` says.
        entropy: 32 random bytes that the noise of the proof follows from: new for each.
        update: the model, where it is a trainer's own that nobody knows: the proof counts about it, too.

    Raises:
        ConfigError: as many proofs were made as there may be.
        CircuitError: the circuit is of something else, or these cannot be proved.
        JournalError: it cannot be counted; then there is no proof.
    """
    statement = circuit.statement
    if not isinstance(statement, Evaluate):
        raise CircuitError(f"the circuit is of {statement.kind}, not of a score", "build a score's circuit")
    inputs = [model, data, statement.hint(_noise(statement, entropy), slack)]
    return _prove(circuit, commitments, most, data, inputs, limit, stop, update)


def prove_composition(
    circuit: Circuit,
    commitments: DataCommitments,
    most: int,
    data: Sequence[int],
    limit: float = LONGEST_SECONDS,
    stop: threading.Event | None = None,
    entropy: Entropy = _entropy,
) -> Proof:
    """Prove the composition of data; `check_composition` accepts it. Arguments and errors as of `prove_score`."""
    statement = circuit.statement
    if not isinstance(statement, Composition):
        raise CircuitError(f"the circuit is of {statement.kind}, not of a composition", "build a composition's circuit")
    return _prove(circuit, commitments, most, data, [data, statement.hint(_noise(statement, entropy))], limit, stop)


def _noise(statement: Evaluate | Composition, entropy: Entropy) -> list[int]:
    return draw(entropy(), statement.decomposition_limit)


def _prove(
    circuit: Circuit,
    commitments: DataCommitments,
    most: int,
    data: Sequence[int],
    inputs: Sequence[Sequence[int]],
    limit: float,
    stop: threading.Event | None,
    update: Sequence[int] | None = None,
) -> Proof:
    point = circuit.commit(data)
    commitments.check(point, most, update)
    proof = circuit.prove(inputs, limit, stop)
    commitments.count(point, update)
    return proof
