"""Creating a task: circuits, verifiers, documents, and the transaction that fixes them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headwater.chain.contracts import Contracts
from headwater.chain.events import TaskCreated
from headwater.chain.sender import Sender
from headwater.chain.types import TaskConfig
from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.srs import DEV, dev_srs, perpetual_srs
from headwater.circuits.train import Train
from headwater.protocol.field import pack
from headwater.protocol.fixedpoint import TrainingSpec, decode, salt_rows_for
from headwater.protocol.vectors import update_length
from headwater.roles.report import Report, silent
from headwater.roles.task import basis_hash
from headwater.storage.cid import Cid
from headwater.storage.manifests import (
    Artifact,
    CircuitManifest,
    Document,
    FixedPoint,
    ModelDocument,
    ModelShape,
    SrsReference,
    TaskManifest,
    Training,
)
from headwater.storage.store import ContentStore
from headwater.training.columns import Columns


@dataclass(frozen=True)
class Terms:
    """What a task's creator chooses beside the model. Amounts in wei, periods in seconds.

    Attributes:
        pool: the reward pool, escrowed at creation; an equal part for each round.
        aggregator_fee: of each round's part.
    """

    name: str
    description: str = ""
    rounds: int = 3
    min_trainers: int = 3
    max_trainers: int = 16
    stake: int = 0
    pool: int = 0
    aggregator_fee: int = 0
    join_period: int = 3600
    train_period: int = 3600
    mask_period: int = 3600
    aggregate_period: int = 3600


def least_k(spec: TrainingSpec) -> int:
    """The k of a task: the least that has room for both circuits."""
    return max(k for _, k in worker.sizes(Train.of(spec), Average(spec.dimension)))


def create_task(
    contracts: Contracts,
    sender: Sender,
    store: ContentStore,
    home: Path,
    spec: TrainingSpec,
    columns: Columns,
    terms: Terms,
    source: str = DEV,
    report: Report = silent,
) -> int:
    """Publish a task whose first model is zero, and return its id.

    Args:
        spec: it gets as many rows of salts as the rounds need.
        source: `DEV` or `PERPETUAL`, where the SRS comes from.

    Raises:
        CircuitError: the statement cannot be built.
        ContractError: the terms are refused.
    """
    spec = replace(spec, salt_rows=salt_rows_for(terms.rounds, spec.width))
    report("measuring")
    k = least_k(spec)
    srs = dev_srs(home, k) if source == DEV else perpetual_srs(home, k)
    circuits = []
    for statement in (Train.of(spec), Average(spec.dimension)):
        report("building", statement=statement.kind)
        circuits.append(build(home, statement, srs))
    verifiers = []
    for circuit in circuits:
        address, receipt = sender.deploy(
            bytes.fromhex(circuit.verifier.bytecode[2:]), f"{circuit.statement.kind} verifier"
        )
        report(
            "deployed", contract=f"{circuit.statement.kind} verifier", gas=receipt.gas_used, bytes=circuit.verifier.size
        )
        verifiers.append(address)
    srs_cid = str(store.put_file(srs.path)) if source == DEV else ""
    srs_reference = SrsReference.model_validate({"id": srs.id, "k": k, "source": source, "cid": srs_cid})
    train_cid, average_cid = (publish_circuit(circuit, store, srs_reference) for circuit in circuits)
    manifest = TaskManifest.of(
        name=terms.name,
        description=terms.description,
        model=_shape(columns),
        fixed_point=FixedPoint(
            data_bits=spec.data_bits, model_bits=spec.model_bits, clamp=_decimal(decode(spec.clamp, spec.data_bits))
        ),
        training=Training(
            rows=spec.rows,
            salt_rows=spec.salt_rows,
            steps=spec.steps,
            rate_shift=spec.rate_shift,
            clip=_decimal(decode(spec.clip, spec.model_bits)),
        ),
        circuits={"train": str(train_cid), "average": str(average_cid)},
        srs=srs_reference,
    )
    weights = [0] * spec.dimension
    basis = srs.basis(update_length(spec.dimension))
    config = TaskConfig(
        train_verifier=verifiers[0],
        k=k,
        dimension=spec.dimension,
        average_verifier=verifiers[1],
        stake=terms.stake,
        aggregator_fee=terms.aggregator_fee,
        rounds=terms.rounds,
        min_trainers=terms.min_trainers,
        max_trainers=terms.max_trainers,
        join_period=terms.join_period,
        train_period=terms.train_period,
        mask_period=terms.mask_period,
        aggregate_period=terms.aggregate_period,
        train_code_hash=bytes.fromhex(circuits[0].verifier.code_hash[2:]),
        average_code_hash=bytes.fromhex(circuits[1].verifier.code_hash[2:]),
        manifest=_put(store, manifest).digest,
        srs=bytes.fromhex(srs.id),
        basis_hash=basis_hash(basis),
        offset=basis.offset,
        basis0=basis.points[0],
        basis1=basis.points[1],
        basis_d=basis.points[spec.dimension],
    )
    model_cid = _put(store, ModelDocument.of(round=0, trainers=0, weights=pack(weights)))
    receipt = sender.send(contracts.tasks.create_task(config, basis.commit(weights), model_cid.digest, terms.pool))
    report("created", gas=receipt.gas_used)
    return receipt.event(TaskCreated).task_id


def publish_circuit(circuit: Circuit, store: ContentStore, srs: SrsReference) -> Cid:
    """Store a circuit's published artifacts and its manifest, and return the manifest's CID."""
    found = circuit.manifest
    artifacts = {
        name: Artifact(cid=str(store.put_file(circuit.path(name))), sha256=entry["sha256"], size=entry["size"])
        for name, entry in found["artifacts"].items()
    }
    shared = {key: found[key] for key in ("statement", "k", "rows", "versions", "inputs", "output", "verifier")}
    return _put(store, CircuitManifest.of(**shared, srs=srs, artifacts=artifacts))


def _shape(columns: Columns) -> ModelShape:
    return ModelShape.model_validate(
        {
            "kind": "logistic" if columns.outputs == 1 else "one-vs-rest",
            "features": _features(columns),
            "intercept": columns.intercept,
            "label": {"column": columns.label, "classes": list(columns.classes)},
        }
    )


def _features(columns: Columns) -> Sequence[dict[str, str]]:
    return [{"name": f.name, "mean": str(f.mean), "deviation": str(f.deviation)} for f in columns.features]


def _decimal(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _put(store: ContentStore, document: Document) -> Cid:
    return store.put(document.encode())
