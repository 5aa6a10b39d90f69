"""Wants: to end the nodes of strangers, by the memory that they run out of.

Tries: as an Ethereum node, a store or the author of a document, to answer with few bytes that take many when they are
read: escapes, empty lists, redirects without end, deep or compressed replies, pointers to the same bytes.
Stopped: replies end at a length by their question, and are looked through before they are parsed: neither they nor
their values take more than some times that.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
import requests

from headwater import nesting, replies
from headwater.chain.asking import endpoints
from headwater.chain.asking.rpc import connect
from headwater.chain.asking.sizes import LOGS
from headwater.chain.contracts import codec, decoding
from headwater.errors import DocumentError
from headwater.protocol import documents
from headwater.storage import kubo, pinning, rpc
from headwater.storage.cid import Cid
from headwater.storage.gateway import GatewayStore
from headwater.storage.kubo import KuboStore
from headwater.storage.manifests import TaskManifest
from headwater.storage.pinning import PinningService
from tests.support.gateway import url_of
from tests.support.ipfs import run_rpc_server
from tests.support.memory import MEGABYTE, Taken, measure

ADDRESS = "0x" + "11" * 20
CID = Cid.of_block(0x55, b"wanted")
LONG = 32 * MEGABYTE
OF_LOGS = 16 * LOGS // MEGABYTE
"""Megabytes that may be taken by a reply with logs, whatever is in it."""
OF_OTHERS = 24
"""By replies of stores, in JSON."""
OF_DOCUMENT = 100
PIECE = 1 << 16

# ---- what is answered


def escapes(length: int) -> bytes:
    return b'"' + b"\\n" * (length // 2) + b'"'


def empty_lists(length: int) -> bytes:
    return b"[" + b"[]," * (length // 3) + b"[]]"


def wide_letters(length: int) -> bytes:
    """A letter that makes each other take four bytes."""
    return b'"' + "\U0001f600".encode() + b"a" * length + b'"'


def quotes(length: int) -> bytes:
    return b'"' * length


def brackets(length: int) -> bytes:
    return b"[" * length


def logs(length: int) -> bytes:
    """As many as there is room for, in good order."""
    log = {"address": ADDRESS, "topics": ["0x" + "22" * 32], "data": "0x", "blockNumber": "0x0", "logIndex": "0x0"}
    log |= {"transactionHash": "0x" + "33" * 32, "blockHash": "0x" + "44" * 32, "transactionIndex": "0x0"}
    text = json.dumps(log).encode()
    return b"[" + b",".join([text] * (length // (len(text) + 1))) + b"]"


BODIES = {each.__name__: each for each in (escapes, empty_lists, wide_letters, quotes, brackets, logs)}


def stream(handler, status: int, body: bytes, **headers: str) -> None:
    """A whole reply, or as much of it as is read."""
    handler.rfile.read(int(handler.headers["Content-Length"] or 0)) if "Content-Length" in handler.headers else None
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    for at in range(0, len(body), PIECE):
        handler.wfile.write(body[at : at + PIECE])


@contextmanager
def endpoint(body: bytes) -> Iterator[str]:
    """An Ethereum node that answers each question but that for its chain with a result of these bytes."""

    def answer(handler) -> None:
        asked = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        handler.headers.replace_header("Content-Length", "0")
        found = b'"0x1"' if asked["method"] == "eth_chainId" else body
        stream(handler, 200, b'{"jsonrpc":"2.0","id":%d,"result":%s}' % (asked["id"], found))

    with run_rpc_server(answer) as address:
        yield url_of(address)


@contextmanager
def store(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """Any server that answers all the same; its multiaddr."""
    with run_rpc_server(lambda handler: stream(handler, status, body, **headers)) as address:
        yield address


# ---- who asks, in a process of its own


def ask_for_logs(url: str) -> None:
    list(connect(url).logs(ADDRESS, [], 0, 0))


def ask_for_chain(url: str) -> None:
    connect(url)


def ask_daemon(address: str) -> None:
    KuboStore(address).pin(CID)


def ask_daemon_after_raising_the_limit(address: str) -> None:
    importlib.import_module("py_ecc.optimized_bn128")  # it lets Python descend 100,000 levels
    ask_daemon(address)


def ask_gateway(url: str) -> None:
    GatewayStore(url).get(CID, MEGABYTE)


def ask_pinning(url: str) -> None:
    PinningService(url, "token").unpin(CID)


def read_document(kind: str) -> None:
    count = {"lists": 340_000, "fields": 85_000}[kind]
    lists = b'{"schema":[' + b",".join([b"[]"] * count) + b"]}"
    fields = json.dumps({f"k{i:06d}": 0 for i in range(count)}, separators=(",", ":")).encode()
    TaskManifest.decode(lists if kind == "lists" else fields)


def read_records() -> None:
    """Records of one contract's answer, every one of them the same, with a long URI."""
    count, length = 4_000, 100_000
    records = codec._entry("ModelRegistry", "function", "getRecords")["outputs"]
    one = codec.encode(["string"], ["a" * length])[64:]  # its content
    assert records[0]["type"] == "tuple[]"
    head = [(32 * (at + 1)).to_bytes(32, "big") for at in (0,)]
    pointers = (32 * count).to_bytes(32, "big") * count
    fixed = b"".join((448 if at == 4 else 0).to_bytes(32, "big") for at in range(14))
    data = head[0] + count.to_bytes(32, "big") + pointers + fixed + length.to_bytes(32, "big") + one
    try:
        codec.decode_result("ModelRegistry", "getRecords", data)
    except ValueError as error:
        raise DocumentError(str(error), "") from error


# ---- weakened copies


@contextmanager
def patterns_that_look_back() -> Iterator[None]:
    """A node that looks for brackets with an expression that remembers where it could go back."""
    greedy = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[][{},:]', re.DOTALL)
    with patch.object(nesting, "_TOKEN", greedy), patch.object(endpoints, "most_bytes", lambda _: 1 << 26):
        yield


@contextmanager
def values_uncounted() -> Iterator[None]:
    """A node that counts a reply's bytes, and not its values."""
    with (
        patch.object(replies, "FEW_VALUES", 1 << 40),
        patch.object(documents, "MAX_VALUES", 1 << 40),
        patch.object(rpc, "FEW_VALUES", 1 << 40),
        patch.object(kubo, "_REPLY_LIMIT", 1 << 26),
        patch.object(pinning, "_REPLY_LIMIT", 1 << 26),
    ):
        yield


@contextmanager
def one_length_for_all() -> Iterator[None]:
    """A node that reads 64 MiB of any reply."""
    with patch.object(endpoints, "most_bytes", lambda _: 1 << 26):
        yield


@contextmanager
def redirects_read() -> Iterator[None]:
    """A node that does not follow redirects, by a library that reads them whole."""
    with patch.object(replies._Session, "get_redirect_target", requests.Session.get_redirect_target):
        yield


@contextmanager
def depth_unchecked() -> Iterator[None]:
    """A node that parses what a daemon answers as it comes."""
    with patch.object(rpc, "check_nesting", lambda *_: None), patch.object(kubo, "_REPLY_LIMIT", 1 << 26):
        yield


@contextmanager
def pointers_followed() -> Iterator[None]:
    """A node that follows each pointer of a contract's answer."""
    with patch.object(decoding, "MOST_READS", 1 << 40):
        yield


# ---- the attacks


def check(attack, most: float, weakness, action, *arguments) -> Taken:
    """The weakened copy takes more than `most` megabytes, the true one less."""
    with attack.works_on(weakness):
        taken = measure(action, *arguments, weakened=weakness)
        assert taken.megabytes > most, taken
    taken = measure(action, *arguments)
    assert taken.error, "it was read"
    assert taken.megabytes < most, taken
    attack.gains(f"{taken.error}, with less than {most} MB taken")
    return taken


@pytest.mark.parametrize(
    ("body", "weakness"),
    (
        ("escapes", patterns_that_look_back),
        ("empty_lists", values_uncounted),
        ("wide_letters", one_length_for_all),
    ),
)
def test_logs__from_an_endpoint(attack, body, weakness):
    length = LOGS - 100 if weakness is values_uncounted else LONG
    with endpoint(BODIES[body](length)) as url:
        check(attack, OF_LOGS, weakness, ask_for_logs, url)


def test_logs__of_many_blocks__that_are_too_long__are_asked_for_in_parts():
    """What an honest node answers is longer than a reply may be: each part is not."""
    whole, asked = range(100), []

    def answer(handler) -> None:
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        handler.headers.replace_header("Content-Length", "0")
        if request["method"] == "eth_getLogs":
            first, last = (int(request["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
            asked.append((first, last))
            log = json.loads(logs(1000))[0] | {"data": "0x" + "00" * (LOGS // 100)}
            found = [log | {"blockNumber": hex(number)} for number in range(first, last + 1)]
        else:
            found = "0x1"
        stream(handler, 200, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": found}).encode())

    with run_rpc_server(answer) as address:
        read = list(connect(url_of(address)).logs(ADDRESS, [], whole[0], whole[-1]))
    assert [log["blockNumber"] for log in read] == list(whole)
    assert asked[0] == (0, 99)
    assert len(asked) < 10


@pytest.mark.parametrize("body", BODIES)
def test_logs__as_long_as_they_may_be(body):
    with endpoint(BODIES[body](LOGS - 100)) as url:
        taken = measure(ask_for_logs, url)
    assert taken.megabytes < OF_LOGS
    assert bool(taken.error) == (body != "logs")


def test_redirect_without_end__from_an_endpoint(attack):
    with store(302, bytes(LONG), Location="/elsewhere") as address:
        check(attack, OF_OTHERS, redirects_read, ask_for_chain, url_of(address))


def test_redirect_without_end__from_a_gateway(attack):
    with store(301, bytes(LONG), Location="/elsewhere") as address:
        check(attack, OF_OTHERS, redirects_read, ask_gateway, url_of(address))


def test_redirect_without_end__from_a_pinning_service(attack):
    with store(301, bytes(LONG), Location="/elsewhere") as address:
        check(attack, OF_OTHERS, redirects_read, ask_pinning, url_of(address))


def test_empty_lists__from_a_pinning_service(attack):
    with store(200, empty_lists(4 * MEGABYTE)) as address:
        check(attack, OF_OTHERS, values_uncounted, ask_pinning, url_of(address))


def test_empty_lists__from_a_daemon(attack):
    with store(200, empty_lists(4 * MEGABYTE)) as address:
        check(attack, OF_OTHERS, values_uncounted, ask_daemon, address)


def test_compressed_zeros__from_a_daemon():
    with store(200, gzip.compress(bytes(8 * LONG)), Content_Encoding="gzip") as address:
        taken = measure(ask_daemon, address)
    assert taken.error
    assert taken.megabytes < OF_OTHERS


def test_brackets__from_a_daemon__end_no_process(attack):
    """Libraries raise the recursion limit beyond what the stack holds."""
    with store(200, brackets(4 * MEGABYTE)) as address:
        with attack.works_on(depth_unchecked), pytest.raises(AssertionError, match="ended with code -11"):
            measure(ask_daemon_after_raising_the_limit, address, weakened=depth_unchecked)
        taken = measure(ask_daemon_after_raising_the_limit, address)
    assert taken.error == "Unavailable"
    attack.gains(f"{taken.error}")


@pytest.mark.parametrize("kind", ("lists", "fields"))
def test_values__of_a_document(attack, kind):
    check(attack, OF_DOCUMENT, values_uncounted, read_document, kind)


def test_pointers__of_a_contracts_answer(attack):
    check(attack, OF_OTHERS, pointers_followed, read_records)


def test_values__of_a_short_reply_of_a_daemon():
    """Within the bytes that it may have: as deep as the parser would go, and as many as there is room for."""
    for body in (brackets(60_000), empty_lists(60_000)):
        with store(200, body) as address:
            taken = measure(ask_daemon, address)
        assert taken.error == "Unavailable"
        assert taken.megabytes < OF_OTHERS
