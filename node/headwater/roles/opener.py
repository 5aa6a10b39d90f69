"""Opening tasks in the background, each once for all roles of a node: what a stranger wrote must keep nobody waiting.

Documents are fetched, circuits built and compared by threads of their own. What fails is left alone, each time for
longer; what was fetched and built for a task that is then refused is removed.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headwater.backoff import pause_after
from headwater.chain.contracts.opened import Contracts
from headwater.circuits.circuit import folder_of
from headwater.circuits.cost import proving_cost
from headwater.circuits.machines import HERE, Machines
from headwater.circuits.srs import DEV
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.errors import ChainError, CircuitError, HeadwaterError, StorageError
from headwater.roles.heavy import Heavy
from headwater.roles.limits import BUILD_SECONDS, Limits
from headwater.roles.report import Report
from headwater.roles.task import Task, open_task, read_task, srs_path
from headwater.storage.store import ContentStore

FIRST_PAUSE, LONGEST_OWN, LONGEST = 2.0, 60.0, 3600.0
"""Seconds until what failed is tried again: at first, and at most, of a task that the operator chose or of another."""

THREADS = 8
"""How many tasks that the operator has not chosen are opened at a time: what takes long is the silence of stores."""


class Opening(HeadwaterError):
    """The task is being opened, or waits for being opened again."""


@dataclass
class _Door:
    """How far the opening of a task has come."""

    task: Task | None = None
    error: HeadwaterError | None = None
    failures: int = 0
    rests_until: float = 0.0
    is_running: bool = False


class Opener:
    """The tasks that a node has opened, and those that it is about to. Threads share it."""

    def __init__(
        self,
        contracts: Contracts,
        store: ContentStore,
        home: Path,
        limits: Limits,
        heavy: Heavy,
        opened: Callable[[int], None],
        machines: Machines = HERE,
    ) -> None:
        """opened: told of each task whose opening has ended, one way or the other. machines: see `Task`."""
        self._contracts, self._store, self._home = contracts, store, home
        self._limits, self._heavy, self._opened, self._machines = limits, heavy, opened, machines
        self._doors: dict[int, _Door] = {}
        self._made: dict[int, set[Path]] = {}
        """By task of a stranger: what was not under `home` before."""
        self._using: dict[int, set[Path]] = {}
        """By task that is being opened: what it needs there, as far as is known."""
        self._foreign = 0  # how many are being opened that the operator has not chosen
        self._lock = threading.RLock()

    def get(self, task_id: int, report: Report, *, own: bool) -> Task:
        """A task that is in order.

        Raises:
            Opening: it is not known yet whether it is: the opening has begun, or is not tried again yet.
            HeadwaterError: why it was not opened; told once for each time that it was tried, to whoever asks first.
        """
        with self._lock:
            door = self._doors.setdefault(task_id, _Door())
            if door.task is not None:
                return door.task
            if door.error is not None:
                error, door.error = door.error, None if _passes(door.error) else door.error
                raise error
            may_begin = not door.is_running and time.monotonic() >= door.rests_until
            if may_begin and (own or self._foreign < THREADS):
                door.is_running = True
                self._foreign += not own
                threading.Thread(
                    target=self._run, args=(task_id, door, report, own), name=f"opening task {task_id}", daemon=True
                ).start()
            raise Opening("the task is being opened")

    def forget(self) -> None:
        """Open all anew when they are asked for: the chain has dropped blocks."""
        with self._lock:
            self._doors = {task_id: door for task_id, door in self._doors.items() if door.is_running}
            for door in self._doors.values():
                door.failures = 0

    def _run(self, task_id: int, door: _Door, report: Report, own: bool) -> None:
        task, error = None, None
        try:
            task = self._open(task_id, report, own)
        except HeadwaterError as failure:
            error = failure
        except OSError as failure:
            error = StorageError(f"task {task_id} cannot be opened: {failure.strerror}", "look at the disk")
        except Exception as failure:  # noqa: BLE001  # of a learner that is not ours: it must end no thread silently
            error = StorageError(f"task {task_id} cannot be opened: {type(failure).__name__}", "tell its creator")
        with self._lock:
            door.task, door.error, door.is_running = task, error, False
            self._foreign -= not own
            self._using.pop(task_id, None)
            if task is None:
                self._tidy(task_id)
            if error is not None:
                door.failures += 1
                longest = LONGEST_OWN if own else LONGEST
                door.rests_until = time.monotonic() + pause_after(door.failures, FIRST_PAUSE, longest)
        report("not opened" if task is None else "opened")
        self._opened(task_id)

    def drop(self, task_id: int) -> None:
        """Let go of a task that has ended; of a stranger's, remove what was made for it, too."""
        with self._lock:
            door = self._doors.get(task_id)
            if door is not None and not door.is_running:
                del self._doors[task_id]
                self._tidy(task_id)

    def _open(self, task_id: int, report: Report, own: bool) -> Task:
        """Fetch and compare all documents; then build the circuits, when the machine is free for that."""
        read = read_task(self._contracts, self._store, task_id, self._limits)
        srs = read.manifest.srs  # the public ones are everybody's, and stay
        self._note(task_id, [srs_path(self._home, srs)], may_go=not own and srs.source == DEV)
        task = open_task(
            self._contracts,
            self._store,
            self._home,
            task_id,
            check_model=False,
            limits=self._limits,
            read=read,
            machines=self._machines,
        )
        folders = [folder_of(self._home, each, task.srs) for each in task.statements.values()]
        self._note(task_id, folders, may_go=not own)
        needed = max(
            proving_cost(task.srs.k, each.inner_columns).memory_mb for each in task.statements.values()
        )  # setting it up takes about as much as a proof
        with self._heavy.turn(own=own, is_proof=False, memory_mb=needed) as stop:
            task.check_circuits(report, LONGEST_SECONDS if own else BUILD_SECONDS, stop)
        return task

    def _note(self, task_id: int, needed: Sequence[Path], *, may_go: bool) -> None:
        with self._lock:
            self._using.setdefault(task_id, set()).update(needed)
            if may_go:
                self._made.setdefault(task_id, set()).update(path for path in needed if not path.exists())

    def _tidy(self, task_id: int) -> None:
        """Remove what was made for a task, but for what others need, or are about to."""
        kept = {path for door in self._doors.values() if door.task is not None for path in _needs(door.task)}
        kept = kept.union(*self._using.values())
        for path in self._made.pop(task_id, set()) - kept:
            shutil.rmtree(path, ignore_errors=True)
            for file in (path, path.with_name(f".{path.name}.lock")):
                with suppress(OSError):
                    file.unlink(missing_ok=True)


def _passes(error: HeadwaterError) -> bool:
    """Whether it may work another time."""
    return isinstance(error, (ChainError, StorageError, CircuitError))


def _needs(task: Task) -> set[Path]:
    return {task.srs.path, task.train.folder, task.average.folder}
