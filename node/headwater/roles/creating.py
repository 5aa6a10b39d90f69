"""Creating a task: circuits, verifiers, documents, and the transaction that fixes them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from eth_utils.crypto import keccak
from pydantic import ValidationError

from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.srs import DEV, dev_srs, perpetual_srs
from headwater.circuits.train import Train
from headwater.errors import ConfigError
from headwater.protocol.field import pack
from headwater.protocol.fixedpoint import TrainingSpec, decode, salt_rows_for
from headwater.protocol.machine.tasks import MAX_DIMENSION
from headwater.protocol.structs import TaskConfig
from headwater.protocol.vectors import update_length
from headwater.roles.report import Report, silent
from headwater.roles.task import basis_bytes, columns_of, growth_problem, spec_of
from headwater.roles.terms import Terms, check_terms
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
        ConfigError: the terms, the texts or the numbers cannot be; or the account cannot pay. Nothing was sent then.
        CircuitError: the statement cannot be built.
        ContractError: the terms are refused.
    """
    check_terms(terms)
    spec = replace(spec, salt_rows=salt_rows_for(terms.rounds, spec.width))
    check_documents(spec, columns, terms)
    if contracts.chain.balance(sender.address) <= terms.pool:
        raise ConfigError(f"{sender.address} has not enough coin for the pool", "send it some, or lower --pool")
    report("measuring")
    k = least_k(spec)
    srs = dev_srs(home, k) if source == DEV else perpetual_srs(home, k)
    circuits = []
    for statement in (Train.of(spec), Average(spec.dimension)):
        report("building", statement=statement.kind)
        circuits.append(build(home, statement, srs))
    srs_cid = str(store.put_file(srs.path)) if source == DEV else ""
    srs_reference = SrsReference.model_validate({"id": srs.id, "k": k, "source": source, "cid": srs_cid})
    train_cid, average_cid = (publish_circuit(circuit, store, srs_reference) for circuit in circuits)
    basis = srs.basis(update_length(spec.dimension))
    encoded_basis = basis_bytes(basis)
    basis_cid = store.put(encoded_basis)
    cids = {"train": str(train_cid), "average": str(average_cid)}
    manifest_cid = _put(store, _manifest(spec, columns, terms, cids, srs_reference, str(basis_cid)))
    weights = [0] * spec.dimension
    model_cid = _put(store, ModelDocument.of(round=0, trainers=0, weights=pack(weights)))
    verifiers = []
    for circuit in circuits:
        address, receipt = sender.deploy(
            bytes.fromhex(circuit.verifier.bytecode[2:]), f"{circuit.statement.kind} verifier"
        )
        report(
            "deployed", contract=f"{circuit.statement.kind} verifier", gas=receipt.gas_used, bytes=circuit.verifier.size
        )
        verifiers.append(address)
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
        challenge_bond=terms.challenge_bond,
        answer_period=terms.answer_period,
        challenge_period=terms.challenge_period,
        unbonding_period=terms.unbonding_period,
        fault_slash=terms.fault_slash,
        absence_slash=terms.absence_slash,
        train_code_hash=bytes.fromhex(circuits[0].verifier.code_hash[2:]),
        average_code_hash=bytes.fromhex(circuits[1].verifier.code_hash[2:]),
        manifest=manifest_cid.digest,
        srs=bytes.fromhex(srs.id),
        basis_hash=keccak(encoded_basis),
        offset=basis.offset,
        basis0=basis.points[0],
        basis1=basis.points[1],
        basis_d=basis.points[spec.dimension],
    )
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


def check_documents(spec: TrainingSpec, columns: Columns, terms: Terms) -> None:
    """Refuse what the task's manifest cannot say, or what could not be carried through to the last round.

    Raises:
        ConfigError: it is one of these; the message names the field.
    """
    if spec.dimension > MAX_DIMENSION:
        raise ConfigError(
            f"a model of {spec.dimension} weights is too large: at most {MAX_DIMENSION}, so that a masked update can be"
            " opened in one transaction if its trainer withholds it",
            "take fewer features or classes: nothing was sent",
        )
    cid = str(Cid.from_digest(bytes(32)))
    srs = SrsReference.model_validate({"id": "00" * 32, "k": 1, "source": DEV, "cid": cid})
    hint = "change the name, the columns or the numbers: nothing was sent"
    try:
        manifest = _manifest(spec, columns, terms, {"train": cid, "average": cid}, srs, cid)
        manifest.encode()
        same = asdict(spec_of(manifest)) == asdict(spec) and columns_of(manifest) == columns
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise ConfigError(f"the task's manifest cannot be written: {place}: {first['msg']}", hint) from error
    except ValueError as error:
        raise ConfigError(f"the task's manifest cannot be written: {error}", hint) from error
    if not same:
        raise ConfigError("the task's manifest cannot say these numbers exactly", hint)
    if problem := growth_problem(spec, terms.rounds):
        raise ConfigError(
            f"the task could not be carried through: {problem}", "take fewer rounds or steps, or a smaller clip"
        )


def _manifest(
    spec: TrainingSpec, columns: Columns, terms: Terms, circuits: dict[str, str], srs: SrsReference, basis: str
) -> TaskManifest:
    return TaskManifest.of(
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
        circuits=circuits,
        srs=srs,
        basis=basis,
    )


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
