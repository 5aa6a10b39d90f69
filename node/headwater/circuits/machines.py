"""Where the work on circuits is done: by processes on this machine, or by others (`circuits.cluster`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headwater.circuits import worker
from headwater.circuits.cost import proving_cost

if TYPE_CHECKING:
    from headwater.circuits.circuit import Circuit

Part = TypeVar("Part")
Done = TypeVar("Done")

Inputs = list[list[str]]
"""A statement's input vectors, each entry as EZKL's hex."""


class Machines(Protocol):
    """What proves and verifies for a node. Threads share it."""

    @property
    def workers(self) -> int:
        """How many proofs are made at a time."""

    @property
    def rests_on(self) -> str:
        """Whose word is believed of which proofs are accepted; empty: nobody's, they are verified here."""

    def memory_mb(self, circuit: Circuit) -> float:
        """What a proof takes of this machine's memory, MB."""

    def prove(self, circuit: Circuit, inputs: Inputs, limit: float, stop: threading.Event | None) -> dict[str, Any]:
        """What `worker.prove` gives: a proof that the circuit's key accepts, of these inputs.

        limit: seconds after which it is given up. stop: set by another thread, it is at once.

        Raises:
            ProverTimeout: so it was.
            CircuitError: there is no such proof, or it cannot be made now.
        """

    def verify(self, circuit: Circuit, proofs: Sequence[bytes]) -> list[bool]:
        """Which of some proofs the circuit's key accepts, in their order.

        Raises:
            CircuitError: that cannot be found out now.
        """


class Here:
    """This machine, which does everything in child processes."""

    def __init__(self, workers: int = 1) -> None:
        """workers: how many proofs are verified at a time. Of those that are made, `Heavy` keeps count."""
        self._workers = workers
        self._room = threading.Semaphore(workers)

    @property
    def workers(self) -> int:
        """As they were given."""
        return self._workers

    @property
    def rests_on(self) -> str:
        """Nobody's."""
        return ""

    def memory_mb(self, circuit: Circuit) -> float:
        """An estimate; see `proving_cost`."""
        return proving_cost(circuit.srs.k, circuit.statement.inner_columns).memory_mb

    def prove(self, circuit: Circuit, inputs: Inputs, limit: float, stop: threading.Event | None) -> dict[str, Any]:
        """See `Machines`. The child verifies the proof before it hands it out."""
        return worker.run("prove", limit, stop, **_place(circuit), inputs=inputs)

    def verify(self, circuit: Circuit, proofs: Sequence[bytes]) -> list[bool]:
        """See `Machines`. Each process takes as many of them as the others."""
        found = side_by_side(lambda batch: self._verify(circuit, batch), batches(proofs, self.workers), self.workers)
        return [accepted for batch in found for accepted in batch]

    def _verify(self, circuit: Circuit, proofs: Sequence[bytes]) -> list[bool]:
        with self._room:
            done = worker.run("verify", **_place(circuit), proofs=[proof.hex() for proof in proofs])
        return [bool(accepted) for accepted in done["accepted"]]


HERE = Here()
"""One process at a time."""


def batches(proofs: Sequence[bytes], count: int) -> list[Sequence[bytes]]:
    """Proofs in their order, in at most `count` parts that differ by one at most; none is empty."""
    count = min(count, len(proofs))
    ends = [len(proofs) * i // count for i in range(count + 1)] if count else [0]
    return [proofs[start:end] for start, end in pairwise(ends)]


def side_by_side(work: Callable[[Part], Done], parts: Sequence[Part], workers: int) -> list[Done]:
    """What a function gives for each part, in their order; in the caller's own thread where there is one at a time."""
    if workers == 1 or len(parts) < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, parts))


def _place(circuit: Circuit) -> dict[str, Any]:
    return {"folder": str(circuit.folder), "srs": str(circuit.srs.path)}
