"""What a role does next, as a pure function of what it sees on chain in one block.

A role reads a snapshot, decides, and carries the one action out; then it reads again. Nothing is remembered between
cycles, so a restarted node goes on where the chain says it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from headwater.protocol.phases import Phase, TrainerStatus

MOST_ROUNDS = 100  # of one `Collect`, whose gas must fit a block


@dataclass(frozen=True)
class RoundView:
    """Where a task is in one block, for any role.

    Attributes:
        now: the block's time, Unix seconds.
        deadline: the phase's end, Unix seconds: the first second in which its work is refused.
        attempt: the attempt at masking that runs, from 1; means nothing before Mask.
    """

    now: int
    round: int
    rounds: int
    phase: Phase
    deadline: int
    attempt: int = 0

    @property
    def overdue(self) -> bool:
        """Whether anyone may advance the round."""
        return not self.phase.is_end and self.now >= self.deadline


@dataclass(frozen=True)
class TrainerView:
    """What concerns one trainer, amounts in wei.

    Attributes:
        masked_in: the last attempt in which the trainer has masked its update; 0 if in none.
        published: whether this node has published the masked update of the attempt that runs.
        stake: what enrolment locks.
        free: the trainer's free stake.
        collectable: finalized rounds that owe this account something.
        claimable: what was credited and can be paid out.
        withdrawable: what of the free stake the trainer wants back after the task's end.
    """

    at: RoundView
    enrolled: bool
    status: TrainerStatus
    stake: int
    free: int
    collectable: tuple[int, ...] = ()
    claimable: int = 0
    masked_in: int = 0
    published: bool = False
    withdrawable: int = 0


@dataclass(frozen=True)
class Wait:
    """Nothing to do: why, and until when at the latest (Unix seconds)."""

    reason: str
    until: int


@dataclass(frozen=True)
class Advance:
    """Move the round on: its deadline has passed."""

    round: int


@dataclass(frozen=True)
class Deposit:
    """Add free stake, in wei."""

    amount: int


@dataclass(frozen=True)
class Enrol:
    """Register the data and lock the stake."""


@dataclass(frozen=True)
class Join:
    """Take a seat on the round's roster."""

    round: int


@dataclass(frozen=True)
class Submit:
    """Train, and submit the proof of the update."""

    round: int


@dataclass(frozen=True)
class Mask:
    """Commit to the accepted update under the masks of an attempt, and to the masks."""

    round: int
    attempt: int


@dataclass(frozen=True)
class Publish:
    """Publish the masked update, now that all of the attempt's members have committed to theirs.

    Not sooner: the bytes of an attempt that fails, added up with those of the next, could be somebody's update.
    """

    round: int
    attempt: int


@dataclass(frozen=True)
class Aggregate:
    """Fetch the masked updates, prove the average, publish and post it."""

    round: int


@dataclass(frozen=True)
class Collect:
    """Have rewards credited, of `MOST_ROUNDS` rounds at most."""

    rounds: tuple[int, ...]


@dataclass(frozen=True)
class Unenrol:
    """Free the stake of an ended task."""


@dataclass(frozen=True)
class Withdraw:
    """Take free stake out, in wei."""

    amount: int


@dataclass(frozen=True)
class Claim:
    """Have what was credited paid out, in wei."""

    amount: int


@dataclass(frozen=True)
class Done:
    """The task has ended and nothing is left to do."""


Action = (
    Wait
    | Advance
    | Deposit
    | Enrol
    | Join
    | Submit
    | Mask
    | Publish
    | Aggregate
    | Collect
    | Unenrol
    | Withdraw
    | Claim
    | Done
)


def decide_trainer(view: TrainerView) -> Action:
    """The trainer's next action."""
    at = view.at
    if at.phase.is_end:
        return _settle(view)
    if at.overdue:
        return Advance(at.round)
    joinable = at.phase is Phase.JOIN or at.round < at.rounds
    if joinable and not view.enrolled:
        return Enrol() if view.free >= view.stake else Deposit(view.stake - view.free)
    if at.phase is Phase.JOIN:
        if view.status is TrainerStatus.NONE:
            return Join(at.round)
        return Wait(f"round {at.round}: others may still join", at.deadline)
    if not view.enrolled or view.status is TrainerStatus.NONE:
        hope = "the next one can be joined" if joinable else "it is the last"
        return Wait(f"round {at.round} started without this trainer: {hope}", at.deadline)
    if at.phase is Phase.TRAIN and view.status is TrainerStatus.JOINED:
        return Submit(at.round)
    if at.phase is Phase.MASK and view.status is TrainerStatus.SUBMITTED:
        if view.masked_in == at.attempt - 1:
            return Mask(at.round, at.attempt)
        if view.masked_in < at.attempt:
            return Wait(f"round {at.round} goes on without this trainer, which missed an attempt", at.deadline)
    is_last_member = view.status is TrainerStatus.SUBMITTED and view.masked_in == at.attempt
    if at.phase is Phase.AGGREGATE and is_last_member and not view.published:
        return Publish(at.round, at.attempt)
    return Wait(f"round {at.round}: waiting for {_WAITING_FOR[at.phase]}", at.deadline)


def decide_aggregator(at: RoundView, collectable: tuple[int, ...] = (), claimable: int = 0) -> Action:
    """The aggregator's next action. `collectable` and `claimable` as in `TrainerView`."""
    if at.phase.is_end:
        if collectable:
            return Collect(collectable[:MOST_ROUNDS])
        return Claim(claimable) if claimable else Done()
    if at.overdue:
        return Advance(at.round)
    if at.phase is Phase.AGGREGATE:
        return Aggregate(at.round)
    return Wait(f"round {at.round}: {at.phase} goes on", at.deadline)


_WAITING_FOR = {
    Phase.TRAIN: "other trainers' updates",
    Phase.MASK: "other trainers' masked updates",
    Phase.AGGREGATE: "the average",
}


def _settle(view: TrainerView) -> Action:
    if view.enrolled:
        return Unenrol()
    if view.collectable:
        return Collect(view.collectable[:MOST_ROUNDS])
    if view.withdrawable:
        return Withdraw(view.withdrawable)
    return Claim(view.claimable) if view.claimable else Done()
