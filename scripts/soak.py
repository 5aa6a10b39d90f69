"""Eight nodes train one model for ten rounds while a random one is killed, stopped or cut off about every five seconds.

    python -m scripts.soak [--rounds N] [--trainers N] [--every SECONDS] [--seed N]

Six trainers, an aggregator and a challenger by default. Closes with what must hold, read from the chain and from the
files that nodes wrote (tests/support/invariants.py), and with figures, kept in build/soak.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.support.fleet import Havoc, run_fleet
from tests.support.invariants import check_fleet

ROOT = Path(__file__).resolve().parent.parent
SECONDS_A_ROUND = 600  # more than any round takes, periods included


def main() -> None:
    """Soak, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--trainers", type=int, default=6)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two faults, on average")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the faults, to have the same again")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headwater-soak-") as folder:
        figures = soak(Path(folder), wanted.rounds, wanted.trainers, wanted.every, wanted.seed)
    (ROOT / "build" / "soak.json").write_text(json.dumps(figures, indent=2) + "\n")
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, str(value))
    Console().print(table)


def soak(folder: Path, rounds: int, trainers: int, every: float, seed: int) -> dict[str, int | float]:
    """The figures of one soak.

    Raises:
        AssertionError: something that must hold does not, or it takes too long; the message has the nodes' last lines.
    """
    home = ROOT / "build" / "headwater"
    with run_fleet(folder, home, trainers, rounds=rounds, join_period=30, mask_period=60) as fleet:
        havoc, begun = Havoc(fleet, seed, every), time.monotonic()
        fleet.run_to_end(rounds * SECONDS_A_ROUND, havoc)
        seconds = time.monotonic() - begun
        outcomes = check_fleet(fleet)
        phases = [str(round_.phase) for round_ in fleet.history.rounds.values()]
        return {
            "seed": seed,
            "nodes": len(fleet.nodes),
            "rounds": rounds,
            **{f"rounds {phase}": phases.count(phase) for phase in sorted(set(phases))},
            "minutes": round(seconds / 60, 1),
            "kills": havoc.kills,
            "stops": havoc.stops,
            "cuts": havoc.cuts,
            "starts": sum(len(node.exits) for node in fleet.nodes),
            "ended by an error": sum(node.exits.count(1) for node in fleet.nodes),
            **{f"contributions: {outcome}": count for outcome, count in sorted(outcomes.items())},
        }


if __name__ == "__main__":
    main()
