"""Wants: another's row out of a pool or changed, two seats in it, its sum for oneself, or a pool that nobody can close.

Tries: a commitment that reaches another's slot; a copy of somebody's commitment; two slots; a way out after the close;
a close with a row left out; a row that is not the one committed to; junk; to register the sum first; no admission.
Stopped: the sum says who is in, and whose it is; slot proofs say that each keeps to its slot, to anybody; the owner's
blinding keeps the sum secret until it is registered; the owner compares each row with its commitment.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import PoolClosed, RowContributed, RowLeftOut
from headwater.errors import ContractError
from headwater.protocol import slots
from headwater.protocol.field import P, to_field
from headwater.protocol.slots import SALTS_ONLY, Matrix, Place, Reason
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.protocol.vectors import sum_of_commitments
from headwater.roles.pools.sealing import new_key, public_key, seal, unseal
from headwater.roles.task import point_hash
from tests.support.agents import deploy
from tests.support.arena import CID, CREATOR, OUTSIDER, PARTNER, STAKE, Arena
from tests.support.circuits import SMALL, random_salts
from tests.support.weakened_contracts import Weakness

TRUST, ANNA, BEN, THIEF = 5, 8, 9, OUTSIDER
MATRIX = Matrix(SMALL.rows, SMALL.width, SMALL.salts)
PRIVATE = new_key()
TWO_SLOTS = Weakness("Pools", "if (own.commitmentHash != 0) revert AlreadyContributed(poolId, msg.sender, own.slot);")
TAKEN = Weakness("Pools", "if (holder != address(0)) revert SlotTaken(poolId, slot, holder);")
ALWAYS_OUT = Weakness("Pools", "if (pool.closed) revert AlreadyClosed(poolId);\n        bool isFrozen", "bool isFrozen")
NEVER_FROZEN = Weakness("Pools", "if (isFrozen) revert PoolFrozen(poolId, pool.closesAt);")
ANY_COMMITMENT = Weakness(
    "Pools", "if (hash != found.commitmentHash) revert CommitmentMismatch(found.commitmentHash, hash);"
)
ANY_SUM = Weakness("Pools", "if (owner != msg.sender) revert PooledNotRegistered(taskId, dataHash, owner);")
NO_MODULE = Weakness("Pools", "_admit(poolId, pool.admission, hash, evidence);")
SILENT = Weakness("Pools", "if (reason == Reason.None) revert MissingReason();")


class Pool:
    """A pool of the arena's task, and rows to contribute to it."""

    def __init__(self, arena: Arena, admission: str = ZERO_ADDRESS) -> None:
        self.arena, self.pools = arena, arena.contracts.pools
        now = arena.chain.block().timestamp
        self.closes_at, self.expires_at = now + 600, now + 1200
        key = public_key(PRIVATE)
        arena.send(TRUST, self.pools.open(arena.task_id, 4, self.closes_at, self.expires_at, key, admission))
        self.id = self.pools.pool_count()
        self.offset = arena.basis.offset

    def place(self, account: int, slot: int) -> Place:
        return Place(self.arena.tag, self.pools.address, self.id, self.arena.address(account), slot)

    def row(self, account: int) -> list[int]:
        """An account's row."""
        return [account, -account, 1, 2, 1]

    def vector(self, account: int, slot: int) -> list[int]:
        return MATRIX.vector(slot, self.row(account), random_salts(account, SMALL.salts))

    def contribute(self, account: int, slot: int, vector=None, evidence: bytes = b""):
        """Contribute, and return the commitment."""
        point = self.arena.train.commit(self.vector(account, slot) if vector is None else vector)
        self.arena.send(account, self.pools.contribute(self.id, slot, point, CID, evidence))
        return point

    def proof(self, account: int, slot: int):
        """An honest proof that it keeps to its slot."""
        salts = random_salts(account, SMALL.salts)
        return slots.prove(
            MATRIX, self.place(account, slot), self.row(account), salts, bytes([account]) * 32, self.arena.train.commit
        )

    def holds(self, account: int, slot: int, point, proof) -> bool:
        """Whether anybody believes that an account keeps to its slot."""
        return slots.verify(MATRIX, self.place(account, slot), point, proof, self.offset, self.arena.train.commit)

    @property
    def blinding(self) -> list[int]:
        return MATRIX.vector(SALTS_ONLY, [], random_salts(TRUST, SMALL.salts))

    def pooled(self, *extra):
        """The pooled commitment."""
        own = self.arena.train.commit(self.blinding)
        return sum_of_commitments([self.pools.get_pool(self.id).sum, own, *extra], self.offset)

    def freeze(self) -> None:
        self.arena.pass_time(self.closes_at)

    def close(self, blinding=None):
        point = self.arena.train.commit(self.blinding) if blinding is None else blinding
        return self.arena.send(TRUST, self.pools.close(self.id, point, CID))


@pytest.fixture
def pool(arena) -> Iterator[Pool]:
    arena.at("created")
    arena.send(TRUST, arena.stakes.deposit(STAKE))
    return Pool(arena)


def test_commitment__that_reaches_anothers_slot__takes_its_row_out_of_the_sum(pool, attack):
    pool.contribute(ANNA, 0)
    against = pool.vector(THIEF, 1)
    against[: SMALL.width] = [to_field(-entry) for entry in pool.row(ANNA)]
    point = pool.contribute(THIEF, 1, against)
    total = [(a + b) % P for a, b in zip(pool.vector(ANNA, 0), against, strict=True)]
    with attack.works_on("a pool whose contributors only look at the list and the sum"):
        # the contract has both in the sum, as it should; and of Anna's row nothing is left
        assert len([who for who in pool.pools.get_slots(pool.id, 0, 4) if who != ZERO_ADDRESS]) == 2
        assert pool.pools.get_pool(pool.id).sum == pool.arena.train.commit(total)
        assert total[: SMALL.width] == [0] * SMALL.width
    # the thief knows all that it committed to, and has no proof that this is at its slot
    assert not pool.holds(THIEF, 1, point, pool.proof(THIEF, 1))
    event = pool.arena.send(
        TRUST, pool.pools.leave_out(pool.id, pool.arena.address(THIEF), point, Reason.NOT_AT_SLOT)
    ).event(RowLeftOut)
    assert pool.pools.get_pool(pool.id).sum == pool.arena.train.commit(pool.vector(ANNA, 0))
    attack.answered_by(event)


def test_proof__made_for_a_commitment_that_reaches_another_slot__fits_only_a_careless_check(pool, attack):
    """The prover leaves out of the answers what must not be there, or answers for more entries than it may."""
    reach = pool.vector(THIEF, 1)
    reach[0] = 7
    commit, place = pool.arena.train.commit, pool.place(THIEF, 1)
    point, mask = commit(reach), random_salts(3, MATRIX.length)
    announcement = commit(mask)
    e = slots._challenge(place, point, announcement)
    answers = [(r + e * v) % P for r, v in zip(mask, reach, strict=True)]

    def careless() -> bool:
        expected = slots.add(announcement, slots.multiply(slots.add(point, slots.negate(pool.offset)), e))
        return commit(answers) == expected

    with attack.works_on("a check of proofs that does not ask which entries are answered for"):
        assert careless()
    for free in (answers, [*answers[5:10], *answers[SMALL.rows * SMALL.width :]]):
        assert not pool.holds(THIEF, 1, point, slots.SlotProof(announcement, tuple(free)))
    assert pool.holds(ANNA, 1, commit(pool.vector(ANNA, 1)), pool.proof(ANNA, 1))
    attack.gains("nobody takes such a proof: answers are those of the slot's entries and the salts, and no others")


def test_commitment__of_another__copied_with_its_proof(pool, attack):
    point, proof = pool.contribute(ANNA, 0), pool.proof(ANNA, 0)
    call = pool.pools.contribute(pool.id, 1, point, CID)
    pool.arena.send(THIEF, call)
    with attack.works_on("a proof that does not say whose it is"):
        loose = pool.place(ANNA, 0)
        assert slots.verify(MATRIX, loose, point, proof, pool.offset, pool.arena.train.commit)
    assert not pool.holds(THIEF, 0, point, proof)
    assert not pool.holds(THIEF, 1, point, proof)
    attack.gains("the copy stands at the thief's slot without a proof, and its owner leaves it out")


@pytest.mark.parametrize(("weakness", "account"), ((TWO_SLOTS, ANNA), (TAKEN, THIEF)), ids=("two", "another's"))
def test_slot__that_is_not_the_senders_to_take(pool, attack, weakness, account):
    pool.contribute(ANNA, 0)
    slot = 1 if weakness is TWO_SLOTS else 0
    with attack.works_on(weakness), pool.arena.weakened(weakness):
        pool.contribute(account, slot)
        assert pool.pools.get_pool(pool.id).contributors == 2
    with attack.stopped_by("AlreadyContributed" if weakness is TWO_SLOTS else "SlotTaken"):
        pool.contribute(account, slot)


def test_row__taken_back_after_the_close__is_in_a_sum_that_says_otherwise(pool, attack):
    points = [pool.contribute(account, slot) for slot, account in enumerate((ANNA, BEN))]
    pool.freeze()
    pool.arena.enrol(TRUST, pool.pooled())
    pool.close()
    out = pool.pools.withdraw(pool.id, points[0])
    with attack.works_on(ALWAYS_OUT), pool.arena.weakened(ALWAYS_OUT):
        pool.arena.pass_time(pool.expires_at)
        pool.arena.send(ANNA, out)
        assert pool.pools.get_pool(pool.id).contributors == 1
        assert pool.pools.get_pool(pool.id).closed
    pool.arena.pass_time(pool.expires_at)
    with attack.stopped_by("AlreadyClosed"):
        pool.arena.send(ANNA, out)


def test_row__taken_back_while_the_owner_closes__spoils_the_sum(pool, attack):
    points = [pool.contribute(account, slot) for slot, account in enumerate((ANNA, BEN))]
    pool.freeze()
    pool.arena.enrol(TRUST, pool.pooled())
    out = pool.pools.withdraw(pool.id, points[0])
    with attack.works_on(NEVER_FROZEN), pool.arena.weakened(NEVER_FROZEN):
        pool.arena.send(ANNA, out)
        with pytest.raises(ContractError, match="PooledNotRegistered"):
            pool.close()
    with attack.stopped_by("PoolFrozen"):
        pool.arena.send(ANNA, out)
    assert pool.close().event(PoolClosed)


def test_row__other_than_the_contributed__taken_out_of_the_sum(pool, attack):
    for slot, account in enumerate((ANNA, THIEF)):
        pool.contribute(account, slot)
    (event,) = pool.pools.events(RowContributed, pool_id=pool.id, contributor=pool.arena.address(ANNA))
    out = pool.pools.withdraw(pool.id, event.commitment)
    with attack.works_on(ANY_COMMITMENT), pool.arena.weakened(ANY_COMMITMENT):
        pool.arena.send(THIEF, out)
        # the list has Anna, and the sum the thief's row
        assert pool.pools.get_contribution(pool.id, pool.arena.address(ANNA)).exists
        assert pool.pools.get_pool(pool.id).sum == pool.arena.train.commit(pool.vector(THIEF, 1))
    with attack.stopped_by("CommitmentMismatch"):
        pool.arena.send(THIEF, out)


def test_pool__closed_with_a_row_left_out__silently(pool, attack):
    points = [pool.contribute(account, slot) for slot, account in enumerate((ANNA, BEN))]
    pool.freeze()
    minus = pool.arena.train.commit([to_field(-entry) for entry in pool.vector(ANNA, 0)])
    pool.arena.enrol(TRUST, pool.pooled(minus))
    with attack.works_on(ANY_SUM), pool.arena.weakened(ANY_SUM):
        assert pool.close().event(PoolClosed).data_hash != point_hash(pool.pooled(minus))
    with attack.stopped_by("PooledNotRegistered"):
        pool.close()
    out = pool.pools.leave_out(pool.id, pool.arena.address(ANNA), points[0], Reason.NONE)
    with attack.works_on(SILENT), pool.arena.weakened(SILENT):
        assert pool.arena.send(TRUST, out).event(RowLeftOut).reason is Reason.NONE
    with attack.stopped_by("MissingReason"):
        pool.arena.send(TRUST, out)


def test_blinding__that_holds_minus_a_row__is_seen_by_anybody(pool, attack):
    """The owner registers a sum without Anna's row, and makes up for it in the blinding."""
    for slot, account in enumerate((ANNA, BEN)):
        pool.contribute(account, slot)
    pool.freeze()
    bad = pool.blinding
    bad[: SMALL.width] = [to_field(-entry) for entry in pool.row(ANNA)]
    point = pool.arena.train.commit(bad)
    pool.arena.enrol(TRUST, sum_of_commitments([pool.pools.get_pool(pool.id).sum, point], pool.offset))
    event = pool.close(point).event(PoolClosed)
    with attack.works_on("contributors who believe what the contract can check"):
        assert pool.pools.pooled_of(pool.arena.task_id, event.data_hash) == pool.id
    commit, place = pool.arena.train.commit, pool.place(TRUST, SALTS_ONLY)
    salts = random_salts(TRUST, SMALL.salts)
    for forged in (
        slots.prove(MATRIX, place, [], salts, bytes(32), commit),
        slots.prove(MATRIX, pool.place(TRUST, 0), bad[: SMALL.width], salts, bytes(32), commit),
    ):
        assert not pool.holds(TRUST, SALTS_ONLY, point, forged)
    attack.gains("the close stands, and `headwater pool check` says to everybody that the blinding is no blinding")


def test_row__changed_after_it_was_committed_to(pool, attack):
    """A contributor seals another row for the owner than it committed to; so the sum would be of a row nobody knows."""
    point, place = pool.contribute(THIEF, 1), pool.place(THIEF, 1)
    sealed = seal(b"another row", bytes(32), public_key(PRIVATE), place, point)
    with attack.works_on("an owner who opens what is sealed and does not commit to it again"):
        text, seed = unseal(sealed, PRIVATE, place, point)
        assert text == b"another row"
    row = SimpleNamespace(entries=[THIEF, -THIEF, 1, 2, -1], salts=slots.salts_of(seed, SMALL.salts))
    assert pool.arena.train.commit(MATRIX.vector(1, row.entries, row.salts)) != point
    event = pool.arena.send(
        TRUST, pool.pools.leave_out(pool.id, pool.arena.address(THIEF), point, Reason.OTHER_ROW)
    ).event(RowLeftOut)
    attack.answered_by(event)


def test_junk__committed_to__makes_a_sum_that_nobody_can_train_on(pool, attack):
    """A point whose opening nobody knows: with it in the sum, the owner could prove nothing."""
    pool.contribute(ANNA, 0)
    junk = slots.multiply(pool.arena.basis.points[0], 4711)
    pool.arena.send(THIEF, pool.pools.contribute(pool.id, 1, junk, CID))
    with attack.works_on("an owner who closes with whatever was contributed"), pool.arena.forgotten():
        pool.freeze()
        pool.arena.enrol(TRUST, pool.pooled())
        event = pool.close().event(PoolClosed)
        # what the owner knows does not open what it has registered, and proofs of anything else are not about it
        known = [(a + b) % P for a, b in zip(pool.vector(ANNA, 0), pool.blinding, strict=True)]
        assert point_hash(pool.arena.train.commit(known)) != event.data_hash
    assert not pool.holds(THIEF, 1, junk, pool.proof(THIEF, 1))
    event = pool.arena.send(
        TRUST, pool.pools.leave_out(pool.id, pool.arena.address(THIEF), junk, Reason.MISSING)
    ).event(RowLeftOut)
    attack.answered_by(event)


def test_sum__registered_by_a_stranger_first(pool, attack):
    """The sum of the rows is public as soon as they are in; without a blinding it would be what the owner registers."""
    for slot, account in enumerate((ANNA, BEN)):
        pool.contribute(account, slot)
    pool.freeze()
    known = pool.pools.get_pool(pool.id).sum
    pool.arena.send(THIEF, pool.arena.stakes.deposit(STAKE))
    unblinded = "pooled data without a blinding: all know them before they are registered"
    with attack.works_on(unblinded), pool.arena.forgotten():
        pool.arena.enrol(THIEF, known)
        with pytest.raises(ContractError, match="DataAlreadyRegistered"):
            pool.arena.send(TRUST, pool.arena.enrolling(TRUST, known))
    pool.arena.enrol(THIEF, known)  # for all that it is worth
    pool.arena.enrol(TRUST, pool.pooled())
    event = pool.close().event(PoolClosed)
    assert event.data_hash != point_hash(known)
    attack.answered_by(event)


def test_admission__evaded(pool, attack):
    arena = pool.arena
    module = deploy(arena, "tests/contracts/helpers/AllowList.sol", "AllowList", pool.pools.address, account=CREATOR)
    data = bytes.fromhex(module.encode_abi("list", [arena.address(PARTNER), b"a letter"])[2:])
    arena.send(CREATOR, Call(module.address, data, 0, "list"))
    guarded = Pool(arena, module.address)
    with attack.works_on(NO_MODULE), arena.weakened(NO_MODULE):
        guarded.contribute(THIEF, 0)
    with attack.stopped_by("AllowList.NotListed"):
        guarded.contribute(THIEF, 0, evidence=b"a letter")
    # nor past the pool, which would spend the letter
    words = (guarded.id, arena.address(PARTNER), bytes(32), b"a letter")
    call = Call(module.address, bytes.fromhex(module.encode_abi("admitToPool", words)[2:]), 0, "admitToPool")
    with attack.stopped_by("AllowList.OnlyRegistry"):
        arena.send(THIEF, call)
    assert guarded.contribute(PARTNER, 0, evidence=b"a letter")
