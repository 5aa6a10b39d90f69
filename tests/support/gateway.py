"""HTTP servers of IPFS's edge: a trustless gateway, and a pinning service."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from headwater.errors import StorageError
from headwater.storage.cid import Cid
from headwater.storage.gateway import PROBE
from tests.support.ipfs import run_rpc_server

GetBlock = Callable[[Cid], bytes]
"""A block, or a StorageError where there is none."""


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"") -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def run_gateway(get_block: GetBlock) -> Iterator[str]:
    """A trustless gateway that serves raw blocks and nothing else; its URL."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        cid = parts.path.removeprefix("/ipfs/")
        if parse_qs(parts.query) != {"format": ["raw"]} or "ipld.raw" not in handler.headers["Accept"]:
            send(handler, 400)
        elif cid == PROBE:
            send(handler, 200)
        else:
            try:
                send(handler, 200, get_block(Cid.parse(cid)))
            except StorageError:
                send(handler, 504)

    with run_rpc_server(answer) as address:
        yield url_of(address)


def url_of(address: str) -> str:
    """The URL of a multiaddr of run_rpc_server."""
    return address.replace("/ip4/", "http://").replace("/tcp/", ":")


class Pinning:
    """A pinning service: what it was asked to keep, by request id, and for whom."""

    def __init__(self, token: str) -> None:
        self.pins: dict[str, str] = {}
        self.status = 0
        self._token = token

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """The API's three calls that Headwater makes."""
        parts = urlsplit(handler.path)
        if self.status or handler.headers["Authorization"] != f"Bearer {self._token}":
            send(handler, self.status or 401, b'{"error": {"reason": "UNAUTHORIZED"}}')
        elif handler.command == "GET":
            wanted = parse_qs(parts.query)["cid"]
            results = [{"requestid": name, "pin": {"cid": cid}} for name, cid in self.pins.items() if cid in wanted]
            send(handler, 200, json.dumps({"count": len(results), "results": results}).encode())
        elif handler.command == "POST":
            name = str(uuid.uuid4())
            self.pins[name] = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))["cid"]
            send(handler, 202, json.dumps({"requestid": name, "status": "queued"}).encode())
        else:
            del self.pins[parts.path.rpartition("/")[2]]
            send(handler, 202)


@contextmanager
def run_pinning_service(token: str) -> Iterator[tuple[Pinning, str]]:
    """The service, and its URL."""
    service = Pinning(token)
    with run_rpc_server(service.answer) as address:
        yield service, f"{url_of(address)}/psa"
