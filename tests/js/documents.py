"""Documents, right ones and hostile ones, and which of them the node takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headwater.errors import DocumentError
from headwater.protocol import documents
from headwater.protocol.curve import INFINITY, Q
from headwater.protocol.masks import GENERATOR
from headwater.protocol.openings import Encoding, encode
from headwater.roles.task import Task, columns_of, spec_of
from headwater.storage.cid import DAG_PB, Cid
from headwater.storage.manifests import TaskManifest
from headwater.storage.vectors import HEADER_BYTES, ModelDocument

Path = tuple[str | int, ...]


def document_cases(task: Task) -> Iterator[dict[str, Any]]:
    """Bytes of documents, and whether the node takes them as canonical JSON, as a manifest and as a model."""
    manifest = task.store.get(Cid.from_digest(task.config.manifest), documents.MAX_BYTES)
    points = {"commitment": GENERATOR.encode().hex(), "opening": INFINITY.encode().hex()}
    weights = encode([0, 1, -1, (1 << 63) - 1, -1 << 63], Encoding.PACKED)
    model = ModelDocument.of(weights, round=1, trainers=3, **points).encode()
    texts = {
        manifest,
        model,
        *(hostile.encode("utf-8", "surrogatepass") for hostile in HOSTILE),
        *(changed(manifest, change) for change in MANIFEST_CHANGES),
        *(changed(model, change) for change in MODEL_CHANGES),
        *other_bytes(model),
        b"\xff" + model,
        b"\xef\xbb\xbf" + model,
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b"",
    }
    for text in sorted(texts):
        yield {
            "hex": text.hex(),
            "canonical": _accepts(documents.decode, text),
            "manifest": _accepts(_sensible_manifest, text),
            "model": _accepts(ModelDocument.decode, text),
        }


def _sensible_manifest(data: bytes) -> None:
    manifest = TaskManifest.decode(data)
    columns_of(manifest)
    spec_of(manifest)


def _accepts(read: Any, data: bytes) -> bool:
    try:
        read(data)
    except (DocumentError, ValueError, OverflowError):
        return False
    return True


HOSTILE = (
    "{}",
    "[]",
    "null",
    "1.0",
    "1",
    "-0",
    "-1",
    "01",
    "1e2",
    "9007199254740991",
    "9007199254740992",
    "-9007199254740993",
    "NaN",
    "Infinity",
    '{"a":1,"a":1}',
    '{"b":1,"a":2}',
    '{"a":1,"b":2}',
    '{"a": 1}',
    '{"__proto__":1}',
    '{"__proto__":{"schema":"headwater/model/3"}}',
    '{"__proto__":{"schema":"headwater/model/3"}}\0',
    '{"constructor":1}',
    '{"10":1,"9":2}',
    '{"9":2,"10":1}',
    '{"\U0001f600":1,"\uff5e":2}',
    '{"\uff5e":2,"\U0001f600":1}',
    '"\\u0061"',
    '"\\ud83d\\ude00"',
    '"\U0001f600"',
    '"\\ud800"',
    '"\\u001f\\n\\t"',
    '"\\u001F"',
    '"\x7f"',
    '"\\/"',
    '"\u2028"',
    " 1",
    "1\n",
    "tru",
    "true",
    "[" * 17 + "]" * 17,
    "[" * 18 + "]" * 18,
    '"' + "[" * 100 + '"',
)


def other_bytes(model: bytes) -> Iterator[bytes]:
    """A model's document with its parts in disorder, and some that are models in spite of it."""
    header, _, weights = model.partition(b"\0")
    yield from (header, header + b"\0", header + weights, b"\0" + model, header + b"\0" + model, weights)
    yield from (
        model[:-1],
        model[:-8],
        model + b"\0",
        model + bytes(8),
        header + b" \0" + weights,
        header + b"\n\0" + weights,
    )
    yield from (header[:-1] + b"\0}\0" + weights, header.replace(b":", b": ", 1) + b"\0" + weights)
    yield header.replace(b'"entries":5', b'"entries":4') + b"\0" + weights[8:]
    yield header.replace(b'"entries":5', b'"entries":5.0') + b"\0" + weights
    yield header.replace(b'"entries":5', b'"entries":05') + b"\0" + weights
    yield header.replace(b'"entries":5', b'"entries":5,"entries":5') + b"\0" + weights
    yield b" " * HEADER_BYTES + model
    most = (documents.MAX_BYTES - len(header) - 6) // 8
    for count in (most, most + 1):
        yield header.replace(b'"entries":5', f'"entries":{count}'.encode()) + b"\0" + bytes(8 * count)


def changed(document: bytes, change: tuple[Path, Any]) -> bytes:
    """A document with one value of its JSON replaced, or, by `...`, removed; a vector behind it is left alone."""
    text, separator, vector = document.partition(b"\0")
    value = json.loads(text)
    (*path, last), new = change
    at = value
    for key in path:
        at = at[key]
    if new is ...:
        del at[last]
    else:
        at[last] = new
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return text + separator + vector


FIRST = ("model", "features", 0)
MANIFEST_CHANGES: tuple[tuple[Path, Any], ...] = (
    (("schema",), "headwater/task/2"),
    (("schema",), ...),
    (("extra",), 1),
    (("name",), ""),
    (("name",), "a\x1bb"),
    (("name",), "\U0001f600" * 200),
    (("name",), "\U0001f600" * 201),
    (("name",), "a\nb"),
    (("name",), 1),
    (("description",), "a\nb"),
    (("description",), "a\tb"),
    (("description",), "x" * 10_001),
    (("model", "kind"), "softmax"),
    (("model", "features"), []),
    (("model", "features"), {}),
    ((*FIRST, "mean"), "1."),
    ((*FIRST, "mean"), "+1"),
    ((*FIRST, "mean"), "1e999"),
    ((*FIRST, "mean"), "1e1000"),
    ((*FIRST, "mean"), 1),
    ((*FIRST, "mean"), "0" * 65),
    ((*FIRST, "mean"), "١"),  # a digit, but not an ASCII one
    ((*FIRST, "deviation"), "0"),
    ((*FIRST, "deviation"), "-1"),
    ((*FIRST, "deviation"), "0e5"),
    ((*FIRST, "name"), "petal width (cm)"),
    ((*FIRST, "name"), " padded"),
    (("model", "intercept"), 1),
    (("model", "intercept"), None),
    (("model", "label", "column"), "petal width (cm)"),
    (("model", "label", "classes"), ["one"]),
    (("model", "label", "classes"), ["same", "same"]),
    (("model", "label", "classes"), [str(n) for n in range(100)]),
    (("model", "label", "classes"), [str(n) for n in range(101)]),
    (("fixed_point", "data_bits"), 0),
    (("fixed_point", "data_bits"), 41),
    (("fixed_point", "data_bits"), "4"),
    (("fixed_point", "data_bits"), True),
    (("fixed_point", "clamp"), "1e999"),
    (("fixed_point", "clamp"), "1e307"),  # finite, and larger than anything that can be computed with
    (("training", "steps"), 1001),
    (("training", "rate_shift"), -1),
    (("circuits", "train"), "Qm" + "a" * 57),
    (("circuits", "train"), "b" + "a" * 58),
    (("circuits", "train"), str(Cid(DAG_PB, bytes(32)))),
    (("circuits", "train"), str(Cid(DAG_PB, bytes(32)))[:-1] + "b"),
    (("basis",), "b" + "a" * 58),
    (("srs", "k"), 29),
    (("srs", "source"), "mine"),
    (("srs", "cid"), ""),
    (("srs", "id"), "F" * 64),
)
MODEL_CHANGES: tuple[tuple[Path, Any], ...] = (
    (("schema",), "headwater/update/2"),
    (("round",), -1),
    (("round",), "1"),
    (("round",), True),
    (("trainers",), ...),
    (("schema",), "headwater/model/2"),
    (("extra",), 1),
    (("commitment",), ...),
    (("commitment",), ""),
    (("commitment",), f"{1:064x}{3:064x}"),
    (("commitment",), f"{1 + Q:064x}{2:064x}"),
    (("commitment",), f"{1:064X}{Q - 2:064X}"),
    (("commitment",), f"{1:064x}{Q - 2:064x}"),
    (("commitment",), {"x": f"{1:064x}", "y": f"{2:064x}"}),
    (("opening",), ...),
    (("opening",), "0" * 127),
    (("opening",), "0" * 126 + "03"),
    (("opening",), "0" * 128 + "\n"),
    (("weights",), "0" * 64),
    (("entries",), ...),
    (("entries",), 0),
    (("entries",), -5),
    (("entries",), 4),
    (("entries",), 6),
    (("entries",), "5"),
    (("entries",), True),
    (("entries",), 2**61 + 5),
    (("entries",), 2**53 - 1),
)
