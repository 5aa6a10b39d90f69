"""Semaphore's own code, in a process of its own: what it takes to prove membership in groups.

The process is Node's and runs `semaphore.mjs`, with npm's packages and the files that `make install` has put into
build/semaphore. Nothing is asked of a network. The identity goes in by stdin and nowhere else.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from headwater.errors import CircuitError, ConfigError
from headwater.processes import environment_for_child
from headwater.protocol.groups import DEPTH, SemaphoreProof, signal
from headwater.tools import ROOT, find_tool

PROGRAM = Path(__file__).with_name("semaphore.mjs")
ARTIFACTS = ROOT / "build" / "semaphore"
LONGEST_SECONDS = 300.0
"""A group of 65,536 members takes 20 s on two cores."""

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Membership:
    """A group's members by their commitments, in the order of its tree: 0 for whoever was removed.

    Attributes:
        root: of the tree, as the chain has it; None where there is no chain to compare with.
    """

    members: Sequence[int]
    root: int | None = None

    @property
    def request(self) -> dict[str, Any]:
        """As the process takes it."""
        return {
            "members": [str(member) for member in self.members],
            "root": None if self.root is None else str(self.root),
        }


def commitment_of(identity: str) -> int:
    """The commitment of an identity.

    Raises:
        ConfigError: npm's packages are not installed.
        CircuitError: the process fails.
    """
    return int(_ask("commitment", identity=identity))


def check(membership: Membership) -> None:
    """Whether members have the root that the chain tells.

    Raises:
        ConfigError, CircuitError: as `commitment_of`; also where they have another.
    """
    _ask("check", **membership.request)


def siblings_of(membership: Membership, commitment: int) -> list[int]:
    """The siblings of a member's place in its group's tree, from the leaf up.

    Raises:
        ConfigError, CircuitError: as `commitment_of`; also where it is no member, or the root is another.
    """
    return [int(sibling) for sibling in _ask("siblings", **membership.request, commitment=str(commitment))]


def prove(
    identity: str, memberships: Sequence[Membership], scope: int, message: int, stop: Event | None = None
) -> list[SemaphoreProof]:
    """Prove membership in each group, a second or two for each.

    scope: a task's tag. message: see `protocol.groups.message_of`. stop: set by another thread, it ends the process.

    Raises:
        ConfigError, CircuitError: as `siblings_of`.
    """
    files = {kind: ARTIFACTS / f"semaphore-{DEPTH}.{kind}" for kind in ("wasm", "zkey")}
    if missing := [str(path) for path in files.values() if not path.is_file()]:
        raise ConfigError(f"{', '.join(missing)} is missing", f"run `make install` in {ROOT}")
    proofs = _ask(
        "prove",
        stop,
        identity=identity,
        groups=[membership.request for membership in memberships],
        scope=str(signal(scope)),
        message=str(signal(message)),
        depth=DEPTH,
        **{kind: str(path) for kind, path in files.items()},
    )
    return [
        SemaphoreProof(
            DEPTH, int(proof["root"]), int(proof["nullifier"]), message, scope, tuple(map(int, proof["points"]))
        )
        for proof in proofs
    ]


def _ask(task: str, stop: Event | None = None, **request: Any) -> Any:
    """What the process answers."""
    if not (ROOT / "node_modules" / "@semaphore-protocol" / "identity").is_dir():
        raise ConfigError("npm's packages of Semaphore are missing", f"run `make install` in {ROOT}")
    command = [str(find_tool("node")), str(PROGRAM)]
    deadline = time.monotonic() + LONGEST_SECONDS
    stop = stop or Event()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment_for_child()
    ) as child:
        text: bytes | None = json.dumps({"task": task, **request}).encode()
        try:
            out = errors = b""
            while True:
                with suppress(subprocess.TimeoutExpired):
                    out, errors = child.communicate(text, timeout=POLL_SECONDS)
                    break
                text = None  # it remembers what it has to write
                if stop.is_set() or time.monotonic() > deadline:
                    raise CircuitError("a proof of membership was ended before its end", "it is made again")
        finally:
            child.kill()
    try:
        answer = json.loads(out)
    except ValueError:
        said = errors.decode(errors="replace").strip()[-500:] or "no output"
        raise CircuitError(
            f"the process for memberships ended with code {child.returncode}: {said}",
            f"run `make install` in {ROOT}; it takes Node 20 or newer, and 300 MB of memory",
        ) from None
    if "error" in answer:
        raise CircuitError(f"membership: {answer['error']}", "`headwater group show` says who is in which group")
    return answer["value"]
