"""Wants: a model without somebody's update, or with one twice, or divided by another number.

Tries: true proofs of an average: of fewer updates, of one twice, of another divisor.
Stopped: the contract adds the commitments of exactly those who masked, and computes that of [n | aggregator] itself.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Aggregated
from tests.support.arena import AGGREGATOR, CID, MEMBERS
from tests.support.weakened_contracts import Weakness

ANY_SUM = Weakness("RoundManager", "if (!actual.equals(expected)) revert SumMismatch(expected.hash(), actual.hash());")
ANY_NUMBER = Weakness(
    "RoundManager", "if (!actual.equals(expected)) revert PublicMismatch(expected.hash(), actual.hash());"
)
SUMS = {"one left out": (1, 2, 3), "one twice": (1, 1, 3, 4), "one twice and none left out": (1, *MEMBERS)}


@pytest.mark.parametrize("members", SUMS.values(), ids=SUMS)
def test_average__of_another_sum(arena, attack, members):
    arena.at("aggregating")
    proof = arena.averaging(members, n=len(MEMBERS)).data
    call = arena.rounds.aggregate(arena.task_id, proof, CID)
    with attack.works_on(ANY_SUM), arena.weakened(ANY_SUM):
        assert arena.send(AGGREGATOR, call).event(Aggregated).aggregator == arena.address(AGGREGATOR)
    with attack.stopped_by("SumMismatch"):
        arena.send(AGGREGATOR, call)


@pytest.mark.parametrize("n", (1, 3, 5))
def test_average__divided_by_another_number(arena, attack, n):
    arena.at("aggregating")
    call = arena.rounds.aggregate(arena.task_id, arena.averaging(n=n).data, CID)
    with attack.works_on(ANY_NUMBER), arena.weakened(ANY_NUMBER):
        assert arena.send(AGGREGATOR, call).event(Aggregated).aggregator == arena.address(AGGREGATOR)
    with attack.stopped_by("PublicMismatch"):
        arena.send(AGGREGATOR, call)
