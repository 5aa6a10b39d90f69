"""Keeping a role at work: step after step until its task is done, patient where waiting helps."""

from __future__ import annotations

import time
from typing import Protocol

from headwater.errors import ChainError, ContentMismatch, Unavailable
from headwater.protocol.decisions import Action, Done, Wait
from headwater.roles.report import Report

LONGEST_PAUSE = 60.0
MOST_DOUBLINGS = 10  # of the pause between failures


class Role(Protocol):
    """What trainers, aggregators and challengers have in common."""

    def step(self) -> Action:
        """Look, decide, act."""


def run(role: Role, report: Report, poll: float = 2.0) -> None:
    """Step until `Done`.

    A node that does not answer, a contract that refuses because somebody else was faster, and a document that is not
    there yet or not what was proved are reported and tried again, ever more slowly: whoever spoils a round with wrong
    bytes must not stop this role, which advances the round at its deadline and goes on with the next. Any other error
    ends the loop. Nothing is lost by ending: the chain holds the state.

    Args:
        poll: seconds between looks while there is nothing to do.

    Raises:
        HeadwaterError: trying again would not help.
    """
    told, failures = "", 0
    while True:
        try:
            action = role.step()
        except (ChainError, ContentMismatch, Unavailable) as error:
            failures += 1
            report("failed", error=str(error), attempt=failures)
            time.sleep(min(poll * 2 ** min(failures, MOST_DOUBLINGS), LONGEST_PAUSE))
            continue
        failures = 0
        if isinstance(action, Done):
            return
        if isinstance(action, Wait):
            if action.reason != told:
                report("waiting", reason=action.reason, until=action.until)
            told = action.reason
            time.sleep(poll)
