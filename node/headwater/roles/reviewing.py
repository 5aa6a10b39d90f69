"""Proofs that are not on chain: fetched, verified, demanded where they are missing or false, and shown when demanded.

Whoever relies on a round verifies them: its trainers before they mask, challengers, and audits later.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.chain.asking.rpc import Block, BlockId, Call
from headwater.chain.contracts.events import LinkProved, LinksClaimed
from headwater.errors import ContentTooLarge, DocumentError, Unavailable
from headwater.protocol.curve import Point
from headwater.protocol.decisions import STORE_SECONDS, Bytes, ChallengeProof, RoundView
from headwater.protocol.links import head_hash
from headwater.protocol.machine.challenges import least_bond
from headwater.protocol.machine.terms import WHOLE
from headwater.protocol.phases import Kind, TrainerStatus
from headwater.protocol.structs import Link, Score, Shown, TaskConfig
from headwater.roles.budget import Budget, PhaseClock
from headwater.roles.task import Task, point_hash
from headwater.roles.turns import group, order
from headwater.storage.vectors import ProofDocument

START, DATA, END = 0, 1, 3
"""Where the commitments of a train proof stand."""

TURNS = 64
"""A reviewer leaves a demand to those before it for so small a part of Review, once for each group before its own."""


@dataclass(frozen=True)
class Claimed:
    """A link that a trainer has claimed, and what its proof must be of.

    Attributes:
        trainer: whose it is.
        index: which of its links in the round, from 0.
        start: keccak256 of the commitment from which it starts: the round's model, or where the link before ended.
        is_last: whether no link follows.
    """

    trainer: str
    index: int
    start: bytes
    link: Link
    is_last: bool


def links_of(task: Task, round_: int, block: BlockId = "latest") -> dict[str, tuple[Link, ...]]:
    """What trainers have claimed in a round, by trainer, in their order.

    Raises:
        ChainError: the node does not know all that the contract has.
    """
    found: dict[str, tuple[Link, ...]] = {}
    for event in task.contracts.proofs.events(LinksClaimed, last=block, task_id=task.id, round=round_):
        known = found.get(event.trainer, ())
        if len(known) != event.first:
            raise task.contracts.chain.lacks(f"links of {event.trainer} in round {round_}", task.id)
        found[event.trainer] = (*known, *event.links)
    return found


def claimed_before(task: Task, round_: int, trainer: str, block: BlockId = "latest") -> dict[int, int]:
    """How many links a trainer has claimed in each of the rounds before one."""
    found: dict[int, int] = {}
    for event in task.contracts.proofs.events(LinksClaimed, last=block, task_id=task.id, trainer=trainer):
        if event.round < round_:
            found[event.round] = event.first + len(event.links)
    return found


def chains(links: Mapping[str, Sequence[Link]], model_hash: bytes) -> list[Claimed]:
    """Links as what each of them must be of. model_hash: of the model from which the round starts."""
    found = []
    for trainer, chain in links.items():
        starts = [model_hash, *(point_hash(link.update) for link in chain)]
        for index, link in enumerate(chain):
            found.append(Claimed(trainer, index, starts[index], link, index == len(chain) - 1))
    return found


def is_of(task: Task, claimed: Claimed, document: ProofDocument) -> bool:
    """Whether a document's proof is of a link, as its points say; not, whether it is valid.

    A receipt has to have its score too: of the model from which it starts, on its data, and good enough.
    """
    link, config = claimed.link, task.config
    try:
        points = [Point.decode(document.proof[64 * i : 64 * (i + 1)]) for i in range(END + 1)]
    except ValueError:
        return False
    found = (point_hash(points[START]), point_hash(points[DATA]), points[END])
    if found != (claimed.start, link.data_hash, link.update):
        return False
    if claimed.is_last or not config.quiet_bound:
        return True
    return score_fits(task, claimed, document.score)


def score_fits(task: Task, claimed: Claimed, score: Score) -> bool:
    """Whether a receipt's score is of what it must be, and reaches the task's bound."""
    if not suffices(task.config, score.right, score.used):
        return False
    try:
        points = [Point.decode(score.proof[64 * i : 64 * (i + 1)]) for i in range(4)]
    except ValueError:
        return False
    expected = (claimed.start, claimed.link.data_hash, task.basis.commit([score.right, score.used]))
    return (point_hash(points[0]), point_hash(points[1]), points[3]) == expected


def suffices(config: TaskConfig, right: int, used: int) -> bool:
    """Whether a score reaches a task's bound for receipts: right on so many of the rows that were used."""
    return used > 0 and WHOLE * right >= config.quiet_bound * used


class Reviewer:
    """Looks at what others have claimed in a task's rounds. It verifies each document once."""

    def __init__(self, task: Task, account: str, *, takes_turns: bool) -> None:
        """takes_turns: whether the account is one of many who look, of whom one should demand and pay for it."""
        self._task, self._account, self._takes_turns = task, account, takes_turns
        self._clock = PhaseClock(task)
        self._judged: dict[tuple[int, Claimed], Bytes] = {}
        self._vain: dict[tuple[int, Claimed], float] = {}  # when it was asked for in vain last

    def demand(self, at: RoundView, block: Block) -> tuple[ChallengeProof | None, int]:
        """What should be demanded now in Review; and when to look again, Unix seconds, 0 if all has been seen.

        Raises:
            ChainError: the node does not know what was claimed.
        """
        task, number = self._task, block.number
        rounds = task.contracts.rounds
        claimed = chains(links_of(task, at.round, number), rounds.get_state(task.id, number).model_hash)
        proved = {
            (event.trainer, event.index)
            for event in task.contracts.proofs.events(LinkProved, last=number, task_id=task.id, round=at.round)
        }
        others = [each for each in claimed if each.trainer != self._account]
        open_ = [each for each in others if (each.trainer, each.index) not in proved]
        found = self._judge(at.round, open_)
        unasked = len(found) < len(open_)
        wrong = [each for each, bytes_ in found.items() if bytes_ is Bytes.WRONG]
        missing = [each for each, bytes_ in found.items() if bytes_ is Bytes.MISSING]
        if not wrong and not missing:
            return None, at.now + 1 if unasked else 0
        began, patience = self._clock.began(at, number), self._clock.patience(at, number)
        moments = []
        for each, moment in (*((each, began) for each in wrong), *((each, patience) for each in missing)):
            entry = rounds.get_roster_entry(task.id, at.round, each.trainer, number)
            if entry.status is not TrainerStatus.SUBMITTED:
                continue  # accused already, or it has not submitted
            due = moment + self._turn(each, claimed)
            if at.now >= due:
                return ChallengeProof(each.trainer, each.index), 0
            moments.append(due)
        if missing:
            moments.append(at.now + STORE_SECONDS)
        if unasked:
            moments.append(at.now + 1)
        return None, min(moments, default=at.now + STORE_SECONDS)

    def _turn(self, suspect: Claimed, claimed: Sequence[Claimed]) -> int:
        """For how many seconds this account leaves a demand to others."""
        if not self._takes_turns:
            return 0
        members = {each.trainer for each in claimed} - {suspect.trainer}
        ranked = order(members, self._task.id, int.from_bytes(suspect.link.cid[:4], "big"))
        rank = ranked.index(self._account) if self._account in ranked else len(ranked)
        return group(rank) * max(1, self._task.config.review_period // TURNS)

    def _judge(self, round_: int, claimed: Sequence[Claimed]) -> dict[Claimed, Bytes]:
        """Whether the proof of each link is to be had, and right; none of those that there was no time to ask for.

        Of whom nothing was asked for in vain come first: nobody can hide others' links behind some that are missing.
        """
        found = {each: self._judged[round_, each] for each in claimed if (round_, each) in self._judged}
        documents: dict[Claimed, ProofDocument] = {}
        vain = Counter(each.trainer for number, each in self._vain if number == round_)
        budget = Budget()
        for each in sorted(
            (each for each in claimed if each not in found),
            key=lambda each: (vain[each.trainer], self._vain.get((round_, each), 0.0)),
        ):
            if budget.is_used_up:
                if (round_, each) in self._vain:
                    found[each] = Bytes.MISSING
                continue
            document = self._fetch(each, budget)
            if isinstance(document, Bytes):
                found[each] = document
            elif is_of(self._task, each, document):
                documents[each] = document
            else:
                found[each] = Bytes.WRONG
            if document is Bytes.MISSING:
                self._vain[round_, each] = time.monotonic()
        for each, right in verify(self._task, documents).items():
            found[each] = Bytes.FOUND if right else Bytes.WRONG
        missing = {(round_, each) for each, known in found.items() if known is Bytes.MISSING}
        self._judged = {(round_, each): known for each, known in found.items() if (round_, each) not in missing}
        self._vain = {asked: when for asked, when in self._vain.items() if asked in missing}
        return found

    def _fetch(self, claimed: Claimed, budget: Budget) -> ProofDocument | Bytes:
        begun = time.monotonic()
        try:
            return read(self._task, claimed.link)
        except Unavailable:
            budget.charge(time.monotonic() - begun)
            return Bytes.MISSING
        except (DocumentError, ContentTooLarge):
            return Bytes.WRONG


def read(task: Task, link: Link) -> ProofDocument:
    """The document of a link's proof.

    Raises:
        Unavailable: no store gives it now.
        DocumentError, ContentTooLarge: it is none.
    """
    return ProofDocument.decode(task.fetch(link.cid))


def verify(task: Task, documents: Mapping[Claimed, ProofDocument]) -> dict[Claimed, bool]:
    """Which proofs, and scores of receipts, the task's keys accept."""
    if not documents:
        return {}
    accepted = dict(zip(documents, task.train.verify([each.proof for each in documents.values()]), strict=True))
    receipts = [each for each in documents if task.config.quiet_bound and not each.is_last and accepted[each]]
    if receipts:
        scores = task.score.verify([documents[each].score.proof for each in receipts])
        accepted |= dict(zip(receipts, scores, strict=True))
    return accepted


def bond(task: Task, kind: Kind, account: str) -> int:
    """What is put up for a challenge, wei: a quarter more than is asked for now, since the base fee may rise.

    As much again stays for the gas, so that an account with less coin puts up less more.
    """
    chain = task.contracts.chain
    asked = least_bond(task.config, kind, chain.base_fee())
    spare = chain.balance(account) - 2 * asked
    return asked + max(0, min(asked // 4, spare))


def answer_proof(task: Task, number: int, links: Sequence[Link], document: ProofDocument) -> Call:
    """The answer to a challenge of a proof. links: all that the trainer has claimed in the round."""
    index = task.contracts.challenges.get_challenge(number).attempt
    start = max(index - 1, 0)
    shown = Shown(head_hash(links[:start]), tuple(links[start:]), document.proof, document.score)
    return task.contracts.challenges.answer_proof(number, shown)
