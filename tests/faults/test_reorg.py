"""Blocks with a node's transactions in them vanish: it sends them again, the same ones, and reads everything anew.

One of the nodes plays all roles with one key, in tasks that it finds; nobody else aggregates.
"""

from __future__ import annotations

import dataclasses

import pytest

from headwater.chain.contracts.events import Joined, Masked, Submitted
from headwater.reading.history import Outcome
from tests.support.fleet import ALL, ETHER, run_fleet
from tests.support.invariants import check_fleet

pytestmark = pytest.mark.faults

STAGES = (Joined, Submitted, Masked)
DEPTHS = ((2, 5, 1), (3, 4, 5))
"""By round: how many blocks vanish right after the first trainer has come to each stage."""
TOO_DEAR = 20_000 * ETHER  # more than any account has


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
        rounds, task_id = self.fleet.contracts.rounds, self.fleet.task_id
        seen = list(rounds.events(stage, task_id=task_id, round=round_))
        if seen:
            head = self.fleet.chain.block().number
            self.lost += [event for event in seen if event.block_number > head - depth]
            self.fleet.reorganize(depth)
            self.wanted.pop(0)


@pytest.fixture(scope="module")
def reorganized(tmp_path_factory, home):
    """A fleet, what vanished, and two tasks beside: one that the first trainer cannot afford, and one of later."""
    roles = [("trainer",), ("trainer",), ALL]
    with run_fleet(tmp_path_factory.mktemp("reorg"), home, roles, rounds=len(DEPTHS)) as fleet:
        dear = fleet.create(dataclasses.replace(fleet.terms, stake=TOO_DEAR))
        first = fleet.trainers[0]
        with first.config.open("a") as settings:
            settings.write(f'{dear} = "{fleet.data[0]}"\n')
        reorganize, later = Reorganizer(fleet), []

        def tick():
            reorganize()
            if not reorganize.wanted and not later:
                later.append(fleet.create(dataclasses.replace(fleet.terms, join_period=600)))

        first.endless = True
        fleet.run_to_end(400, tick)
        assert not reorganize.wanted
        yield fleet, reorganize.lost, dear, *later


def test_rounds__are_finalized_with_everybody_in_them(reorganized):
    fleet, *_ = reorganized
    assert check_fleet(fleet) == {Outcome.COUNTED: 3 * len(DEPTHS)}, fleet.describe()


def test_transactions__that_vanished__are_mined_again_and_say_the_same(reorganized):
    """The same update under the same masks: two updates under one mask would show their difference.

    The seed of the circle is another, where the block that makes it has vanished too; of three, all are peers anyway.
    """
    fleet, lost, *_ = reorganized
    rounds, task_id = fleet.contracts.rounds, fleet.task_id
    assert {type(event) for event in lost} == set(STAGES)
    submitted = {(e.round, e.trainer): e.update for e in rounds.events(Submitted, task_id=task_id)}
    masked = {(e.round, e.attempt, e.trainer): e.posting for e in rounds.events(Masked, task_id=task_id)}
    for event in lost:
        if isinstance(event, Submitted):
            assert submitted[event.round, event.trainer] == event.update
        elif isinstance(event, Masked):
            again = masked[event.round, event.attempt, event.trainer]
            assert dataclasses.replace(again, seed=event.posting.seed) == event.posting


def test_node__while_its_jobs_run__opens_them_anew_when_blocks_vanish(reorganized):
    fleet, *_ = reorganized
    for node in fleet.nodes:
        assert node.said(r"\] reorganized ") > 0
        assert set(node.exits) == {0}


def test_node_of_all_roles__finds_tasks_at_its_start_and_later(reorganized):
    fleet, _, _, later = reorganized
    for task_id in (fleet.task_id, later):
        assert fleet.operator.said(rf"found .*role=keeper.* task={task_id}\b") > 0
    assert fleet.operator.said(r"\] aggregated ") == len(DEPTHS)


def test_task__whose_stake_the_account_has_not__is_named_and_the_others_go_on(reorganized):
    fleet, _, dear, _ = reorganized
    assert fleet.trainers[0].said(rf"failed .*the account cannot pay for StakeManager.deposit.* task={dear}\b") > 0
    assert fleet.operator.said(rf"passed over .*its stake is {TOO_DEAR} wei.*role=aggregator task={dear}\b") > 0
    assert fleet.trainers[0].said(rf"submitted .*task={fleet.task_id}\b") >= len(DEPTHS)
