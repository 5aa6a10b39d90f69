"""TaskManager: what tasks fix for good. What each function does and requires is in `ITaskManager.sol`."""

from __future__ import annotations

from headwater.chain.asking.rpc import BlockId, Call
from headwater.chain.contracts.contract import Contract
from headwater.protocol.curve import Point
from headwater.protocol.structs import Origin, TaskConfig, TaskRecord


class TaskManager(Contract):
    """Tasks, as their creators published them."""

    name = "TaskManager"

    def create_task(
        self, config: TaskConfig, basis_quotient: Point, origin: Origin, model_cid: bytes, pool: int
    ) -> Call:
        """Publish a task.

        Args:
            basis_quotient: shows that offset and basis points are those of the config's `tau`.
            model_cid: digest of the first model's document.
            pool: wei, sent along.
        """
        return self._call("createTask", config, basis_quotient, origin, model_cid, value=pool)

    # ---- views

    def task_count(self, block: BlockId = "latest") -> int:
        """How many tasks there are: their ids are 1 to this."""
        return self._read(int, "taskCount", block=block)

    def get_task(self, task_id: int, block: BlockId = "latest") -> TaskRecord:
        """A task, which never changes. Raises ContractError `UnknownTask` if there is none."""
        return self._read(TaskRecord, "getTask", task_id, block=block)

    def tag(self, task_id: int, block: BlockId = "latest") -> int:
        """The task's tag, the last entry of its model vectors; defined also for tasks that do not exist yet."""
        return self._read(int, "tag", task_id, block=block)
