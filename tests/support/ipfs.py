"""The fixture of a dev IPFS node, and servers that are up to no good."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from headwater.storage.devnode import IpfsNode, run_ipfs_node


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

        do_GET = do_DELETE = do_POST  # noqa: N815

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
