"""What a journal lets go of by itself, since it can no longer matter."""

from __future__ import annotations

import time

from headwater.journal.database import Database

KEPT_DAYS = 30
"""How long transactions stay that are settled: longer than any reorganization is deep."""


def trim(database: Database) -> int:
    """Forget transactions that have been settled for long; of each account the newest stays. How many went.

    Blocks, logs and proofs are forgotten where they are kept: see `Cursor`, `LogJournal` and `KeptProofs`. Never
    forgotten is what protects data: seeds, and how many proofs there are about each commitment (`DataCommitments`).
    """
    with database.transaction() as rows:
        return rows.execute(
            "DELETE FROM intents WHERE state NOT IN ('prepared', 'sent') AND changed_at < ? AND nonce <"
            " (SELECT max(nonce) FROM intents AS i WHERE i.chain = intents.chain AND i.sender = intents.sender)",
            (time.time() - KEPT_DAYS * 24 * 3600,),
        ).rowcount
