"""Wants: that nodes do nothing for honest tasks any more, for the price of some transactions.

Tries: to publish tasks that are huge, whose documents nobody has, or whose set-up string is a download without end; a
default node takes part in every task that there is.
Stopped: what a task takes is computed from its parameters before anything is fetched or built; tasks are opened in the
background; whoever keeps a round's time needs no document for that.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import PhaseChanged
from headwater.chain.contracts.opened import open_contracts
from headwater.circuits.srs import srs_size
from headwater.errors import HeadwaterError, Unavailable
from headwater.journal.journal import open_journal
from headwater.protocol import possession
from headwater.protocol.curve import multiply
from headwater.protocol.masks import GENERATOR, mask_key
from headwater.protocol.phases import Phase
from headwater.roles import loop as loops
from headwater.roles import opener
from headwater.roles.limits import Limits
from headwater.roles.loop import Loop, Stop
from headwater.roles.opener import Opener
from headwater.roles.task import open_task
from headwater.roles.wiring import Node, Wanted
from headwater.storage.cid import RAW, Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.store import ContentStore
from tests.integration.test_roles_task import changed, with_manifest
from tests.support.circuits import ROOT
from tests.support.commands import PROGRAM
from tests.support.roles import CREATOR, TERMS, World

HOSTILE = 20
SYBIL = 9  # an account that has a seat in each of them, so that there is something to be done
SERVICES = ("aggregator", "challenger")


class Counting(ContentStore):
    """A store that notes what it is asked for, and how many bytes it was to give at most."""

    def __init__(self, root: Path) -> None:
        self.store, self.asked = DirectoryStore(root), []

    def get(self, cid: Cid, max_bytes: int) -> bytes:
        self.asked.append((cid, max_bytes))
        return self.store.get(cid, max_bytes)

    def get_file(self, cid: Cid, path: Path, max_bytes: int) -> None:
        self.asked.append((cid, max_bytes))
        self.store.get_file(cid, path, max_bytes)


class Silent(Counting):
    """One that is silent for as long as the test lasts where it has nothing."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.silent = threading.Event()

    def get(self, cid: Cid, max_bytes: int) -> bytes:
        try:
            return super().get(cid, max_bytes)
        except Unavailable:
            self.silent.wait()
            raise


# what it costs to look at one


@pytest.mark.parametrize("limits", (Limits(max_k=6), Limits(memory_mb=1)), ids=("k", "memory"))
def test_task_beyond_what_the_operator_allows__is_refused_before_anything_is_fetched(created, attack, limits, tmp_path):
    """Beyond k not even its manifest is."""
    store = Counting(created.store._root)
    task = (created.contracts, store, tmp_path, created.task_id)
    with attack.works_on("a node without limits"):
        open_task(*task)
        assert len(store.asked) > 2
        assert list(tmp_path.rglob("*.srs"))
    store.asked.clear()
    with attack.stopped_by("BeyondLimits"):
        open_task(*task, limits=limits)
    assert len(store.asked) == (limits.max_k > 6)


def test_task_that_no_circuit_of_its_k_holds__is_refused_before_anything_is_built(created, attack, tmp_path):
    store = Counting(created.store._root)
    task = (created.contracts, store, tmp_path, with_manifest(created, model__training__rows=1000))
    with attack.works_on("a node without limits"), pytest.raises(HeadwaterError):
        open_task(*task)
    assert len(store.asked) > 1
    store.asked.clear()
    with attack.stopped_by("BeyondLimits"):
        open_task(*task, limits=Limits())
    assert len(store.asked) == 1


def test_setup_string__of_more_bytes_than_its_k_has__is_not_fetched(created, attack, tmp_path):
    k = created.task.config.k
    endless = created.store.put(bytes(2 * srs_size(k)))
    task_id = with_manifest(created, srs__cid=str(endless))
    store = Counting(created.store._root)
    with attack.works_on("a node that takes a gigabyte for any k"):
        store.get_file(endless, tmp_path / "kept", 1 << 30)
        assert (tmp_path / "kept").stat().st_size == 2 * srs_size(k)
    store.asked.clear()
    with attack.stopped_by("ContentTooLarge"):
        open_task(created.contracts, store, tmp_path / "home", task_id)
    assert store.asked[-1] == (endless, srs_size(k))
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


# a node among them


@contextmanager
def running(world: World, store: ContentStore, home: Path) -> Iterator[SimpleNamespace]:
    """A node of the creator's account that takes part in all tasks, in a thread."""
    contracts = open_contracts(connect(world.anvil.url), world.folder / "deployments")
    key, told, stop = world.anvil.accounts[CREATOR], [], Stop()

    def report_of(role, task_id):
        return lambda stage, **details: told.append((role, task_id, stage))

    home.mkdir()
    with open_journal(home, key) as journal:
        parts = (contracts, store, home, key, journal, Wanted(SERVICES), report_of, report_of("node", 0))
        node = Node(*parts)
        loop = Loop(
            contracts.chain,
            node.jobs,
            report_of("node", 0),
            poll=0.02,
            stop=stop,
            looked=node.looked,
            endless=True,
            closing=node.close,
        )
        thread = threading.Thread(target=loop.run, daemon=True)
        thread.start()
        try:
            yield SimpleNamespace(told=told, node=node, loop=loop)
        finally:
            if isinstance(store, Silent):
                store.silent.set()
            stop.request()
            thread.join(60)
            assert not thread.is_alive()


def publish(world: World) -> list[int]:
    """Tasks that are huge, make no sense, name what nobody has, or a set-up string that is junk; each has a member."""
    manifest, member, stake = world.task.manifest, world.senders[SYBIL], TERMS.stake
    junk = str(world.store.put(b"junk"))
    missing = str(Cid.of_block(RAW, b"nobody has this"))
    kinds = (
        world.put(changed(manifest, model__training__rows=1 << 24, model__training__steps=1000)).digest,
        world.put(changed(manifest, name="[red]a name[/red]", circuits__train=missing)).digest,
        world.put(changed(manifest, srs__cid=junk)).digest,
        b"\x07" * 32,
    )
    member.send(world.stakes.deposit(HOSTILE * stake))
    tasks = []
    for number in range(HOSTILE):
        task_id = world.create(manifest=kinds[number % len(kinds)], model_cid=b"\x08" * 32)
        proof = possession.prove(5, world.tasks.tag(task_id), member.address)
        data = multiply(GENERATOR, 1000 + number)
        member.send(world.trainers.enrol(task_id, [data], mask_key(5), proof))
        member.send(world.rounds.join(task_id))
        tasks.append(task_id)
    return tasks


def advanced(world: World) -> bool:
    """Whether somebody has advanced the honest task."""
    events = world.contracts.rounds.events(PhaseChanged, task_id=world.task_id)
    return any(event.from_phase is Phase.JOIN for event in events)


def wait_until(condition, seconds: float) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


class OpenedInTurn(Opener):
    """Tasks are opened one after another, by the turn that asks for them."""

    def get(self, task_id, report, *, own):
        return self._open(task_id, report, own=own)


def test_twenty_tasks_of_a_stranger__delay_no_honest_one(created, attack, monkeypatch, tmp_path):
    """Both nodes have looked at the strangers' tasks when the honest one is due; the store is silent all the while."""
    publish(created)
    snapshot = created.rpc("evm_snapshot")

    store = Silent(created.store._root)
    with monkeypatch.context() as weak, attack.works_on(OpenedInTurn):
        weak.setattr("headwater.roles.wiring.Opener", OpenedInTurn)
        weak.setattr(loops, "THREADS", 1)
        with running(created, store, tmp_path / "weak"):
            assert wait_until(lambda: store.asked, 60)
            created.pass_deadline()
            assert not wait_until(lambda: advanced(created), 5)

    assert created.rpc("evm_revert", snapshot)
    store = Silent(created.store._root)
    with running(created, store, tmp_path / "home") as found:
        assert wait_until(lambda: len(store.asked) >= opener.THREADS, 60)
        created.pass_deadline()
        assert wait_until(lambda: advanced(created), 60)
        assert not store.silent.is_set()
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file() and "journal" not in path.parts]
    assert not left
    assert not [told for told in found.told if told[2] == "given up"]
    attack.gains(f"{len(store.asked)} look-ups, and no file")


def test_twenty_tasks_of_a_stranger__fill_neither_memory_nor_disk(created, tmp_path):
    """A process, as an operator runs it."""
    tasks, home = publish(created), tmp_path / "home"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")},
        "HEADWATER_RPC": created.anvil.url,
        "HEADWATER_HOME": str(home),
        "HEADWATER_STORE": f"dir:{created.store._root}",
        "HEADWATER_DEPLOYMENTS": str(created.folder / "deployments"),
        "HEADWATER_PRIVATE_KEY": created.anvil.accounts[CREATOR].key.hex(),
        "HEADWATER_ROLES": "aggregator challenger",
        "HEADWATER_POLL_SECONDS": "0.1",
        "PYTHONPATH": f"{ROOT / 'node'}:{ROOT}",
    }
    log = tmp_path / "log"
    with log.open("w") as file:
        node = subprocess.Popen([sys.executable, "-c", PROGRAM, "run"], env=environment, stdout=file, stderr=file)
        try:
            assert wait_until(lambda: len(looked_at(log)) == len(tasks), 120), log.read_text()[-2000:]
            created.pass_deadline()
            assert wait_until(lambda: advanced(created), 60)
            peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{node.pid}/status").read_text())[1])
        finally:
            node.terminate()
            code = node.wait(60)
    assert code == 0
    assert peak < 300 << 10
    left = [path for path in home.rglob("*") if path.is_file() and not {"journal", "store"} & {*path.parts}]
    assert not left


def looked_at(log: Path) -> set[int]:
    """The tasks that a node has found out to be of no use."""
    told = [json.loads(line) for line in log.read_text().rpartition("\n")[0].splitlines() if line.startswith("{")]
    return {line["task"] for line in told if line["event"] in ("left alone", "passed over")}
