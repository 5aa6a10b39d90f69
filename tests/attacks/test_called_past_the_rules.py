"""Wants: money, a conviction or a model of its own making, without playing a round.

Tries: to call what the contracts call among themselves: `credit`, `payBond`, `slash`, `convict`, `seat`, `owe`, `add`,
`start`.
Stopped: each of these functions knows the one contract that may call it.
"""

from __future__ import annotations

import pytest

from headwater.protocol.keccak import keccak256
from headwater.protocol.phases import TrainerStatus
from headwater.protocol.structs import ZERO_ADDRESS, RosterEntry
from tests.support.arena import BOND, CID, ETHER, OUTSIDER, STAKE, Arena
from tests.support.weakened_contracts import Weakness

CREDIT = Weakness(
    "StakeManager",
    "address account, uint256 amount) external only(REWARD_MANAGER)",
    "address account, uint256 amount) external",
)
PAY_BOND = Weakness("StakeManager", "uint256 amount) external only(CHALLENGE_MANAGER)", "uint256 amount) external")
SLASH = Weakness("StakeManager", "uint256 owed) external onlyLocking", "uint256 owed) external")
CONVICT = Weakness("RoundManager", "uint256 owed) external only(CHALLENGE_MANAGER)", "uint256 owed) external")
ADD = Weakness("ModelRegistry", "bytes32 cid) external only(ROUND_MANAGER)", "bytes32 cid) external")
SEAT = Weakness("TrainerRegistry", "only(ROUND_MANAGER)\n        nonReentrant", "nonReentrant")
OWE = Weakness("RewardManager", "uint256 paid) external only(ROUND_MANAGER)", "uint256 paid) external")
START = Weakness("RoundManager", "bytes32 modelHash) external only(TASK_MANAGER)", "bytes32 modelHash) external")
VICTIM, LATE = 1, 5


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
        lambda arena: arena.rounds._call("convict", arena.task_id, arena.address(VICTIM), ZERO_ADDRESS, 0),
        lambda arena: status(arena) is TrainerStatus.GUILTY,
    ),
    "add": (
        ADD,
        lambda arena: arena.models._call("add", arena.task_id, 1, arena.basis.commit([10**6]), CID),
        lambda arena: arena.models.latest(arena.task_id).round == 1,
    ),
    "slash": (
        SLASH,
        lambda arena: arena.stakes._call(
            "slash", arena.task_id, arena.address(VICTIM), STAKE, arena.address(OUTSIDER), STAKE
        ),
        lambda arena: arena.claimable(OUTSIDER) == STAKE,
    ),
    "seat": (
        SEAT,
        lambda arena: (
            arena.enrol(LATE, arena.data(LATE)[1]),
            arena.trainers._call("seat", arena.task_id, arena.address(LATE), 1, STAKE),
        )[1],
        lambda arena: arena.entry(LATE).status is TrainerStatus.JOINED,
    ),
    "owe": (
        OWE,
        lambda arena: arena.rewards._call("owe", arena.task_id, 1, 2),
        lambda arena: arena.rewards.pool_of(arena.task_id).spent > 0,
    ),
    "start": (
        START,
        lambda arena: arena.rounds._call("start", arena.task_id, keccak256(b"a model of its own")),
        lambda arena: arena.state.model_hash == keccak256(b"a model of its own"),
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
