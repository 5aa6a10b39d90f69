"""A task from data to its end: three trainers and an aggregator, each stepping for itself, until nothing is left."""

from __future__ import annotations

import math

import numpy as np
import pytest

from headwater.chain.contracts.screens import Stake
from headwater.errors import Unavailable
from headwater.learners.classes import evaluate
from headwater.learners.linear.deviation import bound
from headwater.learners.linear.floating import federated, float_scores, real_weights
from headwater.learners.linear.learner import integer_scores
from headwater.protocol.decisions import (
    Aggregate,
    Claim,
    Collect,
    Deposit,
    Done,
    Enrol,
    Join,
    Mask,
    Publish,
    Release,
    Submit,
    Unenrol,
    Wait,
    Withdraw,
)
from headwater.protocol.fixedpoint import decode
from headwater.reading.models import load, pull, verify
from headwater.tables.data import read_csv
from tests.support.roles import TERMS

pytestmark = pytest.mark.e2e

TRAINER = [Deposit, Enrol, *(Join, Submit, Mask, Publish) * 2, Unenrol, Collect, Claim, Release, Withdraw, Done]
AGGREGATOR = [Aggregate, Aggregate, Collect, Withdraw, Claim, Done]
CHALLENGER = [Done]


@pytest.fixture(scope="module")
def ended(world):
    """The world after two rounds, and what everybody did."""
    world.at("created").task.check_circuits()
    roles = [*(world.trainer(i) for i in range(3)), world.aggregator(), world.challenger()]
    done = [[] for _ in roles]
    while not all(actions and actions[-1] is Done for actions in done):
        waits = []
        for role, actions in zip(roles, done, strict=True):
            try:
                action = role.step()
            except Unavailable:  # the aggregator came before the bytes
                continue
            if isinstance(action, Wait):
                waits.append(action.until)
            elif not actions or actions[-1] is not Done:
                actions.append(type(action))
        if world.pass_seed_block():
            continue
        if len(waits) == len(roles):
            world.advance()  # nobody demands the new model's bytes
        elif world.rounds.get_state(world.task_id).has_ended and waits:
            world.pass_until(max(waits))  # stakes are unbonding
    return world, done


def test_everybody__does_what_a_task_of_two_rounds_needs__and_nothing_else(ended):
    assert ended[1] == [TRAINER, TRAINER, TRAINER, AGGREGATOR, CHALLENGER]


def test_model__gets_better_with_every_round__on_rows_that_nobody_trained_on(ended):
    world, _ = ended
    columns, spec = world.task.learner.columns, world.task.learner.spec
    held_out = read_csv(world.held_out, columns, spec, training=False)
    models = world.models.get_models(world.task_id, 0, 10)
    assert [(model.round, model.trainers) for model in models] == [(0, 0), (1, 3), (2, 3)]
    found = [evaluate(columns, integer_scores(world.task.weights(m), held_out, spec), held_out) for m in models]
    assert found[0].accuracy < 0.6
    assert found[1].accuracy > 0.8
    assert found[2].accuracy >= found[1].accuracy
    assert found[0].log_loss > found[1].log_loss > found[2].log_loss


def test_model__of_integers__stays_within_the_proved_bound_of_the_reals(ended):
    world, _ = ended
    spec = world.task.learner.spec
    shares = [world.trainer(i).dataset for i in range(3)]
    reals = [np.zeros((spec.features, spec.outputs)), *federated(spec, shares, rounds=2)]
    distance, floored = 0.0, math.sqrt(spec.features) * decode(1, spec.model_bits)
    for round_ in (1, 2):
        weights = world.task.weights(world.models.get_model(world.task_id, round_))
        bounds = [bound(spec, reals[round_ - 1], share, initial=distance) for share in shares]
        distance = sum(bounds) / len(bounds) + floored
        found = float(np.linalg.norm(real_weights(spec, weights) - reals[round_]))
        assert found <= distance
        assert found > 0, "floats are not integers"
    assert distance < 0.5, "a bound that says something"


def test_model__of_integers__is_as_good_as_the_reals(ended):
    world, _ = ended
    columns, spec = world.task.learner.columns, world.task.learner.spec
    held_out = read_csv(world.held_out, columns, spec, training=False)
    shares = [world.trainer(i).dataset for i in range(3)]
    integers = evaluate(columns, integer_scores(world.task.current_model(), held_out, spec), held_out)
    reals = evaluate(columns, float_scores(federated(spec, shares, rounds=2)[-1], held_out), held_out)
    assert abs(integers.accuracy - reals.accuracy) <= 2 / len(held_out)


def test_money__at_the_end__is_all_paid_out_but_what_does_not_divide(ended):
    world, _ = ended
    round_part = TERMS.pool // TERMS.rounds
    dust = TERMS.pool - TERMS.rounds * (TERMS.aggregator_fee + (round_part - TERMS.aggregator_fee) // 3 * 3)
    assert world.stakes.escrow_of(world.task_id) == dust
    for i in range(3):
        address = world.senders[i + 1].address
        assert world.stakes.stake_of(address) == Stake(0, 0)
        assert world.stakes.claimable(address) == 0
    assert world.chain.balance(world.stakes.address) == dust


def test_model__of_the_task__can_be_pulled_and_verified_by_anybody(ended, tmp_path):
    world, _ = ended
    pull(world.task, world.models.latest(world.task_id), tmp_path)
    assert verify(world.task, load(tmp_path)).round == 2
