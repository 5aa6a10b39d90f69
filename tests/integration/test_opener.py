"""Opening tasks in the background: once for all roles, and nothing is left of what is refused."""

from __future__ import annotations

import threading
import time

import pytest

from headwater.errors import TaskError, Unavailable
from headwater.roles import opener
from headwater.roles.heavy import Heavy
from headwater.roles.limits import BeyondLimits, Limits
from headwater.roles.opener import Opener, Opening
from headwater.roles.report import silent
from headwater.roles.task import Task
from headwater.storage.cid import RAW, Cid
from tests.integration.test_roles_task import with_manifest
from tests.support.roles import World


class Watched:
    """An opener over a world, and whom it has told."""

    def __init__(self, world: World, home, limits: Limits | None = None) -> None:
        self.told: list[int] = []
        self.ended = threading.Event()
        self.opener = Opener(world.contracts, world.store, home, limits or Limits(), Heavy(), self._opened)

    def _opened(self, task_id: int) -> None:
        self.told.append(task_id)
        self.ended.set()

    def get(self, task_id: int, *, own: bool = True) -> Task:
        """What becomes of a task that is asked for until it is known."""
        for _ in range(1200):
            try:
                return self.opener.get(task_id, silent, own=own)
            except Opening:
                time.sleep(0.05)
        pytest.fail("it is never known")


def test_task__is_opened_once__for_all_who_ask(created, monkeypatch):
    watched, opened = Watched(created, created.home), []
    monkeypatch.setattr(opener, "open_task", lambda *a, real=opener.open_task, **k: opened.append(1) or real(*a, **k))
    found = watched.get(created.task_id)
    assert watched.get(created.task_id) is found
    assert watched.get(created.task_id, own=False) is found
    assert (len(opened), watched.told) == (1, [created.task_id])


def test_failure__is_told_once__and_tried_again_after_ever_longer_pauses(created, monkeypatch):
    task_id, watched = created.create(manifest=b"\x07" * 32), Watched(created, created.home)
    monkeypatch.setattr(opener, "FIRST_PAUSE", 0.05)
    pauses = []
    for _ in range(4):
        with pytest.raises(Unavailable):
            watched.get(task_id)
        with pytest.raises(Opening):
            watched.opener.get(task_id, silent, own=True)
        door = watched.opener._doors[task_id]
        pauses.append(door.rests_until - time.monotonic())
    assert pauses == sorted(pauses)
    assert pauses[-1] > 4 * pauses[0] > 0


@pytest.mark.parametrize("limits", (Limits(max_k=6), Limits(memory_mb=1)), ids=("k", "memory"))
def test_task_beyond_limits__is_refused_for_good(created, limits, tmp_path):
    watched = Watched(created, tmp_path, limits)
    for _ in range(2):
        with pytest.raises(BeyondLimits, match="more than this node allows"):
            watched.get(created.task_id, own=False)
    assert not list(tmp_path.rglob("*.srs"))


def false_verifier(world: World) -> int:
    """A task whose verifier is not that of its circuit; all its documents are in order."""
    config = world.task.config
    return world.create(average_verifier=config.train_verifier, average_code_hash=config.train_code_hash)


@pytest.mark.parametrize("own", (False, True))
def test_task__that_is_refused_when_its_circuits_are_built__leaves_nothing_behind(created, own, tmp_path):
    """Of an own task it stays: its owner wants to know, and may mend it."""
    watched = Watched(created, tmp_path)
    with pytest.raises(TaskError, match="is not the one rebuilt here"):
        watched.get(false_verifier(created), own=own)
    left = sorted(path.parent.name for path in tmp_path.glob("*/*") if own is False or path.suffix != ".lock")
    assert left == (["circuits", "circuits", "srs"] if own else [])


def test_what_another_task_needs__is_kept(created, tmp_path):
    watched = Watched(created, tmp_path)
    watched.get(created.task_id, own=False)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TaskError):
        watched.get(false_verifier(created), own=False)
    assert sorted(tmp_path.rglob("*")) == before
    watched.opener.forget()
    watched.get(created.task_id, own=False)


def test_strangers_tasks__are_opened_some_at_a_time__and_own_ones_at_once(created, monkeypatch, tmp_path):
    hold, running = threading.Event(), []

    def read_task(*arguments):
        running.append(arguments[2])
        hold.wait(30)
        raise Unavailable("nobody has it")

    monkeypatch.setattr(opener, "read_task", read_task)
    watched = Watched(created, tmp_path)
    for task_id in range(1, 31):
        with pytest.raises(Opening):
            watched.opener.get(task_id, silent, own=False)
    with pytest.raises(Opening):
        watched.opener.get(99, silent, own=True)
    for _ in range(100):
        if len(running) > opener.THREADS:
            break
        time.sleep(0.05)
    assert len(running) == opener.THREADS + 1
    assert 99 in running
    hold.set()


def test_documents_that_nobody_has__keep_no_set_up_string(created, tmp_path):
    missing = str(Cid.of_block(RAW, b"nobody has this"))
    task_id, watched = with_manifest(created, circuits__average=missing), Watched(created, tmp_path)
    with pytest.raises(Unavailable):
        watched.get(task_id, own=False)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
