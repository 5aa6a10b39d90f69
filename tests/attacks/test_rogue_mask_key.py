"""Wants: an honest trainer's whole update, from public bytes.

Tries: two accounts enrol with mask keys made of the victim's, post any masks, and are disputed: the points with which
honest members answer show what these share with the victim.
Stopped: a key comes with a proof that the sender knows its secret, which holds task, chain, sender and the key itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import pytest

from headwater.chain.contracts.events import Enrolled, Masked, MaskOpened
from headwater.protocol import possession
from headwater.protocol.curve import Point, add, multiply, negate
from headwater.protocol.field import P
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import GENERATOR, pair_seed, peers, prg, sign
from headwater.protocol.phases import Phase
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import PeerMask, Posting
from tests.support.arena import STAKE, Arena, Masking, secret
from tests.support.weakened_contracts import Weakness

CHECK = "if (!Possession.verify(maskKey, possession, tag, msg.sender)) revert InvalidPossession();"
HASHED, UNIT = "uint256(keccak256(abi.encode(tag, owner, key, r)))", "libraries/Possession.sol"
UNPROVED = Weakness("TrainerRegistry", CHECK)
KEY_LEFT_OUT = Weakness("TrainerRegistry", HASHED, "uint256(keccak256(abi.encode(tag, owner, r)))", UNIT)
SENDER_LEFT_OUT = Weakness("TrainerRegistry", HASHED, "uint256(keccak256(abi.encode(tag, key, r)))", UNIT)
TASK_LEFT_OUT = Weakness("TrainerRegistry", HASHED, "uint256(keccak256(abi.encode(owner, key, r)))", UNIT)
CHAIN_LEFT_OUT = Weakness(
    "TrainerRegistry",
    "abi.encode(block.chainid, taskManager, taskId)",
    "abi.encode(taskManager, taskId)",
    "libraries/TaskCode.sol",
)
VICTIM, HONEST, ROGUES, THIEF = 1, (2, 3), (4, 5), 4
OTHERS = (VICTIM, *HONEST)


class Rogue(NamedTuple):
    """A mask key a K + b G of a victim's K, and what is sent as a proof that its secret is known."""

    a: int
    b: int
    proof: PossessionProof

    def key(self, victims: Point) -> Point:
        return add(multiply(victims, self.a), multiply(GENERATOR, self.b))

    def shared_with_victim(self, shared: Point, key: Point) -> Point:
        """x K, from x (a K + b G) that the owner of key = x G has shown."""
        return multiply(add(shared, negate(multiply(key, self.b))), pow(self.a, -1, P))


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def hashed(*numbers: int) -> int:
    return int.from_bytes(keccak256(words(*numbers)), "big") % P


def copied(arena: Arena, account: int, victims: Point) -> Rogue:
    """The victim's very key, with the proof that came with it."""
    shown = next(e.possession for e in arena.trainers.events(Enrolled, task_id=arena.task_id) if e.mask_key == victims)
    return Rogue(1, 0, shown)


def shifted(arena: Arena, account: int, victims: Point) -> Rogue:
    """K + b G, with a proof that b is known."""
    b = secret(account)
    return Rogue(1, b, possession.prove(b, arena.tag, arena.address(account)))


def fitted(arena: Arena, account: int, victims: Point) -> Rogue:
    """The key for which a proof that was made of the victim's key is right, if the key itself is not hashed."""
    response = secret(account)
    challenge = hashed(arena.tag, int(arena.address(account), 16), *victims)
    inverse = pow(challenge, -1, P)
    return Rogue(inverse, -response * inverse % P, PossessionProof(challenge, response))


def enter(arena: Arena, rogues: dict[int, Rogue]) -> None:
    """The rogues enrol, all join and submit; all post masks, of which the rogues know none."""
    for i, rogue in rogues.items():
        arena.keys[i] = rogue.key(arena.key(VICTIM))
        arena.send(i, enrolling(arena, i, rogue))
    for i in (*OTHERS, *rogues):
        arena.send(i, arena.rounds.join(arena.task_id))
    for i in (*OTHERS, *rogues):
        arena.submit(i)
    for i in OTHERS:
        arena.mask(i)
    attempt = arena.attempt()
    for i in rogues:
        me = arena.address(i)
        junk = (PeerMask(p, multiply(GENERATOR, 100 * i + n)) for n, p in enumerate(peers(attempt.circle, me), start=1))
        posting = Posting(arena.seed, attempt.updates[me], hashlib.sha256(me.encode()).digest(), tuple(junk))
        arena.mask(i, Masking((), (), posting))


def enrolling(arena: Arena, account: int, rogue: Rogue):
    return arena.trainers.enrol(arena.task_id, [arena.data(account)[1]], rogue.key(arena.key(VICTIM)), rogue.proof)


def read(arena: Arena, rogues: dict[int, Rogue]) -> list[int]:
    """The victim's update, from events and the bytes that it publishes."""
    posted = {e.trainer: e.posting for e in arena.rounds.events(Masked, task_id=arena.task_id)}
    for honest, rogue in zip(HONEST, rogues, strict=True):
        pair = (honest, rogue)
        postings = (posted[arena.address(honest)], posted[arena.address(rogue)])
        challenge_id = arena.challenge_mask(pair, postings)
        arena.send(honest, arena.mask_answer(challenge_id, pair, postings, by=0))  # as an honest node does by itself
    known = {}
    for event in arena.challenges.events(MaskOpened, task_id=arena.task_id):
        rogue = rogues[arena.number(event.other)]
        known[event.one] = rogue.shared_with_victim(event.shared, arena.key(arena.number(event.one)))
    arena.pass_phase()  # the rogues are left out
    attempt, me = arena.attempt(), arena.address(VICTIM)
    assert set(attempt.circle) == {me, *known}
    found = arena.masking(VICTIM).vector
    for peer, shared in known.items():
        mask = prg(pair_seed(shared, attempt, me, peer), len(found))
        found = [(entry - sign(me, peer) * m) % P for entry, m in zip(found, mask, strict=True)]
    return found


@pytest.fixture
def lured(arena: Arena) -> Arena:
    """Join of a task for five: the honest three have enrolled, the others have stake."""
    arena = arena.at("created").around(arena.create(max_trainers=5))
    for i in OTHERS:
        arena.enrol(i, arena.data(i)[1])
    for i in ROGUES:
        arena.send(i, arena.stakes.deposit(STAKE))
    return arena


MAKINGS: dict[str, tuple[Weakness, Callable[[Arena, int, Point], Rogue]]] = {
    "a copy of K": (UNPROVED, copied),
    "K + b G": (UNPROVED, shifted),
    "K / c - b G, made for a proof": (KEY_LEFT_OUT, fitted),
}


@pytest.mark.parametrize(("weakness", "make"), MAKINGS.values(), ids=MAKINGS)
def test_mask_keys__made_of_the_victims(lured, attack, weakness, make):
    victims = lured.key(VICTIM)
    rogues = {i: make(lured, i, victims) for i in ROGUES}
    truth = list(lured.proof(VICTIM).output)
    with attack.works_on(weakness), lured.weakened(weakness):
        enter(lured, rogues)
        assert lured.state.phase is Phase.AGGREGATE
        assert read(lured, rogues) == truth
    for i in ROGUES:
        with attack.stopped_by("InvalidPossession"):
            lured.send(i, enrolling(lured, i, rogues[i]))


def loosely(owner: int, *bound: int) -> PossessionProof:
    """A proof that an account knows its secret, for a contract that hashes these numbers before the nonce's point."""
    nonce = 1_234_567
    challenge = hashed(*bound, *multiply(GENERATOR, nonce))
    return PossessionProof(challenge, (nonce - challenge * secret(owner)) % P)


def of_another_account(arena: Arena) -> tuple[PossessionProof, PossessionProof]:
    """The victim's, sent with the victim's key."""
    key = arena.key(VICTIM)
    return loosely(VICTIM, arena.tag, *key), possession.prove(secret(VICTIM), arena.tag, arena.address(VICTIM))


def of_another_task(arena: Arena) -> tuple[PossessionProof, PossessionProof]:
    """The sender's own, made for task 1."""
    key, me = arena.key(THIEF), arena.address(THIEF)
    return loosely(THIEF, int(me, 16), *key), possession.prove(secret(THIEF), arena.tasks.tag(1), me)


def of_another_chain(arena: Arena) -> tuple[PossessionProof, PossessionProof]:
    """The sender's own, made for the same task of contracts with the same addresses on chain 1."""
    me, where = arena.address(THIEF), (int(arena.tasks.address, 16), arena.task_id)
    return tuple(possession.prove(secret(THIEF), hashed(*tag), me) for tag in (where, (1, *where)))


REPLAYS = {
    "another account": (SENDER_LEFT_OUT, of_another_account, VICTIM),
    "another task": (TASK_LEFT_OUT, of_another_task, THIEF),
    "another chain": (CHAIN_LEFT_OUT, of_another_chain, THIEF),
}


@pytest.mark.parametrize(("weakness", "made", "owner"), REPLAYS.values(), ids=REPLAYS)
def test_proof_of_possession__made_for(lured, attack, weakness, made, owner):
    loose, true = made(lured)
    data, key = [lured.data(THIEF)[1]], lured.key(owner)
    with attack.works_on(weakness), lured.weakened(weakness):
        lured.send(THIEF, lured.trainers.enrol(lured.task_id, data, key, loose))
        assert lured.enrolment(THIEF).exists
    with attack.stopped_by("InvalidPossession"):
        lured.send(THIEF, lured.trainers.enrol(lured.task_id, data, key, true))
    assert lured.send(THIEF, lured.enrolling(THIEF, data[0])).event(Enrolled).mask_key == lured.key(THIEF)
