"""A round over RPC endpoints that drop, delay, duplicate, limit, lag and talk nonsense."""

from __future__ import annotations

import pytest

from headwater.roles.history import Outcome
from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet
from tests.support.proxy import flaky, lagging

pytestmark = pytest.mark.faults

SHARE = 0.04  # of the requests go wrong; a step makes about twenty


@pytest.fixture(scope="module")
def ended(tmp_path_factory, home):
    """A task of one round: one trainer sees the chain two blocks late, everybody else's endpoint fails at random."""
    with run_fleet(tmp_path_factory.mktemp("rpc"), home) as fleet:
        late, *others = fleet.nodes
        late.proxy.do(lagging(2))
        for seed, node in enumerate(others):
            node.proxy.do(flaky(seed, SHARE))
        fleet.run_to_end(300)
        yield fleet


def test_round__is_finalized_with_everybody_in_it(ended):
    assert check_fleet(ended) == {Outcome.COUNTED: 3}, ended.describe()


def test_nodes__saw_the_faults__and_said_so(ended):
    assert sum(node.said(r"\] failed ") + node.exits.count(1) for node in ended.nodes[1:]) > 0
