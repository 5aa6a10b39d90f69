"""What is demanded of an account, how sure that is, and the answers that need no secret."""

from __future__ import annotations

from headwater.chain.asking.rpc import Call, Chain
from headwater.chain.contracts.challenge_manager import ChallengeManager
from headwater.chain.contracts.task_manager import TaskManager
from headwater.errors import ChainError
from headwater.protocol.decisions import OpenMask, OpenModel, OpenUpdate, RoundView
from headwater.protocol.field import to_field
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import Challenge, RosterEntry
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


def dispute(task: Task, number: int, account: str) -> tuple[Challenge, bytes]:
    """A challenge of an account's mask, and the hash of its peer's mask key, as most of this node's endpoints tell.

    The answer shows what the two share and cannot be taken back. The contract takes no challenge of a pair that agrees,
    so what must be sure is that there is this challenge; and that the key is the peer's, not a third member's.

    Raises:
        ChainError: there is no majority for one, or it is no such challenge.
    """
    challenges, tasks = task.contracts.challenges, task.contracts.tasks

    def read(chain: Chain) -> tuple[Challenge, bytes]:
        challenge = ChallengeManager(chain, challenges.address).get_challenge(number)
        peer = challenge.accused if account == challenge.other else challenge.other
        return challenge, TaskManager(chain, tasks.address).get_enrolment(task.id, peer).mask_key_hash

    challenge, key_hash = challenges.chain.agreed(read)
    if (challenge.kind, challenge.task_id) != (Kind.MASK, task.id) or account not in (
        challenge.accused,
        challenge.other,
    ):
        raise ChainError(
            f"challenge {number} is none of a mask of {account} in task {task.id}",
            "this node has seen another chain than most: do not trust it, name another with --rpc",
        )
    return challenge, key_hash


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
