"""The contracts that are deployed, as forge compiled them (`make contracts` first)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from headwater.chain.deploying.compile import OTHERS

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "forge" / "out"


def deployable() -> list[str]:
    """Names of the contracts directly under contracts/, one a file, and of those of npm's packages."""
    return sorted([*OTHERS, *(path.stem for path in (ROOT / "contracts").glob("*.sol"))])


def artifact(contract: str) -> dict[str, Any]:
    """Forge's artifact of a contract: abi, bytecode and more. Ends the program where there is none."""
    path = OUT / f"{contract}.sol" / f"{contract}.json"
    if not path.is_file():
        sys.exit(f"{path.relative_to(ROOT)} is missing; run `make contracts`, and name the contract like its file")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def write_json(path: Path, content: Any) -> None:
    """Write generated JSON so that the same content is the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
