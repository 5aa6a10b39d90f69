"""The programs that `make install` put into the repository, anvil, cast, forge and node, and work that is shared."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def one_at_a_time(result: Path) -> Iterator[None]:
    """Hold the lock of a file or folder that takes long to make: who waited for it looks first whether it is there.

    A process that ends, however it ends, gives it back.
    """
    result.parent.mkdir(parents=True, exist_ok=True)
    with result.with_name(f".{result.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
