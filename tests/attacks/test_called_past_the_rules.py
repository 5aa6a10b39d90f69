"""Wants: money, a conviction or a model of its own making, without playing a round.

Tries: to call what the contracts call among themselves: `credit`, `payBond`, `convict`, `add`.
Stopped: each of these functions knows the one contract that may call it.
"""

from __future__ import annotations

import pytest

from headwater.protocol.phases import TrainerStatus
from headwater.protocol.structs import RosterEntry
from tests.support.arena import BOND, CID, ETHER, OUTSIDER, Arena
from tests.support.weakened_contracts import Weakness

BY_TASKS = "if (msg.sender != taskManager) revert UnauthorizedCaller(msg.sender);"
BY_CHALLENGES = "if (msg.sender != challengeManager) revert UnauthorizedCaller(msg.sender);"
CREDIT = Weakness("StakeManager", BY_TASKS)
PAY_BOND = Weakness("StakeManager", BY_CHALLENGES)
CONVICT = Weakness(
    "TaskManager", "if (msg.sender != address(CHALLENGE_MANAGER)) revert UnauthorizedCaller(msg.sender);"
)
ADD = Weakness("ModelRegistry", BY_TASKS)
VICTIM = 1


def status(arena: Arena) -> TrainerStatus:
    entry: RosterEntry = arena.entry(VICTIM)
    return entry.status


CASES = {
    "credit": (
        CREDIT,
        lambda arena: arena.stakes._call("credit", arena.task_id, arena.address(OUTSIDER), ETHER),
        lambda arena: arena.claimable(OUTSIDER) == ETHER,
    ),
    "payBond": (
        PAY_BOND,
        lambda arena: arena.stakes._call("payBond", 1, arena.address(OUTSIDER), BOND),
        lambda arena: arena.claimable(OUTSIDER) == BOND,
    ),
    "convict": (
        CONVICT,
        lambda arena: arena.tasks._call("convict", arena.task_id, arena.address(VICTIM)),
        lambda arena: status(arena) is TrainerStatus.GUILTY,
    ),
    "add": (
        ADD,
        lambda arena: arena.models._call("add", arena.task_id, 1, arena.basis.commit([10**6]), CID),
        lambda arena: arena.models.latest(arena.task_id).round == 1,
    ),
}


@pytest.mark.parametrize(("weakness", "call", "gained"), CASES.values(), ids=CASES)
def test_function__that_another_contract_calls(arena, attack, weakness, call, gained):
    arena.at("aggregating").challenge_update(2)  # its bond is there to be taken
    with attack.works_on(weakness), arena.weakened(weakness):
        arena.send(OUTSIDER, call(arena))
        assert gained(arena)
    with attack.stopped_by("UnauthorizedCaller"):
        arena.send(OUTSIDER, call(arena))
