"""Admission by membership in groups of a hundred: what an enrolment takes beyond a plain one, and how long a proof."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from pathlib import Path

from headwater.chain.contracts.events import GroupCreated
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits.average import Average
from headwater.circuits.circuit import build
from headwater.circuits.srs import dev_srs
from headwater.groups.prover import Membership, commitment_of, prove
from headwater.protocol import possession
from headwater.protocol.field import derive
from headwater.protocol.groups import evidence_of, message_of
from headwater.protocol.keccak import keccak256
from headwater.protocol.masks import mask_key
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.roles.task import point_hash
from scripts.benchmarks.links import create_raw
from scripts.benchmarks.openings import YES, K

MEMBERS, MANY = 100, 10_000
IDENTITY = base64.b64encode(keccak256(b"an identity of nobody's")).decode()
HOUR = 3600
TRIES = 3


def measure(contracts: Contracts, senders: Sequence[Sender], home: Path) -> dict[str, int]:
    """Gas of admissions by one and by two groups, beyond an enrolment that asks nobody; of what comes before, too.

    senders: the creator, who also has the groups, and those who enrol.
    """
    creator, trainer = senders[:2]
    semaphore, admissions = contracts.semaphore, contracts.admissions
    ids, members, gas = [], [], {}
    for number in range(2):
        made = creator.send(semaphore.create_group(creator.address, HOUR))
        ids.append(made.event(GroupCreated).group_id)
        members.append(people(MEMBERS, number))
        added = creator.send(semaphore.add_members(ids[-1], members[-1]))
        gas["create_group"], gas["add_members"] = made.gas_used, added.gas_used
    verifier, _ = creator.deploy(YES, "yes")
    circuit, code_hash = build(home, Average(2), dev_srs(home, K)), keccak256(YES[-10:])
    plain = 0
    for count, key in ((0, ""), (1, "admit"), (2, "admit_two")):
        admission = ZERO_ADDRESS
        if count:
            gas["module"] = creator.send(admissions.module_for(ids[:count])).gas_used
            admission = admissions.address_of(ids[:count])
        hashes = (code_hash, code_hash)
        task_id = create_raw(contracts, creator, circuit, 2, (verifier, verifier), hashes, admission=admission)
        tag, data = contracts.tasks.tag(task_id), circuit.commit([count + 1])
        groups = [Membership(members[i], semaphore.root_of(ids[i])) for i in range(count)]
        message = message_of(trainer.address, [point_hash(data)])
        evidence = evidence_of(prove(IDENTITY, groups, tag, message)) if count else b""
        shown = possession.prove(7, tag, trainer.address)
        enrolled = trainer.send(contracts.trainers.enrol(task_id, [data], mask_key(7), shown, evidence))
        if key:
            gas[key] = enrolled.gas_used - plain
        else:
            plain = enrolled.gas_used
    return gas


def prove_many() -> dict[str, float]:
    """Seconds of a proof, its process and its group's tree included: of a hundred members, and of ten thousand."""
    found = {}
    for key, count in (("seconds", MEMBERS), ("seconds_of_10000", MANY)):
        group, taken = Membership(people(count, 0)), []
        for scope in range(TRIES):
            start = time.perf_counter()
            prove(IDENTITY, [group], scope, scope)
            taken.append(time.perf_counter() - start)
        found[key] = min(taken)
    return found


def people(count: int, group: int) -> list[int]:
    """Commitments of which one, in the middle, has an identity."""
    found = [derive(b"members of groups, known to everybody", group, i) for i in range(count)]
    found[count // 2] = commitment_of(IDENTITY)
    return found
