"""A Dask scheduler and workers, each a process of its own on a free port of this machine, with folders of its own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from headwater.tools import ROOT
from tests.support.commands import provers_of

SECONDS = 60.0
NO_DASHBOARD = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


@dataclass
class Machine:
    """A scheduler or worker, and all that it writes: its log, and what is under its folder."""

    folder: Path
    popen: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def provers(self) -> list[int]:
        """The processes that prove for it."""
        return provers_of(self.popen.pid)

    def kill(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(SECONDS)


@dataclass
class Machines:
    """A scheduler and its workers. Each worker has one thread, no dashboard, and writes no results to its disk.

    Attributes:
        circuits: what workers find built under their home; none: they build themselves.
    """

    folder: Path
    circuits: Path | None = None
    address: str = ""
    scheduler: Machine | None = None
    workers: list[Machine] = field(default_factory=list)

    def start(self, workers: int = 2) -> None:
        self.scheduler = self._run("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", *NO_DASHBOARD)
        self.address = self._told(self.scheduler, "Scheduler at:")
        for _ in range(workers):
            self.add()

    def add(self, *options: str) -> Machine:
        """Start one more worker, with options of `dask worker`, and wait until the scheduler has it."""
        name = f"worker-{len(self.workers)}"
        memory = () if "--memory-limit" in options else ("--memory-limit", "0")
        worker = self._run(
            name,
            "worker",
            self.address,
            *("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", *NO_DASHBOARD, *memory, *options),
            *("--local-directory", str(self.folder / name / "spill")),
        )
        self._told(worker, "Registered to:")
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for machine in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            machine.kill()

    def _run(self, name: str, *arguments: str) -> Machine:
        folder = self.folder / name
        (folder / "tmp").mkdir(parents=True)
        (folder / "home").mkdir(mode=0o700)
        if self.circuits:
            (folder / "home" / "circuits").symlink_to(self.circuits)
        environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith(("HEADWATER_", "DASK_"))},
            "HEADWATER_HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": f"{ROOT / 'node'}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
            popen = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        return Machine(folder, popen)

    def _told(self, machine: Machine, what: str) -> str:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and machine.popen.poll() is None:
            for line in machine.log.splitlines():
                if what in line:
                    return line.rpartition(" ")[2].strip()
            time.sleep(0.1)
        raise AssertionError(machine.log)


@contextmanager
def run_machines(folder: Path, workers: int = 2, circuits: Path | None = None) -> Iterator[Machines]:
    """Machines that end with the context."""
    machines = Machines(folder, circuits)
    try:
        machines.start(workers)
        yield machines
    finally:
        machines.stop()


# ---- what processes of Dask run for tests, by name


def holders(reversed_needles: list[str]) -> list[str]:
    """Which objects of this process hold one of some texts. These come reversed: else their message would be found."""
    gc.collect()  # a task and the worker that died of it refer to each other: garbage, that is not looked for
    own = [needle[::-1] for needle in reversed_needles]
    needles, seen, found = [needle.encode() for needle in own], set[int](), []
    for holder in gc.get_objects():
        for each in gc.get_referents(holder):
            if not isinstance(each, bytes | bytearray | memoryview | str) or id(each) in seen:
                continue
            seen.add(id(each))
            if any(each is mine for mine in (*own, *needles)):
                continue
            data = each.encode(errors="replace") if isinstance(each, str) else bytes(each)
            if any(needle in data for needle in needles):
                found.append(f"{type(each).__name__} in {type(holder).__name__}")
    return found


def echo(request: bytes) -> bytes:
    """A task that gives back what it was given."""
    return request


def fails(request: bytes) -> bytes:
    """A task that raises, and says why, as most do."""
    raise ValueError(f"{request!r} cannot be proved")
