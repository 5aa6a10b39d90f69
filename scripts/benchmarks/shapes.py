"""Three statements of training on data of their usual size: circuits, proofs, verifiers, and how exact they are."""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from eth_abi.abi import encode as encode_abi

from headwater.chain.asking.rpc import Call
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import Circuit, Proof, build
from headwater.circuits.srs import dev_srs
from headwater.errors import CircuitError
from headwater.learners.linear import Linear, LinearSpec
from headwater.learners.linear.deviation import bound
from headwater.learners.linear.figures import EMBEDDING, ONE_STEP, THREE_CLASSES
from headwater.learners.linear.floating import Array, arrays, real_weights, train
from headwater.learners.linear.statement import LinearUpdate
from headwater.protocol.field import P, to_signed
from headwater.protocol.fixedpoint import decode, encode
from headwater.protocol.noise import draw, salt_input
from headwater.protocol.vectors import UPDATE_SALTS, model_input
from headwater.roles.creating import least_k
from headwater.tables.columns import Columns, describe
from headwater.tables.data import Dataset, data_vector
from headwater.tables.samples import deal, load
from scripts.benchmarks.machine import children_seconds

SEED = 1
VERIFY_PROOF = bytes.fromhex("1e8e1e13")  # verifyProof(bytes,uint256[])


@dataclass(frozen=True)
class Shape:
    """A statement and rows to prove it on.

    Attributes:
        data: makes the rows, using a folder for files.
        repeats: proofs to make; the median of their times counts.
    """

    name: str
    spec: LinearSpec
    data: Callable[[LinearSpec, Path], Dataset]
    repeats: int


def shares(sample: str, rows: tuple[int, ...], spec: LinearSpec, folder: Path) -> tuple[Columns, list[Dataset]]:
    """A data set of scikit-learn dealt out as CSV files and read back, described by the rows that nobody was dealt."""
    found = load(sample)
    files, held_out = deal(found, rows, folder)
    columns = describe(held_out, found.label)
    return columns, [Linear(spec, columns).read(file) for file in files]


def patients(spec: LinearSpec, folder: Path) -> Dataset:
    """As many patients of the breast cancer data as the statement has rows."""
    return shares("breast-cancer", (spec.rows,), spec, folder)[1][0]


def flowers(spec: LinearSpec, folder: Path) -> Dataset:
    """As many irises as the statement has rows."""
    return shares("iris", (spec.rows,), spec, folder)[1][0]


def embeddings(spec: LinearSpec, _folder: Path) -> Dataset:
    """Synthetic sentence embeddings of two classes: unit vectors around two centres, an intercept before them.

    They are scaled by the root of their length, so that an entry has the variance of a standardised feature.
    """
    length, rng = spec.features - 1, np.random.default_rng(SEED)
    centres, classes = rng.normal(size=(2, length)), [row % 2 for row in range(spec.rows)]
    vectors = np.array([centres[of] + 2 * rng.normal(size=length) for of in classes])
    vectors *= math.sqrt(length) / np.linalg.norm(vectors, axis=1, keepdims=True)
    limit = decode(spec.clamp, spec.data_bits)
    reals: list[list[float]] = np.c_[np.ones(spec.rows), np.clip(vectors, -limit, limit)].tolist()
    x = [[encode(value, spec.data_bits) for value in row] for row in reals]
    return Dataset(x, [[1 if output == of else -1 for output in range(spec.outputs)] for of in classes], reals)


REFERENCE = Shape("breast cancer", ONE_STEP, patients, 3)
IRIS = Shape("iris", THREE_CLASSES, flowers, 3)
HEAD = Shape("embedding head", replace(EMBEDDING, rate_shift=11), embeddings, 1)  # at 2^-5 all weights are clipped


def first_model(spec: LinearSpec, dataset: Dataset) -> Array:
    """The model in reals that the measured update starts from: zero, trained once."""
    return train(spec, np.zeros((spec.features, spec.outputs)), *arrays(spec, dataset))


def measure(shape: Shape, home: Path, folder: Path, sender: Sender) -> dict[str, Any]:
    """Build a shape's circuit, prove an update, verify it on chain: seconds, MB, bytes, gas.

    `cpu_seconds` is of the whole process that proves: its start, the witness, the proof and a check of it.

    Args:
        home: where circuits are built; the shape's must not be there yet, or its set-up is not measured.
        sender: deploys the verifier, and has a transaction verify the proof.
    """
    spec, dataset = shape.spec, shape.data(shape.spec, folder)
    start = time.perf_counter()
    circuit = build(home, LinearUpdate.of(spec), dev_srs(home, least_k(LinearUpdate.of(spec))))
    build_seconds = time.perf_counter() - start
    model = first_model(spec, dataset)
    weights = [encode(float(w), spec.model_bits) for w in model.flatten()]
    rng = random.Random(SEED)
    tag, *salts = (rng.randrange(P) for _ in range(1 + spec.salts + UPDATE_SALTS))
    noise = draw(rng.randbytes(32), circuit.statement.decomposition_limit)
    data = data_vector(dataset, spec.rows, spec.width, salts[: spec.salts])
    inputs = [model_input(weights, tag), data, salt_input(salts[spec.salts :], noise)]
    used = [children_seconds()]
    proofs = []
    for _ in range(shape.repeats):
        proofs.append(circuit.prove(inputs))
        used.append(children_seconds())
    setup = json.loads((circuit.folder / "setup.json").read_text())
    return {
        "data": {"rows": spec.rows, "features": spec.features, "outputs": spec.outputs, "steps": spec.steps},
        "k": circuit.srs.k,
        "rows": circuit.manifest["rows"],
        "inner_columns": circuit.statement.inner_columns,
        "build_seconds": build_seconds,
        "setup_seconds": setup["setup_seconds"],
        "witness_seconds": statistics.median(proof.witness_seconds for proof in proofs),
        "prove_seconds": statistics.median(proof.prove_seconds for proof in proofs),
        "prove_cpu_seconds": statistics.median(proof.prove_cpu_seconds for proof in proofs),
        "cpu_seconds": statistics.median(after - before for before, after in pairwise(used)),
        "proofs": len(proofs),
        "peak_memory_mb": max(setup["peak_memory_mb"], *(proof.peak_memory_mb for proof in proofs)),
        "proving_key_bytes": circuit.path("proving_key").stat().st_size,
        "proof_bytes": len(proofs[0].data),
        "verifier_bytes": circuit.verifier.size,
        **_on_chain(circuit, proofs[0], sender),
        **_deviation(spec, dataset, model, proofs[0]),
    }


def _on_chain(circuit: Circuit, proof: Proof, sender: Sender) -> dict[str, int]:
    """Gas of deploying a verifier, and of a transaction that does nothing but verify a proof."""
    address, deployed = sender.deploy(bytes.fromhex(circuit.verifier.bytecode[2:]), "verifier")
    call = Call(address, VERIFY_PROOF + encode_abi(["bytes", "uint256[]"], [proof.data, []]), 0, "verifyProof")
    if int.from_bytes(sender.simulate(call), "big") != 1:
        raise CircuitError("the verifier does not accept the proof", "rebuild the circuit: remove build/bench")
    return {"deploy_gas": deployed.gas_used, "verify_gas": sender.send(call).gas_used}


def _deviation(spec: LinearSpec, dataset: Dataset, model: Array, proof: Proof) -> dict[str, float]:
    """How far a weight of the proved update is from the same step in floats, and how far any proof could be."""
    proved = real_weights(spec, [to_signed(entry) for entry in proof.output[: spec.dimension]])
    rounded = math.sqrt(spec.features) / 2 * decode(1, spec.model_bits)
    return {
        "deviation": float(np.abs(proved - train(spec, model, *arrays(spec, dataset))).max()),
        "deviation_bound": bound(spec, model, dataset, rounded, proved=True),
    }
