"""What the statements come to: what a proof leaves to be told, and what an average costs a weight."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import build
from headwater.circuits.srs import dev_srs
from headwater.learners.linear import LinearSpec
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.vectors import UPDATE_SALTS, average, public_input

SIZES = (1280, 4000)
LARGEST = SIZES[-1]
N, AGGREGATOR = 1000, "0x" + "ab" * 20


def leak(spec: LinearSpec) -> dict[str, float]:
    """Of a proof of `train`: how well digits are hidden, bits of statistical distance, and what counts of signs tell.

    `sign_counts`: at most so many bits of how many rows are saturated, in one inner column; `sign_counts_one`: of
    whether one row is.
    """
    hidden = LinearUpdate.of(spec).hidden
    return {
        "bits_hidden": hidden.distance_bits,
        "sign_counts": hidden.count_bits(spec.rows),
        "sign_counts_one": hidden.count_bits(2),
    }


def averages(home: Path, *, prove: bool) -> dict[str, Any]:
    """Cells a weight and k of large averages; the largest is proved, if that is wished."""
    statements = [Average(size) for size in SIZES]
    sizes = worker.sizes(*statements)
    found: dict[str, Any] = {f"k_{size}": k for size, (_, k) in zip(SIZES, sizes, strict=True)}
    found["cells_per_weight"] = max(
        rows * statement.inner_columns / statement.dimension
        for statement, (rows, _) in zip(statements, sizes, strict=True)
    )
    if prove:
        circuit = build(home, statements[-1], dev_srs(home, sizes[-1][1]))
        rng = random.Random(LARGEST)
        total = [rng.randrange(-1 << 28, 1 << 28) for _ in range(LARGEST)]
        weights, remainder = average(total, N)
        proof = circuit.prove([[*weights, 7], [*remainder, *range(UPDATE_SALTS)], public_input(N, AGGREGATOR)])
        found |= {f"prove_seconds_{LARGEST}": proof.prove_seconds, f"peak_memory_mb_{LARGEST}": proof.peak_memory_mb}
    return found
