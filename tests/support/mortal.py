"""`headwater` in a process that is killed at a named point of a round, as by `kill -9` or a power cut.

    python -m tests.support.mortal WORDS...

HEADWATER_CRASH names the point, one of POINTS, and the round: "2 after mask"; without it the process lives.
HEADWATER_FEES_AFTER sets after how many seconds an unmined transaction is replaced, so that a test need not wait.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from typing import Any

from headwater.chain.sending import sender
from headwater.chain.sending.fees import BumpingFees
from headwater.cli import progress
from headwater.cli.main import cli
from headwater.journal.intents import Intent, Intents, State
from headwater.roles.published import Published
from headwater.roles.report import Report

STAGES = {
    "enrolled": "after enrol",
    "joined": "after join",
    "proved": "between proof and submission",
    "submitted": "after submission",
    "masked": "after mask",
    "published": "after publish",
}
"""The points that roles report themselves."""

DURING_PROOF, BEFORE_BROADCAST, BEFORE_RECEIPT = "during the proof", "before the broadcast", "before the receipt"
BEFORE_PUBLISH = "before publish"
POINTS = (*STAGES.values(), DURING_PROOF, BEFORE_BROADCAST, BEFORE_RECEIPT, BEFORE_PUBLISH)
INTO_PROOF = 0.4  # seconds


class Fate:
    """Where this process ends. Roles name the round in what they report; enrolment belongs to the first."""

    def __init__(self, text: str) -> None:
        number, _, self._point = text.partition(" ")
        self._round = int(number or 0)
        self._running = 1

    def watch(self, report: Report) -> Report:
        """A report that ends the process where its stage is the point."""

        def watched(stage: str, **details: Any) -> None:
            report(stage, **details)
            self._running = details.get("round", self._running)
            if stage == "proving":
                self.reach(DURING_PROOF, after=INTO_PROOF)
            elif stage in STAGES:
                self.reach(STAGES[stage])

        return watched

    def reach(self, point: str, after: float = 0.0) -> None:
        """End here, or some seconds later, if this is the point."""
        if (point, self._running) == (self._point, self._round):
            threading.Timer(after, _die).start() if after else _die()

    def install(self) -> None:
        """Have every role of this process watched."""
        log_report, reserve, mark, publish = progress.log_report, Intents.reserve, Intents.mark, Published.put

        def crashing_reserve(intents: Intents, *where: Any) -> Intent:
            intent = reserve(intents, *where)
            if intent.name == "ProofManager.submit":
                self.reach(BEFORE_BROADCAST)
            return intent

        def crashing_mark(intents: Intents, intent: Intent, state: State) -> None:
            mark(intents, intent, state)
            if intent.name == "ProofManager.submit" and state is State.SENT:
                self.reach(BEFORE_RECEIPT)

        def crashing_publish(published: Published, document: Any) -> Any:
            self.reach(BEFORE_PUBLISH)
            return publish(published, document)

        progress.log_report = lambda role, **named: self.watch(log_report(role, **named))
        Intents.reserve, Intents.mark = crashing_reserve, crashing_mark  # type: ignore[method-assign]
        Published.put = crashing_publish  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run `headwater` with this process's words."""
    if fate := os.environ.get("HEADWATER_CRASH"):
        Fate(fate).install()
    if after := os.environ.get("HEADWATER_FEES_AFTER"):
        sender.BumpingFees = lambda: replace(BumpingFees(), after=float(after))  # type: ignore[assignment, misc]
    cli(prog_name="headwater")


if __name__ == "__main__":
    main()
