"""The Solidity compiler: the same pinned executable that forge and brownie use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from headwater.errors import CompilerError, ConfigError
from headwater.processes import environment_for_child
from headwater.tools import ROOT

SOLC_VERSION = "0.8.37"
TIMEOUT_SECONDS = 600
_INSTALL = f"run `make install`, or set HEADWATER_SOLC to a solc {SOLC_VERSION}"


def compile_standard(sources: dict[str, str], settings: dict[str, Any]) -> dict[str, Any]:
    """Compile with solc's standard JSON and return its output, warnings included.

    sources: source text by path; every import must be among them. settings: the `settings` object of standard
    JSON (optimizer, evmVersion, outputSelection, ...), passed on as it is.
    Raises CompilerError where it reports an error, ConfigError where it is missing or another version.
    """
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": settings,
    }
    output = json.loads(_run(find_solc(), "--standard-json", stdin=json.dumps(request)))
    errors = [entry["formattedMessage"] for entry in output.get("errors", ()) if entry["severity"] == "error"]
    if errors:
        raise CompilerError(
            f"solc refused {', '.join(sources)}:\n" + "\n".join(errors), hint="mend the source named above"
        )
    if not isinstance(output, dict):
        raise ConfigError("solc answered with something other than a JSON object", hint=_INSTALL)
    return output


@cache
def find_solc() -> Path:
    """The pinned solc: $HEADWATER_SOLC, else build/solc, else PATH; its version is checked once a process.

    Raises ConfigError where there is none, or the one found is another version.
    """
    named = os.environ.get("HEADWATER_SOLC")
    installed = ROOT / "build" / "solc" / f"solc-v{SOLC_VERSION}"
    found = named or (str(installed) if installed.exists() else shutil.which("solc"))
    if not found:
        raise ConfigError(f"solc {SOLC_VERSION} is not installed", hint=_INSTALL)
    answer = _run(Path(found), "--version")
    if f"Version: {SOLC_VERSION}+" not in answer:
        version = answer.strip().splitlines()[-1] if answer.strip() else "nothing"
        raise ConfigError(f"{found} is not solc {SOLC_VERSION}: it says {version!r}", hint=_INSTALL)
    return Path(found)


def _run(solc: Path, option: str, stdin: str = "") -> str:
    """Standard output of `solc option`.

    Raises ConfigError where it cannot run or fails, CompilerError where it takes too long.
    """
    try:
        done = subprocess.run(
            [solc, option],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            env=environment_for_child(),
        )
    except OSError as error:
        raise ConfigError(f"{solc} cannot be run: {error.strerror}", hint=_INSTALL) from error
    except subprocess.TimeoutExpired as error:
        raise CompilerError(f"{solc} took more than {TIMEOUT_SECONDS} s", hint="compile fewer sources") from error
    if done.returncode:
        raise ConfigError(f"{solc} failed with exit code {done.returncode}: {done.stderr.strip()}", hint=_INSTALL)
    return done.stdout
