"""Proofs by other machines: a real scheduler of Dask and two workers, which build, prove, die and go."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headwater.circuits import worker
from headwater.circuits.circuit import Circuit
from headwater.circuits.cluster import Cluster
from headwater.circuits.machines import Here
from headwater.errors import CircuitError
from headwater.protocol.vectors import UPDATE_SALTS, public_input
from headwater.reading.health import Verdict, check_machines
from tests.support.circuits import SMALL, TAG, training_inputs
from tests.support.cluster import SECONDS, Machines, run_machines

LIMIT = 600.0


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, home: Path, train: Circuit, average: Circuit
) -> Iterator[Machines]:
    """Two workers that find circuits built, as those do that have built them once, and lack the SRS."""
    with run_machines(tmp_path_factory.mktemp("machines"), circuits=home / "circuits") as found:
        yield found


class Told(list):
    """A cluster's notes."""

    def __call__(self, text: str) -> None:
        self.append(text)


@pytest.fixture
def notes() -> Told:
    return Told()


@pytest.fixture
def cluster(machines: Machines, notes: Told) -> Cluster:
    return Cluster(machines.address, NoHome(), notes)


class NoHome(Here):
    """A machine that must prove nothing itself."""

    def prove(self, *_, **__):
        raise AssertionError("it was proved at home")


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def in_background(work: Callable[[], object]) -> tuple[threading.Thread, list]:
    """A thread that works, and what it gives or raises."""
    found: list = []

    def run() -> None:
        try:
            found.append(work())
        except CircuitError as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, found


def test_cluster__tells_who_sees_what_is_proved__and_has_as_many_workers_as_threads(machines, cluster, notes):
    assert cluster.workers == 2
    assert notes == [notes[0]]
    assert "sees the data" in notes[0]
    assert machines.address in notes[0]
    assert cluster.rests_on == ""
    assert check_machines(machines.address).verdict is Verdict.OK
    assert check_machines("tcp://10.0.0.5:8786").verdict is Verdict.FAILED


def test_proof__of_another_machine__commits_to_the_same_as_one_made_here(
    machines, cluster, train, train_proof, monkeypatch
):
    asked, run = [], worker.run
    monkeypatch.setattr(worker, "run", lambda task, *args, **named: asked.append(named) or run(task, *args, **named))
    found = replace(train, machines=cluster).prove(training_inputs(SMALL), LIMIT)
    assert found.points == train_proof.points
    assert found.output == train_proof.output
    assert found.data != train_proof.data  # fresh randomness
    requests = [json.dumps(named["request"]) for named in asked if named.get("request")]
    assert len(requests) == 1
    assert not [part for part in (str(train.folder), str(train.srs.path), str(Path.home())) if part in requests[0]]
    kept = [list((each.folder / "home" / "srs").glob("*.srs")) for each in machines.workers]
    assert [path.stem for paths in kept for path in paths].count(train.srs.id) >= 1  # it was sent


def test_worker__with_nothing_built__builds_the_circuit_under_its_own_home(tmp_path, average, notes):
    with run_machines(tmp_path, workers=1) as fresh:
        d = SMALL.dimension
        inputs = [[*[3] * d, TAG], [*[0] * d, *range(UPDATE_SALTS)], public_input(3, "0xABC")]
        cluster = Cluster(fresh.address, NoHome(), notes)
        proof = replace(average, machines=cluster).prove(inputs, LIMIT)
        assert average.verify([proof.data]) == [True]
        (own,) = fresh.workers
        assert [path.name for path in (own.folder / "home" / "circuits").glob("average-*")] == [average.folder.name]


def test_worker__whose_circuit_is_another__is_passed_over(machines, notes, train):
    """As one of another release has."""
    other = replace(train, manifest={**train.manifest, "rows": 1, "versions": {"ezkl": "1"}})
    cluster = Cluster(machines.address, Here(), notes)
    assert replace(other, machines=cluster).prove(training_inputs(SMALL), LIMIT).points
    assert "this worker's circuit has another rows, versions" in notes[-1]
    assert "the proof is made here" in notes[-1]


def test_worker__that_may_write_results_to_its_disk__is_passed_over(tmp_path, home, train, notes):
    with run_machines(tmp_path, workers=0, circuits=home / "circuits") as spilling:
        spilling.add("--memory-limit", "2GB")
        cluster = Cluster(spilling.address, Here(), notes)
        with pytest.raises(CircuitError, match="start it with --memory-limit 0"):
            cluster._ask("prove", train, LIMIT, None, inputs=[])


def test_proof__that_is_given_up__ends_on_the_other_machine_too(machines, cluster, train):
    stop = threading.Event()
    thread, found = in_background(lambda: replace(train, machines=cluster).prove(training_inputs(SMALL), LIMIT, stop))
    until(lambda: any(each.provers for each in machines.workers))
    stop.set()
    thread.join(SECONDS)
    assert isinstance(found[0], CircuitError)
    until(lambda: not any(each.provers for each in machines.workers))
    until(lambda: not [path for each in machines.workers for path in (each.folder / "tmp").glob("headwater-*")])


def test_worker__killed_in_the_middle_of_a_proof__is_replaced_by_the_other(machines, cluster, train, train_proof):
    thread, found = in_background(lambda: replace(train, machines=cluster).prove(training_inputs(SMALL), LIMIT))
    until(lambda: any(each.provers for each in machines.workers))
    (busy,) = [each for each in machines.workers if each.provers]
    orphans = busy.provers
    busy.kill()
    thread.join(4 * SECONDS)
    assert found[0].points == train_proof.points
    until(lambda: not any(alive(pid) for pid in orphans))
    assert not list((busy.folder / "tmp").glob("headwater-*")), "its guard removes what it was given"
    assert cluster.workers == 1


def test_scheduler__that_is_gone__leaves_proofs_to_this_machine(machines, notes, train, train_proof):
    """The last test of the file: none is left after it."""
    cluster = Cluster(machines.address, Here(), notes)
    machines.scheduler.popen.send_signal(signal.SIGKILL)
    machines.scheduler.popen.wait(SECONDS)
    proof = replace(train, machines=cluster).prove(training_inputs(SMALL), LIMIT)
    assert proof.points == train_proof.points
    assert "no scheduler answers" in notes[-1]
    assert "the proof is made here" in notes[-1]
    assert cluster.memory_mb(train) == Here().memory_mb(train), "which takes memory here"
    assert cluster.workers == 1


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
