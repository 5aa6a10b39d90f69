"""Wants: an honest member convicted of naming a wrong peer, among more than 17.

Tries: to prove it by members that stand elsewhere on the circle, or by made-up addresses that stand where it needs
them.
Stopped: each of the 16 must have masked in the attempt, and be further on the circle than the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from eth_account import Account

from headwater.chain.contracts.events import Convicted
from headwater.chain.sending.sender import Sender
from headwater.errors import ContractError
from headwater.protocol import possession
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import circle, mask_key, nearest, peers
from headwater.protocol.structs import PeerMask, Posting
from tests.support.arena import CID, OUTSIDER, STAKE, YES, Arena
from tests.support.weakened_contracts import Weakness

ANY_ORDER = Weakness("ChallengeManager", "if (distance <= last) revert NotBetween(member);")
ANYBODY = Weakness(
    "ChallengeManager",
    "if (_rounds().getRosterEntry(taskId, state.round, member).attempt != state.attempt) {\n"
    "                revert NotBetween(member);\n            }",
)
MEMBERS = 18


@dataclass(frozen=True)
class Crowd:
    """An attempt of so many members that they are not all each other's peers.

    Attributes:
        order: its circle, from the victim on.
        posting: the victim's, which names the right peers.
    """

    arena: Arena
    order: tuple[str, ...]
    seed: bytes
    posting: Posting

    def distance(self, member: str) -> int:
        """How far clockwise a member stands from the victim."""
        at, start = (keccak256(self.seed + bytes.fromhex(m[2:])) for m in (member, self.order[0]))
        return (int.from_bytes(at, "big") - int.from_bytes(start, "big")) % (1 << 256)

    def proof(self, right: str, between: Sequence[str]):
        """The transaction that says that a right peer is a wrong one."""
        named = (self.arena.task_id, self.order[0], self.posting, right)
        return self.arena.challenges.prove_wrong_peer(*named, between)


@pytest.fixture
def crowd(arena: Arena) -> Crowd:
    """Aggregate of another task. Its verifier says yes: proofs are not looked at, and updates may be any points."""
    arena.at("created")
    arena = arena.around(arena.create(max_trainers=MEMBERS))
    arena.rpc("anvil_setCode", arena.config.train_verifier, "0x" + YES.hex())
    keys = (Account.from_key(keccak256(b"member %d" % n)) for n in range(MEMBERS))
    senders = {key.address: Sender(arena.chain, key) for key in keys}
    numbers = {address: n for n, address in enumerate(senders)}
    points = {address: mask_key(50 + n) for address, n in numbers.items()}  # data, mask key and update of each
    model = arena.basis.commit([0] * arena.config.dimension + [arena.tag])
    for address, sender in senders.items():
        arena.rpc("anvil_setBalance", address, hex(2 * STAKE))
        sender.send(arena.stakes.deposit(STAKE))
        shown = possession.prove(50 + numbers[address], arena.tag, address)
        sender.send(arena.trainers.enrol(arena.task_id, [points[address]], points[address], shown))
        sender.send(arena.rounds.join(arena.task_id))
    for address, sender in senders.items():
        proof = b"".join(point.encode() for point in (model, points[address], model, points[address]))
        sender.send(arena.contracts.proofs.submit(arena.task_id, [proof]))
    arena.rpc("evm_mine")
    seed = arena.seed
    order = circle(points, seed)
    postings = {m: Posting(seed, points[m], CID, tuple(PeerMask(p, model) for p in peers(order, m))) for m in order}
    for address, sender in senders.items():
        sender.send(arena.rounds.mask(arena.task_id, postings[address]))
    return Crowd(arena, order, seed, postings[order[0]])


def test_right_peer__behind_members_in_another_order(crowd, attack):
    victim, right, *others = crowd.order
    call = crowd.proof(right, others)  # the 16 others, all of whom stand behind the right peer
    with attack.works_on(ANY_ORDER), crowd.arena.weakened(ANY_ORDER):
        assert crowd.arena.send(OUTSIDER, call).event(Convicted).trainer == victim
    with attack.stopped_by("NotBetween"):
        crowd.arena.send(OUTSIDER, call)


def test_right_peer__behind_addresses_that_nobody_has(crowd, attack):
    victim, right = crowd.order[0], crowd.order[8]  # far enough for eight addresses to stand before it
    place, made_up = crowd.distance(right), [f"0x{n:040x}" for n in range(1, 2000)]
    nearer = sorted((m for m in made_up if crowd.distance(m) < place), key=crowd.distance)[:8]
    farther = sorted((m for m in made_up if crowd.distance(m) > place), key=crowd.distance)[:8]
    call = crowd.proof(right, [*nearer, *farther])
    with attack.works_on(ANYBODY), crowd.arena.weakened(ANYBODY):
        assert crowd.arena.send(OUTSIDER, call).event(Convicted).trainer == victim
    with attack.stopped_by("NotBetween"):
        crowd.arena.send(OUTSIDER, call)


def test_wrong_peer__behind_the_sixteen_nearest__is_not_named_by_an_honest_member(crowd):
    victim = crowd.order[0]
    (wrong,) = set(crowd.order[1:]) - set(nearest(crowd.order, victim))
    with pytest.raises(ContractError, match="NotPeers"):
        crowd.arena.send(OUTSIDER, crowd.proof(wrong, nearest(crowd.order, victim)))
