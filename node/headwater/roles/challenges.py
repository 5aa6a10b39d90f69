"""What is demanded of an account, how sure that is, and the answers that need no secret."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from headwater.chain.asking.rpc import Call, Chain
from headwater.chain.contracts.challenge_manager import ChallengeManager
from headwater.chain.contracts.events import Aggregated, Challenged, Enrolled
from headwater.chain.contracts.model_registry import ModelRegistry
from headwater.chain.contracts.trainer_registry import TrainerRegistry
from headwater.errors import ChainError
from headwater.protocol import possession
from headwater.protocol.curve import Point
from headwater.protocol.decisions import OpenMask, OpenModel, OpenProof, OpenUpdate, RoundView
from headwater.protocol.machine.challenges import REVIEW
from headwater.protocol.openings import Encoding, encode, root_of
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import Challenge, Claim, RosterEntry
from headwater.roles.models import open_model
from headwater.roles.opening import Showing
from headwater.roles.task import Task, point_hash


def runs(challenge: Challenge, at: RoundView, averages: int) -> bool:
    """Whether an answer can still acquit, but for the phase's deadline.

    averages: how many the running round has accepted.
    """
    if challenge.round != at.round:
        return False
    if challenge.kind is Kind.PROOF:
        return at.phase is Phase.REVIEW
    if challenge.kind is Kind.MODEL:
        return at.phase is (Phase.CHALLENGE if averages else Phase.JOIN) and challenge.attempt == averages
    return at.phase is Phase.AGGREGATE and challenge.attempt == at.attempt and not averages


def decides(challenge: Challenge, at: RoundView) -> bool:
    """Whether showing a disputed mask can still convict; where not, the contract takes no answer."""
    if (challenge.round, challenge.attempt) != (at.round, at.attempt):
        return False
    return at.phase is Phase.CHALLENGE or (at.phase is Phase.AGGREGATE and not at.overdue)


def demanded_of_member(
    task: Task, at: RoundView, entry: RosterEntry, account: str, block: int
) -> OpenUpdate | OpenMask | OpenProof | None:
    """What a member of the attempt that is aggregated, or in Review a trainer, has to show; None if nothing."""
    if at.phase not in (Phase.REVIEW, Phase.AGGREGATE, Phase.CHALLENGE):
        return None
    if entry.status is not TrainerStatus.ACCUSED or entry.attempt != at.attempt:
        return None
    challenges = task.contracts.challenges
    key = REVIEW if at.phase is Phase.REVIEW else at.attempt
    number = challenges.challenge_of(task.id, at.round, key, account, block)
    challenge = challenges.get_challenge(number, block)
    if challenge.closed:
        return None
    if challenge.kind is Kind.PROOF:
        return OpenProof(number)
    if challenge.kind is Kind.MASK:
        return OpenMask(number) if decides(challenge, at) else None
    averages = task.contracts.rounds.get_round(task.id, at.round, block).averages
    return OpenUpdate(number) if runs(challenge, at, averages) else None


def late(task: Task, at: RoundView, kind: Kind, account: str, block: int, given_up: Collection[int]) -> int | None:
    """A challenge of an account's update or model that an answer does not decide any more, and whose bond it wins.

    An update is shown late only if an average of its attempt was accepted, so that it is in a sum that is known. Where
    the others have masked anew without it, or may take part in another round of the same model without it, the sums
    with and without it would differ by what it hides.
    """
    challenges, rounds = task.contracts.challenges, task.contracts.rounds
    for event in challenges.events(Challenged, last=block, task_id=task.id, accused=account):
        if event.kind is not kind or event.challenge_id in given_up:
            continue
        challenge = challenges.get_challenge(event.challenge_id, block)
        running = rounds.get_round(task.id, at.round, block).averages
        if challenge.closed or runs(challenge, at, running):
            continue
        round_ = rounds.get_round(task.id, challenge.round, block)
        if kind is Kind.MODEL or (round_.averages and round_.attempt == challenge.attempt):
            return event.challenge_id
    return None


@dataclass(frozen=True)
class Dispute:
    """A challenge of an account's mask, as most of a node's endpoints tell.

    Attributes:
        challenge: the challenge.
        peer: the other of the two.
        key_hash: of the peer's mask key, as the contract keeps it.
        key: the peer's mask key, as it enrolled with it last.
        possession: the proof that came with it.
    """

    challenge: Challenge
    peer: str
    key_hash: bytes
    key: Point
    possession: PossessionProof


def dispute(task: Task, number: int, account: str) -> Dispute:
    """A dispute in which an account may show what it shares with its peer.

    The answer cannot be taken back. The contract takes no challenge of a pair that agrees, so what must be sure is that
    there is this challenge; that the key is the peer's, not a third member's; and that the peer knows its secret. A key
    made of others' keys would be answered with what two honest members share.

    Raises:
        ChainError: there is no majority for one, it is no such challenge, or the key is not shown to be the peer's.
    """
    challenges, trainers = task.contracts.challenges, task.contracts.trainers

    def read(chain: Chain) -> Dispute:
        challenge = ChallengeManager(chain, challenges.address).get_challenge(number)
        peer = challenge.accused if account == challenge.other else challenge.other
        registry = TrainerRegistry(chain, trainers.address)
        start = ModelRegistry(chain, task.contracts.models.address).start_of(task.id)
        enrolled = list(registry.events(Enrolled, start, task_id=task.id, trainer=peer))
        if not enrolled:
            raise ChainError(f"the node at {chain.where} does not know how {peer} enrolled", "it may be behind")
        key_hash = registry.get_enrolment(task.id, peer).mask_key_hash
        return Dispute(challenge, peer, key_hash, enrolled[-1].mask_key, enrolled[-1].possession)

    found = challenges.chain.agreed(read)
    if (found.challenge.kind, found.challenge.task_id) != (Kind.MASK, task.id) or account not in (
        found.challenge.accused,
        found.challenge.other,
    ):
        raise ChainError(
            f"challenge {number} is none of a mask of {account} in task {task.id}",
            "this node has seen another chain than most: do not trust it, name another with --rpc",
        )
    if point_hash(found.key) != found.key_hash:
        raise ChainError(
            f"the mask key with which {found.peer} enrolled is not the one that the contract keeps",
            "the nodes contradict themselves: do not trust them, name others with --rpc",
        )
    if not possession.verify(found.key, found.possession, task.tag, found.peer):
        raise ChainError(
            f"challenge {number} is not answered: {found.peer} has not shown that it knows the secret of its mask key,"
            " which may be made of other members' keys",
            "no contract takes such a key: do not trust this node, name another with --rpc",
        )
    return found


def demanded_model(task: Task, at: RoundView, account: str, block: int) -> OpenModel | None:
    """The model that an account has to show: its own average; or the first one, which all in the task have fetched."""
    if not at.accused or at.phase not in (Phase.JOIN, Phase.CHALLENGE):
        return None
    accused = task.creator
    if at.phase is Phase.CHALLENGE:
        accused = task.contracts.rounds.get_round(task.id, at.round, block).aggregator
        if accused != account:
            return None
    return OpenModel(task.contracts.challenges.challenge_of(task.id, at.round, 0, accused, block))


def answer_model(task: Task, number: int) -> Call:
    """The answer to a challenge of a model, or the next part of it.

    Raises:
        Unavailable, ContentMismatch: this node's store has not its bytes.
        ChainError: the node does not know what was challenged.
    """
    challenge = task.contracts.challenges.get_challenge(number)
    model = open_model(task.average, task.read_weights(*_version(task, challenge), challenge.model_hash))
    data = encode(model.weights, Encoding.PACKED)
    root = root_of(data, Encoding.PACKED)
    claim = Claim(task.id, model.commitment, Encoding.PACKED, len(model.weights), root)
    showing = Showing(task.contracts, claim, data, lambda: model.opening)
    if part := showing.step():
        return part
    return task.contracts.challenges.answer_model(number, task.tagged(model.commitment), showing.opening())


def _version(task: Task, challenge: Challenge) -> tuple[int, bytes]:
    """The round of a challenged model, and the digest of its document."""
    if challenge.attempt == 0:
        return 0, task.contracts.models.get_model(task.id, 0).cid
    averages = list(task.contracts.rounds.events(Aggregated, task_id=task.id, round=challenge.round))
    accepted = averages[challenge.attempt - 1 : challenge.attempt]  # two may be of the same weights, in other documents
    if accepted and accepted[0].new_model_hash == challenge.model_hash:
        return challenge.round, accepted[0].cid
    raise task.contracts.chain.lacks(f"the average of round {challenge.round} that was challenged", task.id)
