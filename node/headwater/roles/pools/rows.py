"""A pool as contributors and owner see it: who is in, where its rows stand, and rows as files and as vectors."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.events import Event, PoolOpened, RowContributed, RowLeftOut, RowWithdrawn
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.pools import Pools
from headwater.errors import ConfigError, DataError, TaskError
from headwater.learners.learner import Learner
from headwater.protocol.curve import Point
from headwater.protocol.field import P
from headwater.protocol.slots import Matrix, Place
from headwater.protocol.structs import DataPool
from headwater.protocol.vectors import sum_of_commitments
from headwater.roles.task import Task, TaskReader
from headwater.tables.data import Dataset
from headwater.tables.table import Problems, rows


@dataclass(frozen=True)
class Member:
    """Somebody who is in a pool: at which slot, with which commitment, and the digest of the document with it."""

    contributor: str
    slot: int
    commitment: Point
    cid: bytes


@dataclass(frozen=True)
class Seen:
    """A pool in a block.

    Attributes:
        members: who is in, by slot.
        gone: who gave a slot back, or was left out, oldest first.
    """

    id: int
    pool: DataPool
    members: tuple[Member, ...]
    gone: tuple[RowWithdrawn | RowLeftOut, ...]
    block: Block

    @property
    def free(self) -> list[int]:
        """The slots that nobody has."""
        taken = {member.slot for member in self.members}
        return [slot for slot in range(self.pool.slots) if slot not in taken]

    def member(self, account: str) -> Member | None:
        """What an account has in it."""
        return next((member for member in self.members if member.contributor == account), None)


def see(contracts: Contracts, pool_id: int) -> Seen:
    """A pool, as the node tells of it now.

    Raises:
        ContractError: there is none.
        ChainError: who is said to be in does not add up to what the contract has.
    """
    pools, block = contracts.pools, contracts.chain.block()
    pool = pools.get_pool(pool_id, block.number)
    opened = next(pools.events(PoolOpened, last=block.number, task_id=pool.task_id, pool_id=pool_id), None)
    if opened is None:
        raise contracts.chain.lacks(f"events of pool {pool_id}", pool.task_id)
    first, members, gone = opened.block_number, dict[str, Member](), list[RowWithdrawn | RowLeftOut]()
    for event in _ordered(pools, pool_id, first, block.number):
        if isinstance(event, RowContributed):
            members[event.contributor] = Member(event.contributor, event.slot, event.commitment, event.cid)
        elif isinstance(event, RowWithdrawn | RowLeftOut):
            members.pop(event.contributor, None)
            gone.append(event)
    found = tuple(sorted(members.values(), key=lambda member: member.slot))
    if sum_of(found, opened.sum) != pool.sum or len(found) != pool.contributors:
        raise contracts.chain.lacks(f"contributions to pool {pool_id}", pool.task_id)
    return Seen(pool_id, pool, found, tuple(gone), block)


def sum_of(members: Sequence[Member], offset: Point) -> Point:
    """C of the sum of what members committed to."""
    return sum_of_commitments([offset, *(member.commitment for member in members)], offset)


def _ordered(pools: Pools, pool_id: int, first: int, last: int) -> list[Event]:
    kinds: tuple[type[Event], ...] = (RowContributed, RowWithdrawn, RowLeftOut)
    found = [event for kind in kinds for event in pools.events(kind, first, last, pool_id=pool_id)]
    return sorted(found, key=lambda event: (event.block_number, event.log_index))


def check_terms(task: TaskReader, pool: DataPool) -> None:
    """A pool must be one of the task's, with no more slots than the task's matrices have rows.

    Raises:
        TaskError: it is not.
    """
    if pool.task_id != task.id or pool.slots > task.learner.rows:
        raise TaskError(
            f"the pool has {pool.slots} slots of task {pool.task_id}, and task {task.id} has {task.learner.rows} rows",
            "do not contribute: no such sum can be trained on; tell the pool's owner",
        )


def matrix(learner: Learner) -> Matrix:
    """Where the entries of a learner's data vector stand."""
    return Matrix(learner.rows, learner.width, learner.salts)


def place(task: Task, pool_id: int, contributor: str, slot: int) -> Place:
    """What a proof or a sealed row is bound to."""
    return Place(task.tag, task.contracts.pools.address, pool_id, contributor, slot)


def name(contracts: Contracts, pool_id: int, what: str) -> str:
    """How a journal names what it keeps of a pool, among those of all chains."""
    return f"pool/{contracts.place}/{contracts.pools.address}/{pool_id}/{what}"


# ---- rows


def row_text(learner: Learner, path: Path) -> bytes:
    """The only row of a CSV file, as the text that is sealed: a header and a line, of the task's columns alone.

    Raises:
        DataError: the file is not what the task asks for, or has another number of rows.
    """
    dataset = learner.read(path)
    if len(dataset) != 1:
        raise DataError(f"{path.name} has {len(dataset)} rows", "each contributor has one row: leave the others out")
    columns, problems = [column for column, _ in learner.taken], Problems(path)
    ((_, cells),) = rows(path, columns, [], problems)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerow([cells[column] for column in columns])
    return text.getvalue().encode()


def read_row(learner: Learner, text: bytes) -> Dataset:
    """The row of a sealed text, read and checked as any file of the task's.

    Raises:
        DataError: it has values that the task's columns do not allow, or is not one row.
    """
    with _file_of(text) as path:
        dataset = learner.read(path)
    if len(dataset) != 1:
        raise DataError(f"it has {len(dataset)} rows", "a contributor has one")
    return dataset


def entries(learner: Learner, dataset: Dataset) -> list[int]:
    """A row's entries in the data matrix, `Learner.width` integers."""
    return learner.data_vector(dataset, [0] * learner.salts)[: learner.width]


def together(found: Mapping[int, Dataset]) -> Dataset:
    """The rows at their slots, with rows of zeros between: what the pooled matrix is trained on as."""
    (_, some), *_ = found.items()
    zeros = Dataset([[0] * len(some.x[0])], [[0] * len(some.labels[0])], [[0.0] * len(some.reals[0])])
    each = [found.get(slot, zeros) for slot in range(max(found) + 1)]
    return Dataset([r.x[0] for r in each], [r.labels[0] for r in each], [r.reals[0] for r in each])


def added(vectors: Sequence[Sequence[int]]) -> list[int]:
    """The sum of vectors, mod P."""
    return [sum(column) % P for column in zip(*vectors, strict=True)]


@contextmanager
def _file_of(text: bytes) -> Iterator[Path]:
    """A file of nobody else's: in memory alone, where the system can."""
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("row")
        try:
            os.write(number, text)
            yield Path(f"/proc/self/fd/{number}")
        finally:
            os.close(number)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "row.csv"
        path.write_bytes(text)
        yield path


def check_open(seen: Seen) -> None:
    """The pool must still take slots.

    Raises:
        ConfigError: it does not.
    """
    if seen.pool.closed or seen.block.timestamp >= seen.pool.closes_at:
        raise ConfigError(f"pool {seen.id} takes no more rows", "ask its owner for another")
