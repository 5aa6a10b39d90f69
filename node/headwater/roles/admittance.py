"""How an account is admitted to a task whose module asks for membership in groups.

The proof is made when the account enrols, from the groups' newest members, and sent at once. Nothing is kept: where a
group has changed too long ago by then, or the transaction fails, the next try proves anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.groups import GroupAdmission, GroupAdmissions
from headwater.chain.contracts.opened import Contracts
from headwater.chain.contracts.pools import Pools
from headwater.chain.contracts.task_manager import TaskManager
from headwater.errors import ChainError, CircuitError, ConfigError
from headwater.groups.identity import read_identity
from headwater.groups.members import Group, read_group
from headwater.groups.prover import check, commitment_of, prove
from headwater.protocol.groups import MOST_MEMBERS, evidence_of, message_of, pool_scope, task_scope
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.roles.heavy import Heavy
from headwater.roles.report import Report
from headwater.roles.task import TaskReader

LOOK_AGAIN_SECONDS = 30
"""How often it is looked whether an admin has added the identity by now."""


class Admittance:
    """A person's identity, and the groups of a task's module."""

    def __init__(
        self, contracts: Contracts, task_id: int, module: str, groups: Sequence[int], identity: str, report: Report
    ) -> None:
        """identity: as `groups.identity` reads it. groups: those of the module, in its order."""
        self._contracts, self._task_id, self._module = contracts, task_id, module
        self._groups, self._identity, self._report = groups, identity, report
        self._whole: dict[int, Group] = {}  # as they were when their trees were built

    @cached_property
    def _commitment(self) -> int:
        return commitment_of(self._identity)

    def missing(self, block: int) -> str:
        """Why the identity cannot be admitted now; empty where it can.

        Raises:
            ChainError: the node fails, or leaves out events.
        """
        for group in self._read(block):
            if self._commitment not in group.members:
                return (
                    f"the identity is not in group {group.facts.id} yet: give its admin {group.facts.admin} the"
                    " commitment that `headwater group join` prints"
                )
            if len(group.leaves) > MOST_MEMBERS:
                return f"group {group.facts.id} has had more members than proofs are made for, {MOST_MEMBERS:,}"
        return ""

    def evidence(self, trainer: str, data_hashes: Sequence[bytes], heavy: Heavy, deadline: int) -> bytes:
        """Proofs for each group, bound to who enrols with which data, seconds each.

        Raises:
            ConfigError: the identity has its seat with another account that is still enrolled.
            ChainError, CircuitError: something failed.
        """
        groups = self._read(self._contracts.chain.block().number)
        with heavy.turn(own=True, deadline=deadline) as stop:
            self._report("proving", statement="membership", groups=list(self._groups))
            memberships = [group.membership for group in groups]
            proofs = prove(self._identity, memberships, self._scope, message_of(trainer, data_hashes), stop)
        self._check_seat(trainer, proofs[0].nullifier)
        return evidence_of(proofs)

    @property
    def _scope(self) -> int:
        # computed here: under another task's, which a node may name, the nullifier is that of another account
        contracts = self._contracts
        return task_scope(contracts.chain.chain_id, contracts.tasks.address, self._task_id)

    def _check_seat(self, trainer: str, nullifier: int) -> None:
        holder = GroupAdmission(self._contracts.chain, self._module).seat_of(self._task_id, nullifier)
        if holder in (ZERO_ADDRESS, trainer):
            return
        if self._contracts.trainers.get_enrolment(self._task_id, holder).exists:
            raise ConfigError(
                f"this identity has its seat in task {self._task_id} already, with the account {holder}",
                f"go on with that account; or leave with it (`headwater trainer leave --task {self._task_id}`), and"
                " enrol with this one when its stake is released",
            )

    def _read(self, block: int) -> list[Group]:
        groups = [read_group(self._contracts, group_id, block, agreed=True) for group_id in self._groups]
        for group in groups:
            if group.leaves and self._whole.get(group.facts.id) != group:
                self._check_whole(group)
        return groups

    def _check_whole(self, group: Group) -> None:
        """That these members have the root that most nodes tell: an event's word for it is one node's.

        Raises:
            ChainError: they have not.
        """
        try:
            check(group.membership)
        except CircuitError as error:
            raise ChainError(
                f"the node does not tell who is in group {group.facts.id}: {error.message}",
                "it lies, or is behind: try again, or name another with --rpc",
            ) from error
        self._whole[group.facts.id] = group


class PoolAdmittance(Admittance):
    """The same for the groups of a pool's module."""

    def __init__(
        self, contracts: Contracts, pool_id: int, module: str, groups: Sequence[int], identity: str, report: Report
    ) -> None:
        """As `Admittance`, of a pool."""
        super().__init__(contracts, contracts.pools.get_pool(pool_id).task_id, module, groups, identity, report)
        self._pool_id = pool_id

    @property
    def _scope(self) -> int:
        return pool_scope(self._contracts.chain.chain_id, self._contracts.pools.address, self._pool_id)

    def _check_seat(self, trainer: str, nullifier: int) -> None:
        holder = GroupAdmission(self._contracts.chain, self._module).pool_seat_of(self._pool_id, nullifier)
        if holder in (ZERO_ADDRESS, trainer):
            return
        if self._contracts.pools.get_contribution(self._pool_id, holder).exists:
            raise ConfigError(
                f"this identity has a row in pool {self._pool_id} already, with the account {holder}",
                f"each person has one: withdraw it first (`headwater pool withdraw --pool {self._pool_id}`)",
            )


def admittance_for(task: TaskReader, account: str, identity: Path | None, report: Report) -> Admittance | None:
    """What shows that an account may enrol; None where the task asks for nothing that can be shown.

    identity: the file of the person's identity.

    Raises:
        ConfigError: the task asks for groups, and no identity is named.
    """
    contracts = task.contracts
    if task.config.admission == ZERO_ADDRESS or contracts.trainers.get_enrolment(task.id, account).exists:
        return None
    tasks = contracts.tasks.address
    module, groups = _agreed(contracts, lambda chain: TaskManager(chain, tasks).get_task(task.id).config.admission)
    if groups is None:
        report(
            "note",
            text=f"the contract at {module} decides who may enrol in task {task.id}; headwater does not know what"
            " it asks for, and shows it nothing",
        )
        return None
    names = ", ".join(map(str, groups))
    report("note", text=f"only members of the groups {names} may enrol in task {task.id}, each once")
    if identity is None:
        raise _unnamed(f"task {task.id}", names)
    return Admittance(contracts, task.id, module, groups, read_identity(identity), report)


def pool_admittance_for(
    contracts: Contracts, pool_id: int, identity: Path | None, report: Report
) -> PoolAdmittance | None:
    """What shows that an account may contribute to a pool; None where the pool asks for nothing that can be shown.

    identity: the file of the person's identity.

    Raises:
        ConfigError: the pool asks for groups, and no identity is named; or the identity is not in them.
    """
    pools = contracts.pools.address
    module, groups = _agreed(contracts, lambda chain: Pools(chain, pools).get_pool(pool_id).admission)
    if groups is None:
        return None
    if identity is None:
        raise _unnamed(f"pool {pool_id}", ", ".join(map(str, groups)))
    found = PoolAdmittance(contracts, pool_id, module, groups, read_identity(identity), report)
    if reason := found.missing(contracts.chain.block().number):
        raise ConfigError(reason, "contribute when it is")
    return found


def _agreed(contracts: Contracts, module_of: Callable[[Chain], str]) -> tuple[str, tuple[int, ...] | None]:
    """A module and its groups, None where it has none, by the word of most endpoints.

    An identity is compared with the members of these groups: who alone names them learns whether it is among them.

    Raises:
        ChainError: there is no majority for one answer.
    """
    admissions = contracts.admissions.address

    def read(chain: Chain) -> tuple[str, tuple[int, ...] | None]:
        module = module_of(chain)
        return module, None if module == ZERO_ADDRESS else GroupAdmissions(chain, admissions).groups_of(module)

    return contracts.chain.agreed(read)


def _unnamed(what: str, names: str) -> ConfigError:
    return ConfigError(
        f"{what} admits members of the groups {names} only, and no identity is named",
        "name its file with --identity, or as `identity` in the settings; `headwater group join` makes one",
    )
