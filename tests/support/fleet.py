"""Nodes as processes of their own, over one chain and one store, each behind a proxy of its own; and whoever keeps them
running, as systemd would: a node that is killed or fails is started again.
"""

from __future__ import annotations

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

from headwater.chain.anvil import Anvil, run_anvil
from headwater.chain.codec import decode_call
from headwater.chain.contracts import open_contracts
from headwater.chain.deploying import deploy
from headwater.chain.rpc import connect
from headwater.chain.sender import Sender
from headwater.protocol.phases import Phase
from headwater.roles.creating import Terms, create_task
from headwater.roles.history import History, read_history
from headwater.storage.directory import DirectoryStore
from headwater.training.columns import describe
from headwater.training.samples import Sample, deal, load
from tests.support.circuits import ROOT, SMALL
from tests.support.proxy import FaultProxy, drop, run_proxy

ETHER = 10**18
ROWS = 5
FEATURES = ("sepal width (cm)", "petal length (cm)", "petal width (cm)")
TERMS = Terms(
    "iris",
    stake=ETHER,
    pool=4 * ETHER,
    aggregator_fee=ETHER // 10,
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


@dataclass
class Node:
    """One process of `headwater`, again and again.

    Attributes:
        words: its command.
        folder: its home and its log.
        crashes: where it is still to be killed, the next first; see `tests.support.mortal`.
        exits: how its processes have ended, in order: exit codes, or minus a signal.
    """

    name: str
    key: LocalAccount
    words: Sequence[str]
    folder: Path
    proxy: FaultProxy
    environment: dict[str, str]
    crashes: list[str] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _restart_at: float = 0.0
    _log: IO[bytes] | None = None

    @property
    def address(self) -> str:
        """Its account."""
        return self.key.address

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def done(self) -> bool:
        """Whether it has ended by itself, with nothing left to do."""
        return not self.running and self.exits[-1:] == [0]

    @property
    def log(self) -> str:
        """All that its processes have said."""
        return (self.folder / "log").read_text()

    def said(self, text: str) -> int:
        """How often it has said something; `text` is a regular expression."""
        return len(re.findall(text, self.log))

    def signed(self, function: str) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
        """The transactions that ever left it and call a function of the TaskManager's, with their arguments."""
        found = []
        for raw in self.proxy.sent:
            transaction = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
            with suppress(ValueError):
                found.append((transaction, decode_call("TaskManager", function, bytes(transaction["data"]))))
        return found

    def start(self) -> None:
        """Start it, to be killed at the next of `crashes`."""
        crash = {"HEADWATER_CRASH": self.crashes[0]} if self.crashes else {}
        self._log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.mortal", *self.words],
            cwd=self.folder,
            env={**os.environ, **self.environment, **crash},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

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
    """A chain with a task, a store that all share, and nodes. Make one with `run_fleet`."""

    def __init__(self, folder: Path, home: Path, anvil: Anvil, exits: ExitStack, terms: Terms, trainers: int) -> None:
        self.folder, self.home, self.anvil, self._exits = folder, home, anvil, exits
        self.chain = connect(anvil.url)
        creator = Sender(self.chain, anvil.accounts[CREATOR])
        deploy(creator, folder / "deployments", home)
        self.contracts = open_contracts(self.chain, folder / "deployments")
        self.store = DirectoryStore(folder / "store")
        flowers = load("iris")
        rows = tuple(row for row in flowers.rows if row[-1] != "setosa")
        files, held_out = deal(Sample(flowers.header, rows), [ROWS] * trainers, folder)
        for file in files:
            file.chmod(0o600)
        columns = describe(held_out, flowers.label, FEATURES)
        self.task_id = create_task(self.contracts, creator, self.store, home, SMALL, columns, terms)
        self.trainers = [self._add("trainer", i, "--data", str(file)) for i, file in enumerate(files)]
        self.aggregator = self._add("aggregator", trainers)
        self.challenger = self._add("challenger", trainers + 1)
        self.nodes = [*self.trainers, self.aggregator, self.challenger]

    def _add(self, role: str, number: int, *words: str) -> Node:
        name = f"{role}-{number}" if role == "trainer" else role
        folder = self.folder / name
        (folder / "home").mkdir(mode=0o700, parents=True)
        for shared in SHARED:
            (folder / "home" / shared).symlink_to(self.home / shared)
        key, proxy = self.anvil.accounts[number + 1], self._exits.enter_context(run_proxy(self.anvil.url))
        environment = {
            "PYTHONPATH": f"{ROOT / 'node'}{os.pathsep}{ROOT}",
            "HEADWATER_RPC": proxy.url,
            "HEADWATER_HOME": str(folder / "home"),
            "HEADWATER_STORE": f"dir:{self.folder / 'store'}",
            "HEADWATER_PRIVATE_KEY": key.key.hex(),
            "COLUMNS": "200",
        }
        deployments = ("--deployments", str(self.folder / "deployments"))
        command = ("-v", role, "run", "--task", str(self.task_id), "--poll", "0.5", *deployments, *words)
        return Node(name, key, command, folder, proxy, environment)

    def run(self, until: Callable[[], bool], seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Keep every node running until something holds. `tick` is called about ten times a second."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, f"not after {seconds} s\n" + self.describe()
            for node in self.nodes:
                node.look()
            tick()
            time.sleep(0.1)

    def run_to_end(self, seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Keep every node running until all have ended by themselves."""
        self.run(lambda: all(node.done for node in self.nodes), seconds, tick)

    @property
    def history(self) -> History:
        """What the chain says happened."""
        return read_history(self.contracts, self.task_id)

    def phase(self) -> tuple[int, Phase]:
        """The round, and where it is."""
        at = self.contracts.tasks.current_phase(self.task_id)
        return at.round, at.phase

    def rpc(self, method: str, *arguments: Any) -> Any:
        """One call of the chain's node, past every proxy."""
        answer = self.anvil.web3.provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def reorganize(self, blocks: int) -> None:
        """Take the last blocks off the chain, with all that is in them, and put empty ones in their place."""
        self.rpc("anvil_reorg", blocks, [])

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
    folder: Path, home: Path, trainers: int = 3, mining: Sequence[str] = ("--mixed-mining",), **terms: int
) -> Iterator[Fleet]:
    """A fleet of trainers, an aggregator and a challenger, none of them started yet; `terms` differ from TERMS.

    mining: by default, the chain mines what arrives at once, and a block each second beside.
    """
    with ExitStack() as exits:
        anvil = exits.enter_context(
            run_anvil(folder / "anvil.log", *mining, "--block-time", "1", accounts=trainers + 3)
        )
        wanted = Terms(**{**vars(TERMS), "rounds": 1, "max_trainers": trainers, **terms})
        fleet = Fleet(folder, home, anvil, exits, wanted, trainers)
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
