"""The documents that the chain refers to: what they hold, and that nothing else is taken for one."""

import copy
import json

import pytest
from pydantic import ValidationError

from headwater.errors import DocumentError
from headwater.protocol import documents
from headwater.storage.cid import Cid
from headwater.storage.manifests import CircuitManifest, TaskManifest
from headwater.storage.unixfs import cid_of
from scripts.export_schemas import FOLDER, schemas

CID = str(cid_of(b"something"))
SHA256 = "ab" * 32
SRS = {"id": SHA256, "k": 15, "source": "dev", "cid": CID}
TASK = {
    "schema": "headwater/task/2",
    "name": "Breast cancer, Wisconsin",
    "description": "Malignant or benign,\nfrom 30 measurements.",
    "learner": {"kind": "linear", "package": "headwater"},
    "model": {"anything": ["that", {"a": "learner"}, 1, True]},
    "circuits": {"train": CID, "average": CID, "score": "", "composition": "", "infer": ""},
    "srs": SRS,
}
CIRCUIT = {
    "schema": "headwater/circuit/1",
    "statement": {"kind": "average", "params": {"dimension": 31, "weight_bits": 29}},
    "k": 15,
    "rows": 30_000,
    "versions": {"ezkl": "23.0.5", "torch": "2.13.0"},
    "srs": SRS,
    "inputs": [{"name": name, "shape": [rows, 1]} for name, rows in (("model", 32), ("private", 32), ("public", 2))],
    "output": {"name": "sum", "shape": [33, 1]},
    "artifacts": {"onnx": {"cid": CID, "sha256": SHA256, "size": 9}},
    "verifier": {"code_hash": "0x" + SHA256, "size": 16_000, "solc": "0.8.37"},
}
EXAMPLES = {TaskManifest: TASK, CircuitManifest: CIRCUIT}
NAMES = [kind.__name__ for kind in EXAMPLES]


@pytest.mark.parametrize(("kind", "example"), EXAMPLES.items(), ids=NAMES)
def test_document__from_its_bytes__gives_the_same_bytes(kind, example):
    data = documents.encode(example)

    document = kind.decode(data)

    assert document.encode() == data
    assert kind.of(**{key: value for key, value in example.items() if key != "schema"}) == document


@pytest.mark.parametrize(("kind", "example"), EXAMPLES.items(), ids=NAMES)
def test_document__as_bytes__is_one_raw_block_that_32_bytes_on_chain_name(kind, example):
    data = kind.decode(documents.encode(example)).encode()

    assert cid_of(data).is_raw
    assert Cid.from_digest(cid_of(data).digest) == cid_of(data)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES.items(), ids=NAMES)
def test_document__of_another_schema__is_refused(kind, example):
    for other in EXAMPLES:
        if other is not kind:
            with pytest.raises(DocumentError, match=f"no document of {other.kind}"):
                other.decode(documents.encode(example))


def changed(example, path, value):
    """The example with the entry at a dotted path set, or removed where `value` is Ellipsis."""
    result = copy.deepcopy(example)
    *folders, last = path.split(".")
    place = result
    for folder in folders:
        place = place[int(folder) if isinstance(place, list) else folder]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return result


BAD = (
    (TaskManifest, "schema", "headwater/task/1"),
    (TaskManifest, "schema", ...),
    (TaskManifest, "name", ""),
    (TaskManifest, "name", "clear \x1b[2J the screen"),
    (TaskManifest, "name", "x" * 201),
    (TaskManifest, "description", "over\rwritten"),
    (TaskManifest, "extra", 1),
    (TaskManifest, "model", ["a list"]),
    (TaskManifest, "learner", "linear"),
    (TaskManifest, "learner.kind", "Linear"),
    (TaskManifest, "learner.kind", "../linear"),
    (TaskManifest, "learner.package", ""),
    (TaskManifest, "learner.package", "headwater; rm"),
    (TaskManifest, "learner.package", "--index-url"),
    (TaskManifest, "learner.extra", "1"),
    (TaskManifest, "circuits.train", "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
    (TaskManifest, "circuits.train", CID[:-1] + "7"),
    (TaskManifest, "basis", CID),
    (TaskManifest, "circuits.average", ...),
    (TaskManifest, "srs.id", SHA256.upper()),
    (TaskManifest, "srs.k", 29),
    (TaskManifest, "srs.source", "mine"),
    (CircuitManifest, "artifacts.../../etc/passwd", {"cid": CID, "sha256": SHA256, "size": 9}),
    (CircuitManifest, "artifacts.onnx.size", 1 << 40),
    (CircuitManifest, "statement.params.dimension", "31"),
    (CircuitManifest, "inputs", []),
    (CircuitManifest, "inputs.0.shape", [32]),
    (CircuitManifest, "inputs.0.shape", [32, 0]),
    (CircuitManifest, "output.shape", [32, 1, 1]),
    (CircuitManifest, "verifier.code_hash", SHA256),
)


@pytest.mark.parametrize(
    ("kind", "path", "value"), BAD, ids=[f"{kind.__name__}-{path}-{i}" for i, (kind, path, _) in enumerate(BAD)]
)
def test_document__with_a_wrong_entry__says_where(kind, path, value):
    name, _, rest = path.partition(".")
    example = EXAMPLES[kind]
    example = example | {name: example[name] | {rest: value}} if "/" in rest else changed(example, path, value)

    with pytest.raises(DocumentError, match=f"no document of {kind.kind}: {name}") as caught:
        kind.decode(documents.encode(example))
    assert "refuse what refers to it" in str(caught.value)


@pytest.mark.parametrize(
    "data", (b"", b"[]", b"null", b"{}", json.dumps(CIRCUIT).encode(), b"[" * 9999, b"\x80\x04K*.")
)
def test_decode__of_other_bytes__is_a_document_error(data):
    with pytest.raises(DocumentError, match="no document of headwater/circuit/1"):
        CircuitManifest.decode(data)


def test_document__once_made__cannot_be_changed():
    document = CircuitManifest.decode(documents.encode(CIRCUIT))

    with pytest.raises(ValidationError, match="frozen"):
        document.k = 2


def test_schemas__are_those_of_the_models():
    assert sorted(FOLDER.glob("*.json")) == sorted(schemas())
    for path, schema in schemas().items():
        assert json.loads(path.read_text()) == schema, "run python -m scripts.export_schemas and commit the result"
