"""Who advances a round whose deadline has passed: anyone may, and if all do at once, all but one pay for nothing.

Those whom the round concerns go first, two at a time and then ever more, in an order that everybody computes alike from
the addresses, the task and the deadline. All others come later, each at a moment of its own.
"""

from __future__ import annotations

from collections.abc import Collection

from headwater.protocol.keccak import keccak256

AT_ONCE = 2
"""How many go at the deadline."""

WIDEST = 4
"""After so many groups of those concerned, it is the others' turn, too."""

SLOTS = 16
"""Over how many turns all others are spread."""


def order(accounts: Collection[str], task_id: int, deadline: int) -> list[str]:
    """Accounts in the order in which they advance: that of a hash, so that it is not always the same ones."""
    return sorted(accounts, key=lambda account: _draw(account, task_id, deadline))


def group(rank: int) -> int:
    """Of which group an account is, by its place in the order: 2, 2, 4, 8, ... accounts go together."""
    return (rank // AT_ONCE).bit_length()


def turns_to_wait(account: str, first: str, concerned: Collection[str], task_id: int, deadline: int) -> int:
    """For how many turns after the deadline an account leaves it to others. A turn is as long as two blocks.

    Args:
        first: who is to go before all others; empty: nobody.
        concerned: whom the round concerns.
    """
    ranked = [first] * bool(first) + [other for other in order(concerned, task_id, deadline) if other != first]
    if account in ranked:
        return group(ranked.index(account))
    groups = min(group(len(ranked) - 1) + 1, WIDEST) if ranked else 0
    return groups + int.from_bytes(_draw(account, task_id, deadline)[:8], "big") % SLOTS


def _draw(account: str, task_id: int, deadline: int) -> bytes:
    return keccak256(task_id.to_bytes(32, "big") + deadline.to_bytes(32, "big") + bytes.fromhex(account[2:]))
