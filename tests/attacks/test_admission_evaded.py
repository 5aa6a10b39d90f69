"""Wants: a seat in a task that does not admit it, or to keep out who is admitted.

Tries: another's evidence, seen before it is mined; to spend that evidence without enrolling; a task whose module is
none; a module that enrols somebody else while it is asked.
Stopped: a module is told who enrols, and by whom: evidence that it binds to an account is worth nothing to others. Its
answer must be that of a module, and it is asked last, behind a guard.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import Enrolled
from headwater.chain.contracts.reverts import refusal
from headwater.errors import ContractError
from headwater.protocol import possession
from headwater.protocol.masks import mask_key
from tests.support.agents import deploy
from tests.support.arena import CREATOR, OUTSIDER, PARTNER, Arena
from tests.support.weakened_contracts import Weakness

HELPERS = "tests/contracts/helpers/AllowList.sol"
ANY_ANSWER = Weakness(
    "TrainerRegistry", "if (magic != IAdmission.admit.selector) revert NotAdmitted(admission, msg.sender);"
)
UNGUARDED = Weakness("TrainerRegistry", "external\n        nonReentrant\n    {", "external\n    {")
EVIDENCE, MAGIC = b"an invitation", "admit(uint256,address,bytes32[],bytes)"
INVITED, THIEF = PARTNER, OUTSIDER


def task_of(arena: Arena, module: str) -> Arena:
    """A task with an admission module, and nothing else to pay."""
    return arena.around(arena.create(admission=module, stake=0, challenge_bond=0))


def module(arena: Arena, unit: str, name: str, *arguments: str):
    return deploy(arena, unit, name, *arguments, account=CREATOR)


def by_creator(arena: Arena, contract, function: str, *arguments: object) -> None:
    """A transaction of the creator's to its module."""
    data = bytes.fromhex(contract.encode_abi(function, list(arguments))[2:])
    arena.send(CREATOR, Call(contract.address, data, 0, function))


@pytest.fixture
def known_to_all(arena: Arena) -> tuple[Arena, object]:
    """A task whose module knows evidence, and not whose it is."""
    arena.at("created")
    loose = module(arena, "tests/attacks/SharedSecret.sol", "SharedSecret")
    by_creator(arena, loose, "accept", EVIDENCE)
    return task_of(arena, loose.address), loose


@pytest.fixture
def listed(known_to_all) -> Iterator[tuple[Arena, object]]:
    """A task whose module has a list of accounts, each with its evidence."""
    arena, _ = known_to_all
    strict = module(arena, HELPERS, "AllowList", arena.trainers.address)
    by_creator(arena, strict, "list", arena.address(INVITED), EVIDENCE)
    return task_of(arena, strict.address), strict


def enrol(arena: Arena, account: int) -> Call:
    return arena.enrolling(account, arena.data(account % 5 + 1)[1], EVIDENCE)


def test_evidence__of_another__sent_first(known_to_all, listed, attack):
    (loose, _), (strict, _) = known_to_all, listed
    with attack.works_on("a module that knows evidence, and not whose it is"), loose.forgotten():
        assert loose.send(THIEF, enrol(loose, THIEF)).event(Enrolled).trainer == loose.address(THIEF)
        with pytest.raises(ContractError):
            loose.send(INVITED, enrol(loose, INVITED))
    with attack.stopped_by("AllowList.NotListed"):
        strict.send(THIEF, enrol(strict, THIEF))
    assert strict.send(INVITED, enrol(strict, INVITED)).event(Enrolled).trainer == strict.address(INVITED)


def test_evidence__of_another__spent_past_the_registry(known_to_all, listed, attack):
    def spend(arena: Arena, contract) -> None:
        words = (arena.task_id, arena.address(INVITED), [bytes(32)], EVIDENCE)
        data = bytes.fromhex(contract.encode_abi("admit", words)[2:])
        arena.send(THIEF, Call(contract.address, data, 0, "admit"))

    loose, strict = known_to_all, listed
    with attack.works_on("a module that does not ask who calls it"), loose[0].forgotten():
        spend(*loose)
        with pytest.raises(ContractError):
            loose[0].send(INVITED, enrol(loose[0], INVITED))
    with attack.stopped_by("AllowList.OnlyRegistry"):
        spend(*strict)


def test_module__that_is_none(arena, attack):
    arena.at("created")
    none = module(arena, HELPERS, "BadModule")
    task = task_of(arena, none.address)
    with attack.works_on(ANY_ANSWER), task.weakened(ANY_ANSWER):
        assert task.send(THIEF, enrol(task, THIEF)).event(Enrolled).trainer == task.address(THIEF)
    with attack.stopped_by("NotAdmitted"):
        task.send(THIEF, enrol(task, THIEF))


def test_module__that_enrols_itself_while_it_is_asked(arena, attack):
    arena.at("created")
    bad = module(arena, HELPERS, "BadModule")
    task, own = task_of(arena, bad.address), 4711
    shown = possession.prove(own, task.tag, bad.address)
    again = task.trainers.enrol(task.task_id, [task.data(5)[1]], mask_key(own), shown, b"again").data
    by_creator(task, bad, "set", bytes(task.anvil.web3.keccak(text=MAGIC))[:4], again)
    with attack.works_on(UNGUARDED), task.weakened(UNGUARDED):
        task.send(THIEF, enrol(task, THIEF))
        assert task.trainers.get_enrolment(task.task_id, bad.address).exists
    task.send(THIEF, enrol(task, THIEF))
    assert not task.trainers.get_enrolment(task.task_id, bad.address).exists
    with attack.stopped_by("ReentrancyGuardReentrantCall"):
        raise refusal(bad.functions.refusal().call(), "the second call")
