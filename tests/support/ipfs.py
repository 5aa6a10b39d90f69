"""The fixture of a dev IPFS node, and servers that are up to no good."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headwater.storage.cid import Cid
from headwater.storage.devnode import IpfsNode, run_ipfs_node


@pytest.fixture(scope="session")
def ipfs_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNode]:
    """A node for all tests of a session, empty at its start. What tests put there stays: use content of your own."""
    with run_ipfs_node(tmp_path_factory.mktemp("ipfs") / "node.log") as node:
        yield node


class IpfsDaemon:
    """An IPFS node that can be killed, and started again at its address with what it had. For a `with`."""

    def __init__(self, repo: Path, log: Path) -> None:
        self._repo, self._log, self._running = repo, log, ExitStack()
        self._port = "0"

    def __enter__(self) -> IpfsDaemon:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def spec(self) -> str:
        """The store, as `open_store` takes it."""
        return f"kubo:/ip4/127.0.0.1/tcp/{self._port}"

    def start(self) -> None:
        node = run_ipfs_node(self._log, "--repo", str(self._repo), "--rpc-port", self._port)
        self._node = self._running.enter_context(node)
        self._port = self._node.rpc.rpartition("/")[2]

    def kill(self) -> None:
        """`kill -9`."""
        self._node.process.kill()
        self._running.close()

    def damage(self, cid: Cid) -> None:
        """Change a block on the disk: whoever asks for it gets other bytes."""
        key = base64.b32encode(bytes(cid)[2:]).decode().rstrip("=")
        block = self._repo / "node" / "blocks" / key[-3:-1] / f"{key}.data"
        block.write_bytes(block.read_bytes().replace(b"0", b"1"))


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
