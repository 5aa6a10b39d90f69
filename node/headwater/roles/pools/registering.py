"""Closing a pool: the owner registers the pooled data in the task first, and so nobody can before it."""

from __future__ import annotations

from headwater.chain.sending.sender import Sender
from headwater.errors import ConfigError, ContractError
from headwater.journal.secrets import SecretStore
from headwater.protocol.decisions import Deposit, Enrol
from headwater.roles.admittance import Admittance
from headwater.roles.pools import owning, rows
from headwater.roles.pools.owning import ATTEMPTS, Pooled
from headwater.roles.pools.rows import Seen
from headwater.roles.report import Report
from headwater.roles.task import Task, point_hash
from headwater.roles.trainer import Trainer


def close(
    task: Task,
    sender: Sender,
    journal: SecretStore,
    secret: bytes,
    pool_id: int,
    report: Report,
    admittance: Admittance | None = None,
) -> Seen:
    """Close a pool of the sender's, with all who are in: their rows must have been collected.

    admittance: what shows that the sender may enrol, where the task's module asks for groups.

    Until the pooled data are registered, nobody but this account knows their commitment: its blinding is secret.
    Somebody who sees the registration on its way can still come first; then it is blinded anew.

    Raises:
        ConfigError: the pool is another's, closed, not frozen yet or expired; or rows are missing here.
        ContractError: a contract refuses it.
    """
    seen = rows.see(task.contracts, pool_id)
    _check(seen, sender.address)
    pooled = owning.blinded(task, sender, journal, seen)
    for attempt in range(ATTEMPTS):
        try:
            register(task, sender, journal, secret, pooled, report, admittance)
            break
        except ContractError as error:
            if error.name != "DataAlreadyRegistered" or attempt == ATTEMPTS - 1:
                raise
            pooled = owning.blinded(task, sender, journal, seen, anew=True)
    owning.close(task, sender, journal, seen, pooled)
    return rows.see(task.contracts, pool_id)


def register(
    task: Task,
    sender: Sender,
    journal: SecretStore,
    secret: bytes,
    pooled: Pooled,
    report: Report,
    admittance: Admittance | None = None,
) -> None:
    """Register pooled data in the task: by enrolling, where the account is not enrolled."""
    contracts, me = task.contracts, sender.address
    if contracts.trainers.get_data(task.id, point_hash(pooled.point)).owner == me:
        return
    if contracts.trainers.get_enrolment(task.id, me).exists:
        receipt = sender.send(contracts.trainers.register_data(task.id, [pooled.point]))
        report("registered", gas=receipt.gas_used)
        return
    trainer = Trainer(
        task, sender, secret, pooled.dataset, report, journal=journal, pooled=pooled, admittance=admittance
    )
    free = contracts.stakes.stake_of(me).free
    if free < task.config.stake:
        trainer.act(Deposit(task.config.stake - free))
    trainer.act(Enrol())


def _check(seen: Seen, account: str) -> None:
    pool, now = seen.pool, seen.block.timestamp
    if pool.owner != account:
        raise ConfigError(f"pool {seen.id} is {pool.owner}'s", "close it with the owner's key")
    if pool.closed:
        raise ConfigError(f"pool {seen.id} is closed", f"train on it: `headwater trainer run --pool {seen.id}`")
    if not pool.closes_at <= now < pool.expires_at:
        state = "is still open" if now < pool.closes_at else "has expired"
        raise ConfigError(f"pool {seen.id} {state}", "a pool is closed between the two times that `pool show` prints")
