"""What a node tells of itself: log lines for people and machines, figures for Prometheus, and whether it is alive."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import structlog

from headwater.chain.asking.rpc import Block
from headwater.cli import alive
from headwater.cli.alive import Health
from headwater.cli.logs import configure_logging
from headwater.cli.metrics import Metrics
from headwater.cli.serving import serve
from headwater.errors import ConfigError
from headwater.roles.report import silent


class TestLogs:
    @pytest.fixture(autouse=True)
    def back_to_defaults(self):
        yield
        structlog.reset_defaults()

    def lines(self, capsys):
        return capsys.readouterr().err.splitlines()

    def test_log__where_nobody_looks__is_one_json_object_a_line(self, capsys):
        configure_logging(False, "auto")
        structlog.get_logger().bind(role="trainer").info("joined", round=3, data=b"\x01")
        structlog.get_logger().debug("not shown")

        (line,) = self.lines(capsys)
        event = json.loads(line)
        assert (event["event"], event["role"], event["round"], event["level"]) == ("joined", "trainer", 3, "info")
        assert event["timestamp"].endswith("Z")

    def test_log__on_a_terminal__is_text(self, capsys, monkeypatch):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        configure_logging(False, "auto")
        structlog.get_logger().info("joined", round=3)

        assert "joined" in self.lines(capsys)[0]
        assert not self.lines(capsys)

    @pytest.mark.parametrize("form", ("json", "text"))
    def test_log__never_shows_a_secret(self, capsys, form):
        configure_logging(True, form)
        log = structlog.get_logger()
        url = "https://user:hunter2@rpc.example:8545/v3/hunter2?key=hunter2"
        log.info(f"asked {url}", url=url, private_key="hunter2", nested={"token": "hunter2", "urls": [url]})
        try:
            raise ValueError(f"cannot ask {url}")
        except ValueError as error:
            log.warning("failed", error=error)
            log.exception("failed")

        shown = "\n".join(self.lines(capsys))
        assert "hunter2" not in shown
        assert shown.count("https://rpc.example:8545") >= 4


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def metrics():
    return Metrics("1.0", "0x" + "1" * 40, 31337)


class TestMetrics:
    def test_steps__are_counted_with_their_gas_and_seconds__and_passed_on(self, metrics):
        told = []
        report = metrics.report("trainer", 7, lambda stage, **details: told.append((stage, details)))
        report("proved", statement="train", round=1, seconds=12.5)
        report("submitted", gas=500_000, round=1)
        report("submitted", gas=400_000, round=2)

        text = metrics.page().decode()
        assert 'headwater_steps_total{role="trainer",stage="submitted",task="7"} 2.0' in text
        assert 'headwater_gas_total{role="trainer",stage="submitted",task="7"} 900000.0' in text
        assert 'headwater_proving_seconds_bucket{le="30.0",role="trainer",statement="train",task="7"} 1.0' in text
        assert 'headwater_proving_seconds_bucket{le="10.0",role="trainer",statement="train",task="7"} 0.0' in text
        assert [stage for stage, _ in told] == ["proved", "submitted", "submitted"]

    def test_failures__are_counted_by_kind__and_in_a_row_until_a_step_succeeds(self, metrics):
        report = metrics.report("trainer", 7, silent)
        for attempt in (1, 2, 3):
            report("failed", kind="Unreachable", error="...", attempt=attempt)
        text = metrics.page().decode()
        assert 'headwater_failures_total{kind="Unreachable",role="trainer",task="7"} 3.0' in text
        assert 'headwater_failures_in_a_row{role="trainer",task="7"} 3.0' in text
        for stage, details in (("fetched", {}), ("proving", {"statement": "train"}), ("note", {"text": "..."})):
            report(stage, **details)
        assert metrics.page().decode().count('headwater_failures_in_a_row{role="trainer",task="7"} 3.0') == 1
        report("recovered", failures=3)
        assert 'headwater_failures_in_a_row{role="trainer",task="7"} 0.0' in metrics.page().decode()

    def test_stores__are_counted_when_they_are_not_in_order(self, metrics):
        metrics.store("dir:/a", True)
        metrics.store("kubo:/b", False)
        text = metrics.page().decode()
        assert 'headwater_store_up{store="dir:/a"} 1.0' in text
        assert 'headwater_store_up{store="kubo:/b"} 0.0' in text
        assert 'headwater_store_failures_total{store="kubo:/b"} 1.0' in text


class Clock:
    """A time that passes when it is told to; of the world and monotonic alike."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(alive, "time", clock)
    return clock


def block(clock: Clock, number: int = 1, age: float = 0) -> Block:
    return Block(number, bytes(32), int(clock.now - age))


class TestHealth:
    """Which reasons there are, when they come and when they go."""

    @pytest.fixture
    def health(self, clock):
        health = Health(2.0, is_local=True)
        health.asked(block(clock))
        return health

    def test_before_the_first_look__it_is_starting(self, clock):
        health = Health(2.0, is_local=False)
        assert health.state()["status"] == "starting"
        health.asked(block(clock))
        assert health.state()["status"] == "healthy"

    def test_without_looks__the_chain_is_silent(self, health, clock):
        clock.now += alive.STALE_SECONDS + 1
        assert not health.reasons()
        clock.now += 2
        assert list(health.reasons()) == ["chain_silent"]
        health.asked(block(clock))
        assert not health.reasons()

    @pytest.mark.parametrize(("is_local", "reasons"), ((False, ["chain_stale"]), (True, [])))
    def test_an_old_block__is_a_reason_but_on_a_local_chain(self, clock, is_local, reasons):
        health = Health(2.0, is_local=is_local)
        health.asked(block(clock, age=15 * 60 + 1))
        assert list(health.reasons()) == reasons

    def test_a_proof__hangs_when_it_takes_far_longer_than_usual(self, health, clock):
        report = health.report("trainer", 1, silent)
        report("proving", statement="train", round=1, usual=50.0, limit=3000.0)
        clock.now += 500
        health.asked(block(clock))
        assert not health.reasons()
        assert health.state()["step"] == {
            "role": "trainer",
            "task": 1,
            "stage": "proving",
            "statement": "train",
            "since": "1970-01-12T13:46:40+00:00",
            "seconds": 500.0,
            "usual_seconds": 50.0,
            "limit_seconds": 3000.0,
        }
        clock.now += 1
        assert health.reasons() == {"prover_hangs": "proving train for task 1 has taken 501 s; it usually takes 50 s"}
        report("proved", statement="train", seconds=1.0)
        assert not health.reasons()
        assert health.state()["step"] is None

    def test_a_proof__is_under_way__whatever_other_roles_report_meanwhile(self, health, clock):
        mine, others = (health.report("trainer", task, silent) for task in (1, 2))
        mine("proving", statement="train", usual=50.0, limit=3000.0)
        others("building", statement="train")
        others("data", rows=3)
        assert health.state()["step"]["task"] == 1
        mine("proved", statement="train", seconds=1.0)
        assert health.state()["step"] is None

    def test_a_quick_proof__may_take_a_minute(self, health, clock):
        report = health.report("trainer", 1, silent)
        report("proving", statement="train", usual=2.5, limit=3000.0)
        clock.now += 60
        assert not health.reasons()
        clock.now += 1
        assert list(health.reasons()) == ["prover_hangs"]
        report("proved", statement="train", seconds=1.0)
        assert not health.reasons()

    def test_a_build__is_no_reason_for_minutes(self, health, clock):
        health.report("trainer", 1, silent)("building", statement="train")
        clock.now += 299
        health.asked(block(clock))
        assert not health.reasons()
        clock.now += 2
        assert list(health.reasons()) == ["prover_hangs"]

    def test_a_proof_that_was_ended__is_a_reason_until_the_role_does_something(self, health):
        report = health.report("trainer", 1, silent)
        report("proving", statement="train", usual=2.5, limit=100.0)
        report("failed", kind="ProverTimeout", error="had no result after 100 s", attempt=1)
        assert health.reasons() == {"prover_ended": "trainer of task 1: had no result after 100 s"}
        report("proving", statement="train", usual=2.5, limit=100.0)
        assert list(health.reasons()) == ["prover_ended"]
        report("proved", statement="train", seconds=1.0)
        report("submitted", gas=1)
        report("recovered", failures=1)
        assert not health.reasons()

    def test_a_journal_that_cannot_be_written__is_a_reason_until_the_node_goes_on(self, health, clock):
        health.report("node", 0, silent)("failed", kind="JournalUnwritable", error="disk is full", attempt=1)
        health.asked(block(clock, 2))
        assert health.reasons() == {"journal": "disk is full"}
        health.report("node", 0, silent)("recovered", failures=1)
        assert not health.reasons()

    def test_a_role_that_has_given_up__is_a_reason__and_one_that_fails_now_is_none(self, health):
        health.report("trainer", 1, silent)("failed", kind="Unavailable", error="withheld", attempt=1)
        assert not health.reasons()
        health.report("trainer", 2, silent)("given up", kind="ConfigError", error="other data")
        assert health.reasons() == {"given_up": "trainer of task 2: other data"}

    def test_a_role_that_fails_again_and_again__is_a_reason_until_a_step_is_complete(self, health):
        report, error = health.report("trainer", 1, silent), "the account cannot pay for TaskManager.join"
        for attempt in range(1, alive.FAILURES):
            report("failed", kind="ChainError", error=error, attempt=attempt)
            assert not health.reasons()
        report("failed", kind="ChainError", error=error, attempt=alive.FAILURES)
        report("building", statement="train")
        report("fetched", updates=3)
        assert health.reasons() == {"failing": f"trainer of task 1, 5 times in a row: {error}"}
        assert health.state()["status"] == "unhealthy"
        report("recovered", failures=alive.FAILURES)
        assert not health.reasons()

    @pytest.mark.parametrize("kind", ("Unavailable", "ContentMismatch"))
    def test_a_role_whose_peers_withhold_or_spoil_bytes__is_healthy(self, health, kind):
        health.report("aggregator", 1, silent)("failed", kind=kind, error="withheld", attempt=50)
        assert not health.reasons()

    def test_stores__are_a_reason_when_they_are_down_for_long(self, health, clock):
        health.store("no connection")
        clock.now += 200
        health.asked(block(clock))
        health.store("no connection")
        assert not health.reasons()
        clock.now += 101
        assert "for 301 s: no connection" in health.reasons()["store"]
        health.store("")
        assert not health.reasons()


def test_serve__answers_what_pages_say__and_404():
    pages = {"/good": lambda: (200, "text/plain", b"well"), "/bad": lambda: (503, "application/json", b"{}")}
    with serve("127.0.0.1", 0, pages) as url:
        assert get(f"{url}/good") == (200, "well")
        assert get(f"{url}/bad") == (503, "{}")
        assert get(f"{url}/") == (404, "there are /good, /bad\n")


def test_serve__on_a_port_that_is_taken__says_so():
    with (
        serve("127.0.0.1", 0, {}) as url,
        pytest.raises(ConfigError, match="cannot listen on 127"),
        serve("127.0.0.1", int(url.rpartition(":")[2]), {}),
    ):
        pass


def test_daemons_parts__when_imported__then_torch_and_ezkl_are_not():
    parts = ", ".join(
        f"headwater.{name}"
        for name in (
            *("cli.logs", "cli.monitor", "cli.settings", "cli.keys", "chain.sending.sender", "chain.contracts.opened"),
            *("journal.journal", "storage.opening", "storage.several", "storage.kubo"),
        )
    )
    code = f"import {parts}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"torch", "ezkl", "onnx", "sklearn"} & set(loaded)
