"""Who may enrol in a task, in words: anybody, members of groups, or whom a contract of unknown rules admits."""

from __future__ import annotations

from headwater.chain.contracts.opened import Contracts
from headwater.groups.members import Group, in_all, read_group
from headwater.protocol.structs import ZERO_ADDRESS


def read_groups(contracts: Contracts, module: str, block: int) -> list[Group] | None:
    """The groups that a task's module asks for; None where it is none of GroupAdmissions'.

    Raises:
        ChainError: the node fails, or leaves out events.
    """
    ids = contracts.admissions.groups_of(module, block)
    return None if ids is None else [read_group(contracts, group_id, block) for group_id in ids]


def who_may_enrol(contracts: Contracts, module: str, block: int) -> str:
    """One sentence, with each group's admin and size. Of several, how many are in all says how well a member is hidden.

    Raises:
        ChainError: the node fails, or leaves out events.
    """
    if module == ZERO_ADDRESS:
        return "anybody"
    groups = read_groups(contracts, module, block)
    if groups is None:
        return f"whom the contract at {module} admits, of which headwater knows nothing"
    texts = [f"group {g.facts.id} ({len(g.members):,} members, admin {g.facts.admin})" for g in groups]
    all_of = "" if len(groups) == 1 else f": {len(in_all(groups)):,} are in all of them"
    return f"members of {' and '.join(texts)}{all_of}; each once, and nobody sees which"
