"""Measure how soon a restarted node acts, and what it takes while it has nothing to do.

    python -m scripts.bench_node [--seconds N]

A trainer with a node's own pause between looks is killed right after its first transaction and started again: the time
until it sends the next one counts. Then it waits for others, which do not come, and is watched. The chain has a block a
second meanwhile. The exit code is 1 where a limit is exceeded.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import click

from headwater.cli.settings import NodeSettings
from headwater.tools import ROOT
from tests.support.fleet import Node, run_fleet

LIMITS = {"seconds to first action": 3.0, "idle: share of a core": 0.01, "idle: MB": 150.0}
PATIENCE_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")


def until_said(node: Node, text: str, times: int = 1) -> float:
    """Seconds until a node has said something so often."""
    begun = time.monotonic()
    while node.said(text) < times:
        if time.monotonic() - begun > PATIENCE_SECONDS:
            sys.exit(f"bench_node: no {text!r} in {PATIENCE_SECONDS} s:\n{node.log[-1500:]}")
        time.sleep(0.01)
    return time.monotonic() - begun


def processor_seconds(process: Path) -> float:
    """What a process has used of the processor so far."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(seconds: float) -> dict[str, float]:
    """The figures, by the names of `LIMITS`."""
    with (
        tempfile.TemporaryDirectory(prefix="headwater-bench-") as folder,
        run_fleet(Path(folder), ROOT / "build" / "headwater", join_period=3600) as fleet,
    ):
        node = fleet.trainers[0]
        node.environment["HEADWATER_POLL_SECONDS"] = str(NodeSettings().poll_seconds)
        node.start()
        until_said(node, r"\] sent ")
        node.kill()
        sent = node.said(r"\] sent ")
        node.start()
        first = until_said(node, r"\] sent ", sent + 1)

        until_said(node, r"\] joined ")
        process = Path(f"/proc/{node.pid}")
        time.sleep(5)  # it has looked at its own last transaction
        before = processor_seconds(process)
        time.sleep(seconds)
        share = (processor_seconds(process) - before) / seconds
        resident = int((process / "status").read_text().split("VmRSS:")[1].split()[0]) / 1024
    return dict(zip(LIMITS, (round(first, 2), round(share, 4), round(resident)), strict=True))


@click.command()
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(min=1), help="How long to watch.")
def main(seconds: float) -> None:
    """Measure, print as JSON, judge."""
    figures = measure(seconds)
    print(json.dumps(figures))
    if over := [name for name, limit in LIMITS.items() if figures[name] >= limit]:
        sys.exit(f"bench_node: over the limit: {', '.join(over)}")


if __name__ == "__main__":
    main()
