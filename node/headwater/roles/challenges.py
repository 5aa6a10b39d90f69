"""What is demanded of an account, and the answers that need no secret."""

from __future__ import annotations

from headwater.chain.rpc import Call
from headwater.chain.types import Challenge, RosterEntry
from headwater.protocol.decisions import OpenMask, OpenModel, OpenUpdate, RoundView
from headwater.protocol.field import to_field
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.roles.task import Task, point_hash


def runs(challenge: Challenge, at: RoundView, averages: int) -> bool:
    """Whether a challenge can still be answered, but for the phase's deadline.

    averages: how many the running round has accepted.
    """
    if challenge.round != at.round:
        return False
    if challenge.kind is Kind.MODEL:
        return at.phase is (Phase.CHALLENGE if averages else Phase.JOIN) and challenge.attempt == averages
    return at.phase is Phase.AGGREGATE and challenge.attempt == at.attempt and not averages


def demanded_of_member(
    task: Task, at: RoundView, entry: RosterEntry, account: str, block: int
) -> OpenUpdate | OpenMask | None:
    """What a member of the attempt that is aggregated has to show; None if nothing."""
    if at.phase is not Phase.AGGREGATE or entry.status is not TrainerStatus.ACCUSED or entry.attempt != at.attempt:
        return None
    challenges = task.contracts.challenges
    number = challenges.challenge_of(task.id, at.round, at.attempt, account, block)
    challenge = challenges.get_challenge(number, block)
    if challenge.closed or not runs(challenge, at, task.contracts.tasks.get_round(task.id, at.round, block).averages):
        return None
    return OpenUpdate(number) if challenge.kind is Kind.UPDATE else OpenMask(number)


def demanded_model(task: Task, at: RoundView, account: str, block: int) -> OpenModel | None:
    """The model that an account has to show: its own average; or the first one, which all in the task have fetched."""
    if not at.accused or at.phase not in (Phase.JOIN, Phase.CHALLENGE):
        return None
    _, state = task.contracts.tasks.get_task(task.id, block)
    accused = state.creator
    if at.phase is Phase.CHALLENGE:
        accused = task.contracts.tasks.get_round(task.id, at.round, block).aggregator
        if accused != account:
            return None
    return OpenModel(task.contracts.challenges.challenge_of(task.id, at.round, 0, accused, block))


def answer_model(task: Task, number: int) -> Call:
    """The answer to a challenge of a model.

    Raises:
        Unavailable, ContentMismatch: this node's store has not its bytes.
    """
    challenge = task.contracts.challenges.get_challenge(number)
    if challenge.attempt == 0:
        weights = task.weights(task.contracts.models.get_model(task.id, 0))
    else:
        _, state = task.contracts.tasks.get_task(task.id)
        weights = task.read_weights(challenge.round, state.average_cid, point_hash(state.average))
    elements = [to_field(weight) for weight in weights]
    return task.contracts.challenges.answer_model(number, elements, task.basis.points)
