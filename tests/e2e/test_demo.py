"""`headwater demo`: every node is a process of its own, and nobody is left when the demo ends, however it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from web3 import Web3

from headwater.cli.demo.cheat import VANISHED
from headwater.tables.samples import load, write
from headwater.tools import ROOT

SECONDS = 840.0  # four rounds on a busy machine
TRAINERS, ROUNDS = 4, 4
NODES = [*(f"trainer-{n}" for n in range(1, TRAINERS + 1)), "aggregator", "challenger"]
KEPT = "go on until Ctrl-C"
pytestmark = pytest.mark.e2e


class Demo:
    """A demo on irises of two kinds, in a folder."""

    def __init__(self, folder: Path, home: Path, *words: str) -> None:
        self.folder, self.out, self._log = folder, folder / "out", folder / "screen"
        flowers = load("iris")
        write(folder / "iris.csv", flowers.header, [row for row in flowers.rows if row[-1] != "setosa"])
        data = ("--data", str(folder / "iris.csv"), "--label", flowers.label)
        self.environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'node'}{os.pathsep}{ROOT}",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HEADWATER_HOME": str(home),
            "COLUMNS": "220",
        }
        command = [sys.executable, "-m", "headwater.cli.main", "demo", *data, "--out", str(self.out), *words]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    @property
    def screen(self) -> str:
        return self._log.read_text()

    def log(self, node: str) -> list[dict[str, Any]]:
        """What a node has said, but for a line that is not whole yet."""
        path = self.out / "nodes" / node / "log"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.rpartition("\n")[0].splitlines() if line.startswith("{")]

    def pid(self, node: str) -> int:
        """The process that has a node's journal open, or had it last."""
        (lock,) = (self.out / "nodes" / node / "home" / "journal").glob("*.lock")
        return int(lock.read_text())

    def wait_until(self, holds) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert self.process.poll() is None, self.screen
            assert time.monotonic() < deadline, self.screen
            time.sleep(0.1)

    def wait_until_all_run(self) -> int:
        """Until every node has looked at the chain; the process group of all."""
        self.wait_until(lambda: all(any(said["event"] == "started" for said in self.log(node)) for node in NODES))
        (group,) = {os.getpgid(self.pid(node)) for node in NODES}
        return group


@contextmanager
def run_demo(folder: Path, home: Path, *words: str):
    demo = Demo(folder, home, "--trainers", str(TRAINERS), "--rounds", str(ROUNDS), *words)
    try:
        yield demo
    finally:
        demo.process.kill()
        demo.process.wait()


def wait_until_gone(group: int) -> None:
    deadline = time.monotonic() + SECONDS
    with suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            assert time.monotonic() < deadline, "a process outlived the demo"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory, home):
    """A demo that is over, but for its chain and its store."""
    with run_demo(tmp_path_factory.mktemp("demo"), home, "--viewer") as demo:
        demo.wait_until(lambda: KEPT in demo.screen and "model pull" in demo.screen)
        yield demo


@pytest.fixture(scope="module")
def report(kept):
    return json.loads((kept.out / "report.json").read_text())


@pytest.fixture(scope="module")
def url(kept) -> str:
    return re.search(r"--rpc (\S+)", kept.screen)[1]


def test_demo__runs_every_node_in_a_process_of_its_own__which_ends_by_itself(kept):
    accounts = set()
    for node in NODES:
        said = kept.log(node)
        started = [line for line in said if line["event"] == "started"]
        assert len(started) == (2 if node == "trainer-4" else 1), node
        assert said[-1]["event"] == "finished", node
        assert {line["role"] for line in said if "role" in line} - {"keeper"} == {"node", node.partition("-")[0]}
        accounts |= {line["account"] for line in started}
    assert len(accounts) == len(NODES)


def test_demo__has_a_trainer_vanish_and_cheat__and_the_others_finish_without_it(kept, report):
    assert report["dropouts"] == [{"round": 2, "trainer": "trainer 4", "phase": "Mask"}]
    assert [(s["trainer"], s["round"], s["fault"]) for s in report["slashed"]] == [
        ("trainer 4", 2, False),
        ("trainer 4", 3, True),
    ]
    for said in ("trainer 4 vanishes", "trainer 4 is started again", "trainer 4 is convicted"):
        assert said in kept.screen
    assert report["rounds"] == ROUNDS
    assert len(report["accuracy"]["by_round"]) == ROUNDS
    assert report["accuracy"]["onchain"] > 0.8
    assert abs(report["accuracy"]["onchain"] - report["accuracy"]["float"]) <= 2 / report["held_out"]
    silent = [line for line in kept.log("trainer-4") if line.get("reason") == "challenged, and silent"]
    assert silent


def test_demo__tries_three_attacks_on_the_last_round__each_refused_by_name(report):
    assert [(a["name"], a["rejected"], a["error"]) for a in report["attacks"]] == [
        ("an update that was not trained", True, "InvalidProof"),
        ("a neighbour's proof sent as one's own", True, "DataNotOwned"),
        ("an average that leaves one trainer out", True, "SumMismatch"),
    ]


def test_demo__reports_the_gas_of_every_transaction_on_the_chain__and_the_proofs_that_nodes_made(kept, report, url):
    eth = Web3(Web3.HTTPProvider(url)).eth
    blocks = [eth.get_block(number) for number in range(eth.block_number + 1)]
    assert sum(entry["total"] for entry in report["gas"].values()) == sum(block["gasUsed"] for block in blocks)
    assert sum(entry["calls"] for entry in report["gas"].values()) == sum(len(b["transactions"]) for b in blocks)
    calls = {name: report["gas"][name]["calls"] for name in ("created", "enrolled", "submitted", "aggregated")}
    assert calls == {"created": 1, "enrolled": 4, "submitted": 4 + 4 + 4 + 3, "aggregated": 4}
    assert report["seconds"]["prove_train"]["proofs"] == 15
    assert report["seconds"]["prove_average"]["proofs"] == 4
    assert report["audit"]["broken"] == 0
    assert report["audit"]["checks"] > 50


def test_demo__that_is_kept__can_be_looked_at_with_the_commands_that_it_prints(kept):
    commands = [line.strip() for line in kept.screen.partition(KEPT)[2].splitlines() if line.strip()]
    commands = [command for command in commands if command.startswith("headwater ")]
    assert {shlex.split(command)[1] for command in commands} == {"status", "explain", "audit", "model"}
    shown = ""
    for command in commands:
        words = shlex.split(command)
        done = subprocess.run(
            words, cwd=kept.folder, env=kept.environment, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, command + done.stdout + done.stderr
        shown += done.stdout + done.stderr
    assert " 0 broken" in shown
    assert "posted a mask or peers that were shown to be wrong" in shown


def test_demo__with_the_viewer__serves_its_page_over_chain_and_store__with_the_held_out_rows(kept, url):
    page = re.search(r"watch it at (http://127\.0\.0\.1:\d+/)", kept.screen)[1]
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}

    settings = requests.get(page + "deployment.json", timeout=SECONDS).json()
    answer = requests.post(page + settings["rpc"], json=question, timeout=SECONDS).json()
    sample = requests.get(f"{page}ipfs/{settings['sample']}", timeout=SECONDS)

    assert f"{page}#/task/1" in kept.screen.partition(KEPT)[2]
    assert "Headwater" in requests.get(page, timeout=SECONDS).text
    assert int(answer["result"], 16) == Web3(Web3.HTTPProvider(url)).eth.block_number
    assert sample.content == (kept.out / "data" / "held-out.csv").read_bytes()


def test_demo__that_is_kept__ends_with_ctrl_c__and_leaves_nobody(kept, url):
    kept.process.send_signal(signal.SIGINT)
    assert kept.process.wait(SECONDS) == 0
    assert not Web3(Web3.HTTPProvider(url)).is_connected()


@pytest.mark.parametrize(("number", "code"), ((signal.SIGINT, 130), (signal.SIGKILL, -9)))
def test_demo__that_is_ended_while_its_nodes_run__leaves_nobody(tmp_path, home, number, code):
    with run_demo(tmp_path, home) as demo:
        group = demo.wait_until_all_run()
        demo.process.send_signal(number)
        assert demo.process.wait(SECONDS) == code
        wait_until_gone(group)


def test_demo__when_a_node_is_killed__ends_with_its_name_and_the_end_of_its_log__and_leaves_nobody(tmp_path, home):
    with run_demo(tmp_path, home) as demo:
        group = demo.wait_until_all_run()
        os.kill(demo.pid("trainer-2"), signal.SIGKILL)
        assert demo.process.wait(SECONDS) == 1
        shown = " ".join(demo.screen.replace("│", " ").split())
        assert "the node trainer 2 has ended by signal 9. Its log ends:" in shown
        assert '"event": "started"' in shown
        wait_until_gone(group)


def test_cheat__run_by_itself__is_a_node_with_settings_like_any_other(tmp_path):
    command = [sys.executable, "-m", "headwater.cli.demo.cheat", "--config", str(tmp_path / "none.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1
    assert "cannot be read" in done.stderr
    assert done.returncode != VANISHED
