"""Whether a node is alive, and if not, why: what /healthz answers.

A process that runs may still do nothing: its chain is silent, its prover hangs, its disk is full. Each reason has a
name that monitoring can tell apart, and a text for people. Roles report from their threads, the watch of the stores
from another, and a server asks from others: every attribute is replaced whole, under a lock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from headwater.chain.asking.rpc import Block
from headwater.errors import ContentMismatch, JournalUnwritable, ProverTimeout, Unavailable
from headwater.reading.health import STALE
from headwater.roles.proving import allowed
from headwater.roles.report import Report

BUSY = {"building", "proving"}
"""The stages that may take long, and end with another one of the same role."""

BUILDING_SECONDS = 30.0
"""What it usually takes to build a circuit and compile its verifier."""

STALE_SECONDS = 240.0
"""Without a look at the chain for so long, a node is not healthy."""

FAILURES = 5
"""After so many in a row, a role is said to fail; as many as deployments/node/alerts.yml says."""

OTHERS = {Unavailable.__name__, ContentMismatch.__name__}
"""What others can cause, by withholding or spoiling bytes: they are challenged, and a node is healthy meanwhile."""

STORE_SECONDS = 300.0
"""Without a store for so long, a node is not healthy: phases are longer, and stores are restarted."""


@dataclass(frozen=True)
class Failure:
    """The last of a row of failures. `attempt` counts them; 0 where the role has ended."""

    stage: str
    kind: str
    error: str
    attempt: int


@dataclass(frozen=True)
class Step:
    """What takes long and is under way. Times in seconds; `began` is of the monotonic clock, `since` of the world's."""

    role: str
    task: int
    stage: str
    statement: str
    began: float
    since: float
    usual: float
    limit: float | None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.began

    @property
    def allowed(self) -> float:
        """After how long it is said to hang."""
        return allowed(self.usual)


class Health:
    """What is known of one process."""

    def __init__(self, poll_seconds: float, *, is_local: bool) -> None:
        """poll_seconds: between looks at the chain. is_local: on such a chain, blocks may be as old as they like."""
        self._steps: dict[tuple[str, int], Step] = {}  # by role and task
        self._lock = Lock()
        self._stale_seconds = STALE_SECONDS + poll_seconds
        self._is_local = is_local
        self._block: Block | None = None
        self._looked = 0.0  # Unix seconds
        self._heard = 0.0  # the same, monotonic
        self._failing: dict[tuple[str, int], Failure] = {}  # by role and task
        self._store_since: float | None = None
        self._store_problem = ""

    @property
    def step(self) -> Step | None:
        """What takes long and has been under way for the longest."""
        return min(self._steps.values(), key=lambda step: step.began, default=None)

    def asked(self, block: Block) -> None:
        """The chain was seen, with this newest block."""
        self._block, self._looked, self._heard = block, time.time(), time.monotonic()

    def store(self, problem: str) -> None:
        """What is wrong with every store that the node needs; empty where one is in order."""
        self._store_problem = problem
        self._store_since = (self._store_since or time.monotonic()) if problem else None

    def report(self, role: str, task: int, report: Report) -> Report:
        """A report that notes what is under way and what fails, and passes it on. task: 0 where it is of none."""

        def noting(stage: str, **details: Any) -> None:
            if stage in BUSY:
                usual, limit = details.get("usual", BUILDING_SECONDS), details.get("limit")
                began = time.monotonic(), time.time()
                step = Step(role, task, stage, details["statement"], *began, usual, limit)
                with self._lock:
                    self._steps = {**self._steps, (role, task): step}
            else:
                with self._lock:
                    self._note_end(role, task, stage, details)
            report(stage, **details)

        return noting

    def _note_end(self, role: str, task: int, stage: str, details: dict[str, Any]) -> None:
        self._steps = {at: step for at, step in self._steps.items() if at != (role, task)}
        failing = dict(self._failing)
        if stage in ("failed", "given up"):
            failing[role, task] = Failure(stage, details["kind"], details["error"], details.get("attempt", 0))
        elif stage == "recovered":
            failing.pop((role, task), None)
        self._failing = failing

    def reasons(self) -> dict[str, str]:
        """Why the node is not healthy: a text by each reason's name; none where it is."""
        found = {**self._chain_reasons(), **self._step_reasons()}
        for (role, task), last in self._failing.items():
            where = f"{role} of task {task}" if task else role
            if last.kind == JournalUnwritable.__name__:
                found["journal"] = last.error
            elif last.kind == ProverTimeout.__name__:
                found["prover_ended"] = f"{where}: {last.error}"
            elif last.stage == "given up":
                found["given_up"] = f"{where}: {last.error}"
            elif last.attempt >= FAILURES and last.kind not in OTHERS:
                found["failing"] = f"{where}, {last.attempt} times in a row: {last.error}"
        since = self._store_since
        if since is not None and (silent := time.monotonic() - since) > STORE_SECONDS:
            found["store"] = f"no store that keeps content has answered for {silent:.0f} s: {self._store_problem}"
        return found

    def _chain_reasons(self) -> dict[str, str]:
        if self._block is None:
            return {"starting": "it has not seen the chain yet"}
        quiet, age = time.monotonic() - self._heard, time.time() - self._block.timestamp
        if quiet > self._stale_seconds:
            allowed = f"it should look every {self._stale_seconds:.0f} s"
            return {"chain_silent": f"no look at the chain has succeeded for {quiet:.0f} s; {allowed}"}
        if not self._is_local and age > STALE:
            return {
                "chain_stale": f"the newest block is {age:.0f} s old: the node is not in sync, or this clock is fast"
            }
        return {}

    def _step_reasons(self) -> dict[str, str]:
        step = self.step
        if step is None or step.seconds <= step.allowed:
            return {}
        text = f"{step.stage} {step.statement} for task {step.task} has taken {step.seconds:.0f} s"
        return {"prover_hangs": f"{text}; it usually takes {step.usual:.0f} s"}

    def state(self) -> dict[str, Any]:
        """All of it, for JSON."""
        reasons, block, step = self.reasons(), self._block, self.step
        status = "starting" if "starting" in reasons else "unhealthy" if reasons else "healthy"
        return {
            "status": status,
            "reasons": [{"reason": name, "text": text} for name, text in reasons.items()],
            "block": block and {"number": block.number, "time": _iso(block.timestamp)},
            "last_look": _iso(self._looked) if block else None,
            "step": step
            and {
                "role": step.role,
                "task": step.task,
                "stage": step.stage,
                "statement": step.statement,
                "since": _iso(step.since),
                "seconds": round(step.seconds, 1),
                "usual_seconds": step.usual,
                "limit_seconds": step.limit,
            },
        }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
