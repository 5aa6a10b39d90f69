"""A running node's /healthz and /metrics, while its prover hangs and its disk is full; and that what is drawn and
alerted on is what it exports.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from headwater.tools import ROOT
from tests.support.anvil import run_anvil
from tests.support.commands import SECONDS, Commands, Process, config_of, free_port, provers_of, trainer_config

ROWS = 12
OPERATOR = 4  # an account; trainer i has account i + 1
LIMIT = 12  # seconds that a proof may take here
IMPATIENT = (  # a minute, in which a proof may always be slow, is long for a test
    "from headwater.cli import main; from headwater.roles import proving;"
    " proving.SLOW_SECONDS, proving.PATIENCE = 2.0, 1; main.cli(prog_name='headwater')"
)
NODE = ROOT / "deployments" / "node"
pytestmark = pytest.mark.faults


class Watch:
    """Asks /healthz again and again, and notes every answer."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._ended.wait(0.1):
            with suppress(requests.RequestException):
                answer = requests.get(f"{self.url}/healthz", timeout=5)
                self.answers.append((answer.status_code, answer.json()))

    def reasons(self) -> dict[str, str]:
        """Every reason that was ever given, with one of its texts."""
        return {reason["reason"]: reason["text"] for _, state in self.answers for reason in state["reasons"]}

    def until(self, reason: str | None) -> dict[str, Any]:
        """Wait for an answer with a reason, or from now on for one without any."""
        deadline, begin = time.monotonic() + SECONDS, len(self.answers)
        while True:
            for _, state in self.answers[begin if reason is None else 0 :]:
                if reason in [each["reason"] for each in state["reasons"]] or (not reason and not state["reasons"]):
                    return state
            assert time.monotonic() < deadline, self.answers[-3:]
            time.sleep(0.05)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


class Story:
    """A task of one round: one trainer's prover is stopped, and later its disk is full; figures of all roles."""

    def __init__(self, commands: Commands) -> None:
        ports = {name: free_port() for name in ("trainer", "operator")}
        settings = f"metrics_port = {ports['trainer']}\nproof_limit_seconds = {LIMIT}\n"
        configs = [trainer_config(commands, i, ROWS, settings if i == 0 else "") for i in range(3)]
        operator = config_of(commands, "operator", f"tasks = [1]\nmetrics_port = {ports['operator']}\n")
        self.node = Process(commands, 1, configs[0], program=IMPATIENT)
        self.operator = Process(commands, OPERATOR, operator, "--role", "all")
        self.others = [Process(commands, i + 1, configs[i]) for i in (1, 2)]
        self.running = [self.node, self.operator, *self.others]
        self.watch, self.ports = Watch(ports["trainer"]), ports
        self.figures: dict[str, str] = {}
        try:
            self._play(commands)
        finally:
            self.watch.end()
            for process in self.running:
                process.popen.kill()
                process.popen.wait()

    def _play(self, commands: Commands) -> None:
        self.node.until_told("proving")
        while not (stopped := provers_of(self.node.popen.pid)):
            time.sleep(0.01)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        self.hung = self.watch.until("prover_hangs")
        self.stopped = stopped
        self.node.until_told("failed", kind="ProverTimeout")
        self.left = [pid for pid in stopped if Path(f"/proc/{pid}").exists()]
        self.node.until_told("masked")
        self._fill_disk(commands)
        self.healed = self.watch.until(None)
        self.operator.until_told("aggregated")
        deadline = time.monotonic() + SECONDS
        while "headwater_task_owed_wei" not in self._scrape():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        for process in self.running:
            assert process.popen.wait(SECONDS) == 0, process.log_file.read_text()

    def _fill_disk(self, commands: Commands) -> None:
        """A limit on the size of files stands in for a full disk: the same failure of the same write."""
        journal = commands.home / "journal" / f"{commands.anvil.accounts[1].address}.sqlite-wal"
        pid, limits = self.node.popen.pid, resource.prlimit(self.node.popen.pid, resource.RLIMIT_FSIZE)
        assert journal.stat().st_size > 2 * self.node.log_file.stat().st_size, "its log must still be written"
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (journal.stat().st_size, limits[1]))
        self.full = self.watch.until("journal")
        self.survived = self.node.popen.poll() is None
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    def _scrape(self) -> str:
        for name, port in self.ports.items():
            self.figures[name] = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        return "".join(self.figures.values())


@pytest.fixture(scope="module")
def story(tmp_path_factory, home) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("alive")
    with run_anvil(folder / "anvil.log", "--mixed-mining", "--block-time", "1") as anvil:
        commands = Commands(folder, anvil, home)
        commands.create(1, ROWS, "--challenge-period", "10s")
        yield Story(commands)


# a prover that hangs


def test_healthz__while_the_prover_is_stopped__names_it(story):
    assert story.hung["status"] == "unhealthy"
    assert "proving train for task 1 has taken" in story.watch.reasons()["prover_hangs"]
    step = story.hung["step"]
    assert (step["role"], step["stage"], step["limit_seconds"]) == ("trainer", "proving", LIMIT)
    assert {503} == {status for status, state in story.watch.answers if state["reasons"]}
    assert {200} == {status for status, state in story.watch.answers if not state["reasons"]}


def test_prover__that_hangs__is_ended_at_its_limit_and_nothing_of_it_is_left(story):
    (line,) = [e for e in story.node.log if e["event"] == "failed" and e["kind"] == "ProverTimeout"]
    assert f"no result after {LIMIT} s and was ended" in line["error"]
    assert "prover_ended" in story.watch.reasons()
    assert story.stopped
    assert story.left == []


def test_node__whose_prover_hung__proves_again_and_finishes_the_round(story):
    stages = [stage for stage in story.node.stages() if stage in ("proving", "failed", "proved", "submitted", "masked")]
    assert stages[:4] == ["proving", "failed", "proving", "proved"]
    assert {"submitted", "masked"} <= set(stages)
    assert story.node.log[-1]["event"] == "finished"


# a full disk


def test_node__whose_journal_cannot_be_written__waits_for_room_and_says_so(story):
    assert story.survived
    assert story.full["status"] == "unhealthy"
    assert "sqlite" in story.watch.reasons()["journal"]
    assert story.healed["status"] == "healthy"
    assert "JournalUnwritable" in {e.get("kind") for e in story.node.log}  # of whatever wrote first


# figures


def exported(story: Story) -> dict[str, set[str]]:
    """The names of all samples, with the names of their labels."""
    found: dict[str, set[str]] = {}
    for text in story.figures.values():
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def queries() -> dict[str, list[str]]:
    """All PromQL of the dashboard and of the alerts, with what is written with its labels."""
    board = json.loads((NODE / "grafana.json").read_text())
    targets = [target for panel in board["panels"] for target in panel.get("targets", ())]
    found = {target["expr"]: re.findall(r"{{(\w+)}}", target["legendFormat"]) for target in targets}
    found |= {f"label_values({name})": [] for name in re.findall(r"label_values\((\w+),", json.dumps(board))}
    (group,) = yaml.safe_load((NODE / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        found[rule["expr"]] = re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"]))
    return found


METRIC = re.compile(r"\b((?:headwater|process|python)_\w+)(?:{([^}]*)})?")
SCRAPED = {"instance", "job"}  # labels that Prometheus adds


def test_dashboard_and_alerts__ask_for_nothing_that_a_node_does_not_export(story):
    known = exported(story)
    for query, labels in queries().items():
        named = METRIC.findall(query)
        assert named or query.startswith("up{"), query
        for name, selectors in named:
            assert name in known, query
            asked = set(re.findall(r"(\w+)\s*(?:=~|!=|=)", selectors))
            grouped = [word.strip() for words in re.findall(r"by \(([^)]*)\)", query) for word in words.split(",")]
            assert {*asked, *grouped, *labels} <= known[name] | SCRAPED, query


def test_dashboard__shows_everything_that_a_node_exports(story):
    shown = {name for query in queries() for name, _ in METRIC.findall(query)}
    assert {name for name in exported(story) if name.startswith("headwater_") and "_created" not in name} <= shown


def test_dashboard__has_panels_that_do_not_overlap_and_are_explained():
    panels = json.loads((NODE / "grafana.json").read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        assert panel["type"] == "row" or panel["description"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_metrics__of_a_trainer__tell_what_the_chain_and_the_log_say(story):
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(story.figures["trainer"])
        for sample in family.samples
    }
    assert values["headwater_failures_total", "1", "ProverTimeout", "trainer"] == 1
    assert values["headwater_steps_total", "1", "submitted", "trainer"] == 1
    assert values["headwater_proving_seconds_count", "1", "train", "trainer"] == 1
    assert values["headwater_stake_locked_wei",] == 5 * 10**17
    assert values["headwater_task_rounds", "1"] == 1
    assert values["headwater_store_up", f"dir:{story.node.log_file.parent}/store"] == 1
    assert values["headwater_task_challenged", "1"] == 0
    assert values["headwater_intents_pending",] in (0, 1)
    assert sum(value for key, value in values.items() if key[0] == "headwater_task_phase") == 1


def test_alerts__have_names_and_actions():
    (group,) = yaml.safe_load((NODE / "alerts.yml").read_text())["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names)
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
