"""What a node does, for Prometheus, and whether it is alive, for whoever restarts it: /metrics and /healthz.

Names and units follow https://prometheus.io/docs/practices/naming. Nothing that is served is secret, and nothing can be
changed through it; still it listens on this machine only, unless the settings say otherwise.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from typing_extensions import override

from headwater.errors import ConfigError
from headwater.roles.report import Report

BUSY = {"building", "proving"}
"""The stages that may take long, and end with another one: meanwhile the node does not look at the chain."""

PROVING_SECONDS = (1, 3, 10, 30, 100, 300, 1000, 3000)
_ROLE = ("role", "task")


class Metrics:
    """The figures of one process."""

    def __init__(self, stale_seconds: float) -> None:
        """stale_seconds: a node that has not looked at the chain for so long is not healthy."""
        self.registry = of = CollectorRegistry()
        self._stale_seconds = stale_seconds
        self._looked: float | None = None
        self._is_busy = False
        self._steps = Counter("headwater_steps", "Steps, by their names in the logs", (*_ROLE, "stage"), registry=of)
        self._gas = Counter("headwater_gas", "Gas used", (*_ROLE, "stage"), registry=of)
        self._proving = Histogram(
            *("headwater_proving_seconds", "Time that proofs took", (*_ROLE, "statement")),
            buckets=PROVING_SECONDS,
            registry=of,
        )
        self._failures = Gauge("headwater_failures_in_a_row", "Failed steps since one succeeded", _ROLE, registry=of)
        self._block = Gauge("headwater_chain_block", "The newest block seen", registry=of)
        self._time = Gauge("headwater_last_look_timestamp_seconds", "When the chain was last seen", registry=of)
        self._balance = Gauge("headwater_balance_wei", "The account's coin", registry=of)

    def report(self, role: str, task_id: int, report: Report) -> Report:
        """A report that counts each step, and passes it on."""
        labels = (role, str(task_id))

        def counting(stage: str, **details: Any) -> None:
            self._is_busy = stage in BUSY
            self._steps.labels(*labels, stage).inc()
            if stage == "failed":
                self._failures.labels(*labels).set(details.get("attempt", 1))
            else:
                self._failures.labels(*labels).set(0)
            if "gas" in details:
                self._gas.labels(*labels, stage).inc(details["gas"])
            if stage == "proved":
                self._proving.labels(*labels, details["statement"]).observe(details["seconds"])
            report(stage, **details)

        return counting

    def looked(self, block: int, balance: int) -> None:
        """The chain was seen at a block, and the account had so many wei."""
        self._looked = time.monotonic()
        self._block.set(block)
        self._balance.set(balance)
        self._time.set_to_current_time()

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether the node looks at the chain as it should, or proves, and since when it did not look."""
        seconds = None if self._looked is None else round(time.monotonic() - self._looked, 1)
        healthy = seconds is not None and (self._is_busy or seconds <= self._stale_seconds)
        state = {"seconds_since_look": seconds, "allowed": self._stale_seconds, "busy": self._is_busy}
        return healthy, {"healthy": healthy, **state}


@contextmanager
def serve(metrics: Metrics, host: str, port: int) -> Iterator[str]:
    """Serves /metrics and /healthz (status 200, or 503) for as long as the context lasts; the URL.

    Raises:
        ConfigError: the port is taken, or not allowed.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry))
            elif self.path == "/healthz":
                healthy, state = metrics.health()
                self._answer(200 if healthy else 503, "application/json", json.dumps(state).encode())
            else:
                self._answer(404, "text/plain", b"there are /metrics and /healthz\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Requests are nobody's concern."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        text = f"/metrics cannot listen on {host}:{port}: {error.strerror or error}"
        raise ConfigError(text, "name another metrics_port, or none") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="metrics", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
