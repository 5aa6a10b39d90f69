"""Workers of a Dask scheduler as machines: what they give back is looked at before it is used.

Whoever runs the scheduler or a worker sees the inputs of what is proved there. They cannot have a false proof used: it
is verified here, and must commit to the inputs that were sent. A worker that dies, lies or is slow costs time, and then
the proof is made here. Of what they accept in an audit there is only their word; see `is_believed`.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from headwater.circuits import worker
from headwater.circuits.circuit import Circuit, proof_points
from headwater.circuits.machines import Here, Inputs, batches, side_by_side
from headwater.errors import CircuitError, ConfigError, ProverTimeout
from headwater.foreign import plain
from headwater.protocol.field import from_ezkl

PATIENCE = 0.5
"""Which part of a proof's time others may have: what is left is this machine's, should they not come back."""

LOOK_SECONDS = 60.0
REST_SECONDS = 60.0
"""For so long others are left alone that could not be reached, or did not do what they were asked for."""

CLIENT_MB = 150.0
"""Memory of the process that asks, and then of the one that verifies: each takes about so much."""

_MEASURED = {"witness_seconds": 0.0, "prove_cpu_seconds": 0.0, "peak_memory_mb": 0.0}
"""Of a proof that others made, where nobody here could measure."""

WARNING = (
    "proofs are made by the workers of {address}: whoever runs it, or one of them, sees the data and models that are"
    " proved, and can run code here as this user"
)


def check_address(address: str) -> None:
    """Whether private inputs may go to an address: on this machine, or under TLS.

    Raises:
        ConfigError: they may not, or it is no address.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in ("tcp", "tls"):
        raise ConfigError(f"{address!r} is no address of a scheduler", "write tcp://127.0.0.1:PORT, or tls://HOST:PORT")
    if parts.scheme == "tcp" and not is_loopback(host):
        raise ConfigError(
            f"{address} is another machine, and what is sent there can be read on the way",
            "have scheduler and workers use TLS (distributed.comm.tls in Dask's configuration), and name tls://...",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Cluster:
    """The workers of a scheduler, and this machine for what they do not do."""

    def __init__(self, address: str, here: Here, note: Callable[[str], None], *, is_believed: bool = False) -> None:
        """note: told once of what an operator should know. is_believed: whether they also verify, on their word.

        Raises:
            ConfigError: the address is none, or none for secrets; or Dask is not installed.
            CircuitError: the scheduler does not answer, or has no worker that may have secrets.
        """
        check_address(address)
        if find_spec("distributed") is None:
            raise ConfigError(
                "--dask needs a package that is not installed",
                "run `scripts/install_packages.sh dask`, here and on each worker",
            )
        self.address, self.here = address, here
        self._note, self._is_believed = note, is_believed
        self._at_home = threading.Semaphore(1)  # `Heavy` has counted the memory of asking, not that of proving
        self._rests_until = 0.0
        self._workers = self._count(worker.run("dispatch", LOOK_SECONDS, address=address, request=None))
        self._asking = threading.Semaphore(self._workers)  # of proofs that are made, `Heavy` keeps count
        note(WARNING.format(address=address))

    @property
    def workers(self) -> int:
        """As many as there are threads of workers, by the last look; those of this machine where they rest."""
        return self.here.workers if self._rests else self._workers

    @property
    def rests_on(self) -> str:
        """See `Machines`."""
        return f"the workers of {self.address}" if self._is_believed else ""

    def memory_mb(self, circuit: Circuit) -> float:
        """What asking for it and verifying it takes, while others do it; see `Here`."""
        return self.here.memory_mb(circuit) if self._rests else CLIENT_MB

    def prove(self, circuit: Circuit, inputs: Inputs, limit: float, stop: threading.Event | None) -> dict[str, Any]:
        """See `Machines`. The worker has half of the time; what it gives is verified here, as is what it commits to."""
        deadline = time.monotonic() + limit
        if not self._rests:
            try:
                began = time.monotonic()
                done = self._ask("prove", circuit, limit * PATIENCE, stop, inputs=inputs)
                if problem := self._problem(circuit, inputs, done):
                    self._rests_until = float("inf")
                    raise CircuitError(
                        f"a worker gave {problem}: none is asked again until the node is restarted",
                        "find out whose worker that is: it is broken, or it lies",
                    )
                seconds = time.monotonic() - began  # what others say of time and memory is their word
                return {"proof": done["proof"], "output": done["output"], **_MEASURED, "prove_seconds": seconds}
            except CircuitError as error:
                if stop is not None and stop.is_set():
                    raise
                self._leave_alone(error, "the proof is made here")
        return self._here(circuit, inputs, deadline, limit, stop)

    def verify(self, circuit: Circuit, proofs: Sequence[bytes]) -> list[bool]:
        """See `Machines`. What others refuse is looked at again, so that none can call a right proof false."""
        if not self._is_believed or self._rests:
            return self.here.verify(circuit, proofs)
        parts = batches(proofs, self.workers)
        found = side_by_side(lambda batch: self._verify(circuit, batch), parts, self.workers)
        accepted = [each for part in found for each in part]
        refused = [proof for proof, right in zip(proofs, accepted, strict=True) if not right]
        again = iter(self.here.verify(circuit, refused))
        return [right or next(again) for right in accepted]

    def _verify(self, circuit: Circuit, proofs: Sequence[bytes]) -> list[bool]:
        try:
            if self._rests:
                raise CircuitError("they rest")
            with self._asking:
                hexes = [proof.hex() for proof in proofs]
                done = self._ask("verify", circuit, worker.LONGEST_SECONDS, None, proofs=hexes)
            if self._rests:
                raise CircuitError("another worker did not do what it was asked for")
            accepted = [each is True for each in done["accepted"]]
            if len(accepted) != len(proofs):
                raise CircuitError("a worker answered for other proofs than it was asked for")
            return accepted
        except (CircuitError, KeyError, TypeError) as error:
            self._leave_alone(error, "proofs are verified here")
            return self.here.verify(circuit, proofs)

    @property
    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def _leave_alone(self, error: Exception, instead: str) -> None:
        """Ask others nothing for a while, and say so once."""
        if not self._rests or self._rests_until == float("inf"):
            self._note(f"{self.address}: {plain(error)}; {instead}")
        self._rests_until = max(self._rests_until, time.monotonic() + REST_SECONDS)

    def _here(
        self, circuit: Circuit, inputs: Inputs, deadline: float, limit: float, stop: threading.Event | None
    ) -> dict[str, Any]:
        """Prove on this machine, one proof at a time."""
        while not self._at_home.acquire(timeout=0.1):
            if time.monotonic() > deadline or (stop is not None and stop.is_set()):
                raise ProverTimeout(
                    f"no worker of {self.address} made the proof, and this machine had no room for it in {limit:.0f} s",
                    "look at the scheduler and its workers",
                )
        try:
            return self.here.prove(circuit, inputs, deadline - time.monotonic(), stop)
        finally:
            self._at_home.release()

    def _ask(
        self, task: str, circuit: Circuit, limit: float, stop: threading.Event | None, **arguments: Any
    ) -> dict[str, Any]:
        """What a worker gives for a task; arguments first, and no path of this machine."""
        request = {
            **arguments,
            "task": task,
            "limit": limit,
            "reference": circuit.statement.reference,
            "params": circuit.statement.params,
            "k": circuit.srs.k,
            "srs": {"id": circuit.srs.id, "source": circuit.srs.source},
            "manifest": circuit.manifest,
        }
        done = worker.run("dispatch", limit, stop, address=self.address, request=request, srs=str(circuit.srs.path))
        self._workers = self._count(done)
        value = done["value"]
        if not isinstance(value, dict):
            raise CircuitError("a worker's answer is none", "install the node's release of headwater there")
        return value

    def _count(self, done: dict[str, Any]) -> int:
        return max(1, int(done["workers"]))

    def _problem(self, circuit: Circuit, inputs: Inputs, done: dict[str, Any]) -> str:
        """What is wrong with a proof that a worker gave; empty where it may be used."""
        try:
            if not all(isinstance(each, str) for each in (done["proof"], *done["output"])):
                return "what is no proof"
            vectors = [[from_ezkl(entry) for entry in vector] for vector in (*inputs, done["output"])]
            data = bytes.fromhex(done["proof"].removeprefix("0x"))
            points = proof_points(data, len(vectors))
        except (KeyError, TypeError, ValueError):
            return "what is no proof"
        if len(vectors[-1]) != circuit.statement.output.size:
            return "an output of another length"
        if len(data) != circuit.verifier.proof_bytes:
            return "a proof of another length"
        if list(points) != circuit.commit_all(vectors):
            return "a proof of something else than it was asked for"
        return "" if self.here.verify(circuit, [data]) == [True] else "a false proof"
