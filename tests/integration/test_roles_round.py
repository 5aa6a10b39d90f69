"""A round to its end: what is on chain, who is paid, what starts next."""

from __future__ import annotations

from headwater.chain.contracts.events import Aggregated, Submitted
from headwater.chain.contracts.screens import Stake
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import (
    Aggregate,
    Claim,
    Collect,
    Deposit,
    Done,
    Join,
    Mask,
    Publish,
    Release,
    Submit,
    Unenrol,
    Wait,
    Withdraw,
)
from headwater.protocol.field import P, add, to_signed
from headwater.protocol.phases import Phase
from headwater.protocol.structs import ZERO_ADDRESS, Round
from headwater.protocol.vectors import UPDATE_SALTS, average
from headwater.roles.report import silent
from headwater.roles.secrets import secret_of
from headwater.roles.task import point_hash
from headwater.roles.trainer import Trainer
from tests.support.roles import AGGREGATOR, ETHER, TERMS, run

FEE = TERMS.aggregator_fee
SHARE = (TERMS.pool // TERMS.rounds - FEE) // 3


def averaged(updates):
    return average([sum(column) for column in zip(*updates, strict=True)], len(updates))[0]


def play_second_round(world):
    for action in (Join, Submit, Mask, Publish):
        for i in range(3):
            world.steps(world.trainer(i), action)
    world.finalize()


def test_model__of_a_finalized_round__is_the_integer_average_of_what_each_share_gives(finalized):
    model = finalized.models.latest(finalized.task_id)
    expected = averaged(finalized.trained([0] * 4))
    assert finalized.task.weights(model) == expected
    assert model.model_hash == point_hash(finalized.task.commit_model(expected))
    assert any(expected)


def test_updates__of_a_round__are_each_trainers_own_training_and_sum_to_the_model(aggregating):
    events = list(aggregating.rounds.events(Submitted, task_id=aggregating.task_id, round=1))
    vectors = aggregating.updates()
    assert [[to_signed(entry) for entry in vector[:4]] for vector in vectors] == aggregating.trained([0] * 4)
    assert [aggregating.task.basis.commit(vector) for vector in vectors] == [event.update for event in events]
    assert len({salt for vector in vectors for salt in vector[5:]}) == 3 * UPDATE_SALTS, "each has its own"
    assert add(vectors)[4] == 0
    assert aggregating.aggregator().fetch(1) == add(vectors)


def test_registry__after_a_round__tells_the_history(finalized):
    first, newest = finalized.models.get_models(finalized.task_id, 0, 10)
    assert (first.round, first.trainers, first.aggregator) == (0, 0, ZERO_ADDRESS)
    assert (newest.round, newest.trainers) == (1, 3)
    assert newest.aggregator == finalized.senders[AGGREGATOR].address
    assert newest == finalized.models.latest(finalized.task_id)
    added, initial = (finalized.models.added(finalized.task_id, round_) for round_ in (1, 0))
    assert (added.parent, added.model_hash, added.cid) == (0, newest.model_hash, newest.cid)
    assert point_hash(added.commitment) == newest.model_hash
    assert initial.model_hash == first.model_hash
    (event,) = finalized.rounds.events(Aggregated, task_id=finalized.task_id)
    assert (event.old_model_hash, event.new_model_hash) == (first.model_hash, newest.model_hash)


def test_second_round__after_the_first_is_finalized__starts_at_once_from_the_new_model(finalized):
    now = finalized.chain.block().timestamp
    found = finalized.rounds.current_phase(finalized.task_id)
    assert (found.round, found.phase, found.deadline) == (2, Phase.JOIN, now + TERMS.join_period)
    ended = finalized.rounds.get_round(finalized.task_id, 1)
    assert ended == Round(Phase.FINALIZED, 1, 3, finalized.senders[AGGREGATOR].address, 1, now)
    first = finalized.task.current_model()
    play_second_round(finalized)
    assert finalized.task.current_model() == averaged(finalized.trained(first))
    assert finalized.models.added(finalized.task_id, 2).parent == 1


def test_task__after_its_last_round__pays_everybody_and_frees_the_stake(finalized):
    play_second_round(finalized)
    assert finalized.rounds.current_phase(finalized.task_id).phase is Phase.FINALIZED
    for i in range(3):
        trainer = finalized.trainer(i)
        address = trainer.sender.address
        finalized.steps(trainer, Unenrol, Collect)
        assert finalized.stakes.claimable(address) == 2 * SHARE
        before = finalized.chain.balance(address)
        finalized.steps(trainer, Claim)
        assert before < finalized.chain.balance(address) <= before + 2 * SHARE
        waiting = trainer.step()
        assert waiting == Wait("the stake is unbonding", waiting.until)
        assert finalized.stakes.stake_of(address) == Stake(0, ETHER)
        finalized.pass_until(waiting.until)
        finalized.steps(trainer, Release)
        assert finalized.stakes.stake_of(address) == Stake(ETHER, 0)
        finalized.steps(trainer, Withdraw, Done)
        assert finalized.stakes.stake_of(address) == Stake(0, 0)
    aggregator = finalized.aggregator()
    finalized.steps(aggregator, Collect)
    assert finalized.stakes.claimable(aggregator.sender.address) == 2 * FEE
    assert finalized.stakes.stake_of(aggregator.sender.address) == Stake(ETHER, 0)
    finalized.steps(aggregator, Withdraw, Claim, Done)
    assert finalized.stakes.escrow_of(finalized.task_id) == TERMS.pool - 2 * (FEE + 3 * SHARE)


def test_update__after_its_round_is_finalized__is_still_the_one_that_was_submitted(finalized):
    """A node that looks a moment too late must not take the new model for the one it trained from."""
    first = [0] * len(finalized.task.current_model())
    play_second_round(finalized)
    update, _ = finalized.trainer(0).update(1)
    assert update[: -UPDATE_SALTS - 1] == [entry % P for entry in finalized.trained(first)[0]]
    assert finalized.task.base_model(1) == first
    assert finalized.task.base_model(3) == finalized.task.current_model() != finalized.task.base_model(2) != first


def waiting(world):
    """Why the first trainer and the aggregator wait."""
    actions = [world.trainer(0).step(), world.aggregator().step()]
    assert all(isinstance(action, Wait) for action in actions)
    return [action.reason for action in actions]


def test_roles__that_have_nothing_to_do__wait_and_say_why(training):
    training.steps(training.trainer(0), Submit)
    assert waiting(training) == ["round 1: waiting for other trainers' updates", "round 1: Train goes on"]
    for i in (1, 2):
        training.steps(training.trainer(i), Submit)
    training.steps(training.trainer(0), Mask)
    assert waiting(training) == ["round 1: waiting for other trainers' masked updates", "round 1: Mask goes on"]


def test_trainer__who_also_aggregates__is_paid_for_both(aggregating):
    both = 1  # an account of a trainer
    aggregating.steps(aggregating.aggregator(both), Deposit, Aggregate)
    address = aggregating.senders[both].address
    assert aggregating.stakes.lock_of(aggregating.task_id, address) == 2 * ETHER
    aggregating.advance()
    assert aggregating.stakes.stake_of(address) == Stake(ETHER, ETHER)
    assert aggregating.rewards.reward_of(aggregating.task_id, 1, address) == SHARE + FEE


def test_loop__of_a_role_in_an_ended_task__settles_and_returns(finalized):
    finalized.advance()  # nobody joined round 2, the last
    assert finalized.rounds.current_phase(finalized.task_id).phase is Phase.SKIPPED
    run(finalized.trainer(0), finalized.hurried)
    run(finalized.aggregator(), silent)
    assert finalized.stakes.stake_of(finalized.senders[AGGREGATOR].address) == Stake(0, 0)
    assert finalized.stakes.stake_of(finalized.senders[1].address) == Stake(0, 0)
    assert finalized.rewards.reward_of(finalized.task_id, 1, finalized.senders[1].address) == 0


def test_trainer__told_to_keep_its_stake__leaves_it_free_for_another_task(finalized):
    finalized.advance()
    key, first = finalized.anvil.accounts[1], finalized.trainer(0)
    keeping = Trainer(
        finalized.task,
        first.sender,
        secret_of(key),
        first.dataset,
        silent,
        journal=SecretStore(Database(None), key),
        keep_stake=True,
    )
    run(keeping, finalized.hurried)
    assert finalized.stakes.stake_of(first.sender.address) == Stake(ETHER, 0)
    finalized.steps(first, Withdraw, Done)
    assert finalized.stakes.stake_of(first.sender.address) == Stake(0, 0)


def test_gas__of_submissions_and_of_the_average__stays_within_the_limit(training):
    trainers, aggregator = [training.trainer(i) for i in range(3)], training.aggregator()
    receipts = [trainer.submit(1, trainer.train(1)) for trainer in trainers]
    training.pass_seed_block()
    receipts += [trainer.mask(1, 1) for trainer in trainers]
    for trainer in trainers:
        trainer.publish(1, 1)
    receipts.append(aggregator.act(Aggregate(1)))
    assert max(receipt.gas_used for receipt in receipts) <= 850_000
