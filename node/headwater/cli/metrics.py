"""What a node does, for Prometheus.

Names and units follow https://prometheus.io/docs/practices/naming; deployments/node/grafana.json shows them, and
deployments/node/alerts.yml tells of what wants a person. Nothing in them is secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from headwater.chain.asking.rpc import Block
from headwater.protocol.phases import Phase
from headwater.reading.overview import Overview, TaskOverview
from headwater.roles.report import Report

PROVING_SECONDS = (1, 3, 10, 30, 100, 300, 1000, 3000)
_ROLE = ("role", "task")


class Metrics:
    """The figures of one process."""

    def __init__(self, version: str, account: str, chain_id: int) -> None:
        self._registry = of = CollectorRegistry()
        ProcessCollector(registry=of)
        facts = {"version": version, "account": account, "chain_id": str(chain_id)}
        Info("headwater", "What runs, for whom and where", registry=of).info(facts)
        self._steps = Counter("headwater_steps", "Steps, by their names in the logs", (*_ROLE, "stage"), registry=of)
        self._gas = Counter("headwater_gas", "Gas used", (*_ROLE, "stage"), registry=of)
        self._proving = Histogram(
            *("headwater_proving_seconds", "Time that proofs took", (*_ROLE, "statement")),
            buckets=PROVING_SECONDS,
            registry=of,
        )
        self._row = Gauge("headwater_failures_in_a_row", "Failed steps since one was completed", _ROLE, registry=of)
        self._failures = Counter(
            "headwater_failures", "Failed steps, by the error's kind", (*_ROLE, "kind"), registry=of
        )
        self._store_failures = Counter("headwater_store_failures", "Stores not in order", ("store",), registry=of)
        self._store_up = Gauge("headwater_store_up", "Whether a store is in order: 1 or 0", ("store",), registry=of)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"headwater_{name}", text, labels, registry=of)

        self._block = gauge("chain_block", "The newest block seen")
        self._block_time = gauge("chain_block_timestamp_seconds", "The time of the newest block seen")
        self._looked = gauge("last_look_timestamp_seconds", "When the chain was last seen")
        self._account = {
            "balance": gauge("balance_wei", "The account's coin"),
            "free": gauge("stake_free_wei", "The account's stake that is not locked"),
            "locked": gauge("stake_locked_wei", "The account's stake that is locked"),
            "claimable": gauge("claimable_wei", "What the account can claim"),
        }
        self._task = {
            "round": gauge("task_round", "The running round", "task"),
            "rounds": gauge("task_rounds", "How many rounds the task has", "task"),
            "deadline": gauge("task_deadline_timestamp_seconds", "When the phase ends; 0 if it has no end", "task"),
            "joined": gauge("task_joined", "Trainers that have a seat in the round", "task"),
            "submitted": gauge("task_submitted", "Trainers that have submitted in the round", "task"),
            "masked": gauge("task_masked", "Trainers that have masked in the running attempt", "task"),
            "pool": gauge("task_pool_left_wei", "What is left to reward later rounds with", "task"),
            "owed": gauge("task_owed_wei", "Rewards that the account has not collected", "task"),
            "slash": gauge("task_slash_wei", "What the account loses for its last round", "task"),
            "challenged": gauge("task_challenged", "Whether the account has to answer a challenge: 1 or 0", "task"),
        }
        self._phase = gauge("task_phase", "The running phase: 1 for it, 0 for others", "task", "phase")
        self._gauge = gauge

    def report(self, role: str, task: int, report: Report) -> Report:
        """A report that counts each step, and passes it on. task: 0 where it is of none."""
        labels = (role, str(task or ""))

        def counting(stage: str, **details: Any) -> None:
            self._steps.labels(*labels, stage).inc()
            if stage == "failed":
                self._row.labels(*labels).set(details["attempt"])
                self._failures.labels(*labels, details["kind"]).inc()
            elif stage in ("recovered", "given up"):
                self._row.labels(*labels).set(0)
            if "gas" in details:
                self._gas.labels(*labels, stage).inc(details["gas"])
            if stage == "proved":
                self._proving.labels(*labels, details["statement"]).observe(details["seconds"])
            report(stage, **details)

        return counting

    def ask(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A figure `headwater_NAME` that is asked for whenever somebody looks."""
        self._gauge(name, text).set_function(value)

    def asked(self, block: Block) -> None:
        """The chain was seen, with this newest block."""
        self._block.set(block.number)
        self._block_time.set(block.timestamp)
        self._looked.set_to_current_time()

    def store(self, name: str, is_up: bool) -> None:
        """A store was asked whether it is in order."""
        self._store_up.labels(name).set(is_up)
        self._store_failures.labels(name).inc(not is_up)

    def saw(self, overview: Overview) -> None:
        """The account and its tasks in a block."""
        if (account := overview.account) is not None:
            amounts = (account.balance, account.stake.free, account.stake.locked, account.claimable)
            for name, wei in zip(("balance", "free", "locked", "claimable"), amounts, strict=True):
                self._account[name].set(wei)
        for task in overview.tasks:
            self._saw_task(task)

    def _saw_task(self, task: TaskOverview) -> None:
        state, part, name = task.state, task.part, str(task.id)
        figures: dict[str, float] = {
            "round": state.round,
            "rounds": task.config.rounds,
            "deadline": state.deadline,
            "joined": state.joined,
            "submitted": state.submitted,
            "masked": task.round.masked,
            "pool": task.pool.amount - task.pool.spent,
        }
        if part is not None:
            figures |= {"owed": sum(part.owed.values()), "slash": part.slash, "challenged": part.challenge > 0}
        for figure, value in figures.items():
            self._task[figure].labels(name).set(value)
        for phase in Phase:
            self._phase.labels(name, str(phase)).set(phase is state.phase)

    def page(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self._registry)
