"""Nodes as processes of their own, each a `headwater run` with a file of settings, over one chain and one store, each
behind a proxy of its own; and whoever keeps them running, as systemd would: one that is killed or fails starts again.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.codec import decode_call
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.anvil import Anvil, run_anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.cli.settings import PREFIX
from headwater.learners.linear import Linear
from headwater.protocol.phases import Phase
from headwater.reading.history import History, read_history
from headwater.roles.creating import Terms, create_task
from headwater.storage.opening import open_store
from headwater.tables.columns import describe
from headwater.tables.samples import Sample, deal, load
from tests.support.circuits import ROOT, SMALL
from tests.support.ipfs import IpfsDaemon
from tests.support.proxy import FaultProxy, drop, run_proxy

ETHER = 10**18
ROWS = 5
FEATURES = ("sepal width (cm)", "petal length (cm)", "petal width (cm)")
TERMS = Terms(
    "iris",
    stake=ETHER,
    pool=4 * ETHER,
    aggregator_fee=ETHER // 10,
    challenge_bond=ETHER // 100,
    join_period=60,
    train_period=240,
    mask_period=120,
    aggregate_period=120,
    answer_period=60,
    challenge_period=3,
    unbonding_period=3,
)
"""Long periods cost nothing where everybody works: a phase ends when all have done their part."""

CREATOR = 0  # the account; node i has account i + 1
RESTART_SECONDS = 0.5
SHARED = ("circuits", "contracts", "srs")  # what nodes on one machine may share of a home: it is checked when used
OPERATOR = ("aggregator", "challenger")
ALL = ("trainer", *OPERATOR)
EIGHT = (*[("trainer",)] * 5, ALL, *[(role,) for role in OPERATOR])
"""The roles of a soak's nodes: six train, two aggregate, two challenge."""


Roles = tuple[str, ...]


SIGNED = {"submit": "ProofManager", "mask": "RoundManager"}
"""Whose function it is."""


@dataclass
class Node:
    """One process of `headwater run`, again and again.

    Attributes:
        config: its file of settings; `environment` has the last word.
        folder: its home and its log.
        endless: whether it goes on when its task has ended, for others, until it is told to stop.
        crashes: where it is still to be killed, the next first; see `tests.support.mortal`.
        exits: how its processes have ended, in order: exit codes, or minus a signal.
    """

    name: str
    key: LocalAccount
    config: Path
    folder: Path
    proxy: FaultProxy
    environment: dict[str, str]
    endless: bool = False
    crashes: list[str] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _restart_at: float = 0.0
    _stopping: bool = False
    _log: IO[bytes] | None = None

    @property
    def address(self) -> str:
        """Its account."""
        return self.key.address

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def done(self) -> bool:
        """Whether it has ended by itself, with nothing left to do, or because it was told to, be it at its start."""
        return not self.running and bool(self.exits) and (self.exits[-1] == 0 or self._was_stopped)

    @property
    def _was_stopped(self) -> bool:
        return self._stopping and self.exits[-1] != -signal.SIGKILL

    @property
    def log(self) -> str:
        """All that its processes have said."""
        return (self.folder / "log").read_text()

    def said(self, text: str) -> int:
        """How often it has said something; `text` is a regular expression."""
        return len(re.findall(text, self.log))

    def signed(self, function: str) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
        """The transactions that ever left it and submit or mask, with their arguments."""
        contract, found = SIGNED[function], []
        for raw in self.proxy.sent:
            transaction = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
            with suppress(ValueError):
                found.append((transaction, decode_call(contract, function, bytes(transaction["data"]))))
        return found

    def start(self) -> None:
        """Start it, to be killed at the next of `crashes`. What make or whoever runs the tests has set is not its."""
        unset = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        crash = {"HEADWATER_CRASH": self.crashes[0]} if self.crashes else {}
        self._log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.mortal", "-v", "run", "--config", str(self.config)],
            cwd=self.folder,
            env={**unset, **self.environment, **crash},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._stopping = False

    def stop(self) -> None:
        """Tell it, once, to end in order."""
        if self._process is not None and not self._stopping:
            self._process.terminate()
            self._stopping = True

    def look(self) -> None:
        """Note its end, and start it again a moment after an end that was none of its own."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._ended(code)
            if code == -signal.SIGKILL and self.crashes:
                self.crashes.pop(0)
        if self._process is None and not self.done and time.monotonic() >= self._restart_at:
            self.start()

    def kill(self) -> None:
        """`kill -9`; the crash that it was to meet stays ahead."""
        if self._process is not None:
            self._process.kill()
            self._ended(self._process.wait())

    def wait(self, seconds: float) -> int:
        """How it ends, within some seconds.

        Raises:
            TimeoutExpired: it does not.
        """
        assert self._process is not None
        code = self._process.wait(seconds)
        self._ended(code)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _ended(self, code: int) -> None:
        if self._log is not None:
            self._log.close()
        self.exits.append(code)
        self._process, self._restart_at = None, time.monotonic() + RESTART_SECONDS


class Fleet:
    """A chain with a task, a store that all share, and nodes. Make one with `run_fleet`.

    Attributes:
        ipfs: the store, where it is an IPFS node.
        data: of those who train, their files, by their place among `nodes`.
        trainers: all nodes that train.
        operator: whoever aggregates, and challenges: where several share that, the first.
    """

    ipfs: IpfsDaemon

    def __init__(
        self, folder: Path, home: Path, anvil: Anvil, exits: ExitStack, terms: Terms, store: str, roles: Sequence[Roles]
    ) -> None:
        self.folder, self.home, self.anvil, self.terms = folder, home, anvil, terms
        self._exits, self._spec, self._mines_at = exits, store, float("inf")
        self.chain = connect(anvil.url)
        self._creator = Sender(self.chain, anvil.accounts[CREATOR])
        deploy(self._creator, folder / "deployments", home)
        self.contracts = open_contracts(self.chain, folder / "deployments")
        self.store = open_store(store)
        flowers = load("iris")
        rows = tuple(row for row in flowers.rows if row[-1] != "setosa")
        training = [i for i, each in enumerate(roles) if "trainer" in each]
        files, held_out = deal(Sample(flowers.header, rows), [ROWS] * len(training), folder)
        for file in files:
            file.chmod(0o600)
        self._columns = describe(held_out, flowers.label, FEATURES)
        self.task_id = self.create(terms)
        self.data = dict(zip(training, files, strict=True))
        self.nodes = [self._add(i, each) for i, each in enumerate(roles)]
        self.trainers = [self.nodes[i] for i in training]
        self.operator = next(node for node, each in zip(self.nodes, roles, strict=True) if "aggregator" in each)

    def create(self, terms: Terms) -> int:
        """Publish a task; its id."""
        return create_task(self.contracts, self._creator, self.store, self.home, Linear(SMALL, self._columns), terms)

    def _add(self, number: int, roles: Roles) -> Node:
        """A node. One of all roles is told of no task but to train in it: it looks for others, and finds the same."""
        name = "all-roles" if roles == ALL else "-".join(roles)
        folder = self.folder / f"{number}-{name}"
        (folder / "home").mkdir(mode=0o700, parents=True)
        for shared in SHARED:
            (folder / "home" / shared).symlink_to(self.home / shared)
        key, proxy = self.anvil.accounts[number + 1], self._exits.enter_context(run_proxy(self.anvil.url))
        settings = {
            "rpc": [proxy.url],
            "deployments": str(self.folder / "deployments"),
            "store": [self._spec],
            "home": "home",
            "roles": list(roles),
            "tasks": [] if "trainer" in roles else [self.task_id],
            "poll_seconds": 0.5,
            "log_format": "text",
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
        if number in self.data:
            lines += ["[data]", f"{self.task_id} = {json.dumps(str(self.data[number]))}"]
        config = folder / "node.toml"
        config.write_text("\n".join(lines) + "\n")
        environment = {
            "PYTHONPATH": f"{ROOT / 'node'}{os.pathsep}{ROOT}",
            "HEADWATER_PRIVATE_KEY": key.key.hex(),
            "COLUMNS": "200",
        }
        return Node(name, key, config, folder, proxy, environment, endless=roles == ALL)

    def run(self, until: Callable[[], bool], seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Keep every node running until something holds. `tick` is called about ten times a second."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, f"not after {seconds} s\n" + self.describe()
            for node in self.nodes:
                node.look()
            tick()
            if time.monotonic() >= self._mines_at:
                self.rpc("evm_mine")
                self._mines_at = time.monotonic() + 1
            time.sleep(0.1)

    def run_to_end(self, seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Keep every node running until all have ended by themselves, but for endless ones: they are told to stop when
        the others have ended, and nothing of theirs is left in the task.
        """

        def ended() -> bool:
            for node in self.nodes:
                if not node.done and not node.endless:
                    return False
            for node in self.nodes:
                if node.endless and self.has_left(node):
                    node.stop()
            return all(node.done for node in self.nodes)

        self.run(ended, seconds, tick)

    def has_left(self, node: Node) -> bool:
        """Whether nothing of a node's is in the StakeManager, nor owed to it by the task, which has ended."""
        contracts, me = self.contracts, node.address
        if not self.phase()[1].is_end or contracts.trainers.get_enrolment(self.task_id, me).exists:
            return False
        owed = [contracts.rewards.reward_of(self.task_id, number, me) for number in range(1, self.terms.rounds + 1)]
        stake = contracts.stakes.stake_of(me)
        return not any((stake.free, stake.locked, contracts.stakes.claimable(me), *owed))

    @property
    def history(self) -> History:
        """What the chain says happened."""
        return read_history(self.contracts, self.task_id)

    def phase(self) -> tuple[int, Phase]:
        """The round, and where it is."""
        at = self.contracts.rounds.current_phase(self.task_id)
        return at.round, at.phase

    def rpc(self, method: str, *arguments: Any) -> Any:
        """One call of the chain's node, past every proxy."""
        answer = self.anvil.web3.provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def reorganize(self, blocks: int) -> None:
        """Take the last blocks off the chain, with all that is in them, and put empty ones in their place.

        Nothing is mined meanwhile: anvil would keep parts of a block that it is mining then. Nor can it be told to mine
        at once and each second again: from then on, `run` mines each second.
        """
        self.rpc("evm_setIntervalMining", 0)
        time.sleep(0.2)  # for a block that is being mined
        self.rpc("anvil_reorg", blocks, [])
        self.rpc("evm_setAutomine", True)
        self._mines_at = time.monotonic()

    def files(self) -> Iterator[Path]:
        """What nodes have written, each file of theirs, and what they have put into the store."""
        for node in self.nodes:
            yield from (path for path in node.folder.rglob("*") if path.is_file())
        yield from (path for path in (self.folder / "store").rglob("*") if path.is_file())

    def describe(self) -> str:
        """The end of every node's log."""
        return "\n".join(f"{node.name}, {node.exits}:\n{node.log[-1500:]}" for node in self.nodes)


@contextmanager
def run_fleet(
    folder: Path,
    home: Path,
    roles: Sequence[Roles] = (*[("trainer",)] * 3, OPERATOR),
    *,
    ipfs: bool = True,
    mining: Sequence[str] = ("--mixed-mining",),
    **terms: int,
) -> Iterator[Fleet]:
    """A fleet, none of whose nodes is started yet; `terms` differ from TERMS.

    Args:
        roles: each node's.
        ipfs: whether the store is an IPFS node, `Fleet.ipfs`; else a directory. Either keeps it all under `store`.
        mining: by default, the chain mines what arrives at once, and a block each second beside.
    """
    with ExitStack() as exits:
        anvil = exits.enter_context(
            run_anvil(folder / "anvil.log", *mining, "--block-time", "1", accounts=len(roles) + 1)
        )
        store = f"dir:{folder / 'store'}"
        if ipfs:
            daemon = exits.enter_context(IpfsDaemon(folder / "store", folder / "ipfs.log"))
            store = daemon.spec
        trainers = sum("trainer" in each for each in roles)
        wanted = Terms(**{**vars(TERMS), "rounds": 1, "max_trainers": trainers, **terms})
        fleet = Fleet(folder, home, anvil, exits, wanted, store, roles)
        if ipfs:
            fleet.ipfs = daemon
        try:
            yield fleet
        finally:
            for node in fleet.nodes:
                node.kill()


class Havoc:
    """Kills, stops or cuts off a random node every few seconds. A tick for `Fleet.run`."""

    def __init__(self, fleet: Fleet, seed: int, every: float = 5.0, gone: float = 2.0) -> None:
        """gone: how long a node is stopped or cut off."""
        self.kills = self.cuts = self.stops = 0
        self._fleet, self._random, self._every, self._gone = fleet, random.Random(seed), every, gone
        self._next = time.monotonic() + every
        self._healing: tuple[float, Callable[[], None]] | None = None

    def __call__(self) -> None:
        now = time.monotonic()
        if self._healing is not None and now >= self._healing[0]:
            self._healing[1]()
            self._healing = None
        running = [node for node in self._fleet.nodes if node.running]
        if now < self._next or not running:
            return
        self._next = now + self._every * self._random.uniform(0.5, 1.5)
        node = self._random.choice(running)
        harm = self._random.choice((self._kill, self._kill, self._cut, self._stop))
        harm(node, now)

    def _kill(self, node: Node, now: float) -> None:
        self.kills += 1
        node.kill()

    def _cut(self, node: Node, now: float) -> None:
        self.cuts += 1
        node.proxy.do(drop)
        self._healing = now + self._gone, node.proxy.heal

    def _stop(self, node: Node, now: float) -> None:
        self.stops += 1
        node.signal(signal.SIGSTOP)
        self._healing = now + self._gone, lambda: node.signal(signal.SIGCONT)
