"""Wants: a trainer's rows, from the machines that proved for it, when the proof is long made.

Tries: as whoever comes to a Dask scheduler or worker later, to find the inputs in files, in logs, in what the processes
still hold, or by comparing the names of tasks with those that guessed inputs would have.
Stopped: inputs and results are bytes that are dropped at once, under random names; a worker writes none of them down,
not when a proof fails, and not when the worker is killed.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import replace

from distributed import Client

from headwater.circuits.circuit import Circuit
from headwater.circuits.cluster import Cluster
from headwater.circuits.machines import Here
from headwater.errors import CircuitError
from headwater.protocol.field import to_ezkl
from tests.support.circuits import SMALL, training_inputs
from tests.support.cluster import SECONDS, Machines, echo, fails, holders, run_machines

MINE, TWINS = 1, 2
"""Seeds of inputs."""


def felts(seed: int) -> list[list[str]]:
    return [[to_ezkl(entry) for entry in vector] for vector in training_inputs(SMALL, seed)]


def needles(seed: int) -> list[str]:
    """Salts of the data and of the update, as EZKL writes them: nobody has them by chance."""
    _, data, salts = felts(seed)
    return [data[-1], data[-2], salts[0]]


def places(machines: Machines, seed: int) -> set[str]:
    """Where inputs are: files, logs among them, and processes."""
    wanted = [needle.encode() for needle in needles(seed)]
    found = {
        path.name
        for path in machines.folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in wanted)
    }
    backwards = [needle[::-1] for needle in needles(seed)]
    with Client(machines.address, set_as_default=False) as client:
        if client.run_on_scheduler(holders, backwards):
            found.add("scheduler")
        if any(client.run(holders, backwards).values()):
            found.add("worker")
    return found


def test_inputs__after_a_proof__a_failure_and_a_death(attack, tmp_path, home, train: Circuit, train_proof):
    with run_machines(tmp_path, circuits=home / "circuits") as machines:
        request = json.dumps({"inputs": [felts(TWINS)[1][-2:]]}).encode()
        careless = "A client that submits a task as Dask's manual says."
        with attack.works_on(careless), Client(machines.address, set_as_default=False) as client:
            kept, broken = client.submit(echo, request), client.submit(fails, request)
            assert kept.result() == request
            assert "cannot be proved" in str(broken.exception())
            assert places(machines, TWINS) >= {"log", "worker"}
            guessed = client.submit(echo, bytes(bytearray(request)))
            assert guessed.key == kept.key, "who guesses the inputs knows the name"
        assert not places(machines, MINE)

        cluster = Cluster(machines.address, Here(), lambda _: None)
        try:  # of inputs that the statement does not allow
            cluster._ask("prove", train, 600, None, inputs=[[*felts(MINE)[0], "no number"], *felts(MINE)[1:]])
            raise AssertionError("that cannot be proved")
        except CircuitError as error:
            assert "no worker did it" in error.message  # noqa: PT017
        found: list = []
        proving = threading.Thread(
            target=lambda: found.append(replace(train, machines=cluster).prove(training_inputs(SMALL, MINE), 600))
        )
        proving.start()
        deadline = time.monotonic() + SECONDS
        while not (busy := [each for each in machines.workers if each.provers]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        busy[0].kill()
        proving.join(4 * SECONDS)
        assert found[0].points == train_proof.points

        deadline = time.monotonic() + 10
        while (left := places(machines, MINE)) and time.monotonic() < deadline:
            time.sleep(0.5)  # what was said last is on its way
        assert not left
        names = set(re.findall(r"cancels key (\S+)\.", machines.scheduler.log))
        assert len([name for name in names if name.startswith("headwater-")]) > 4, "equal requests have other names"
        assert all(re.fullmatch(r"(headwater|bytes)-[0-9a-f]{32}", name) for name in names)
        attack.gains("random names, and nothing of what was proved")
