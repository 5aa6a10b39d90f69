"""Measure what masking costs one trainer off chain, and compare it with what must be reached.

    python -m scripts.bench_masks [--trainers N] [--entries D] [--k K]

The limit is for the masks. Their commitments, which EZKL makes, are measured with --k, in a circuit of that many rows:
one after another, and all at once. The exit code is 1 where masking takes longer than the limit.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import click

from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.srs import dev_srs
from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import Attempt, circle, mask_key, masked, masks, peers, shared_point
from headwater.tools import ROOT

LIMIT_SECONDS = 2
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """A result, and the processor's seconds that it took: others on the machine do not count."""
    start = time.process_time()
    return work(), time.process_time() - start


def measure(trainers: int, entries: int, circuit: Circuit | None = None) -> dict[str, float]:
    """Seconds of the first trainer's work in one attempt, by part; `total` is without commitments.

    circuit: with which masks are committed to, if they are.
    """
    secret = b"of a benchmark, where nothing is secret"
    secrets = {"0x" + keccak256(b"%d" % n)[12:].hex(): derive(secret, n) for n in range(trainers)}
    keys = {member: mask_key(scalar) for member, scalar in secrets.items()}
    attempt = Attempt(derive(secret, "tag"), 1, 1, circle(list(secrets), bytes(32)), keys)
    me, update = next(iter(secrets)), [*range(-entries // 2, entries - entries // 2), 0, P - 1]
    found_peers = peers(attempt.circle, me)

    shared, sharing = timed(lambda: {peer: shared_point(secrets[me], keys[peer]) for peer in found_peers})
    found, generating = timed(lambda: masks(attempt, me, shared, len(update)))
    _, adding = timed(lambda: masked(update, found))
    parts = {"shared_points": sharing, "masks": generating, "sum": adding, "total": sharing + generating + adding}
    if circuit is not None:
        vectors = [mask.vector for mask in found]
        circuit.commit(vectors[0])  # what is made once
        parts["commitments_one_by_one"] = timed(lambda: [circuit.commit(vector) for vector in vectors])[1]
        parts["commitments"] = timed(lambda: circuit.commit_all(vectors))[1]
    return parts


@click.command()
@click.option("--trainers", default=16, show_default=True, type=click.IntRange(min=3))
@click.option("--entries", default=10_000, show_default=True, type=click.IntRange(min=1), help="Weights of a model.")
@click.option("--k", type=click.IntRange(min=12, max=20), help="Measure commitments, too.")
def main(trainers: int, entries: int, k: int | None) -> None:
    """Measure, print as JSON, judge."""
    home = ROOT / "build" / "bench" / "home"
    circuit = None if k is None else build(home, Average(30), dev_srs(home, k))
    seconds = measure(trainers, entries, circuit)
    print(
        json.dumps({"trainers": trainers, "entries": entries, "seconds": {k: round(s, 3) for k, s in seconds.items()}})
    )
    if seconds["total"] > LIMIT_SECONDS:
        sys.exit(f"bench_masks: masking took {seconds['total']:.2f} s a trainer, more than {LIMIT_SECONDS} s")


if __name__ == "__main__":
    main()
