"""Wants: a seat in a task that admits members of groups, without being one, or a second one.

Tries: a member's proof, seen before it is mined, for its own account or for other data; a proof for another task, or
for a group of its own; a proof from when it was still a member; two people's proofs as if they were one person's; a
member's second account; a seat without an enrolment.
Stopped: a proof says for which account, data, task and root it was made, and an identity has one nullifier in a task.
The module compares each with what the registry tells, and gives a nullifier one seat.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.codec import encode_call
from headwater.chain.contracts.events import Enrolled
from headwater.chain.contracts.groups import GroupAdmission
from headwater.groups.prover import Membership, siblings_of
from headwater.protocol.groups import evidence_of, message_of
from headwater.roles.task import point_hash
from tests.support.arena import CREATOR, OUTSIDER, PARTNER, Arena
from tests.support.groups import FOREVER, make_group, membership, number, shown
from tests.support.weakened_contracts import Weakness

MODULE = "GroupAdmission"
NO_MESSAGE = Weakness(MODULE, "if (proof.message != message) revert MessageMismatch(message, proof.message);")
ONLY_SENDER = Weakness(MODULE, "keccak256(abi.encode(trainer, dataHashes))", "keccak256(abi.encode(trainer))")
NO_SCOPE = Weakness(MODULE, "if (proof.scope != scope) revert ScopeMismatch(scope, proof.scope);")
ANY_GROUP = Weakness(
    MODULE, "SEMAPHORE.verifyProof(groupIds[i], proof)", "SEMAPHORE.verifyProof(groupIds[i] + 1, proof)"
)
ANY_PERSON = Weakness(
    MODULE,
    "if (proof.nullifier != nullifier) revert IdentityMismatch(groupIds[i], nullifier, proof.nullifier);",
)
ANY_SEATS = Weakness(MODULE, "revert SeatTaken(taskId, nullifier, holder);")
ANY_CALLER = Weakness(MODULE, "only(TRAINER_REGISTRY)\n        ", "")

MEMBER, THIEF, FRIEND = PARTNER, OUTSIDER, 9  # accounts
WOMEN, PATIENTS, OWN = ("ada", "grace", "emmy", "rosalind"), ("ada", "alan", "rosalind"), ("mallory", "ada")


@dataclass
class Groups:
    """An arena with groups 0 (women), 1 (of the attacker's own making) and 2 (patients), and a task of the first."""

    arena: Arena
    module: GroupAdmission

    def task(self, *groups: int) -> Groups:
        """Another task, of members of all of these."""
        arena, admissions = self.arena, self.arena.contracts.admissions
        arena.send(CREATOR, admissions.module_for(groups))
        address = admissions.address_of(groups)
        task = arena.around(arena.create(admission=address, stake=0, challenge_bond=0))
        return Groups(task, GroupAdmission(arena.chain, address))

    def hash_of(self, account: int, number_: int = 0) -> bytes:
        return point_hash(self.arena.data(account % 5 + 1 + number_)[1])

    def shown(self, person: str, account: int, *groups: tuple[str, ...]) -> bytes:
        """What a person shows to enrol an account with its data."""
        return shown(person, groups, self.arena.tag, self.arena.address(account), self.hash_of(account))

    def enrol(self, account: int, evidence: bytes, number_: int = 0) -> Call:
        return self.arena.enrolling(account, self.arena.data(account % 5 + 1 + number_)[1], evidence)

    def enters(self, account: int, evidence: bytes, number_: int = 0) -> None:
        """The account enrols."""
        done = self.arena.send(account, self.enrol(account, evidence, number_))
        assert done.event(Enrolled).trainer == self.arena.address(account)


@pytest.fixture
def groups(arena) -> Groups:
    arena.at("created")
    admin, attacker = arena.senders[CREATOR], arena.senders[THIEF]
    for account, people in ((admin, WOMEN), (attacker, OWN), (admin, PATIENTS)):
        make_group(arena.contracts, account, people)
    return Groups(arena, GroupAdmission(arena.chain, arena.address(CREATOR))).task(0)


def test_proof__of_a_member__sent_by_a_thief(groups, attack):
    stolen = groups.shown("ada", MEMBER, WOMEN)
    with attack.works_on(NO_MESSAGE), groups.arena.weakened(NO_MESSAGE):
        groups.enters(THIEF, stolen)
    with attack.stopped_by("MessageMismatch"):
        groups.arena.send(THIEF, groups.enrol(THIEF, stolen))
    groups.enters(MEMBER, stolen)


def test_proof__of_a_member__with_other_data(groups, attack):
    """An account is lent to a member for certain data."""
    address = groups.arena.address(THIEF)
    of_sender = int.from_bytes(groups.arena.anvil.web3.keccak(bytes.fromhex(address[2:]).rjust(32, b"\0")), "big")
    unbound = evidence_of([membership("ada", WOMEN, groups.arena.tag, of_sender)])
    with attack.works_on(ONLY_SENDER), groups.arena.weakened(ONLY_SENDER):
        groups.enters(THIEF, unbound, 1)
    with attack.stopped_by("MessageMismatch"):
        groups.arena.send(THIEF, groups.enrol(THIEF, groups.shown("ada", THIEF, WOMEN), 1))


def test_proof__of_another_task(groups, attack):
    other = groups.task(0)
    assert other.arena.tag != groups.arena.tag
    evidence = other.shown("ada", MEMBER, WOMEN)
    with attack.works_on(NO_SCOPE), groups.arena.weakened(NO_SCOPE):
        groups.enters(MEMBER, groups.shown("ada", MEMBER, WOMEN))
        groups.enters(THIEF, other.shown("ada", THIEF, WOMEN))  # a second seat, of the same person
    with attack.stopped_by("ScopeMismatch"):
        groups.arena.send(MEMBER, groups.enrol(MEMBER, evidence))


def test_proof__of_a_group_of_ones_own(groups, attack):
    evidence = groups.shown("mallory", THIEF, OWN)
    with attack.works_on(ANY_GROUP), groups.arena.weakened(ANY_GROUP):
        groups.enters(THIEF, evidence)
    with attack.stopped_by("Semaphore__MerkleTreeRootIsNotPartOfTheGroup"):
        groups.arena.send(THIEF, groups.enrol(THIEF, evidence))


def test_proof__from_before_a_member_was_removed(groups, attack):
    arena, admin = groups.arena, groups.arena.senders[CREATOR]
    found = []
    for time in (FOREVER, 60):
        group_id = make_group(arena.contracts, admin, WOMEN, time)
        task = groups.task(group_id)
        siblings = siblings_of(Membership([number(one) for one in WOMEN]), number("ada"))
        arena.send(CREATOR, arena.contracts.semaphore.remove_member(group_id, number("ada"), siblings))
        found.append(task)
    arena.rpc("evm_increaseTime", 120)
    arena.rpc("evm_mine")
    with attack.works_on("a group whose roots never expire"):
        found[0].enters(MEMBER, found[0].shown("ada", MEMBER, WOMEN))
    with attack.stopped_by("Semaphore__MerkleTreeRootIsExpired"):
        arena.send(MEMBER, found[1].enrol(MEMBER, found[1].shown("ada", MEMBER, WOMEN)))


def test_proofs__of_two_people__as_if_of_one(groups, attack):
    both = groups.task(0, 2)
    message = message_of(both.arena.address(THIEF), [both.hash_of(THIEF)])
    pairs = (("grace", WOMEN), ("alan", PATIENTS))
    together = evidence_of([membership(person, people, both.arena.tag, message) for person, people in pairs])
    with attack.works_on(ANY_PERSON), both.arena.weakened(ANY_PERSON):
        both.enters(THIEF, together)
    with attack.stopped_by("IdentityMismatch"):
        both.arena.send(THIEF, both.enrol(THIEF, together))
    both.enters(MEMBER, both.shown("ada", MEMBER, WOMEN, PATIENTS))


def test_seat__a_second_one(groups, attack):
    groups.enters(MEMBER, groups.shown("ada", MEMBER, WOMEN))
    again = groups.shown("ada", THIEF, WOMEN)
    with attack.works_on(ANY_SEATS), groups.arena.weakened(ANY_SEATS):
        groups.enters(THIEF, again)
    with attack.stopped_by("SeatTaken"):
        groups.arena.send(THIEF, groups.enrol(THIEF, again))
    groups.enters(THIEF, groups.shown("grace", THIEF, WOMEN))


def test_seat__without_an_enrolment(groups, attack):
    arena, evidence = groups.arena, groups.shown("ada", MEMBER, WOMEN)
    nullifier = membership_nullifier(groups)
    words = (arena.task_id, arena.address(MEMBER), (groups.hash_of(MEMBER),), evidence)
    past = Call(groups.module.address, encode_call(MODULE, "admit", words), 0, "admit")
    with attack.works_on(ANY_CALLER), arena.weakened(ANY_CALLER):
        arena.send(THIEF, past)
        assert groups.module.seat_of(arena.task_id, nullifier) == arena.address(MEMBER)
    with attack.stopped_by("UnauthorizedCaller"):
        arena.send(THIEF, past)


def membership_nullifier(groups: Groups) -> int:
    """Ada's, in the task."""
    return membership("ada", WOMEN, groups.arena.tag, 1).nullifier
