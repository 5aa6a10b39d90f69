"""A chain with many tasks, and a node among them whose calls and CPU time are counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from headwater.chain.asking.endpoints import Endpoint
from headwater.chain.asking.rpc import Block, Call, connect
from headwater.chain.contracts.opened import open_contracts
from headwater.cli.main import cli
from headwater.journal.journal import open_journal
from headwater.roles import pace
from headwater.roles.job import LOOK_AGAIN_SECONDS
from headwater.roles.loop import Loop, Stop
from headwater.roles.wiring import Node, Wanted
from tests.support.roles import CREATOR, OUTSIDER, World


@dataclass
class Cost:
    """What something took: calls by method, and CPU seconds of this process."""

    calls: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0

    @property
    def count(self) -> int:
        return self.calls.total()


@contextmanager
def counted() -> Iterator[Cost]:
    """What is asked of nodes meanwhile."""
    cost, ask = Cost(), Endpoint._post

    def posting(self: Endpoint, body: bytes, *rest: Any) -> Any:
        cost.calls[body.split(b'"method": "')[1].split(b'"')[0].decode()] += 1
        return ask(self, body, *rest)

    Endpoint._post = posting  # type: ignore[method-assign]
    began = time.process_time()
    try:
        yield cost
    finally:
        cost.cpu = time.process_time() - began
        Endpoint._post = ask  # type: ignore[method-assign]


def publish(world: World, count: int, account: int = CREATOR, **changes: Any) -> None:
    """Tasks like the first one, but for changes of their config, as quickly as the chain takes them."""
    call, before = world.creation(**changes), world.tasks.task_count()
    for _ in range(count):
        send(world, account, call)
    while world.tasks.task_count() < before + count:  # a chain takes them at once, and mines when it can
        time.sleep(0.1)


def send(world: World, account: int, call: Call) -> None:
    """A transaction of an account whose key the chain has."""
    transaction = {"from": world.senders[account].address, "to": call.to, "data": "0x" + call.data.hex()}
    world.rpc("eth_sendTransaction", {**transaction, "value": hex(call.value), "gas": hex(2_000_000)})


class Player:
    """A node in this process, and its loop, which is played until it is idle."""

    def __init__(self, world: World, home: Path, account: int, wanted: Wanted) -> None:
        self.told: list[tuple[str, int, str, dict[str, Any]]] = []
        self.contracts = open_contracts(connect(world.anvil.url), world.folder / "deployments")
        key = world.anvil.accounts[account]
        home.mkdir(exist_ok=True)
        self._journal = open_journal(home, key)
        journal = self._journal.__enter__()
        self.contracts.chain.keep_logs(journal.database)
        parts = (self.contracts, world.store, home, key, journal, wanted, self.report_of, self.report_of("node", 0))
        self.node, self.stop = Node(*parts), Stop()
        self._loop = Loop(
            self.contracts.chain,
            self.node.jobs,
            self.report_of("node", 0),
            poll=0.05,
            stop=self.stop,
            looked=self.node.looked,
            endless=True,
        )

    def report_of(self, role: str, task_id: int) -> Callable[..., None]:
        def report(stage: str, **details: Any) -> None:
            self.told.append((role, task_id, stage, details))
            if self._ends(stage, details):
                self.stop.request()

        return report

    def play(self, ends: Callable[[str, dict[str, Any]], bool] = lambda stage, _: stage == "idle") -> None:
        """Until something is reported; by default, until there is nothing to do in a block."""
        self._ends, self.stop.requested = ends, False
        self._loop.run()

    def close(self) -> None:
        self.node.close()
        self._journal.__exit__(None, None, None)

    _ends: Callable[[str, dict[str, Any]], bool] = staticmethod(lambda stage, _: stage == "idle")


@contextmanager
def playing(world: World, home: Path, account: int, roles: Sequence[str], **wanted: Any) -> Iterator[Player]:
    """A node of an account."""
    player = Player(world, home, account, Wanted(tuple(roles), **wanted))  # type: ignore[arg-type]
    try:
        yield player
    finally:
        player.close()


# what must stay small


MANY = 1000
DAY, BLOCK_SECONDS = 86_400, 12
ROUNDS_A_DAY, MEMBERS = 24, 16
SERVICES = ("aggregator", "challenger")


@dataclass
class Thousand:
    """A node that takes part in a thousand tasks in which it has nothing to do: its start, a block, a new task."""

    start: Cost
    block: Cost
    another: Cost
    jobs: int


def a_thousand(world: World, home: Path) -> Thousand:
    """The world is at `created`."""
    publish(world, MANY)
    with playing(world, home, OUTSIDER, SERVICES) as player:
        with counted() as start:
            player.play()
        world.rpc("evm_mine")
        with counted() as block:
            player.play()
        publish(world, 1)
        with counted() as another:
            player.play()
        return Thousand(start, block, another, len(player.node.jobs))


def a_status(world: World) -> tuple[Cost, str]:
    """`headwater status`; what it says."""
    options = ["--rpc", world.anvil.url, "--deployments", str(world.folder / "deployments")]
    with counted() as cost:
        done = CliRunner().invoke(cli, ["status", "--address", world.senders[CREATOR].address, *options])
    assert done.exit_code == 0, done.output
    return cost, done.output


@dataclass
class Day:
    """What a node of all roles in one task asks of a chain of 12 s blocks, from what was counted.

    Attributes:
        block: calls in a block in which nothing happens, with all looks for it.
        look: of all roles, which look every 150 s though nothing was told.
        event: in a block in which something happened in the task.
    """

    block: float
    look: int
    event: int

    @property
    def calls(self) -> float:
        """Of a day with a round of 16 members each hour."""
        idle = DAY / BLOCK_SECONDS * self.block + DAY / LOOK_AGAIN_SECONDS * self.look
        return idle + ROUNDS_A_DAY * (3 * MEMBERS + 8) * self.event


def a_day(world: World, blocks: int = 40) -> Day:
    """The world is at `enrolled`."""
    file = world.files[0]
    file.chmod(0o600)
    wanted = {"tasks": (world.task_id,), "data": {world.task_id: file}}
    with playing(world, world.home, 1, ("trainer", *SERVICES), **wanted) as player:
        player.play()
        assert any(told[2] == "joined" for told in player.told)
        with counted() as quiet:
            for _ in range(blocks):
                world.rpc("evm_mine")
                player.play()
        for job in player.node.jobs:
            job.tell()
        world.rpc("evm_mine")
        with counted() as looks:
            player.play()
        world.senders[2].send(world.rounds.join(world.task_id))
        with counted() as event:
            player.play()
    return Day(quiet.count / blocks + polls_a_block() - 1, looks.count, event.count)  # a play polls once


def polls_a_block() -> float:
    """How often a loop asks for the newest block of such a chain: a day by a clock of its own."""
    now, asked, steady = 0.0, 0, pace.Pace(2.0, is_steady=True)
    clock = pace.time.monotonic
    pace.time.monotonic = lambda: now
    try:
        while now < DAY:
            number = int(now // BLOCK_SECONDS)
            steady.saw(Block(number, b"", number * BLOCK_SECONDS))
            asked += 1
            now += steady.pause()
    finally:
        pace.time.monotonic = clock
    return asked * BLOCK_SECONDS / DAY
