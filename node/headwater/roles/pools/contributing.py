"""A contributor: commits to its row at a slot, proves that it keeps to it, and seals it for the pool's owner."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.events import RowContributed
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.pools import Pools
from headwater.chain.sending.sender import Receipt, Sender
from headwater.errors import ConfigError, ContractError, TaskError
from headwater.journal.secrets import SecretStore
from headwater.protocol import slots
from headwater.protocol.curve import INFINITY, Point
from headwater.protocol.structs import ZERO_HASH, DataPool
from headwater.roles.pools import rows
from headwater.roles.pools.rows import Seen
from headwater.roles.pools.sealing import SEED, seal
from headwater.roles.task import Task, point_hash
from headwater.storage.vectors import RowDocument

ATTEMPTS = 20
"""How often another slot is tried where somebody else has taken the first."""

Evidence = Callable[[Sequence[bytes]], bytes]
"""What a pool's admission module asks for, of the hash of the commitment."""


@dataclass(frozen=True)
class OwnRow:
    """What a contributor must know to show, later, that its row is in the sum."""

    slot: int
    seed: bytes
    text: bytes

    def vector(self, task: Task) -> list[int]:
        """The matrix that it committed to."""
        learner = task.learner
        row = rows.entries(learner, rows.read_row(learner, self.text))
        return rows.matrix(learner).vector(self.slot, row, slots.salts_of(self.seed, learner.salts))

    def encode(self) -> bytes:
        """As a journal keeps it."""
        return json.dumps({"slot": self.slot, "seed": self.seed.hex(), "text": self.text.decode()}).encode()

    @classmethod
    def decode(cls, data: bytes) -> OwnRow:
        """What a journal has kept."""
        found = json.loads(data)
        return cls(found["slot"], bytes.fromhex(found["seed"]), found["text"].encode())


def kept(contracts: Contracts, journal: SecretStore, seen: Seen, account: str) -> OwnRow | None:
    """An account's row in a pool, if it has one, and this journal knows it."""
    member = seen.member(account)
    found = journal.get(_own_name(contracts, seen.id, member.commitment)) if member else None
    return OwnRow.decode(found) if found else None


def agreed_pool(contracts: Contracts, pool_id: int, key: bytes | None = None) -> DataPool:
    """A pool's terms, by the word of most endpoints: whoever can name another key reads the row.

    key: what the owner told the contributor itself, if it did.

    Raises:
        ChainError: there is no majority for one.
        ConfigError: it has another key.
    """

    def read(chain: Chain) -> DataPool:  # but for what changes from block to block
        found = Pools(chain, contracts.pools.address).get_pool(pool_id)
        return replace(found, sum=INFINITY, contributors=0, closed=False, data_hash=ZERO_HASH)

    pool = contracts.chain.agreed(read)
    if key is not None and pool.key != key:
        raise ConfigError(
            f"pool {pool_id} seals rows for the key {pool.key.hex()}, not for {key.hex()}",
            "do not contribute: ask the owner, and name other Ethereum nodes with --rpc",
        )
    return pool


def contribute(
    task: Task,
    sender: Sender,
    journal: SecretStore,
    pool_id: int,
    text: bytes,
    *,
    slot: int | None = None,
    key: bytes | None = None,
    evidence: Evidence = lambda _: b"",
) -> tuple[Receipt, RowDocument]:
    """Contribute a row. Where a slot was taken meanwhile, another is, under other salts.

    Args:
        text: of `rows.row_text`.
        slot: the only one to take; any free one, if None.
        key: the pool's, if its owner has told it.

    Raises:
        ConfigError: the pool takes no more rows, has no free slot, or the account is in it; or it has another key.
        TaskError: its slots do not fit the task.
        ContractError: the contract refuses it.
    """
    contracts, me = task.contracts, sender.address
    pool = agreed_pool(contracts, pool_id, key)
    rows.check_terms(task, pool)
    for attempt in range(ATTEMPTS):
        seen = rows.see(contracts, pool_id)
        rows.check_open(seen)
        if own := seen.member(me):
            raise ConfigError(
                f"{me} has slot {own.slot} of pool {pool_id}", "withdraw first, to contribute another row"
            )
        free = [slot] if slot is not None else seen.free
        if not free:
            raise ConfigError(f"all {pool.slots} slots of pool {pool_id} are taken", "wait whether somebody withdraws")
        row = OwnRow(secrets.choice(free), secrets.token_bytes(SEED), text)
        point, document = sealed(task, pool, pool_id, me, row)
        journal.put(_own_name(contracts, pool_id, point), row.encode())
        cid = task.store.put(document.encode()).digest
        call = contracts.pools.contribute(pool_id, row.slot, point, cid, evidence([point_hash(point)]))
        try:
            return sender.send(call), document
        except ContractError as error:
            if error.name != "SlotTaken" or slot is not None or attempt == ATTEMPTS - 1:
                raise
    raise TaskError("unreachable", "report this")


def sealed(task: Task, pool: DataPool, pool_id: int, contributor: str, row: OwnRow) -> tuple[Point, RowDocument]:
    """A row's commitment, and the document that comes with it. Each has a proof and a sealing of its own."""
    learner, commit = task.learner, task.train.commit
    matrix, place = rows.matrix(learner), rows.place(task, pool_id, contributor, row.slot)
    entries = rows.entries(learner, rows.read_row(learner, row.text))
    salts = slots.salts_of(row.seed, learner.salts)
    point = commit(matrix.vector(row.slot, entries, salts))
    proof = slots.prove(matrix, place, entries, salts, secrets.token_bytes(32), commit)
    return point, RowDocument.made(
        proof,
        seal(row.text, row.seed, pool.key, place, point),
        task=task.reference,
        pools=task.contracts.pools.address,
        pool=pool_id,
        contributor=contributor,
        slot=row.slot,
    )


def withdraw(contracts: Contracts, sender: Sender, journal: SecretStore, pool_id: int) -> Receipt:
    """Take the account's row out of a pool, and forget it here.

    Raises:
        ConfigError: it has none there.
        ContractError: the pool is frozen or closed.
    """
    me = sender.address
    contributed = list(contracts.pools.events(RowContributed, pool_id=pool_id, contributor=me))
    if not contributed or not contracts.pools.get_contribution(pool_id, me).exists:
        raise ConfigError(f"{me} has no row in pool {pool_id}", "`headwater pool show` lists who has")
    receipt = sender.send(contracts.pools.withdraw(pool_id, contributed[-1].commitment))
    journal.delete(*journal.names(rows.name(contracts, pool_id, "own/")))
    return receipt


def _own_name(contracts: Contracts, pool_id: int, commitment: Point) -> str:
    # by commitment: what was sent earlier, and not mined in time, may be mined yet
    return rows.name(contracts, pool_id, f"own/{point_hash(commitment).hex()}")
