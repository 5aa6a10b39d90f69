"""Finds the programs that `make install` put into the repository: anvil, cast, forge, node."""

from __future__ import annotations

import shutil
from pathlib import Path

from headwater.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
"""The repository, where headwater is installed editable from it."""


def find_tool(name: str) -> Path:
    """The executable `name` from build/bin, else node_modules/.bin, else PATH.

    Raises ConfigError where none of them has it.
    """
    for folder in (ROOT / "build" / "bin", ROOT / "node_modules" / ".bin"):
        if found := shutil.which(name, path=str(folder)):
            return Path(found)
    if found := shutil.which(name):
        return Path(found)
    raise ConfigError(f"{name} is not installed", hint=f"run `make install` in {ROOT}, or put {name} on PATH")
