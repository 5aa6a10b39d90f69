"""A process that is killed at a named point of a delivery, as by `kill -9` or a power cut.

    python -m tests.support.crashing URLS HOME ACCOUNT TARGETS POINT

It does as a role does: finishes what an earlier process left, looks at the chain, and gives one wei to each of TARGETS
(with commas between) that has none, to all at once. It prints a line before it begins. POINT is one of POINTS, after
the number of times that it is passed alive ("2 broadcast, not written"), or "" to live.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
    """Intents that end the process before or after a state is written."""

    def __init__(self, intents: Intents, point: str) -> None:
        super().__init__(intents._database)
        number, _, name = point.partition(" ")
        self._left, self._point = int(number or 0), POINTS.get(name)

    def reserve(self, chain: str, sender: str, used: int, sign: Callable[[int], Intent]) -> Intent:
        self._reach("before", State.PREPARED)
        intent = super().reserve(chain, sender, used, sign)
        self._reach("after", State.PREPARED)
        return intent

    def mark(self, intent: Intent, state: State) -> None:
        self._reach("before", state)
        super().mark(intent, state)
        self._reach("after", state)

    def _reach(self, when: str, state: State) -> None:
        if self._point != (when, state):
            return
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def main(urls: str, home: str, account: str, targets: str, point: str) -> None:
    key = derive_accounts(int(account) + 1)[-1]
    print("begins", flush=True)
    chain = connect(urls.split())
    with open_journal(Path(home), key) as journal, ThreadPoolExecutor() as threads:
        sender = Sender(chain, key, mined_seconds=20, intents=CrashingIntents(journal.intents, point))
        sender.next_nonce()
        calls = [Call(target, b"", 1, "one wei") for target in targets.split(",") if chain.balance(target) == 0]
        list(threads.map(sender.send, calls))


if __name__ == "__main__":
    main(*sys.argv[1:])
