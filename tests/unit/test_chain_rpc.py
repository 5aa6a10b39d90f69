"""What stands behind an RPC address is not always a healthy node: each failure has its own words."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from headwater.chain.asking import endpoints
from headwater.chain.asking.rpc import Call, connect
from headwater.chain.sending.broadcasting import gas_limit
from headwater.errors import ChainError, ConfigError


@contextmanager
def http_server(answer):
    """A server whose POST answers are `answer(request body)`: status, content type and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status, content_type, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass  # a client that went away

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def node(methods):
    """A node that knows a few methods: functions of their parameters."""

    def answer(body):
        request = json.loads(body)
        try:
            outcome = {"result": methods[request["method"]](*request["params"])}
        except ValueError as error:
            outcome = {"error": {"code": -32005, "message": str(error)}}
        reply = {"jsonrpc": "2.0", "id": request["id"], **outcome}
        return 200, "application/json", json.dumps(reply).encode()

    with http_server(answer) as url:
        yield url


@pytest.mark.parametrize("url", ("localhost:8545", "ftp://localhost", "http://", "", "node.ipc"))
def test_connect__when_the_address_is_no_http_url__then_says_how_to_write_one(url):
    with pytest.raises(ConfigError, match="http://HOST:PORT"):
        connect(url)


def test_connect__when_nothing_listens__then_says_so_and_what_to_start():
    with http_server(lambda _: (200, "", b"")) as url:
        pass

    with pytest.raises(ChainError, match="no Ethereum node answers") as caught:
        connect(url)
    assert "anvil" in caught.value.hint


@pytest.mark.parametrize("body", (b"<html>hello</html>", b"", b"[]", b"{}", b"\xff\xfe", b'{"result": 1}'))
def test_connect__when_a_web_page_answers__then_it_is_no_ethereum_node(body):
    with http_server(lambda _: (200, "text/html", body)) as url, pytest.raises(ChainError) as caught:
        connect(url)
    assert "does not speak JSON-RPC" in caught.value.message


@pytest.mark.parametrize("value", (b"9" * 5000, b"[" * 100_000), ids=("digits", "brackets"))
def test_call__when_the_answer_is_more_than_python_reads__then_it_is_no_ethereum_node(value):
    def answer(body):
        request = json.loads(body)
        outcome = b'"0x1"' if request["method"] == "eth_chainId" else value
        return 200, "", b'{"jsonrpc": "2.0", "id": %d, "result": %s}' % (request["id"], outcome)

    with http_server(answer) as url, pytest.raises(ChainError, match="does not speak JSON-RPC"):
        connect(url).call(Call(None, b"", 0, "a call"))


@pytest.mark.parametrize("data", ("0x08c379a0ff", "0x08c379a0" + "ff" * 64, "0xzz", "Reverted 0x1", 5, [1]))
def test_call__when_what_a_revert_says_cannot_be_read__then_it_is_an_error_all_the_same(data):
    def answer(body):
        request = json.loads(body)
        told = {"error": {"code": 3, "message": "execution reverted", "data": data}}
        outcome = {"result": "0x1"} if request["method"] == "eth_chainId" else told
        return 200, "", json.dumps({"jsonrpc": "2.0", "id": request["id"], **outcome}).encode()

    with http_server(answer) as url, pytest.raises(ChainError):
        connect(url).call(Call(None, b"", 0, "a call"))


@pytest.mark.parametrize("status", (400, 413))
@pytest.mark.parametrize(
    ("body", "said"),
    (
        (b"<html>no</html>", "HTTP"),
        (b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"up to 9"}}', "up to 9"),
    ),
)
def test_connect__when_a_node_refuses_by_http__then_what_it_says_is_told_at_once(status, body, said):
    asked = []

    def answer(request):
        asked.append(request)
        return status, "", body

    with http_server(answer) as url, pytest.raises(ChainError, match=f"refused eth_chainId: {said}"):
        connect(url)
    assert len(asked) == 2  # `connect` first asks for the chain's id by itself


def test_connect__when_a_server_refuses__then_its_status_is_named():
    with http_server(lambda _: (404, "text/html", b"no")) as url, pytest.raises(ChainError, match="HTTP 404"):
        connect(url)


def test_connect__when_the_node_is_silent__then_time_runs_out(monkeypatch):
    monkeypatch.setattr(endpoints, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(endpoints, "ATTEMPTS", 1)
    silence = threading.Event()

    def answer(_):
        silence.wait(10)
        return 200, "", b""

    with http_server(answer) as url:
        with pytest.raises(ChainError, match="did not answer eth_chainId in time"):
            connect(url)
        silence.set()


def test_connect__when_it_is_another_chain__then_both_are_named():
    with node({"eth_chainId": lambda: "0x1"}) as url, pytest.raises(ChainError, match="serves chain 1, not 31337"):
        connect(url, chain_id=31337)


def test_connect__when_the_url_holds_a_secret__then_no_error_shows_it():
    with http_server(lambda _: (401, "text/plain", b"")) as url, pytest.raises(ChainError) as caught:
        connect(f"{url.replace('http://', 'http://user:secret@')}/v3/secret?key=secret")
    assert "secret" not in str(caught.value)


class TestLogs:
    LIMIT = 300

    def log(self, block):
        return {
            "address": "0x" + "11" * 20,
            "topics": ["0x" + "22" * 32],
            "data": "0x",
            "blockNumber": hex(block),
            "transactionHash": "0x" + "33" * 32,
            "transactionIndex": "0x0",
            "blockHash": "0x" + "44" * 32,
            "logIndex": "0x0",
            "removed": False,
        }

    def get_logs(self, asked, limit):
        def answer(query):
            first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
            asked.append((first, last))
            if last - first + 1 > limit:
                raise ValueError(f"query exceeds max block range {limit}")
            return [self.log(block) for block in range(first, last + 1) if block % 100 == 0]

        return {"eth_chainId": lambda: "0x1", "eth_getLogs": answer}

    def test_logs__when_the_node_limits_ranges__then_chunks_shrink_until_it_answers_and_nothing_is_lost(self):
        asked = []
        with node(self.get_logs(asked, self.LIMIT)) as url:
            found = [log["blockNumber"] for log in connect(url).logs("0x" + "11" * 20, [b"\x22" * 32], 5, 3000)]

        assert found == list(range(100, 3001, 100))
        answered = [(first, last) for first, last in asked if last - first < self.LIMIT]
        assert answered[0][0] == 5
        assert answered[-1][1] == 3000
        assert all(last + 1 == first for (_, last), (first, _) in pairwise(answered))

    def test_logs__when_the_node_refuses_a_single_block__then_its_words_are_passed_on(self):
        asked = []
        with node(self.get_logs(asked, 0)) as url, pytest.raises(ChainError, match="max block range 0"):
            list(connect(url).logs("0x" + "11" * 20, [], 1, 64))
        assert asked[-1] == (1, 1)
        assert len(asked) == 7

    @pytest.mark.parametrize("status", (400, 413))
    def test_logs__when_the_node_refuses_by_http__then_chunks_shrink_too(self, status):
        asked = []

        def answer(body):
            request = json.loads(body)
            result = "0x1"
            if request["method"] == "eth_getLogs":
                try:
                    result = self.get_logs(asked, self.LIMIT)["eth_getLogs"](*request["params"])
                except ValueError:
                    return status, "", b"no"
            return 200, "", json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()

        with http_server(answer) as url:
            found = [log["blockNumber"] for log in connect(url).logs("0x" + "11" * 20, [], 5, 3000)]

        assert found == list(range(100, 3001, 100))

    def test_logs__when_there_is_no_block__then_nothing_is_asked(self):
        asked = []
        with node(self.get_logs(asked, 1)) as url:
            assert list(connect(url).logs("0x" + "11" * 20, [], 5, 4)) == []
        assert asked == []


@pytest.mark.parametrize(
    ("estimate", "limit"), ((21_000, 25_200), (13_981_013, 16_777_215), (15_000_000, 1 << 24), (17_000_000, 17_000_000))
)
def test_gas_limit__has_a_margin__but_for_what_takes_nearly_all_that_a_transaction_may(estimate, limit):
    assert gas_limit(estimate) == limit
