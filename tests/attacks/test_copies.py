"""Not an attack: a copy with nothing weakened stops what the original stops, so that it is the one line that counts."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from headwater.errors import ContractError
from tests.support.arena import BOND, MEMBERS, OUTSIDER
from tests.support.weakened_contracts import Weakness

CHECKS = {
    "TaskManager": "if (data != ownData) revert DataMismatch(ownData, data);",
    "ChallengeManager": "if (msg.value != config.challengeBond) revert WrongBond(config.challengeBond, msg.value);",
    "StakeManager": "if (amount > free) revert InsufficientStake(trainer, free, amount);",
    "ModelRegistry": "if (msg.sender != taskManager) revert UnauthorizedCaller(msg.sender);",
}
SAME_TASKS, SAME_CHALLENGES, SAME_STAKES, SAME_MODELS = (Weakness(name, text, text) for name, text in CHECKS.items())


def test_copies__with_nothing_weakened__refuse_and_allow_what_the_originals_do(arena):
    arena.at("training")
    with ExitStack() as copies:
        for same in (SAME_TASKS, SAME_CHALLENGES, SAME_STAKES, SAME_MODELS):
            copies.enter_context(arena.weakened(same))
        with pytest.raises(ContractError, match="DataMismatch"):
            arena.submit(1, arena.proof(2).data)
        with pytest.raises(ContractError, match="InsufficientStake"):
            arena.send(1, arena.stakes.withdraw(BOND))
        with pytest.raises(ContractError, match="UnauthorizedCaller"):
            arena.send(OUTSIDER, arena.models._call("add", arena.task_id, 1, arena.basis.offset, bytes(32)))
        for i in MEMBERS:
            arena.submit(i)
        for i in MEMBERS:
            arena.mask(i)
        with pytest.raises(ContractError, match="WrongBond"):
            arena.send(OUTSIDER, arena.challenges.challenge_update(arena.task_id, arena.address(1), 2 * BOND))
        arena.aggregate()
        arena.send(OUTSIDER, arena.model_answer(arena.challenge_model(), arena.average_of()))
        assert arena.models.latest(arena.task_id).round == 1


@pytest.mark.parametrize("text", ("no such text", "revert"), ids=("nowhere", "in many places"))
def test_weakness__whose_text_is_not_there_exactly_once__is_refused(text):
    with pytest.raises(ValueError, match="and not once"):
        Weakness("TaskManager", text).sources()
