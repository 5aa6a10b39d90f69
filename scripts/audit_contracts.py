"""Let slither and halmos look at the contracts: python -m scripts.audit_contracts [slither] [halmos].

slither   reads them for known mistakes. Every finding of medium impact or higher must be listed with a reason in
          scripts/audit/known.toml, and everything that is listed there must be found
halmos    proves the functions check_* of tests/symbolic, for all arguments. It must find what is wrong with those of
          Weakened.t.sol, which are false

Both are installed by `make audit-contracts` in build/audit, a Python environment of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "scripts" / "audit"
BIN = ROOT / "build" / "audit" / "bin"
SLITHER = ROOT / "build" / "slither"
HALMOS = ROOT / "build" / "halmos"

SERIOUS = {"High", "Medium"}
WEAKENED = "Weakened.t.sol"
COUNTEREXAMPLE = 1  # halmos's exit codes of a check; 0 is a proof
SECONDS = 300  # for one query


class Finding(NamedTuple):
    """What a detector says of a place, with no line number, so that it outlives a change elsewhere."""

    detector: str
    place: str


class Proof(NamedTuple):
    """What came of one function check_*."""

    file: str
    name: str
    code: int
    loops_cut: int

    @property
    def complaint(self) -> str | None:
        """What is wrong with it, if anything is."""
        if self.loops_cut:
            return "a loop was not followed to its end"
        if self.file == WEAKENED:
            return None if self.code == COUNTEREXAMPLE else "it is false, and halmos has not found out"
        if self.code == COUNTEREXAMPLE:
            return "halmos found a counterexample, see above"
        return None if self.code == 0 else f"halmos could not prove it (exit code {self.code}), see above"


def main() -> None:
    """Run those named on the command line, or both."""
    tools = {"slither": slither, "halmos": halmos}
    names = sys.argv[1:] or list(tools)
    if unknown := set(names) - set(tools):
        sys.exit(f"audit_contracts: nothing is called {', '.join(sorted(unknown))}; there are {', '.join(tools)}")
    complaints: list[str] = []
    for name in names:
        start = time.monotonic()
        found = tools[name]()
        print(f"{name}: {time.monotonic() - start:.0f} s, {'ok' if not found else f'{len(found)} to look at'}\n")
        complaints += found
    if complaints:
        sys.exit("audit_contracts:\n" + "\n".join(f"  {complaint}" for complaint in complaints))


# ---- slither


def slither() -> list[str]:
    """Findings that nobody has judged, and judgements of what is no longer found."""
    out, report = SLITHER / "out", SLITHER / "report.json"
    shutil.rmtree(SLITHER, ignore_errors=True)  # it takes whatever lies there for a part of the project
    folders = ("--out", str(out), "--cache-path", str(SLITHER / "cache"), "--build-info-path", str(out / "build-info"))
    _run("forge", "build", "contracts", "--build-info", "--skip", "tests/**", "--quiet", *folders)
    built = ("--foundry-out-directory", str(out), "--ignore-compile", "--filter-paths", "node_modules")
    wanted = ("--exclude-informational", "--exclude-optimization", "--json", str(report))
    _run("slither", ".", *built, *wanted, expected=None, quiet=True)  # its exit code says that it has found something
    answer = json.loads(report.read_text()) if report.exists() else {"error": "it wrote no report"}
    if not answer.get("success"):
        return [f"slither failed: {answer['error']}"]
    detected = answer["results"].get("detectors", [])
    serious = [entry for entry in detected if entry["impact"] in SERIOUS]
    print(f"{len(detected)} findings, {len(serious)} of them of medium impact or higher")
    return compare(map(finding, serious), known(tomllib.loads((HERE / "known.toml").read_text())))


def finding(entry: dict[str, Any]) -> Finding:
    """A finding of slither's report, whose first element is where it is."""
    names: list[str] = []
    element: dict[str, Any] | None = entry["elements"][0]
    while element and element["type"] in {"contract", "function", "variable"}:
        names.append(element["name"])
        element = element["type_specific_fields"].get("parent") if "type_specific_fields" in element else None
    return Finding(entry["check"], ".".join(reversed(names)))


def known(listed: dict[str, Any]) -> list[Finding]:
    """All that known.toml lists. Each entry is of one detector, with one reason for all its places."""
    reasoned = [entry for entry in listed["known"] if entry["reason"].strip()]
    return [Finding(entry["detector"], place) for entry in reasoned for place in entry["where"]]


def compare(found: Iterable[Finding], listed: Iterable[Finding]) -> list[str]:
    """What is found and not listed, and the other way about. A place may have more than one finding of a detector."""
    new, gone = Counter(found), Counter(listed)
    return [f"not in known.toml: {detector} in {place}" for detector, place in sorted((new - gone).elements())] + [
        f"in known.toml, but not found: {detector} in {place}" for detector, place in sorted((gone - new).elements())
    ]


# ---- halmos


def halmos() -> list[str]:
    """What could not be proved, or was proved though it is false."""
    report = HALMOS / "report.json"
    report.unlink(missing_ok=True)
    HALMOS.mkdir(parents=True, exist_ok=True)
    folder, out = "tests/symbolic", "build/halmos/out"
    # it calls forge itself, and says nothing of folders to it
    settings = {"SRC": folder, "TEST": folder, "OUT": out, "CACHE_PATH": "build/halmos/cache"}
    environment = {f"FOUNDRY_{name}": value for name, value in settings.items()}
    solver = f"{BIN / 'python'} {HERE / 'solve.py'}"
    limits = ("--solver-timeout-assertion", f"{SECONDS}s", "--solver-threads", "1")
    output = ("--forge-build-out", out, "--no-status", "--json-output", str(report))
    _run("halmos", "--solver-command", solver, *limits, *output, expected=None, environment=environment)
    if not report.exists():
        return ["halmos failed, see above"]
    proofs = list(results(json.loads(report.read_text())))
    if not {WEAKENED} < {proof.file for proof in proofs}:
        return [f"halmos has looked at too little: there must be {WEAKENED}, and more"]
    false = [proof for proof in proofs if proof.file == WEAKENED]
    proved, refuted = (sum(proof.code == code for proof in proofs) for code in (0, COUNTEREXAMPLE))
    print(
        f"{proved} of {len(proofs) - len(false)} proved, {refuted} refuted, of which {len(false)} must be ({WEAKENED})"
    )
    return [f"{proof.file}, {proof.name}: {proof.complaint}" for proof in proofs if proof.complaint]


def results(report: dict[str, Any]) -> Iterable[Proof]:
    """What halmos's report says of each function."""
    for place, checks in report["test_results"].items():
        file = Path(place.split(":")[0]).name
        for check in checks:
            yield Proof(file, check["name"], check["exitcode"], check["num_bounded_loops"] or 0)


def _run(
    tool: str,
    *arguments: str,
    expected: int | None = 0,
    quiet: bool = False,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a tool in the root of the repository; any exit code is right where none is expected."""
    path = os.pathsep.join([str(BIN), str(ROOT / "build" / "bin"), os.environ["PATH"]])
    env = os.environ | {"PATH": path} | (environment or {})
    sink = subprocess.DEVNULL if quiet else None
    done = subprocess.run([tool, *arguments], cwd=ROOT, env=env, stdout=sink, stderr=sink, check=False)
    if expected is not None and done.returncode != expected:
        sys.exit(f"audit_contracts: {tool} ended with exit code {done.returncode}")


if __name__ == "__main__":
    main()
