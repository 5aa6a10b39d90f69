"""A report as tables: rows of text, for a terminal or for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Report = dict[str, Any]
MISSING = "-"


class Table(NamedTuple):
    """A title, headings and rows; the first column names, the others hold figures."""

    title: str
    headings: list[str]
    rows: list[list[str]]


def tables(report: Report) -> Iterator[Table]:
    """The tables of a report, without what it does not have."""
    yield _proving(report)
    if "gas" in report:
        yield _gas(report)
        yield _rounds(report)
    if "aggregator" in report:
        yield _aggregator(report)
    if "aggregator_large" in report:
        yield _aggregator_large(report)
    if "average" in report:
        yield _statements(report)
    if "learners" in report:
        yield from _learners(report["learners"])
    if "growth" in report:
        yield growth_table(report["growth"])
    if "musts" in report:
        yield _musts(report)


def describe_run(report: Report) -> str:
    """One sentence: when, on what, how loaded."""
    machine = report["machine"]
    versions = ", ".join(f"{name} {text}" for name, text in machine["versions"].items())
    return (
        f"{machine['date']}, {machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']:.0f} GB;"
        f" load {machine['load_at_start']:.1f} at the start, {machine['load_at_end']:.1f} at the end;"
        f" {report['seconds']:.0f} s in all; {versions}."
    )


def number(value: float) -> str:
    """`12,345`, `1,234`, `9.81`, `0.0037`: three digits or more, and no noise."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3g}"


def seconds(value: float) -> str:
    """`91 s`, `2.5 s`, or `8 ms`."""
    if value < 0.1:
        return f"{1000 * value:.1f} ms"
    return f"{value:.0f} s" if value >= 20 else f"{value:.1f} s"


def megabytes(value: float) -> str:
    """Bytes as MB."""
    return f"{value / 1e6:,.0f} MB"


PROVING: dict[str, tuple[str, Callable[[float], str]]] = {
    "k": ("k", number),
    "rows": ("rows of 2^k", number),
    "setup_seconds": ("set-up", seconds),
    "witness_seconds": ("witness", seconds),
    "prove_seconds": ("prove", seconds),
    "cpu_seconds": ("CPU time", seconds),
    "peak_memory_mb": ("peak memory", lambda value: f"{value:,.0f} MB"),
    "proving_key_bytes": ("proving key", megabytes),
    "proof_bytes": ("proof, bytes", number),
    "verifier_bytes": ("verifier, bytes of code", number),
    "deploy_gas": ("gas to deploy it", number),
    "verify_gas": ("gas to verify a proof", number),
    "deviation": ("deviation of a weight from floats", number),
    "deviation_bound": ("its bound for any proof", number),
}


def _proving(report: Report) -> Table:
    """A column for each shape and for the baseline."""
    columns = dict(report["shapes"])
    headings = ["", *(_shape_heading(name, shape["data"]) for name, shape in columns.items())]
    if "baseline" in report:
        columns["baseline"] = report["baseline"]
        headings.append("baseline: breast cancer with EZKL's defaults, hashed")
    rows = [
        [text, *(shown(column[key]) if key in column else MISSING for column in columns.values())]
        for key, (text, shown) in PROVING.items()
    ]
    return Table("Proving an update", headings, rows)


def _shape_heading(name: str, data: dict[str, int]) -> str:
    size = f"{data['rows']} x {data['features']}" + (f" x {data['outputs']}" if data["outputs"] > 1 else "")
    return f"{name}: {size}, {data['steps']} step{'s' if data['steps'] > 1 else ''}"


def _gas(report: Report) -> Table:
    gas = report["gas"]
    names = {
        "create_task": "createTask",
        "enrol": "enrol",
        "join": "join",
        "join_last": "join, of the one who fills the roster and so closes it",
        "submit": "submit, with a proof of the reference step",
        "mask": "mask, with a commitment to the mask of each peer",
        "finalize": "aggregate, with the proof of the average, and the advance to Finalized",
        "advance": "advance, at its dearest",
        "collect": "collect, one round",
        "claim": "claim",
        "release": "release, of an unbonded stake",
        "per_extra_trainer": "each further trainer, beyond its submission and mask",
        "link": "a further link of a chain, in the same submission",
        "infer": "an inference, checked in place",
        "infer_record": "an inference, recorded",
        "infer_open": "opening a task for inferences, without the verifier",
        "infer_issue": "vouching for a row",
        "submit_on_demand": "claim, of an update whose proof lies in the store",
        "link_on_demand": "claim, of a further link in a transaction of its own",
        "merge": "createTask from a merge of two models, beyond a plain one",
        "warm_start": "createTask from one model, beyond a plain one",
        "open_update_1280": "answerUpdate, 1,280 weights",
        "open_mask_1280": "answerMask, 1,280 weights",
        "admit": "enrol as a member of a group, beyond a plain one",
        "admit_two": "enrol as a member of two groups, beyond a plain one",
        "create_group": "createGroup (Semaphore)",
        "add_members": "addMembers, 100 of them (Semaphore)",
        "module": "moduleFor, a first time",
        "open_model_1280": "answerModel, 1,280 weights of a first model",
        "open_average_1280": "answerModel, 1,280 weights of an average, which finalizes",
    }
    rows = [[text, number(gas[key])] for key, text in names.items() if key in gas]
    rows += [[f"deploying: {name}", number(value)] for name, value in gas["deploy"].items()]
    return Table("Gas of a transaction, the largest of those that were sent", ["", "gas"], rows)


def _rounds(report: Report) -> Table:
    gas = report["gas"]
    rows = [[n, number(gas["mask_by_trainers"][n]), number(value)] for n, value in gas["finalize_by_trainers"].items()]
    return Table("Gas by the number of trainers", ["trainers", "mask", "aggregate and advance"], rows)


def _aggregator(report: Report) -> Table:
    parts = {
        "bytes": ("documents, bytes", number),
        "fetch_seconds": ("fetch", seconds),
        "add_up_seconds": ("decode, sum and check", seconds),
        "average_seconds": ("prove the average", seconds),
    }
    rows = [
        [f"{int(count):,}", *(shown(measured[key]) for key, (_, shown) in parts.items())]
        for count, measured in report["aggregator"].items()
    ]
    return Table("The aggregator's work", ["updates", *(text for text, _ in parts.values())], rows)


def _statements(report: Report) -> Table:
    """What a proof leaves to be told, and averages of many weights."""
    leak, found = report["leak"], report["average"]
    rows = [
        ["digits: bits of statistical distance from those of any other data", number(leak["bits_hidden"])],
        ["saturated rows: bits that a proof tells of how many there are", number(leak["sign_counts"])],
        ["the same of whether one row is", number(leak["sign_counts_one"])],
        ["average: cells a weight", number(found["cells_per_weight"])],
        ["average of 1,280 weights: k", number(found["k_1280"])],
        ["average of 4,000 weights: k", number(found["k_4000"])],
    ]
    if "prove_seconds_4000" in found:
        rows.append(["proving it", seconds(found["prove_seconds_4000"])])
    return Table("What proofs tell, and averages", ["", ""], rows)


def _learners(found: Report) -> Iterator[Table]:
    """Proofs of networks and counts, accuracies of networks, and what the chain's model of other tables does."""
    proofs = {
        "k": ("k", number),
        "cells": ("cells", number),
        "cpu_seconds": ("CPU time of a proof", seconds),
        "peak_memory_mb": ("peak memory", lambda value: f"{value:,.0f} MB"),
        "verifier_bytes": ("verifier, bytes of code", number),
    }
    kinds = {"mlp": "network 31-16-1, 32 rows", "gram": "pairs of 50 items, 40 rows"}
    rows = [
        [text, *(shown(found[kind][key]) if key in found[kind] else MISSING for kind in kinds)]
        for key, (text, shown) in proofs.items()
    ]
    yield Table("Other kinds of models", ["", *kinds.values()], rows)
    names = {"cancer": "breast cancer, 31-16-1", "digits": "digits, even or odd, 62-16-1"}
    whats = ("accuracy", "float", "logistic")
    rows = [[text, *(f"{found['mlp'][f'{what}_{name}']:.1%}" for what in whats)] for name, text in names.items()]
    headings = [
        "held-out accuracy, mean of three splits",
        "network, integers",
        "in floats",
        "logistic regression, pooled",
    ]
    yield Table("Networks", headings, rows)
    rows = [
        [f"{name}.csv", *(f"{found[name][key]:.3f}" for key in ("auc", "auc_splits", "auc_pooled"))]
        for name in ("german", "titanic")
        if name in found
    ]
    if rows:
        headings = [
            "AUC on held-out rows",
            "the chain's model",
            "mean of five splits, simulated",
            "pooled, scikit-learn",
        ]
        yield Table("Tables with categories, as they come", headings, rows)


def _aggregator_large(report: Report) -> Table:
    found = report["aggregator_large"]
    rows = [
        ["documents, bytes", number(found["bytes"])],
        ["CPU time", seconds(found["cpu_seconds"])],
        ["of that, what hashing the documents takes by itself", seconds(found["hash_seconds"])],
        ["peak memory", f"{found['peak_memory_mb']:,.0f} MB"],
    ]
    return Table("1,000 updates of 10,000 weights, without the proof", ["", "aggregator"], rows)


def growth_table(found: Report) -> Table:
    """What a node asks of a chain."""
    start, block = seconds(found["start_cpu_seconds"]), seconds(found["block_cpu_seconds"])
    rows = [
        [f"a node's start beside {number(found['tasks'])} tasks", number(found["start_calls"]), start],
        ["a new block then", number(found["block_calls"]), block],
        ["a new task then", number(found["new_task_calls"]), MISSING],
        ["`headwater status` then", number(found["status_calls"]), MISSING],
        ["all roles in one task: a block in which nothing happens", number(found["calls_an_idle_block"]), MISSING],
        ["the same: an event in the task", number(found["calls_an_event"]), MISSING],
        ["the same: a day of 12 s blocks, with a round of 16 each hour", number(found["day_calls"]), MISSING],
    ]
    return Table("What a node asks of a chain", ["", "calls", "CPU time"], rows)


def _musts(report: Report) -> Table:
    words = {True: "met", False: "NOT MET", None: "not measured"}
    rows = []
    for must in report["musts"]:
        found = MISSING if must["found"] is None else number(must["found"])
        rows.append([must["what"], f"{must['sign']} {number(must['limit'])}", found, words[must["met"]]])
    return Table("What must be reached", ["", "must be", "is", ""], rows)
