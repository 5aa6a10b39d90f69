"""Semaphore, which has groups, and GroupAdmissions, which has the modules that ask for membership in them.

See `IGroupAdmission.sol` and `IGroupAdmissions.sol`, and https://docs.semaphore.pse.dev for Semaphore.
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.errors import ContractError


class Semaphore(Contract):
    """Groups, their admins and roots. Only an admin changes its group."""

    name = "Semaphore"

    def create_group(self, admin: str, expiry: int) -> Call:
        """Make a group. expiry: for how many seconds a root counts after it has changed."""
        return self._call("createGroup", admin, expiry)

    def add_members(self, group_id: int, commitments: Sequence[int]) -> Call:
        """Add members by the commitments of their identities."""
        return self._call("addMembers", group_id, tuple(commitments))

    def remove_member(self, group_id: int, commitment: int, siblings: Sequence[int]) -> Call:
        """Remove a member. siblings: of its place in the tree, from the leaf up."""
        return self._call("removeMember", group_id, commitment, tuple(siblings))

    def offer_admin(self, group_id: int, admin: str) -> Call:
        """Offer the group to another admin, who has it when it accepts."""
        return self._call("updateGroupAdmin", group_id, admin)

    def accept_admin(self, group_id: int) -> Call:
        """Take over a group that was offered."""
        return self._call("acceptGroupAdmin", group_id)

    def set_expiry(self, group_id: int, expiry: int) -> Call:
        """Have roots count for another time, seconds."""
        return self._call("updateGroupMerkleTreeDuration", group_id, expiry)

    # ---- views

    def verifier(self, block: BlockId = "latest") -> str:
        """The contract that checks its proofs."""
        return self._read(str, "verifier", block=block)

    def group_count(self, block: BlockId = "latest") -> int:
        """How many groups there are: their ids are less."""
        return self._read(int, "groupCounter", block=block)

    def admin_of(self, group_id: int, block: BlockId = "latest") -> str:
        """A group's admin; the zero address where there is no such group."""
        return self._read(str, "getGroupAdmin", group_id, block=block)

    def places_of(self, group_id: int, block: BlockId = "latest") -> int:
        """How many members a group has had: those that were removed keep their places."""
        return self._read(int, "getMerkleTreeSize", group_id, block=block)

    def root_of(self, group_id: int, block: BlockId = "latest") -> int:
        """The root of a group's members; 0 where it has had none."""
        return self._read(int, "getMerkleTreeRoot", group_id, block=block)

    def expiry_of(self, group_id: int, block: BlockId = "latest") -> int:
        """For how many seconds a group's roots count after they have changed."""
        return self._read(int, "groups", group_id, block=block)


class GroupAdmissions(Contract):
    """The modules of groups: one for each list of them."""

    name = "GroupAdmissions"

    def module_for(self, groups: Sequence[int]) -> Call:
        """Make the module of ascending groups, unless it stands."""
        return self._call("moduleFor", tuple(groups))

    def address_of(self, groups: Sequence[int], block: BlockId = "latest") -> str:
        """Where the module of ascending groups stands, or would."""
        return self._read(str, "addressOf", tuple(groups), block=block)

    def groups_of(self, module: str, block: BlockId = "latest") -> tuple[int, ...] | None:
        """The groups that a module asks for; None where it is none of these."""
        try:
            return self._read(tuple, "groupsOf", module, block=block)
        except ContractError as error:
            if error.name == "UnknownModule":
                return None
            raise

    def semaphore(self, block: BlockId = "latest") -> str:
        """The contract that has the groups."""
        return self._read(str, "semaphore", block=block)


class GroupAdmission(Contract):
    """The code of all modules."""

    name = "GroupAdmission"

    def seat_of(self, task_id: int, nullifier: int, block: BlockId = "latest") -> str:
        """Which account an identity was admitted with last; the zero address if it was not."""
        return self._read(str, "seatOf", task_id, nullifier, block=block)

    def pool_seat_of(self, pool_id: int, nullifier: int, block: BlockId = "latest") -> str:
        """Which account an identity was admitted to a pool with last; the zero address if it was not."""
        return self._read(str, "poolSeatOf", pool_id, nullifier, block=block)
