"""How much memory something takes at most, in a process of its own."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.errors import HeadwaterError
from headwater.tools import ROOT

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Taken:
    """What came of it: megabytes on top of those at its start, and the error that it ended with, if any."""

    megabytes: float
    error: str = ""
    message: str = ""


def measure(
    action: Callable[..., object], *arguments: Any, weakened: Callable[[], AbstractContextManager[object]] | None = None
) -> Taken:
    """Do `action`, a function of a module, with arguments that JSON can hold; under `weakened`, another, if given."""
    weak = weakened.__name__ if weakened else ""
    request = json.dumps([action.__module__, action.__name__, weak, arguments])
    command = [sys.executable, "-m", __name__, request]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"it ended with code {done.returncode}: {done.stderr[-2000:]}"
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def _status(name: str) -> float:
    """A figure of this process's memory, megabytes. Not of `getrusage`, which knows also what the parent once took."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def main(request: str) -> None:
    """The child: prints what it took."""
    module, action, weak, arguments = json.loads(request)
    found = importlib.import_module(module)
    with getattr(found, weak)() if weak else nullcontext():
        before, told = _status("VmRSS"), {}
        try:
            getattr(found, action)(*arguments)
        except HeadwaterError as error:
            told = {"error": type(error).__name__, "message": error.message}
        except RecursionError:
            told = {"error": "RecursionError"}
        print(json.dumps({"megabytes": _status("VmHWM") - before, **told}))


if __name__ == "__main__":
    main(sys.argv[1])
