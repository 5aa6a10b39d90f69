"""Wants: to know which member of a group an account belongs to.

Tries: to be the Ethereum node that the member asks before it enrols, and to read the transaction.
Stopped: a node reads all members of a group, whoever it looks for, and looks for its own at home. What it sends says
that it is one of them.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.opened import open_contracts
from headwater.roles.admittance import Admittance
from headwater.roles.heavy import NEVER, Heavy
from headwater.roles.report import silent
from tests.support.arena import CREATOR, PARTNER
from tests.support.groups import identity, make_group, number
from tests.support.proxy import honest, run_proxy

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
