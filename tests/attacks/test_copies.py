"""Not an attack: a copy with nothing weakened stops what the original stops, so that it is the one line that counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headwater.errors import ContractError
from tests.support.arena import BOND, MEMBERS, OUTSIDER
from tests.support.weakened_contracts import Weakness

CHECKS = {
    "TaskManager": "if (zero || !sum.check(config.k, r, combination, quotient, config.tau)) revert InvalidBasis();",
    "RoundManager": "if (posting.seed != seed) revert SeedMismatch(seed, posting.seed);",
    "TrainerRegistry": "if (owner != trainer) revert DataNotOwned(taskId, dataHashes[i], owner);",
    "RewardManager": "if (amount == 0) revert NothingToCollect(taskId, msg.sender);",
    "StakeManager": "if (amount > free) revert InsufficientStake(trainer, free, amount);",
    "ModelRegistry": "bytes32 cid) external only(ROUND_MANAGER)",
    "ChallengeManager": "if (msg.value < required) revert InsufficientBond(required, msg.value);",
    "Openings": "if (root != claim.root) revert RootMismatch(claim.root, root);\n            bytes32",
}
SAME = tuple(Weakness(name, text, text) for name, text in CHECKS.items())


def test_copies__with_nothing_weakened__refuse_and_allow_what_the_originals_do(arena):
    arena.at("training")
    with arena.weakened(*SAME):
        with pytest.raises(ContractError, match="InvalidBasis"):
            arena.create(basis0=arena.basis.points[1])
        with pytest.raises(ContractError, match="DataNotOwned"):
            arena.submit(1, arena.proof(2).data)
        with pytest.raises(ContractError, match="InsufficientStake"):
            arena.send(1, arena.stakes.withdraw(BOND))
        with pytest.raises(ContractError, match="UnauthorizedCaller"):
            arena.send(OUTSIDER, arena.models._call("add", arena.task_id, 1, arena.basis.offset, bytes(32)))
        for i in MEMBERS:
            arena.submit(i)
        arena.rpc("evm_mine")
        stale = replace(arena.masking(1).posting, seed=bytes(32))
        with pytest.raises(ContractError, match="SeedMismatch"):
            arena.send(1, arena.rounds.mask(arena.task_id, stale))
        for i in MEMBERS:
            arena.mask(i)
        with pytest.raises(ContractError, match="InsufficientBond"):
            arena.send(OUTSIDER, arena.challenges.challenge_update(arena.task_id, arena.address(1), BOND - 1))
        arena.aggregate()
        arena.send(OUTSIDER, arena.model_answer(arena.challenge_model(), arena.average_of()))
        assert arena.models.latest(arena.task_id).round == 1
        with pytest.raises(ContractError, match="NothingToCollect"):
            arena.send(OUTSIDER, arena.rewards.collect(arena.task_id, [1]))


@pytest.mark.parametrize("text", ("no such text", "revert"), ids=("nowhere", "in many places"))
def test_weakness__whose_text_is_not_there_exactly_once__is_refused(text):
    with pytest.raises(ValueError, match="and not once"):
        Weakness("TaskManager", text).sources()
