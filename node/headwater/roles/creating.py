"""Creating a task: circuits, verifiers, documents, its first model, and the transaction that fixes them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from headwater.chain.contracts.events import TaskCreated
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits import worker
from headwater.circuits.average import Average
from headwater.circuits.circuit import Circuit, build
from headwater.circuits.openings import basis_quotient, task_basis, tau_g2
from headwater.circuits.srs import DEV, Srs, dev_srs, perpetual_srs
from headwater.circuits.train import Train
from headwater.errors import ConfigError
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.fixedpoint import TrainingSpec, decode, salt_rows_for
from headwater.protocol.machine.terms import MAX_ANSWER_TIME, part_count
from headwater.protocol.structs import Origin, TaskConfig
from headwater.protocol.vectors import update_length
from headwater.roles.models import open_model
from headwater.roles.origins import FirstModel, Lineage, ParentModel, first_model, read_parents
from headwater.roles.report import Report, silent
from headwater.roles.task import columns_of, growth_problem, spec_of
from headwater.roles.terms import Terms, check_terms
from headwater.storage.cid import Cid
from headwater.storage.manifests import (
    Artifact,
    CircuitManifest,
    Document,
    FixedPoint,
    ModelShape,
    SrsReference,
    TaskManifest,
    Training,
)
from headwater.storage.store import ContentStore
from headwater.storage.vectors import HEADER_BYTES, ModelDocument
from headwater.storage.words import WORD
from headwater.training.columns import Category, Columns

MAX_DIMENSION = (MAX_BYTES - HEADER_BYTES) // WORD - update_length(0)
"""Weights of a model whose masked update fits one document."""


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
    lineage: Lineage | None = None,
) -> int:
    """Publish a task, and return its id.

    Args:
        spec: it gets as many rows of salts as the rounds need.
        source: `DEV` or `PERPETUAL`, where the SRS comes from; that of the parents, where there are any.
        lineage: the models that the first one is made of; by default it is zeros.

    Raises:
        ConfigError: the terms, the texts or the numbers cannot be; or the account cannot pay. Nothing was sent then.
        CircuitError: the statement cannot be built, or the first model cannot be proved.
        ContractError: the terms are refused.
        StorageError, TaskError: a parent cannot be had, or is none to build on.
    """
    check_terms(terms)
    spec = replace(spec, salt_rows=salt_rows_for(terms.rounds, spec.width))
    check_documents(spec, columns, terms)
    if contracts.chain.balance(sender.address) <= terms.pool:
        raise ConfigError(f"{sender.address} has not enough coin for the pool", "send it some, or lower --pool")
    parents = read_parents(contracts, store, home, spec, lineage) if lineage else ()
    report("measuring")
    srs = parents[0].srs if parents else _srs(home, least_k(spec), source)
    circuits = []
    for statement in (Train.of(spec), Average(spec.dimension)):
        report("building", statement=statement.kind)
        circuits.append(build(home, statement, srs))
    first = _first_model(circuits[1], sender.address, spec, lineage, parents, report)
    check_growth(spec, terms.rounds, terms.max_links, first.model.weights)
    srs_cid = str(store.put_file(srs.path)) if srs.source == DEV else ""
    srs_reference = SrsReference.model_validate({"id": srs.id, "k": srs.k, "source": srs.source, "cid": srs_cid})
    train_cid, average_cid = (publish_circuit(circuit, store, srs_reference) for circuit in circuits)
    cids = {"train": str(train_cid), "average": str(average_cid)}
    manifest_cid = _put(store, _manifest(spec, columns, terms, cids, srs_reference))
    model_cid = _put(store, first.model.document(0, 0))
    verifiers = []
    for circuit in circuits:
        address, receipt = sender.deploy(
            bytes.fromhex(circuit.verifier.bytecode[2:]), f"{circuit.statement.kind} verifier"
        )
        report(
            "deployed", contract=f"{circuit.statement.kind} verifier", gas=receipt.gas_used, bytes=circuit.verifier.size
        )
        verifiers.append(address)
    basis = task_basis(srs, spec.dimension)
    config = TaskConfig(
        train_verifier=verifiers[0],
        train_code_hash=bytes.fromhex(circuits[0].verifier.code_hash[2:]),
        average_verifier=verifiers[1],
        average_code_hash=bytes.fromhex(circuits[1].verifier.code_hash[2:]),
        manifest=manifest_cid.digest,
        srs=bytes.fromhex(srs.id),
        k=srs.k,
        dimension=spec.dimension,
        rounds=terms.rounds,
        min_trainers=terms.min_trainers,
        max_trainers=terms.max_trainers,
        max_links=terms.max_links,
        admission=terms.admission,
        join_period=terms.join_period,
        train_period=terms.train_period,
        mask_period=terms.mask_period,
        aggregate_period=terms.aggregate_period,
        challenge_period=terms.challenge_period,
        answer_period=terms.answer_period,
        unbonding_period=terms.unbonding_period,
        stake=terms.stake,
        aggregator_fee=terms.aggregator_fee,
        challenge_bond=terms.challenge_bond,
        fault_slash=terms.fault_slash,
        absence_slash=terms.absence_slash,
        offset=basis.offset,
        basis0=basis.basis0,
        basis1=basis.basis1,
        basis_d=basis.basis_d,
        tau=tau_g2(srs),
    )
    quotient = basis_quotient(circuits[1], spec.dimension)
    receipt = sender.send(contracts.tasks.create_task(config, quotient, first.origin, model_cid.digest, terms.pool))
    report("created", gas=receipt.gas_used)
    return receipt.event(TaskCreated).task_id


def _srs(home: Path, k: int, source: str) -> Srs:
    return dev_srs(home, k) if source == DEV else perpetual_srs(home, k)


def _first_model(
    average: Circuit,
    creator: str,
    spec: TrainingSpec,
    lineage: Lineage | None,
    parents: Sequence[ParentModel],
    report: Report,
) -> FirstModel:
    """The first model, opened, and what it comes from."""
    if lineage is None:
        zeros = open_model(average, [0] * spec.dimension)
        return FirstModel(zeros, Origin(zeros.commitment))
    return first_model(average, creator, lineage, parents, report)


def check_growth(spec: TrainingSpec, rounds: int, links: int, start: Sequence[int] = ()) -> None:
    """Refuse a task that could not be carried through to its last round. start: the first model's weights.

    Raises:
        ConfigError: it could not.
    """
    if problem := growth_problem(spec, rounds, links, start):
        raise ConfigError(
            f"the task could not be carried through: {problem}", "take fewer rounds or steps, or a smaller clip"
        )


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
            f"a model of {spec.dimension} weights is too large: at most {MAX_DIMENSION}, so that a masked update fits"
            " one document",
            "take fewer features or classes: nothing was sent",
        )
    count = part_count(32 * update_length(spec.dimension))
    if terms.answer_period * count > MAX_ANSWER_TIME:
        raise ConfigError(
            f"answers of {count} parts, {terms.answer_period} s each, would hold a round up for more than 7 days",
            "shorten the time to answer: nothing was sent",
        )
    cid = str(Cid.from_digest(bytes(32)))
    srs = SrsReference.model_validate({"id": "00" * 32, "k": 1, "source": DEV, "cid": cid})
    hint = "change the name, the columns or the numbers: nothing was sent"
    try:
        manifest = _manifest(spec, columns, terms, {"train": cid, "average": cid}, srs)
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
    check_growth(spec, terms.rounds, terms.max_links)


def _manifest(
    spec: TrainingSpec, columns: Columns, terms: Terms, circuits: dict[str, str], srs: SrsReference
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
    )


def _shape(columns: Columns) -> ModelShape:
    return ModelShape.model_validate(
        {
            "kind": "logistic" if columns.outputs == 1 else "one-vs-rest",
            "features": _features(columns),
            "intercept": columns.intercept,
            "label": {"column": columns.label, "classes": list(columns.classes)},
            "missing": columns.missing,
            "unknown": columns.unknown,
        }
    )


def _features(columns: Columns) -> Sequence[dict[str, Any]]:
    return [
        {"name": f.name, "values": list(f.values)}
        if isinstance(f, Category)
        else {"name": f.name, "mean": str(f.mean), "deviation": str(f.deviation)}
        for f in columns.features
    ]


def _decimal(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _put(store: ContentStore, document: Document | ModelDocument) -> Cid:
    return store.put(document.encode())
