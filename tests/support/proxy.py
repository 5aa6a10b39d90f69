"""A proxy in front of a chain's node that misbehaves on demand. Its faults are functions; what it was asked is kept.

Pages of every origin may ask it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

Request = dict[str, Any]
Forward = Callable[[Request], Any]
"""Asks the node behind the proxy: its answer, an object of JSON-RPC."""


class Dropped(Exception):
    """Raised by a fault: the connection ends without an answer."""


class Raw(Exception):
    """Raised by a fault: answer with these bytes and this status instead of JSON."""

    def __init__(self, body: bytes, status: int = 200, **headers: str) -> None:
        super().__init__(status)
        self.body, self.status, self.headers = body, status, headers


Fault = Callable[[Request, Forward], Any]
"""Answers a request, through the node or without it."""


def honest(request: Request, forward: Forward) -> Any:
    return forward(request)


def drop(request: Request, forward: Forward) -> Any:
    """The node never hears of it."""
    raise Dropped


def drop_answer(request: Request, forward: Forward) -> Any:
    """The node does it, and nobody hears of that."""
    forward(request)
    raise Dropped


def duplicate(request: Request, forward: Forward) -> Any:
    """The node hears it twice."""
    forward(request)
    return forward(request)


def garbage(request: Request, forward: Forward) -> Any:
    raise Raw(b"<html>please log in</html>")


def other_request(request: Request, forward: Forward) -> Any:
    """The answer to what was asked a moment ago."""
    return {**forward(request), "id": request["id"] - 1}


def rate_limit(request: Request, forward: Forward) -> Any:
    raise Raw(b"slow down", 429, **{"Retry-After": "1"})


def error(code: int, message: str, **more: Any) -> Fault:
    """Answers with an error of JSON-RPC."""

    def fault(request: Request, forward: Forward) -> Any:
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message, **more}}

    return fault


rate_limit_in_json = error(429, "Your app has exceeded its compute units per second capacity")
internal_error = error(-32603, "internal error")


def result(value: Any) -> Fault:
    """Answers with a result of one's own."""

    def fault(request: Request, forward: Forward) -> Any:
        return {"jsonrpc": "2.0", "id": request["id"], "result": value}

    return fault


ill_formed = result([1])  # as no method's result is


def narrow(blocks: int) -> Fault:
    """Refuses to look for logs in more blocks than some."""
    refuse = error(-32602, f"query exceeds max block range {blocks}")

    def fault(request: Request, forward: Forward) -> Any:
        if request["method"] == "eth_getLogs":
            query = request["params"][0]
            if int(query["toBlock"], 16) - int(query["fromBlock"], 16) >= blocks:
                return refuse(request, forward)
        return forward(request)

    return fault


def delay(seconds: float) -> Fault:
    def fault(request: Request, forward: Forward) -> Any:
        time.sleep(seconds)
        return forward(request)

    return fault


def drip(request: Request, forward: Forward) -> Any:
    """A byte now and then, without end."""
    raise Raw(b" " * 1000, 200, drip="yes")


def chain_id(number: int) -> Fault:
    """Says to serve another chain."""

    def fault(request: Request, forward: Forward) -> Any:
        if request["method"] == "eth_chainId":
            return {"jsonrpc": "2.0", "id": request["id"], "result": hex(number)}
        return forward(request)

    return fault


def shifted(blocks: int) -> Fault:
    """Claims another height than the node has."""

    def fault(request: Request, forward: Forward) -> Any:
        answer = forward(request)
        if request["method"] == "eth_blockNumber":
            answer["result"] = hex(int(answer["result"], 16) + blocks)
        return answer

    return fault


def stale(at: int) -> Fault:
    """Answers as if the chain had ended at a block."""

    def fault(request: Request, forward: Forward) -> Any:
        method, frozen = request["method"], hex(at)
        if method == "eth_blockNumber":
            return {"jsonrpc": "2.0", "id": request["id"], "result": frozen}
        if method == "eth_getBlockByNumber" and _is_above(request["params"][0], at):
            return {"jsonrpc": "2.0", "id": request["id"], "result": None}
        params = [frozen if value in ("latest", "pending") else value for value in request["params"]]
        answer = forward({**request, "params": params})
        mined_in = method == "eth_getTransactionReceipt" and (answer.get("result") or {}).get("blockNumber")
        return {**answer, "result": None} if mined_in and int(mined_in, 16) > at else answer

    return fault


def _is_above(block: str, height: int) -> bool:
    return block.startswith("0x") and int(block, 16) > height


def lagging(blocks: int) -> Fault:
    """Answers as if the chain ended some blocks before its end, always; what is sent arrives."""

    def fault(request: Request, forward: Forward) -> Any:
        head = forward({"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []})
        return stale(max(0, int(head["result"], 16) - blocks))(request, forward)

    return fault


@dataclass
class Limited:
    """A fault that refuses queries for events of more than so many blocks: those about the first one's contracts.

    Attributes:
        about: which contracts the first query asks. What else a page shows has queries of its own, which pass.
        answered: first and last block of each query that was answered, in order.
        refused: how many were refused.
    """

    blocks: int
    about: Any = None
    answered: list[tuple[int, int]] = field(default_factory=list)
    refused: int = 0

    def __call__(self, request: Request, forward: Forward) -> Any:
        asked = request["params"][0]
        self.about = self.about or asked["address"]
        if asked["address"] != self.about:
            return forward(request)
        first, last = (int(asked[name], 16) for name in ("fromBlock", "toBlock"))
        if last - first >= self.blocks:
            self.refused += 1
            error = {"code": -32602, "message": f"query exceeds max block range {self.blocks}"}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        self.answered.append((first, last))
        return forward(request)


class Flaky:
    """A fault that does something of all that goes wrong to a share of the requests.

    Attributes:
        dealt: how often it did what.
    """

    FAULTS = (
        *(drop, drop_answer, duplicate, garbage, other_request, ill_formed, internal_error),
        *(rate_limit_in_json, delay(1.0)),
    )

    def __init__(self, seed: int, share: float) -> None:
        self.dealt: Counter[Fault] = Counter()
        self._chance, self._share = random.Random(seed), share

    def __call__(self, request: Request, forward: Forward) -> Any:
        if self._chance.random() >= self._share:
            return forward(request)
        fault = self._chance.choice(self.FAULTS)
        self.dealt[fault] += 1
        return fault(request, forward)


class FaultProxy:
    """Where it listens, what it does to requests, and what it was asked for: methods, and raw transactions as hex."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.sent: list[str] = []
        self._fault: Fault = honest
        self._methods: tuple[str, ...] = ()
        self._left = 0.0

    def do(self, fault: Fault, *methods: str, times: float = float("inf")) -> None:
        """Let a fault answer the next requests, of these methods where some are named."""
        self._fault, self._methods, self._left = fault, methods, times

    def heal(self) -> None:
        """Be honest again."""
        self.do(honest)

    def answer(self, request: Request, forward: Forward) -> Any:
        """What the proxy answers."""
        self.asked.append(request["method"])
        if request["method"] == "eth_sendRawTransaction":
            self.sent.append(request["params"][0])
        if self._left > 0 and (not self._methods or request["method"] in self._methods):
            self._left -= 1
            return self._fault(request, forward)
        return forward(request)


@contextmanager
def run_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy on a free port of this machine, honest at first."""

    session = requests.Session()

    def forward(request: Request) -> Any:
        return session.post(upstream, json=request, timeout=30).json()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with suppress(OSError, Dropped):
                try:
                    raw = Raw(json.dumps(proxy.answer(request, forward)).encode())
                except Raw as wanted:
                    raw = wanted
                self.send_response(raw.status)
                self.send_header("Access-Control-Allow-Origin", "*")
                slowly = raw.headers.pop("drip", None)
                for name, value in {"Content-Length": str(len(raw.body)), **raw.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                for at in range(len(raw.body)) if slowly else ():
                    self.wfile.write(raw.body[at : at + 1])
                    time.sleep(0.05)
                self.wfile.write(b"" if slowly else raw.body)

        def do_OPTIONS(self) -> None:
            self.send_response(204)
            for name, value in {"Origin": "*", "Headers": "content-type", "Methods": "POST"}.items():
                self.send_header(f"Access-Control-Allow-{name}", value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = FaultProxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()
