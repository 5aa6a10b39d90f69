"""Keeping roles at work: a look at the chain, a step of each role that has one to make, and again; patient in between.

All roles of a process take turns in one thread. A proof fills the machine anyway, so that two at once would only be
late together; and one thread means one transaction, one state and one place to stop. What takes long, a proof, waits
until no role has anything quick to do, so that no answer to a challenge comes too late because of a proof that had not
begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from headwater.chain.asking.rpc import Block, Chain
from headwater.errors import ChainError, CircuitError, HeadwaterError, JournalError, JournalUnwritable, StorageError
from headwater.protocol.decisions import Action, Aggregate, Done, Submit, Wait
from headwater.roles.report import Report
from headwater.roles.role import Role

LONGEST_PAUSE = 60.0
MOST_DOUBLINGS = 10  # of the pause between failures
LOOK_AGAIN_SECONDS = 60.0
"""How long a role that waits is left alone while no block comes: stores change without one."""

PROOFS = (Submit, Aggregate)
"""The actions that take long."""


class Stop:
    """A wish to stop, and a sleep that ends with it. Signal handlers may utter it: a simple queue takes no lock."""

    def __init__(self) -> None:
        self.requested = False
        self._wishes: SimpleQueue[None] = SimpleQueue()

    def request(self) -> None:
        """Stop after the step in hand."""
        self.requested = True
        self._wishes.put(None)

    def wait(self, seconds: float) -> None:
        """Sleep, unless a stop is or becomes wished for."""
        if not self.requested:
            with suppress(Empty):
                self._wishes.get(timeout=seconds)


class Job:
    """One role in one task, from its opening to its end.

    A node that does not answer, a contract that refuses because somebody else was faster, a document that is not there
    yet or not what was proved, a proof for which there was no memory, and whatever the operating system refuses (a full
    disk, a stale mount) are reported and tried again, ever more slowly: whoever spoils a round with wrong bytes must
    not stop this role, which advances the round at its deadline and goes on with the next. Any other error ends the
    job, and no other. Nothing is lost by ending: the chain holds the state.
    """

    def __init__(self, open_role: Callable[[], Role], report: Report) -> None:
        self.done = False
        self.error: HeadwaterError | None = None
        """What ended the job, if it was no end of the task."""

        self._open, self._report = open_role, report
        self._role: Role | None = None
        self._told, self._failures, self._rests_until = "", 0, 0.0
        self._waits_at, self._waits_since = b"", 0.0  # the block in which nothing was to be done, and when it was read
        self._looked_at = b""

    def reset(self) -> None:
        """Forget all that was read: the role opens anew."""
        self._role, self._waits_at, self._rests_until = None, b"", 0.0

    def is_due(self, block: Block) -> bool:
        """Whether there may be something to do."""
        now = time.monotonic()
        changed = block.hash != self._waits_at or now - self._waits_since > LOOK_AGAIN_SECONDS
        return not self.done and changed and now >= self._rests_until

    def is_idle(self, block: Block) -> bool:
        """Whether it has looked at this block; asked where nothing came of it, so that it waits, rests or has ended."""
        return self.done or self._looked_at == block.hash

    def decide(self, block: Block, poll: float) -> Action | None:
        """What there is to do; None where the role waits, has ended, or failed."""
        self._looked_at = block.hash
        with self._patiently(poll):
            if self._role is None:
                self._role = self._open()
            action = self._role.decide(block)
            if not isinstance(action, (Wait, Done)):
                return action
            self.done = isinstance(action, Done)
            self._succeeded()
            if isinstance(action, Wait):
                self._waits_at, self._waits_since = block.hash, time.monotonic()
                if action.reason != self._told:
                    self._report("waiting", reason=action.reason, until=action.until)
                self._told = action.reason
        return None

    def act(self, action: Action, poll: float) -> None:
        """Do it."""
        with self._patiently(poll):
            if self._role is not None:
                self._role.act(action)
                self._succeeded()

    def _succeeded(self) -> None:
        """A step is complete, or there was none to make: what failed before is mended."""
        if self._failures:
            self._report("recovered", failures=self._failures)
        self._failures = 0

    @contextmanager
    def _patiently(self, poll: float) -> Iterator[None]:
        try:
            yield
        except JournalError:
            raise
        except (ChainError, StorageError, CircuitError, OSError) as error:
            self._failures += 1
            self._told = ""
            self._rests_until = time.monotonic() + pause_after(self._failures, poll)
            self._report("failed", kind=type(error).__name__, error=_text(error), attempt=self._failures)
        except HeadwaterError as error:
            self.done, self.error = True, error
            self._report("given up", kind=type(error).__name__, error=str(error))


class Loop:
    """Jobs that take turns, each from the same block as the others."""

    def __init__(
        self,
        chain: Chain,
        jobs: list[Job],
        report: Report,
        *,
        poll: float = 2.0,
        stop: Stop | None = None,
        asked: Callable[[Block], None] | None = None,
        looked: Callable[[Block], None] | None = None,
        endless: bool = False,
    ) -> None:
        """report: told where the chain cannot be read, or the journal not written, and once a block that no job has
            anything to do in it.

        poll: seconds between looks while there is nothing to do.
        asked: told of the newest block at every look, also when it is the same as before.
        looked: told of every new block before the jobs see it; it may add to `jobs`.
        endless: go on when all jobs are done, for those that are still to come.
        """
        self._chain, self._jobs, self._report, self._poll = chain, jobs, report, poll
        self._stop, self._asked, self._looked, self._endless = stop or Stop(), asked, looked, endless
        self._seen = self._idle_in = b""

    def run(self) -> None:
        """Until all jobs are done, or a stop is wished for and the step in hand is done.

        Raises:
            JournalError: the node's own record is damaged. While it cannot be written, nothing is done.
            HeadwaterError: the first that has ended a job, when all are done.
        """
        failures = 0
        while not self._stop.requested:
            try:
                acted = self._cycle()
                if failures:
                    self._report("recovered", failures=failures)
                failures, pause = 0, 0.0 if acted else self._poll
            except (ChainError, JournalUnwritable, OSError) as error:
                failures += 1
                self._report("failed", kind=type(error).__name__, error=_text(error), attempt=failures)
                pause = pause_after(failures, self._poll)
            if not self._endless and all(job.done for job in self._jobs):
                break
            self._stop.wait(pause)
        for job in self._jobs:
            if job.error and not self._stop.requested:
                raise job.error

    def _look(self) -> Block:
        block = self._chain.block()
        if self._asked is not None:
            self._asked(block)
        if block.hash != self._seen:
            if self._looked is not None:
                self._looked(block)
            self._seen = block.hash
        return block

    def _cycle(self) -> bool:
        """Whether anything was done: what is quick by every job, or else one proof."""
        block, acted = self._look(), False
        proofs: list[tuple[Job, Action]] = []
        for job in list(self._jobs):
            if self._stop.requested:
                return acted
            action = job.decide(block, self._poll) if job.is_due(block) else None
            if isinstance(action, PROOFS):
                proofs.append((job, action))
            elif action is not None:
                job.act(action, self._poll)
                block, acted = self._look(), True  # the next one must see what was done
        if proofs and not acted and not self._stop.requested:
            job, action = proofs[0]
            job.act(action, self._poll)
            return True
        if not acted:
            self._tell_idle(block)
        return acted

    def _tell_idle(self, block: Block) -> None:
        waits = self._endless or not all(job.done for job in self._jobs)
        if waits and block.hash != self._idle_in and all(job.is_idle(block) for job in self._jobs):
            self._idle_in = block.hash
            self._report("idle", block=block.number)


def _text(error: HeadwaterError | OSError) -> str:
    """What an error says; of one that is none of ours, nothing that may hold a URL's secrets."""
    if isinstance(error, HeadwaterError):
        return str(error)
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def pause_after(failures: int, poll: float) -> float:
    """Seconds to leave alone what has failed so often in a row."""
    return min(poll * (1 << min(failures, MOST_DOUBLINGS)), LONGEST_PAUSE)
