"""Manifests of every kind of model, right ones and hostile ones, and whether the node takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from headwater.learners.gram.learner import Gram
from headwater.learners.gram.numbers import GramSpec
from headwater.learners.learner import Request
from headwater.learners.linear.learner import Linear
from headwater.learners.linear.losses import LOSSES
from headwater.learners.mlp.learner import Mlp
from headwater.protocol.documents import MAX_BYTES, MAX_VALUES
from headwater.roles.task import Task
from headwater.storage.cid import DAG_PB, Cid
from headwater.storage.manifests import TaskManifest
from headwater.tables.columns import Category, Columns, Feature
from tests.js.learners import KINDS, manifest_of

Path = tuple[str | int, ...]


def manifest_texts(task: Task) -> Iterator[bytes]:
    """A real task's, one of each kind and loss, and all of these with something changed."""
    yield task.store.get(Cid.from_digest(task.config.manifest), MAX_BYTES)
    yield from made_texts()


def made_texts() -> Iterator[bytes]:
    """Those that need no chain."""
    amount = {loss: table(Linear, Request(rows=30, settings={"loss": loss}), loss) for loss in LOSSES}
    network = table(Mlp, Request(rows=30))
    bases = [(text, TABLE_CHANGES + LINEAR_CHANGES) for text in amount.values()]
    bases += [(manifest_of(Gram(GramSpec(30, 3), ("a", "b", "c"), "7.5")).encode(), GRAM_CHANGES)]
    bases += [(network, TABLE_CHANGES + NETWORK_CHANGES)]
    yield from (changed(network, change) for change in MANIFEST_CHANGES)
    yield from values_more_and_less(changed(network, (("learner", "kind"), "unheard_of")))
    for text, changes in bases:
        yield text
        yield from (changed(text, change) for change in changes)


def values_more_and_less(unheard: bytes) -> Iterator[bytes]:
    """As many values as a document may have, with what looks like more in its texts; and one more."""
    empty = changed(unheard, (("model",), {"list": ["[,:{"]}))
    others = len(re.findall(rb"[{[:,]", re.sub(rb'"[^"]*"', b"", empty)))
    for more in (0, 1):
        yield changed(unheard, (("model",), {"list": ["[,:{", *[0] * (MAX_VALUES - others + more)]}))


def table(kind: type[Linear] | type[Mlp], request: Request, loss: str = "logistic") -> bytes:
    """A manifest of two numbers and a category, with the label that a loss is for."""
    classifies = LOSSES[loss].classifies
    scale = None if classifies else Feature("y", Decimal(10), Decimal("2.5"))
    features = (
        Feature("petal length (cm)", Decimal("3.5"), Decimal("1.5")),
        Category("colour", ("red", "blue")),
        Feature("petal width (cm)", Decimal("1.25"), Decimal("0.5")),
    )
    columns = Columns(features, True, "y", ("a", "b", "c") if classifies else (), amount=scale)
    return manifest_of(kind(kind.spec_for(columns.width, columns.outputs, request), columns)).encode()


def read_manifest(data: bytes) -> None:
    """As a node reads a manifest: what is of a kind that is not known can be shown, and not used."""
    manifest = TaskManifest.decode(data)
    if manifest.learner.kind in KINDS:
        KINDS[manifest.learner.kind].parse(manifest.model)


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


UNSEEN = (
    "\x7f",
    "\x85",
    "\x9b",
    "\xad",
    "\u061c",
    "\u200b",
    "\u200d",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\U000e0041",
)
MANIFEST_CHANGES: tuple[tuple[Path, Any], ...] = (
    (("schema",), "headwater/task/1"),
    (("schema",), ...),
    (("extra",), 1),
    (("name",), ""),
    (("name",), "a\x1bb"),
    (("name",), "\U0001f600" * 200),
    (("name",), "\U0001f600" * 201),
    (("name",), "a\nb"),
    (("name",), 1),
    *(((*place,), f"a{character}b") for place in (("name",), ("description",)) for character in UNSEEN),
    *(((*place,), "é 日本 😀 \u0301 (ℵ) \u05d0") for place in (("name",), ("description",))),
    (("description",), "a\nb"),
    (("description",), "a\tb"),
    (("description",), "x" * 10_001),
    (("learner",), "linear"),
    (("learner", "kind"), "quantum"),  # of another package: nobody here knows what its model is to be
    (("learner", "kind"), "__proto__"),
    (("learner", "kind"), "constructor"),
    (("learner", "kind"), "Mlp"),
    (("learner", "kind"), ""),
    (("learner", "kind"), "k" * 40),
    (("learner", "kind"), "k" * 41),
    (("learner", "package"), "a" * 100),
    (("learner", "package"), "a" * 101),
    (("learner", "package"), "a"),
    (("learner", "package"), ""),
    (("learner", "package"), "-a"),
    (("learner", "package"), "a."),
    (("learner", "package"), "a/b"),
    (("learner", "package"), "a\n"),
    (("learner", "version"), 1),
    (("model",), []),
    (("model",), None),
    (("model",), ...),
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
MODEL: Path = ("model",)
FIRST: Path = (*MODEL, "features", 0)
SECOND: Path = (*MODEL, "features", 1)
TABLE_CHANGES: tuple[tuple[Path, Any], ...] = (
    ((*MODEL, "kind"), "softmax"),
    ((*MODEL, "features"), []),
    ((*MODEL, "features"), {}),
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
    *(((*FIRST, "name"), f"petal{character}") for character in UNSEEN),
    ((*SECOND, "values"), ["red", "re\u200bd"]),
    ((*MODEL, "label", "column"), "y\u2060"),
    ((*MODEL, "label", "classes"), ["a", "a\u202e", "b"]),
    (
        (*MODEL, "groups"),
        [{"name": "sex", "values": ["f", "m"]}, {"name": "colour", "values": ["red", "blue", "green"]}],
    ),
    ((*MODEL, "groups"), [{"name": "sex", "values": ["f", "m"]}] * 2),
    ((*MODEL, "groups"), [{"name": "y", "values": ["f", "m"]}]),
    ((*MODEL, "groups"), [{"name": "sex", "values": ["f", "f"]}]),
    ((*MODEL, "groups"), [{"name": "sex", "values": ["f", "NA"]}]),
    ((*MODEL, "groups"), [{"name": "sex", "values": []}]),
    ((*MODEL, "groups"), [{"name": "sex", "mean": "0", "deviation": "1"}]),
    ((*MODEL, "groups"), [{"name": f"sex{number}", "values": ["f"]} for number in range(9)]),
    ((*MODEL, "groups"), None),
    ((*MODEL, "intercept"), 1),
    ((*MODEL, "intercept"), None),
    ((*MODEL, "label", "column"), "petal width (cm)"),
    ((*MODEL, "label", "classes"), ["one"]),
    ((*MODEL, "label", "classes"), ["same", "same"]),
    ((*MODEL, "label", "classes"), [str(n) for n in range(100)]),
    ((*MODEL, "label", "classes"), [str(n) for n in range(101)]),
    ((*MODEL, "fixed_point", "data_bits"), 0),
    ((*MODEL, "fixed_point", "data_bits"), 41),
    ((*MODEL, "fixed_point", "data_bits"), "4"),
    ((*MODEL, "fixed_point", "data_bits"), True),
    ((*MODEL, "fixed_point", "clamp"), "1e999"),
    ((*MODEL, "fixed_point", "clamp"), "1e307"),  # finite, and larger than anything that can be computed with
    ((*MODEL, "training", "steps"), 1001),
    ((*MODEL, "training", "rate_shift"), -1),
    ((*MODEL, "training", "salt_rows"), 1 << 20),
    ((*MODEL, "training", "salt_rows"), (1 << 20) + 1),
    ((*MODEL, "training", "clip"), "0"),
    ((*MODEL, "training", "clip"), "0.00012"),  # rounds to no unit
    ((*MODEL, "training", "clip"), "0.00013"),
    ((*MODEL, "training", "clip"), "4095.9998"),
    ((*MODEL, "training", "clip"), "4096"),  # circuits have constants to 2**24
    ((*MODEL, "training", "clip"), "1e999"),
    ((*MODEL, "fixed_point", "clamp"), "1"),
    ((*MODEL, "fixed_point", "clamp"), "0.5"),
    ((*MODEL, "fixed_point", "clamp"), "-8"),
    ((*MODEL, "extra"), 1),
    ((*MODEL, "missing"), "zero"),
    ((*MODEL, "unknown"), ...),
    ((*MODEL, "label"), {"column": "y", "classes": ["a", "b"]}),
    ((*MODEL, "label"), {"column": "y", "mean": "1", "deviation": "2"}),
    ((*MODEL, "label"), {"column": "y", "mean": "1", "deviation": "0"}),
    ((*MODEL, "label"), {"column": "y", "mean": "1", "deviation": "-2"}),
    ((*MODEL, "label"), {"column": "y", "mean": "1", "deviation": "2", "classes": ["a", "b"]}),
    ((*MODEL, "label"), {"column": "y"}),
    ((*MODEL, "label"), {"column": "colour", "classes": ["a", "b"]}),
    ((*SECOND, "values"), []),
    ((*SECOND, "values"), ["red"]),
    ((*SECOND, "values"), ["red", "red"]),
    ((*SECOND, "values"), ["red", " blue"]),
    ((*SECOND, "values"), ["red", "N/A"]),
    ((*SECOND, "values"), [str(n) for n in range(100)]),
    ((*SECOND, "values"), [str(n) for n in range(101)]),
    ((*SECOND, "mean"), "1"),
)
LINEAR_CHANGES: tuple[tuple[Path, Any], ...] = (
    *(((*MODEL, "loss"), loss) for loss in (*LOSSES, "softmax", "", None, ...)),
    *(((*MODEL, "penalty"), penalty) for penalty in (0, 1, (1 << 24) - 1, 1 << 24, -1, "1", True, ...)),
)
NETWORK_CHANGES: tuple[tuple[Path, Any], ...] = (
    *(((*MODEL, "hidden"), hidden) for hidden in (0, 1, 64, 1025, "8", ...)),
    *(((*MODEL, "error_bits"), bits) for bits in (0, 1, 12, 36, ...)),
    *(((*MODEL, "seed"), seed) for seed in (-1, (1 << 32) - 1, 1 << 32, ...)),
    ((*MODEL, "loss"), "logistic"),
)
GRAM_CHANGES: tuple[tuple[Path, Any], ...] = (
    ((*MODEL, "items"), ["a", "b", "c\u2063"]),
    *(((*MODEL, "items"), items) for items in (["a"], ["a", "a"], ["a", " b"], ["a", ""], "ab", ...)),
    *(((*MODEL, "items"), [str(n) for n in range(count)]) for count in (500, 501)),
    *(((*MODEL, "ridge"), ridge) for ridge in ("0", "0.01", "0.0099", "1e6", "1e7", "-1", "1e999", 7, ...)),
    *(((*MODEL, "model_bits"), bits) for bits in (1, 2, 20, 21, "12")),
    *(((*MODEL, "rows"), rows) for rows in (0, 1, (1 << 17) - 1, 1 << 17, 1 << 25)),
    ((*MODEL, "salt_rows"), 0),
    ((*MODEL, "label"), {"column": "y", "classes": ["a", "b"]}),
    ((*MODEL, "extra"), 1),
)
