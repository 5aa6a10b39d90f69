"""Wants: to know which member of a group an account belongs to.

Tries: to be the Ethereum node that the member asks before it enrols, and to read the transaction; to tell it of half of
the members, and see whether it goes on; to name another task's scope, under which it has a seat that all can see.
Stopped: a node reads all members of a group, whoever it looks for, and looks for its own at home. Their root is what
most of its endpoints tell, and the scope it computes. What it sends says that it is one of them.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from eth_utils.crypto import keccak

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import Contracts, open_contracts
from headwater.groups.members import read_group
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.roles.admittance import Admittance
from headwater.roles.heavy import NEVER, Heavy
from headwater.roles.report import silent
from tests.support.arena import CREATOR, PARTNER
from tests.support.groups import identity, make_group, membership, number
from tests.support.proxy import honest, run_proxy

ROLE = "headwater.roles.admittance"
PEOPLE = ("ada", "grace", "emmy", "rosalind")


@contextmanager
def asking_for_oneself():
    """A node that asks the chain whether its own identity is a member."""

    def missing(admittance: Admittance, block: int) -> str:
        semaphore = admittance._contracts.semaphore
        found = semaphore._read(bool, "hasMember", admittance._groups[0], admittance._commitment, block=block)
        return "" if found else "not a member"

    with patch.object(Admittance, "missing", missing):
        yield


@pytest.fixture
def asked(arena):
    """What a node's endpoint is asked while "ada" enrols, and what she sends."""
    arena.at("created")
    group_id = make_group(arena.contracts, arena.senders[CREATOR], PEOPLE)
    arena.send(CREATOR, arena.contracts.admissions.module_for([group_id]))
    module = arena.contracts.admissions.address_of([group_id])
    task = arena.around(arena.create(admission=module, stake=0, challenge_bond=0))

    def listen() -> str:
        told: list[str] = []

        def recorded(request, forward):
            told.append(json.dumps(request))
            return honest(request, forward)

        with run_proxy(arena.anvil.url) as proxy:
            proxy.do(recorded)
            contracts = open_contracts(connect(proxy.url), arena.deployments)
            admittance = Admittance(contracts, task.task_id, module, [group_id], identity("ada"), silent)
            block = contracts.chain.block().number
            assert admittance.missing(block) == ""
            evidence = admittance.evidence(arena.address(PARTNER), [bytes(32)], Heavy(), NEVER)
        return " ".join(told).lower() + evidence.hex()

    return listen


def knows(told: str, person: str) -> bool:
    """Whether somebody's commitment is in what was told."""
    return f"{number(person):064x}" in told or str(number(person)) in told


def test_member__by_what_its_node_asks(asked, attack):
    with attack.works_on(asking_for_oneself), asking_for_oneself():
        told = asked()
        assert knows(told, "ada")
        assert not knows(told, "grace")
    told = asked()
    assert "eth_getlogs" in told
    assert not any(knows(told, person) for person in PEOPLE)
    attack.gains("that it asks for the whole group, and proves that it is one of it")


@pytest.fixture
def several(arena):
    """Contracts of a node with three endpoints, of which the first lies as it is told."""
    with run_proxy(arena.anvil.url) as liar:
        urls = (liar.url, arena.anvil.url, arena.anvil.url.replace("127.0.0.1", "localhost"))

        def contracts(lie) -> Contracts:
            liar.do(lie)
            return open_contracts(connect(urls), arena.deployments)

        yield contracts


def selector(name: str) -> str:
    return "0x" + keccak(text=name)[:4].hex()


def telling_of(group: int, half: int):
    """An endpoint that tells of one group what is true of another."""
    roots = (selector("getMerkleTreeRoot(uint256)"), selector("getMerkleTreeSize(uint256)"))
    group_topic, half_topic = (f"0x{number:064x}" for number in (group, half))

    def lie(request, forward):
        if request["method"] == "eth_call":
            call = dict(request["params"][0])
            data = call.pop("input", None) or call["data"]
            if data[:10] in roots and int(data[10:74], 16) == group:
                call["data"] = data[:10] + half_topic[2:]
                return forward({**request, "params": [call, *request["params"][1:]]})
        if request["method"] == "eth_getLogs":
            return json.loads(
                json.dumps(forward(json.loads(json.dumps(request).replace(group_topic, half_topic)))).replace(
                    half_topic, group_topic
                )
            )
        return forward(request)

    return lie


def test_member__found_by_halving_the_group(arena, several, attack):
    arena.at("created")
    admin = arena.senders[CREATOR]
    group = make_group(arena.contracts, admin, PEOPLE)
    halves = [make_group(arena.contracts, admin, half) for half in (PEOPLE[:2], PEOPLE[2:])]

    def goes_on(half: int) -> bool:
        contracts = several(telling_of(group, half))
        mine = Admittance(contracts, arena.task_id, ZERO_ADDRESS, [group], identity("ada"), silent)
        return not mine.missing(contracts.chain.block().number)

    def trusting(contracts, group_id, block, *, agreed):
        return read_group(contracts, group_id, block)

    with attack.works_on("a node that takes one endpoint's word for a group"), patch(f"{ROLE}.read_group", trusting):
        assert [goes_on(half) for half in halves] == [True, False]
    for half in halves:
        with attack.stopped_by("ChainError"):
            goes_on(half)


def putting_others_for(people):
    """An endpoint that tells the group's true root and size, and others in the place of some members."""

    def lie(request, forward):
        answer = forward(request)
        if request["method"] != "eth_getLogs":
            return answer
        text = json.dumps(answer)
        for index, person in enumerate(people):
            text = text.replace(f"{number(person):064x}", f"{index + 1:064x}")
        return json.loads(text)

    return lie


def test_member__found_by_putting_others_in_the_place_of_half_the_group(arena, several, attack):
    arena.at("created")
    group = make_group(arena.contracts, arena.senders[CREATOR], PEOPLE)

    def goes_on(gone) -> bool:
        contracts = several(putting_others_for(gone))
        mine = Admittance(contracts, arena.task_id, ZERO_ADDRESS, [group], identity("ada"), silent)
        return not mine.missing(contracts.chain.block().number)

    halves = (PEOPLE[2:], PEOPLE[:2])
    with attack.works_on("a node that takes an event's word for the root"), patch(f"{ROLE}.check"):
        assert [goes_on(gone) for gone in halves] == [True, False]
    for gone in halves:
        with attack.stopped_by("ChainError"):
            goes_on(gone)
    assert goes_on(())


def test_member__known_by_a_seat_in_another_task(arena, several, attack):
    """The endpoint answers `tag` with that of a task where the same person has a seat, whose account it knows."""
    arena.at("created")
    group = make_group(arena.contracts, arena.senders[CREATOR], PEOPLE)
    arena.send(CREATOR, arena.contracts.admissions.module_for([group]))
    module = arena.contracts.admissions.address_of([group])
    other = arena.around(arena.create(admission=module, stake=0, challenge_bond=0))
    there = membership("ada", PEOPLE, arena.tag, 1).nullifier

    def named(request, forward):
        call = request["params"][0] if request["method"] == "eth_call" else {}
        if (call.get("data") or call.get("input") or "").startswith(selector("tag(uint256)")):
            return {"jsonrpc": "2.0", "id": request["id"], "result": f"0x{arena.tag:064x}"}
        return forward(request)

    def evidence() -> str:
        contracts = several(named)
        mine = Admittance(contracts, other.task_id, module, [group], identity("ada"), silent)
        return mine.evidence(arena.address(PARTNER), [bytes(32)], Heavy(), NEVER).hex()

    asking = property(lambda mine: mine._contracts.tasks.tag(mine._task_id))
    with attack.works_on("a node that asks for the scope"), patch.object(Admittance, "_scope", asking):
        assert f"{there:064x}" in evidence()
    assert f"{there:064x}" not in evidence()
    attack.gains("nothing: its seats in two tasks cannot be told to be one person's")
