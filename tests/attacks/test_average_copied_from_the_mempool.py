"""Wants: the aggregator's fee without its work.

Tries: another aggregator's proof, seen before it is mined and sent as its own.
Stopped: the proof commits to [n | aggregator], and the contract computes that commitment from the sender.
"""

from __future__ import annotations

from headwater.chain.contracts.events import Aggregated, RewardCollected
from tests.support.arena import AGGREGATOR, CID, FEE, OUTSIDER
from tests.support.weakened_contracts import Weakness

ANYBODYS = Weakness(
    "RoundManager", "if (!actual.equals(expected)) revert PublicMismatch(expected.hash(), actual.hash());"
)


def test_average__of_another_aggregator(arena, attack):
    arena.at("aggregating")
    call = arena.rounds.aggregate(arena.task_id, arena.averaging(account=AGGREGATOR).data, CID)
    with attack.works_on(ANYBODYS), arena.weakened(ANYBODYS):
        arena.send(OUTSIDER, call)
        arena.pass_phase()
        assert arena.send(OUTSIDER, arena.rewards.collect(arena.task_id, [1])).event(RewardCollected).amount == FEE
    with attack.stopped_by("PublicMismatch"):
        arena.send(OUTSIDER, call)
    assert arena.send(AGGREGATOR, call).event(Aggregated).aggregator == arena.address(AGGREGATOR)
