"""Nodes are killed at every point of a round, and started again: nothing is lost, and nothing done twice."""

from __future__ import annotations

import signal

import pytest

from headwater.reading.history import Outcome
from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet
from tests.support.mortal import POINTS

pytestmark = pytest.mark.faults

CRASHES = (
    ("1 after enrol", "1 between proof and submission", "2 after submission", "2 after publish"),
    ("1 after join", "1 before the receipt", "2 during the proof", "2 after mask"),
    ("1 during the proof", "1 before publish", "2 before the broadcast", "2 after mask"),
)
"""By trainer."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory, home):
    """A task of two rounds, all of whose trainers are killed four times, and its aggregator before it posts."""
    with run_fleet(tmp_path_factory.mktemp("killed"), home, rounds=2) as fleet:
        for node, crashes in zip(fleet.trainers, CRASHES, strict=True):
            node.crashes = list(crashes)
        fleet.operator.crashes = ["1 between proof and submission", "2 before publish"]
        fleet.run_to_end(400)
        yield fleet


def test_plan__names_every_point():
    assert {crash.partition(" ")[2] for crashes in CRASHES for crash in crashes} == set(POINTS)


def test_node__when_killed_at_each_point__goes_on_after_a_restart(ended):
    for node, crashes in zip(ended.trainers, CRASHES, strict=True):
        assert node.exits == [-signal.SIGKILL] * len(crashes) + [0], ended.describe()


def test_rounds__are_finalized_with_everybody_in_them(ended):
    history = ended.history
    assert len(history.rounds) == 2
    for round_ in history.rounds.values():
        assert set(round_.counted) == {node.address for node in ended.trainers}


def test_invariants__hold(ended):
    assert check_fleet(ended) == {Outcome.COUNTED: 2 * len(ended.trainers)}
