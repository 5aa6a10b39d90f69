"""Documents, right ones and hostile ones, and which of them the node takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headwater.errors import DocumentError
from headwater.protocol import documents
from headwater.protocol.curve import INFINITY, Q
from headwater.protocol.masks import GENERATOR
from headwater.protocol.openings import Encoding, encode
from headwater.roles.task import Task
from headwater.storage.vectors import HEADER_BYTES, ModelDocument
from tests.js.manifests import Path, changed, manifest_texts, read_manifest


def document_cases(task: Task) -> Iterator[dict[str, Any]]:
    """Bytes of documents, and whether the node takes them as canonical JSON, as a manifest and as a model."""
    points = {"commitment": GENERATOR.encode().hex(), "opening": INFINITY.encode().hex()}
    weights = encode([0, 1, -1, (1 << 63) - 1, -1 << 63], Encoding.PACKED)
    model = ModelDocument.of(weights, round=1, trainers=3, **points).encode()
    texts = {
        *manifest_texts(task),
        model,
        *(hostile.encode("utf-8", "surrogatepass") for hostile in HOSTILE),
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
            "manifest": _accepts(read_manifest, text),
            "model": _accepts(ModelDocument.decode, text),
        }


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
