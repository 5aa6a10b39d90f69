"""Pools to play with: five contributors of one row each, their owner, and a small task with real commitments."""

from __future__ import annotations

import csv
from pathlib import Path

from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.roles.pools import contributing, owning, registering, rows
from headwater.roles.pools.rows import Seen
from headwater.roles.report import silent
from headwater.roles.secrets import secret_of
from headwater.roles.task import Task
from headwater.roles.trainer import Trainer
from headwater.storage.vectors import RowDocument
from tests.support.roles import World

OWNER, CONTRIBUTORS = 1, (4, 5, 7, 8, 9)  # accounts
SLOTS, OPEN, CLOSING = 6, 600, 600


def row_file(world: World, account: int) -> Path:
    """A file with a header and an account's row."""
    found = world.folder / f"row-{account}.csv"
    with world.held_out.open() as source:
        lines = list(csv.reader(source))
    with found.open("w", newline="") as target:
        csv.writer(target).writerows([lines[0], lines[account]])
    found.chmod(0o600)
    return found


class Pooling:
    """A pool of a world's task. Each account has a journal, in memory."""

    def __init__(self, world: World, task: Task | None = None, slots: int = SLOTS) -> None:
        self.world, self.task = world, task or world.task
        self.contracts, self.pools = world.contracts, world.contracts.pools
        self.journals = {n: SecretStore(Database(None), key) for n, key in enumerate(world.anvil.accounts)}
        now = world.chain.block().timestamp
        opened = owning.open_pool(
            self.task, world.senders[OWNER], self.journals[OWNER], slots, now + OPEN, now + OPEN + CLOSING
        )
        self.id, self.closes_at, self.expires_at = opened.pool_id, opened.closes_at, opened.expires_at

    @property
    def seen(self) -> Seen:
        """The pool, now."""
        return rows.see(self.contracts, self.id)

    def address(self, account: int) -> str:
        """An account's."""
        return self.world.senders[account].address

    def file(self, account: int) -> Path:
        """A file with an account's row."""
        return row_file(self.world, account)

    def contribute(self, account: int, slot: int | None = None) -> RowDocument:
        """Contribute an account's row."""
        text = rows.row_text(self.task.learner, self.file(account))
        _, document = contributing.contribute(
            self.task, self.world.senders[account], self.journals[account], self.id, text, slot=slot
        )
        return document

    def own(self, account: int) -> contributing.OwnRow:
        """What an account's journal has of its row."""
        found = contributing.kept(self.contracts, self.journals[account], self.seen, self.address(account))
        assert found is not None
        return found

    def freeze(self) -> None:
        """Let time pass until the set is fixed."""
        self.world.pass_until(self.closes_at)

    def collect(self) -> list[owning.Finding]:
        """What the owner finds of each member."""
        return owning.collect(self.task, self.journals[OWNER], self.id)[1]

    def close(self) -> Seen:
        """Close the pool, as its owner does."""
        key = self.world.anvil.accounts[OWNER]
        sender = self.world.senders[OWNER]
        return registering.close(self.task, sender, self.journals[OWNER], secret_of(key), self.id, silent)

    def trainer(self) -> Trainer:
        """The owner as a trainer on the pool's rows."""
        key, journal = self.world.anvil.accounts[OWNER], self.journals[OWNER]
        pooled = owning.pooled_data(self.task, key.address, journal, self.id)
        sender = self.world.senders[OWNER]
        made = Trainer(self.task, sender, secret_of(key), pooled.dataset, silent, journal=journal, pooled=pooled)
        made._entropy = lambda: b"noise that is the same in every run"  # so that proofs are shared
        return made
