"""Run every suite, one after another, and close with one line that counts them all.

pytest    unit, integration, attacks, differential: all of tests/ but what has a target of its own: e2e, faults, js,
          viewer and deploy
forge     tests/contracts and tests/invariants, written in Solidity
brownie   tests/brownie, contracts from Python as a script would use them

A suite that fails does not keep the next from running; the exit code is 1 if any did.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTCOMES = ("passed", "failed", "skipped")
MARKED = "not e2e and not faults and not js and not deploy"
SUITES = {
    # three files at a time, since most wait for a chain; in their order, which begins with the long ones
    "pytest": [sys.executable, "-m", "pytest", "-m", MARKED, "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"],
    "forge": ["build/bin/forge", "test"],
    "brownie": ["scripts/brownie", "test"],
}
# how pytest (`=== 3 failed, 9 passed in 1.2s ===`) and forge (`Ran 2 test suites in 1s: 9 tests passed, ...`) close
CLOSING = re.compile(
    r"^=+ .*\b(passed|failed|errors?|no tests ran)\b.* in [\d.]+s|^Ran \d+ test suites?\b.* tests? passed"
)
COUNT = re.compile(r"(\d+) (?:tests? )?(passed|failed|error|errors|skipped|xfailed|deselected)\b")


@dataclass(frozen=True)
class Result:
    """What one suite came to."""

    counts: dict[str, int]
    exit_code: int
    seconds: float


def main() -> None:
    """Run the suites named on the command line, or all."""
    names = sys.argv[1:] or list(SUITES)
    if unknown := set(names) - set(SUITES):
        sys.exit(f"run_tests: no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    results = {name: run(name) for name in names}
    print("\n" + "=" * 100)
    for name, result in results.items():
        verdict = "ok" if result.exit_code == 0 else f"exit code {result.exit_code}"
        print(f"{name:8} {describe(result.counts):40} {result.seconds:7.1f} s  {verdict}")
    total = {outcome: sum(result.counts[outcome] for result in results.values()) for outcome in OUTCOMES}
    closing = f"total: {describe(total)}"
    print(f"\n{closing}", flush=True)
    (ROOT / "build" / "tests-total.txt").write_text(closing + "\n")
    sys.exit(any(result.exit_code for result in results.values()))


def run(name: str) -> Result:
    """Run one suite, passing its output on as it comes."""
    print(f"\n{'=' * 100}\n{name}: {' '.join(SUITES[name])}\n", flush=True)
    start = time.monotonic()
    closing = ""
    with subprocess.Popen(
        SUITES[name], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            plain = re.sub(r"\x1b\[[\d;]*m", "", line)
            closing = plain if CLOSING.search(plain) else closing
    return Result(count(closing), settle(process.returncode, closing), time.monotonic() - start)


def count(closing: str) -> dict[str, int]:
    """Passed, failed and skipped tests of a closing line; errors count as failed."""
    found = {outcome: int(number) for number, outcome in COUNT.findall(closing)}
    failed = found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)
    return {"passed": found.get("passed", 0), "failed": failed, "skipped": found.get("skipped", 0)}


def settle(exit_code: int, closing: str) -> int:
    """A suite that ran no test, or ended without saying so, has failed whatever its exit code."""
    return exit_code or int(sum(count(closing).values()) == 0)


def describe(counts: dict[str, int]) -> str:
    """`9 passed, 0 failed`, and what was skipped if anything was."""
    shown = [outcome for outcome in OUTCOMES if outcome != "skipped" or counts[outcome]]
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in shown)


if __name__ == "__main__":
    main()
