"""Blocks with a node's transactions in them vanish: it sends them again, the same ones."""

from __future__ import annotations

import pytest

from headwater.chain.events import Joined, Masked, Submitted
from headwater.roles.history import Outcome
from tests.support.fleet import run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults

STAGES = (Joined, Submitted, Masked)
DEPTHS = ((2, 5, 1), (3, 4, 5))
"""By round: how many blocks vanish right after the first trainer has come to each stage."""


class Reorganizer:
    """A tick that takes blocks off the chain as soon as the first trainer was heard, once a stage of each round."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.wanted = [
            (round_, stage, depth)
            for round_, depths in enumerate(DEPTHS, start=1)
            for stage, depth in zip(STAGES, depths, strict=True)
        ]
        self.lost = []

    def __call__(self):
        if not self.wanted:
            return
        round_, stage, depth = self.wanted[0]
        tasks, task_id = self.fleet.contracts.tasks, self.fleet.task_id
        seen = list(tasks.events(stage, task_id=task_id, round=round_))
        if seen:
            head = self.fleet.chain.block().number
            self.lost += [event for event in seen if event.block_number > head - depth]
            self.fleet.reorganize(depth)
            self.wanted.pop(0)


@pytest.fixture(scope="module")
def reorganized(tmp_path_factory, home):
    with run_fleet(tmp_path_factory.mktemp("reorg"), home, rounds=len(DEPTHS)) as fleet:
        tick = Reorganizer(fleet)
        fleet.run_to_end(400, tick)
        assert not tick.wanted
        yield fleet, tick.lost


def test_rounds__are_finalized_with_everybody_in_them(reorganized):
    fleet, _ = reorganized
    assert check_fleet(fleet) == {Outcome.COUNTED: 3 * len(DEPTHS)}, fleet.describe()


def test_transactions__that_vanished__are_mined_again_and_say_the_same(reorganized):
    """The same update under the same masks: two updates under one seed would show their difference."""
    fleet, lost = reorganized
    tasks, task_id = fleet.contracts.tasks, fleet.task_id
    assert {type(event) for event in lost} == set(STAGES)
    submitted = {(e.round, e.trainer): e.update for e in tasks.events(Submitted, task_id=task_id)}
    masked = {(e.round, e.attempt, e.trainer): e.posting for e in tasks.events(Masked, task_id=task_id)}
    for event in lost:
        if isinstance(event, Submitted):
            assert submitted[event.round, event.trainer] == event.update
        elif isinstance(event, Masked):
            assert masked[event.round, event.attempt, event.trainer] == event.posting
