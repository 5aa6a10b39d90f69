"""Where tasks are, and what an account has in them: from the chain alone, all read at one block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.reverts import format_wei
from headwater.chain.contracts.screens import AccountScreen, Stake, TaskScreen
from headwater.protocol.decisions import (
    Action,
    Advance,
    Claim,
    Collect,
    Deposit,
    Done,
    Join,
    Mask,
    Release,
    RoundView,
    Seed,
    Submit,
    TrainerView,
    Unenrol,
    Wait,
    decide_trainer,
)
from headwater.protocol.machine.challenges import REVIEW
from headwater.protocol.phases import Kind, Phase, TrainerStatus
from headwater.protocol.structs import Enrolment, Pool, RosterEntry, Round, TaskConfig, TaskState
from headwater.roles.role import round_view

MOST_REWARDS = 100
"""Newest rounds of a task that are asked for rewards."""

MOST_TASKS = 100
"""Newest tasks that are looked at where none is named."""

_GLANCE = 10**12  # wei


@dataclass(frozen=True)
class AccountOverview:
    """An account's money, wei."""

    address: str
    balance: int
    stake: Stake
    claimable: int


@dataclass(frozen=True)
class PartOverview:
    """An account's part in a task.

    Attributes:
        entry: its place in the running round, or in the last one.
        locked: its stake that is locked for the task, wei.
        slash: what settling its last round will cost of that, wei.
        fault: whether that is for a fault.
        owed: rounds that owe it a reward, with the amount in wei.
        challenge: the challenge that it has to answer; 0 if none.
        demanded: what that demands.
        aggregates: whether it posted the average of the round.
    """

    account: str
    entry: RosterEntry
    enrolment: Enrolment
    locked: int
    slash: int
    fault: bool
    owed: dict[int, int]
    challenge: int = 0
    demanded: Kind = Kind.NONE
    aggregates: bool = False

    def concerns(self, creator: str) -> bool:
        """Whether the account has any part in the task."""
        here = self.enrolment.exists or self.locked or self.owed or self.challenge or self.aggregates
        return bool(here) or self.entry.status is not TrainerStatus.NONE or self.account == creator


@dataclass(frozen=True)
class TaskOverview:
    """A task in a block, with an account's part in it, if one was asked for.

    Attributes:
        seen: the block's number.
    """

    id: int
    seen: int
    creator: str
    config: TaskConfig
    state: TaskState
    round: Round
    pool: Pool
    part: PartOverview | None = None


@dataclass(frozen=True)
class Overview:
    """All that `headwater status` shows. `older`: how many tasks there are beside, all older."""

    block: Block
    tasks: tuple[TaskOverview, ...]
    account: AccountOverview | None = None
    older: int = 0


class Observer:
    """Looks at tasks again and again; what cannot change any more is asked once."""

    def __init__(self, contracts: Contracts, account: str | None = None) -> None:
        """`account`: whose part in tasks is looked at as well."""
        self._contracts = contracts
        self._account = account
        self._paid: set[tuple[int, int]] = set()  # rounds that are over and owe nothing: they never will

    def look(self, task_ids: Sequence[int] = ()) -> Overview:
        """The tasks with these ids; by default the newest `MOST_TASKS`. A few calls, however many they are.

        Raises:
            ContractError: there is no such task.
            ChainError: the node fails.
        """
        block, older = self._contracts.chain.block(), 0
        if not task_ids:
            count = self._contracts.tasks.task_count(block.number)
            older = max(count - MOST_TASKS, 0)
            task_ids = range(older + 1, count + 1)
        screens = self._contracts.lens.get_each(task_ids, block.number)
        tasks = dict(zip(task_ids, screens, strict=True))
        parts = self._look_at_parts(tasks, block.number) if self._account else {}
        seen = tuple(
            TaskOverview(
                *(number, block.number, task.creator, task.config),
                *(task.state, task.round, task.pool, parts.get(number)),
            )
            for number, task in tasks.items()
        )
        account = self._look_at_account(block.number) if self._account else None
        return Overview(block, seen, account, older)

    def _look_at_account(self, at: int) -> AccountOverview:
        me, stakes = str(self._account), self._contracts.stakes
        return AccountOverview(
            me, self._contracts.chain.balance(me, at), stakes.stake_of(me, at), stakes.claimable(me, at)
        )

    def _look_at_parts(self, tasks: Mapping[int, TaskScreen], at: int) -> dict[int, PartOverview]:
        me = str(self._account)
        firsts, overs = {}, {}
        for number, task in tasks.items():
            over = overs[number] = task.state.round if task.state.has_ended else task.state.round - 1
            rounds = range(max(1, over - MOST_REWARDS + 1), over + 1)
            firsts[number] = next((each for each in rounds if (number, each) not in self._paid), over + 1)
        wanted = [(number, me, first, overs[number] + 1 - first) for number, first in firsts.items()]
        found = {}
        for (number, _, first, _), seen in zip(wanted, self._contracts.lens.get_accounts(wanted, at), strict=True):
            task = tasks[number]
            owed = {each: amount for each, amount in enumerate(seen.rewards, first) if amount}
            self._paid |= {(number, each) for each in range(first, overs[number] + 1) if each not in owed}
            aggregates = task.round.aggregator == me
            challenge, kind = self._challenge(number, task, seen, at)
            found[number] = PartOverview(
                me, seen.entry, seen.enrolment, seen.lock, seen.slash, seen.fault, owed, challenge, kind, aggregates
            )
        return found

    def _challenge(self, task_id: int, task: TaskScreen, seen: AccountScreen, at: int) -> tuple[int, Kind]:
        """The open challenge of this account's bytes."""
        me, state, entry, challenges = str(self._account), task.state, seen.entry, self._contracts.challenges
        if not state.accused:
            return 0, Kind.NONE
        aggregates, created = task.round.aggregator == me, task.creator == me
        if state.phase is Phase.AGGREGATE and entry.status is TrainerStatus.ACCUSED and entry.attempt == state.attempt:
            number = challenges.challenge_of(task_id, state.round, state.attempt, me, at)
        elif state.phase is Phase.REVIEW and entry.status is TrainerStatus.ACCUSED:
            number = challenges.challenge_of(task_id, state.round, REVIEW, me, at)
        elif (state.phase is Phase.CHALLENGE and aggregates) or (state.phase is Phase.JOIN and created):
            number = challenges.challenge_of(task_id, state.round, 0, me, at)
        else:
            return 0, Kind.NONE
        return number, challenges.get_challenge(number, at).kind


def coin(wei: int) -> str:
    """An amount at a glance: six digits of a coin, and exact below that."""
    return format_wei(wei if wei < _GLANCE else wei // _GLANCE * _GLANCE)


def progress(task: TaskOverview) -> str:
    """How many have done what the phase is about."""
    state, most = task.state, task.config.max_trainers
    match state.phase:
        case Phase.JOIN:
            demanded = ", first model demanded" if state.accused else ""
            return f"{state.joined} joined, of {task.config.min_trainers} to {most}{demanded}"
        case Phase.TRAIN:
            return f"{state.submitted} of {state.joined} submitted"
        case Phase.REVIEW:
            return f"{state.members} updates" + (f", {state.accused} challenged" if state.accused else "")
        case Phase.MASK:
            attempt = f", attempt {state.attempt}" if state.attempt > 1 else ""
            return f"{task.round.masked} of {state.members} masked{attempt}"
        case Phase.AGGREGATE:
            return f"{state.members} updates" + (f", {state.accused} challenged" if state.accused else "")
        case Phase.CHALLENGE:
            return "model demanded" if state.accused else "model posted"
        case Phase.FINALIZED:
            return f"{task.round.masked} updates averaged"
    return f"{state.joined} joined"


def done_in_round(part: PartOverview, state: TaskState) -> list[str]:
    """What an account has done in the round."""
    status = part.entry.status
    done = []
    if status is not TrainerStatus.NONE:
        done.append("joined")
    if status not in (TrainerStatus.NONE, TrainerStatus.JOINED):
        done.append("submitted")
    if part.entry.attempt and part.entry.attempt == state.attempt:
        done.append("masked")
    if part.aggregates:
        done.append("aggregated")
    return done


def next_of(task: TaskOverview, part: PartOverview, account: AccountOverview, now: int) -> tuple[str, int]:
    """What an account's node does next or waits for, and until when (Unix seconds; 0: whenever it likes).

    now: the block's time. A masked update counts as published: the chain cannot tell.
    """
    state, config = task.state, task.config
    at = round_view(now, config, state)
    if part.challenge:
        if at.overdue:
            return f"did not answer challenge {part.challenge} in time", 0
        what = {
            Kind.UPDATE: "the masked update",
            Kind.MASK: "a mask",
            Kind.MODEL: "the model",
            Kind.PROOF: "the proof",
        }[part.demanded]
        return f"show {what} that challenge {part.challenge} demands", state.deadline
    if not part.enrolment.exists:
        return _outsider(part, account, at)
    hidden = state.phase is Phase.MASK and state.seed_block >= task.seen  # who is whose peer
    view = TrainerView(
        at,
        seed=Seed.AWAITED if hidden else Seed.KNOWN,
        enrolled=True,
        status=part.entry.status,
        stake=config.stake,
        free=account.stake.free,
        collectable=tuple(part.owed),
        claimable=account.claimable,
        masked_in=part.entry.attempt,
        published=True,
        locked=part.enrolment.stake,
        slash=part.slash,
        fault=part.fault,
        releasable_at=part.enrolment.releasable_at,
    )
    return _said(decide_trainer(view), at)


def _outsider(part: PartOverview, account: AccountOverview, at: RoundView) -> tuple[str, int]:
    """Of a creator, an aggregator, or a trainer that has left."""
    if part.aggregates and at.phase is Phase.CHALLENGE:
        return _said(Advance(at.round), at) if at.overdue else ("waiting for the average to be final", at.deadline)
    if part.owed:
        return _said(Collect(tuple(part.owed)), at)
    if account.claimable and at.phase.is_end:
        return _said(Claim(account.claimable), at)
    return ("nothing left to do", 0) if at.phase.is_end else ("nothing to do now", at.deadline)


def _said(action: Action, at: RoundView) -> tuple[str, int]:
    match action:
        case Wait(reason, until):
            return reason.removeprefix(f"round {at.round}: "), until
        case Advance():
            return "the deadline has passed: anyone may advance the round", 0
        case Deposit(amount):
            return f"deposit {coin(amount)} of stake, and join", at.deadline
        case Join():
            return "join", at.deadline
        case Submit():
            return "train, and submit an update", at.deadline
        case Mask():
            return "mask its update", at.deadline
        case Unenrol():
            return "leave, to have its stake released", 0
        case Release():
            return "release its stake", 0
        case Collect(rounds):
            return f"collect the reward of {len(rounds)} round(s)", 0
        case Claim(amount):
            return f"claim {coin(amount)}", 0
        case Done():
            return "nothing left to do", 0
    return str(action), at.deadline
