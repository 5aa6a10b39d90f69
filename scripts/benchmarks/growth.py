"""What a node asks of a chain as tasks and blocks become many: calls, and CPU time of its own process."""

from __future__ import annotations

from pathlib import Path

from headwater.chain.deploying.anvil import run_anvil
from scripts.benchmarks.tables import Report
from tests.support.growth import MANY, a_day, a_status, a_thousand
from tests.support.roles import World


def measure(home: Path, folder: Path) -> Report:
    """On a chain of its own. home: where circuits are kept."""
    folder.mkdir()
    with run_anvil(folder / "anvil.log") as anvil:
        world = World(anvil, folder, home)
        day = a_day(world.at("enrolled"))
        found = a_thousand(world.at("created"), folder / "node")
        status, _ = a_status(world)
    return {
        "tasks": MANY,
        "start_calls": found.start.count,
        "start_cpu_seconds": found.start.cpu,
        "block_calls": found.block.count,
        "block_cpu_seconds": found.block.cpu,
        "new_task_calls": found.another.count,
        "status_calls": status.count,
        "calls_an_idle_block": day.block,
        "calls_an_event": day.event,
        "day_calls": day.calls,
    }
