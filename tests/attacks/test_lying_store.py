"""Wants: others to go on from bytes of its own: a poisoned model, or an update that breaks the sum.

Tries: to keep other bytes under the right CID, in a store that everybody asks.
Stopped: whatever a store answers is hashed again before anybody sees it.
"""

from __future__ import annotations

from headwater.protocol.masks import GENERATOR
from headwater.roles.models import OpenedModel
from headwater.storage.directory import DirectoryStore
from headwater.storage.files import read_chunks
from headwater.storage.kubo import KuboStore
from tests.support.ipfs import run_rpc_server

TRUE, POISONED = (
    OpenedModel(weights, GENERATOR, GENERATOR).document(round_=1, trainers=3).encode()
    for weights in ((1, 2), (1 << 20, 0))
)


class BelievingStore(DirectoryStore):
    """A directory store that does not hash what it reads."""

    def _fetch(self, cid, sink, max_bytes):
        for chunk in read_chunks(self._path(cid)):
            sink(chunk)


def test_bytes__exchanged_in_the_folder__are_read_by_who_believes_it__and_by_nobody_else(tmp_path, attack):
    store = DirectoryStore(tmp_path)
    cid = store.put(TRUE)
    store._path(cid).write_bytes(POISONED)
    with attack.works_on(BelievingStore):
        assert BelievingStore(tmp_path).get(cid, 1 << 20) == POISONED
    with attack.stopped_by("ContentMismatch"):
        store.get(cid, 1 << 20)


def answer(handler) -> None:
    """Any call of Kubo's RPC with the poisoned bytes, as `cat` has them."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.send_header("X-Stream-Output", "1")
    handler.send_header("Content-Length", str(len(POISONED)))
    handler.end_headers()
    handler.wfile.write(POISONED)


def test_bytes__answered_by_a_daemon__are_hashed_too(tmp_path, attack):
    cid = DirectoryStore(tmp_path).put(TRUE)
    DirectoryStore(tmp_path)._path(cid).write_bytes(POISONED)
    with attack.works_on(BelievingStore):
        assert BelievingStore(tmp_path).get(cid, 1 << 20) == POISONED
    with run_rpc_server(answer) as address, attack.stopped_by("ContentMismatch"):
        KuboStore(address).get(cid, 1 << 20)
