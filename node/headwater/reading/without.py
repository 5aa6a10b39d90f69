"""Leaving for good: the newest model that somebody's data never entered, to start again from.

Nobody can show that a contribution was untrained from weights. What can be had is a model in whose lineage it never
was: an earlier round's, or one of another task that this one was merged from. The contracts know both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater.chain.contracts.opened import Contracts
from headwater.errors import ConfigError
from headwater.reading.ancestry import Ancestry, Generation, alternatives, name_of, read_ancestry
from headwater.roles.task import Task, open_task
from headwater.storage.store import ContentStore


@dataclass(frozen=True)
class Departure:
    """What to start from without somebody's data.

    Attributes:
        left: the model that rests on them, with its ancestors.
        model: the newest of these that does not.
        others: further ones, of which `model` is not made: they may be merged with it.
    """

    left: Ancestry
    model: Generation
    others: tuple[Generation, ...]


def newest_without(
    contracts: Contracts, store: ContentStore, home: Path, task_id: int, round_: int | None, accounts: Sequence[str]
) -> Departure:
    """The newest model in a model's lineage that the data of none of these accounts entered.

    Args:
        task_id, round_: the model that is left; by default the task's newest.

    Raises:
        ConfigError: an account's data are not in it; or there is no model without them but such as nobody trained.
        ContractError: there is no such task or model.
        ChainError: the node fails, or leaves logs out.
        TaskError, StorageError: what an ancestor's task started from cannot be checked.
    """
    left = read_ancestry(contracts, task_id, round_)
    absent = [account for account in accounts if account not in left.people]
    if absent:
        raise ConfigError(f"{absent[0]} has put no data into {left.model.name}{_elsewhere(left, absent[0])}", _KEEP)
    plain: dict[int, bool] = {}

    def is_plain(root: Generation) -> bool:
        if root.added.task_id not in plain:
            plain[root.added.task_id] = _task(contracts, store, home, root).starts_plain(root.added.model_hash)
        return plain[root.added.task_id]

    free = left.without(accounts, is_plain)
    if not free:
        raise ConfigError(_nothing(left, plain), _afresh(plain))
    model, *others = alternatives(free)
    return Departure(left, model, tuple(others))


_KEEP = "start from it as it is, without --without; data of other accounts of the same person are others' data here"


def _task(contracts: Contracts, store: ContentStore, home: Path, root: Generation) -> Task:
    return open_task(contracts, store, home, root.added.task_id, check_model=False)


def _elsewhere(left: Ancestry, account: str) -> str:
    models = left.left_out.get(account, ())
    return f", only into {', '.join(map(name_of, models))}" if models else ", nor into any other of its tasks"


def _nothing(left: Ancestry, plain: dict[int, bool]) -> str:
    text = f"no model that {left.model.name} is made of was trained without these data"
    unproved = [f"{task_id}" for task_id, is_plain in sorted(plain.items()) if not is_plain]
    if unproved:
        text += f"; of the first model of task(s) {', '.join(unproved)} nobody can say whose data are in it"
    return text


def _afresh(plain: dict[int, bool]) -> str:
    task_id = next((task_id for task_id, is_plain in sorted(plain.items()) if is_plain), None)
    if task_id is None:
        return "start afresh: headwater task create --sample FILE, without --from"
    return f"start afresh on the same columns: headwater task create --from {task_id}:0"
