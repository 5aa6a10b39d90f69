"""The process for EZKL's work: what it is given, what it leaves behind, and what it says when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from headwater.circuits import worker
from headwater.errors import CircuitError, ProverTimeout

PROBE = """
import errno, os, pathlib, sys, tempfile, time

def environment():
    raise ValueError("has " + " ".join(sorted(name for name in os.environ if name.startswith("HEADWATER_"))))

def full():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

def uninstalled():
    import no_such_module

def dies():
    os._exit(9)

def sleeps():
    pathlib.Path(tempfile.mkdtemp(), "witness.json").write_text("private")
    pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
    time.sleep(60)
"""
PARENT = """
from headwater.circuits import worker
from headwater.cli.main import end_in_order
end_in_order()
worker.run("measure", statements=[["probe:sleeps", {}]])
"""


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """A statement of the module `probe` that does something else when it is made; its name is the argument."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "probe.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))

    def run(name: str) -> CircuitError:
        with pytest.raises(CircuitError) as caught:
            worker.run("measure", statements=[[f"probe:{name}", {}]])
        return caught.value

    return run


def test_worker__gets_no_variable_of_the_node(probe, monkeypatch):
    for name in ("PRIVATE_KEY", "PRIVATE_KEY_FILE", "PASSWORD_FILE", "PINNING_TOKEN", "RPC", "HOME"):
        monkeypatch.setenv(f"HEADWATER_{name}", "x")
    assert not probe("environment").message.split("has")[1].split("(")[0].strip()


def test_worker__imports_nothing_from_the_folder_where_it_is_started(probe, monkeypatch, tmp_path):
    for name in ("json", "torch", "headwater"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert "has" in probe("environment").message


@pytest.mark.parametrize(
    ("name", "hint"), (("full", "free space"), ("uninstalled", "make install"), ("dies", "free memory"))
)
def test_worker__that_fails__says_what_to_look_at(probe, name, hint):
    assert hint in probe(name).hint


def test_worker__that_dies_without_a_word__may_have_found_the_disk_full(probe, monkeypatch):
    monkeypatch.setattr(worker, "LEAST_BYTES", 1 << 80)  # whatever is free is too little
    assert "free space" in probe("dies").hint


def test_worker__without_a_folder_for_its_files__is_a_circuit_error(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(CircuitError, match=r"the process of 'measure' failed: .*gone") as caught:
        worker.run("measure", statements=[])
    assert "free space" in caught.value.hint


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
def test_worker__whose_parent_is_ended__ends_too_and_leaves_nothing_private(probe, monkeypatch, tmp_path, number):
    temporary, noted = tmp_path / "temporary", tmp_path / "modules" / "pid"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stderr=subprocess.DEVNULL)
    wait_until(lambda: noted.exists() and noted.read_text())
    assert [folder.stat().st_mode & 0o777 for folder in temporary.iterdir()] == [0o700]
    parent.send_signal(number)
    parent.wait(30)
    wait_until(lambda: not list(temporary.iterdir()))
    wait_until(lambda: not alive(int(noted.read_text())))


@pytest.mark.parametrize("stopped", ((0,), (1,), (0, 1)))
def test_worker__that_takes_longer_than_it_may__is_ended_though_it_is_stopped(probe, monkeypatch, tmp_path, stopped):
    """Guard and fork: whichever hangs."""
    noted = tmp_path / "modules" / "pid"
    pids = []

    def stop() -> None:
        wait_until(lambda: noted.exists() and noted.read_text())
        fork = int(noted.read_text())
        guard = int(Path(f"/proc/{fork}/stat").read_text().split()[3])
        pids.extend((guard, fork))
        for which in stopped:
            os.kill(pids[which], signal.SIGSTOP)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(ProverTimeout, match="no result after 8 s and was ended") as caught:
        worker.run("measure", 8.0, statements=[["probe:sleeps", {}]])
    thread.join()
    assert "load" in caught.value.hint
    wait_until(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
