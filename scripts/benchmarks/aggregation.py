"""The aggregator's work for many updates: real documents in a real store, the real role, the chain's events simulated.

What is left out is fetching the events themselves, and the transaction, whose gas does not depend on their number.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from headwater.chain.asking.rpc import BlockId
from headwater.chain.contracts.events import Event, Masked
from headwater.chain.contracts.round_manager import RoundManager
from headwater.chain.sending.sender import Sender
from headwater.protocol.curve import Point, add, negate
from headwater.protocol.field import P, pack
from headwater.protocol.field import add as add_vectors
from headwater.protocol.structs import Posting, TaskState
from headwater.protocol.vectors import UPDATE_SALTS, Basis
from headwater.roles import masking
from headwater.roles.aggregator import Aggregator
from headwater.roles.report import silent
from headwater.roles.task import Task
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.manifests import PointText, UpdateDocument

ROUND = 1
ATTEMPT = 1
SEED = 1
FAR = 1 << 40  # Unix seconds
Update = tuple[list[int], Point]


class TimedStore(DirectoryStore):
    """A directory store that knows how long its reads took, seconds."""

    read_seconds = 0.0

    def get(self, cid: Cid, max_bytes: int) -> bytes:
        """As `ContentStore` says."""
        start = time.perf_counter()
        data = super().get(cid, max_bytes)
        self.read_seconds += time.perf_counter() - start
        return data


@dataclass(frozen=True)
class SimulatedRounds:
    """A RoundManager that knows the events of one round, as if so many trainers had masked their updates."""

    real: RoundManager
    masked: Sequence[Masked]

    def get_state(self, task_id: int, block: BlockId = "latest") -> TaskState:
        """The task's state as it is, in a phase that leaves time to prove."""
        return replace(self.real.get_state(task_id, block), deadline=FAR)

    def events(self, _kind: type[Event], **_indexed: Any) -> Iterator[Masked]:
        """The round's events."""
        return iter(self.masked)

    def get_round(self, _task_id: int, _round: int, _block: BlockId = "latest") -> SimpleNamespace:
        """The round, in its first attempt."""
        return SimpleNamespace(attempt=ATTEMPT, masked=len(self.masked))


def simulate_updates(basis: Basis, count: int) -> list[Update]:
    """`count` update vectors [w' | 0 | salts] and their commitments.

    Each is one unit of one weight and one of a salt away from the one before it: then its commitment follows by
    adding two points, and a thousand are made in a second. The aggregator's work depends on their number and length.
    """
    rng, d = random.Random(SEED), len(basis.points) - 1 - UPDATE_SALTS
    weights, salts = (rng.randint(-4096, 4096) for _ in range(d)), (rng.randrange(P) for _ in range(UPDATE_SALTS))
    vector = [*weights, 0, *salts]
    point, updates = basis.commit(vector), []
    for _ in range(count):
        updates.append(([entry % P for entry in vector], point))
        at, up = rng.randrange(d), rng.random() < 0.5
        vector[at] += 1 if up else -1
        vector[-1] += 1
        point = add(add(point, basis.points[at] if up else negate(basis.points[at])), basis.points[-1])
    return updates


def mask(vectors: Sequence[Sequence[int]]) -> list[list[int]]:
    """The vectors plus masks that cancel in their sum: each has one with the next, in a ring."""
    rng = random.Random(SEED)
    masks = [[rng.randrange(P) for _ in vector] for vector in vectors]
    ring = zip(vectors, masks, [*masks[1:], masks[0]], strict=True)
    return [[(v + m - n) % P for v, m, n in zip(*each, strict=True)] for each in ring]


def measure(task: Task, sender: Sender, count: int, folder: Path) -> dict[str, Any]:
    """The seconds of each part of averaging `count` updates.

    store    what the trainers do together: every document written and synced
    fetch    documents read, and hashed against their CIDs
    decode   documents parsed, and their vectors
    check    masked vectors summed, and the sum's commitment compared with the sum of the commitments on chain
    average  the average proved, with a process for it; witness and prove are parts of this
    """
    updates = simulate_updates(task.basis, count)
    store, start = TimedStore(folder / f"updates-{count}"), time.perf_counter()
    masked = mask([vector for vector, _ in updates])
    documents = [_document(task, number, vector) for number, vector in enumerate(masked)]
    cids = [store.put(document) for document in documents]
    stored = time.perf_counter()
    points = [point for _, point in updates]
    events = [_masked(task, number, *pair) for number, pair in enumerate(zip(points, cids, strict=True))]
    contracts = replace(task.contracts, rounds=cast(RoundManager, SimulatedRounds(task.contracts.rounds, events)))
    aggregator = Aggregator(replace(task, store=store, contracts=contracts), sender, silent)
    begun = time.perf_counter()
    vectors = [masking.read(aggregator.task, event) for event in aggregator.accepted(ROUND)]
    read = time.perf_counter()
    aggregator.check(events, vectors)
    checked = time.perf_counter()
    _, proof = aggregator.prove(add_vectors(vectors), len(vectors))
    averaged = time.perf_counter()
    return {
        "bytes": sum(map(len, documents)),
        "store_seconds": stored - start,
        "fetch_seconds": store.read_seconds,
        "decode_seconds": read - begun - store.read_seconds,
        "check_seconds": checked - read,
        "average_seconds": averaged - checked,
        "witness_seconds": proof.witness_seconds,
        "prove_seconds": proof.prove_seconds,
        "peak_memory_mb": proof.peak_memory_mb,
    }


def _document(task: Task, number: int, vector: Sequence[int]) -> bytes:
    """The document of the masked update of trainer `number`; nobody reads the commitment in it here."""
    return UpdateDocument.of(
        task=task.reference,
        round=ROUND,
        attempt=ATTEMPT,
        trainer=_trainer(number),
        commitment=PointText.of(task.basis.offset),
        vector=pack(vector),
    ).encode()


def _masked(task: Task, number: int, update: Point, cid: Cid) -> Masked:
    """The event of the masked update of trainer `number`, without mask commitments: a right sum needs none."""
    return Masked(
        task.id,
        ROUND,
        ATTEMPT,
        _trainer(number),
        Posting(bytes(32), update, cid.digest, ()),
        number + 1,
        address=task.contracts.rounds.address,
        block_number=number,
        transaction_hash=bytes(32),
        log_index=0,
    )


def _trainer(number: int) -> str:
    return f"0x{number + 1:040x}"
