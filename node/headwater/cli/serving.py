"""A small HTTP server for what a node tells of itself. Nothing can be changed through it, and it takes no question."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

from headwater.cli.hosts import is_address, is_asked_under
from headwater.errors import ConfigError

Page = tuple[int, str, bytes]
"""Status, content type, body."""


@contextmanager
def serve(host: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> Iterator[str]:
    """Serves pages by their paths for as long as the context lasts; the URL before them.

    It must be asked under an IP address, as localhost, or by `host` or this machine's name: a stranger's page, whose
    name is made to lead here, has none of these.

    Raises:
        ConfigError: the port is taken, or not allowed.
    """
    names = {"localhost", host.lower(), socket.gethostname().lower()}

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            asked = self.headers.get("Host")
            if not (is_address(asked) or is_asked_under(asked, names)):
                text = f"ask under an address, or as {' or '.join(sorted(names))}\n"
                self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", text.encode())
                return
            page = pages.get(self.path)
            self._answer(*(page() if page else (404, "text/plain", f"there are {', '.join(pages)}\n".encode())))

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Requests are nobody's concern."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        text = f"/metrics cannot listen on {host}:{port}: {error.strerror or error}"
        raise ConfigError(text, "name another metrics_port, or none") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="serving", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
