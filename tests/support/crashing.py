"""A process that is killed at a named point of a delivery, as by `kill -9` or a power cut.

    python -m tests.support.crashing URLS HOME ACCOUNT TARGET POINT

It does as a role does: finishes what an earlier process left, looks at the chain, and gives TARGET one wei if it has
none. It prints a line before it begins. POINT is one of POINTS, or "" to live.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.deploying.anvil import derive_accounts
from headwater.chain.sending.sender import Sender
from headwater.journal.intents import Intent, Intents, State
from headwater.journal.journal import open_journal

POINTS = {
    "nothing written": ("before", State.PREPARED),
    "written, not broadcast": ("after", State.PREPARED),
    "broadcast, not written": ("before", State.SENT),
    "broadcast and written": ("after", State.SENT),
    "mined, not written": ("before", State.MINED),
    "mined and written": ("after", State.MINED),
}


class CrashingIntents(Intents):
    """Intents that end the process before or after a state is written for the first time."""

    def __init__(self, intents: Intents, point: str) -> None:
        super().__init__(intents._database)
        self._point = POINTS.get(point)

    def prepare(self, intent: Intent, replaces: bytes | None = None) -> None:
        self._reach("before", State.PREPARED)
        super().prepare(intent, replaces)
        self._reach("after", State.PREPARED)

    def mark(self, intent: Intent, state: State) -> None:
        self._reach("before", state)
        super().mark(intent, state)
        self._reach("after", state)

    def _reach(self, when: str, state: State) -> None:
        if self._point == (when, state):
            os.kill(os.getpid(), signal.SIGKILL)


def main(urls: str, home: str, account: str, target: str, point: str) -> None:
    key = derive_accounts(int(account) + 1)[-1]
    print("begins", flush=True)
    chain = connect(urls.split())
    with open_journal(Path(home), key) as journal:
        sender = Sender(chain, key, mined_seconds=20, intents=CrashingIntents(journal.intents, point))
        sender.next_nonce()
        if chain.balance(target) == 0:
            sender.send(Call(target, b"", 1, "one wei"))


if __name__ == "__main__":
    main(*sys.argv[1:])
