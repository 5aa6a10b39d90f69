"""A Dask worker's preload: it answers what `lie.json` in its folder says, whatever it is asked to prove or verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from headwater.circuits import remote


def dask_setup(_worker: object) -> None:
    """Called by Dask when the worker starts, in its folder."""
    told = Path.cwd() / "lie.json"

    def lie(_task: str, *_: Any, **__: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(told.read_text())
        return found

    remote.worker.run = lie
