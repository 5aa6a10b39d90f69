"""Models for whoever uses them: pulled, verified, kept in a folder, applied to rows. No prover and no SRS is needed.

That weights are a model's, its document shows by itself: by the opening of a commitment whose hash the chain has.

The folder holds the documents as they were stored, so that hashing them gives their CIDs:

    model.bin         the model document
    task.json         the task manifest: columns, means, deviations, classes
    provenance.json   chain, contracts, task, round, model hash, CIDs
    weights.safetensors   the weights as floats, for torch and others
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from headwater.errors import ConfigError, ContentMismatch, ContractError
from headwater.learners.learner import Learner
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.structs import Model
from headwater.roles.models import OpenedModel
from headwater.roles.task import TaskReader, learner_of
from headwater.storage.cid import RAW, Cid
from headwater.storage.manifests import TaskManifest
from headwater.storage.vectors import ModelDocument

MODEL, MANIFEST, PROVENANCE, TENSORS = "model.bin", "task.json", "provenance.json", "weights.safetensors"


@dataclass(frozen=True)
class PulledModel:
    """A model in a folder, whose documents are what its provenance says.

    Attributes:
        provenance: `chain_id`, `task_manager`, `model_registry`, `task_id`, `round`, `trainers`, `model_hash`,
            `model_cid`, `manifest_cid`.
    """

    model: OpenedModel
    learner: Learner
    provenance: dict[str, str | int]

    @property
    def weights(self) -> list[int]:
        """D signed integers."""
        return list(self.model.weights)


def pull(task: TaskReader, model: Model, folder: Path) -> PulledModel:
    """Fetch a model of a task, verify it against the chain, and write it to a folder.

    Raises:
        Unavailable: nobody gives its document now; nothing is written.
        ContentMismatch: its weights are not what the contract accepted; nothing is written.
    """
    opened = task.read_model(model.round, model.cid, model.model_hash)
    document, provenance = _document(task, model, opened), _provenance(task, model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL).write_bytes(document)
        (folder / MANIFEST).write_bytes(task.store.get(Cid.from_digest(task.config.manifest), MAX_BYTES))
        metadata = {key: str(value) for key, value in provenance.items()}
        save_file(task.learner.tensors(opened.weights), folder / TENSORS, metadata)
        (folder / PROVENANCE).write_text(json.dumps(provenance, indent=1) + "\n")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}", "name another folder with --out") from error
    return PulledModel(opened, task.learner, provenance)


def load(folder: Path) -> PulledModel:
    """A pulled model, its documents checked against the CIDs of its provenance. The chain is not asked: see `verify`.

    Raises:
        ConfigError: no pulled model there.
        ContentMismatch: a document or the tensor was changed since.
    """
    try:
        provenance = json.loads((folder / PROVENANCE).read_text())
        documents = {"model_cid": (folder / MODEL).read_bytes(), "manifest_cid": (folder / MANIFEST).read_bytes()}
        cids = {key: Cid.parse(provenance[key]) for key in documents}
        provenance = {str(key): value for key, value in provenance.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{folder} holds no pulled model: {error}", "run `headwater model pull` first") from error
    for key, data in documents.items():
        if Cid.of_block(cids[key].codec, data) != cids[key]:
            raise ContentMismatch(
                f"the document of {key} in {folder} was changed: its CID is no longer {cids[key]}",
                "pull the model again",
            )
    manifest = TaskManifest.decode(documents["manifest_cid"])
    model = OpenedModel.read(ModelDocument.decode(documents["model_cid"]))
    learner = learner_of(manifest)
    if len(model.weights) != learner.dimension:
        raise ContentMismatch(
            f"the model in {folder} has {len(model.weights)} weights, not {learner.dimension}", "do not use it"
        )
    try:
        tensors = load_file(folder / TENSORS)
    except (OSError, SafetensorError) as error:
        raise ContentMismatch(f"{folder / TENSORS} cannot be read: {error}", "pull the model again") from error
    expected = learner.tensors(model.weights)
    if tensors.keys() != expected.keys() or any(not np.array_equal(tensors[n], expected[n]) for n in expected):
        raise ContentMismatch(f"{folder / TENSORS} holds other weights than {MODEL}", "pull the model again")
    return PulledModel(model, learner, provenance)


def verify(task: TaskReader, pulled: PulledModel) -> Model:
    """Check a pulled model against the chain: the registry has it, and what its provenance says is true.

    Raises:
        ConfigError: it was pulled from another task.
        ContentMismatch: the chain knows another model under this task and round.
    """
    facts = pulled.provenance
    where = (task.contracts.chain.chain_id, task.contracts.tasks.address, task.id)
    if (facts.get("chain_id"), facts.get("task_manager"), facts.get("task_id")) != where:
        raise ConfigError(
            "this model was pulled from another task or chain", "name that one with --rpc and --deployments"
        )
    try:
        model = task.contracts.models.get_model(task.id, int(facts["round"]))
    except (KeyError, ValueError, TypeError, OverflowError, ConfigError, ContractError) as error:
        raise ContentMismatch(f"the chain knows no such model: {error}", "pull the model again") from error
    true = _provenance(task, model)
    if wrong := [key for key in {**facts, **true} if facts.get(key) != true.get(key)]:
        raise ContentMismatch(
            f"the provenance names another model than the chain: see {', '.join(wrong)}",
            "do not use it; pull the model again",
        )
    if not pulled.model.is_of(task.config, task.tag, model.model_hash):
        raise ContentMismatch("these are not the weights that the contract accepted", "do not use them; pull again")
    return model


def _document(task: TaskReader, model: Model, opened: OpenedModel) -> bytes:
    """A model's document: as it follows from its opening, which may be on chain only; else the store's.

    Raises:
        Unavailable: it cannot be fetched now.
        ContentMismatch: the chain names a document of another model.
    """
    data = opened.document(model.round, model.trainers).encode()
    if Cid.of_block(RAW, data).digest == model.cid:
        return data
    data = task.store.get(Cid.from_digest(model.cid), MAX_BYTES)
    if OpenedModel.read(ModelDocument.decode(data)) != opened:
        raise ContentMismatch(
            f"the document that the chain names for the model of round {model.round} is of another",
            "its weights are known all the same, from the chain: see `ModelOpened`",
        )
    return data


def _provenance(task: TaskReader, model: Model) -> dict[str, str | int]:
    return {
        "chain_id": task.contracts.chain.chain_id,
        "task_manager": task.contracts.tasks.address,
        "model_registry": task.contracts.models.address,
        "task_id": task.id,
        "round": model.round,
        "trainers": model.trainers,
        "model_hash": "0x" + model.model_hash.hex(),
        "model_cid": str(Cid.from_digest(model.cid)),
        "manifest_cid": str(Cid.from_digest(task.config.manifest)),
    }
