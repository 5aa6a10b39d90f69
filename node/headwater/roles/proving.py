"""How long a proof may take: what it usually takes, and the moment from which it is worth nothing."""

from __future__ import annotations

from typing import Any

from headwater.circuits.circuit import Circuit
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.roles.planning import proving_cost
from headwater.roles.report import Report
from headwater.roles.task import Task


def announce_proof(
    task: Task, circuit: Circuit, report: Report, *, most: float | None, measured: float = 0.0, **details: Any
) -> float:
    """Report that a proof begins, and return after how many seconds it is to be given up.

    That is at the deadline of the running phase, after which no contract takes it; after `LONGEST_SECONDS` where the
    phase has none.

    Args:
        most: seconds that a proof may take even where there is more time; None is no such limit.
        measured: seconds that the last such proof took on this machine; 0 if there was none.
    """
    at = task.view(task.contracts.chain.block())
    left = float(at.deadline - at.now)
    limit = min(left if left > 0 else LONGEST_SECONDS, most or LONGEST_SECONDS)
    usual = measured or proving_cost(circuit.srs.k, circuit.statement.inner_columns).seconds
    report("proving", statement=circuit.statement.kind, **details, usual=round(usual, 1), limit=limit)
    return limit
