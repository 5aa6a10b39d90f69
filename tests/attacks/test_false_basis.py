"""Wants: a model that is moved as its creator likes, in a task with honest verifiers and manifest.

Tries: to publish the task with a basis point that is a little off, so that every sum that the contract adds up has
something more in it; or with an SRS of zeros, under which every opening is right.
Stopped: `createTask` takes an opening that shows offset and basis points to be those of the SRS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headwater.chain.contracts.events import Aggregated
from headwater.protocol.curve import Point, add, multiply, negate, total
from headwater.protocol.field import P, to_signed
from headwater.protocol.field import add as add_vectors
from headwater.protocol.masks import GENERATOR
from headwater.protocol.openings import TaskBasis, basis_claim
from headwater.protocol.pairing import G2
from headwater.protocol.vectors import average, public_input
from tests.support.arena import AGGREGATOR, CID, CREATOR, MEMBERS, ZERO, Arena
from tests.support.circuits import SMALL, K
from tests.support.weakened_contracts import Weakness

CHECK = "if (zero || !sum.check(config.k, r, combination, quotient, config.tau)) revert InvalidBasis();"
UNCHECKED = Weakness("TaskManager", CHECK)
ZEROS = Weakness(
    "TaskManager", "if (zero || !sum.check(config.k", "if (!sum.check(config.k", summary="an SRS of zeros is one"
)
DIMENSION = SMALL.dimension
MORE = [1_000_000, *[0] * DIMENSION, 99, *[0] * 7]
"""What the creator wants on top of every sum: [w | 0 | salts]."""


def shift(arena: Arena) -> Point:
    """The commitment of it, without C(0)."""
    return add(arena.basis.commit(MORE), negate(arena.basis.offset))


def false_config(arena: Arena, task_id: int) -> dict[str, Point]:
    """A basis point for the tag that brings all of it along."""
    inverse = pow(arena.tasks.tag(task_id), -1, P)
    return {"basis_d": add(arena.config.basis_d, multiply(shift(arena), inverse))}


def first_model(arena: Arena) -> Point:
    """What makes, with the false point, a true commitment of [w | tag]."""
    return add(arena.basis.commit(ZERO), negate(shift(arena)))


def biased(arena: Arena, members: Sequence[int] = MEMBERS):
    """A true proof of statement `average`, of the sum with what the creator wants; and the weights."""
    summed = add_vectors([*(list(arena.proof(i).output) for i in members), MORE])
    n = len(members)
    weights, remainder = average([to_signed(entry) for entry in summed[:DIMENSION]], n)
    public = public_input(n, arena.address(AGGREGATOR))
    return arena.average.prove([[*weights, arena.tag], [*remainder, *summed[DIMENSION + 1 :]], public]), weights


def vk_hash(arena: Arena, task_id: int) -> bytes:
    return arena.models.get_record(task_id, 0).vk_hash


def test_sum__with_something_more_in_it(arena, attack):
    arena.at("created")
    task_id = arena.tasks.task_count() + 1
    create = arena.creating(first_model(arena), **false_config(arena, task_id))
    with attack.works_on(UNCHECKED), arena.weakened(UNCHECKED):
        arena.send(CREATOR, create)
        task = arena.around(task_id)
        for i in MEMBERS:
            task.enrol(i, task.data(i)[1])
            task.send(i, task.rounds.join(task_id))
        for i in MEMBERS:
            task.submit(i)
        for i in MEMBERS:
            task.mask(i)
        proof, weights = biased(task)
        task.send(AGGREGATOR, task.stakes.deposit(task.config.stake))
        assert task.send(AGGREGATOR, task.rounds.aggregate(task_id, proof.data, CID)).event(Aggregated).round == 1
        task.pass_phase()
        record = task.models.get_record(task_id, 1)
        assert record.model_hash == bytes(task.anvil.web3.keccak(task.train.commit([*weights, task.tag]).encode()))
        assert weights[0] - to_signed(task.average_of()[0]) == MORE[0] // len(MEMBERS)
        assert (record.circuit_hash, record.vk_hash) == (CID, vk_hash(arena, 1)), "it looks like an honest task's"
    with attack.stopped_by("InvalidBasis"):
        arena.send(CREATOR, create)


def test_points__of_an_srs_of_zeros(arena, attack):
    arena.at("created")
    config = replace(arena.config, **false_config(arena, arena.tasks.task_count() + 1))
    claim = basis_claim(TaskBasis(config.offset, config.basis0, config.basis1, config.basis_d), K, DIMENSION)
    left = total((claim.commitment, negate(multiply(GENERATOR, claim.value))))
    quotient = negate(multiply(left, pow(claim.point, -1, P)))  # C - y G + r Q is nothing, as e(Q, nothing) is
    create = arena.creating(first_model(arena), quotient, basis_d=config.basis_d, tau=G2(0, 0, 0, 0))
    with attack.works_on(ZEROS), arena.weakened(ZEROS):
        arena.send(CREATOR, create)
    with attack.stopped_by("InvalidBasis"):
        arena.send(CREATOR, create)
