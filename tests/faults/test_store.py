"""Stores that lose, withhold and damage masked updates."""

from __future__ import annotations

import shutil

import pytest

from headwater.protocol.phases import Phase
from headwater.roles.history import Outcome
from headwater.storage.cid import Cid
from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def ended(tmp_path_factory, home):
    """One round. What the first trainer publishes reaches nobody; the second's update is deleted once; and the store
    that aggregator and challenger prefer has other bytes under every update's name.
    """
    with run_fleet(tmp_path_factory.mktemp("store"), home, aggregate_period=80) as fleet:
        withheld, lost, honest = fleet.trainers
        shared, own, lying = (fleet.folder / name for name in ("store", "own", "lying"))
        shutil.copytree(shared, own)
        withheld.environment["HEADWATER_STORE"] = f"dir:{own}"
        deleted = []

        def path(node):
            """Where the store keeps the node's masked update of the round."""
            (masked,) = fleet.history.rounds[1].parts[node.address].masked.values()
            name = str(Cid.from_digest(masked.posting.cid))
            return shared / name[-3:-1] / name

        def delete():
            if not deleted and lost.said(r"\] published "):
                path(lost).unlink()
                deleted.append(lost)

        def published():
            stored = fleet.phase()[1] is Phase.AGGREGATE and path(lost).exists() and path(honest).exists()
            return bool(deleted) and stored

        everybody, fleet.nodes = fleet.nodes, fleet.trainers
        fleet.run(published, 200, delete)
        shutil.copytree(shared, lying)
        for update in (path(lost), path(honest)):
            damaged = lying / update.relative_to(shared)
            damaged.write_bytes(damaged.read_bytes().replace(b"0", b"1"))
        for node in (fleet.aggregator, fleet.challenger):
            node.environment["HEADWATER_STORE"] = f"dir:{lying},dir:{shared}"
        fleet.nodes = everybody
        fleet.run_to_end(200)
        yield fleet


def test_masked_update__that_the_store_lost__is_published_again(ended):
    assert ended.trainers[1].said(r"\] published ") == 2


def test_masked_update__that_reaches_nobody__is_shown_on_chain_when_demanded(ended):
    assert ended.challenger.said(r"\] challenged ") == 1
    assert ended.trainers[0].said(r"\] answered ") == 1
    part = ended.history.rounds[1].parts[ended.trainers[0].address]
    assert part.acquitted is not None


def test_round__is_finalized_with_everybody_in_it__though_a_store_lies(ended):
    assert check_fleet(ended) == {Outcome.COUNTED: 3}
