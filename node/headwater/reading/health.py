"""Whether all that a node needs is in order. Every check says what it found and, where that is not good, what to do.

Nothing is sent or changed, but that a small block is put into stores that keep content and let go of again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from headwater.chain.asking.endpoints import MAX_LAG, Endpoint
from headwater.chain.asking.failures import explained
from headwater.chain.asking.sizes import most_bytes
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.reverts import format_wei
from headwater.chain.deploying.records import LOCAL_CHAINS
from headwater.circuits.cluster import Cluster
from headwater.circuits.cost import memory_mb, proving_cost
from headwater.circuits.machines import Here
from headwater.circuits.openings import tau_g2
from headwater.circuits.srs import DEV, open_srs
from headwater.errors import ChainError, CircuitError, ConfigError, HeadwaterError
from headwater.private import check_private
from headwater.protocol.documents import MAX_BYTES
from headwater.protocol.machine.challenges import least_bond
from headwater.protocol.phases import Kind
from headwater.protocol.structs import TaskConfig
from headwater.reading.planning import expenses, srs_bytes
from headwater.redaction import redact
from headwater.roles.limits import Limits
from headwater.roles.task import learner_of, srs_path
from headwater.solc import find_solc
from headwater.storage.cid import Cid
from headwater.storage.manifests import TaskManifest
from headwater.storage.opening import open_pinning, open_store
from headwater.storage.store import ContentStore

SLOW_SECONDS = 2.0
MAX_SKEW = 60  # seconds
STALE = 15 * 60  # seconds: no public chain is so long without a block
MEGABYTE = 1 << 20
LEAST_FREE = 1 << 30  # bytes of disk
PROVER = ("ezkl", "torch")


class Verdict(Enum):
    """How a check ended."""

    OK = "✓"
    WARNING = "!"
    FAILED = "✗"


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and what to do about it."""

    name: str
    verdict: Verdict
    text: str
    hint: str = ""


def ok(name: str, text: str) -> Check:
    """All is well."""
    return Check(name, Verdict.OK, text)


def warning(name: str, text: str, hint: str) -> Check:
    """The node will run, for now."""
    return Check(name, Verdict.WARNING, text, hint)


def failed(name: str, text: str, hint: str) -> Check:
    """The node cannot do its work."""
    return Check(name, Verdict.FAILED, text, hint)


def failure(name: str, error: HeadwaterError) -> Check:
    """An error as a check."""
    return failed(name, error.message, error.hint)


# ---- the chain


@dataclass(frozen=True)
class EndpointState:
    """What one node answered.

    Attributes:
        seconds: it took for a request.
        timestamp: of its newest block.
        error: why it is of no use; None where it is.
    """

    where: str
    seconds: float = 0.0
    chain_id: int = 0
    height: int = 0
    timestamp: int = 0
    error: HeadwaterError | None = None


def ask_endpoints(urls: Sequence[str]) -> list[EndpointState]:
    """Ask all nodes at once for their chain and newest block, each once."""
    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(_ask_endpoint, urls))


def _ask_endpoint(url: str) -> EndpointState:
    where = "RPC"
    try:
        endpoint = Endpoint(url)
        where = endpoint.where
        chain_id = int(_request(endpoint, "eth_chainId", []), 16)
        start = time.monotonic()
        block = _request(endpoint, "eth_getBlockByNumber", ["latest", False])
        seconds = time.monotonic() - start
        return EndpointState(where, seconds, chain_id, int(block["number"], 16), int(block["timestamp"], 16))
    except HeadwaterError as error:
        return EndpointState(where, error=error)
    except (TypeError, ValueError, KeyError):
        text = f"what listens at {where} is no Ethereum node: it answers with other values"
        return EndpointState(where, error=ChainError(text, "name another one with --rpc"))


def _request(endpoint: Endpoint, method: str, params: list[object]) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with explained(endpoint.where, method):
        answer = endpoint.ask(body, 1, most_bytes(method))
    if "result" not in answer:
        raise ChainError(f"the node at {endpoint.where} refuses {method}", "name another one with --rpc")
    return answer["result"]


def check_endpoints(states: Sequence[EndpointState], chain_id: int | None) -> list[Check]:
    """One check for each node. chain_id: the chain that they must serve; by default, that of the first that answers.

    One node that is down is a warning where another is in order.
    """
    answering = [state for state in states if state.error is None]
    expected = chain_id or (answering[0].chain_id if answering else 0)
    agreeing = [state for state in answering if state.chain_id == expected]
    highest = max((state.height for state in agreeing), default=0)
    return [_check_endpoint(state, expected, highest, spare=bool(agreeing)) for state in states]


def _check_endpoint(state: EndpointState, expected: int, highest: int, *, spare: bool) -> Check:
    if state.error is not None:
        text = state.error.message
        if spare and not isinstance(state.error, ConfigError):
            return warning("node", text, "another one is asked instead; mend it, or take it out of --rpc")
        return failed("node", text, state.error.hint)
    if state.chain_id != expected:
        text = f"{state.where} serves chain {state.chain_id}, not {expected}"
        return failed("node", text, "take it out of --rpc: nothing starts while nodes disagree")
    facts = f"{state.where}: chain {state.chain_id}, block {state.height:,}, {1000 * state.seconds:.0f} ms"
    if (behind := highest - state.height) > MAX_LAG:
        return warning("node", f"{facts}, {behind:,} blocks behind", "it is not asked until it has caught up")
    if state.seconds > SLOW_SECONDS:
        return warning("node", facts, "it is slow: prefer another one, by naming that first")
    return ok("node", facts)


def check_clock(timestamp: int, now: float, chain_id: int) -> Check:
    """This machine's clock beside the newest block's time, both Unix seconds."""
    ahead = timestamp - now
    if ahead > MAX_SKEW:
        return failed(
            "clock",
            f"the newest block is {_span(ahead)} ahead of this machine's clock",
            "set the clock (`timedatectl set-ntp true`)"
            + ("; on a local chain, its time may have been moved" if chain_id in LOCAL_CHAINS else ""),
        )
    if -ahead > STALE and chain_id not in LOCAL_CHAINS:
        return warning(
            "clock",
            f"the newest block is {_span(-ahead)} old",
            "either the node is not in sync, or this machine's clock is fast: compare it with another's",
        )
    return ok("clock", f"the newest block is {_span(max(-ahead, 0))} old")


def check_nodes(urls: Sequence[str], chain_id: int | None) -> list[Check]:
    """All nodes, and the clock."""
    states = ask_endpoints(urls)
    checks = check_endpoints(states, chain_id)
    in_order = [state for state, check in zip(states, checks, strict=True) if check.verdict is not Verdict.FAILED]
    newest = max((state for state in in_order if state.error is None), key=lambda state: state.height, default=None)
    if newest is not None:
        checks.append(check_clock(newest.timestamp, time.time(), newest.chain_id))
    return checks


# ---- the account


@dataclass(frozen=True)
class Need:
    """What an account has to have for its tasks.

    Attributes:
        stake: free stake that seats and averages will take, wei.
        bonds: coin that goes with a challenge of an update at today's base fee, until it is answered, wei.
        gas: of a round of all tasks.
    """

    stake: int
    bonds: int
    gas: int


def need_of(
    contracts: Contracts, account: str, roles: Collection[str], tasks: Iterable[int], training: Collection[int]
) -> Need:
    """What an account has to have for its roles in these tasks. training: those of them that it trains in."""
    at = contracts.chain.block().number
    base_fee = contracts.chain.base_fee()
    stake = bonds = gas = 0
    for task_id in tasks:
        task = contracts.lens.get_task(task_id, at)
        config = task.config
        if task.state.has_ended:
            continue
        plays = {role for role in roles if role != "trainer" or task_id in training}
        if "trainer" in plays:
            enrolment = contracts.trainers.get_enrolment(task_id, account, at)
            slash, _ = contracts.trainers.slash_of(task_id, account, at)
            stake += config.stake - (enrolment.stake - slash)
        if "aggregator" in plays and task.round.aggregator != account:
            stake += config.stake
        if "challenger" in plays:
            bonds += least_bond(config, Kind.UPDATE, base_fee)
        for cost in expenses(config.dimension, 1, config.max_trainers):
            gas += cost.gas if cost.who in plays and (cost.times or cost.who == "challenger") else 0
    return Need(stake, bonds, gas)


def check_account(contracts: Contracts, account: str, need: Need) -> list[Check]:
    """Whether the balance suffices for gas and stake; and what became of the stake."""
    chain = contracts.chain
    with chain.explained("eth_gasPrice"):
        price = chain.web3.eth.gas_price
    at = chain.block().number
    balance, stake = chain.balance(account, at), contracts.stakes.stake_of(account, at)
    lacking = max(0, need.stake - stake.free)
    least = lacking + need.bonds + need.gas * price
    facts = f"{account} has {format_wei(balance)}"
    hint = f"send it coin of chain {chain.chain_id}"
    if balance < max(least, 1):
        parts = {"stake": lacking, "bonds": need.bonds, "gas": need.gas * price}
        wanted = ", ".join(f"{format_wei(wei)} of {what}" for what, wei in parts.items() if wei)
        more = f", and a round of its tasks takes more: {wanted}" if wanted else ""
        checks = [failed("account", (facts if balance else f"{account} has no coin") + more, hint)]
    else:
        checks = [ok("account", facts)]
    claimable = contracts.stakes.claimable(account, at)
    text = f"{format_wei(stake.free)} free, {format_wei(stake.locked)} locked"
    return [*checks, ok("stake", text + (f", {format_wei(claimable)} to claim" if claimable else ""))]


# ---- stores


def check_store(spec: str) -> Check:
    """Put a small block of random bytes into one store, get it back, and take it out again.

    A store that only reads is asked whether it is one; a pinning service, for what it keeps.
    """
    where = redact(spec)
    try:
        if spec.startswith("pin:"):
            open_pinning(spec).unpin(Cid.from_digest(secrets.token_bytes(32)))  # of what nobody pinned: it only looks
            return ok("store", f"{where} answers")
        store = open_store(spec)
        store.check()
        return ok("store", f"{where} answers; it only reads") if store.read_only else try_store(where, store)
    except HeadwaterError as error:
        return failure("store", error)


def try_store(where: str, store: ContentStore) -> Check:
    """Put a block into a store that keeps content, and get it back."""
    content = secrets.token_bytes(64)
    start = time.monotonic()
    try:
        cid = store.put(content)
        try:
            found = store.get(cid, len(content))
        finally:
            store.unpin(cid)
    except HeadwaterError as error:
        return failure("store", error)
    if found != content:
        return failed("store", f"{where} gave other bytes back than were put", "name another store")
    return ok("store", f"{where}: a block put and got in {1000 * (time.monotonic() - start):.0f} ms")


# ---- tasks: SRS, memory, disk


def check_task(contracts: Contracts, store: ContentStore, home: Path, task_id: int, limits: Limits) -> list[Check]:
    """Whether this machine can take part in a task, and may."""
    name = f"task {task_id}"
    try:
        task = contracts.lens.get_task(task_id)
        if task.state.has_ended:
            return [ok(name, "has ended")]
        config = task.config
        manifest = TaskManifest.decode(store.get(Cid.from_digest(config.manifest), MAX_BYTES))
        problem = limits.problem(learner_of(manifest), config.k)
    except HeadwaterError as error:
        return [failure(name, error)]
    if problem:
        return [failed(name, problem, "or leave the task to others: a node leaves it alone")]
    return [
        _check_srs(name, home, manifest, config, contracts.chain.chain_id),
        check_memory(name, config.k, memory_mb()),
        check_disk(name, config.k, home),
        ok(name, f"k = {config.k}, within what this node allows"),
    ]


def _check_srs(name: str, home: Path, manifest: TaskManifest, config: TaskConfig, chain_id: int) -> Check:
    """Where the SRS is from, and whether the file that is there is the task's; see `roles.task.fetch_srs`."""
    named = manifest.srs
    if named.source == DEV and chain_id not in LOCAL_CHAINS:
        text = f"it uses a development SRS on chain {chain_id}: its maker can forge proofs"
        return failed(name, text, "take part only in tasks with the Perpetual Powers of Tau")
    path = srs_path(home, named)
    if not path.exists():
        size = srs_bytes(named.k) / MEGABYTE
        return ok(name, f"SRS {named.source}, k = {named.k}: {size:.0f} MB, fetched when the task is opened")
    try:
        found = open_srs(path, named.k, named.source)
        if found.id != config.srs.hex():
            return failed(name, f"{path} is not the task's SRS", "delete it: it is fetched again")
        tau = tau_g2(found)
    except CircuitError as error:
        return failed(name, error.message, f"delete {path}: it is fetched again")
    if tau != config.tau:
        text = "its tau is not that of its SRS: its creator can open commitments to anything"
        return failed(name, text, "do not take part; tell the others")
    return ok(name, f"SRS {named.source}, k = {named.k}, is there and is the task's")


def check_memory(name: str, k: int, memory: tuple[float, float]) -> Check:
    """Whether a proof of k fits. memory: in all and available, megabytes."""
    needed, (total, available) = proving_cost(k, 2).memory_mb, memory
    text = f"a proof takes about {needed:,.0f} MB of memory"
    if needed > total:
        return failed(name, f"{text}; this machine has {total:,.0f} MB", "use a larger machine, or leave the task")
    if needed > available:
        return warning(name, f"{text}; {available:,.0f} MB are available now", "end other programs, or add swap")
    return ok(name, f"{text}; {available:,.0f} MB are available")


def check_disk(name: str, k: int, home: Path) -> Check:
    """Whether the keys of a task's two circuits and its SRS fit where `home` is."""
    needed = srs_bytes(k) + int((proving_cost(k, 2).key_mb + proving_cost(k, 1).key_mb) * MEGABYTE)
    free = shutil.disk_usage(home).free
    text = f"SRS and keys take up to {needed / MEGABYTE:,.0f} MB of disk; {free / MEGABYTE:,.0f} MB are free"
    if free < needed:
        return failed(name, text, f"make room at {home}, or name another --home")
    if free < needed + LEAST_FREE:
        return warning(name, text, f"make room at {home}: documents and logs need some, too")
    return ok(name, text)


# ---- this machine


def check_limits(limits: Limits) -> Check:
    """What a task may take here, beside what there is."""
    total, _ = memory_mb()
    text = f"tasks may have k = {limits.max_k} and proofs of {limits.memory_mb:,} MB; the machine has {total:,.0f} MB"
    if limits.memory_mb > total:
        return warning("limits", text, "set memory_mb lower: a proof beyond the machine's memory ends its process")
    return ok("limits", text)


def check_machines(address: str) -> Check:
    """Whether a Dask scheduler has workers that may have secrets."""
    try:
        workers = Cluster(address, Here(), lambda _: None).workers
    except HeadwaterError as error:
        return failure("workers", error)
    return ok("workers", f"{workers} proofs at a time by the workers of {address}, who see what they prove")


def check_private_file(name: str, path: Path) -> Check:
    """Whether a file is there, and for its owner alone."""
    try:
        check_private(path)
    except HeadwaterError as error:
        return failure(name, error)
    return ok(name, f"{path} is private")


def check_home(home: Path) -> Check:
    """Whether nobody else can change what is run and proved with, or look at it. It is made where it is missing."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return failed("home", f"{home} cannot be made: {error.strerror}", "name another --home")
    found = home.stat()
    if found.st_uid != os.geteuid():
        return failed("home", f"{home} belongs to another user", "name a folder of your own with --home")
    shared_group = found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid
    if found.st_mode & stat.S_IWOTH or shared_group:
        return failed("home", f"{home} can be changed by other users", f"run `chmod go-w {home}`")
    if not os.access(home, os.W_OK | os.X_OK):
        return failed("home", f"{home} cannot be written", f"run `chmod u+rwx {home}`")
    if found.st_mode & stat.S_IROTH:
        return warning("home", f"{home} can be read by other users", f"run `chmod 700 {home}`")
    return ok("home", f"{home} is private")


def check_versions(installed: Callable[[str], str] = version) -> list[Check]:
    """Whether what circuits are made with is there, in the versions that all nodes use."""
    checks = []
    try:
        checks.append(ok("solc", f"{find_solc()}"))
    except HeadwaterError as error:
        checks.append(failure("solc", error))
    return checks + [_check_version(package, pin, installed) for package, pin in _pins().items()]


def _pins() -> Mapping[str, str]:
    """The exact releases that headwater names, of what it proves with."""
    exact = (
        text.split(";")[0].strip().split("==") for text in requires("headwater") or () if "==" in text.split(";")[0]
    )
    return {name: pin for name, pin in exact if name in PROVER}


def _check_version(package: str, pin: str, installed: Callable[[str], str]) -> Check:
    hint = f"install {package} {pin}: another release makes other circuits, whose proofs are refused"
    try:
        found = installed(package).split("+")[0]
    except PackageNotFoundError:
        return failed(package, f"{package} is not installed", hint)
    return ok(package, found) if found == pin else failed(package, f"{package} is {found}, not {pin}", hint)


def _span(seconds: float) -> str:
    """A span of time, roughly."""
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
