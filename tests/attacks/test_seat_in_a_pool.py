"""Wants: a row in a pool that admits members of groups, without being one, or two rows.

Tries: a member's proof, seen before it is mined, for its own account; the proof with which a member enrolled in the
pool's task, or came into another pool; a member's second account; a seat without a contribution.
Stopped: the proof's scope is the pool, its message says whose row it is, and an identity has one row.
"""

from __future__ import annotations

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.codec import encode_call
from headwater.chain.contracts.groups import GroupAdmission
from headwater.protocol.groups import pool_scope
from headwater.roles.task import point_hash
from tests.attacks.test_pool_misused import Pool
from tests.support.arena import CID, CREATOR, OUTSIDER, PARTNER, STAKE
from tests.support.groups import make_group, membership, shown
from tests.support.weakened_contracts import Weakness

MODULE = "GroupAdmission"
NO_MESSAGE = Weakness(MODULE, "if (proof.message != message) revert MessageMismatch(message, proof.message);")
NO_SCOPE = Weakness(MODULE, "if (proof.scope != scope) revert ScopeMismatch(scope, proof.scope);")
ANY_ROWS = Weakness(MODULE, "revert PoolSeatTaken(poolId, nullifier, holder);")
ANY_CALLER = Weakness(MODULE, "only(POOLS)\n        ", "")
MEMBER, THIEF, TRUST = PARTNER, OUTSIDER, 5
PATIENTS = ("ada", "grace", "emmy")


class Guarded(Pool):
    """A pool of patients alone."""

    @property
    def scope(self) -> int:
        return pool_scope(self.arena.chain.chain_id, self.pools.address, self.id)

    def point(self, account: int, slot: int):
        return self.arena.train.commit(self.vector(account, slot))

    def shown(self, person: str, account: int, slot: int, scope: int | None = None) -> bytes:
        """What a person shows to contribute an account's row."""
        data_hash = point_hash(self.point(account, slot))
        return shown(person, [PATIENTS], scope or self.scope, self.arena.address(account), data_hash)

    def contributing(self, account: int, slot: int, evidence: bytes) -> Call:
        return self.pools.contribute(self.id, slot, self.point(account, slot), CID, evidence)

    def is_in(self, account: int) -> bool:
        return self.pools.get_contribution(self.id, self.arena.address(account)).exists


@pytest.fixture
def module(arena) -> GroupAdmission:
    arena.at("created")
    arena.send(TRUST, arena.stakes.deposit(STAKE))
    group = make_group(arena.contracts, arena.senders[CREATOR], PATIENTS)
    arena.send(CREATOR, arena.contracts.admissions.module_for([group]))
    return GroupAdmission(arena.chain, arena.contracts.admissions.address_of([group]))


@pytest.fixture
def pool(arena, module) -> Guarded:
    return Guarded(arena, module.address)


def test_proof__of_a_member__sent_by_a_thief(pool, attack):
    stolen = pool.shown("ada", MEMBER, 0)
    with attack.works_on(NO_MESSAGE), pool.arena.weakened(NO_MESSAGE):
        pool.arena.send(THIEF, pool.contributing(THIEF, 0, stolen))
        assert pool.is_in(THIEF)
    with attack.stopped_by("MessageMismatch"):
        pool.arena.send(THIEF, pool.contributing(THIEF, 0, stolen))
    pool.arena.send(MEMBER, pool.contributing(MEMBER, 0, stolen))


@pytest.mark.parametrize("of", ("task", "pool"))
def test_proof__of_somewhere_else(of, pool, module, attack):
    """Its nullifier is another: whoever has a row already would have a second one."""
    arena = pool.arena
    other = Guarded(arena, module.address)
    scope = arena.tag if of == "task" else other.scope
    arena.send(MEMBER, pool.contributing(MEMBER, 0, pool.shown("ada", MEMBER, 0)))
    again = pool.shown("ada", THIEF, 1, scope)
    with attack.works_on(NO_SCOPE), arena.weakened(NO_SCOPE):
        arena.send(THIEF, pool.contributing(THIEF, 1, again))
        assert pool.is_in(MEMBER)
        assert pool.is_in(THIEF)
    with attack.stopped_by("ScopeMismatch"):
        arena.send(THIEF, pool.contributing(THIEF, 1, again))


def test_row__a_second_one__by_another_account(pool, module, attack):
    arena = pool.arena
    arena.send(MEMBER, pool.contributing(MEMBER, 0, pool.shown("ada", MEMBER, 0)))
    nullifier = membership("ada", PATIENTS, pool.scope, 1).nullifier
    assert module.pool_seat_of(pool.id, nullifier) == arena.address(MEMBER)
    again = pool.shown("ada", THIEF, 1)
    with attack.works_on(ANY_ROWS), arena.weakened(ANY_ROWS):
        arena.send(THIEF, pool.contributing(THIEF, 1, again))
        assert pool.is_in(MEMBER)
        assert pool.is_in(THIEF)
    with attack.stopped_by("PoolSeatTaken"):
        arena.send(THIEF, pool.contributing(THIEF, 1, again))
    arena.send(MEMBER, pool.pools.withdraw(pool.id, pool.point(MEMBER, 0)))
    arena.send(THIEF, pool.contributing(THIEF, 1, again))  # the seat is free: it is ada's, with whatever account
    assert module.pool_seat_of(pool.id, nullifier) == arena.address(THIEF)


def test_seat__without_a_contribution(pool, module, attack):
    """It would keep the member out, whose proof is then spent under another's name."""
    arena, evidence = pool.arena, pool.shown("ada", MEMBER, 0)
    nullifier = membership("ada", PATIENTS, pool.scope, 1).nullifier
    words = (pool.id, arena.address(MEMBER), point_hash(pool.point(MEMBER, 0)), evidence)
    past = Call(module.address, encode_call(MODULE, "admitToPool", words), 0, "admitToPool")
    with attack.works_on(ANY_CALLER), arena.weakened(ANY_CALLER):
        arena.send(THIEF, past)
        assert module.pool_seat_of(pool.id, nullifier) == arena.address(MEMBER)
    with attack.stopped_by("UnauthorizedCaller"):
        arena.send(THIEF, past)
