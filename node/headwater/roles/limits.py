"""What a task may take of a machine, as its operator allows: computed from its parameters, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.circuits.average import Average
from headwater.circuits.circuit import too_small
from headwater.circuits.cost import LARGE_K, memory_mb, proving_cost
from headwater.circuits.statement import Statement
from headwater.errors import TaskError
from headwater.learners.learner import Learner

MOST_OF_MEMORY = 0.75
"""Of the machine's memory, what a proof may take by default."""

BUILD_SECONDS = 900.0
"""After so long, the building of a circuit that a stranger's task asks for is given up."""


def allowed_memory_mb() -> int:
    """What a proof may take here by default, MB."""
    total, _ = memory_mb()
    return int(total * MOST_OF_MEMORY)


@dataclass(frozen=True)
class Limits:
    """What one task may take here.

    Attributes:
        max_k: a circuit has at most 2**max_k rows: its SRS, keys and proofs follow from that.
        memory_mb: a proof's, MB.
    """

    max_k: int = LARGE_K
    memory_mb: int = field(default_factory=allowed_memory_mb)

    def problem(self, learner: Learner, k: int) -> str:
        """Why a task is beyond what is allowed here, with what to do; empty where it is not."""
        if k > self.max_k:
            return self.problem_of_k(k)
        statements: tuple[Statement, ...] = (learner.update_statement, Average(learner.dimension))
        for statement in statements:
            if too_small(statement, k):
                return f"{statement.kind} does not fit k = {k}: no such circuit can be built"
            needed = proving_cost(k, statement.inner_columns).memory_mb
            if needed > self.memory_mb:
                return (
                    f"a proof takes about {needed:,.0f} MB, and this node may use {self.memory_mb:,}: set memory_mb to"
                    " allow more"
                )
        return ""

    def problem_of_k(self, k: int) -> str:
        """What is said of circuits that are too large by their k alone."""
        return f"its circuits have k = {k}, and this node takes {self.max_k} at most: set max_k to allow more"


class BeyondLimits(TaskError):
    """A task that would take more of this machine than its operator allows."""

    def __init__(self, task_id: int, problem: str) -> None:
        super().__init__(f"task {task_id} takes more than this node allows: {problem}", "`headwater doctor` tells both")
