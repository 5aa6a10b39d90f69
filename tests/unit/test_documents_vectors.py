"""Documents with a vector: one string of bytes each, and nothing else is taken for one."""

import copy
from dataclasses import FrozenInstanceError

import pytest

from headwater.errors import DocumentError
from headwater.protocol import documents
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.field import P, pack
from headwater.protocol.masks import GENERATOR
from headwater.protocol.openings import Encoding, encode
from headwater.storage.cid import Cid
from headwater.storage.unixfs import cid_of
from headwater.storage.vectors import HEADER_BYTES, ModelDocument, UpdateDocument

TASK = {"chain_id": 31337, "task_manager": "0x" + "5f" * 20, "task_id": 1}
POINT = GENERATOR.encode().hex()
UPDATE = {
    "schema": "headwater/update/2",
    "task": TASK,
    "round": 1,
    "attempt": 1,
    "trainer": "0x" + "aB" * 20,
    "entries": 4,
}
MODEL = {
    "schema": "headwater/model/3",
    "round": 0,
    "trainers": 0,
    "commitment": POINT,
    "opening": POINT,
    "entries": 3,
}
WORDS, PACKED = pack([1, -1, 0, P - 2]), encode([1, -1, -1 << 63], Encoding.PACKED)
EXAMPLES = {UpdateDocument: (UPDATE, WORDS), ModelDocument: (MODEL, PACKED)}
each = pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)


def joined(header, vector: bytes) -> bytes:
    """A document's bytes, of a header that need not be right."""
    text = header if isinstance(header, bytes) else documents.encode(header)
    return text + b"\0" + vector


@each
def test_document__from_its_bytes__gives_the_same_bytes(kind):
    header, vector = EXAMPLES[kind]

    document = kind.decode(joined(header, vector))

    assert document.encode() == joined(header, vector)
    assert document.vector == vector
    fields = {key: value for key, value in header.items() if key not in ("schema", "entries")}
    assert kind.of(vector, **fields) == document


@each
def test_document__as_bytes__is_one_raw_block_that_32_bytes_on_chain_name(kind):
    data = joined(*EXAMPLES[kind])

    assert cid_of(data).is_raw
    assert Cid.from_digest(cid_of(data).digest) == cid_of(data)


@each
def test_document__once_made__cannot_be_changed(kind):
    with pytest.raises(FrozenInstanceError):
        kind.decode(joined(*EXAMPLES[kind])).vector = b""


def test_document__of_another_schema__is_refused():
    with pytest.raises(DocumentError, match="no document of headwater/model/3"):
        ModelDocument.decode(joined(UPDATE, WORDS))
    with pytest.raises(DocumentError, match="no document of headwater/update/2"):
        UpdateDocument.decode(joined(MODEL, PACKED))


def spoiled(header, vector: bytes, width: int) -> dict[str, bytes]:
    """Bytes that say the same as a document, or nearly, and are others."""
    text, data = documents.encode(header), joined(header, vector)
    n = b'"entries":%d' % header["entries"]
    return {
        "nothing": b"",
        "garbage": b"\x80\x04K*.",
        "no vector": text,
        "an empty vector": joined(text, b""),
        "no separator": text + vector,
        "two separators": text + b"\0" + joined(b"", vector),
        "a separator first": b"\0" + data,
        "a vector alone": vector,
        "cut short": data[:-1],
        "an entry too few": data[:-width],
        "an entry too many": data + bytes(width),
        "a byte behind": data + b"\0",
        "a line break behind": data + b"\n",
        "twice": data + data,
        "a space before the separator": joined(text + b" ", vector),
        "a space in the header": joined(text.replace(b":", b": ", 1), vector),
        "a space before the header": b" " + data,
        "a byte order mark": b"\xef\xbb\xbf" + data,
        "a field twice": joined(text.replace(n, n + b"," + n), vector),
        "an escaped letter": joined(text.replace(b"schema", b"\\u0073chema"), vector),
        "entries as text": joined({**header, "entries": str(header["entries"])}, vector),
        "entries as a real": joined(text.replace(n, n + b".0"), vector),
        "entries with a zero before": joined(text.replace(n, n.replace(b":", b":0")), vector),
        "too many entries named": joined({**header, "entries": header["entries"] + 1}, vector),
        "too few entries named": joined({**header, "entries": header["entries"] - 1}, vector),
        "no entries": joined({**header, "entries": 0}, b""),
        "a negative number": joined({**header, "entries": -header["entries"]}, vector),
        "a number that overflows": joined({**header, "entries": 2**53 - 1}, vector),
        "a header that is a list": joined([], vector),
        "a deep header": joined(b"[" * 500 + b"]" * 500, vector),
        "a header too long to be one": b" " * HEADER_BYTES + data,
        "more than a document may have": joined(header, bytes(MAX_BYTES)),
        "the old form": documents.encode({**header, "vector": vector.hex()}),
    }


CASES = [
    pytest.param(kind, data, id=f"{kind.__name__}-{name}")
    for kind, (header, vector) in EXAMPLES.items()
    for name, data in spoiled(header, vector, kind.kind.width).items()
]


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_other_bytes__are_a_document_error(kind, data):
    with pytest.raises(DocumentError, match=f"no document of {kind.kind.kind}") as caught:
        kind.decode(data)
    assert "refuse what refers to it" in str(caught.value)


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("entry", (P, P + 1, P - 1 + (1 << 192), (1 << 256) - 1))
def test_update__with_an_entry_that_is_not_reduced__is_refused__so_that_no_vector_has_two_forms(at, entry):
    words = [pack([n]) for n in range(4)]
    words[at] = entry.to_bytes(32, "big")

    with pytest.raises(DocumentError, match=f"entry {at} is not below"):
        UpdateDocument.decode(joined(UPDATE, b"".join(words)))


def test_update__with_the_largest_entries__is_taken():
    words = pack([P - 1, P - 2, (P >> 192) << 192, 0])
    assert UpdateDocument.decode(joined(UPDATE, words)).vector == words


def changed(header, path, value):
    """The header with the entry at a dotted path set, or removed where `value` is Ellipsis."""
    result = copy.deepcopy(header)
    *folders, last = path.split(".")
    place = result
    for folder in folders:
        place = place[folder]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return result


BAD = (
    (UpdateDocument, "schema", "headwater/update/1"),
    (UpdateDocument, "schema", ...),
    (UpdateDocument, "task.task_id", 0),
    (UpdateDocument, "task.extra", 0),
    (UpdateDocument, "trainer", "0x12"),
    (UpdateDocument, "round", 0),
    (UpdateDocument, "attempt", 0),
    (UpdateDocument, "attempt", ...),
    (UpdateDocument, "entries", ...),
    (UpdateDocument, "vector", "00" * 32),
    (ModelDocument, "schema", "headwater/model/2"),
    (ModelDocument, "trainers", None),
    (ModelDocument, "round", -1),
    (ModelDocument, "entries", ...),
    (ModelDocument, "extra", 1),
    (ModelDocument, "weights", [1, 2]),
    (ModelDocument, "opening", ...),
    (ModelDocument, "opening", f"{1:064x}{3:064x}"),
    (ModelDocument, "commitment", POINT[:-2]),
    (ModelDocument, "commitment", POINT.upper().replace("0", "F")),
)


@pytest.mark.parametrize(
    ("kind", "path", "value"), BAD, ids=[f"{kind.__name__}-{path}-{i}" for i, (kind, path, _) in enumerate(BAD)]
)
def test_header__with_a_wrong_entry__says_where(kind, path, value):
    header, vector = EXAMPLES[kind]

    with pytest.raises(DocumentError, match=f"no document of {kind.kind.kind}: {path.partition('.')[0]}"):
        kind.decode(joined(changed(header, path, value), vector))


def test_document__of_more_than_a_block__cannot_be_made():
    with pytest.raises(ValueError, match=f"at most {MAX_BYTES} bytes"):
        ModelDocument.of(bytes(MAX_BYTES), round=0, trainers=0, commitment=POINT, opening=POINT).encode()


def test_largest_headers__are_shorter_than_readers_look_for_them():
    most, address = documents.MAX_INTEGER, "0x" + "f" * 40
    task = {"chain_id": most, "task_manager": address, "task_id": most}
    update = UpdateDocument.of(WORDS, task=task, round=most, attempt=most, trainer=address)
    model = ModelDocument.of(PACKED, round=most, trainers=most, commitment=POINT, opening=POINT)
    for document in (update, model):
        header = document.header.model_copy(update={"entries": most})
        assert len(header.encode()) < HEADER_BYTES
