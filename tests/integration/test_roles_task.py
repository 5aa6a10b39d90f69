"""What a node refuses to take part in: a task whose config, documents and verifiers are not of one piece."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.chain.contracts.events import TaskCreated
from headwater.circuits.srs import Srs
from headwater.errors import (
    CircuitError,
    ContentMismatch,
    ContractError,
    DocumentError,
    StorageError,
    TaskError,
    Unavailable,
)
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.fixedpoint import salt_rows_for
from headwater.protocol.masks import GENERATOR
from headwater.roles.models import OpenedModel
from headwater.roles.task import Task, answer_problem, fetch_srs, open_task, read_task
from headwater.storage.cid import Cid
from headwater.storage.directory import DirectoryStore
from headwater.storage.manifests import CircuitManifest, TaskManifest
from headwater.storage.vectors import ModelDocument
from tests.support.circuits import SMALL, build_twin
from tests.support.roles import CREATOR, TERMS, World
from tests.support.toy_srs import ToySrs
from tests.support.weakened import UncheckedAverage, UnclippedTrain

PARAMS = SMALL.params | {"salt_rows": salt_rows_for(TERMS.rounds, SMALL.width)}


def changed(manifest: TaskManifest, **changes) -> TaskManifest:
    """The manifest with other values, by paths such as training__rows."""
    content = manifest.model_dump(mode="json", by_alias=True)
    for path, value in changes.items():
        *folders, leaf = path.split("__")
        place = content
        for folder in folders:
            place = place[folder]
        place[leaf] = value
    return TaskManifest.model_validate(content)


def with_manifest(world: World, **changes) -> int:
    """A task with a changed manifest."""
    return world.create(manifest=world.put(changed(world.task.manifest, **changes)).digest)


def refusal(world: World, task_id: int, kind: type[Exception], message: str, home=None):
    """The error with which a node refuses to open a task: of one kind, with a message and a hint."""
    with pytest.raises(kind, match=message) as caught:
        open_task(world.contracts, world.store, home or world.home, task_id)
    assert type(caught.value) is kind
    assert caught.value.hint
    return caught.value


def test_task__that_is_of_one_piece__passes_every_check(created):
    stages = []
    task = open_task(created.contracts, created.store, created.home, created.task_id)
    task.check_circuits(lambda stage, **details: stages.append((stage, *details.values())))
    assert stages == [("building", "train"), ("building", "average")]
    assert task.learner.columns == created.task.learner.columns
    assert {key: getattr(task.learner.spec, key) for key in PARAMS} == PARAMS
    assert task.current_model() == [0, 0, 0, 0]


def test_task__by_hand_from_the_same_parts__passes_too(created):
    """So that each refusal below is of its one change."""
    open_task(created.contracts, created.store, created.home, created.create()).check_circuits()


def test_task__that_does_not_exist__is_unknown(created):
    assert refusal(created, 99, ContractError, "there is no task 99").name == "UnknownTask"


# the manifest


@pytest.mark.parametrize(
    ("path", "value"),
    (
        ("model__training__rows", 9),
        ("model__training__steps", 2),
        ("model__training__clip", "2"),
        ("model__fixed_point__data_bits", 5),
    ),
)
def test_manifest__with_other_numbers_than_its_circuit__is_refused(created, path, value):
    changes = {path: value} | ({"model__fixed_point__clamp": "2"} if "fixed" in path else {})
    refusal(created, with_manifest(created, **changes), TaskError, "contradicts itself: its statement of train")


def test_manifest__with_a_feature_more__has_another_dimension_than_the_chain(created):
    features = list(created.task.manifest.model["features"])
    features.append({"name": "sepal length (cm)", "mean": "5", "deviation": "1"})
    refusal(created, with_manifest(created, model__features=features), TaskError, "its dimension is 5 and should be 4")


def test_manifest__with_its_circuits_exchanged__is_refused(created):
    circuits = created.task.manifest.circuits
    task_id = with_manifest(created, circuits__train=circuits.average, circuits__average=circuits.train)
    refusal(created, task_id, TaskError, "its statement of train is .*average")


@pytest.mark.parametrize(
    ("path", "value"),
    (
        ("model__training__clip", "1e300"),
        ("model__training__clip", "1e-300"),
        ("model__training__rate_shift", 40),
        ("model__fixed_point__model_bits", 40),
        ("model__fixed_point__clamp", "0.5"),
        ("model__label__classes", ["virginica", "virginica"]),
        ("model__label__column", "petal width (cm)"),
    ),
)
def test_manifest__whose_numbers_or_names_cannot_be__makes_no_sense(created, path, value):
    refusal(created, with_manifest(created, **{path: value}), TaskError, "manifest makes no sense")


def test_task__with_fewer_salts_than_its_rounds_publish_equations__is_refused(created):
    refusal(
        created,
        with_manifest(created, model__training__salt_rows=1),
        TaskError,
        "has 5 salts for 2 rounds: proofs would",
    )
    refusal(created, created.create(rounds=5), TaskError, "has 10 salts for 5 rounds: proofs would give the data away")
    created.open(created.create(rounds=4))


def test_manifest__that_nobody_stores__cannot_be_had_now(created):
    error = refusal(created, created.create(manifest=b"\x07" * 32), Unavailable, "is not in dir:")
    assert str(Cid.from_digest(b"\x07" * 32)) in error.message


def test_manifest__that_is_none__is_refused(created):
    task_id = created.create(manifest=created.put(b'{"schema":"headwater/task/2"}').digest)
    refusal(created, task_id, DocumentError, "no document of headwater/task/2")


def test_circuit_manifest__that_nobody_stores__cannot_be_had_now(created):
    missing = str(Cid.from_digest(b"\x08" * 32))
    refusal(created, with_manifest(created, circuits__train=missing), Unavailable, missing)


# the chain's config


@pytest.mark.parametrize("name", ("offset", "basis0", "basis1", "basis_d"))
def test_config__with_a_wrong_basis_point__is_refused_on_chain(created, name):
    other = created.task.basis.points[2]
    assert created.refusal(CREATOR, created.creation(**{name: other})).name == "InvalidBasis"


@pytest.mark.parametrize("change", ({"k": 13}, {"dimension": 5}))
def test_config__whose_basis_points_are_of_another_size__is_refused_on_chain(created, change):
    assert created.refusal(CREATOR, created.creation(**change)).name == "InvalidBasis"


def test_config__with_the_points_of_a_string_that_its_creator_knows__is_refused(created):
    """All that the contract can check is right: that this is no ceremony's string, only the SRS's file says."""
    config = created.task.config
    toy = ToySrs(config.k, 12_345)
    basis = toy.basis(config.dimension)
    points = {"offset": basis.offset, "basis0": basis.basis0, "basis1": basis.basis1, "basis_d": basis.basis_d}
    quotient = toy.basis_quotient(config.dimension)
    call = created.creation(toy.commit([0]), None, quotient, tau=toy.tau_g2, **points)
    task_id = created.senders[CREATOR].send(call).event(TaskCreated).task_id
    refusal(created, task_id, TaskError, "contradicts itself: its tau is")


def test_config__with_another_srs_than_its_manifest__is_refused(created):
    refusal(created, created.create(srs=b"\x01" * 32), TaskError, "its SRS is")


def test_manifest__with_another_k_than_the_chain__is_refused(created):
    refusal(created, with_manifest(created, srs__k=13), TaskError, "its k is 13 and should be 12")


@pytest.mark.parametrize(("seconds", "chain", "is_little"), ((599, 1337, True), (600, 1337, False), (12, 31337, False)))
def test_answer_period__under_ten_minutes__is_too_short_but_on_a_local_chain(created, seconds, chain, is_little):
    config = replace(created.task.config, answer_period=seconds)
    assert bool(answer_problem(config, chain)) == is_little


def test_models__read_without_an_srs__show_themselves(finalized):
    task = read_task(finalized.contracts, finalized.store, finalized.task_id)
    models = finalized.models.get_models(task.id, 0, 2)
    assert [model.round for model in models] == [0, 1]
    for model in models:
        document = ModelDocument.decode(finalized.store.get(Cid.from_digest(model.cid), MAX_BYTES))
        opened = OpenedModel.read(document)
        assert opened == finalized.opened(opened.weights)
        assert opened.is_of(task.config, task.tag, model.model_hash)
        assert not opened.is_of(task.config, task.tag + 1, model.model_hash)
        assert not opened.is_of(task.config, task.tag, bytes(32))
        for wrong in (
            replace(opened, opening=GENERATOR),
            replace(opened, weights=(1, *opened.weights[1:])),
            replace(opened, weights=opened.weights[:-1]),
            replace(opened, weights=(1 << 63, *opened.weights[1:])),
            replace(opened, commitment=GENERATOR),
        ):
            assert not wrong.is_of(task.config, task.tag, model.model_hash)


def verifier_of(world: World, statement, srs: Srs) -> tuple[str, bytes]:
    """A weakened twin's verifier, deployed: its address and code hash."""
    verifier = build_twin(world.home, statement, srs).verifier
    address, _ = world.senders[0].deploy(bytes.fromhex(verifier.bytecode[2:]), "a weakened verifier")
    return address, bytes.fromhex(verifier.code_hash[2:])


@pytest.mark.parametrize(
    ("name", "twin"),
    (("train", UnclippedTrain(**PARAMS)), ("average", UncheckedAverage(SMALL.dimension))),
    ids=("train without a clip", "average without a range check"),
)
def test_verifier_of_a_weakened_twin__whose_code_hash_is_the_configs__is_not_the_one_rebuilt(created, srs, name, twin):
    address, code_hash = verifier_of(created, twin, srs)
    task_id = created.create(**{f"{name}_verifier": address, f"{name}_code_hash": code_hash})
    task = open_task(created.contracts, created.store, created.home, task_id)
    with pytest.raises(TaskError, match=f"verifier of {name} at {address} is not the one rebuilt") as caught:
        task.check_circuits()
    assert "may be able to forge proofs" in caught.value.hint


def test_circuit_manifest_of_a_weakened_twin__does_not_help_it(created, srs):
    address, code_hash = verifier_of(created, UncheckedAverage(SMALL.dimension), srs)
    honest = CircuitManifest.decode(created.store.get(Cid.parse(created.task.manifest.circuits.average), MAX_BYTES))
    facts = honest.verifier.model_copy(update={"code_hash": "0x" + code_hash.hex()})
    cid = created.put(honest.model_copy(update={"verifier": facts}))
    manifest = created.put(changed(created.task.manifest, circuits__average=str(cid))).digest
    task_id = created.create(manifest=manifest, average_verifier=address, average_code_hash=code_hash)
    with pytest.raises(TaskError, match="verifier of average"):
        open_task(created.contracts, created.store, created.home, task_id).check_circuits()


# the first model


@pytest.mark.parametrize("weights", ([0, 0, 0, 1], [0, 0, 0], [0, 0, 0, 0, 0]), ids=("other", "too few", "too many"))
def test_first_model__whose_document_has_other_weights__is_refused(created, weights):
    cid = created.put(created.opened(weights).document(0, 0)).digest
    task_id = created.create(model=created.opened([3, -1, 4, 1]).commitment, model_cid=cid)
    refusal(created, task_id, ContentMismatch, "model of round 0 holds other weights")


def test_first_model__whose_document_opens_another_commitment__is_refused(created):
    true = created.opened([3, -1, 4, 1])
    for false in (replace(true, opening=GENERATOR), replace(true, commitment=created.opened([1]).commitment)):
        task_id = created.create(model=true.commitment, model_cid=created.put(false.document(0, 0)).digest)
        refusal(created, task_id, ContentMismatch, "model of round 0 holds other weights")


def test_first_model__whose_commitment_has_a_tag_already__is_refused(created):
    tagged = created.task.basis.commit([0, 0, 0, 0, 1])
    refusal(created, created.create(model=tagged), ContentMismatch, "model of round 0 holds other weights")


def test_first_model__that_is_no_document__is_refused(created):
    model, cid = created.opened([3, -1, 4, 1]).commitment, created.put(b"weights").digest
    refusal(created, created.create(model=model, model_cid=cid), ContentMismatch, "headwater/model/3")


def test_first_model__from_which_weights_could_outgrow_what_is_proved__is_refused(created):
    large = created.opened([0, 0, 0, 1 - (1 << 29)])
    task_id = created.create(large.commitment, created.put(large.document(0, 0)).digest)
    refusal(created, task_id, TaskError, "cannot be carried through")


# the SRS


@pytest.fixture
def fresh(created, tmp_path):
    """A node that has no SRS yet, and a store of its own that has all of the task."""
    task, store = created.task, DirectoryStore(tmp_path / "store")
    circuits = [Cid.parse(text) for text in (task.manifest.circuits.train, task.manifest.circuits.average)]
    digests = (task.config.manifest, created.models.get_model(created.task_id, 0).cid)
    for cid in (*circuits, *map(Cid.from_digest, digests)):
        store.put(created.store.get(cid, MAX_BYTES))
    store.put_file(created.task.srs.path)
    return replace(created.task, store=store, home=tmp_path / "home")


def opened(task: Task) -> Task:
    return open_task(task.contracts, task.store, task.home, task.id)


def stored_srs(task: Task):
    """The file of the task's SRS in a directory store."""
    name = task.manifest.srs.cid
    (found,) = (path for path in task.store._root.rglob(name))
    return found


def test_srs__of_a_local_task__is_fetched_once_and_kept(fresh):
    assert opened(fresh).srs.id == fresh.srs.id
    stored_srs(fresh).unlink()
    assert opened(fresh).srs.id == fresh.srs.id


def test_srs__whose_bytes_were_replaced_in_the_store__is_refused_and_not_kept(fresh):
    path = stored_srs(fresh)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ContentMismatch, match=fresh.manifest.srs.cid):
        opened(fresh)
    assert not list((fresh.home / "srs").iterdir())


def test_srs__that_nobody_stores__cannot_be_had_now(fresh):
    stored_srs(fresh).unlink()
    with pytest.raises(Unavailable, match=fresh.manifest.srs.cid):
        opened(fresh)


@pytest.mark.parametrize("named", (b"another file", b""), ids=("another file", "no file"))
def test_srs__that_does_not_lie_where_the_manifest_says__is_refused_and_not_kept_under_its_id(fresh, named):
    cid = str(fresh.store.put(named)) if named else ""
    manifest = changed(fresh.manifest, srs__cid=cid)
    with pytest.raises(TaskError, match=f"no SRS {fresh.srs.id} lies where its manifest says"):
        fetch_srs(fresh.store, fresh.home, manifest)
    assert opened(fresh).srs.id == fresh.srs.id, "an honest task with this SRS is not spoilt"


def test_srs__that_cannot_be_kept__is_a_storage_error(fresh):
    fresh.home.mkdir()
    (fresh.home / "srs").write_text("no folder")
    with pytest.raises(StorageError, match=f"cannot write .*{fresh.srs.id}"):
        fetch_srs(fresh.store, fresh.home, fresh.manifest)


def test_srs__damaged_on_this_machine__is_fetched_again(fresh):
    opened(fresh).srs.path.write_bytes(b"damaged")
    assert opened(fresh).srs.id == fresh.srs.id


def test_srs__of_another_k_than_the_manifest_says__is_refused(fresh):
    with pytest.raises(CircuitError, match="an SRS of k = 12, not 13"):
        fetch_srs(fresh.store, fresh.home, changed(fresh.manifest, srs__k=13))


def test_development_srs__on_a_chain_that_is_not_local__is_refused(created, other_chain):
    with pytest.raises(TaskError, match="a development SRS on chain 1337: its maker can forge proofs") as caught:
        open_task(other_chain.contracts, created.store, created.home, other_chain.task_id)
    assert "Perpetual Powers of Tau" in caught.value.hint
