"""The demo's nodes: each a process of its own, as an operator would start it, with its settings, key, home and log.

OUT/nodes/NAME/    node.toml, key, home/ (the journal; circuits are the demo's), log
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from headwater.cli.keys import KEY_FILE
from headwater.errors import HeadwaterError
from headwater.processes import NETWORK, environment_for_child
from headwater.storage.opening import PINNING_TOKEN

POLL_SECONDS = 0.2
END_SECONDS = 2.0
SHARED = ("circuits", "contracts", "srs")
"""What nodes on one machine may share of a home: it is checked when it is used."""

HONEST = ("headwater.cli.main", "-v", "run")
CHEATING = ("headwater.cli.demo.cheat",)
"""Modules and words that run a node."""

_LOG_END = 3000  # characters that an error shows
_WATCH = "trap '' TERM; read word || { kill -TERM 0; sleep 2; }; kill -KILL 0"


@contextmanager
def run_group() -> Iterator[int]:
    """A process group for all that the demo starts: nobody in it outlives the context, or this process.

    A shell leads the group. It reads a pipe whose other end only this process holds, and which the kernel closes
    whatever ends this process, `kill -9` too: then all in the group are asked to end, and killed two seconds later.
    Ctrl-C on a terminal goes to this process alone.
    """
    command, environment = ["/bin/sh", "-c", _WATCH], environment_for_child()
    with subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0, env=environment) as shell:
        try:
            yield shell.pid
        finally:
            shell.communicate(b"done\n")  # all have ended, in order or not: no need to ask them


@dataclass(frozen=True)
class Place:
    """What all nodes share: the chain's URL, the deployments, the store, the demo's home, and the task."""

    rpc: str
    chain_id: int
    deployments: Path
    store: str
    home: Path
    task_id: int


class Daemon:
    """One node: its processes, one after another, and what they say.

    Attributes:
        name: what the demo calls it.
        idle_in: the newest block in which it said that it has nothing to do; None while it has said so of none.
        ended: whether it has ended by itself, with nothing left to do.
    """

    def __init__(self, name: str, role: str, key: LocalAccount, folder: Path, words: Sequence[str] = HONEST) -> None:
        """folder: of all nodes. words: a module, and what is said to it before --config."""
        self.name, self.key = name, key
        self.idle_in: int | None = None
        self.ended = False
        self._role, self._words = role, words
        self._folder = folder / name.replace(" ", "-")
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0  # bytes of the log

    @property
    def running(self) -> bool:
        """Whether it has a process, or one whose end nobody has asked for yet."""
        return self._process is not None

    @property
    def config(self) -> Path:
        """Its settings."""
        return self._folder / "node.toml"

    @property
    def log(self) -> Path:
        """What its processes write: one JSON object a line, but for what Python or a library prints."""
        return self._folder / "log"

    def prepare(self, place: Place, data: Path | None) -> None:
        """Write its folder. data: the file that it trains on."""
        home, key = self._folder / "home", self._folder / "key"
        home.mkdir(mode=0o700, parents=True)
        for name in SHARED:
            (home / name).symlink_to(place.home.absolute() / name)
        key.touch(mode=0o600)
        key.write_text(self.key.key.hex() + "\n")
        settings = {
            "rpc": [place.rpc],
            "chain_id": place.chain_id,
            "deployments": str(place.deployments.absolute()),
            "store": [place.store],
            "home": "home",
            "roles": [self._role],
            "tasks": [place.task_id],
            "poll_seconds": POLL_SECONDS,
            "log_format": "json",
        }
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()]
        if data is not None:
            lines += ["", "[data]", f"{place.task_id} = {json.dumps(str(data.absolute()), ensure_ascii=False)}"]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, group: int) -> None:
        """Start a process of it in a group."""
        self.idle_in = None
        token = (PINNING_TOKEN, f"{PINNING_TOKEN}_FILE")  # of the store that the demo was given
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", *self._words, "--config", str(self.config)],
                env=environment_for_child(*NETWORK, *token, "HEADWATER_SOLC", **{KEY_FILE: str(self._folder / "key")}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=group,
            )

    def hear(self) -> Iterator[dict[str, Any]]:
        """What it has said since the last call, whole lines only."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            lines = log.read().splitlines(keepends=True)
        for line in lines:
            if not line.endswith(b"\n"):
                return
            self._read += len(line)
            said = _parse(line)
            if said.get("event") == "idle":
                self.idle_in = said["block"]
            if said:
                yield said

    def exit_code(self) -> int | None:
        """How its process has ended; None while it runs, or has none. It has none any more when this told its end."""
        code = self._process.poll() if self._process else None
        if code is not None:
            self._process, self.ended = None, code == 0
        return code

    def failure(self, code: int) -> HeadwaterError:
        """That it ended in a way of which nobody knew."""
        end = self.log.read_text(errors="replace")[-_LOG_END:].strip()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return HeadwaterError(
            f"the node {self.name} has ended by {how}. Its log ends:\n{end or '(it is empty)'}",
            f"all of it is in {self.log}",
        )

    def send(self, number: signal.Signals) -> None:
        """Send its process a signal, if it has one."""
        if self._process:
            self._process.send_signal(number)

    def wait(self, until: float) -> None:
        """Wait for its process's end, until a time of the monotonic clock."""
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, until - time.monotonic()))


def _parse(line: bytes) -> dict[str, Any]:
    """The event of a log line; nothing of one that a library printed."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) and "event" in said else {}


@contextmanager
def run_daemons(daemons: Sequence[Daemon], group: int) -> Iterator[None]:
    """Start all of them; end those that still run when the context ends.

    The first SIGTERM lets a node finish the step in hand, the second ends a proof, too.
    """
    try:
        for daemon in daemons:
            daemon.start(group)
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            for daemon in daemons:
                daemon.send(number)
            until = time.monotonic() + END_SECONDS
            for daemon in daemons:
                daemon.wait(until)
