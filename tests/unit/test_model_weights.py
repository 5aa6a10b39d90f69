"""What lies under a model's CID and is no model: a content mismatch, which a node waits out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from headwater.errors import ContentMismatch, ContentTooLarge
from headwater.protocol.structs import Model
from headwater.roles.task import TaskReader
from headwater.storage.cid import RAW, Cid

MODEL = Model(b"\x01" * 32, Cid.of_block(RAW, b"").digest, 1, 3, "0x" + "00" * 20, 0)


def too_large(*_):
    raise ContentTooLarge("more than 1 MiB", "do not use it")


@pytest.mark.parametrize(
    "get",
    (lambda *_: b"\xff", lambda *_: b"{}", lambda *_: b'{"schema":"headwater/update/1"}', too_large),
    ids=("garbage", "no model", "another document", "too large"),
)
def test_weights__of_no_model__are_a_content_mismatch(get):
    task = SimpleNamespace(id=1, store=SimpleNamespace(get=get))
    task.fetch = lambda digest: TaskReader.fetch(task, digest)
    with pytest.raises(ContentMismatch, match="is no model") as caught:
        TaskReader._fetch_model(task, MODEL.round, MODEL.cid, MODEL.model_hash)
    assert "`headwater challenger run --task 1` demands the true one" in caught.value.hint
