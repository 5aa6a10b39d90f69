"""Measure what masking costs one trainer off chain, and compare it with what must be reached.

    python -m scripts.bench_masks [--trainers N] [--entries D]

Commitments of the masks are not in it: EZKL makes them, and they take the same time whatever protocol asks for them.
The exit code is 1 where masking takes longer than the limit.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import click

from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import Attempt, circle, mask_key, masked, masks, peers, shared_point

LIMIT_SECONDS = 2
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """A result, and the processor's seconds that it took: others on the machine do not count."""
    start = time.process_time()
    return work(), time.process_time() - start


def measure(trainers: int, entries: int) -> dict[str, float]:
    """Seconds of the first trainer's work in one attempt, by part."""
    secret = b"of a benchmark, where nothing is secret"
    secrets = {"0x" + keccak256(b"%d" % n)[12:].hex(): derive(secret, n) for n in range(trainers)}
    keys = {member: mask_key(scalar) for member, scalar in secrets.items()}
    attempt = Attempt(derive(secret, "tag"), 1, 1, circle(list(secrets), bytes(32)), keys)
    me, update = next(iter(secrets)), [*range(-entries // 2, entries - entries // 2), 0, P - 1]
    found_peers = peers(attempt.circle, me)

    shared, sharing = timed(lambda: {peer: shared_point(secrets[me], keys[peer]) for peer in found_peers})
    found, generating = timed(lambda: masks(attempt, me, shared, len(update)))
    _, adding = timed(lambda: masked(update, found))
    return {"shared_points": sharing, "masks": generating, "sum": adding, "total": sharing + generating + adding}


@click.command()
@click.option("--trainers", default=16, show_default=True, type=click.IntRange(min=3))
@click.option("--entries", default=10_000, show_default=True, type=click.IntRange(min=1), help="Weights of a model.")
def main(trainers: int, entries: int) -> None:
    """Measure, print as JSON, judge."""
    seconds = measure(trainers, entries)
    print(
        json.dumps({"trainers": trainers, "entries": entries, "seconds": {k: round(s, 3) for k, s in seconds.items()}})
    )
    if seconds["total"] > LIMIT_SECONDS:
        sys.exit(f"bench_masks: masking took {seconds['total']:.2f} s a trainer, more than {LIMIT_SECONDS} s")


if __name__ == "__main__":
    main()
