"""The operator's guide, typed in: its ten commands by somebody with an empty home, its backup, and its recovery from a
lost disk; and that what it quotes is still said.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import Enrolled, Submitted
from headwater.chain.contracts.opened import open_contracts
from headwater.tools import ROOT
from tests.support.anvil import run_anvil
from tests.support.commands import PROGRAM, SECONDS, Commands, Process, config_of, free_port, trainer_config, write_rows

GUIDE = (ROOT / "docs" / "operator-guide.md").read_text()
SETTINGS, COMMANDS, *_, BACKUP, RESTORE = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
FUND = "# now send $ACCOUNT the task's stake and some coin for gas\n"
INSTALLED = 3  # commands, after which headwater can be used
ROWS = 12
pytestmark = pytest.mark.e2e

PREAMBLE = """
set -euo pipefail
git() { test "$1" = clone && mkdir -p "$3/deployments"; }
make() { test "$1" = install; }
headwater() { "$PYTHON" -c "$PROGRAM" "$@"; }
fund() { "$PYTHON" -c 'import sys, web3; web3.Web3(web3.HTTPProvider(sys.argv[1])).provider.make_request(
    "anvil_setBalance", [sys.argv[2], hex(10**18)])' "$HEADWATER_RPC" "$1"; }
"""
"""What stands for the network, and for an installation of several minutes that is tried elsewhere."""


class Operator:
    """Somebody with an empty home, who types what the guide says."""

    def __init__(self, commands: Commands) -> None:
        self.home = commands.folder / "operator"
        self.home.mkdir(mode=0o700)
        self._circuits = commands.home
        self.log = self.home / "log"
        write_rows(self.home / "mine.csv", seed=0, count=ROWS)
        (self.home / "mine.csv").chmod(0o644)
        self.mine = f"""
export HEADWATER_RPC={commands.anvil.url} HEADWATER_STORE=dir:{commands.folder}/store
export REPOSITORY=https://git.example/headwater.git NETWORK={commands.folder}/deployments/anvil TASK=1 DATA=~/mine.csv
"""
        self.port = free_port()
        self._running: subprocess.Popen[str] | None = None

    def types(self, text: str) -> subprocess.Popen[str]:
        """A shell that does what is typed, in a new terminal."""
        script = (
            PREAMBLE + SETTINGS + self.mine + text.replace(FUND, 'fund "$ACCOUNT"\n').replace("9100", f"{self.port}")
        )
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "COLUMNS": "120", "PROGRAM": PROGRAM}
        environment |= {"PYTHON": sys.executable, "PYTHONPATH": f"{ROOT / 'node'}:{ROOT}"}
        with self.log.open("a") as log:
            self._running = subprocess.Popen(
                ["bash", "-c", script], cwd=self.home, env=environment, stdout=log, stderr=log, text=True
            )
        return self._running

    def buy_disk(self) -> None:
        """A new home, but for circuits: building them takes a minute, and others test that."""
        home = self.home / ".headwater"
        home.mkdir(mode=0o700)
        for name in ("circuits", "srs"):
            (home / name).symlink_to(self._circuits / name)

    def until(self, told: str) -> None:
        """Wait until its log, or that of a command before, has a text."""
        deadline = time.monotonic() + 3 * SECONDS
        while told not in self.log.read_text():
            assert self._running is not None
            assert self._running.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def node(self) -> int:
        """The process of `headwater run`."""
        assert self._running is not None
        (pid,) = subprocess.run(
            ["pgrep", "-P", str(self._running.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        return int(pid)


class Story:
    """A task of two rounds. The guide's reader loses its disk in the first, when it has masked."""

    def __init__(self, commands: Commands) -> None:
        self.operator = operator = Operator(commands)
        others = [Process(commands, i + 1, trainer_config(commands, i, ROWS)) for i in (1, 2)]
        others.append(Process(commands, 4, config_of(commands, "others", "tasks = [1]\n"), "--role", "all"))
        try:
            operator.buy_disk()
            shell = operator.types(COMMANDS)
            operator.until('"event": "masked"')
            os.kill(operator.node(), signal.SIGTERM)
            self.stopped = shell.wait(SECONDS)
            self.first = operator.log.read_text()
            self.backed_up = operator.types("cd headwater\n" + BACKUP).wait(SECONDS)
            self.backup = {path.name: path.stat().st_mode & 0o777 for path in operator.home.glob("headwater-backup/*")}
            for lost in (".headwater", "headwater"):
                shutil.rmtree(operator.home / lost)
            for lost in ("mine.csv", "headwater.password", "log"):
                (operator.home / lost).unlink()
            operator.buy_disk()
            install = "".join(COMMANDS.splitlines(keepends=True)[:INSTALLED])
            self.ended = operator.types(install + RESTORE).wait(3 * SECONDS)
            self.second = operator.log.read_text()
            self.others = [process.popen.wait(SECONDS) for process in others]
        finally:
            for process in others:
                process.popen.kill()
                process.popen.wait()


@pytest.fixture(scope="module")
def world(tmp_path_factory, home) -> Iterator[Commands]:
    folder = tmp_path_factory.mktemp("guide")
    with run_anvil(folder / "anvil.log", "--mixed-mining", "--block-time", "1") as anvil:
        commands = Commands(folder, anvil, home)
        commands.create(2, ROWS)
        yield commands


@pytest.fixture(scope="module")
def story(world):
    return Story(world)


def events(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_guide__has_ten_commands():
    whole = re.sub(r"<<END.*?^END$", "", COMMANDS, flags=re.DOTALL | re.MULTILINE)
    assert len([line for line in whole.splitlines() if not line.startswith("#")]) == 10
    assert FUND in COMMANDS


def test_ten_commands__lead_from_an_empty_home_to_a_trainer_that_takes_part(story):
    assert story.stopped == 0, story.first
    assert "checks: 0 failed" in story.first
    assert 'network = "anvil"' in story.first
    stages = [event["event"] for event in events(story.first) if event.get("role") == "trainer"]
    for stage in ("enrolled", "joined", "proved", "submitted", "masked"):
        assert stage in stages
    assert events(story.first)[-1]["event"] == "stopped"


def test_backup__is_four_private_files(story):
    assert story.backed_up == 0
    assert len(story.backup) == 4
    assert set(story.backup.values()) == {0o600}
    assert {"mine.csv", "node.toml", "headwater.password"} < set(story.backup)


def test_lost_disk__with_the_backup__goes_on_in_the_same_round_and_ends_the_task(story, world):
    assert story.ended == 0, story.second
    assert story.others == [0, 0, 0]
    contracts = open_contracts(connect(world.anvil.url), world.folder / "deployments")
    assert [contracts.rounds.get_round(1, number).masked for number in (1, 2)] == [3, 3]
    (account,) = {event["account"] for event in events(story.first + story.second) if event["event"] == "started"}
    enrolled = [event for event in contracts.trainers.events(Enrolled, task_id=1) if event.trainer == account]
    submitted = [event.round for event in contracts.rounds.events(Submitted, task_id=1) if event.trainer == account]
    assert len(enrolled) == 1
    assert submitted == [1, 2]
    stages = [event["event"] for event in events(story.second) if event.get("role") == "trainer"]
    assert "enrolled" not in stages
    assert "withdrawn" in stages
    assert contracts.stakes.stake_of(account).locked == 0


# what the guide quotes


def templates() -> set[str]:
    """Every text in the node's source; what is put in stands as a null character."""
    found = set()
    for path in (ROOT / "node" / "headwater").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
                found.add("".join(parts))
    return found


def rows(title: str) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    section = GUIDE.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def is_said(quoted: str, said: set[str]) -> bool:
    """Whether some text of the source has the quoted one's fixed parts, in order, with something put in between."""
    pattern = re.compile(".*?\0.*?".join(re.escape(part.strip(" ")) for part in quoted.strip(". ").split("...")))
    return any(pattern.search(text) for text in said)


def test_troubleshooting__quotes_what_is_still_said():
    said, quoted = templates(), [re.findall(r"`([^`]+)`", row[0]) for row in rows("Troubleshooting")]
    assert len(quoted) > 15
    assert all(quoted)
    for text in (text for texts in quoted for text in texts):
        assert is_said(text, said), text
    assert not is_said("the process of ... never said this", said)


def test_reasons__of_health__are_all_explained():
    source = (ROOT / "node" / "headwater" / "cli" / "alive.py").read_text()
    reasons = source.split("def reasons")[1].split("def state")[0]
    given = re.findall(r'(?:found\[|return {)\s*"(\w+)"', reasons)
    assert {row[0].strip("`") for row in rows("Watching it")} == set(given)


def test_paths__that_the_guide_links_to__exist():
    for link in re.findall(r"\]\((\.\.?/[^)#]+)", GUIDE):
        assert (ROOT / "docs" / Path(link)).exists(), link
