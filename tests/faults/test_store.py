"""Stores that lose, withhold and damage masked updates, or go away for a while."""

from __future__ import annotations

import shutil

import pytest

from headwater.protocol.phases import Phase
from headwater.reading.history import Outcome
from headwater.storage.cid import Cid
from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def ended(tmp_path_factory, home):
    """One round. What the first trainer publishes reaches nobody; the second's update is deleted once; and the store
    that the operator prefers has other bytes under every update's name.
    """
    with run_fleet(tmp_path_factory.mktemp("store"), home, ipfs=False, aggregate_period=80) as fleet:
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
        fleet.operator.environment["HEADWATER_STORE"] = f"dir:{lying} dir:{shared}"
        fleet.nodes = everybody
        fleet.run_to_end(200)
        yield fleet


def test_masked_update__that_the_store_lost__is_published_again(ended):
    assert ended.trainers[1].said(r"\] published ") == 2


def test_masked_update__that_reaches_nobody__is_shown_on_chain_when_demanded(ended):
    assert ended.operator.said(r"\] challenged ") == 1
    assert ended.trainers[0].said(r"\] answered ") == 1
    part = ended.history.rounds[1].parts[ended.trainers[0].address]
    assert part.acquitted is not None


def test_round__is_finalized_with_everybody_in_it__though_a_store_lies(ended):
    assert check_fleet(ended) == {Outcome.COUNTED: 3}


@pytest.fixture(scope="module")
def over_ipfs(tmp_path_factory, home):
    """One round over one IPFS node, which all have. It is killed when the first has masked, and started again when all
    have missed it; then it has other bytes under the name of the last's update.
    """
    with run_fleet(tmp_path_factory.mktemp("ipfs"), home, aggregate_period=60) as fleet:
        killed, started, damaged = [], [], []

        def harm():
            masked = [node for node in fleet.trainers if node.said(r"\] masked ")]
            if masked and not killed:
                fleet.ipfs.kill()
                killed.extend(masked)
            if killed and not started and all(node.said("failed .*failed at") for node in fleet.trainers):
                fleet.ipfs.start()
                started.append(fleet.ipfs)
            last = fleet.trainers[-1]
            if started and not damaged and last.said(r"\] published ") and not fleet.operator.running:
                (event,) = fleet.history.rounds[1].parts[last.address].masked.values()
                fleet.ipfs.damage(Cid.from_digest(event.posting.cid))
                damaged.append(last)

        everybody, fleet.nodes = fleet.nodes, fleet.trainers
        fleet.run(lambda: damaged, 200, harm)
        fleet.nodes = everybody
        fleet.run_to_end(200)
        yield fleet


def test_ipfs_node__that_dies_in_a_round_and_comes_back__has_everything_again(over_ipfs):
    for node in over_ipfs.trainers:
        assert node.said("failed .*failed at") > 0
        assert node.said(r"\] published ") > 0


def test_masked_update__that_the_only_store_damaged__is_shown_on_chain_when_demanded(over_ipfs):
    part = over_ipfs.history.rounds[1].parts[over_ipfs.trainers[-1].address]
    assert part.acquitted is not None
    assert over_ipfs.operator.said("note .*was answered, and its bond is") == 1


def test_round__over_that_store__is_finalized_with_everybody_in_it(over_ipfs):
    assert check_fleet(over_ipfs) == {Outcome.COUNTED: 3}
