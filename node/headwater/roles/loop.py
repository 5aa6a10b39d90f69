"""Keeping roles at work: a look at the chain, a turn of each role that may have something to do, and again.

The loop's own thread does nothing but look at the chain. Roles take their turns in threads of their own, so that none
waits for another one's proof, for a store's silence or for a transaction to be mined. Those in tasks that the operator
has chosen have threads for themselves: whatever strangers publish, it keeps no such role waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

from headwater.backoff import pause_after
from headwater.chain.asking.rpc import Block, Chain
from headwater.chain.deploying.records import LOCAL_CHAINS
from headwater.errors import ChainError, JournalError, JournalUnwritable
from headwater.roles.job import LONGEST_PAUSE, Job, text_of
from headwater.roles.pace import Pace
from headwater.roles.report import Report

THREADS = 32
"""Turns at a time, of own tasks; and as many of others."""

WATCHED_SECONDS = 1.0
"""How often the turns in hand are looked at while the loop waits for their end."""


class Stop:
    """A wish to stop, and a sleep that ends with it. Signal handlers may utter it: a simple queue takes no lock."""

    def __init__(self) -> None:
        self.requested = False
        self._wishes: SimpleQueue[None] = SimpleQueue()

    def request(self) -> None:
        """Stop after the steps in hand."""
        self.requested = True
        self._wishes.put(None)

    def wake(self) -> None:
        """End the sleep, for another reason."""
        self._wishes.put(None)

    def wait(self, seconds: float) -> None:
        """Sleep, unless a stop is or becomes wished for, or something else ends the sleep."""
        if not self.requested:
            self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        """The same, also while a stop is wished for."""
        with suppress(Empty):
            self._wishes.get(timeout=seconds)
            while True:  # one awakening is enough for all that has happened
                self._wishes.get_nowait()


class _Turn(Thread):
    """A turn of a job, in a thread that keeps no process alive."""

    def __init__(self, job: Job, take: Callable[[], bool], ended: Callable[[], None]) -> None:
        super().__init__(name=f"turn of task {job.task_id}", daemon=True)
        self.job, self.over, self.acted = job, False, False
        self.error: BaseException | None = None
        self._take, self._ended = take, ended

    def run(self) -> None:
        try:
            self.acted = self._take()
        except BaseException as error:  # noqa: BLE001  # raised again by the loop, unless it is a stranger's doing
            if self.job.own or isinstance(error, JournalError):
                self.error = error
            else:
                self.job.fail(error)
        self.over = True
        self._ended()


class Loop:
    """Jobs that take turns, each from a block that the loop has seen."""

    def __init__(
        self,
        chain: Chain,
        jobs: list[Job],
        report: Report,
        *,
        poll: float = 2.0,
        stop: Stop | None = None,
        asked: Callable[[Block], None] | None = None,
        looked: Callable[[Block], Collection[int] | None] | None = None,
        endless: bool = False,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        """report: told where the chain cannot be read, or the journal not written, and once a block that no job has
            anything to do in it.

        poll: seconds between looks while there is nothing to do, at least.
        asked: told of the newest block at every look, also when it is the same as before.
        looked: told of every new block before the jobs see it, and says of which tasks something has changed, None
            where it does not know; it may add to `jobs`.
        endless: go on when all jobs are done, for those that are still to come.
        closing: told that nothing is to be begun any more, before the steps in hand are waited for.
        """
        self._chain, self._jobs, self._report, self._poll = chain, jobs, report, poll
        self._stop, self._asked, self._looked, self._endless = stop or Stop(), asked, looked, endless
        self.pace = Pace(poll, is_steady=chain.chain_id not in LOCAL_CHAINS)
        self._block: Block | None = None
        self._idle_in, self._closing = b"", closing
        self._turns: list[_Turn] = []
        self._tells_all = True  # what has changed since the jobs were told

    def run(self) -> None:
        """Until all jobs are done, or a stop is wished for and the steps in hand are done.

        Raises:
            JournalError: the node's own record is damaged. While it cannot be written, nothing is done.
            HeadwaterError: the first that has ended a job, when all are done.
        """
        failures, look_at = 0, 0.0
        try:
            while not self._stop.requested:
                acted = self._collect()
                try:
                    if acted or time.monotonic() >= look_at:
                        self._look()
                        look_at = time.monotonic() + self.pace.pause()
                        if failures:
                            self._report("recovered", failures=failures)
                        failures = 0
                    if self._block is not None:
                        self._dispatch(self._block)
                except (ChainError, JournalUnwritable, OSError) as error:
                    failures += 1
                    self._report("failed", kind=type(error).__name__, error=text_of(error), attempt=failures)
                    look_at = time.monotonic() + pause_after(failures, self._poll, LONGEST_PAUSE)
                if not self._endless and not self._turns and all(job.done or job.is_timekeeper for job in self._jobs):
                    break
                self._stop.wait(min(max(look_at - time.monotonic(), 0.0), self._poll))
        finally:
            self._close()
        self._collect()
        for job in self._jobs:
            if job.error and not self._stop.requested:
                raise job.error

    def _close(self) -> None:
        """Wait for the steps in hand. A look at what a stranger published is none."""
        self._closing()
        while any(turn.job.acting or turn.job.own for turn in self._turns if not turn.over):
            self._stop.sleep(WATCHED_SECONDS)

    def _look(self) -> None:
        """Read the newest block, and tell the jobs what has changed."""
        block = self._chain.block()
        if self._asked is not None:
            self._asked(block)
        if self._block is None or block.hash != self._block.hash:
            tells_all, self._tells_all = self._tells_all, True  # unless the next line succeeds
            changed = self._looked(block) if self._looked is not None else None
            self._tells_all = False
            for job in self._jobs:
                if tells_all or changed is None or not job.task_id or job.task_id in changed:
                    job.tell()
        self.pace.saw(block)
        self._block = block

    def _dispatch(self, block: Block) -> None:
        """Begin the turns that are due, of own tasks first, then the most urgent: as many as there are threads."""
        free = {own: THREADS - sum(turn.job.own is own for turn in self._turns) for own in (True, False)}
        due = [job for job in list(self._jobs) if job.is_due(block)]
        for job in sorted(due, key=lambda job: (not job.own, job.deadline)):
            if free[job.own]:
                free[job.own] -= 1
                self._begin(job, block)
        waits = self._endless or not all(job.done for job in self._jobs)
        idle = not due and not self._turns and all(job.is_idle(block) for job in self._jobs)
        if waits and idle and block.hash != self._idle_in:
            self._idle_in = block.hash
            self._report("idle", block=block.number)

    def _begin(self, job: Job, block: Block) -> None:
        def take() -> bool:
            return job.turn(block, self._chain.block, self._poll, lambda: self._stop.requested)

        job.begin()
        turn = _Turn(job, take, self._stop.wake)
        self._turns.append(turn)
        turn.start()

    def _collect(self) -> bool:
        """End the turns that are over; whether any has done something, so that the others must see it."""
        over = [turn for turn in self._turns if turn.over]
        self._turns = [turn for turn in self._turns if not turn.over]
        for turn in over:
            turn.job.busy = False
        for turn in over:
            if turn.error is not None:
                raise turn.error
        return any(turn.acted for turn in over)
