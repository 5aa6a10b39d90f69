"""Claims: proofs of public numbers about committed vectors, a score or a composition, and what a reader checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headwater.circuits.circuit import Circuit, proof_points
from headwater.errors import CircuitError
from headwater.protocol.curve import Point
from headwater.protocol.field import P


def check_claim(
    circuit: Circuit, proof: bytes, vectors: Mapping[str, Point], numbers: Sequence[int], least: int, most: int
) -> None:
    """Accept numbers that a proof claims of committed vectors. Its statement's output has a zero behind them.

    Args:
        vectors: the commitments that must be known beforehand, by the names of the statement's inputs.
        numbers: those claimed.
        least, most: between which every number of such a statement is.

    Raises:
        CircuitError: they are not proved.
    """
    inputs = [tensor.name for tensor in circuit.statement.inputs]
    if len(numbers) != circuit.statement.output.size - 1 or any(not least <= entry <= most for entry in numbers):
        raise CircuitError(
            "the score is not proved: these are no numbers that the statement gives", "do not believe it"
        )
    try:
        found = proof_points(proof, len(inputs) + 1)
    except ValueError as error:
        raise CircuitError(f"the score is not proved: {error}", "do not believe it") from error
    problems = {
        **{f"it is about another {name}": found[inputs.index(name)] != point for name, point in vectors.items()},
        "it is of another score": found[len(inputs)] != circuit.commit([entry % P for entry in numbers]),
        "the proof is false": not circuit.verify([proof])[0],
    }
    if wrong := [text for text, broken in problems.items() if broken]:
        raise CircuitError(f"the score is not proved: {', '.join(wrong)}", "do not believe it")
