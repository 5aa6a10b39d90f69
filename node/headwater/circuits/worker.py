"""EZKL's heavy work, in a process of its own: it frees the gigabytes, and a hang or a crash stays contained.

    python -P -m headwater.circuits.worker FOLDER < REQUEST

The request is JSON on stdin. FOLDER/result.json appears by rename when it is whole: {"value": ...,
"peak_memory_mb": ...} or {"error": text, "hint": text}. Private inputs touch the disk only inside FOLDER, which is the
parent's, for its user alone, and removed with it.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from headwater.circuits.ezkl_settings import check_graph, write_settings
from headwater.circuits.statement import Params, Statement, resolve
from headwater.errors import CircuitError, ProverTimeout
from headwater.processes import environment_for_child, forbid_dumps

LONGEST_SECONDS = 3600.0
"""After this long, whatever no deadline ends sooner hangs: the largest circuit of the benchmarks takes minutes."""

EXIT_GRACE_SECONDS = 5.0
POLL_SECONDS = 0.02
LEAST_BYTES = 1 << 20  # with less free, a disk is full: a witness takes more
TERMINATED = 143
PR_SET_PDEATHSIG = 1


def run(
    task: str, limit: float = LONGEST_SECONDS, stop: threading.Event | None = None, **arguments: Any
) -> dict[str, Any]:
    """Do a task of `TASKS` in a child process and return its value, with `peak_memory_mb` (the child's).

    limit: seconds after which the child is ended, whatever state it is in.
    stop: set by another thread, it ends the child, too.

    Raises:
        ProverTimeout: so it was.
        CircuitError: the task failed, the process died (it may have run out of memory), or there is no room for files.
    """
    with (
        using_files(f"the process of {task!r}"),
        tempfile.TemporaryDirectory(prefix="headwater-", ignore_cleanup_errors=True) as folder,
    ):
        result = Path(folder) / "result.json"
        code, text = _run_child(json.dumps({"task": task, **arguments}).encode(), Path(folder), result, limit, stop)
        if code is None:
            raise ProverTimeout(
                f"the process of {task!r} had no result after {limit:.0f} s and was ended",
                "it hangs, or this machine is too slow or too busy for the task: look at its load and free memory",
            )
        if not result.exists():
            raise CircuitError(
                f"the process of {task!r} ended with code {code}: {text[-500:] or 'no output'}", _hint(text, folder)
            )
        answer = json.loads(result.read_text())
    if "error" in answer:
        raise CircuitError(f"{task} failed: {answer['error']}", answer["hint"])
    return dict(answer["value"], peak_memory_mb=answer["peak_memory_mb"])


def _run_child(
    request: bytes, folder: Path, result: Path, limit: float, stop: threading.Event | None
) -> tuple[int | None, str]:
    """Exit code and output of a child that has ended, whatever ends this function; no code where the limit ended it."""
    deadline = time.monotonic() + limit
    is_late = False
    # -P: modules come from where headwater is installed, never from the folder that the user happens to stand in
    command = [sys.executable, "-P", "-m", __name__, str(folder), str(os.getpid())]
    of_dask = (name for name in os.environ if name.startswith("DASK_"))  # where TLS keys are, and such
    environment = environment_for_child("HEADWATER_SOLC", *of_dask, TMPDIR=str(folder))
    with (folder / "log").open("w+") as log:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment)
        try:
            _hand_over(child, request)
            while child.poll() is None and not result.exists() and not is_late:
                time.sleep(POLL_SECONDS)
                is_late = time.monotonic() > deadline or (stop is not None and stop.is_set())
            if result.exists():
                with suppress(subprocess.TimeoutExpired):
                    child.wait(EXIT_GRACE_SECONDS)
        finally:
            _end(child)
        log.seek(0)
        return None if is_late and not result.exists() else child.returncode, log.read().strip()


def _hand_over(child: subprocess.Popen[bytes], request: bytes) -> None:
    """Write the request; a child that died before it read all of it is noticed by its exit code."""
    assert child.stdin is not None  # noqa: S101
    with suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(request)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child if it has not ended: politely at first, so that it ends its own fork."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(EXIT_GRACE_SECONDS)
    child.kill()  # does nothing to one that has ended
    child.wait()


@contextmanager
def using_files(what: str) -> Iterator[None]:
    """A context that turns errors of the file system into CircuitError; `what` names who fails."""
    try:
        yield
    except OSError as error:
        raise CircuitError(f"{what} failed: {error}", _MEMORY if error.errno == errno.ENOMEM else _DISK) from error


def _hint(output: str, folder: str) -> str:
    """What to do about a child that died with some output; `folder` is where it wrote."""
    if "ImportError" in output or "ModuleNotFoundError" in output:
        return _INSTALL
    if os.strerror(errno.ENOSPC) in output or (not output and is_full(Path(folder))):
        return _DISK  # a full disk takes no output, either
    return _MEMORY


def is_full(folder: Path) -> bool:
    """Whether the file system of a folder has no room left for another file."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < LEAST_BYTES or (found.f_files > 0 and found.f_favail == 0)


def sizes(*statements: Statement) -> list[tuple[int, int]]:
    """Rows, and the least k, of each statement.

    Raises:
        CircuitError: EZKL cannot lay one out.
    """
    named = [(statement.reference, statement.params) for statement in statements]
    return [(int(entry["rows"]), int(entry["k"])) for entry in run("measure", statements=named)["measured"]]


def export(statement: Statement, path: Path) -> None:
    """Write the ONNX file of a statement."""
    import torch

    arguments = tuple(torch.ones(tensor.shape) for tensor in statement.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the tracing exporter is deprecated; the new one writes graphs EZKL cannot read
        torch.onnx.export(
            statement.module(),
            arguments,
            str(path),
            input_names=[tensor.name for tensor in statement.inputs],
            output_names=[statement.output.name],
            dynamo=False,
            opset_version=17,
        )
    check_graph(path, statement)


def measure(statements: list[tuple[str, Params]]) -> dict[str, Any]:
    """Rows, and the least k, of statements named by reference and parameters, without keys."""
    found = []
    for reference, params in statements:
        with tempfile.TemporaryDirectory() as folder:
            onnx, settings = Path(folder) / "circuit.onnx", Path(folder) / "settings.json"
            statement = resolve(reference, params)
            export(statement, onnx)
            rows = write_settings(onnx, settings, statement, 0)
            found.append({"rows": rows, "k": json.loads(settings.read_text())["run_args"]["logrows"]})
    return {"measured": found}


def build(reference: str, params: Params, k: int, srs: str, folder: str) -> dict[str, Any]:
    """ONNX, settings, compiled circuit and both keys, written to `folder`."""
    import ezkl

    path = {name: f"{folder}/{leaf}" for name, leaf in FILES.items()}
    statement = resolve(reference, params)
    export(statement, Path(path["onnx"]))
    rows = write_settings(Path(path["onnx"]), Path(path["settings"]), statement, k)
    ezkl.compile_circuit(path["onnx"], path["compiled"], path["settings"])
    start = time.perf_counter()
    ezkl.setup(path["compiled"], path["verifying_key"], path["proving_key"], srs)
    return {"rows": rows, "setup_seconds": time.perf_counter() - start}


def prove(folder: str, srs: str, inputs: list[list[str]]) -> dict[str, Any]:
    """Witness and proof of a circuit in `folder`, verified here before it is handed out. Elements are EZKL's hex."""
    import ezkl

    path = {name: f"{folder}/{leaf}" for name, leaf in FILES.items()}
    with tempfile.TemporaryDirectory() as work:
        data, witness, proof = (f"{work}/{leaf}" for leaf in ("input.json", "witness.json", "proof.json"))
        Path(data).write_text(json.dumps({"input_data": inputs}))
        start = time.perf_counter()
        ezkl.gen_witness(data, path["compiled"], witness, path["verifying_key"], srs)
        witnessed, used = time.perf_counter(), time.process_time()
        ezkl.prove(witness, path["compiled"], path["proving_key"], proof, srs)
        proved, used = time.perf_counter(), time.process_time() - used
        if not ezkl.verify(proof, path["settings"], path["verifying_key"], srs):
            raise CircuitError("EZKL made a proof that it does not accept")
        return {
            "proof": json.loads(Path(proof).read_text())["hex_proof"],
            "output": json.loads(Path(witness).read_text())["outputs"][0],
            "witness_seconds": witnessed - start,
            "prove_seconds": proved - witnessed,
            "prove_cpu_seconds": used,
        }


def srs(k: int, path: str) -> dict[str, Any]:
    """The Perpetual Powers of Tau string of k at `path`: fetched, or as it is there, and checked by EZKL."""
    import ezkl

    async def fetch() -> None:
        await ezkl.get_srs(settings_path=None, logrows=k, srs_path=path)

    asyncio.run(fetch())
    return {}


def verify(folder: str, srs: str, proofs: list[str]) -> dict[str, Any]:
    """Which of some proofs (hex, as `verifyProof` takes them) the circuit's verifying key accepts."""
    import ezkl

    path = {name: f"{folder}/{leaf}" for name, leaf in FILES.items()}
    accepted = []
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "proof.json"
        for proof in proofs:
            file.write_text(json.dumps({"instances": [[]], "proof": list(bytes.fromhex(proof))}))
            try:
                accepted.append(bool(ezkl.verify(str(file), path["settings"], path["verifying_key"], srs)))
            except RuntimeError:  # EZKL's way of saying no
                accepted.append(False)
    return {"accepted": accepted}


def dispatch(address: str, request: dict[str, Any] | None, srs: str = "") -> dict[str, Any]:
    """What a worker of a Dask scheduler answers; see `circuits.dispatch`, whose packages are an extra."""
    from headwater.circuits.dispatch import exchange

    return exchange(address, request, Path(srs))


FILES = {
    "onnx": "circuit.onnx",
    "settings": "settings.json",
    "verifying_key": "circuit.vk",
    "verifier_source": "Verifier.sol",
    "compiled": "circuit.ezkl",
    "proving_key": "circuit.pk",
}
PUBLISHED = (
    "onnx",
    "settings",
    "verifying_key",
    "verifier_source",
)  # small and reproducible; the others follow from them
TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "measure": measure,
    "build": build,
    "prove": prove,
    "verify": verify,
    "srs": srs,
    "dispatch": dispatch,
}


_INPUTS = "see the statement's allowed inputs"
_MEMORY = "look at the machine's free memory; a circuit of k takes about 2**k * 30 kB"
_DISK = (
    "look at the free space of the disk, and who may write: to HEADWATER_HOME, and to the folder for temporary files"
)
_INSTALL = "the installation is not whole: run `make install`"


def main(folder: str, parent: str) -> None:
    """Read a request and do it in a fork, so that this process can watch over it: EZKL lets no other thread run.

    The fork ends with this process, and both with `parent`, however that ended; then the folder is removed from here.
    """
    forbid_dumps()  # the fork inherits it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    request = json.load(sys.stdin)
    guard = os.getpid()
    worker = os.fork()
    if worker == 0:
        _work(request, Path(folder), guard)
    status = None
    try:
        while status is None:
            time.sleep(POLL_SECONDS)
            ended, found = os.waitpid(worker, os.WNOHANG)
            status = found if ended else None
            if os.getppid() != int(parent):
                break
    finally:
        if status is None:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
        if os.getppid() != int(parent):
            shutil.rmtree(folder, ignore_errors=True)
    code = TERMINATED if status is None else os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


def _work(request: dict[str, Any], folder: Path, guard: int) -> NoReturn:
    """The fork's part: the task, and its result. It never returns: nothing of EZKL can hang in an exit that is none."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _die_with(guard)
        answer = _answer(request)
        answer["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            1 if sys.platform == "darwin" else 1024
        )
        partial = folder / "result.json.partial"
        partial.write_text(json.dumps(answer))
        partial.rename(folder / "result.json")
        code = 0
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": TASKS[request.pop("task")](**request)}
    except CircuitError as error:
        return {"error": error.message, "hint": error.hint or _INPUTS}
    except ImportError as error:
        return {"error": str(error), "hint": _INSTALL}
    except OSError as error:
        return {"error": str(error), "hint": _DISK}
    except (RuntimeError, ValueError) as error:
        return {"error": str(error), "hint": _DISK if os.strerror(errno.ENOSPC) in str(error) else _INPUTS}


def _die_with(guard: int) -> None:
    """Have the kernel kill this process when `guard` dies. Elsewhere than on Linux that takes the guard's own care."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(TERMINATED)


if __name__ == "__main__":
    main(*sys.argv[1:])
