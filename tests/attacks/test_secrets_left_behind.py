"""Wants: a node's key or its data, as another user of its machine.

Tries: to find them in the file that a crash leaves, or in the environment of a process that the node starts; or to
exchange the file of a key or a password.
Stopped: no process that holds secrets leaves such a file, none that it starts gets a variable of its, and no secret is
read from a file that others may change or exchange.
"""

from __future__ import annotations

import ast
import grp
import json
import os
import pwd
import re
import resource
import subprocess
import sys
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from headwater import private, processes
from headwater.circuits import worker
from headwater.groups import prover
from headwater.private import read_private
from headwater.tools import ROOT

SECRET = "0x" + "5ec2e7" * 8
OTHER = 12345  # a user's id

CRASH = """
import ctypes, os, resource, sys
_, most = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
from headwater.processes import PR_SET_DUMPABLE, forbid_dumps
if sys.argv[1] == "command":
    from headwater.cli.main import cli
    try:
        cli(["key", "--help"], standalone_mode=False)
    finally:
        sys.stdout.flush()
elif sys.argv[1] == "worker":
    from headwater.circuits import worker
    worker.os.fork = lambda: crash()
secret = "key of " + sys.argv[2]
def crash():
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True)
    os.abort()
if sys.argv[1] == "worker":
    worker.main(".", str(os.getppid()))
crash()
"""
FORBIDDEN = ("command", "worker")


def crashed(folder, how: str) -> tuple[str, bool]:
    """What a process that crashed said of itself, and whether it left a file of its memory."""
    command = [sys.executable, "-c", CRASH, how, SECRET]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'node'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as child:
        child.stdin.write(json.dumps({"task": "none"}).encode())
        child.stdin.close()
        said = child.stdout.read().decode().splitlines()[-1]
        _, status = os.waitpid(child.pid, 0)
        child.returncode = -6
    assert os.WIFSIGNALED(status)
    return said, os.WCOREDUMP(status)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for what it would do")
@pytest.mark.parametrize("how", FORBIDDEN)
def test_memory__of_a_process_that_crashed(tmp_path, attack, how):
    with attack.works_on("A process that forbids nothing."):
        said, dumped = crashed(tmp_path, "nothing")
        assert said.split()[0] == "1"
        assert dumped or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0
        for core in tmp_path.glob("core*"):
            assert SECRET.encode() in core.read_bytes()
            core.unlink()
    assert crashed(tmp_path, how) == ("0 0", False)
    assert not list(tmp_path.iterdir())
    attack.gains("no file, and nothing of its memory for other processes of its user")


# ---- what processes are given


@contextmanager
def environment_inherited():
    """A node whose processes get its environment."""
    with patch.object(worker, "environment_for_child", lambda *_, **settings: {**os.environ, **settings}):
        yield


PROBE = "import os\ndef environment():\n    raise ValueError(repr(dict(os.environ)))\n"


@pytest.mark.parametrize("name", ("HEADWATER_PRIVATE_KEY", "HEADWATER_PINNING_TOKEN", "HEADWATER_RPC", "CLOUD_TOKEN"))
def test_environment__of_the_process_that_proves(tmp_path, attack, monkeypatch, name):
    (tmp_path / "probe.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'node'}:{tmp_path}")
    monkeypatch.setenv(name, SECRET)

    def told() -> str:
        with pytest.raises(worker.CircuitError) as caught:
            worker.run("measure", statements=[["probe:environment", {}]])
        return caught.value.message

    with attack.works_on(environment_inherited), environment_inherited():
        assert SECRET in told()
    assert SECRET not in told()
    assert name not in told()
    attack.gains("the environment that programs need, and none of the node's")


@contextmanager
def identity_on_the_command_line():
    """A node that gives its identity to the process that proves by its command line and environment."""
    started = subprocess.Popen

    def start(command, **how):
        return started([*command, SECRET], **(how | {"env": {**os.environ, "IDENTITY": SECRET}}))

    with patch.object(prover.subprocess, "Popen", start):
        yield


SHOWS_ITSELF = """#!{python}
import json, os, sys
given = json.load(sys.stdin)
print(json.dumps({{"value": json.dumps([sys.argv, dict(os.environ), list(given)])}}))
"""


def test_identity__of_the_process_that_proves_membership(tmp_path, attack, monkeypatch):
    program = tmp_path / "node"
    program.write_text(SHOWS_ITSELF.format(python=sys.executable))
    program.chmod(0o700)
    monkeypatch.setattr(prover, "find_tool", lambda _: program)
    monkeypatch.setenv("HEADWATER_PRIVATE_KEY", SECRET)
    with attack.works_on(identity_on_the_command_line), identity_on_the_command_line():
        assert SECRET in prover._ask("commitment", identity=SECRET)
    told = prover._ask("commitment", identity=SECRET)
    assert SECRET not in told
    assert "identity" in told
    attack.gains("that an identity is proved with, and not which")


# ---- files that others may exchange


@contextmanager
def only_reading_checked():
    """A node that asks only who may read a secret's file."""
    with patch.object(private, "_others_write", lambda _: False), patch.object(private, "_is_others", lambda _: False):
        yield


def writable_by_a_group(folder, file):
    os.chown(file, -1, OTHER)
    file.chmod(0o620)


def writable_by_all(folder, file):
    file.chmod(0o602)


def of_another(folder, file):
    os.chown(file, OTHER, OTHER)


def in_a_folder_of_all(folder, file):
    folder.chmod(0o777)


def in_a_folder_of_a_group(folder, file):
    os.chown(folder, -1, OTHER)
    folder.chmod(0o775)


def in_a_folder_of_another(folder, file):
    os.chown(folder, OTHER, OTHER)


def linked_from_a_folder_of_all(folder, file):
    folder.chmod(0o777)
    away = folder.parent / "away"
    away.mkdir(mode=0o700)
    file.rename(away / "key")
    file.symlink_to(away / "key")


EXCHANGES = (
    writable_by_a_group,
    writable_by_all,
    of_another,
    in_a_folder_of_all,
    in_a_folder_of_a_group,
    in_a_folder_of_another,
    linked_from_a_folder_of_all,
)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_secret__in_a_file_that_others_may_exchange(tmp_path, attack, exchange):
    if re.search("another|group", exchange.__name__) and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_text(SECRET)
    assert read_private(file) == SECRET
    exchange(folder, file)
    with attack.works_on(only_reading_checked), only_reading_checked():
        assert read_private(file) == SECRET
    with attack.stopped_by("ConfigError"):
        read_private(file)


def test_secret__where_its_users_own_group_may_write__is_read(tmp_path):
    """As every file is where users have a group each, with nobody else in it."""
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid())
    if group.gr_name != user or set(group.gr_mem) - {user}:
        pytest.skip("this user has no such group")
    file = tmp_path / "key"
    file.write_text(SECRET)
    file.chmod(0o660)
    tmp_path.chmod(0o770)
    assert read_private(file) == SECRET


def test_secret__in_a_folder_where_only_owners_move_files__is_read(tmp_path):
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    file = folder / "key"
    file.touch(mode=0o600)
    file.write_text(SECRET)
    assert read_private(file) == SECRET


def test_processes__wherever_one_is_started__are_given_an_environment():
    for path in (ROOT / "node").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.run", "subprocess.Popen"):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert given.get("env", "").startswith(("environment", "environment_for_child(")), path
    assert processes.environment_for_child().keys() <= os.environ.keys()
