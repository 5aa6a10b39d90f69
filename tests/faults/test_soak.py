"""Eight nodes in one task, of which a random one is killed, stopped or cut off now and then: `make soak`, short."""

from __future__ import annotations

import pytest

from headwater.protocol.phases import Phase
from headwater.reading.history import Outcome
from tests.support.fleet import EIGHT, Havoc, run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults

ROUNDS, MASK = 2, 1


def test_rounds__while_nodes_die_at_random__are_over_and_nothing_is_lost(tmp_path, home):
    with run_fleet(tmp_path, home, EIGHT, rounds=ROUNDS, join_period=30, mask_period=60) as fleet:
        havoc = Havoc(fleet, MASK)
        fleet.run_to_end(400, havoc)
        outcomes = check_fleet(fleet)
        trainers = len(fleet.trainers)
        assert outcomes.total() == trainers * ROUNDS
        assert outcomes[Outcome.COUNTED] >= trainers * ROUNDS // 2, outcomes
        assert [round_.phase for round_ in fleet.history.rounds.values()] == [Phase.FINALIZED] * ROUNDS
        assert havoc.kills >= 3
        assert sum(node.exits.count(-9) for node in fleet.nodes) == havoc.kills
