"""Measure proving, gas, sizes and the aggregator's work, and compare with what must be reached.

    python -m scripts.bench [--quick] [--document]

Everything runs here and now, on data from scikit-learn's wheel, with a chain of its own; see docs/benchmarks.md. Writes
build/bench/report.json; what was skipped is not in it. The exit code is 1 where something that must be reached is not.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as Shown

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.sending.sender import Sender
from headwater.cli.main import configure_logging
from headwater.errors import HeadwaterError
from headwater.tools import ROOT
from scripts.artifacts import write_json
from scripts.benchmarks import (
    aggregation,
    baseline,
    categories,
    groups,
    growth,
    learners,
    page,
    rounds,
    scores,
    shapes,
    statements,
)
from scripts.benchmarks.machine import describe_machine, load
from scripts.benchmarks.musts import judge
from scripts.benchmarks.tables import Report, describe_run, tables

FOLDER = ROOT / "build" / "bench"
REPORT = FOLDER / "report.json"
UPDATES = (10, 100, 1000)
BUSY = 0.5
REFERENCE_KEYS = ("prove_seconds", "prove_cpu_seconds", "cpu_seconds", "k", "rows", "peak_memory_mb")

console = Console(highlight=False)


@click.command()
@click.option("--quick", is_flag=True, help="Without the baseline, the largest shape and large updates.")
@click.option("--reference", is_flag=True, help="Only the reference step and the baseline, into the last report.")
@click.option(
    "--growth",
    "only_growth",
    is_flag=True,
    help="Only what grows; printed, or --document-ed.",
)
@click.option("--document", is_flag=True, help="Measure nothing: write the last report into docs/benchmarks.md.")
def main(quick: bool, reference: bool, only_growth: bool, document: bool) -> None:
    """Measure, print, write, judge."""
    if only_growth:
        configure_logging(verbose=False)
        with tempfile.TemporaryDirectory() as work:
            found = growth.measure(FOLDER / "home", Path(work) / "growth")
        console.print_json(data=found)
        if document:
            page.rewrite_growth(found)
        return
    if document:
        if not REPORT.exists():
            sys.exit("bench: there is no report yet: run `make bench` first")
        page.rewrite(json.loads(REPORT.read_text()))
        return
    if reference and not REPORT.exists():
        sys.exit("bench: there is no report yet: run `make bench` first")
    try:
        report = measure_again(json.loads(REPORT.read_text())) if reference else measure(quick)
    except HeadwaterError as error:
        sys.exit(f"bench: {error.message}; {error.hint}")
    write_json(REPORT, report)
    show(report)
    if missed := [must["what"] for must in report["musts"] if must["met"] is False]:
        sys.exit(f"bench: not reached: {'; '.join(missed)}")


def measure(quick: bool) -> Report:
    """The whole report."""
    start, machine = time.perf_counter(), describe_machine()
    configure_logging(verbose=False)
    if machine["load_at_start"] > BUSY:
        console.print(f"[yellow]This machine is busy (load {machine['load_at_start']}): times will be too long.[/]")
    os.environ["PYTHONPATH"] = f"{ROOT / 'node'}:{ROOT}"  # the prover's processes import a statement of scripts, too
    home = FOLDER / "home"
    shutil.rmtree(home / "circuits", ignore_errors=True)  # set-up is measured; SRS files may stay
    FOLDER.mkdir(parents=True, exist_ok=True)
    report: Report = {"quick": quick, "machine": machine, "shapes": {}}
    with tempfile.TemporaryDirectory(dir=FOLDER) as work, run_anvil(FOLDER / "anvil.log") as anvil:
        folder, sender = Path(work), Sender(connect(anvil.url), anvil.accounts[-1])
        _measure_shape(report, shapes.REFERENCE, home, folder, sender)
        report["reference"] = {key: report["shapes"][shapes.REFERENCE.name][key] for key in REFERENCE_KEYS}
        if not quick:
            _measure_baseline(report, folder)  # right after what it is compared with: other load would count for both
        for shape in (shapes.IRIS,) if quick else (shapes.IRIS, shapes.HEAD):
            _measure_shape(report, shape, home, folder, sender)
        _measure_rounds(report, home, folder, anvil, large=not quick)
        with console.status("membership in groups"):
            report["membership"] = groups.prove_many()
        with console.status("averages of many weights"):
            report["average"] = statements.averages(home, prove=not quick)
        with console.status("a network, and counts of pairs"):
            report["learners"] = learners.measure(home, prove=not quick)
        if not quick:
            for table in categories.TABLES:
                with console.status(f"{table.name}.csv, trained on a chain"):
                    report["learners"][table.name] = categories.measure(table, FOLDER / "tables", home, folder)
        with console.status("a thousand tasks"):
            report["growth"] = growth.measure(home, folder / "growth")
        report["leak"] = statements.leak(shapes.REFERENCE.spec)
    shutil.rmtree(home / "circuits")  # a gigabyte of keys
    machine["load_at_end"] = load()
    report["seconds"] = time.perf_counter() - start
    report["musts"] = judge(report)
    return report


def measure_again(report: Report) -> Report:
    """A report with the reference step and the baseline measured again, both in one run: where load disturbed them."""
    configure_logging(verbose=False)
    os.environ["PYTHONPATH"] = f"{ROOT / 'node'}:{ROOT}"
    home = FOLDER / "home"
    shutil.rmtree(home / "circuits", ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as work, run_anvil(FOLDER / "anvil.log") as anvil:
        folder, sender = Path(work), Sender(connect(anvil.url), anvil.accounts[-1])
        _measure_shape(report, shapes.REFERENCE, home, folder, sender)
        report["reference"] = {key: report["shapes"][shapes.REFERENCE.name][key] for key in REFERENCE_KEYS}
        _measure_baseline(report, folder)
    shutil.rmtree(home / "circuits")
    report["musts"] = judge(report)
    return report


def _measure_shape(report: Report, shape: shapes.Shape, home: Path, folder: Path, sender: Sender) -> None:
    with console.status(f"{shape.name}: building, proving, verifying"):
        found = report["shapes"][shape.name] = shapes.measure(shape, home, folder, sender)
    console.print(f"{shape.name}: k = {found['k']}, proved in {found['prove_seconds']:.1f} s")


def _measure_rounds(report: Report, home: Path, folder: Path, anvil: Anvil, *, large: bool) -> None:
    with console.status(f"rounds of {rounds.FEWEST} and of {len(rounds.PATIENTS)} trainers"):
        measured = rounds.measure(shapes.REFERENCE.spec, home, folder, anvil)
    console.print(f"rounds: submit {measured.gas['submit']:,} gas, aggregate {measured.gas['finalize']:,}")
    with console.status("scores on record"):
        recorded = scores.measure(shapes.REFERENCE.spec, home, folder, anvil)
    console.print(f"scores: attest {recorded['attest']:,} gas, by two groups {recorded['attest_two_groups']:,}")
    report |= {
        "gas": measured.gas | recorded,
        "calldata_bytes": measured.calldata_bytes,
        "contract_bytes": measured.contract_bytes,
        "verifier_bytes": {
            "train": measured.task.train.verifier.size,
            "average": measured.task.average.verifier.size,
        },
        "aggregator": {},
    }
    for count in UPDATES:
        with console.status(f"averaging {count:,} updates"):
            found = aggregation.measure(measured.task, measured.aggregator, count, folder)
        report["aggregator"][str(count)] = found
    console.print(f"aggregator: {UPDATES[-1]:,} updates fetched, checked and averaged")
    if large:
        with console.status(f"adding up {aggregation.MANY:,} updates of {aggregation.LARGE:,} weights"):
            report["aggregator_large"] = aggregation.measure_large(measured.task, folder)


def _measure_baseline(report: Report, folder: Path) -> None:
    spec = shapes.REFERENCE.spec
    dataset = shapes.REFERENCE.data(spec, folder)
    with console.status("baseline: EZKL's defaults, some minutes"):
        found = baseline.measure(spec, dataset, shapes.first_model(spec, dataset))
    report["baseline"] = found
    ours = report["reference"]
    ours |= {f"baseline_{key}": found[key] for key in ("prove_seconds", "cpu_seconds")}
    ours["speedup"] = found["prove_seconds"] / ours["prove_seconds"]
    ours["cpu_speedup"] = found["cpu_seconds"] / ours["prove_cpu_seconds"]
    console.print(f"baseline: k = {found['k']}, proved in {found['prove_seconds']:.1f} s")


def show(report: Report) -> None:
    """Print the report's tables."""
    for table in tables(report):
        shown = Shown(title=table.title, title_justify="left")
        for at, heading in enumerate(table.headings):
            shown.add_column(heading, justify="right" if at else "left")
        for row in table.rows:
            shown.add_row(*row, style="red" if row[-1] == "NOT MET" else "")
        console.print(shown)
    console.print(describe_run(report))
    console.print(f"Written to {REPORT.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
