"""A task's terms, and the bounds that the contract sets them."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.errors import ConfigError
from headwater.protocol.machine.terms import (
    LEAST_TRAINERS,
    MAX_ANSWER_TIME,
    MAX_LINKS,
    MAX_PERIOD,
    MAX_ROUNDS,
    MAX_TRAINERS,
    MIN_ANSWER_PERIOD,
    WHOLE,
)
from headwater.protocol.structs import ZERO_ADDRESS, TaskConfig


@dataclass(frozen=True)
class Terms:
    """What a task's creator chooses beside the model. Amounts in wei, periods in seconds.

    Attributes:
        max_links: how many proofs in a row may make an update: over more rows than a circuit has.
        review_period: how long proofs that are not on chain can be demanded; 0 where all stand on chain.
        quiet_bound: on how much of its next data, in 1/10,000, a model must be right from which a trainer goes on
            alone; 0 where nobody asks.
        pool: the reward pool, escrowed at creation; an equal part for each round.
        aggregator_fee: of each round's part.
        stake: what a trainer locks for its enrolment, and an aggregator for its average.
        answer_period: what the accused have to answer at least, for each part of an answer.
        challenge_period: how long the bytes of a new model can be demanded before it counts.
        unbonding_period: from leaving to the stake's release.
        challenge_bond: what a challenger puts up at least, for whoever answers: more where the gas of an answer is.
        fault_slash: what of its stake a fault costs, in 1/10,000.
        absence_slash: what of it a missed duty costs, in 1/10,000.
        admission: the contract that decides who may enrol; the zero address for anybody.
    """

    name: str
    description: str = ""
    rounds: int = 3
    min_trainers: int = 3
    max_trainers: int = 16
    max_links: int = 1
    review_period: int = 0
    quiet_bound: int = 0
    stake: int = 0
    pool: int = 0
    aggregator_fee: int = 0
    join_period: int = 3600
    train_period: int = 3600
    mask_period: int = 3600
    aggregate_period: int = 3600
    answer_period: int = 3600
    challenge_period: int = 3600
    unbonding_period: int = 86_400
    challenge_bond: int = 0
    fault_slash: int = WHOLE
    absence_slash: int = WHOLE // 20
    admission: str = ZERO_ADDRESS


def proofs_about_data(terms: Terms | TaskConfig) -> int:
    """How many proofs about a part of a trainer's data the rounds ask for: of training, and for receipts of a score."""
    return terms.rounds * (2 if terms.quiet_bound else 1)


def check_terms(terms: Terms) -> None:
    """Refuse what `createTask` would refuse, before anything costs gas.

    Raises:
        ConfigError: a term is out of bounds.
    """
    attempts = terms.max_trainers - terms.min_trainers + 1
    work = (terms.join_period, terms.train_period, terms.mask_period, terms.aggregate_period)
    periods = (*work, terms.challenge_period, terms.unbonding_period)
    problems = {
        f"rounds must be 1 to {MAX_ROUNDS}": not 1 <= terms.rounds <= MAX_ROUNDS,
        f"trainers must be {LEAST_TRAINERS} to {MAX_TRAINERS}, the least number not above the most": not (
            LEAST_TRAINERS <= terms.min_trainers <= terms.max_trainers <= MAX_TRAINERS
        ),
        "an update must have 1 to 255 proofs": not 1 <= terms.max_links <= MAX_LINKS,
        "each period must take 1 second to 30 days": not all(1 <= period <= MAX_PERIOD for period in periods),
        "a bound for receipts must be at most 100 %, in a task with a review": terms.quiet_bound > WHOLE
        or (terms.quiet_bound > 0 and terms.review_period == 0),
        "a review must take at most 30 days": not 0 <= terms.review_period <= MAX_PERIOD,
        f"the time to answer must be {MIN_ANSWER_PERIOD} seconds to 7 days": not (
            MIN_ANSWER_PERIOD <= terms.answer_period <= MAX_ANSWER_TIME
        ),
        f"{attempts} attempts at masking must not take more than 30 days": terms.mask_period * attempts > MAX_PERIOD,
        "amounts must be 0 to 2**96 - 1 wei": not all(
            0 <= amount < 1 << 96 for amount in (terms.stake, terms.pool, terms.aggregator_fee, terms.challenge_bond)
        ),
        "a challenge must not cost more than the stake that it is about": terms.challenge_bond > terms.stake,
        "a fault must cost at most the whole stake, and an absence not more than a fault": not (
            0 <= terms.absence_slash <= terms.fault_slash <= WHOLE
        ),
        "the aggregator's fee must not exceed a round's part of the pool": (
            terms.aggregator_fee > terms.pool // max(terms.rounds, 1)
        ),
    }
    if found := [text for text, wrong in problems.items() if wrong]:
        raise ConfigError("no such task can be created: " + "; ".join(found), "change the terms: nothing was sent")
