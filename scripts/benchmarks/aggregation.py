"""The aggregator's work for many updates: real documents in a real store, the real role, the chain's events simulated.

What is left out is fetching the events themselves, and the transaction, whose gas does not depend on their number. Of
many large updates the proof is left out, too: what is measured is reading, checking and adding up.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from headwater.chain.asking.rpc import BlockId
from headwater.chain.contracts.events import Event, Masked
from headwater.chain.contracts.round_manager import RoundManager
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import load
from headwater.protocol.curve import Point, add, negate
from headwater.protocol.field import P, pack
from headwater.protocol.structs import Posting, TaskState
from headwater.protocol.vectors import UPDATE_SALTS, Basis, update_length
from headwater.roles.aggregator import Aggregator
from headwater.roles.report import silent
from headwater.roles.task import Task, TaskReader
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.vectors import UpdateDocument

ROUND = 1
ATTEMPT = 1
SEED = 1
FAR = 1 << 40  # Unix seconds
MANY, LARGE = 1000, 10_000  # updates, and weights of each
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


def mask(vectors: Iterable[Sequence[int]]) -> Iterator[list[int]]:
    """Vectors plus masks that cancel in their sum: each has one with the next, in a ring."""
    rng, pending = random.Random(SEED), iter(vectors)
    vector = next(pending)
    own = first = [rng.randrange(P) for _ in vector]
    for following in pending:
        shared = [rng.randrange(P) for _ in following]
        yield _masked_vector(vector, own, shared)
        vector, own = following, shared
    yield _masked_vector(vector, own, first)


def _masked_vector(vector: Sequence[int], added: Sequence[int], subtracted: Sequence[int]) -> list[int]:
    return [(v + m - n) % P for v, m, n in zip(vector, added, subtracted, strict=True)]


def measure(task: Task, sender: Sender, count: int, folder: Path) -> dict[str, Any]:
    """The seconds of each part of averaging `count` updates.

    store    what the trainers do together: every document written and synced
    fetch    documents read, and hashed against their CIDs
    add_up   documents parsed, vectors added, and the sum's commitment compared with that of the commitments on chain
    average  the average proved, with a process for it; witness and prove are parts of this
    """
    store, start = TimedStore(folder / f"updates-{count}"), time.perf_counter()
    events, size = publish(task, task.basis, count, store)
    stored = time.perf_counter()
    contracts = replace(task.contracts, rounds=cast(RoundManager, SimulatedRounds(task.contracts.rounds, events)))
    aggregator = Aggregator(replace(task, store=store, contracts=contracts), sender, silent)
    begun = time.perf_counter()
    total = aggregator.fetch(ROUND)
    added = time.perf_counter()
    _, proof = aggregator.prove(total, count)
    averaged = time.perf_counter()
    return {
        "bytes": size,
        "store_seconds": stored - start,
        "fetch_seconds": store.read_seconds,
        "add_up_seconds": added - begun - store.read_seconds,
        "average_seconds": averaged - added,
        "witness_seconds": proof.witness_seconds,
        "prove_seconds": proof.prove_seconds,
        "peak_memory_mb": proof.peak_memory_mb,
    }


def measure_large(task: Task, folder: Path, count: int = MANY, weights: int = LARGE) -> dict[str, Any]:
    """What many updates of many weights take an aggregator before it proves, in a process of its own.

    Its CPU time, its memory at the most, and the CPU time of nothing but hashing the documents. The task's k must have
    room for such an update.
    """
    store = DirectoryStore(folder / "updates-large")
    events, size = publish(task, task.srs.basis(update_length(weights)), count, store)
    work = (task.average.folder, task.srs.path, folder / "updates-large", task.basis.offset, weights, events)
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return {"bytes": size, **process.submit(_add_up_large, *work).result()}


def _add_up_large(
    circuit: Path, srs: Path, folder: Path, offset: Point, weights: int, events: Sequence[Masked]
) -> dict[str, float]:
    rounds = SimpleNamespace(
        events=lambda *_, **__: iter(events), get_round=lambda *_: SimpleNamespace(attempt=ATTEMPT, masked=len(events))
    )
    task = SimpleNamespace(
        id=events[0].task_id,
        place="",
        learner=SimpleNamespace(dimension=weights),
        basis=SimpleNamespace(offset=offset),
        average=load(circuit, srs),
        store=DirectoryStore(folder),
        contracts=SimpleNamespace(rounds=rounds, challenges=SimpleNamespace(events=lambda *_, **__: iter(()))),
    )
    task.fetch = lambda digest: TaskReader.fetch(cast(Task, task), digest)
    aggregator = Aggregator(cast(Task, task), cast(Sender, None), silent)
    task.average.commit([0])  # loads EZKL
    start, cpu = time.perf_counter(), time.process_time()
    aggregator.fetch(ROUND)
    found = {"cpu_seconds": time.process_time() - cpu, "seconds": time.perf_counter() - start}
    found["peak_memory_mb"] = _peak_memory_mb()
    found["hash_seconds"] = sum(_hash_seconds(path) for path in folder.rglob("*") if path.is_file())
    return found


def _hash_seconds(path: Path) -> float:
    data, start = path.read_bytes(), time.process_time()
    hashlib.sha256(data).digest()
    return time.process_time() - start


def _peak_memory_mb() -> float:
    """The most that this process has had in memory, MB; ru_maxrss would count what its parent had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def publish(task: Task, basis: Basis, count: int, store: DirectoryStore) -> tuple[list[Masked], int]:
    """Put the documents of `count` masked updates of a task into a store; the events that tell of them, and the bytes.

    basis: of as many points as an update has entries.
    """
    updates = simulate_updates(basis, count)
    events, size = [], 0
    for number, vector in enumerate(mask(vector for vector, _ in updates)):
        document = _document(task, number, vector)
        events.append(_masked(task, number, updates[number][1], store.put(document)))
        size += len(document)
    return events, size


def _document(task: Task, number: int, vector: Sequence[int]) -> bytes:
    """The document of the masked update of trainer `number`."""
    fields = {"task": task.reference, "round": ROUND, "attempt": ATTEMPT, "trainer": _trainer(number)}
    return UpdateDocument.of(pack(vector), **fields).encode()


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
