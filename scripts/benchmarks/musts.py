"""What must be reached, and whether a report shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from scripts.benchmarks.tables import Report

CODE_LIMIT = 24_576  # EIP-170
OWN_CODE_LIMIT = 20_000  # so that the contracts have room


@dataclass(frozen=True)
class Must:
    """A figure of the report and its limit, written as it is read: `speedup of the reference step >= 15`."""

    what: str
    path: str
    sign: str
    limit: float

    def found(self, report: Report) -> float | None:
        """The report's figure; None where it was not measured."""
        at: Any = report
        for key in self.path.split("."):
            if not isinstance(at, dict) or key not in at:
                return None
            at = at[key]
        return float(at)


COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda found, limit: found >= limit,
    "<=": lambda found, limit: found <= limit,
    "<": lambda found, limit: found < limit,
    "=": lambda found, limit: found == limit,
}
MUSTS = (
    Must("reference step: times faster than the baseline, in CPU time", "reference.cpu_speedup", ">=", 27),
    Must("reference step: k", "reference.k", "=", 14),
    Must("digits of a proof: bits of statistical distance", "leak.bits_hidden", ">=", 80),
    Must("average: cells a weight", "average.cells_per_weight", "<=", 60),
    Must("average of 1,280 weights: k", "average.k_1280", "=", 16),
    Must("average of 4,000 weights: k", "average.k_4000", "=", 17),
    Must("a network 31-16-1 of 32 rows: k", "learners.mlp.k", "=", 16),
    Must("a network: accuracy, apart from that of floats", "learners.mlp.gap_cancer", "<=", 0.01),
    Must("a network on digits: accuracy, apart from that of floats", "learners.mlp.gap_digits", "<=", 0.01),
    Must("a network on digits: accuracy above logistic regression's", "learners.mlp.gain_digits", ">=", 0.04),
    Must("pairs of 50 items, 40 rows: k", "learners.gram.k", "=", 16),
    Must("german credit, as it comes: AUC of the finalized model", "learners.german.auc", ">=", 0.74),
    Must("titanic, as it comes: AUC of the finalized model", "learners.titanic.auc", ">=", 0.79),
    Must("iris: k", "shapes.iris.k", "<=", 15),
    Must("iris: inner columns", "shapes.iris.inner_columns", "=", 2),
    Must("a node's start beside 1,000 tasks: calls", "growth.start_calls", "<=", 60),
    Must("a node's start beside 1,000 tasks: CPU seconds", "growth.start_cpu_seconds", "<=", 10),
    Must("a block beside 1,000 tasks: calls", "growth.block_calls", "<=", 15),
    Must("a block beside 1,000 tasks: CPU seconds", "growth.block_cpu_seconds", "<=", 1.5),
    Must("`headwater status` beside 1,000 tasks: calls", "growth.status_calls", "<=", 20),
    Must("all roles in a task, 12 s blocks: calls a day", "growth.day_calls", "<=", 40_000),
    Must("submit of one proof: gas", "gas.submit", "<=", 710_000),
    Must("finalize: gas, at any number of trainers", "gas.finalize", "<=", 850_000),
    Must("enrol: gas", "gas.enrol", "<=", 220_000),
    Must("an inference, checked in place: gas", "gas.infer", "<=", 700_000),
    Must("admission by one group: gas beyond a plain enrolment", "gas.admit", "<=", 300_000),
    Must("admission by two groups: gas beyond a plain enrolment", "gas.admit_two", "<=", 520_000),
    Must("a proof of membership: seconds", "membership.seconds", "<=", 3),
    Must("a further link of a chain: gas", "gas.link", "<=", 620_000),
    Must("a merge of two models: gas beyond a plain createTask", "gas.merge", "<=", 700_000),
    Must("a warm start: gas beyond a plain createTask", "gas.warm_start", "<=", 300_000),
    Must("opening an update of 1,280 weights: gas", "gas.open_update_1280", "<=", 1_900_000),
    Must("opening a mask of 1,280 weights: gas", "gas.open_mask_1280", "<=", 800_000),
    Must("opening a model of 1,280 weights: gas", "gas.open_model_1280", "<=", 800_000),
    Must("1,000 updates of 10,000 weights, without the proof: CPU seconds", "aggregator_large.cpu_seconds", "<=", 4.6),
    Must("the same: peak memory, MB", "aggregator_large.peak_memory_mb", "<=", 400),
    Must("a score on record, of all rows: gas", "gas.attest", "<=", 750_000),
    Must("a score on record, by two groups: gas", "gas.attest_two_groups", "<=", 750_000),
    Must("each further trainer: gas beyond its submission", "gas.per_extra_trainer", "<", 60_000),
)


@dataclass(frozen=True)
class Verdict:
    """A must, what was found, and whether that meets it; both None where it was not measured."""

    what: str
    sign: str
    limit: float
    found: float | None
    met: bool | None


def judge(report: Report) -> list[dict[str, Any]]:
    """A verdict on each must, in the form that the report keeps."""
    verdicts = []
    for must in (*MUSTS, *_deployable(report), *_exact(report)):
        found = must.found(report)
        met = None if found is None else COMPARE[must.sign](found, must.limit)
        verdicts.append(asdict(Verdict(must.what, must.sign, must.limit, found, met)))
    return verdicts


def _deployable(report: Report) -> Iterator[Must]:
    """Every contract that was deployed has code that may be."""
    for name in report.get("verifier_bytes", {}):
        yield Must(f"{name} verifier: bytes of code", f"verifier_bytes.{name}", "<", CODE_LIMIT)
    for name in report.get("contract_bytes", {}):
        yield Must(f"{name}: bytes of code", f"contract_bytes.{name}", "<", OWN_CODE_LIMIT)
    for name in report.get("shapes", {}):
        yield Must(f"{name}, verifier: bytes of code", f"shapes.{name}.verifier_bytes", "<", CODE_LIMIT)


def _exact(report: Report) -> Iterator[Must]:
    """Every proved update is as near to floats as was promised for its rows."""
    for name, shape in report.get("shapes", {}).items():
        yield Must(
            f"{name}: a weight's deviation from floats", f"shapes.{name}.deviation", "<=", shape["deviation_bound"]
        )
