"""`headwater run`: real processes over one chain, which are stopped, killed and started again."""

from __future__ import annotations

import itertools
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import Submitted
from headwater.chain.contracts.opened import open_contracts
from headwater.circuits.proofs import unpack_proof
from headwater.journal.journal import open_journal
from headwater.protocol.phases import Phase
from tests.support.anvil import run_anvil
from tests.support.commands import (
    SECONDS,
    Commands,
    Process,
    config_of,
    free_port,
    provers_of,
    stop_unit,
    trainer_config,
)
from tests.support.proxy import drop, run_proxy

ROWS = 12
DIGEST = 32  # bytes of a kept proof before the proof
OPERATOR = 4  # an account; trainer i has account i + 1
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def commands(tmp_path_factory, home):
    folder = tmp_path_factory.mktemp("run")
    with run_anvil(folder / "anvil.log", "--mixed-mining", "--block-time", "1") as anvil:
        commands = Commands(folder, anvil, home)
        commands.create(2, ROWS)
        yield commands


class Story:
    """A task of two rounds: what became of those who carried it, and what they logged."""

    def __init__(self, commands: Commands) -> None:
        configs = [trainer_config(commands, i, ROWS) for i in range(3)]
        operator = config_of(commands, "operator", "tasks = [1]\n")
        self.operator = Process(commands, OPERATOR, operator, "--role", "all")
        self.terminated, self.hurried, plain = (Process(commands, i + 1, configs[i]) for i in range(3))
        self.running = [self.operator, plain, self.terminated, self.hurried]
        self.configs = configs
        try:
            with run_proxy(commands.anvil.url) as proxy:
                self._play(commands, proxy)
        finally:
            for process in self.running:
                process.popen.kill()
                process.popen.wait()

    def _play(self, commands: Commands, proxy: Any) -> None:
        self.hurried.until_told("proving")
        self.hurried.popen.send_signal(signal.SIGTERM)
        self.terminated.until_told("proving")
        time.sleep(0.3)
        self.hurried_code = self.hurried.end(signal.SIGTERM)
        for _ in range(100):  # they notice that it is gone, a fiftieth of a second later
            if not provers_of(self.hurried.popen.pid):
                break
            time.sleep(0.1)
        self.left_behind = provers_of(self.hurried.popen.pid)
        self.terminated_code = stop_unit(self.terminated)
        again = Process(commands, 2, self.configs[1])
        self.killed = Process(commands, 1, self.configs[0], HEADWATER_RPC=proxy.url)
        self.running += [again, self.killed]
        self.killed.until_told("started")
        self.second = commands.run("run", "--config", str(self.configs[0]), account=1, code=1)

        self.killed.until_told("joined", round=2)
        proxy.do(drop, "eth_estimateGas")
        self.killed.until_told("proved", round=2)
        self.killed.until_told("failed")
        self.killed.popen.kill()
        self.killed.popen.wait()
        with open_journal(commands.home, commands.anvil.accounts[1]) as journal:
            (name,) = (name for name in journal.secrets.names("proof/") if name.endswith("/2/0"))
            self.kept = unpack_proof((journal.secrets.get(name) or b"")[DIGEST:])
        self.restarted = Process(commands, 1, self.configs[0])
        self.ended = [self.operator, self.running[1], again, self.restarted]
        self.running.append(self.restarted)
        for process in self.ended:
            assert process.popen.wait(SECONDS) == 0, process.log_file.read_text()


@pytest.fixture(scope="module")
def story(commands):
    return Story(commands)


@pytest.fixture(scope="module")
def contracts(commands):
    return open_contracts(connect(commands.anvil.url), commands.folder / "deployments")


# a task to its end


def test_run__by_three_trainers_and_a_node_of_all_roles__carries_a_task_to_its_end(story, contracts):
    assert contracts.rounds.current_phase(1).phase is Phase.FINALIZED
    for round_ in (1, 2):
        assert contracts.rounds.get_round(1, round_).masked == 3
    assert story.operator.stages("aggregator").count("aggregated") == 2
    assert "challenged" not in story.operator.stages("challenger")
    for process in story.ended:
        assert process.log[-1]["event"] == "finished"


def test_run__while_it_waits__says_so_once_for_each_reason(story):
    for process in story.ended:
        for role in ("trainer", "aggregator", "challenger"):
            lines = [e for e in process.log if e.get("role") == role]
            reasons = [line["reason"] for line in lines if line["event"] == "waiting"]
            again = [a for a, b in itertools.pairwise(reasons) if a == b]
            assert not again or "failed" in process.stages(role)
            assert all("until" in line for line in lines if line["event"] == "waiting")


# signals


def test_stop_by_systemd__during_a_proof__ends_in_order_when_the_update_is_submitted(story):
    assert story.terminated_code == 0
    assert story.terminated.stages()[-3:] == ["proving", "proved", "submitted"]
    assert story.terminated.log[-1]["event"] == "stopped"


def test_sigterm__a_second_time__ends_at_once_and_leaves_no_prover_behind(story):
    assert story.hurried_code == 128 + signal.SIGTERM
    assert story.hurried.stages()[-1] == "proving"
    assert story.left_behind == []


# kill -9


def test_kill__between_proof_and_submission__then_the_kept_proof_is_submitted(story, contracts, commands):
    assert "proving" not in story.restarted.stages()
    me = commands.anvil.accounts[1].address
    (event,) = [e for e in contracts.rounds.events(Submitted, task_id=1, round=2) if e.trainer == me]
    _, calldata = contracts.chain.calldata(event.transaction_hash)
    assert story.kept.data in calldata


def test_kept_proof__when_its_round_is_over__is_gone(story, commands):
    for account in (1, 2, 3):
        with open_journal(commands.home, commands.anvil.accounts[account]) as journal:
            assert not journal.secrets.names("proof/")  # counts outlive it
            assert not journal.secrets.names("proving")


def test_run__while_another_process_has_the_account__refuses_and_names_it(story):
    assert f"process {story.killed.popen.pid} already runs with account" in " ".join(story.second.split())


# waiting


@pytest.fixture
def idle(commands):
    """A node that waits for tasks, and serves metrics."""
    port = free_port()
    config = config_of(commands, "idle", f'roles = ["aggregator", "challenger"]\nmetrics_port = {port}\n')
    process = Process(commands, OPERATOR + 2, config)
    try:
        process.until_told("started")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.popen.kill()
        process.popen.wait()


def test_idle_node__answers_health_and_is_small_and_is_terminated(story, idle):
    process, url = idle
    deadline = time.monotonic() + SECONDS
    health = None
    while health != 200 and time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            health = requests.get(f"{url}/healthz", timeout=5).status_code
    assert health == 200
    assert "headwater_chain_block" in requests.get(f"{url}/metrics", timeout=5).text

    proc = Path(f"/proc/{process.popen.pid}")
    maps = (proc / "maps").read_text()
    assert "ezkl" not in maps
    assert "torch" not in maps
    resident = int((proc / "status").read_text().split("VmRSS:")[1].split()[0]) // 1024
    assert resident < 150, f"{resident} MB"

    assert process.end(signal.SIGTERM) == 0
    assert process.log[-1]["event"] == "stopped"


def test_node__when_the_chain_drops_blocks__reads_everything_again(story, idle, commands):
    process, _ = idle
    request = commands.anvil.web3.provider.make_request
    snapshot = request("evm_snapshot", [])["result"]
    request("anvil_mine", ["0x3"])
    top = commands.anvil.web3.eth.block_number
    process.until(lambda _: _height_kept(commands) >= top)
    request("evm_revert", [snapshot])
    process.until_told("reorganized", role="node")
    (line,) = [e for e in process.log if e["event"] == "reorganized"]
    assert line["standing"] < line["seen"]
    assert process.end(signal.SIGTERM) == 0


def _height_kept(commands: Commands) -> int:
    """The last block that the idle node has read."""
    import sqlite3

    path = commands.home / "journal" / f"{commands.anvil.accounts[OPERATOR + 2].address}.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        height: int = database.execute("SELECT coalesce(max(number), 0) FROM blocks").fetchone()[0]
    return height


# what is wrong from the start


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    (
        ("polls = 3\n", {}, "there is no setting polls"),
        ("chain_id = 5\n", {}, "serves chain 31337, not 5"),
        ('rpc = ["http://127.0.0.1:9"]\n', {"HEADWATER_RPC": ""}, "no Ethereum node answers at http://127.0.0.1:9"),
        ('deployments = "nowhere"\n', {}, "run `headwater deploy`"),
        ('roles = ["trainer"]\n', {}, "a trainer needs data, and no file is named"),
        ('roles = ["trainer"]\ntasks = [1]\n', {}, "no file for task 1 is named"),
        ('tasks = [1]\n[data]\n2 = "sample.csv"\n', {}, "there are data for task 2, which is not among the tasks 1"),
        ("tasks = [99]\n", {}, "there is no task 99"),
        ("", {"HEADWATER_STORE": "gateway:http://127.0.0.1:9"}, "127.0.0.1:9"),
        ("", {"HEADWATER_PRIVATE_KEY": "0x12"}, "HEADWATER_PRIVATE_KEY holds no private key"),
    ),
)
def test_run__when_something_is_wrong_from_the_start__says_what_and_ends(commands, text, settings, said):
    config = config_of(commands, "wrong", text)
    shown = commands.run("run", "--config", str(config), account=OPERATOR + 3, code=1, **settings)
    assert said in " ".join(shown.replace("│", " ").split()), shown


def test_run__without_coin__says_so(commands):
    config = config_of(commands, "poor", "")
    shown = commands.run("run", "--config", str(config), code=1, HEADWATER_PRIVATE_KEY="0x" + "77" * 32)
    assert "has no coin on chain 31337" in " ".join(shown.split())


def test_run__with_a_home_that_others_may_change__says_so(commands, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    shown = commands.run("run", "--config", str(config_of(commands, "open", "")), code=1, HEADWATER_HOME=str(home))
    assert "can be changed by other users" in " ".join(shown.split())
