"""What happened in a task, from the chain's events alone: who did what in each round, and whether it counted.

Nothing of a node's own is asked: whoever has an RPC endpoint gets the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import accumulate

from headwater.chain.asking.rpc import NEAR, topic_of
from headwater.chain.contracts.codec import decode_log
from headwater.chain.contracts.events import (
    Accused,
    Acquitted,
    Aggregated,
    AverageRevoked,
    Compensated,
    Convicted,
    DataRegistered,
    Enrolled,
    Event,
    FirstModelWithheld,
    Joined,
    LinkProved,
    LinksClaimed,
    Masked,
    MaskingStarted,
    PhaseChanged,
    RewardCollected,
    SeedDrawn,
    SeedRenewed,
    Submitted,
    TrainerSlashed,
)
from headwater.chain.contracts.opened import Contracts
from headwater.errors import TaskError
from headwater.protocol.phases import Phase
from headwater.protocol.structs import Link

AFTER = 2_000
"""Blocks after a round that are read with it, seven hours of 12 s: rewards are collected and slashes settled soon."""


class Outcome(StrEnum):
    """What became of a trainer's part in a round."""

    COUNTED = "counted"
    RUNNING = "the round is not over"
    NOT_ENROLLED = "not enrolled when the round started"
    NOT_JOINED = "did not join"
    SKIPPED = "too few joined"
    NOT_SUBMITTED = "submitted no valid proof in time"
    TOO_FEW_UPDATES = "too few others submitted"
    NOT_MASKED = "missed an attempt at masking"
    TOO_FEW_MASKED = "too few others masked"
    CONVICTED = "posted a mask or peers that were shown to be wrong"
    SILENT = "was challenged and did not answer"
    UNPROVED = "was asked for the proof of its update and did not show it"
    TOO_FEW_LEFT = "too few were left after others were found at fault"
    NOT_AGGREGATED = "nobody aggregated in time"
    WITHHELD = "aggregators withheld the model"
    FIRST_MODEL_WITHHELD = "the creator withheld the first model"


@dataclass
class Part:
    """A trainer's part in a round, each with the event that says so.

    Attributes:
        claims: the links that it claimed, in order.
        proved: which of them were proved on chain, by index.
        masked: what it posted, by attempt.
        accused, acquitted, convicted: the last such event.
        compensated: what was paid out of its slash, and to whom.
    """

    trainer: str
    joined: Joined
    submitted: Submitted | None = None
    claims: list[LinksClaimed] = field(default_factory=list)
    proved: dict[int, LinkProved] = field(default_factory=dict)
    masked: dict[int, Masked] = field(default_factory=dict)
    accused: Accused | None = None
    acquitted: Acquitted | None = None
    convicted: Convicted | None = None
    slashed: TrainerSlashed | None = None
    compensated: Compensated | None = None
    rewarded: RewardCollected | None = None

    @property
    def links(self) -> tuple[Link, ...]:
        """What it claimed, link by link."""
        return tuple(link for event in self.claims for link in event.links)

    @property
    def data_hashes(self) -> tuple[bytes, ...]:
        """Of all data that its update rests on, in the order of its proofs or links, those of receipts included."""
        if self.submitted is None:
            return ()
        return self.submitted.data_hashes or tuple(link.data_hash for link in self.links)

    @property
    def is_told_whole(self) -> bool:
        """Whether no claim is missing, as far as the rest tells."""
        return claims_are_whole(self.claims, self.submitted)

    @property
    def open_accusation(self) -> bool:
        """Whether it was convicted, or accused and not acquitted after."""
        if self.accused is None or self.convicted is not None:
            return self.convicted is not None
        return self.acquitted is None or place(self.acquitted) < place(self.accused)


@dataclass
class Attempt:
    """An attempt at masking.

    Attributes:
        named: what named the block whose hash makes its seed.
        drawn: its seed; None until the first member masks.
    """

    started: MaskingStarted
    named: MaskingStarted | SeedRenewed
    drawn: SeedDrawn | None = None

    @property
    def number(self) -> int:
        """Which attempt of its round, from 1."""
        return self.started.attempt

    @property
    def members(self) -> int:
        """How many trainers have to mask in it."""
        return self.started.members


@dataclass
class RoundHistory:
    """One round.

    Attributes:
        parts: by trainer, in the order of joining.
        attempts: at masking, in order.
        averages: those accepted, the ones that were taken back included.
        withheld: the task ended in this round, since nobody showed its first model.
    """

    number: int
    started: PhaseChanged
    parts: dict[str, Part] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    averages: list[Aggregated] = field(default_factory=list)
    revoked: list[AverageRevoked] = field(default_factory=list)
    phases: list[PhaseChanged] = field(default_factory=list)
    withheld: FirstModelWithheld | None = None

    @property
    def ended(self) -> PhaseChanged | None:
        """The event of its end; None while it runs."""
        return self.phases[-1] if self.phases[-1].to_phase.is_end else None

    @property
    def phase(self) -> Phase:
        """Where it is, or how it ended."""
        return self.phases[-1].to_phase

    @property
    def averaged(self) -> list[str]:
        """Whose updates the round's model averages; nobody's unless it is finalized."""
        if self.phase is not Phase.FINALIZED:
            return []
        return [part.trainer for part in self.parts.values() if len(self.attempts) in part.masked]

    @property
    def counted(self) -> list[str]:
        """Of those, who has a share of the reward: all but the convicted. The contract's `contributed`."""
        return [trainer for trainer in self.averaged if self.parts[trainer].convicted is None]


@dataclass
class History:
    """A task's events, grouped. See `read_history`.

    Attributes:
        enrolled: by trainer, its enrolments in order.
        registered: by data hash, whose data these are, and since when.
        until: the last block that was read, where only one round was: see `read_round`.
    """

    enrolled: dict[str, list[Enrolled]] = field(default_factory=dict)
    registered: dict[bytes, DataRegistered] = field(default_factory=dict)
    rounds: dict[int, RoundHistory] = field(default_factory=dict)
    until: int | None = None

    @cached_property
    def accounts(self) -> list[str]:
        """Whoever has enrolled, in order."""
        return list(self.enrolled)

    def started(self, number: int) -> RoundHistory:
        """A round. Raises TaskError where it has not started."""
        if number not in self.rounds:
            raise TaskError(f"round {number} has not started", "`headwater status` says which one runs")
        return self.rounds[number]

    def outcome(self, number: int, account: str) -> Outcome:
        """Whether an account's part in a round counted, and if not, why.

        Raises:
            TaskError: the task has had no such round.
        """
        round_ = self.started(number)
        part = round_.parts.get(account)
        if part is None:
            return self._absent(round_, account)
        if round_.ended is None:
            return Outcome.RUNNING
        if account in round_.counted:
            return Outcome.COUNTED
        return _own_failure(round_, part) or _others_failure(round_)

    def compensations(self, number: int, account: str) -> list[Part]:
        """Out of whose slashes for a round an account was paid."""
        parts = self.rounds[number].parts.values()
        return [part for part in parts if part.compensated is not None and part.compensated.account == account]

    def _absent(self, round_: RoundHistory, account: str) -> Outcome:
        if round_.phase is Phase.JOIN:
            return Outcome.RUNNING
        closed = next(event for event in round_.phases if event.from_phase is Phase.JOIN)
        before = (event for event in self.enrolled.get(account, ()) if place(event) < place(closed))
        return Outcome.NOT_JOINED if any(before) else Outcome.NOT_ENROLLED


def read_history(contracts: Contracts, task_id: int, last: int | None = None) -> History:
    """All that happened in a task up to block `last`.

    Raises:
        TaskError: the chain has no such task.
        ChainError: the node fails.
    """
    history = History()
    for event in _events(contracts, task_id, last):
        _record(history, event)
    if not history.rounds:
        raise TaskError(f"there is no task {task_id}", "see `headwater task list`")
    return _checked(contracts, task_id, history)


def read_round(
    contracts: Contracts, task_id: int, number: int, account: str | None = None, *, later: bool = False
) -> History:
    """What happened in one round of a task and `AFTER` it; no other blocks are read, but for a few about its ends.

    Args:
        account: whose enrolments are read, too.
        later: read on to the newest block: rewards of the round may be collected, and stakes settled, at any time.

    Raises:
        TaskError: the task has had no such round.
        ContractError: there is no such task.
        ChainError: the node fails.
    """
    contracts.tasks.get_task(task_id)
    newest = contracts.chain.block().number
    first = contracts.start_of(task_id, number)
    until = newest if later else min(newest, contracts.start_of(task_id, number + 1) + NEAR + AFTER)
    history = History(until=until)
    found = _told(contracts, [topic_of(task_id), topic_of(number)], first, until)
    skipped = [event for event in found if isinstance(event, PhaseChanged) and event.to_phase is Phase.SKIPPED]
    for block in {event.block_number for event in skipped}:
        found += contracts.rounds.events(FirstModelWithheld, block, block, task_id=task_id)
    for block in {event.block_number for event in found if isinstance(event, TrainerSlashed)}:
        found += contracts.stakes.events(Compensated, block, block, task_id=task_id)
    if account is not None:
        found += contracts.trainers.events(Enrolled, last=newest, task_id=task_id, trainer=account)
    for event in sorted(found, key=place):
        _record(history, event)
    history.started(number)
    return _checked(contracts, task_id, history)


def claims_are_whole(claims: Sequence[LinksClaimed], submitted: Submitted | None) -> bool:
    """Whether a trainer's claims of a round follow each other, and end with the update that was submitted, if one was.

    Without a log that a node leaves out they would tell of less data than the update rests on.
    """
    starts = accumulate((len(event.links) for event in claims), initial=0)
    if any(event.first != start for event, start in zip(claims, starts, strict=False)):
        return False
    if submitted is None or submitted.data_hashes:
        return True
    return bool(claims) and claims[-1].links[-1].update == submitted.update


def _checked(contracts: Contracts, task_id: int, history: History) -> History:
    parts = (part for round_ in history.rounds.values() for part in round_.parts.values())
    if not all(part.is_told_whole for part in parts):
        raise contracts.chain.lacks("all that trainers of a task claimed", task_id)
    return history


def _events(contracts: Contracts, task_id: int, last: int | None) -> list[Event]:
    """All that the contracts which a trainer deals with say of a task, oldest first; of stakes, who was compensated."""
    newest = contracts.chain.block().number if last is None else last
    found: list[Event] = list(contracts.stakes.events(Compensated, last=newest, task_id=task_id))
    found += _told(contracts, [topic_of(task_id)], contracts.start_of(task_id), newest)
    return sorted(found, key=place)


def _told(contracts: Contracts, topics: Sequence[bytes], first: int, last: int) -> list[Event]:
    """What the contracts say whose events all have the task's id first and, where they are of one, the round second."""
    told = (contracts.rounds, contracts.trainers, contracts.rewards, contracts.proofs)
    addresses = [contract.address for contract in told]
    logs = [log for each in addresses for log in contracts.chain.logs(each, [None, *topics], first, last)]
    return [event for log in logs if (event := decode_log(log)) is not None]


def _record(history: History, event: Event) -> None:
    match event:
        case Enrolled():
            history.enrolled.setdefault(event.trainer, []).append(event)
        case DataRegistered():
            history.registered[event.data_hash] = event
        case PhaseChanged(from_phase=Phase.NONE):
            history.rounds[event.round] = RoundHistory(event.round, event, phases=[event])
        case PhaseChanged():
            history.rounds[event.round].phases.append(event)
        case Joined():
            history.rounds[event.round].parts[event.trainer] = Part(event.trainer, event)
        case MaskingStarted():
            history.rounds[event.round].attempts.append(Attempt(event, event))
        case SeedRenewed():
            history.rounds[event.round].attempts[-1].named = event
        case SeedDrawn():
            history.rounds[event.round].attempts[-1].drawn = event
        case Aggregated():
            history.rounds[event.round].averages.append(event)
        case FirstModelWithheld():
            history.rounds[max(history.rounds)].withheld = event
        case AverageRevoked():
            history.rounds[event.round].revoked.append(event)
        case Submitted() | Accused() | Acquitted() | Convicted():
            part = history.rounds[event.round].parts[event.trainer]
            setattr(part, type(event).__name__.lower(), event)
        case LinksClaimed():
            history.rounds[event.round].parts[event.trainer].claims.append(event)
        case LinkProved():
            history.rounds[event.round].parts[event.trainer].proved[event.index] = event
        case Masked():
            history.rounds[event.round].parts[event.trainer].masked[event.attempt] = event
        case TrainerSlashed():
            history.rounds[event.round].parts[event.trainer].slashed = event
        case Compensated():
            _paying(history, event).compensated = event
        case RewardCollected():
            if event.account in history.rounds[event.round].parts:
                history.rounds[event.round].parts[event.account].rewarded = event


def _paying(history: History, event: Compensated) -> Part:
    """Out of whose slash somebody was compensated: of the one last slashed in the same transaction."""
    parts = [part for round_ in history.rounds.values() for part in round_.parts.values()]
    slashed = [(part.slashed, part) for part in parts if part.slashed is not None]
    here = [pair for pair in slashed if pair[0].transaction_hash == event.transaction_hash]
    return max(here, key=lambda pair: place(pair[0]))[1]


def _own_failure(round_: RoundHistory, part: Part) -> Outcome | None:
    """What the trainer itself missed or did wrong in a round that is over; None if nothing."""
    if round_.phase is Phase.SKIPPED:
        return Outcome.FIRST_MODEL_WITHHELD if round_.withheld else Outcome.SKIPPED
    if part.submitted is None:
        return Outcome.NOT_SUBMITTED
    if part.convicted is not None:
        return Outcome.CONVICTED
    last = max(part.masked, default=0)
    if part.open_accusation and part.accused is not None and part.accused.attempt == 0:
        return Outcome.UNPROVED
    if last == len(round_.attempts):
        aggregating = any(event.to_phase is Phase.AGGREGATE for event in round_.phases)
        return Outcome.SILENT if aggregating and part.open_accusation and not round_.averages else None
    accused_in_last = part.accused is not None and part.accused.attempt == last and part.open_accusation
    return Outcome.SILENT if accused_in_last else Outcome.NOT_MASKED


def _others_failure(round_: RoundHistory) -> Outcome:
    """Why a round that is over failed, for one who did all that it should."""
    if round_.revoked:
        return Outcome.WITHHELD if len(round_.revoked) == len(round_.averages) else Outcome.NOT_AGGREGATED
    failed_in = round_.phases[-1].from_phase
    if failed_in is Phase.TRAIN:
        return Outcome.TOO_FEW_UPDATES
    if failed_in is Phase.REVIEW:
        return Outcome.TOO_FEW_LEFT
    if failed_in is Phase.MASK:
        return Outcome.TOO_FEW_MASKED
    at_fault = any(part.open_accusation for part in round_.parts.values())
    return Outcome.TOO_FEW_LEFT if at_fault else Outcome.NOT_AGGREGATED


def place(event: Event) -> tuple[int, int]:
    """Where an event stands in the chain's order."""
    return event.block_number, event.log_index
