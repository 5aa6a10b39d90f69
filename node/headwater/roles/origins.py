"""Where a task's first model comes from, if it is not zeros: a model warmed up from one, or several merged into one.

A merge is w = floor(sum of a_i w_i / d) of finalized models w_i of this deployment, with signed coefficients a_i: an
average, or task arithmetic such as w_A + w_B - w_0 (Ilharco et al. 2023, "Editing Models with Task Arithmetic"). The
statement `average` proves it of the sum [sum of a_i w_i | 0 | 0..], divided by d. Of one parent with coefficient and
divisor 1 the model is the parent's, under this task's tag, and nothing needs a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater.chain.contracts.opened import Contracts
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit
from headwater.circuits.srs import Srs
from headwater.errors import ConfigError
from headwater.learners.learner import Learner
from headwater.learners.table_spec import MOST_EXACT
from headwater.protocol.curve import Point
from headwater.protocol.structs import Origin, Parent, TaskConfig
from headwater.protocol.vectors import UPDATE_SALTS, average, public_input
from headwater.roles.inheriting import check_alike
from headwater.roles.models import OpenedModel, open_model
from headwater.roles.report import Report
from headwater.roles.task import Task, open_task
from headwater.storage.store import ContentStore


@dataclass(frozen=True)
class Lineage:
    """What a first model is to be made of: floor(sum of coefficient_i w_i / divisor)."""

    parents: tuple[Parent, ...]
    divisor: int = 1

    @property
    def is_warm_start(self) -> bool:
        """Whether it is a model as it was."""
        return self.divisor == 1 and [parent.coefficient for parent in self.parents] == [1]


@dataclass(frozen=True)
class ParentModel:
    """A model to build on, read and checked.

    Attributes:
        commitment: C([w | tag]) with its own task's tag.
        srs: its task's.
        config: its task's.
    """

    weights: tuple[int, ...]
    commitment: Point
    srs: Srs
    config: TaskConfig


@dataclass(frozen=True)
class FirstModel:
    """A first model, and what `createTask` is told of where it comes from."""

    model: OpenedModel
    origin: Origin


def read_parents(
    contracts: Contracts, store: ContentStore, home: Path, learner: Learner, lineage: Lineage
) -> tuple[ParentModel, ...]:
    """The parents' models, whose tasks are checked as if one were to take part in them: their circuits are rebuilt.

    Those that the parents are made of are not: an audit does that.

    Args:
        learner: the new task's.

    Raises:
        ConfigError: they do not go together, or with the new task.
        TaskError, StorageError: a parent's task contradicts itself, its verifiers are not those of its statements, or
            something of it cannot be had.
        ContractError: there is no such task or model.
    """
    if not lineage.parents or not 1 <= lineage.divisor < 1 << 64:
        raise ConfigError(
            "a first model of others takes one parent at least, and a divisor from 1 to 2**64 - 1", "name them"
        )
    found, tasks = [], dict[int, Task]()
    for parent in lineage.parents:
        if parent.task_id not in tasks:
            tasks[parent.task_id] = open_task(contracts, store, home, parent.task_id, check_model=False)
            tasks[parent.task_id].check_circuits()
        task = tasks[parent.task_id]
        check_alike(learner, task.learner, f"the new task and task {parent.task_id}")
        weights = task.weights(contracts.models.get_model(parent.task_id, parent.round))
        commitment = contracts.models.added(parent.task_id, parent.round).commitment
        found.append(ParentModel(tuple(weights), commitment, task.srs, task.config))
    if len({parent.srs.id for parent in found}) > 1:
        raise ConfigError("the parents' tasks have different SRSs: their commitments do not add up", "name others")
    return tuple(found)


def merge_problem(total: Sequence[int], divisor: int) -> str:
    """Why floor(total / divisor) cannot be proved by the statement `average`; empty if it can.

    Weights and remainders are below 2**weight_bits. EZKL computes the witness, twice the sum, in 64-bit floats, which
    are exact to 2**53.

    Args:
        total: D integers, the sums of coefficient_i w_i.
    """
    limit = 1 << Average(len(total)).weight_bits
    largest = max(map(abs, total), default=0)
    if divisor > limit:
        return f"the divisor {divisor} is beyond {limit}"
    if -(-largest // divisor) >= limit:
        return f"a weight of {largest // divisor} units is beyond what a proof reaches, {limit}"
    if 2 * largest >= MOST_EXACT:
        return f"a sum of {(2 * largest).bit_length()} bits is beyond 53"
    return ""


def first_model(
    circuit: Circuit, creator: str, lineage: Lineage, parents: Sequence[ParentModel], report: Report
) -> FirstModel:
    """The model that the parents make, and for a merge the proof.

    Args:
        circuit: of `average`, the new task's.
        creator: whoever sends the transaction: the proof is of no use to others.
        parents: as `read_parents` gives them.

    Raises:
        ConfigError: a weight of the merge, or the divisor, is beyond what the statement proves.
        CircuitError: it cannot be proved here.
    """
    models = tuple(parent.commitment for parent in parents)
    if lineage.is_warm_start:
        model = open_model(circuit, parents[0].weights)
        return FirstModel(model, Origin(parents=lineage.parents, models=models, divisor=1))
    coefficients = [parent.coefficient for parent in lineage.parents]
    columns = zip(*(parent.weights for parent in parents), strict=True)
    total = [sum(a * w for a, w in zip(coefficients, column, strict=True)) for column in columns]
    if problem := merge_problem(total, lineage.divisor):
        raise ConfigError(f"these models cannot be merged so: {problem}", "take smaller coefficients: nothing was sent")
    weights, remainder = average(total, lineage.divisor)
    report("proving", statement="average")
    proof = circuit.prove([[*weights, 0], [*remainder, *[0] * UPDATE_SALTS], public_input(lineage.divisor, creator)])
    report("proved", statement="average", seconds=proof.prove_seconds, memory_mb=round(proof.peak_memory_mb))
    origin = Origin(parents=lineage.parents, models=models, divisor=lineage.divisor, proof=proof.data)
    return FirstModel(open_model(circuit, weights), origin)
