"""What bounds a task's terms, and what follows from them alone (`libraries/Terms.sol`)."""

from __future__ import annotations

from headwater.protocol.machine.call import Refused
from headwater.protocol.openings import PART_BYTES, UNUSABLE_ROWS
from headwater.protocol.structs import TaskConfig
from headwater.protocol.vectors import update_length

LEAST_TRAINERS = 3
"""With fewer, two trainers would learn each other's update from the average."""

MAX_TRAINERS = 1024
MAX_LINKS = 255
MAX_ROUNDS = 10_000
MAX_PERIOD = 30 * 24 * 3600
"""The longest a period may last, in seconds; that of masking with all its attempts."""

MIN_ANSWER_PERIOD = 12
"""The shortest that the accused may be given to answer, in seconds."""

MAX_ANSWER_TIME = 7 * 24 * 3600
"""The longest that they may be given for a whole answer, in seconds."""

MAX_K = 28
WHOLE = 10_000
"""What slashes are parts of."""


def part(amount: int, parts: int) -> int:
    """So many 1/10,000 of an amount."""
    return amount * parts // WHOLE


def part_count(size: int) -> int:
    """How many parts so many bytes are shown in."""
    return max(1, -(-size // PART_BYTES))


def update_parts(dimension: int) -> int:
    """How many parts it makes to show a masked update of so many weights, 32 bytes an entry."""
    return part_count(32 * update_length(dimension))


def answer_time(config: TaskConfig) -> int:
    """How long the accused have to answer, in seconds: for each part of a masked update."""
    return config.answer_period * update_parts(config.dimension)


def share(config: TaskConfig, pool: int, trainers: int) -> int:
    """What a finalized round owes each of so many trainers, of a pool. What does not divide evenly stays in it."""
    return (pool // config.rounds - config.aggregator_fee) // trainers


def check_terms(config: TaskConfig, pool: int) -> None:
    """What of a task's terms the contract judges."""
    if not LEAST_TRAINERS <= config.min_trainers <= config.max_trainers <= MAX_TRAINERS:
        raise Refused("InvalidTrainers", config.min_trainers, config.max_trainers)
    if not config.max_links:
        raise Refused("InvalidLinks")
    if config.quiet_bound > WHOLE or (config.quiet_bound and not config.review_period):
        raise Refused("InvalidQuietBound", config.quiet_bound)
    if not 1 <= config.rounds <= MAX_ROUNDS:
        raise Refused("InvalidRounds", config.rounds)
    rows = update_length(config.dimension) + UNUSABLE_ROWS  # the longest vectors are updates
    if config.dimension < 1 or config.k > MAX_K or rows > 2**config.k:
        raise Refused("InvalidDimension", config.dimension, config.k)
    _check_periods(config)
    if not config.absence_slash <= config.fault_slash <= WHOLE:
        raise Refused("InvalidSlash", config.fault_slash, config.absence_slash)
    if config.aggregator_fee > pool // config.rounds:
        raise Refused("InvalidFee", config.aggregator_fee, pool // config.rounds)
    if config.challenge_bond > config.stake:
        raise Refused("InvalidBond", config.challenge_bond, config.stake)


def _check_periods(config: TaskConfig) -> None:
    for period in (
        config.join_period,
        config.train_period,
        *([config.review_period] if config.review_period else []),
        config.mask_period,
        config.aggregate_period,
        config.challenge_period,
        config.unbonding_period,
    ):
        if not 1 <= period <= MAX_PERIOD:
            raise Refused("InvalidPeriod", period)
    # every attempt but the last lacks one of those who may be missing
    attempts = config.max_trainers - config.min_trainers + 1
    if config.mask_period * attempts > MAX_PERIOD:
        raise Refused("MaskingTooLong", config.mask_period, attempts)
    if config.answer_period < MIN_ANSWER_PERIOD:
        raise Refused("InvalidPeriod", config.answer_period)
    if answer_time(config) > MAX_ANSWER_TIME:
        raise Refused("AnsweringTooLong", config.answer_period, part_count(32 * update_length(config.dimension)))
