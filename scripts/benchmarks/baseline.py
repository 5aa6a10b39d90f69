"""The reference step as one would first write it for EZKL: floats, default settings, hashed inputs and output.

    python -m scripts.benchmarks.baseline REQUEST.json RESULT.json

Settings are EZKL's defaults (Freivalds' check included, which makes this proof unsound and changes its time by a few
per cent), calibrated for "resources" on the very inputs that are then proved. Runs as a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from headwater.errors import CircuitError
from headwater.learners.linear import LinearSpec
from headwater.learners.linear.floating import Array, arrays, train
from headwater.protocol.fixedpoint import decode
from headwater.tables.data import Dataset
from headwater.tools import ROOT

RUN_ARGS = ("input_scale", "num_inner_cols", "decomp_base", "decomp_legs", "disable_freivalds")


def measure(spec: LinearSpec, dataset: Dataset, model: Array) -> dict[str, Any]:
    """Prove one step from `model`, (features, 1), on the unrounded rows; seconds, MB and bytes as for our shapes.

    Takes about 7 GB and some minutes. Raises CircuitError where EZKL fails.
    """
    x, labels = arrays(spec, dataset)
    request = {
        "model": model.tolist(),
        "x": x.tolist(),
        "y": ((1 + labels) / 2).tolist(),
        "rate": 2.0**-spec.rate_shift,
        "clip": decode(spec.clip, spec.model_bits),
    }
    with tempfile.TemporaryDirectory() as folder:
        asked, answered, log = (Path(folder) / name for name in ("request.json", "result.json", "log"))
        asked.write_text(json.dumps(request))
        command = [sys.executable, "-m", __name__, str(asked), str(answered)]
        with log.open("wb") as output:
            done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=False)
        if done.returncode or not answered.exists():
            raise CircuitError(
                f"the baseline ended with code {done.returncode}: {log.read_text(errors='replace')[-500:]}",
                "it takes 7 GB of memory; `--quick` does without it",
            )
        result: dict[str, Any] = json.loads(answered.read_text())
    reached = np.array(result.pop("output")).reshape(model.shape)
    return result | {"deviation": float(np.abs(reached - train(spec, model, x, labels)).max())}


def prove(request: dict[str, Any]) -> dict[str, Any]:
    """The measurements of one request, made in the current folder. `cpu_seconds` is of the proof alone."""
    import ezkl

    _export(request)
    inputs = [np.ravel(request[name]).tolist() for name in ("model", "x", "y")]
    Path("input.json").write_text(json.dumps({"input_data": inputs}))
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility, arguments.output_visibility, arguments.param_visibility = "hashed", "hashed", "fixed"
    ezkl.gen_settings("step.onnx", "settings.json", py_run_args=arguments)
    start = time.perf_counter()
    ezkl.calibrate_settings("input.json", "step.onnx", "settings.json", "resources")
    calibrated = time.perf_counter()
    settings = json.loads(Path("settings.json").read_text())
    k = settings["run_args"]["logrows"]
    ezkl.gen_srs("srs", k)
    ezkl.compile_circuit("step.onnx", "step.ezkl", "settings.json")
    ready = time.perf_counter()
    ezkl.setup("step.ezkl", "vk", "pk", "srs")
    keyed = time.perf_counter()
    ezkl.gen_witness("input.json", "step.ezkl", "witness.json", "vk", "srs")
    witnessed, used = time.perf_counter(), time.process_time()
    ezkl.prove("witness.json", "step.ezkl", "pk", "proof.json", "srs")
    proved, used = time.perf_counter(), time.process_time() - used
    if not ezkl.verify("proof.json", "settings.json", "vk", "srs"):
        raise CircuitError("EZKL made a proof that it does not accept")
    witness = json.loads(Path("witness.json").read_text())
    proof = json.loads(Path("proof.json").read_text())["hex_proof"].removeprefix("0x")
    unit = 1 << 10 if sys.platform != "darwin" else 1 << 20
    return {
        "k": k,
        "rows": settings["num_rows"],
        "run_args": {name: settings["run_args"][name] for name in RUN_ARGS},
        "calibrate_seconds": calibrated - start,
        "setup_seconds": keyed - ready,
        "witness_seconds": witnessed - keyed,
        "prove_seconds": proved - witnessed,
        "cpu_seconds": used,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
        "proving_key_bytes": Path("pk").stat().st_size,
        "proof_bytes": len(proof) // 2,
        "output": [float(value) for value in witness["pretty_elements"]["rescaled_outputs"][0]],
    }


def _export(request: dict[str, Any]) -> None:
    """Write the step as step.onnx."""
    import torch

    rate, clip = request["rate"], request["clip"]

    class Step(torch.nn.Module):
        def forward(self, model: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            p = torch.clamp(x @ (model * 0.25) + 0.5, 0.0, 1.0)
            return model - torch.clamp((x.transpose(0, 1) @ (p - y)) * rate, -clip, clip)

    example = tuple(torch.tensor(request[name], dtype=torch.float32) for name in ("model", "x", "y"))
    torch.onnx.export(
        Step(),
        example,
        "step.onnx",
        input_names=["model", "x", "y"],
        output_names=["update"],
        dynamo=False,
        opset_version=17,
    )


def main(request_path: str, result_path: str) -> None:
    """Do what the request file says."""
    request = json.loads(Path(request_path).read_text())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        result = json.dumps(prove(request))
        os.chdir("/")
    Path(result_path).write_text(result)
    sys.stdout.flush()
    os._exit(0)  # EZKL was seen to hang in its exit


if __name__ == "__main__":
    main(*sys.argv[1:])
