"""Play every attack, first on a weakened copy and then on the real system, and print what came of it.

The table is made from what the tests recorded in build/attacks.json in this run; nothing in it is written here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "build" / "attacks.json"
WIDTH = 180  # where the output is no terminal
RESULTS = ("works", "stopped")
LONG = re.compile(r"\b(0x[0-9a-fA-F]{4})[0-9a-fA-F]{32,}([0-9a-fA-F]{4})\b|(\d{6})\d{30,}")


def main() -> None:
    """Run the suite; options of pytest's may follow."""
    RECORDS.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, "-m", "pytest", "tests/attacks", *sys.argv[1:]], cwd=ROOT, check=False)
    if RECORDS.exists():
        show(json.loads(RECORDS.read_text()))
    sys.exit(done.returncode)


def show(records: list[dict[str, Any]]) -> None:
    """A section for each attack, in it a row for each way in which it was tried."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    table = Table("attack", "on a copy with one thing weakened, it works", "on the real system, it is stopped")
    for column in table.columns:
        column.ratio = 1
    for name, played in groupby(records, key=lambda record: str(record["name"])):
        table.add_section()
        for number, record in enumerate(played):
            if number == 0:
                goal = f"[bold]{name}[/bold]\nwants {escape(record['wants'])}\ntries {escape(record['tries'])}"
                table.add_row(goal, "", "")
            table.add_row(f"- {escape(record['variant'])}", *("\n".join(map(_short, record[k])) for k in RESULTS))
    console.print(table)
    console.print(f"{len(records)} attacks, each seen to work before it was seen to be stopped")


def _short(text: str) -> str:
    """The text with its addresses, hashes and coordinates cut short."""
    return escape(LONG.sub(lambda found: f"{found[1]}...{found[2]}" if found[1] else f"{found[3]}...", text))


if __name__ == "__main__":
    main()
