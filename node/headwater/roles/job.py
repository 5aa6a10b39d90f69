"""One role in one task, from its opening to its end: when it is its turn, what it does then, and on errors.

A node that does not answer, a contract that refuses because somebody else was faster, a document that is not there yet
or not what was proved, a proof for which there was no memory, and whatever the operating system refuses (a full disk, a
stale mount) are reported and tried again, ever more slowly: whoever spoils a round with wrong bytes must not stop this
role, which goes on with the next. Any other error ends the job, and no other. Nothing is lost by ending: the chain
holds the state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

from headwater.backoff import pause_after
from headwater.chain.asking.rpc import Block
from headwater.errors import ChainError, CircuitError, HeadwaterError, JournalError, JournalUnwritable, StorageError
from headwater.protocol.decisions import (
    NEXT_BLOCK,
    Action,
    Advance,
    Claim,
    Deposit,
    Done,
    Enrol,
    RenewSeed,
    Settle,
    Wait,
    Withdraw,
)
from headwater.roles.opener import Opening
from headwater.roles.report import Report
from headwater.roles.role import Role

LONGEST_PAUSE, LONGEST_PAUSE_OF_OTHERS = 60.0, 900.0
"""Seconds that what has failed is left alone at most: in tasks that the operator chose, and in others."""

LOOK_AGAIN_SECONDS, LOOK_AGAIN_AT_OTHERS = 150.0, 900.0
"""How long a role that waits is left alone while nothing is told of its task: an endpoint may leave logs out, and who
is challenged has ten minutes at least."""

OPENING_SECONDS = 5.0
"""How often a role asks whether its task is open by now, unless it is told."""

OF_COIN = (Claim, Deposit, Enrol, Withdraw)
"""Actions on what all roles of an account have in common, its coin and free stake: decided one after another."""

OF_TASK = (Advance, RenewSeed, Settle)
"""Actions that several roles in one task may come to: likewise."""


class Job:
    """A role's turns. The loop's thread asks whether one is due; `turn` runs in another."""

    def __init__(
        self,
        open_role: Callable[[], Role],
        report: Report,
        *,
        task_id: int = 0,
        own: bool = True,
        needed: Callable[[Block], bool] = lambda _: True,
        begun: Callable[[], None] = lambda: None,
        is_kept: bool = False,
        is_timekeeper: bool = False,
        affords: Callable[[int], bool] = lambda _: True,
        coin: RLock | None = None,
        task: RLock | None = None,
    ) -> None:
        """open_role: raises `Opening` where it is not known yet whether the task is in order.

        task_id: the task whose changes concern it; 0: every block may.
        own: whether the operator has chosen the task; others come later, are left alone for longer, and their faults
            are none of the node's.
        needed: whether there may be anything to do before the role is open.
        begun: told before anything is done.
        is_kept: the task has a keeper (`roles.keeper`): advancing rounds is left to it.
        is_timekeeper: it is that keeper: a process does not go on for its sake alone.
        affords: whether so many wei may be staked in a task that the operator has not chosen.
        coin, task: held while an action of `OF_COIN` or `OF_TASK` is decided and done, by all jobs of an account, or
            those in a task.
        """
        self.task_id, self.own, self.is_timekeeper = task_id, own, is_timekeeper
        self.done = False
        self.error: HeadwaterError | None = None
        """What ended the job, if it was no end of the task."""
        self.busy = False
        """Whether a turn is running; the loop's thread sets it."""
        self.acting = False
        """Whether it is doing something that should be done to its end."""
        self.opening = False
        """Whether it waits for its task to be opened."""

        self._open, self._report, self._needed, self._begun = open_role, report, needed, begun
        self._is_kept = is_kept
        self._affords = affords
        self._locks = {OF_COIN: coin or RLock(), OF_TASK: task or RLock()}
        self._role: Role | None = None
        self._told, self._failures, self._rests_until = "", 0, 0.0
        self._again, self._looked = 0, 0.0  # when to look again, see `Wait`; when it has looked, monotonic
        self._tried_in = b""  # the hash of the block in which it had its last turn
        self._waits_in = b""  # the hash of the block in which it had nothing to do
        self._is_fresh = True  # whether something may have changed since it looked
        self._acted_in = 0  # the block of its last transaction: an endpoint that is behind does not know it yet
        self._resets = 0

    @property
    def deadline(self) -> int:
        """When it has to look again at the latest, Unix seconds: which of several comes first."""
        return self._again

    def tell(self) -> None:
        """Something may have changed."""
        self._is_fresh = True

    def reset(self) -> None:
        """Forget all that was read: the role opens anew."""
        self._resets += 1
        self._role, self._rests_until, self._is_fresh, self._acted_in = None, 0.0, True, 0

    def begin(self) -> None:
        """A turn begins: what is told from now on, the next one has to see."""
        self.busy, self._is_fresh = True, False

    def is_due(self, block: Block) -> bool:
        """Whether there may be something to do."""
        now = time.monotonic()
        if self.done or self.busy or now < self._rests_until or block.number < self._acted_in:
            return False
        if self._role is None and not self._needed(block):
            return False
        stale = now - self._looked > (LOOK_AGAIN_SECONDS if self.own else LOOK_AGAIN_AT_OTHERS)
        if self._again == NEXT_BLOCK:
            return self._is_fresh or stale or block.hash != self._waits_in
        return self._is_fresh or stale or (0 < self._again <= block.timestamp)

    def is_idle(self, block: Block) -> bool:
        """Whether there is nothing to do in a block that it has not tried in vain, and its task is not being opened."""
        if self.done or not self.own:
            return True
        return not self.opening and (not self._failures or self._tried_in == block.hash)

    def turn(self, block: Block, newest: Callable[[], Block], poll: float, stopping: Callable[[], bool]) -> bool:
        """Look, decide, act. Whether anything was done.

        Args:
            block: what to decide by.
            newest: reads the chain's newest block, where what others did just now has to be seen.
            stopping: whether nothing is to be begun any more.

        Raises:
            JournalError: the node's own record is damaged.
        """
        self.opening, acted, self._tried_in = False, False, block.hash
        with self._patiently(poll):
            role = self._opened()
            action = None if role is None else self._decide(role, block)
            if role is not None and action is not None and not stopping():
                self.acting = True
                self._begun()
                self.own = self.own or self._is_kept  # something of the account is at stake there from now on
                acted = self._act(role, action, newest)
                self._is_fresh = True
                self._succeeded()
        return acted

    def _opened(self) -> Role | None:
        """The role; None where what it was opened from has changed meanwhile."""
        if self._role is None:
            resets, role = self._resets, self._open()
            self._role = role if resets == self._resets else None
        return self._role

    def _act(self, role: Role, action: Action, newest: Callable[[], Block]) -> bool:
        """Do it, unless what other jobs did before leaves nothing to do."""
        lock = next((lock for kinds, lock in self._locks.items() if isinstance(action, kinds)), None)
        if lock is None:
            self._do(role, action)
            return True
        with lock:
            block = newest()
            now = self._decide(role, block)
            if isinstance(now, Deposit) and not self.own and not self._affords(now.amount):
                self._wait(Wait("its stake would leave too little coin for the tasks that you chose", 0), block, 0)
                return False
            if now is not None:
                self._do(role, now)
            return now is not None

    def _do(self, role: Role, action: Action) -> None:
        receipt = role.act(action)
        self._acted_in = 0 if receipt is None else receipt.block_number

    def fail(self, error: BaseException) -> None:
        """End with an error that nobody has foreseen: in a stranger's task that must end no more than this job."""
        self.done = True
        self._report("passed over", reason=f"it led to a fault here: {type(error).__name__}")

    def _decide(self, role: Role, block: Block) -> Action | None:
        """What there is to do; None where the role waits, or has ended."""
        action = role.decide(block)
        if isinstance(action, Advance) and self._is_kept:
            action = Wait(f"round {action.round}: its deadline has passed", block.timestamp)
        if isinstance(action, Wait):
            self._wait(action, block, action.again or (action.until if action.until > block.timestamp else 0))
            return None
        self._again = 0
        if isinstance(action, Done):
            self.done = True
            self._succeeded()
            return None
        return action

    def _wait(self, action: Wait, block: Block, again: int) -> None:
        self._succeeded()
        self._again, self._waits_in, self._looked = again, block.hash, time.monotonic()
        if action.reason and action.reason != self._told:
            self._report("waiting", reason=action.reason, until=action.until)
        self._told = action.reason

    def _succeeded(self) -> None:
        """A step is complete, or there was none to make: what failed before is mended."""
        if self._failures:
            self._report("recovered", failures=self._failures)
        self._failures = 0

    @contextmanager
    def _patiently(self, poll: float) -> Iterator[None]:
        try:
            yield
        except Opening:
            self.opening = True
            self._is_fresh, self._rests_until = True, time.monotonic() + OPENING_SECONDS
        except (ChainError, StorageError, CircuitError, OSError, JournalUnwritable) as error:
            self._failures += 1
            self._told, self._is_fresh = "", True
            longest = LONGEST_PAUSE if self.own else LONGEST_PAUSE_OF_OTHERS
            self._rests_until = time.monotonic() + pause_after(self._failures, poll, longest)
            stage = "failed" if self.own or isinstance(error, (ChainError, JournalError)) else "left alone"
            self._report(stage, kind=type(error).__name__, error=text_of(error), attempt=self._failures)
        except JournalError:
            raise
        except HeadwaterError as error:
            self.done = True
            if not self.own:
                self._report("passed over", reason=str(error))
                return
            self.error = error
            self._report("given up", kind=type(error).__name__, error=str(error))
        except Exception as error:
            if self.own:
                raise
            self.fail(error)
        finally:
            self.acting = False


def text_of(error: HeadwaterError | OSError) -> str:
    """What an error says; of one that is none of ours, nothing that may hold a URL's secrets."""
    if isinstance(error, HeadwaterError):
        return str(error)
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason
