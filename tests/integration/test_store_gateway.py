"""A gateway is trusted with nothing: true blocks are put together, and each lie is caught at its block."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headwater.errors import ConfigError, ContentMismatch, ContentTooLarge, StorageError, Unavailable, Unreachable
from headwater.storage.cid import DAG_PB, Cid
from headwater.storage.gateway import GatewayStore
from headwater.storage.kubo import KuboStore
from headwater.storage.opening import open_store
from headwater.storage.unixfs import CHUNK, DagBuilder, _Link, _node, cid_of
from tests.integration.test_store_kubo import IN_TIME, LIES, TIMEOUT
from tests.support.gateway import run_gateway, send, url_of
from tests.support.ipfs import run_rpc_server

SMALL = b"a document"
LARGE = b"".join(bytes([i]) * CHUNK for i in range(3)) + b"the end"
LIMIT = 8 * CHUNK


def blocks_of(data: bytes) -> dict[Cid, bytes]:
    blocks: dict[Cid, bytes] = {}
    builder = DagBuilder(emit=blocks.__setitem__)
    builder.update(data)
    builder.finish()
    return blocks


def serve(blocks: dict[Cid, bytes]):
    def get_block(cid: Cid) -> bytes:
        if cid not in blocks:
            raise Unavailable("not here")
        return blocks[cid]

    return run_gateway(get_block)


@pytest.mark.parametrize("size", (0, 1, CHUNK, CHUNK + 1, len(LARGE)))
def test_get__of_what_a_node_of_ipfs_holds__gives_the_same_bytes(ipfs_node, tmp_path, size):
    """The blocks are Kubo's own, cut by Kubo."""
    kubo, data = KuboStore(ipfs_node.rpc, 20), LARGE[:size]
    cid = kubo.put(data)
    with run_gateway(lambda cid: kubo._block(cid, CHUNK, CHUNK)) as url:
        store = GatewayStore(url)
        store.check()
        assert store.get(cid, size) == data
        store.get_file(cid, tmp_path / "file", size)

    assert (tmp_path / "file").read_bytes() == data


def test_get__of_more_links_than_one_node_holds__follows_two_levels(monkeypatch):
    monkeypatch.setattr("headwater.storage.unixfs.WIDTH", 2)
    with serve(blocks_of(LARGE)) as url:
        assert GatewayStore(url).get(cid_of(LARGE), LIMIT) == LARGE


def test_get__of_what_it_has_not__is_unavailable():
    with serve({}) as url, pytest.raises(Unavailable, match="HTTP status 504") as caught:
        GatewayStore(url).get(cid_of(SMALL), LIMIT)
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.parametrize("data", (SMALL, LARGE), ids=("raw", "dag-pb"))
def test_get__of_more_than_the_limit__is_refused(data):
    with serve(blocks_of(data)) as url, pytest.raises(ContentTooLarge, match=f"more than the {len(data) - 1} bytes"):
        GatewayStore(url).get(cid_of(data), len(data) - 1)


@pytest.mark.parametrize(("answer", "error"), LIES.values(), ids=LIES.keys())
def test_get_of_a_document__from_a_bad_server__is_the_right_error_in_time(answer, error, tmp_path, monkeypatch):
    monkeypatch.setattr("headwater.storage.gateway.MIN_RATE", CHUNK)
    with run_rpc_server(answer) as address:
        start = time.monotonic()
        with pytest.raises(StorageError, match="gateway:http") as caught:
            GatewayStore(url_of(address), TIMEOUT).get_file(cid_of(SMALL), tmp_path / "target", LIMIT)

    assert isinstance(caught.value, error)
    assert time.monotonic() - start < IN_TIME
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", range(5))
def test_get_of_a_file__with_one_wrong_block__names_that_block(at, tmp_path):
    blocks = blocks_of(LARGE)
    wrong = list(blocks)[at]
    with (
        serve({**blocks, wrong: blocks[wrong] + b"!"}) as url,
        pytest.raises(ContentMismatch, match=f"answered {wrong} with"),
    ):
        GatewayStore(url).get_file(cid_of(LARGE), tmp_path / "target", LIMIT)
    assert list(tmp_path.iterdir()) == []


def published(block: bytes) -> tuple[Cid, dict[Cid, bytes]]:
    """A root that somebody published, with what it links to in LARGE."""
    cid = Cid.of_block(DAG_PB, block)
    return cid, {**blocks_of(LARGE), cid: block}


LEAVES = [_Link(cid, len(block), len(block)) for cid, block in blocks_of(LARGE).items() if cid.is_raw]
MISLEADING = {
    "no file at all": b"\x12\x00",
    "says less than it has": _node([LEAVES[0]._replace(content=5)]),
    "chunks of other sizes": _node([LEAVES[-1], LEAVES[0]]),
    "says more than it has": _node([LEAVES[0]._replace(content=2 * CHUNK)]),
    "nothing, many times": _node([_Link(Cid.of_block(DAG_PB, _node([])), 0, 0)] * 99),
}


@pytest.mark.parametrize("root", MISLEADING.values(), ids=MISLEADING.keys())
def test_get__of_what_was_published_wrongly__is_not_the_gateways_lie(root):
    cid, blocks = published(root)
    empty = _node([])
    with serve({**blocks, Cid.of_block(DAG_PB, empty): empty}) as url, pytest.raises(StorageError) as caught:
        GatewayStore(url).get(cid, LIMIT)
    assert "refuse what refers to it" in caught.value.hint


def test_gateway__only_reads():
    store = GatewayStore("http://127.0.0.1:9")
    for write in (lambda: store.put(SMALL), lambda: store.put_file(Path(__file__)), lambda: store.pin(cid_of(SMALL))):
        with pytest.raises(StorageError, match="only reads"):
            write()
    assert not store.has(cid_of(SMALL))
    store.unpin(cid_of(SMALL))


def test_check__of_a_page_that_is_no_gateway__says_so():
    with run_rpc_server(lambda handler: send(handler, 200, b"<html>welcome</html>")) as address:
        store = open_store(f"gateway:{url_of(address)}/")
        with pytest.raises(StorageError, match="is no gateway"):
            store.check()
    assert store.describe() == f"gateway:{url_of(address)}"
    with pytest.raises(Unreachable):
        store.check()


def test_check__of_a_busy_gateway__is_unreachable_for_now():
    with run_rpc_server(lambda handler: send(handler, 429)) as address, pytest.raises(Unreachable, match="429"):
        GatewayStore(url_of(address)).check()


@pytest.mark.parametrize(
    "url", ("ipfs.io", "ftp://ipfs.io", "https://user:secret@ipfs.io", "https://ipfs.io?key=secret")
)
def test_gateway__of_another_form_or_with_a_secret_in_it__is_refused(url):
    with pytest.raises(ConfigError, match="is no address of a gateway") as caught:
        open_store(f"gateway:{url}")
    assert "secret" not in str(caught.value)
