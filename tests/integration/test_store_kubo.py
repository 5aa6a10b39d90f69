"""The Kubo store against two real nodes, and against servers that lie, stall or break off."""

import json
import secrets
import time

import pytest

from headwater.errors import ContentMismatch, ContentTooLarge, StorageError, Unavailable
from headwater.storage.cid import DAG_PB, RAW, Cid
from headwater.storage.kubo import KuboStore
from headwater.storage.unixfs import CHUNK, DagBuilder, _Link, _node, cid_of
from tests.support.ipfs import run_ipfs_node, run_rpc_server

SMALL = b"a document"
LARGE = bytes(range(256)) * 4096 + b"the second chunk"
TIMEOUT = 1.0
IN_TIME = 10.0  # however busy the machine is
LIMIT = 2 * CHUNK


# --- two nodes ---


def test_get__from_another_node__comes_by_bitswap(ipfs_node, tmp_path):
    data = secrets.token_bytes(2_000_000)
    cid = KuboStore(ipfs_node.rpc).put(data)

    with run_ipfs_node(tmp_path / "node.log") as other:
        theirs = KuboStore(other.rpc, timeout=1)
        with pytest.raises(Unavailable):
            theirs.get(cid, LIMIT)  # nobody told them of each other yet

        other.connect(ipfs_node)

        assert theirs.get(cid, LIMIT) == data
        assert not theirs.has(cid)
        theirs.pin(cid)
        assert theirs.has(cid)


def test_get__asked_for_too_early__is_served_once_a_peer_has_put_it(ipfs_node, tmp_path):
    """The order in which rounds run: the readers learn the CID from the chain and ask at once."""
    data = secrets.token_bytes(CHUNK + 1)
    with run_ipfs_node(tmp_path / "node.log") as other:
        other.connect(ipfs_node)
        with pytest.raises(Unavailable):
            KuboStore(other.rpc, timeout=1).get(cid_of(data), LIMIT)

        KuboStore(ipfs_node.rpc).put(data)

        assert KuboStore(other.rpc).get(cid_of(data), LIMIT) == data


def test_get__of_what_a_node_without_peers_has_not__is_unavailable_at_once(tmp_path):
    with run_ipfs_node(tmp_path / "node.log") as alone, pytest.raises(Unavailable, match="has no peers"):
        KuboStore(alone.rpc, timeout=3600).get(cid_of(b"nowhere"), LIMIT)


def test_put__with_the_daemons_own_parameters__is_refused_by_the_dev_node(ipfs_node, monkeypatch):
    """So the tests of this store would notice a parameter that it leaves to the daemon."""
    monkeypatch.delitem(KuboStore.put.__globals__["ADD"], "max-file-links")

    with pytest.raises(StorageError, match="max-file-links"):
        KuboStore(ipfs_node.rpc).put(SMALL)


def test_node__with_a_repository__keeps_it(tmp_path):
    with run_ipfs_node(tmp_path / "node.log", "--repo", str(tmp_path / "repo")) as node:
        cid = KuboStore(node.rpc).put(LARGE)
    assert node.process.returncode == 0

    with run_ipfs_node(tmp_path / "node.log", "--repo", str(tmp_path / "repo")) as node:
        assert KuboStore(node.rpc).get(cid, LIMIT) == LARGE


def test_any_call__without_a_daemon__is_unavailable(tmp_path):
    with run_rpc_server(lambda _: None) as address:
        pass  # nobody listens there any more
    store = KuboStore(address, TIMEOUT)

    for call in (
        store.check,
        lambda: store.put(SMALL),
        lambda: store.get(cid_of(SMALL), 99),
        lambda: store.has(cid_of(SMALL)),
    ):
        with pytest.raises(Unavailable, match="is `ipfs daemon` running"):
            call()


# --- servers up to no good ---


def blocks_of(data):
    blocks = {}
    builder = DagBuilder(emit=lambda cid, block: blocks.__setitem__(str(cid), block))
    builder.update(data)
    builder.finish()
    return blocks


def send(handler, body, length=None, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def send_chunked(handler, chunks, declared=None):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for chunk in chunks:
        handler.wfile.write(f"{declared or len(chunk):x}\r\n".encode() + chunk + (b"" if declared else b"\r\n"))
        handler.wfile.flush()
    handler.wfile.write(b"0\r\n\r\n")


def forever(piece, pause=0.0):
    while True:
        yield piece
        time.sleep(pause)


def hang(handler):
    time.sleep(5 * TIMEOUT)


def hang_in_the_middle(handler):
    send(handler, b"a doc", length=1000)
    handler.wfile.flush()
    hang(handler)


def drip(handler):
    send(handler, b"", length=1000)
    for piece in forever(b"a", pause=0.1):
        handler.wfile.write(piece)
        handler.wfile.flush()


def honest_root_then(lie):
    """Serves true blocks, so that the lie is in the content that follows."""

    def answer(handler):
        if "/cat" in handler.path:
            lie(handler)
        else:
            send(handler, blocks_of(LARGE)[handler.path.partition("arg=")[2]])

    return answer


WRONG = b"b" * len(LARGE)
ENDLESS = b"x" * 65536
LIES = {
    "other bytes": (lambda h: send(h, b"b document"), ContentMismatch),
    "no bytes": (lambda h: send(h, b""), ContentMismatch),
    "more bytes": (lambda h: send(h, SMALL + b"!"), ContentMismatch),
    "endless": (lambda h: send_chunked(h, forever(ENDLESS)), ContentMismatch),
    "endless in one chunk": (lambda h: send_chunked(h, forever(ENDLESS), declared=1 << 40), ContentMismatch),
    "endless, no length": (lambda h: send(h, ENDLESS * 64, length=1 << 40), ContentMismatch),
    "no answer": (hang, Unavailable),
    "stalls": (hang_in_the_middle, Unavailable),
    "breaks off": (lambda h: send(h, b"a doc", length=10), Unavailable),
    "breaks off in a chunk": (lambda h: send_chunked(h, [b"a doc"], declared=10), Unavailable),
    "error": (lambda h: send(h, b'{"Message": "no such block"}', status=500), Unavailable),
    "error, not of Kubo": (lambda h: send(h, b"<html>", status=502), Unavailable),
    "endless error": (lambda h: send(h, ENDLESS * 64, length=1 << 40, status=500), Unavailable),
    "not found": (lambda h: send(h, b"404 page not found", status=404), Unavailable),
    "not HTTP": (lambda h: h.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n" * 99), Unavailable),
    "hangs up": (lambda _: None, Unavailable),
}


@pytest.mark.parametrize(("answer", "error"), LIES.values(), ids=LIES.keys())
def test_get_of_a_document__from_a_bad_server__is_the_right_error_in_time(answer, error, tmp_path):
    with run_rpc_server(answer) as address:
        start = time.monotonic()
        with pytest.raises(StorageError, match=f"kubo:{address}") as caught:
            KuboStore(address, TIMEOUT).get_file(cid_of(SMALL), tmp_path / "target", LIMIT)

    assert type(caught.value) is error
    assert time.monotonic() - start < IN_TIME
    assert list(tmp_path.iterdir()) == []


LIES_ABOUT_FILES = {
    "other bytes": (lambda h: send(h, WRONG), ContentMismatch),
    "one byte wrong": (lambda h: send(h, LARGE[:-1] + b"!"), ContentMismatch),
    "more bytes": (lambda h: send(h, LARGE + b"!"), ContentMismatch),
    "endless": (lambda h: send_chunked(h, forever(ENDLESS)), ContentMismatch),
    "endless in one chunk": (lambda h: send_chunked(h, forever(ENDLESS), declared=1 << 40), ContentMismatch),
    "ends early, in good order": (lambda h: send_chunked(h, [LARGE[:CHUNK]]), Unavailable),  # as Kubo does
    "breaks off": (lambda h: send(h, LARGE[:CHUNK], length=len(LARGE)), Unavailable),
    "no answer": (hang, Unavailable),
    "stalls": (hang_in_the_middle, Unavailable),
    "error": (lambda h: send(h, b'{"Message": "context deadline exceeded"}', status=500), Unavailable),
}


@pytest.mark.parametrize(("lie", "error"), LIES_ABOUT_FILES.values(), ids=LIES_ABOUT_FILES.keys())
def test_get_of_a_file__with_a_true_root_and_a_bad_end__is_the_right_error_in_time(lie, error, tmp_path):
    with run_rpc_server(honest_root_then(lie)) as address:
        start = time.monotonic()
        with pytest.raises(StorageError, match=f"kubo:{address}") as caught:
            KuboStore(address, TIMEOUT).get_file(cid_of(LARGE), tmp_path / "target", LIMIT)

    assert type(caught.value) is error
    assert time.monotonic() - start < IN_TIME
    assert list(tmp_path.iterdir()) == []


def test_get__of_what_was_published_wrongly__is_not_the_daemons_lie():
    """Leaves of another size than the profile's: all that Kubo says of them is true."""
    chunks = [LARGE[:CHUNK][i::2] for i in range(2)]
    blocks = {str(Cid.of_block(RAW, chunk)): chunk for chunk in chunks}
    root = _node([_Link(Cid.of_block(RAW, chunk), len(chunk), len(chunk)) for chunk in chunks])
    cid = Cid.of_block(DAG_PB, root)

    def answer(handler):
        asked = handler.path.partition("arg=")[2].partition("&")[0]
        send(handler, b"".join(chunks) if "/cat" in handler.path else {**blocks, str(cid): root}[asked])

    with run_rpc_server(answer) as address, pytest.raises(StorageError, match="is not a file") as caught:
        KuboStore(address, TIMEOUT).get(cid, LIMIT)
    assert not isinstance(caught.value, (Unavailable, ContentMismatch))


def test_get__of_a_drip__ends_though_no_read_times_out():
    with run_rpc_server(drip) as address:
        start = time.monotonic()
        with pytest.raises(Unavailable, match="no whole reply in"):
            KuboStore(address, TIMEOUT).get(cid_of(SMALL), max_bytes=1000)

    assert time.monotonic() - start < IN_TIME


def test_get__of_a_root_that_is_too_large__asks_for_no_content():
    asked = []

    def answer(handler):
        asked.append(handler.path)
        send(handler, blocks_of(LARGE)[str(cid_of(LARGE))])

    with run_rpc_server(answer) as address, pytest.raises(ContentTooLarge):
        KuboStore(address, TIMEOUT).get(cid_of(LARGE), max_bytes=CHUNK)

    assert len(asked) == 1


def test_get__of_a_redirect__is_not_followed():
    elsewhere = []

    def redirect(handler):
        handler.send_response(307)
        handler.send_header("Location", target.replace("/ip4/", "http://").replace("/tcp/", ":"))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with (
        run_rpc_server(lambda h: elsewhere.append(h.path)) as target,
        run_rpc_server(redirect) as address,
        pytest.raises(Unavailable, match="HTTP status 307"),
    ):
        KuboStore(address, TIMEOUT).get(cid_of(SMALL), LIMIT)

    assert elsewhere == []


def receive(handler):
    while size := int(handler.rfile.readline(), 16):
        handler.rfile.read(size + 2)
    handler.rfile.readline()


@pytest.mark.parametrize("answer", (str(cid_of(b"other")), "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", 7))
def test_put__that_gives_another_cid__says_what_is_wrong_with_the_daemon(answer):
    def add(handler):
        receive(handler)
        send(handler, json.dumps({"Name": "", "Hash": answer, "Size": "1"}).encode())

    with run_rpc_server(add) as address, pytest.raises(StorageError, match=r"use Kubo 0\.35 or later") as caught:
        KuboStore(address, TIMEOUT).put(SMALL)

    assert not isinstance(caught.value, (Unavailable, ContentMismatch))


NONSENSE = (
    b"",
    b"[]",
    b"{}",
    b"null",
    b'{"Hash": ',
    b"<html></html>",
    b'{"Keys": {}}{"Keys": {}}',
    b"9" * 5000,
    b"[" * 9999,
)


@pytest.mark.parametrize("reply", NONSENSE, ids=range(len(NONSENSE)))
def test_put__answered_with_nonsense__is_unavailable(reply):
    def answer(handler):
        receive(handler)
        send(handler, reply)

    with run_rpc_server(answer) as address, pytest.raises(Unavailable, match="is this the address of its RPC"):
        KuboStore(address, TIMEOUT).put(SMALL)
