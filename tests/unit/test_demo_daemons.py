"""What the demo starts: nobody outlives it, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from eth_account import Account

from headwater.cli.demo.daemons import Daemon, Place, run_daemons, run_group
from headwater.cli.settings import load_settings
from headwater.errors import HeadwaterError
from headwater.storage.opening import open_store

SECONDS = 60
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
OWNER = f"""
import os, subprocess, sys, time
from headwater.cli.demo.daemons import run_group
with run_group() as group:
    child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], process_group=group, stdout=subprocess.PIPE)
    child.stdout.readline()
    print(group, flush=True)
    time.sleep(600)
"""


def lives(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGINT, signal.SIGTERM))
def test_group__when_its_owner_is_killed__ends_with_it(number):
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        group = int(owner.stdout.readline())
        assert lives(group)
        owner.send_signal(number)
    deadline = time.monotonic() + SECONDS
    while lives(group):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_group__when_its_context_ends__is_empty():
    with run_group() as group:
        child = subprocess.Popen([sys.executable, "-c", STUBBORN], process_group=group)
    assert child.wait(SECONDS) == -signal.SIGKILL
    assert not lives(group)


@pytest.fixture
def place(tmp_path):
    for name in ("circuits", "contracts", "srs"):
        (tmp_path / "home" / name).mkdir(parents=True)
    store = f"dir:{tmp_path / 'store'}"
    return Place("http://127.0.0.1:1", 31337, tmp_path / "deployments", store, tmp_path / "home", 7)


@pytest.fixture
def daemon(tmp_path, place):
    """A trainer's node, on a chain that does not answer."""
    data = tmp_path / 'say "data".csv'
    data.touch(mode=0o600)
    daemon = Daemon("trainer 1", "trainer", Account.create(), tmp_path / "nodes")
    daemon.prepare(place, data)
    return daemon


def test_daemon__has_settings_that_headwater_reads__and_private_files(daemon, place, tmp_path):
    settings = load_settings(daemon.config, {})
    assert settings.rpc == (place.rpc,)
    assert settings.tasks == (7,)
    assert settings.roles == ("trainer",)
    assert settings.data == {7: tmp_path / 'say "data".csv'}
    assert settings.home == daemon.config.parent / "home"
    assert (settings.home / "circuits").resolve() == place.home / "circuits"
    open_store(settings.store_spec).check()
    assert (daemon.config.parent / "key").stat().st_mode & 0o077 == 0


def test_daemon__takes_no_setting_from_the_environment_of_the_demo(daemon, monkeypatch):
    monkeypatch.setenv("HEADWATER_RPC", "http://127.0.0.1:2")
    monkeypatch.setenv("HEADWATER_HOME", "/somewhere/else")
    with run_group() as group, run_daemons([daemon], group):
        assert end_of(daemon) == 1
    assert "no Ethereum node answers at http://127.0.0.1:1" in " ".join(daemon.log.read_text().split())


def test_daemon__that_fails__is_named_with_the_end_of_its_log(daemon):
    with run_group() as group, run_daemons([daemon], group):
        code = end_of(daemon)
    error = daemon.failure(code)
    assert isinstance(error, HeadwaterError)
    assert "the node trainer 1 has ended by exit code 1" in error.message
    assert "no Ethereum node answers" in error.message
    assert str(daemon.log) in error.hint
    assert not daemon.ended


def test_daemon__hears_whole_lines_of_its_log_once(daemon):
    with daemon.log.open("w") as log:
        log.write('{"event": "waiting"}\nA library prints\n{this}\n{}\n3\n{"event": "idle", "block": 3}\n{"event": "jo')
        log.flush()
        assert [said["event"] for said in daemon.hear()] == ["waiting", "idle"]
        assert daemon.idle_in == 3
        log.write('ined"}\n')
        log.flush()
        assert [said["event"] for said in daemon.hear()] == ["joined"]
        assert not list(daemon.hear())


def end_of(daemon: Daemon) -> int:
    deadline = time.monotonic() + SECONDS
    while (code := daemon.exit_code()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return code
