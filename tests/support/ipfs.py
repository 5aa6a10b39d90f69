"""IPFS of one's own: dev nodes of ipfs/devnode.py on free ports of 127.0.0.1, and servers that are up to no good."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headwater.tools import ROOT


@dataclass(frozen=True)
class IpfsNode:
    """A running node: the multiaddrs of its RPC and of its swarm, and its process."""

    rpc: str
    swarm: str
    process: subprocess.Popen[str]

    def connect(self, other: IpfsNode) -> None:
        """Makes peers of two nodes. (ipfshttpclient's own swarm.connect sends every letter of the address.)"""
        url = f"http://127.0.0.1:{self.rpc.split('/')[4]}/api/v0/swarm/connect?arg={urllib.parse.quote(other.swarm)}"
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).close()


@contextmanager
def run_ipfs_node(log: Path, *options: str) -> Iterator[IpfsNode]:
    """Starts a dev node, waits until it answers, and stops that process, and no other, at the end."""
    command = [sys.executable, ROOT / "ipfs" / "devnode.py", "--rpc-port", "0", *options]
    with (
        log.open("ab") as output,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the IPFS node has ended: {log.read_text()}")
            yield IpfsNode(process=process, **json.loads(line))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def ipfs_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNode]:
    """A node for all tests of a session, empty at its start. What tests put there stays: use content of your own."""
    with run_ipfs_node(tmp_path_factory.mktemp("ipfs") / "node.log") as node:
        yield node


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def run_rpc_server(answer: Answer) -> Iterator[str]:
    """A server in this process that answers every call of Kubo's RPC with `answer`; its multiaddr."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.close_connection = True
            with suppress(OSError):  # the client has had enough
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"/ip4/127.0.0.1/tcp/{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()
