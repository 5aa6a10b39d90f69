"""Write locks/: the hash of each Python package that is installed, so that no registry can give another one.

    python -m scripts.lock_packages        # on Linux for x86-64, with CPython 3.11; after a change of constraints.txt

pip tells what it would install, and the hash of each file. Left out are torch, of which registries have several builds
of one version, and headwater itself. Sdists are hashed; what they are built with is not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from headwater.tools import ROOT

FOLDER = ROOT / "locks"
LOCKS = {"node": "prover,merge", "dask": "prover,merge,dask", "tools": "prover,merge,dask,brownie,dev"}
"""Extras of headwater by lock. A later one has what those before it do not have."""

LEFT_OUT = {"torch", "headwater"}
HEAD = "# Linux on x86-64, CPython 3.11. Written by `python -m scripts.lock_packages`."


def resolve(extras: str) -> list[dict[str, Any]]:
    """What pip would install, by its own report."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    command += ["--constraint", "constraints.txt", f".[{extras}]"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return list(json.loads(done.stdout)["install"])


def line(entry: dict[str, Any]) -> str:
    """A package's line in a lock."""
    metadata, found = entry["metadata"], entry["download_info"]["archive_info"]["hashes"]
    return f"{name(entry)}=={metadata['version']} --hash=sha256:{found['sha256']}"


def name(entry: dict[str, Any]) -> str:
    """A package's name as registries compare it."""
    return str(entry["metadata"]["name"]).lower().replace("_", "-").replace(".", "-")


def main() -> None:
    """Write the locks."""
    FOLDER.mkdir(exist_ok=True)
    done = set(LEFT_OUT)
    for lock, extras in LOCKS.items():
        entries = {name(entry): entry for entry in resolve(extras)}
        lines = [line(entries[each]) for each in sorted(entries.keys() - done)]
        (FOLDER / f"{lock}.txt").write_text("\n".join((HEAD, *lines, "")))
        done |= entries.keys()


if __name__ == "__main__":
    main()
