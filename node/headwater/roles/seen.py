"""What roles see of a task in one block: in one call, where the lens gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.screens import AccountScreen, TaskScreen
from headwater.protocol.decisions import MOST_ROUNDS, RoundView
from headwater.roles.role import round_view

PAGE = 500
"""Rounds that one call asks for rewards."""


@dataclass(frozen=True)
class Seen:
    """A task, and an account's part in it."""

    block: Block
    task: TaskScreen
    account: AccountScreen

    @classmethod
    def read(cls, contracts: Contracts, task_id: int, account: str, block: Block) -> Self:
        """Read both; `AccountScreen.rewards` is empty."""
        return cls(block, *contracts.lens.get_both(task_id, account, block.number))

    @property
    def view(self) -> RoundView:
        """Where the task is."""
        return round_view(self.block.timestamp, self.task.config, self.task.state)


def collectable(contracts: Contracts, task_id: int, account: str, block: int) -> tuple[int, ...]:
    """The first of a task's rounds that owe an account something, as many as one `Collect` takes; read by pages."""
    found: list[int] = []
    start = 1
    while len(found) < MOST_ROUNDS:
        rewards = contracts.lens.get_account(task_id, account, start, PAGE, block).rewards
        found += [number for number, reward in enumerate(rewards, start) if reward]
        if len(rewards) < PAGE:
            break
        start += PAGE
    return tuple(found[:MOST_ROUNDS])
