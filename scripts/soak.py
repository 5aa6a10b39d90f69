"""Eight nodes train one model for ten rounds while a random one is killed, stopped or cut off about every five seconds.

    python -m scripts.soak [--rounds N] [--every SECONDS] [--seed N] [--document]

Five trainers, an aggregator, a challenger, and one that is all of these with one key, in the task that it has found.
Closes with what must hold, read from the chain and from the files that nodes wrote (tests/support/invariants.py), and
with figures, kept in build/soak.json. With --document it only writes the last figures into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Shown

from headwater.tools import ROOT
from scripts.benchmarks.machine import describe_machine, load
from scripts.benchmarks.page import PAGE, put, written
from scripts.benchmarks.tables import Table, describe_run
from tests.support.fleet import EIGHT, Havoc, run_fleet
from tests.support.invariants import check_fleet

REPORT = ROOT / "build" / "soak.json"
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
SECONDS_A_ROUND = 600  # more than any round takes, periods included


def main() -> None:
    """Soak, print and keep the figures; or write the last ones into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two faults, on average")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the faults, to have the same again")
    parser.add_argument("--document", action="store_true", help="write the last figures into docs/benchmarks.md")
    wanted = parser.parse_args()
    if wanted.document:
        if not REPORT.exists():
            sys.exit("soak: there are no figures yet: run `make soak` first")
        document(json.loads(REPORT.read_text()))
        return
    with tempfile.TemporaryDirectory(prefix="headwater-soak-") as folder:
        report = soak(Path(folder), wanted.rounds, wanted.every, wanted.seed)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    shown = Shown("figure", "value")
    for name, value in report["figures"].items():
        shown.add_row(name, str(value))
    Console().print(shown)


def soak(folder: Path, rounds: int, every: float, seed: int) -> dict[str, Any]:
    """The report of one soak: the machine, how long it took, and figures by name.

    Raises:
        AssertionError: something that must hold does not, or it takes too long; the message has the nodes' last lines.
    """
    machine, begun = describe_machine(), time.monotonic()
    home = ROOT / "build" / "headwater"
    with run_fleet(folder, home, EIGHT, rounds=rounds, join_period=30, mask_period=60) as fleet:
        havoc = Havoc(fleet, seed, every)
        fleet.run_to_end(rounds * SECONDS_A_ROUND, havoc)
        machine["load_at_end"] = load()
        outcomes = check_fleet(fleet)
        phases = [str(round_.phase) for round_ in fleet.history.rounds.values()]
        figures = {
            "nodes": len(fleet.nodes),
            "trainers among them": len(fleet.trainers),
            "rounds": rounds,
            **{f"rounds {phase}": phases.count(phase) for phase in sorted(set(phases))},
            "nodes killed": havoc.kills,
            "nodes stopped for two seconds": havoc.stops,
            "nodes cut off from the chain for two seconds": havoc.cuts,
            "processes started": sum(len(node.exits) for node in fleet.nodes),
            "processes that ended by an error": sum(node.exits.count(1) for node in fleet.nodes),
            **{f"contributions: {outcome}": count for outcome, count in sorted(outcomes.items())},
        }
    seconds = time.monotonic() - begun
    return {"seed": seed, "every": every, "machine": machine, "seconds": seconds, "figures": figures}


def document(report: dict[str, Any], page: Path = PAGE) -> None:
    """Write a report's figures into a page, between its marks. Ends the program where a mark is missing."""
    rows = [[name, f"{value:,}"] for name, value in report["figures"].items()]
    run = f"`python -m scripts.soak --seed {report['seed']} --every {report['every']:g}`, {describe_run(report)}"
    put(f"{run}\n\n{written(Table('', ['', 'figure'], rows))}", page, BEGIN, END)


if __name__ == "__main__":
    main()
