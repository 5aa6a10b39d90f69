"""What a node tells of itself: log lines for people and machines, figures for Prometheus, and whether it is alive."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import structlog

from headwater.cli.logs import configure_logging
from headwater.cli.metrics import Metrics, serve
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
            if form == "json":
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


class TestMetrics:
    @pytest.fixture
    def metrics(self):
        return Metrics(stale_seconds=60)

    def test_steps__are_counted_with_their_gas_and_seconds__and_passed_on(self, metrics):
        told = []
        report = metrics.report("trainer", 7, lambda stage, **details: told.append((stage, details)))
        report("proved", statement="train", round=1, seconds=12.5)
        report("submitted", gas=500_000, round=1)
        report("submitted", gas=400_000, round=2)

        with serve(metrics, "127.0.0.1", 0) as url:
            status, text = get(f"{url}/metrics")

        assert status == 200
        assert 'headwater_steps_total{role="trainer",stage="submitted",task="7"} 2.0' in text
        assert 'headwater_gas_total{role="trainer",stage="submitted",task="7"} 900000.0' in text
        assert 'headwater_proving_seconds_bucket{le="30.0",role="trainer",statement="train",task="7"} 1.0' in text
        assert 'headwater_proving_seconds_bucket{le="10.0",role="trainer",statement="train",task="7"} 0.0' in text
        assert [stage for stage, _ in told] == ["proved", "submitted", "submitted"]

    def test_failures__are_counted_until_a_step_succeeds(self, metrics):
        report = metrics.report("trainer", 7, lambda stage, **details: None)
        failures = lambda: metrics.registry.get_sample_value(  # noqa: E731
            "headwater_failures_in_a_row", {"role": "trainer", "task": "7"}
        )
        report("failed", error="...", attempt=3)
        assert failures() == 3
        report("joined")
        assert failures() == 0

    def test_health__follows_the_last_look_at_the_chain(self, metrics):
        with serve(metrics, "127.0.0.1", 0) as url:
            assert get(f"{url}/healthz")[0] == 503
            metrics.looked(block=5, balance=10**18)
            status, body = get(f"{url}/healthz")
            assert (status, json.loads(body)["healthy"]) == (200, True)
            metrics._looked -= 61
            assert get(f"{url}/healthz")[0] == 503
            assert "headwater_chain_block 5.0" in get(f"{url}/metrics")[1]
            assert get(f"{url}/")[0] == 404

    def test_health__during_a_proof__is_good_without_a_look(self, metrics):
        report = metrics.report("trainer", 1, silent)
        metrics.looked(1, 1)
        report("proving", statement="train")
        metrics._looked -= 61
        assert metrics.health()[0]
        report("proved", statement="train", seconds=1.0)
        assert not metrics.health()[0]

    def test_serve__on_a_port_that_is_taken__says_so(self, metrics):
        with (
            serve(metrics, "127.0.0.1", 0) as url,
            pytest.raises(ConfigError, match="cannot listen on 127"),
            serve(metrics, "127.0.0.1", int(url.rpartition(":")[2])),
        ):
            pass


def test_daemons_parts__when_imported__then_torch_and_ezkl_are_not():
    parts = ", ".join(
        f"headwater.{name}"
        for name in (
            *("cli.logs", "cli.metrics", "cli.settings", "cli.keys", "chain.sender", "chain.contracts"),
            *("journal.journal", "storage.opening", "storage.several", "storage.kubo"),
        )
    )
    code = f"import {parts}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"torch", "ezkl", "onnx", "sklearn"} & set(loaded)
