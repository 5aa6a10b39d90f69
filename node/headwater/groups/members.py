"""Who is in a group, from the events of Semaphore's contract.

All members are read, whoever is looked for: a question about one commitment would tell the node's endpoint whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headwater.chain.asking.rpc import BlockId, Chain
from headwater.chain.contracts.events import Event, MemberAdded, MemberRemoved, MembersAdded, MemberUpdated
from headwater.chain.contracts.groups import Semaphore
from headwater.chain.contracts.opened import Contracts
from headwater.errors import ChainError, ConfigError
from headwater.groups.prover import Membership
from headwater.protocol.structs import ZERO_ADDRESS

CHANGES = (MemberAdded, MembersAdded, MemberUpdated, MemberRemoved)


@dataclass(frozen=True)
class GroupFacts:
    """A group without its members.

    Attributes:
        admin: who decides who is in.
        places: how many members it has had.
        root: of its tree; 0 where it has had none.
        expiry: for how many seconds a root counts after it was made, once it has changed.
    """

    id: int
    admin: str
    places: int
    root: int
    expiry: int


@dataclass(frozen=True)
class Group:
    """A group.

    Attributes:
        leaves: the commitments of its members, in the order of its tree; 0 for whoever was removed.
    """

    facts: GroupFacts
    leaves: tuple[int, ...]

    @property
    def members(self) -> frozenset[int]:
        """Who is in."""
        return frozenset(self.leaves) - {0}

    @property
    def membership(self) -> Membership:
        """What a proof of membership is made from."""
        return Membership(self.leaves, self.facts.root)


def group_facts(semaphore: Semaphore, group_id: int, block: BlockId) -> GroupFacts:
    """What views tell of a group.

    Raises:
        ConfigError: there is no such group.
    """
    admin = semaphore.admin_of(group_id, block)
    if admin == ZERO_ADDRESS:
        raise ConfigError(f"there is no group {group_id}", "`headwater group list` shows which there are")
    places, root = semaphore.places_of(group_id, block), semaphore.root_of(group_id, block)
    return GroupFacts(group_id, admin, places, root, semaphore.expiry_of(group_id, block))


def read_group(contracts: Contracts, group_id: int, block: int | None = None, *, agreed: bool = False) -> Group:
    """A group at a block, by default the newest.

    That its root is that of these members is checked by whoever makes a proof; here, that the events are whole.

    Args:
        agreed: whether more than half of the chain's nodes must tell its root, of their newest blocks: who alone tells
            it may tell of half of the members, and learn by what is done then in which half somebody is.

    Raises:
        ConfigError: there is no such group.
        ChainError: the node fails, or leaves out events; or there is no majority.
    """
    at = contracts.chain.block().number if block is None else block
    address = contracts.semaphore.address
    when: BlockId = "latest" if agreed else at  # of each node's own newest: which block that is, one alone might choose

    def read(chain: Chain) -> GroupFacts:
        return group_facts(Semaphore(chain, address), group_id, when)

    facts = contracts.chain.agreed(read) if agreed else read(contracts.chain)
    found = [event for kind in CHANGES for event in contracts.semaphore.events(kind, last=at, group_id=group_id)]
    try:
        leaves, root = _replayed(sorted(found, key=lambda event: (event.block_number, event.log_index)))
    except (IndexError, ValueError):
        leaves, root = [], -1
    if len(leaves) != facts.places or root != facts.root:
        raise ChainError(
            f"the node does not tell all that happened to group {group_id}",
            "it may be behind, or limit logs: try again, or name another with --rpc",
        )
    return Group(facts, tuple(leaves))


def _replayed(events: Iterable[Event]) -> tuple[list[int], int]:
    """The leaves that follow from all changes in their order, and the root that the last one told.

    Raises:
        ValueError, IndexError: they do not fit each other.
    """
    leaves: list[int] = []
    root = 0
    for event in events:
        if isinstance(event, MemberAdded):
            _add(leaves, event.index, (event.identity_commitment,))
        elif isinstance(event, MembersAdded):
            _add(leaves, event.start_index, event.identity_commitments)
        elif isinstance(event, MemberUpdated | MemberRemoved):
            if leaves[event.index] != event.identity_commitment:
                raise ValueError
            leaves[event.index] = event.new_identity_commitment if isinstance(event, MemberUpdated) else 0
        else:
            continue
        root = event.merkle_tree_root
    return leaves, root


def _add(leaves: list[int], index: int, commitments: Sequence[int]) -> None:
    if index != len(leaves):
        raise ValueError
    leaves.extend(commitments)


def in_all(groups: Sequence[Group]) -> frozenset[int]:
    """Who is in each of some groups."""
    return frozenset.intersection(*(group.members for group in groups)) if groups else frozenset()
