"""EZKL's heavy work, in a process of its own: it frees the gigabytes, and a hang or a crash stays contained.

    python -m headwater.circuits.worker REQUEST.json RESULT.json

The result appears by rename when it is whole: {"value": ..., "peak_memory_mb": ...} or {"error": text}.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headwater.circuits.ezkl_settings import check_graph, write_settings
from headwater.circuits.statement import Statement, resolve
from headwater.errors import CircuitError

EXIT_GRACE_SECONDS = 5.0


def run(task: str, **arguments: Any) -> dict[str, Any]:
    """Do a task of `TASKS` in a child process and return its value, with `peak_memory_mb` (the child's).

    Raises:
        CircuitError: the task failed, or the process died (it may have run out of memory).
    """
    with tempfile.TemporaryDirectory() as folder:
        request, result = Path(folder) / "request.json", Path(folder) / "result.json"
        request.write_text(json.dumps({"task": task, **arguments}))
        command = [sys.executable, "-m", __name__, str(request), str(result)]
        with (Path(folder) / "log").open("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as child:
            try:
                while child.poll() is None and not result.exists():
                    time.sleep(0.02)
                if result.exists():
                    _finish(child)
            except BaseException:
                child.kill()
                raise
            log.seek(0)
            text = log.read().strip()
        if not result.exists():
            raise CircuitError(
                f"the process of {task!r} ended with code {child.returncode}: {text[-500:] or 'no output'}",
                "look at the machine's free memory; a circuit of k takes about 2**k * 30 kB",
            )
        answer = json.loads(result.read_text())
        if "error" in answer:
            raise CircuitError(f"{task} failed: {answer['error']}", "see the statement's allowed inputs")
        return dict(answer["value"], peak_memory_mb=answer["peak_memory_mb"])


def _finish(child: subprocess.Popen[bytes]) -> None:
    """The work is done: a process that then hangs in its exit (seen with EZKL, rarely) is killed."""
    try:
        child.wait(EXIT_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


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


def measure(statements: list[tuple[str, dict[str, int]]]) -> dict[str, Any]:
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


def build(reference: str, params: dict[str, int], k: int, srs: str, folder: str) -> dict[str, Any]:
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
        witnessed = time.perf_counter()
        ezkl.prove(witness, path["compiled"], path["proving_key"], proof, srs)
        proved = time.perf_counter()
        if not ezkl.verify(proof, path["settings"], path["verifying_key"], srs):
            raise CircuitError("EZKL made a proof that it does not accept")
        return {
            "proof": json.loads(Path(proof).read_text())["hex_proof"],
            "output": json.loads(Path(witness).read_text())["outputs"][0],
            "witness_seconds": witnessed - start,
            "prove_seconds": proved - witnessed,
        }


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
TASKS: dict[str, Callable[..., dict[str, Any]]] = {"measure": measure, "build": build, "prove": prove}


def main(request_path: str, result_path: str) -> None:
    """Do what the request file says."""
    request = json.loads(Path(request_path).read_text())
    answer: dict[str, Any]
    try:
        answer = {"value": TASKS[request.pop("task")](**request)}
    except (CircuitError, RuntimeError, ValueError, OSError) as error:
        answer = {"error": str(error)}
    answer["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1 if sys.platform == "darwin" else 1024
    )
    partial = Path(f"{result_path}.partial")
    partial.write_text(json.dumps(answer))
    partial.rename(result_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
