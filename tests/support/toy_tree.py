"""The tree of `tests.support.tree`, where nothing is proved: nine tasks of four, merged by three, and these by one.

The verifiers accept anything; models, commitments, sums and lineages are true, by an SRS whose secret is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.chain.contracts.events import MaskingStarted
from headwater.chain.sending.sender import Sender
from headwater.protocol import possession
from headwater.protocol.curve import Point
from headwater.protocol.field import P, derive
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import circle, mask_key, peers
from headwater.protocol.structs import Origin, Parent, PeerMask, Posting
from headwater.protocol.vectors import average, public_input, sum_of_commitments, twice
from headwater.reading.audit_origin import combined
from tests.support.catalogue import BASIS, DIMENSION, PERIOD, SRS, STAKE, Catalogue, opened

LEAVES, COHORT, BRANCHES = 9, 4, 3
ACCOUNTS = 2 + LEAVES * COHORT
ANY = Point(1, 2)


@dataclass(frozen=True)
class ToyTree:
    """Ids of its tasks."""

    leaves: Sequence[int]
    branches: Sequence[int]
    root: int


def grow(catalogue: Catalogue) -> ToyTree:
    """The catalogue must have `ACCOUNTS` accounts."""
    leaves = []
    for number in range(LEAVES):
        members = catalogue.trainers[COHORT * number : COHORT * (number + 1)]
        leaves.append(catalogue.publish(f"clinic {number + 1}"))
        play_round(catalogue, leaves[-1], members)
    each = LEAVES // BRANCHES
    branches = [
        merge(catalogue, f"region {n + 1}", [Parent(task, 1, 1) for task in leaves[each * n : each * (n + 1)]], each)
        for n in range(BRANCHES)
    ]
    root = merge(catalogue, "all regions", [Parent(task, 0, 1) for task in branches], BRANCHES)
    return ToyTree(leaves, branches, root)


def play_round(catalogue: Catalogue, task_id: int, members: Sequence[Sender]) -> None:
    """Round 1 of a task, in which each member moves the weights by what its address says."""
    of = catalogue.contracts
    tag, model = of.tasks.tag(task_id) % P, of.models.added(task_id, 0).commitment
    updates = {
        sender.address: [derive(bytes(32), "w", sender.address, n) % 4096 for n in range(3)] for sender in members
    }
    for number, sender in enumerate(members):
        sender.send(of.stakes.deposit(STAKE))
        secret = derive(bytes(32), "mask", sender.address)
        shown = possession.prove(secret, tag, sender.address)
        sender.send(of.trainers.enrol(task_id, [_data(sender)], mask_key(secret), shown))
        sender.send(of.rounds.join(task_id))
        if number == len(members) - 1 and len(members) < 5:
            _pass(catalogue, task_id)  # the roster has room for one more
    for sender in members:
        points = (model, _data(sender), ANY, SRS.commit(updates[sender.address]))
        sender.send(of.proofs.submit(task_id, [_proof(*points)]))
    catalogue.anvil.mine()
    (started,) = of.rounds.events(MaskingStarted, task_id=task_id)
    block_hash = catalogue.chain.block(started.seed_block).hash
    seed = keccak256(block_hash + b"".join(word.to_bytes(32, "big") for word in (task_id, 1, 1)))
    around = circle(list(updates), seed)
    for sender in members:
        named = tuple(PeerMask(peer, ANY) for peer in sorted(peers(around, sender.address), key=lambda at: int(at, 16)))
        cid = keccak256(sender.address.encode())
        posting = Posting(seed, SRS.commit(updates[sender.address]), cid, named)
        sender.send(of.rounds.mask(task_id, posting))
    _average(catalogue, task_id, tag, list(updates.values()))


def merge(catalogue: Catalogue, name: str, parents: Sequence[Parent], divisor: int) -> int:
    """A task whose first model is made of others."""
    of = catalogue.contracts
    models = [catalogue.weights[parent.task_id, parent.round] for parent in parents]
    coefficients = [parent.coefficient for parent in parents]
    total = [sum(a * w for a, w in zip(coefficients, column, strict=True)) for column in zip(*models, strict=True)]
    weights, _ = average(total, divisor)
    commitments = tuple(of.models.added(parent.task_id, parent.round).commitment for parent in parents)
    tags = [of.tasks.tag(parent.task_id) % P for parent in parents]
    config = of.tasks.get_task(parents[0].task_id).config
    whole = combined(config, parents, commitments, tags)
    public = SRS.commit(public_input(divisor, catalogue.creator.address))
    proof = _proof(opened(weights).commitment, ANY, public, twice(whole, BASIS.offset))
    origin = Origin(parents=tuple(parents), models=commitments, divisor=divisor, proof=proof)
    return catalogue.publish(name, weights=weights, origin=origin)


def _average(catalogue: Catalogue, task_id: int, tag: int, updates: Sequence[Sequence[int]]) -> None:
    of, sender = catalogue.contracts, catalogue.outsider
    weights, _ = average([sum(column) for column in zip(*updates, strict=True)], len(updates))
    catalogue.weights[task_id, 1] = weights
    total = sum_of_commitments([SRS.commit(update) for update in updates], BASIS.offset)
    tagged = sum_of_commitments([total, SRS.commit([*[0] * DIMENSION, tag])], BASIS.offset)
    public = SRS.commit(public_input(len(updates), sender.address))
    proof = _proof(SRS.commit([*weights, tag]), ANY, public, twice(tagged, BASIS.offset))
    sender.send(of.stakes.deposit(STAKE))
    cid = catalogue.store.put(opened(weights).document(1, len(updates)).encode())
    sender.send(of.rounds.aggregate(task_id, proof, cid.digest))
    _pass(catalogue, task_id)


def _pass(catalogue: Catalogue, task_id: int) -> None:
    catalogue.anvil.pass_time(PERIOD)
    catalogue.outsider.send(catalogue.contracts.rounds.advance(task_id))


def _data(sender: Sender) -> Point:
    return SRS.commit([derive(bytes(32), "data", sender.address) % 4096])


def _proof(*points: Point) -> bytes:
    """What starts like a proof; the verifiers look at nothing."""
    return b"".join(point.encode() for point in points) + bytes(64)
