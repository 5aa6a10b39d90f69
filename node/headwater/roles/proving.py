"""How long a proof may take: what it usually takes, and the moment from which it is worth nothing."""

from __future__ import annotations

import math
from typing import Any

from headwater.circuits.circuit import Circuit
from headwater.circuits.cost import proving_cost
from headwater.circuits.worker import LONGEST_SECONDS
from headwater.errors import CircuitError
from headwater.roles.report import Report
from headwater.roles.task import Task

PATIENCE = 10
"""How many times as long as usual a proof may take before it is said to hang."""

SLOW_SECONDS = 60.0
"""However fast a proof usually is, it may take this long: machines have other things to do, too."""

FIRST_PATIENCE, FIRST_SECONDS = 10 * PATIENCE, 10 * SLOW_SECONDS
"""The same of a machine's first proof: what is usual there is only estimated, and it may be far slower."""


def allowed(usual: float) -> float:
    """After how many seconds a proof that usually takes `usual` is said to hang."""
    return max(SLOW_SECONDS, PATIENCE * usual)


def announce_proof(
    task: Task,
    name: str,
    circuit: Circuit,
    report: Report,
    *,
    most: float | None,
    measured: float = 0.0,
    **details: Any,
) -> float:
    """Report that a proof begins which counts in the running phase, and return after how many seconds to give it up.

    As `announce` says, but at the latest at the phase's deadline, after which no contract takes it.

    Raises:
        CircuitError: the deadline has passed.
    """
    at = task.view(task.contracts.chain.block())
    left = float(at.deadline - at.now)
    if left <= 0:
        raise CircuitError(f"the deadline of round {at.round}'s phase has passed: no proof of it counts any more")
    return announce(name, circuit, report, most=most, measured=measured, left=left, **details)


def announce(
    name: str,
    circuit: Circuit,
    report: Report,
    *,
    most: float | None,
    measured: float = 0.0,
    left: float = math.inf,
    **details: Any,
) -> float:
    """Report that a proof begins, and return after how many seconds it is to be given up.

    That is when it hangs, so that it can be made again and other tasks have their turn.

    Args:
        name: what it is for, whatever the learner calls its statement.
        most: seconds that a proof may take, instead of what is usual on this machine; None is no such wish.
        measured: seconds that the last such proof took on this machine; 0 if there was none.
        left: seconds after which it is worth nothing.
    """
    estimated = proving_cost(circuit.srs.k, circuit.statement.inner_columns).seconds
    bound = allowed(measured) if measured else max(FIRST_SECONDS, FIRST_PATIENCE * estimated)
    limit = min(left, most or min(bound, LONGEST_SECONDS))
    report("proving", statement=name, **details, usual=round(measured or estimated, 1), limit=limit)
    return limit
