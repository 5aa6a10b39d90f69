"""A dev IPFS node of one's own: ipfs/devnode.py on free ports of 127.0.0.1, for as long as a `with` lasts."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headwater.errors import StorageError
from headwater.processes import environment_for_child
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
def run_ipfs_node(log: Path, *options: str, group: int | None = None) -> Iterator[IpfsNode]:
    """Starts a dev node, waits until it answers, and stops that process, and no other, at the end.

    group: the process group that it joins; by default this process's.
    """
    command = [sys.executable, str(ROOT / "ipfs" / "devnode.py"), "--rpc-port", "0", *options]
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            process_group=group,
            env=environment_for_child(),
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise StorageError(f"the IPFS node has ended: {log.read_text()}", "it needs ipfs-node: `make install`")
            yield IpfsNode(process=process, **json.loads(line))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
