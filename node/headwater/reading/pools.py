"""What anybody can check of a pool, and what a contributor can of its own row, without asking the pool's owner."""

from __future__ import annotations

from collections.abc import Iterator

from headwater.chain.contracts.events import LinksClaimed, PoolClosed, Submitted
from headwater.chain.contracts.opened import Contracts
from headwater.errors import ContentTooLarge, DocumentError, StorageError
from headwater.protocol.curve import Point
from headwater.protocol.slots import SALTS_ONLY, Reason
from headwater.protocol.vectors import sum_of_commitments
from headwater.reading.checks import Check
from headwater.reading.history import claims_are_whole
from headwater.roles.pools import rows
from headwater.roles.pools.contributing import OwnRow
from headwater.roles.pools.owning import slot_problem
from headwater.roles.pools.rows import Member, Seen
from headwater.roles.task import Task, point_hash
from headwater.storage.vectors import RowDocument

NOT_CLOSED = "the pool is not closed: its owner has not said yet that it trains on these rows"


def check(task: Task, seen: Seen, account: str | None = None, own: OwnRow | None = None) -> Iterator[Check]:
    """All that must hold for the rows of a pool's members to be its owner's data, each unaltered.

    Args:
        account: whose row must be among them; nobody's, if None.
        own: what that account knows of its row.
    """
    rows.check_terms(task, seen.pool)
    count = len(seen.members)
    yield Check("the sum is that of all who are in", True, f"{count} of {seen.pool.slots} slots")
    for member in seen.members:
        yield _keeps_to_slot(task, seen.id, member, f"{member.contributor}: nothing outside of slot {member.slot}")
    if account is not None:
        yield from _own(task, seen, account, own)
    yield from _closed(task, seen)


def _keeps_to_slot(task: Task, pool_id: int, member: Member, name: str) -> Check:
    try:
        document = RowDocument.decode(task.fetch(member.cid))
    except (DocumentError, ContentTooLarge) as error:
        return Check(name, False, f"its document is no proof of it: {error.message}")
    except StorageError:
        return Check(name, None, "no store gives its document: ask for it, since its owner has had it")
    problem = slot_problem(task, pool_id, member, document)
    return Check(name, problem is Reason.NONE, "" if problem is Reason.NONE else problem.text)


def _own(task: Task, seen: Seen, account: str, own: OwnRow | None) -> Iterator[Check]:
    member = seen.member(account)
    said = "" if member is not None else next((text for text in _ends(seen, account)), "it was never in it")
    yield Check(f"{account} is in the pool", member is not None, f"slot {member.slot}" if member else said)
    if member is None:
        return
    name = "what was committed to is the row, at its slot, under the salts of this journal"
    if own is None:
        yield Check(name, None, "this account's journal does not know them: use the home it was contributed from")
        return
    same = own.slot == member.slot and task.train.commit(own.vector(task)) == member.commitment
    yield Check(name, same)


def _ends(seen: Seen, account: str) -> Iterator[str]:
    for event in reversed(seen.gone):
        if event.contributor == account:
            reason = getattr(event, "reason", None)
            yield "it has withdrawn" if reason is None else f"its owner left it out: {reason.text}"


def _closed(task: Task, seen: Seen) -> Iterator[Check]:
    contracts, pool = task.contracts, seen.pool
    if not pool.closed:
        yield Check("the rows are its owner's data", None, NOT_CLOSED)
        return
    closed = next(contracts.pools.events(PoolClosed, task_id=task.id, pool_id=seen.id), None)
    if closed is None:
        yield Check("the rows are its owner's data", None, "the node does not know how the pool was closed")
        return
    blinding = Member(pool.owner, SALTS_ONLY, closed.blinding, closed.cid)
    yield _keeps_to_slot(task, seen.id, blinding, "the owner's blinding: nothing but salts")
    yield Check("the pooled data are the sum and the blinding", _adds_up(task, seen, closed.blinding, closed.pooled))
    owner = contracts.trainers.get_data(task.id, pool.data_hash).owner
    known = contracts.pools.pooled_of(task.id, pool.data_hash) == seen.id
    yield Check("they are registered in the task, by the pool's owner", owner == pool.owner and known, pool.owner)


def _adds_up(task: Task, seen: Seen, blinding: Point, pooled: Point) -> bool:
    found = sum_of_commitments([rows.sum_of(seen.members, task.config.offset), blinding], task.config.offset)
    return found == pooled and point_hash(pooled) == seen.pool.data_hash


def rounds_trained(contracts: Contracts, seen: Seen) -> dict[int, bool]:
    """The rounds in which the owner has submitted: whether all that it proved was about the pooled data.

    Of an update that was claimed and not proved on chain, it is what the claim says.

    Raises:
        ChainError: the node has left out a claim.
    """
    task_id, owner, pooled = seen.pool.task_id, seen.pool.owner, seen.pool.data_hash
    found: dict[int, bool] = {}
    for event in contracts.rounds.events(Submitted, task_id=task_id, trainer=owner):
        about = set(event.data_hashes)
        if not about:  # it has claimed
            claims = [*contracts.proofs.events(LinksClaimed, task_id=task_id, round=event.round, trainer=owner)]
            if not claims_are_whole(claims, event):
                raise contracts.chain.lacks("all that a trainer claimed", task_id)
            about = {link.data_hash for claim in claims for link in claim.links}
        found[event.round] = about == {pooled}
    return found
