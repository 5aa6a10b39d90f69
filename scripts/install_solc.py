#!/usr/bin/env python3
"""Put the one pinned Solidity compiler at build/solc/solc-v0.8.37.

Native solc is taken from PATH if it has that version, else downloaded (py-solc-x checks its hash), else npm's
WebAssembly build stands in: the same compiler, the same bytecode, slower. Forge, brownie and headwater all call
the same file. HEADWATER_SOLC_DOWNLOAD=0 skips the download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOLC_DIR = ROOT / "build" / "solc"
VERSION = "0.8.37"
TARGET = SOLC_DIR / f"solc-v{VERSION}"
DOWNLOAD_SECONDS = 60

# relative to itself, so that the repository can be moved; build/bin/node is linked by install_node.py
NPM_WRAPPER = """#!/bin/sh
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
exec "$root/build/bin/node" "$root/scripts/solc-npm.cjs" "$@"
"""


def main() -> None:
    """The first of the three sources whose executable answers with the pinned version."""
    SOLC_DIR.mkdir(parents=True, exist_ok=True)
    for name, install in (("native, from PATH", from_path), ("native, downloaded", download), ("npm's", from_npm)):
        if install() and answers(TARGET):
            print(f"solc {VERSION}: {name}")
            return
    sys.exit(f"install: no solc {VERSION}: not on PATH, no download, npm's does not start; try `make clean install`")


def from_path() -> bool:
    """Link native solc of the pinned version, if PATH has it."""
    found = shutil.which("solc")
    if found is None or not answers(Path(found)):
        return False
    TARGET.unlink(missing_ok=True)
    TARGET.symlink_to(Path(found).resolve())
    return True


def download() -> bool:
    """Let py-solc-x fetch native solc within DOWNLOAD_SECONDS; False where there is no network."""
    if os.environ.get("HEADWATER_SOLC_DOWNLOAD") == "0":
        return False
    if TARGET.is_symlink() or answers(TARGET):
        TARGET.unlink()  # py-solc-x keeps what is there, and what is there may be npm's
    code = f"import solcx; solcx.install_solc('{VERSION}', solcx_binary_path=r'{SOLC_DIR}')"
    try:
        done = subprocess.run([sys.executable, "-c", code], timeout=DOWNLOAD_SECONDS, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def from_npm() -> bool:
    """Write the wrapper around npm's solc."""
    TARGET.unlink(missing_ok=True)
    TARGET.write_text(NPM_WRAPPER)
    TARGET.chmod(0o755)
    return True


def answers(solc: Path) -> bool:
    """Whether `solc --version` says the pinned version."""
    try:
        done = subprocess.run([solc, "--version"], timeout=60, capture_output=True, text=True, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return f"Version: {VERSION}+" in done.stdout


if __name__ == "__main__":
    main()
