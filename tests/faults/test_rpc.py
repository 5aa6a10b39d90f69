"""A round over RPC endpoints that drop, delay, duplicate, limit, lag and talk nonsense."""

from __future__ import annotations

from collections import Counter

import pytest

from headwater.reading.history import Outcome
from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet
from tests.support.proxy import Flaky, lagging

pytestmark = pytest.mark.faults

SHARE = 0.04  # of the requests go wrong; a step makes about twenty


@pytest.fixture(scope="module")
def ended(tmp_path_factory, home):
    """A task of one round: one trainer sees the chain two blocks late, everybody else's endpoint fails at random."""
    with run_fleet(tmp_path_factory.mktemp("rpc"), home) as fleet:
        late, *others = fleet.nodes
        late.proxy.do(lagging(2))
        faults = [Flaky(seed, SHARE) for seed, _ in enumerate(others)]
        for fault, node in zip(faults, others, strict=True):
            node.proxy.do(fault)
        fleet.run_to_end(300)
        yield fleet, faults


def test_round__is_finalized_with_everybody_in_it(ended):
    fleet, _ = ended
    assert check_fleet(fleet) == {Outcome.COUNTED: 3}, fleet.describe()


def test_endpoints__failed_in_most_ways__and_often(ended):
    _, faults = ended
    dealt = sum((fault.dealt for fault in faults), Counter())
    assert len(dealt) >= len(Flaky.FAULTS) - 2, dealt
    assert all(fault.dealt.total() >= 5 for fault in faults), dealt
