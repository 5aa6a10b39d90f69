"""Models for whoever uses them: pulled, kept in a folder, checked again, and found out where a byte has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from headwater.errors import ConfigError, ContentMismatch, HeadwaterError
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.fixedpoint import decode
from headwater.reading.models import MANIFEST, MODEL, PROVENANCE, TENSORS, PulledModel, load, pull, verify
from headwater.roles.task import read_task
from headwater.storage.cid import Cid
from headwater.storage.vectors import ModelDocument
from tests.support.roles import AGGREGATOR, World


@pytest.fixture
def folder(finalized: World, tmp_path: Path) -> Path:
    """A folder with the pulled model of round 1."""
    pull(finalized.task, finalized.models.latest(finalized.task_id), tmp_path / "model")
    return tmp_path / "model"


def checked(world: World, folder: Path) -> None:
    """All that a careful user does."""
    verify(world.task, load(folder))


def rewrite(folder: Path, **facts) -> None:
    """Change provenance.json."""
    path = folder / PROVENANCE
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_model__pulled__loads_and_verifies(finalized, folder):
    pulled = load(folder)
    model = finalized.models.latest(finalized.task_id)
    assert verify(finalized.task, pulled) == model
    assert pulled.weights == finalized.task.weights(model)
    assert pulled.learner.columns == finalized.task.learner.columns
    assert pulled.learner.spec == finalized.task.learner.spec
    assert pulled.provenance == {
        "chain_id": 31337,
        "task_manager": finalized.tasks.address,
        "model_registry": finalized.models.address,
        "task_id": 1,
        "round": 1,
        "trainers": 3,
        "model_hash": "0x" + model.model_hash.hex(),
        "model_cid": str(Cid.from_digest(model.cid)),
        "manifest_cid": str(Cid.from_digest(finalized.task.config.manifest)),
    }


def test_model__pulled__has_its_documents_as_they_were_stored_and_its_weights_as_floats(finalized, folder):
    facts = load(folder).provenance
    for name, key in ((MODEL, "model_cid"), (MANIFEST, "manifest_cid")):
        assert str(finalized.store.put((folder / name).read_bytes())) == facts[key]
    tensor = load_file(folder / TENSORS)["weights"]
    bits = finalized.task.learner.spec.model_bits
    assert tensor.tolist() == [[decode(weight, bits)] for weight in load(folder).weights]


def test_first_model__of_a_task__can_be_pulled_too(finalized, tmp_path):
    pull(finalized.task, finalized.models.get_model(finalized.task_id, 0), tmp_path)
    assert load(tmp_path).weights == [0, 0, 0, 0]
    assert verify(finalized.task, load(tmp_path)).round == 0


@pytest.mark.parametrize("name", (MODEL, MANIFEST))
def test_document__with_a_byte_changed__is_found(finalized, folder, name):
    data = (folder / name).read_bytes()
    for position in (0, len(data) // 2, len(data) - 1):
        (folder / name).write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        with pytest.raises(ContentMismatch, match="was changed: its CID is no longer") as caught:
            load(folder)
        assert caught.value.hint == "pull the model again"


def test_provenance__with_a_byte_changed__is_found(finalized, folder):
    text = (folder / PROVENANCE).read_bytes()
    before = json.loads(text)
    missed = []
    for position in range(len(text)):
        changed = text[:position] + bytes([text[position] ^ 1]) + text[position + 1 :]
        (folder / PROVENANCE).write_bytes(changed)
        try:
            checked(finalized, folder)
        except HeadwaterError:
            continue
        missed.append(position)
    (folder / PROVENANCE).write_bytes(text)
    assert json.loads(text) == before
    assert not missed


@pytest.mark.parametrize(
    ("name", "value"),
    (
        ("round", 0),
        ("round", 2),
        ("round", [1]),
        ("trainers", 4),
        ("model_hash", "0x" + "00" * 32),
        ("model_registry", "0x" + "00" * 20),
        ("approved_by", "somebody"),
    ),
)
def test_provenance__that_is_not_the_chains__is_refused(finalized, folder, name, value):
    rewrite(folder, **{name: value})
    with pytest.raises(ContentMismatch):
        checked(finalized, folder)


@pytest.mark.parametrize(("name", "value"), (("chain_id", 1), ("task_id", 2), ("task_manager", "0x" + "00" * 20)))
def test_model__of_another_task_or_chain__is_not_judged(finalized, folder, name, value):
    rewrite(folder, **{name: value})
    with pytest.raises(ConfigError, match="from another task or chain"):
        checked(finalized, folder)


def test_model__with_a_true_looking_document_of_other_weights__is_refused(finalized, folder):
    forged = replace(ModelDocument.decode((folder / MODEL).read_bytes()), vector=bytes(32)).encode()
    (folder / MODEL).write_bytes(forged)
    rewrite(folder, model_cid=str(finalized.store.put(forged)))
    save_file({"weights": np.zeros((4, 1), np.float32)}, folder / TENSORS)
    assert load(folder).weights == [0, 0, 0, 0]
    with pytest.raises(ContentMismatch, match="model_cid"):
        checked(finalized, folder)
    with pytest.raises(ContentMismatch, match="not the weights that the contract accepted"):
        verify(finalized.task, changed(load_true(finalized, folder), weights=(0, 0, 0, 0)))


def test_model__with_another_opening_than_its_weights__is_refused(finalized, folder):
    """Its commitment is the chain's, so only the pairing can tell."""
    pulled = load(folder)
    for point in (Point(1, 2), INFINITY, pulled.model.commitment):
        with pytest.raises(ContentMismatch, match="not the weights that the contract accepted"):
            verify(finalized.task, changed(pulled, opening=point))


def test_model__is_pulled_and_verified__where_there_is_no_srs(finalized, tmp_path, monkeypatch):
    for name in ("headwater.roles.task.fetch_srs", "headwater.circuits.srs.open_srs", "headwater.roles.task.build"):
        monkeypatch.setattr(name, lambda *_: pytest.fail("it asked for the SRS"))
    task = read_task(finalized.contracts, finalized.store, finalized.task_id)
    model = finalized.models.latest(finalized.task_id)
    assert verify(task, pull(task, model, tmp_path)) == model
    assert verify(task, load(tmp_path)) == model


def changed(pulled: PulledModel, **parts) -> PulledModel:
    """A pulled model of which something is another."""
    return replace(pulled, model=replace(pulled.model, **parts))


def load_true(world: World, folder: Path):
    pull(world.task, world.models.latest(world.task_id), folder)
    return load(folder)


@pytest.mark.parametrize("change", ("other values", "no tensor", "no file", "garbage"))
def test_tensor__that_is_not_the_models__is_refused(folder, change):
    path = folder / TENSORS
    if change == "no file":
        path.unlink()
    elif change == "garbage":
        path.write_bytes(b"garbage")
    else:
        save_file({"weights" if change == "other values" else "bias": np.zeros((4, 1), np.float32)}, path)
    with pytest.raises(ContentMismatch, match=TENSORS):
        load(folder)


@pytest.mark.parametrize("text", (None, "", "[]", "{}", '{"model_cid": 1, "manifest_cid": 2}', "no json"))
def test_folder__without_a_pulled_model__says_how_to_get_one(folder, text):
    if text is None:
        (folder / PROVENANCE).unlink()
    else:
        (folder / PROVENANCE).write_text(text)
    with pytest.raises(ConfigError, match="holds no pulled model") as caught:
        load(folder)
    assert "headwater model pull" in caught.value.hint


def test_pull__of_a_model_whose_document_is_another__writes_nothing(finalized, tmp_path):
    model = replace(finalized.models.latest(finalized.task_id), cid=finalized.models.get_model(1, 0).cid)
    with pytest.raises(ContentMismatch, match="holds other weights than the chain's"):
        pull(finalized.task, model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_pull__into_a_place_that_is_no_folder__says_so(finalized, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        pull(finalized.task, finalized.models.latest(finalized.task_id), tmp_path / "file")
    assert "--out" in caught.value.hint


def test_aggregator__of_the_pulled_model__is_who_the_registry_says(finalized, folder):
    assert verify(finalized.task, load(folder)).aggregator == finalized.senders[AGGREGATOR].address
