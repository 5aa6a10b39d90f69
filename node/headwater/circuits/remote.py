"""What a Dask worker does for a node: bytes in, bytes out, and nothing of either in its files, its logs or its store.

The circuit is built here, under this machine's own HEADWATER_HOME, and must be the one that the node has. Private
inputs go through this process's memory to a child's, whose folder is removed with it (`circuits.worker`).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.circuits import worker
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.srs import open_srs, srs_size
from headwater.circuits.statement import resolve
from headwater.errors import CircuitError
from headwater.processes import forbid_dumps

if TYPE_CHECKING:
    from distributed import Worker

WATCH_SECONDS = 0.2
MAY = ("prove", "verify")


def do(request: bytes, data: bytes = b"") -> bytes:
    """Answer a request, as bytes: {"value": ...}, or {"error": text} or {"lacks": "srs"}, and "at", who says so.

    It raises nothing: Dask would write the error, which may quote the inputs, to the worker's log and the scheduler's.
    """
    from distributed import get_worker

    own = get_worker()
    try:
        forbid_dumps()
        with _wanted(own) as stop:
            answer = _answer(json.loads(request), data, stop)
    except CircuitError as error:
        answer = {"error": error.message}
    except Exception as error:  # noqa: BLE001
        answer = {"error": type(error).__name__}
    return json.dumps({**answer, "at": own.address}).encode()


def home() -> Path:
    """Where this machine keeps circuits and SRSs."""
    return Path(os.environ.get("HEADWATER_HOME") or "~/.headwater").expanduser()


def _answer(request: dict[str, Any], data: bytes, stop: threading.Event) -> dict[str, Any]:
    task, named, k = request["task"], request["srs"], int(request["k"])
    path = home() / "srs" / f"{_hex(named['id'])}.srs"
    if task == "keep":
        _keep(path, named["id"], k, data)
        return {"value": True}
    if task not in MAY:
        raise CircuitError("a worker proves and verifies, and nothing else")
    if not path.exists():
        return {"lacks": "srs"}
    limit = float(request["limit"])
    circuit = build(home(), resolve(request["reference"], request["params"]), open_srs(path, k, named["source"]))
    if wrong := _differing(circuit, request["manifest"]):
        raise CircuitError(f"this worker's circuit has another {wrong}: install the node's release of headwater here")
    arguments = {name: request[name] for name in ("inputs", "proofs") if name in request}
    done = worker.run(task, limit, stop, folder=str(circuit.folder), srs=str(circuit.srs.path), **arguments)
    return {"value": done}


def _differing(circuit: Circuit, expected: dict[str, Any]) -> str:
    """What of a circuit is not what the node has; empty where all is."""
    names = (name for name in {**expected, **circuit.manifest} if expected.get(name) != circuit.manifest.get(name))
    return ", ".join(sorted(names))


def _keep(path: Path, expected: str, k: int, data: bytes) -> None:
    if len(data) != srs_size(k) or hashlib.sha256(data).hexdigest() != expected:
        raise CircuitError("these bytes are not the SRS that they should be")
    with worker.using_files(str(path)):
        home().mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            fresh = Path(folder) / "srs"
            fresh.write_bytes(data)
            fresh.rename(path)


def _hex(text: str) -> str:
    """A sha256 as it stands in a file's name."""
    return bytes.fromhex(text).hex()


@contextmanager
def _wanted(own: Worker) -> Iterator[threading.Event]:
    """An event that is set when nobody wants the answer any more: a thread of Dask's cannot be ended from without.

    Raises:
        CircuitError: the worker could write results to its disk.
    """
    if type(own.data) is not dict:
        raise CircuitError("this worker may write results to its disk: start it with --memory-limit 0")
    key, done, stop = own.get_current_task(), threading.Event(), threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            task = own.state.tasks.get(key)
            if task is None or task.state == "cancelled" or own.status.name not in ("running", "paused"):
                stop.set()
                return

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        done.set()
        thread.join()
