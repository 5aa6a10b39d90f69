"""A client of a Dask scheduler, in a child process: it has no key of the node, and what unpickles is not the node.

One request goes to one worker at a time, as bytes under a random name; the answer is bytes, too, and the scheduler is
told to forget both. A worker that dies is replaced by the scheduler. The process's end, however it comes, ends the
work: the scheduler lets go of what no client wants.
"""

from __future__ import annotations

import json
import resource
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from headwater.circuits.cluster import is_loopback
from headwater.errors import CircuitError
from headwater.replies import ReplyTooLong, parse_json

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0
NAME_BYTES = 16
MOST_TRIES = 16
"""How often a request is sent: workers may lack an SRS, or be unfit, one after the other."""

MOST_BYTES = 1 << 24
"""Of an answer: a proof has kilobytes, an output of 2**16 entries four megabytes."""
MOST_MEMORY = 1 << 30
"""Bytes of this process beside the SRS: what others send ends it before it takes the machine's."""

_LOOK = "look at its log, and install the node's release of headwater there"
_START = "start the scheduler and its workers (docs/operator-guide.md), or leave --dask out"


def exchange(address: str, request: dict[str, Any] | None, srs: Path) -> dict[str, Any]:
    """What a worker answers, and how many threads all workers have; without a request, these alone.

    srs: the file that the request names by its sha256, sent to a worker that lacks it.

    Raises:
        CircuitError: no worker did it, and why.
    """
    most = MOST_MEMORY + (4 * srs.stat().st_size if request else 0)  # as it is read, packed and sent
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with connected(address) as client:
        found = workers(client)
        if not found:
            raise CircuitError("the scheduler has no worker that may have secrets", _START)
        value = None if request is None else _value(client, request, srs)
        return {"value": value, "workers": sum(workers(client).values())}


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client. It takes nothing for a result but bytes.

    Raises:
        CircuitError: there is no scheduler, or TLS has no key here.
    """
    import dask.config
    from distributed import Client, Security

    dask.config.set(
        {"distributed.comm.timeouts.connect": f"{CONNECT_SECONDS} s", "distributed.diagnostics.computations.nframes": 0}
    )
    is_tls = address.startswith("tls:")
    security: Any = Security(require_encryption=is_tls)  # type: ignore[no-untyped-call]
    if is_tls and not (security.tls_ca_file and security.tls_client_cert):
        raise CircuitError(
            f"{address} wants TLS, and Dask's configuration here names no certificate",
            "set distributed.comm.tls.ca-file, .client.cert and .client.key (docs.dask.org, TLS/SSL)",
        )
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=CONNECT_SECONDS, security=security, set_as_default=False, deserializers=["dask", "msgpack"]
        )
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        raise CircuitError(f"no scheduler answers at {address}: {type(error).__name__}", _START) from error
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]


def workers(client: Client) -> dict[str, int]:
    """Threads by address, of workers to which private inputs may go: on this machine, or under TLS."""
    found = client.nthreads()  # type: ignore[no-untyped-call]
    return {str(address): int(count) for address, count in found.items() if _may_have_secrets(str(address))}


def _may_have_secrets(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "tls" or (parts.scheme == "tcp" and is_loopback(parts.hostname or ""))


def _value(client: Client, request: dict[str, Any], srs: Path) -> Any:
    """The value that a worker gives. Those that say that they are unfit are not asked again."""
    packed, unfit, problem = json.dumps(request).encode(), set[str](), ""
    for _ in range(MOST_TRIES):
        fit = workers(client).keys() - unfit
        if not fit:
            break
        answer = _ask(client, packed, fit)
        where = answer.get("at")
        if "value" in answer:
            return answer["value"]
        if where not in fit:
            raise CircuitError("a worker's answer is none", _LOOK)
        if answer.get("lacks"):
            packed_srs = json.dumps({"task": "keep", "k": request["k"], "srs": request["srs"]}).encode()
            answer = _ask(client, packed_srs, {where}, srs.read_bytes())
            if answer.get("value"):
                continue
        problem = str(answer.get("error", "no answer"))[:500]
        unfit.add(where)
    raise CircuitError(f"no worker did it: {problem or 'all have gone'}", _LOOK if problem else _START)


def _ask(client: Client, request: bytes, fit: Collection[str], data: bytes | None = None) -> dict[str, Any]:
    """The answer of one of some workers. Nothing of it stays with the scheduler.

    Raises:
        CircuitError: there is none: all have gone, or it was no answer.
    """
    from headwater.circuits.remote import do

    futures = []
    try:
        arguments = [request]
        if data is not None:  # of some megabytes, which no graph should hold
            futures += client.scatter([data], workers=list(fit), hash=False)  # type: ignore[no-untyped-call]
            arguments += futures
        name = f"headwater-{secrets.token_hex(NAME_BYTES)}"  # by default it would be a hash of the arguments
        future: Any = client.submit(do, *arguments, key=name, pure=False, retries=0, workers=list(fit))
        futures.append(future)
        looked = time.monotonic()
        while not future.done():
            time.sleep(POLL_SECONDS)
            if client.status != "running":
                raise CircuitError("the scheduler has gone", _START)
            if time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
                if not workers(client).keys() & set(fit):
                    raise CircuitError("all workers have gone", _START)
        if future.status != "finished":  # what else it says would have to be unpickled
            raise CircuitError("the workers died of it, or were lost", "look at their memory and logs")
        found: Any = client.gather(future)  # type: ignore[no-untyped-call]
        if not isinstance(found, bytes) or len(found) > MOST_BYTES:
            raise CircuitError(f"a worker's answer is none, or has more than {MOST_BYTES} bytes", _LOOK)
        answer = parse_json(found)
    except (OSError, TimeoutError, ValueError, TypeError, ReplyTooLong) as error:
        raise CircuitError(f"a worker's answer could not be had: {type(error).__name__}", _START) from error
    finally:
        _forget(client, futures)
    if not isinstance(answer, dict):
        raise CircuitError("a worker's answer is none", _LOOK)
    return answer


def _forget(client: Client, futures: list[Any]) -> None:
    """Have scheduler and workers drop what was sent and what came back."""
    if client.status == "running":
        client.cancel(futures, force=True)  # type: ignore[no-untyped-call]
    for future in futures:
        future.release()
