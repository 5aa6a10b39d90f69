"""What watches a node from inside its process: figures, health, and the server of both."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from math import nan
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.opened import Contracts
from headwater.chain.deploying.records import LOCAL_CHAINS
from headwater.cli.alive import Health
from headwater.cli.metrics import Metrics
from headwater.cli.serving import Page, serve
from headwater.cli.settings import NodeSettings
from headwater.errors import ChainError, HeadwaterError, JournalError
from headwater.journal.journal import Journal
from headwater.reading.overview import Observer
from headwater.redaction import redact
from headwater.roles.report import Report
from headwater.storage.opening import open_store, split

STORES_SECONDS = 60.0
"""How often stores are asked whether they are in order."""

LOOKS = 30
"""Account and tasks are read for figures once in so many looks: for people, that is often enough."""


class Monitor:
    """The figures and the health of a node. Threads may share it."""

    def __init__(self, settings: NodeSettings, contracts: Contracts, account: str, journal: Journal) -> None:
        chain = contracts.chain
        self.metrics = Metrics(version("headwater"), account, chain.chain_id)
        self.health = Health(settings.poll_seconds, is_local=chain.chain_id in LOCAL_CHAINS)
        self._observer = Observer(contracts, account)
        self._every, self._observed = LOOKS * settings.poll_seconds, -float("inf")
        self._tasks: set[int] = set()
        self._stores = [part for part in split(settings.store_spec) if not part.startswith("pin:")]

        def pending(figure: Callable[[list[float]], float]) -> float:
            """A figure of the times at which those on their way were signed."""
            try:
                return figure([intent.prepared_at for intent in journal.intents.in_flight(chain.name, account)])
            except JournalError:
                return nan

        ask, health = self.metrics.ask, self.health
        ask("healthy", "What /healthz says: 1 or 0", lambda: not health.reasons())
        ask("step_seconds", "How long the proof in hand has taken", lambda: health.step.seconds if health.step else 0)
        ask("disk_free_bytes", "Free space where the home is", lambda: shutil.disk_usage(settings.home).free)
        ask("intents_pending", "Transactions on their way", lambda: pending(len))
        ask(
            "intent_prepared_timestamp_seconds",
            "When the oldest on its way was signed; 0 if none is",
            lambda: pending(lambda signed: min(signed, default=0.0)),
        )
        ask("endpoints", "Ethereum nodes that are named", lambda: len(chain.endpoints))
        ask("endpoints_resting", "Of these, how many are left alone for now", lambda: sum(chain.endpoints.values()))

    def report(self, role: str, task: int, report: Report) -> Report:
        """A report that counts, notes and passes on. task: 0 where it is of none. Figures are of those told of."""
        noting = self.metrics.report(role, task, self.health.report(role, task, report))

        def telling(stage: str, **details: Any) -> None:
            if task and stage not in ("found", "passed over"):
                self._tasks.add(task)
            noting(stage, **details)

        return telling

    def asked(self, block: Block) -> None:
        """The chain was seen, with this newest block."""
        self.metrics.asked(block)
        self.health.asked(block)

    def looked(self) -> None:
        """The node has taken note of a new block. Account and tasks are read once in a while, if they can be."""
        if time.monotonic() - self._observed < self._every:
            return
        self._observed = time.monotonic()
        with suppress(ChainError):
            self.metrics.saw(self._observer.look(sorted(self._tasks)))

    def look_at_stores(self) -> None:
        """Ask each store whether it is in order. The node needs one that keeps content, or any where none does."""
        found: list[tuple[bool, str]] = []  # whether it only reads, and what is wrong with it
        for spec in self._stores:
            reads, problem = False, ""
            try:
                store = open_store(spec)
                reads = store.read_only
                store.check()
            except HeadwaterError as error:
                problem = str(error)
            self.metrics.store(redact(spec), not problem)
            found.append((reads, problem))
        needed = [problem for reads, problem in found if not reads] or [problem for _, problem in found]
        self.health.store("; ".join(needed) if all(needed) else "")

    def _healthz(self) -> Page:
        state = self.health.state()
        return 200 if state["status"] == "healthy" else 503, "application/json", json.dumps(state).encode()

    @contextmanager
    def serve(self, host: str, port: int) -> Iterator[str]:
        """Serves /metrics and /healthz (status 200, or 503), and watches the stores; the URL.

        Raises:
            ConfigError: the port is taken, or not allowed.
        """
        pages = {"/metrics": lambda: (200, CONTENT_TYPE_LATEST, self.metrics.page()), "/healthz": self._healthz}
        ended = threading.Event()

        def watch() -> None:
            while not ended.is_set():
                self.look_at_stores()
                ended.wait(STORES_SECONDS)

        with serve(host, port, pages) as url:
            threading.Thread(target=watch, name="stores", daemon=True).start()  # a store that hangs keeps no process
            try:
                yield url
            finally:
                ended.set()
