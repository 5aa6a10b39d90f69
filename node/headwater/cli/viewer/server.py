"""The page's server: its files, documents of the store, and reads of the chain; on 127.0.0.1, for a browser on it.

Whatever a browser on this machine has open can send requests here, so nothing here changes anything, and nobody but the
page reads an answer: hosts are checked (a name that is made to point here is another host), there is no CORS, and a
question to the chain must be JSON, which a page of another origin cannot send without being allowed to.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from typing_extensions import override
from web3.types import RPCEndpoint

from headwater.chain.asking.rpc import Chain
from headwater.chain.deploying.records import Deployment
from headwater.cli.hosts import is_asked_under
from headwater.errors import ChainError, ConfigError, StorageError, Unavailable
from headwater.protocol.documents import MAX_BYTES
from headwater.replies import ReplyTooLong, parse_json
from headwater.storage.cid import Cid
from headwater.storage.store import ContentStore

PAGE = Path(__file__).parent / "page"
"""deployments/viewer, by a link in the repository and as a copy where the package is installed."""

READS = frozenset(
    {"eth_blockNumber", "eth_call", "eth_chainId", "eth_getLogs", "eth_getBlockByNumber", "eth_getTransactionReceipt"}
)
"""The questions that are passed on to the node."""

MAX_QUESTION = 1 << 16  # bytes

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
"""As the page's own, but for hosts: served here, it asks nobody else. And nobody frames it, which a page cannot say."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True)
class Site:
    """What is served: a chain and a store, to look at through the page.

    Attributes:
        sample: the CID of a public CSV file that models are measured on.
    """

    chain: Chain
    deployment: Deployment
    store: ContentStore
    sample: str | None = None

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """The page's files by their paths in URLs: nothing else on the disk has one."""
        files = [path for path in PAGE.rglob("*") if path.suffix in TYPES]
        return {"/": PAGE / "index.html"} | {f"/{path.relative_to(PAGE).as_posix()}": path for path in files}

    @cached_property
    def settings(self) -> bytes:
        """What the page takes as settings."""
        contracts = {name: record.address for name, record in self.deployment.records.items()}
        deployment = {
            "chainId": self.deployment.chain_id,
            "startBlock": self.deployment.start_block,
            "contracts": contracts,
        }
        published = {"rpc": "rpc", "gateways": ["."], "deployment": deployment}
        return json.dumps(published | ({"sample": self.sample} if self.sample else {})).encode()

    def ask(self, question: Any) -> dict[str, Any]:
        """The node's answer to a question of JSON-RPC, one of `READS`. Raises ChainError where it fails."""
        asked = question if isinstance(question, dict) else {}  # a batch is none
        method = str(asked.get("method"))
        if method in READS:
            answer = self._ask_node(method, asked.get("params", []))
        else:
            answer = {"error": {"code": -32601, "message": "this page only reads: " + ", ".join(sorted(READS))}}
        return {**answer, "jsonrpc": "2.0", "id": asked.get("id")}

    def _ask_node(self, method: str, params: Any) -> dict[str, Any]:
        try:
            with self.chain.explained(method):
                return {**self.chain.web3.provider.make_request(RPCEndpoint(method), params)}
        except ChainError as error:
            if isinstance(error.__cause__, ReplyTooLong):  # the page then asks for less
                return {"error": {"code": -32005, "message": "response size exceeded"}}
            raise


@contextmanager
def serving(site: Site, port: int = 0) -> Iterator[str]:
    """A server in threads of this process; the page's URL. port: 0 for any free one.

    Raises:
        ConfigError: the port is taken, or the page's files are missing.
    """
    if "/index.html" not in site.files:
        raise ConfigError(f"the page's files are missing at {PAGE}", "run `make install` in a checkout")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(site))
    except OSError as error:
        raise ConfigError(f"port {port} cannot be used: {error.strerror}", "name another with --port") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_browser(url: str) -> bool:
    """Show a page in the user's browser; False where there is none to show it in. A browser of terminals is none."""
    if sys.platform != "darwin" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        return False
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            if self._is_for_here():
                path = urlsplit(self.path).path
                if path == "/deployment.json":
                    self._send(HTTPStatus.OK, site.settings, "application/json")
                elif path.startswith("/ipfs/"):
                    self._send_content(path.removeprefix("/ipfs/"))
                elif path in site.files:
                    file = site.files[path]
                    self._send(HTTPStatus.OK, file.read_bytes(), TYPES[file.suffix])
                else:
                    self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")

        do_HEAD = do_GET  # noqa: N815

        def do_POST(self) -> None:
            self.close_connection = True  # what is not read of a refused body is no next request
            if not self._is_for_here():
                return
            length = self.headers.get("Content-Length", "")
            if self.path != "/rpc":
                self._refuse(HTTPStatus.NOT_FOUND, "questions to the chain go to /rpc")
            elif self.headers.get_content_type() != "application/json":
                self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a question is JSON")
            elif not length.isdecimal() or int(length) > MAX_QUESTION:
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a question has at most {MAX_QUESTION} bytes")
            else:
                self._answer(self.rfile.read(int(length)))

        def _answer(self, body: bytes) -> None:
            try:
                answer = site.ask(parse_json(body))
            except (ReplyTooLong, ValueError):
                self._refuse(HTTPStatus.BAD_REQUEST, "a question is JSON")
            except ChainError as error:
                _log.warning("the node does not answer", reason=error.message)
                self._refuse(HTTPStatus.BAD_GATEWAY, "the node does not answer")
            else:
                self._send(HTTPStatus.OK, json.dumps(answer).encode(), "application/json")

        def _send_content(self, text: str) -> None:
            try:
                cid = Cid.parse(text)
                if not cid.is_raw:
                    raise ValueError("only single blocks are served: every document that the chain names is one")
                content = site.store.get(cid, MAX_BYTES)
            except ValueError as error:
                self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            except Unavailable as error:
                self._refuse(HTTPStatus.NOT_FOUND, error.message)
            except StorageError as error:
                self._refuse(HTTPStatus.BAD_GATEWAY, error.message)
            else:
                self._send(HTTPStatus.OK, content, "application/vnd.ipld.raw")

        def _is_for_here(self) -> bool:
            port = self.connection.getsockname()[1]
            if is_asked_under(self.headers.get("Host"), ("127.0.0.1", "localhost"), port):
                return True
            self.close_connection = True
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, f"this is http://127.0.0.1:{port}/")
            return False

        def _refuse(self, status: HTTPStatus, text: str) -> None:
            self._send(status, (text + "\n").encode(), "text/plain; charset=utf-8")

        def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-cache",
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            _log.debug("served", request=format % args)

    return Handler
