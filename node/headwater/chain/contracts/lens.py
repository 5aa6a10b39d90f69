"""Lens: what a screen shows, in one call each. See `ILens.sol`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.codec import decode_result
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.reverts import refusal
from headwater.chain.contracts.screens import AccountScreen, Result, RoundSummary, TaskScreen, TaskSummary
from headwater.chain.contracts.screens import Call as View
from headwater.protocol.structs import Record

MOST_VIEWS = 200
"""How many views one call asks for, so that it stays short."""

NEWEST = 2**256 - 1
"""The highest id wanted of a page that starts with the newest task."""


class Lens(Contract):
    """Views of the other contracts, put together; pages of tasks count down from an id."""

    name = "Lens"

    def read(self, calls: Sequence[Call], block: BlockId = "latest") -> list[Result]:
        """What views answer, all in one state: an eth_call for as many of them as a call has gas for."""
        results: list[Result] = []
        while len(results) < len(calls):
            asked = tuple(View(str(call.to), call.data) for call in calls[len(results) :][:MOST_VIEWS])
            results += self._read(tuple, "read", asked, block=block)
        return results

    def get_tasks(
        self, start: int, limit: int, block: BlockId = "latest"
    ) -> tuple[tuple[TaskSummary, ...], int, int, int]:
        """Tasks `start`, `start - 1` and so on, `limit` at most, with their latest models; how many there are; the
        number and time, Unix seconds, of the block of which this is the state.
        """
        tasks, total, number, timestamp = self._read_all("getTasks", start, limit, block=block)
        return tasks, total, number, timestamp

    def summaries(self, task_ids: Sequence[int], block: BlockId = "latest") -> list[TaskSummary]:
        """The summaries of some tasks, as `get_tasks` gives them; of ids that there are not, none."""
        pages = self._each("getTasks", [(task_id, 1) for task_id in task_ids], block)
        return [task for task_id, page in zip(task_ids, pages, strict=True) for task in page if task.task_id == task_id]

    def get_each(self, task_ids: Sequence[int], block: BlockId = "latest") -> list[TaskScreen]:
        """`get_task` of each of some tasks, in few calls."""
        return self._each("getTask", [(task_id,) for task_id in task_ids], block)

    def get_accounts(
        self, wanted: Sequence[tuple[int, str, int, int]], block: BlockId = "latest"
    ) -> list[AccountScreen]:
        """`get_account` of each of some tasks, accounts, first rounds and limits, in few calls."""
        return self._each("getAccount", wanted, block)

    def get_both(self, task_id: int, account: str, block: BlockId = "latest") -> tuple[TaskScreen, AccountScreen]:
        """`get_task` and `get_account`, without rewards, in one call. Raises ContractError `UnknownTask`."""
        asked = [self._call("getTask", task_id), self._call("getAccount", task_id, account, 0, 0)]
        task, part = self.read(asked, block)
        return self._decoded("getTask", task), self._decoded("getAccount", part)

    def _each(self, function: str, arguments: Sequence[tuple[Any, ...]], block: BlockId) -> list[Any]:
        results = self.read([self._call(function, *each) for each in arguments], block)
        return [self._decoded(function, result) for result in results]

    def _decoded(self, function: str, result: Result) -> Any:
        if not result.success:
            raise refusal(result.data, f"{self.name}.{function}")
        return decode_result(self.name, function, result.data)[0]

    def get_models(self, start: int, limit: int, block: BlockId = "latest") -> tuple[tuple[Record, ...], int]:
        """The records of the latest models of tasks `start`, `start - 1` and so on; and how many tasks there are."""
        models, total = self._read_all("getModels", start, limit, block=block)
        return models, total

    def get_task(self, task_id: int, block: BlockId = "latest") -> TaskScreen:
        """One task. Raises ContractError `UnknownTask` if there is none."""
        return self._read(TaskScreen, "getTask", task_id, block=block)

    def get_rounds(self, task_id: int, start: int, limit: int, block: BlockId = "latest") -> tuple[RoundSummary, ...]:
        """The `limit` rounds of a task from `start` on, oldest first. Raises ContractError `UnknownTask`."""
        return tuple(self._read(tuple, "getRounds", task_id, start, limit, block=block))

    def get_account(
        self, task_id: int, account: str, start: int, limit: int, block: BlockId = "latest"
    ) -> AccountScreen:
        """An account's part in a task, and what `limit` rounds from `start` on owe it. Raises ContractError."""
        return self._read(AccountScreen, "getAccount", task_id, account, start, limit, block=block)
