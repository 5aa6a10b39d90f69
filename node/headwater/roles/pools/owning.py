"""A pool's owner: opens it, collects the rows, leaves out what does not fit, closes it, and trains on the sum."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headwater.chain.contracts.events import PoolOpened, RowLeftOut
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Receipt, Sender
from headwater.errors import ConfigError, ContentTooLarge, DataError, DocumentError, StorageError
from headwater.journal.secrets import SecretStore
from headwater.protocol import slots
from headwater.protocol.curve import Point
from headwater.protocol.slots import SALTS_ONLY, Reason
from headwater.protocol.structs import ZERO_ADDRESS, DataPool
from headwater.protocol.vectors import sum_of_commitments
from headwater.roles.pools import rows
from headwater.roles.pools.contributing import OwnRow
from headwater.roles.pools.rows import Member, Seen
from headwater.roles.pools.sealing import SEED, new_key, public_key, unseal
from headwater.roles.task import Task, TaskReader, point_hash
from headwater.storage.vectors import RowDocument
from headwater.tables.data import Dataset

ATTEMPTS = 100
"""How often the pooled data are blinded anew where somebody else has registered them first."""


@dataclass(frozen=True)
class Pooled:
    """The rows of a pool as one trainer's data.

    Attributes:
        dataset: the rows at their slots, rows of zeros between.
        vector: the data matrix, with the sums of all salts.
    """

    pool_id: int
    dataset: Dataset
    vector: list[int]
    point: Point


@dataclass(frozen=True)
class Finding:
    """What the owner found of a member: a reason to leave it out, or its row."""

    member: Member
    reason: Reason = Reason.NONE
    detail: str = ""


def open_pool(
    task: TaskReader,
    sender: Sender,
    journal: SecretStore,
    slots_: int,
    closes_at: int,
    expires_at: int,
    admission: str = ZERO_ADDRESS,
) -> PoolOpened:
    """Open a pool. Its key is drawn here, and kept in the journal until the pool is closed.

    Raises:
        ConfigError: more slots than the task's matrices have rows.
        ContractError: the contract refuses it.
    """
    if not 1 <= slots_ <= task.learner.rows:
        raise ConfigError(
            f"a pool of task {task.id} has 1 to {task.learner.rows} slots", "its matrices have no more rows"
        )
    private = new_key()
    key = public_key(private)
    journal.put(_key_name(key), private)
    pools = task.contracts.pools
    return sender.send(pools.open(task.id, slots_, closes_at, expires_at, key, admission)).event(PoolOpened)


def collect(task: Task, journal: SecretStore, pool_id: int) -> tuple[Seen, list[Finding]]:
    """Fetch, open and check what all members have sent; what fits is kept in the journal.

    Raises:
        ConfigError: the pool's key is not in this journal.
    """
    seen = rows.see(task.contracts, pool_id)
    rows.check_terms(task, seen.pool)
    return seen, [_look(task, journal, seen, member) for member in seen.members]


def _look(task: Task, journal: SecretStore, seen: Seen, member: Member) -> Finding:
    if _kept(task.contracts, journal, seen.id, member) is not None:
        return Finding(member)
    try:
        document = RowDocument.decode(task.fetch(member.cid))
    except (DocumentError, ContentTooLarge) as error:
        return Finding(member, Reason.UNREADABLE, error.message)
    except StorageError as error:
        return Finding(member, Reason.MISSING, error.message)
    if problem := slot_problem(task, seen.id, member, document):
        return Finding(member, problem, problem.text)
    place = rows.place(task, seen.id, member.contributor, member.slot)
    private = _private(journal, seen.pool, seen.id)
    try:
        text, seed = unseal(document.sealed, private, place, member.commitment)
        row = OwnRow(member.slot, seed, text)
        vector = row.vector(task)
    except DocumentError as error:
        return Finding(member, Reason.NOT_SEALED, error.message)
    except (DataError, UnicodeDecodeError, ValueError) as error:
        return Finding(member, Reason.INVALID_ROW, str(error))
    if task.train.commit(vector) != member.commitment:
        return Finding(member, Reason.OTHER_ROW, Reason.OTHER_ROW.text)
    journal.put(_row_name(task.contracts, seen.id, member), row.encode())
    return Finding(member)


def slot_problem(task: Task, pool_id: int, member: Member, document: RowDocument) -> Reason:
    """What is wrong with a document and its proof, as anybody can see; `Reason.NONE` if nothing."""
    header, learner = document.header, task.learner
    same = (
        header.task == task.reference,
        int(header.pools, 16) == int(task.contracts.pools.address, 16),
        header.pool == pool_id,
        int(header.contributor, 16) == int(member.contributor, 16),
        header.slot == member.slot,
    )
    if not all(same):
        return Reason.UNREADABLE
    place = rows.place(task, pool_id, member.contributor, member.slot)
    holds = slots.verify(
        rows.matrix(learner), place, member.commitment, document.proof, task.config.offset, task.train.commit
    )
    return Reason.NONE if holds else Reason.NOT_AT_SLOT


def leave_out(contracts: Contracts, sender: Sender, pool_id: int, findings: Sequence[Finding]) -> Iterator[RowLeftOut]:
    """Leave out whom findings name a reason for.

    Raises:
        ContractError: the contract refuses it: for example, somebody has withdrawn meanwhile.
    """
    for finding in findings:
        if finding.reason is not Reason.NONE:
            member = finding.member
            call = contracts.pools.leave_out(pool_id, member.contributor, member.commitment, finding.reason)
            yield sender.send(call).event(RowLeftOut)


def blinded(task: Task, sender: Sender, journal: SecretStore, seen: Seen, *, anew: bool = False) -> Pooled:
    """The pooled data under a blinding, such that nobody else has registered them.

    anew: draw another blinding, also if the journal has one.

    Raises:
        ConfigError: not all rows are here; or each blinding that was tried is somebody else's by now.
    """
    contracts, me = task.contracts, sender.address
    name = rows.name(contracts, seen.id, "blinding")
    for _ in range(ATTEMPTS):
        if anew or journal.get(name) is None:
            journal.put(name, secrets.token_bytes(SEED))
        pooled = _pooled(task, journal, seen)
        # for good: a lying node may have another drawn once the pool is closed
        journal.put(f"{name}/{point_hash(pooled.point).hex()}", journal.get(name) or b"")
        if contracts.trainers.get_data(task.id, point_hash(pooled.point)).owner in (me, ZERO_ADDRESS):
            return pooled
        anew = True
    raise ConfigError(f"{ATTEMPTS} blindings were registered by others first", "send through another node")


def close(task: Task, sender: Sender, journal: SecretStore, seen: Seen, pooled: Pooled) -> Receipt:
    """Close a pool whose pooled data the sender has registered, and forget its key: nothing more is to be opened.

    Raises:
        ContractError: the contract refuses it.
    """
    salts = _blinding(task, journal, seen.id)
    learner, commit = task.learner, task.train.commit
    matrix = rows.matrix(learner)
    place = rows.place(task, seen.id, sender.address, SALTS_ONLY)
    point = commit(matrix.vector(SALTS_ONLY, [], salts))
    document = RowDocument.made(
        slots.prove(matrix, place, [], salts, secrets.token_bytes(32), commit),
        b"",
        task=task.reference,
        pools=task.contracts.pools.address,
        pool=seen.id,
        contributor=sender.address,
        slot=SALTS_ONLY,
    )
    cid = task.store.put(document.encode()).digest
    if sum_of_commitments([seen.pool.sum, point], task.config.offset) != pooled.point:
        raise ConfigError("the pool has changed since its rows were added up", "run `headwater pool close` again")
    receipt = sender.send(task.contracts.pools.close(seen.id, point, cid))
    journal.delete(_key_name(seen.pool.key))
    return receipt


def pooled_data(task: Task, account: str, journal: SecretStore, pool_id: int) -> Pooled:
    """The data of a pool that the account owns and has closed, from its journal.

    Raises:
        ConfigError: it is not closed, another's, or not all in this journal.
    """
    seen = rows.see(task.contracts, pool_id)
    rows.check_terms(task, seen.pool)
    if seen.pool.owner != account:
        raise ConfigError(f"pool {pool_id} is {seen.pool.owner}'s, not {account}'s", "train with the owner's key")
    if not seen.pool.closed:
        raise ConfigError(f"pool {pool_id} is not closed", f"run `headwater pool close --pool {pool_id}` first")
    pooled = _pooled(task, journal, seen, f"blinding/{seen.pool.data_hash.hex()}")
    if point_hash(pooled.point) != seen.pool.data_hash:
        raise ConfigError(
            f"what this journal has of pool {pool_id} is not what the pool was closed with",
            "use the journal with which it was closed",
        )
    return pooled


def missing(task: Task, journal: SecretStore, seen: Seen) -> list[Member]:
    """Members whose rows are not in this journal."""
    return [member for member in seen.members if _kept(task.contracts, journal, seen.id, member) is None]


def forget(contracts: Contracts, journal: SecretStore, pool_id: int) -> int:
    """Delete all that the journal has of a pool's rows, and return how many secrets these were.

    The pooled data cannot be trained on any more.
    """
    names = journal.names(rows.name(contracts, pool_id, ""))
    journal.delete(*names)
    return len(names)


def _pooled(task: Task, journal: SecretStore, seen: Seen, blinding: str = "blinding") -> Pooled:
    learner, contracts = task.learner, task.contracts
    if absent := missing(task, journal, seen):
        raise ConfigError(
            f"the rows of {len(absent)} contributor(s) are not here: {', '.join(m.contributor for m in absent[:3])}..",
            f"run `headwater pool collect --pool {seen.id}`, and leave out who does not fit",
        )
    found = {member.slot: _kept(contracts, journal, seen.id, member) for member in seen.members}
    own = {slot: row for slot, row in found.items() if row is not None}
    if not own:
        raise ConfigError(f"pool {seen.id} has no contributors", "wait for some, or open another")
    salts_only = rows.matrix(learner).vector(SALTS_ONLY, [], _blinding(task, journal, seen.id, blinding))
    vector = rows.added([salts_only, *(row.vector(task) for row in own.values())])
    dataset = rows.together({slot: rows.read_row(learner, row.text) for slot, row in own.items()})
    return Pooled(seen.id, dataset, vector, task.train.commit(vector))


def _blinding(task: Task, journal: SecretStore, pool_id: int, name: str = "blinding") -> list[int]:
    seed = journal.get(rows.name(task.contracts, pool_id, name))
    if seed is None:
        raise ConfigError(f"this journal has no blinding of pool {pool_id}", "use the journal with which it was closed")
    return slots.salts_of(seed, task.learner.salts)


def _kept(contracts: Contracts, journal: SecretStore, pool_id: int, member: Member) -> OwnRow | None:
    found = journal.get(_row_name(contracts, pool_id, member))
    return OwnRow.decode(found) if found else None


def _row_name(contracts: Contracts, pool_id: int, member: Member) -> str:
    # not by the point alone: another may commit to the same, or the same account come again with another document, and
    # what was found of one is not true of the other
    place = f"{member.contributor}/{member.slot}/{point_hash(member.commitment).hex()}/{member.cid.hex()}"
    return rows.name(contracts, pool_id, f"row/{place}")


def _key_name(key: bytes) -> str:
    return f"pool-key/{key.hex()}"


def _private(journal: SecretStore, pool: DataPool, pool_id: int) -> bytes:
    found = journal.get(_key_name(pool.key))
    if found is None:
        raise ConfigError(
            f"the key of pool {pool_id} is not in this account's journal",
            "use the account and the home with which it was opened; once a pool is closed, its key is gone",
        )
    return found
