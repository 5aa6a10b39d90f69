"""A chain with many tasks, and a node among them whose calls and CPU time are counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headwater.chain.asking.endpoints import Endpoint
from headwater.chain.asking.rpc import Call, connect
from headwater.chain.contracts.opened import open_contracts
from headwater.journal.journal import open_journal
from headwater.roles.loop import Loop, Stop
from headwater.roles.wiring import Node, Wanted
from tests.support.roles import CREATOR, World


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

    def report_of(self, role: str, task_id: int) -> Callable[..., None]:
        def report(stage: str, **details: Any) -> None:
            self.told.append((role, task_id, stage, details))
            if self._ends(stage, details):
                self.stop.request()

        return report

    def play(self, ends: Callable[[str, dict[str, Any]], bool] = lambda stage, _: stage == "idle") -> None:
        """Until something is reported; by default, until there is nothing to do in a block."""
        self._ends, self.stop = ends, Stop()
        report, poll = self.report_of("node", 0), 0.05
        loop = Loop(
            self.contracts.chain,
            self.node.jobs,
            report,
            poll=poll,
            stop=self.stop,
            looked=self.node.looked,
            endless=True,
        )
        for job in self.node.jobs:
            job.busy = False
        self.node.block_seconds = lambda: loop.pace.block_seconds
        loop.run()

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
