"""The demo's figures: a table on the screen, and the same in report.json."""

from __future__ import annotations

import json
from statistics import mean
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from headwater.chain.contracts.reverts import format_wei
from headwater.cli.console import out
from headwater.cli.demo.data import DemoData
from headwater.learners.classes import evaluate
from headwater.learners.linear.figures import centralized
from headwater.learners.linear.floating import Array, federated, float_scores
from headwater.roles.task import Task

if TYPE_CHECKING:
    from headwater.cli.demo.record import Record
    from headwater.cli.demo.run import Settings


def write_report(settings: Settings, data: DemoData, task: Task, record: Record, seconds: float) -> None:
    """Print the figures and write them to report.json in the output folder."""
    report = _figures(data, task, record, seconds)
    path = settings.out / "report.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    _print(report)
    out.print(f"\nThe same figures: {path}. Each node's settings and log: {settings.out / 'nodes'}", soft_wrap=True)


def _figures(data: DemoData, task: Task, record: Record, seconds: float) -> dict[str, Any]:
    floats = _in_floats(data, record)
    return {
        "data": data.name,
        "trainers": [len(share) for share in data.shares],
        "held_out": len(data.held_out),
        "rounds": len(record.accuracy),
        "masked": True,
        "dropouts": record.dropouts,
        "slashed": record.slashed,
        "accuracy": {
            "onchain": record.accuracy[max(record.accuracy)],
            "float": evaluate(data.learner.columns, float_scores(floats, data.held_out), data.held_out).accuracy,
            "centralized": centralized(data.shares, data.learner.columns, data.held_out),
            "by_round": list(record.accuracy.values()),
        },
        "gas": {
            name: {"calls": len(each), "largest": max(each), "total": sum(each)} for name, each in record.gas.items()
        },
        "seconds": {
            "total": round(seconds, 1),
            **{
                f"prove_{statement}": {
                    "proofs": len(proofs),
                    "mean": round(mean(proof.seconds for proof in proofs), 2),
                    "longest": round(max(proof.seconds for proof in proofs), 2),
                }
                for statement, proofs in record.proofs.items()
            },
        },
        "bytes": {"calldata": record.calldata, "ipfs": record.stored},
        "peak_memory_mb": max(proof.memory_mb for each in record.proofs.values() for proof in each),
        "circuit": {"k": task.config.k, "rows": task.train.manifest["rows"], "weights": task.learner.dimension},
        "audit": {"checks": len(record.checks), "broken": sum(check.ok is False for check in record.checks)},
        "attacks": [{"name": a.name, "rejected": a.rejected, "error": a.error} for a in record.attacks],
    }


def _in_floats(data: DemoData, record: Record) -> Array:
    """The model of the same training in floats, on those whose updates counted in each round."""
    model: Array | None = None
    for counted in record.counted:
        if counted:
            (model,) = federated(data.learner.spec, [data.shares[number] for number in counted], 1, model)
    if model is None:
        raise ValueError("no round was finalized")
    return model


def _print(report: dict[str, Any]) -> None:
    """The report as tables."""
    accuracy, seconds = report["accuracy"], report["seconds"]
    out.print()
    table = Table(title=f"{report['data']}: accuracy on {report['held_out']} held-out rows", title_justify="left")
    table.add_column("model")
    table.add_column("right", justify="right")
    table.add_row(f"on chain, after {report['rounds']} proved rounds", f"{accuracy['onchain']:.1%}")
    table.add_row("the same training in floats, unproved", f"{accuracy['float']:.1%}")
    table.add_row("scikit-learn on everybody's rows in one place", f"{accuracy['centralized']:.1%}")
    out.print(table)
    table = Table(title="gas", title_justify="left")
    for heading in ("call", "times", "largest", "total"):
        table.add_column(heading, justify="left" if heading == "call" else "right")
    for name, entry in report["gas"].items():
        table.add_row(name, str(entry["calls"]), f"{entry['largest']:,}", f"{entry['total']:,}")
    out.print(table)
    table = Table(title="time, memory, bytes", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for statement in ("train", "average"):
        entry = seconds[f"prove_{statement}"]
        table.add_row(
            f"a proof of {statement}, mean of {entry['proofs']}, nodes at the same time", f"{entry['mean']:.1f} s"
        )
    table.add_row("everything", f"{seconds['total']:.0f} s")
    table.add_row("memory of a prover, at most", f"{report['peak_memory_mb']:,} MB")
    table.add_row("calldata on chain", f"{report['bytes']['calldata']:,} bytes")
    table.add_row("documents in the store", f"{report['bytes']['ipfs']:,} bytes")
    out.print(table)
    if report["slashed"]:
        table = Table("trainer", "round", "for", "loses", title="slashed", title_justify="left")
        for entry in report["slashed"]:
            why = "a fault" if entry["fault"] else "a missed duty"
            table.add_row(entry["trainer"], str(entry["round"]), why, format_wei(entry["wei"]))
        out.print(table)
    table = Table(title="attacks", title_justify="left")
    for heading in ("what was tried", "the contract", "error"):
        table.add_column(heading)
    for attack in report["attacks"]:
        verdict = Text("refused", style="green") if attack["rejected"] else Text("ACCEPTED", style="bold red")
        table.add_row(attack["name"], verdict, attack["error"])
    out.print(table)
    audit = report["audit"]
    out.print(f"audit from chain and store alone: {audit['checks']} checks, {audit['broken']} broken")
