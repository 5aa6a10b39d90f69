"""What a role does next, as a pure function of what it sees on chain in one block.

A role reads a snapshot, decides, and carries the one action out; then it reads again. Nothing is remembered between
cycles, so a restarted node goes on where the chain says it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from headwater.protocol.faults import NO_FAULTS, Faults, WrongPeer
from headwater.protocol.phases import Phase, TrainerStatus

NEXT_BLOCK = -1
"""Of `Wait.again`: in the next block, whenever it comes; two may have one time."""

STORE_SECONDS = 30
"""How often a role looks at stores whose bytes the running phase depends on: they change, and no contract tells."""

MOST_ROUNDS = 100  # of one `Collect`, whose gas must fit a block


class Bytes(Enum):
    """Whether the bytes behind a CID are to be had, and are what was committed to."""

    FOUND = auto()
    MISSING = auto()
    WRONG = auto()


class Seed(Enum):
    """Whether the seed of the attempt at masking that runs can be had, from which its members know their peers."""

    KNOWN = auto()
    """It is drawn, or follows from the hash of a block that the contract can see."""
    AWAITED = auto()
    """The block whose hash makes it is the newest: the contract sees it from the next one on."""
    FORGOTTEN = auto()
    """The contract sees the hash of that block no more, so another has to be named."""


@dataclass(frozen=True)
class RoundView:
    """Where a task is in one block, for any role.

    Attributes:
        now: the block's time, Unix seconds.
        deadline: the phase's end, Unix seconds: the first second in which its work is refused.
        attempt: the attempt at masking that runs, from 1; means nothing before Mask.
        accused: how many members are accused or guilty; in Challenge and Join, 1 if the model's bytes are demanded.
    """

    now: int
    round: int
    rounds: int
    phase: Phase
    deadline: int
    attempt: int = 0
    accused: int = 0

    @property
    def overdue(self) -> bool:
        """Whether anyone may advance the round."""
        return not self.phase.is_end and self.now >= self.deadline


@dataclass(frozen=True)
class Wait:
    """Nothing to do: why, and until when at the latest (Unix seconds).

    Attributes:
        again: when to look again though no contract tells anything of the task, Unix seconds or `NEXT_BLOCK`; 0: not
            before `until`.
    """

    reason: str
    until: int
    again: int = 0


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
class RenewSeed:
    """Name another block for an attempt's seed: the chain has forgotten the hash of the one that was named."""

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
class OpenUpdate:
    """Show the masked update that a challenge demands."""

    challenge: int


@dataclass(frozen=True)
class OpenMask:
    """Show the point shared with a peer that posted another mask."""

    challenge: int


@dataclass(frozen=True)
class OpenModel:
    """Show the weights that a challenge demands."""

    challenge: int


@dataclass(frozen=True)
class OpenProof:
    """Put the proof of a link on chain that a challenge demands."""

    challenge: int


@dataclass(frozen=True)
class AnswerLate:
    """Give a right answer that decides nothing any more, for the bond."""

    answer: OpenUpdate | OpenModel


@dataclass(frozen=True)
class ChallengeUpdate:
    """Make a member show its masked update."""

    trainer: str


@dataclass(frozen=True)
class ChallengeMask:
    """Make two members show which of the masks that they posted is the true one."""

    one: str
    other: str


@dataclass(frozen=True)
class ChallengeModel:
    """Make the aggregator show the average, or the creator the first model."""

    round: int


@dataclass(frozen=True)
class ChallengeProof:
    """Make a trainer put the proof of a link on chain, which is missing or false. index: which of the round, from 0."""

    trainer: str
    index: int


@dataclass(frozen=True)
class ProveWrongPeer:
    """Show that a member named a wrong peer."""

    fault: WrongPeer


@dataclass(frozen=True)
class Settle:
    """Have the stake of a trainer at fault slashed, and whoever had to show it paid out of that."""

    trainer: str


@dataclass(frozen=True)
class Reclaim:
    """Have the bond of a challenge back that nobody answered."""

    challenge: int


@dataclass(frozen=True)
class Collect:
    """Have rewards credited, of `MOST_ROUNDS` rounds at most."""

    rounds: tuple[int, ...]


@dataclass(frozen=True)
class Unenrol:
    """Leave the task: the stake is unbonding from then on."""


@dataclass(frozen=True)
class Release:
    """Free what is left of the stake when it has been unbonding long enough."""


@dataclass(frozen=True)
class Withdraw:
    """Take free stake out, in wei."""

    amount: int


@dataclass(frozen=True)
class Claim:
    """Have what was credited paid out, in wei."""

    amount: int


@dataclass(frozen=True)
class RegisterHeldOut:
    """Register held-out data: these parts of it."""

    parts: tuple[int, ...]


@dataclass(frozen=True)
class Attest:
    """Prove and record the score of a round's model on a part of the held-out data."""

    round: int
    part: int


@dataclass(frozen=True)
class Done:
    """The task has ended, or the trainer has left it, and nothing is left to do."""


Answer = OpenUpdate | OpenMask | OpenModel | OpenProof
Action = (
    Answer
    | Wait
    | Advance
    | Deposit
    | Enrol
    | Join
    | Submit
    | Mask
    | RenewSeed
    | Publish
    | Aggregate
    | AnswerLate
    | ChallengeUpdate
    | ChallengeMask
    | ChallengeModel
    | ChallengeProof
    | ProveWrongPeer
    | Settle
    | Reclaim
    | Collect
    | Unenrol
    | Release
    | Withdraw
    | Claim
    | RegisterHeldOut
    | Attest
    | Done
)


@dataclass(frozen=True)
class TrainerView:
    """What concerns one trainer, amounts in wei.

    Attributes:
        masked_in: the last attempt in which the trainer has masked its update; 0 if in none.
        seed: of the attempt that runs.
        published: whether this node has published the masked update of the attempt that runs.
        stake: what a seat on the roster takes.
        locked: what is left of that from its enrolment.
        slash: what settling its last round will cost of it.
        fault: whether it was at fault in its last round, so that it has to leave.
        releasable_at: when its stake can be released, Unix seconds; 0 unless it is leaving.
        expelled: whether it was enrolled once, had to leave for a fault, and is enrolled no more: it stays away.
        free: the trainer's free stake.
        answer: what it can show that is demanded.
        late: what was demanded, decides nothing any more, and would still win a bond.
        unproved: in Review, another's link whose proof this account should demand now.
        review_again: in Review, when to look at what others have claimed again; 0: there is nothing more to see.
        owing: trainers at fault who have to pay it for having shown that, once somebody settles them.
        collectable: finalized rounds that owe this account something.
        claimable: what was credited and can be paid out.
        withdrawable: what of the free stake the trainer wants back when it has left the task.
    """

    at: RoundView
    enrolled: bool
    status: TrainerStatus
    stake: int
    free: int
    collectable: tuple[int, ...] = ()
    claimable: int = 0
    masked_in: int = 0
    seed: Seed = Seed.KNOWN
    published: bool = False
    withdrawable: int = 0
    locked: int = 0
    slash: int = 0
    fault: bool = False
    releasable_at: int = 0
    expelled: bool = False
    answer: Answer | None = None
    late: OpenUpdate | None = None
    owing: tuple[str, ...] = ()
    unproved: ChallengeProof | None = None
    review_again: int = 0

    @property
    def plays(self) -> bool:
        """Whether the trainer is on the roster of a round that runs."""
        return not self.at.phase.is_end and self.status is not TrainerStatus.NONE


@dataclass(frozen=True)
class AggregatorView:
    """What concerns one aggregator, amounts in wei.

    Attributes:
        stake: what posting an average locks.
        free, answer, late, collectable, claimable, withdrawable: as in `TrainerView`.
    """

    at: RoundView
    stake: int = 0
    free: int = 0
    answer: Answer | None = None
    late: OpenModel | None = None
    collectable: tuple[int, ...] = ()
    claimable: int = 0
    withdrawable: int = 0


@dataclass(frozen=True)
class ChallengerView:
    """What a challenger found in a task.

    Attributes:
        patience: when what cannot be fetched counts as withheld, Unix seconds.
        faults: what is wrong in the attempt that is aggregated; nothing where its updates add up.
        missing: members whose masked update can be fetched from nowhere.
        accusable: members who can be accused now.
        model: what is the matter with the bytes of the average, in Challenge, or of the first model, in Join.
        model_accusable: whether they can be demanded now.
        unproved, review_again: as in `TrainerView`.
        faulty: trainers at fault in a round that is over, whose stake was not slashed yet.
        reclaimable: own challenges that nobody answered in time.
        reclaimable_at: when the bond of another one can be reclaimed, Unix seconds; 0 if there is none.
        claimable: what was credited and can be paid out, wei.
    """

    at: RoundView
    patience: int = 0
    faults: Faults = NO_FAULTS
    missing: tuple[str, ...] = ()
    accusable: frozenset[str] = frozenset()
    model: Bytes = Bytes.FOUND
    model_accusable: bool = False
    unproved: ChallengeProof | None = None
    review_again: int = 0
    faulty: tuple[str, ...] = ()
    reclaimable: tuple[int, ...] = ()
    reclaimable_at: int = 0
    claimable: int = 0


@dataclass(frozen=True)
class AttesterView:
    """What concerns one holder of held-out data.

    Attributes:
        missing: parts of its data that are not registered.
        pending: rounds and parts whose scores can be recorded and are not, oldest first.
        once: whether it is done when there are no such scores left.
    """

    at: RoundView
    missing: tuple[int, ...] = ()
    pending: tuple[tuple[int, int], ...] = ()
    once: bool = False


def decide_attester(view: AttesterView) -> Action:
    """The attester's next action."""
    at = view.at
    if view.missing and not at.phase.is_end:
        return RegisterHeldOut(view.missing)
    if view.pending:
        return Attest(*view.pending[0])
    if at.phase.is_end or view.once:
        return Done()
    return Wait(f"round {at.round}: waiting for a model that can be scored", at.deadline)


def decide_trainer(view: TrainerView) -> Action:
    """The trainer's next action: what its round asks for, then what it is owed."""
    action = _train(view)
    if not isinstance(action, (Wait, Done)):
        return action
    if view.late:
        return AnswerLate(view.late)
    return Settle(view.owing[0]) if view.owing else action


def _train(view: TrainerView) -> Action:
    at = view.at
    if at.overdue:
        return Advance(at.round)
    if view.answer:
        return view.answer
    if at.phase.is_end or view.expelled or (view.releasable_at and not view.plays):
        return _leave(view)
    joinable = at.phase is Phase.JOIN or at.round < at.rounds
    if joinable and not view.enrolled:
        return Enrol() if view.free >= view.stake else Deposit(view.stake - view.free)
    if at.phase is Phase.JOIN:
        return _join(view)
    if not view.enrolled or view.status is TrainerStatus.NONE:
        hope = "the next one can be joined" if joinable else "it is the last"
        return Wait(f"round {at.round} started without this trainer: {hope}", at.deadline)
    if at.phase is Phase.TRAIN and view.status is TrainerStatus.JOINED:
        return Submit(at.round)
    if at.phase is Phase.REVIEW and view.unproved and view.status is TrainerStatus.SUBMITTED:
        return view.unproved
    if at.phase is Phase.MASK and view.status is not TrainerStatus.JOINED:
        if view.status is not TrainerStatus.SUBMITTED:
            return Wait(f"round {at.round} goes on without this trainer, which was found at fault", at.deadline)
        if view.masked_in == at.attempt - 1:
            return _mask(view)
        if view.masked_in < at.attempt:
            return Wait(f"round {at.round} goes on without this trainer, which missed an attempt", at.deadline)
    is_last_member = view.status in (TrainerStatus.SUBMITTED, TrainerStatus.ACCUSED) and view.masked_in == at.attempt
    if at.phase is Phase.AGGREGATE and is_last_member and not view.published:
        return Publish(at.round, at.attempt)
    again = at.now + STORE_SECONDS if at.phase is Phase.AGGREGATE and is_last_member else view.review_again
    return Wait(f"round {at.round}: waiting for {_WAITING_FOR[at.phase]}", at.deadline, again=again)


def decide_leaver(view: TrainerView) -> Action:
    """The next action of a trainer that wants its stake back, whatever becomes of the round in which it has a seat."""
    if view.enrolled and not view.releasable_at and view.locked > view.slash:
        return Unenrol()
    if view.at.overdue:
        return Advance(view.at.round)
    if view.plays:
        return Wait(f"round {view.at.round} runs, and this account has a seat in it", view.at.deadline)
    action = _leave(view)
    return Settle(view.owing[0]) if view.owing and isinstance(action, (Wait, Done)) else action


def decide_aggregator(view: AggregatorView) -> Action:
    """The aggregator's next action."""
    action = _aggregate(view)
    return AnswerLate(view.late) if view.late and isinstance(action, (Wait, Done)) else action


def _aggregate(view: AggregatorView) -> Action:
    at = view.at
    if at.phase.is_end:
        if view.collectable:
            return Collect(view.collectable[:MOST_ROUNDS])
        if view.withdrawable:
            return Withdraw(view.withdrawable)
        return Claim(view.claimable) if view.claimable else Done()
    if at.overdue:
        return Advance(at.round)
    if view.answer:
        return view.answer
    if at.phase is Phase.AGGREGATE:
        return Aggregate(at.round) if view.free >= view.stake else Deposit(view.stake - view.free)
    return Wait(f"round {at.round}: {at.phase} goes on", at.deadline)


def decide_challenger(view: ChallengerView) -> Action:
    """The challenger's next action: proofs, which cost no bond, before challenges."""
    at = view.at
    if at.overdue:
        return Advance(at.round)
    if at.phase is Phase.AGGREGATE and (found := _accusation(view)):
        return found
    if view.unproved:
        return view.unproved
    withheld = view.model is Bytes.WRONG or (view.model is Bytes.MISSING and at.now >= view.patience)
    if withheld and view.model_accusable:
        return ChallengeModel(at.round)
    if view.faulty:
        return Settle(view.faulty[0])
    if view.reclaimable:
        return Reclaim(view.reclaimable[0])
    if not at.phase.is_end:
        what = "waiting for answers" if at.accused else f"{at.phase} goes on"
        moments = [moment for moment in (view.reclaimable_at, view.review_again) if moment]
        if view.missing or view.model is Bytes.MISSING:
            moments.append(view.patience)
        if view.model_accusable or at.phase in (Phase.AGGREGATE, Phase.CHALLENGE):
            moments.append(at.now + STORE_SECONDS)
        later = [moment for moment in moments if at.now < moment < at.deadline]
        return Wait(f"round {at.round}: {what}", at.deadline, again=min(later, default=0))
    if view.reclaimable_at:
        return Wait("a bond can still be won by an answer", view.reclaimable_at)
    return Claim(view.claimable) if view.claimable else Done()


_WAITING_FOR = {
    Phase.TRAIN: "other trainers' updates",
    Phase.REVIEW: "proofs that may be demanded",
    Phase.MASK: "other trainers' masked updates",
    Phase.AGGREGATE: "the average",
    Phase.CHALLENGE: "the average to be final",
}


def _mask(view: TrainerView) -> Action:
    """In Mask, of a member of the attempt that has not masked in it."""
    at = view.at
    if view.seed is Seed.AWAITED:
        return Wait(f"round {at.round}: the next block shows who is whose peer", at.deadline, again=NEXT_BLOCK)
    return RenewSeed(at.round, at.attempt) if view.seed is Seed.FORGOTTEN else Mask(at.round, at.attempt)


def _join(view: TrainerView) -> Action:
    """In Join, of an enrolled trainer that is not leaving."""
    at = view.at
    if view.fault:
        return Unenrol()
    if view.status is not TrainerStatus.NONE:
        return Wait(f"round {at.round}: others may still join", at.deadline)
    missing = view.stake - (view.locked - view.slash)
    return Join(at.round) if view.free >= missing else Deposit(missing - view.free)


def _leave(view: TrainerView) -> Action:
    holds = view.locked > view.slash  # else there is nothing to release
    if holds and not view.releasable_at:
        return Unenrol()
    if view.collectable:
        return Collect(view.collectable[:MOST_ROUNDS])
    if view.claimable:
        return Claim(view.claimable)
    if holds:
        if view.at.now < view.releasable_at:
            return Wait("the stake is unbonding", view.releasable_at)
        return Release()
    return Withdraw(view.withdrawable) if view.withdrawable else Done()


def _accusation(view: ChallengerView) -> Action | None:
    """What can be held against members of the attempt that is aggregated."""
    for fault in view.faults.misdirected:
        if fault.member in view.accusable:
            return ProveWrongPeer(fault)
    for one, other in view.faults.disagreeing:
        if {one, other} <= view.accusable:
            return ChallengeMask(one, other)
    withheld = view.missing if view.at.now >= view.patience else ()
    for member in (*view.faults.mismatched, *withheld):
        if member in view.accusable:
            return ChallengeUpdate(member)
    return None
