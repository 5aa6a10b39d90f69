"""ModelRegistry: the models that tasks have accepted. See `IModelRegistry.sol`."""

from __future__ import annotations

from headwater.chain.asking.rpc import BlockId
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.events import ModelAdded
from headwater.errors import ChainError
from headwater.protocol.structs import Model, Parent, Record


class ModelRegistry(Contract):
    """Models by task and the round that made them; round 0 is the model the creator started from."""

    name = "ModelRegistry"

    def latest(self, task_id: int, block: BlockId = "latest") -> Model:
        """The task's newest model. Raises ContractError `UnknownModel` if there is no such task."""
        return self._read(Model, "latest", task_id, block=block)

    def get_model(self, task_id: int, round_: int, block: BlockId = "latest") -> Model:
        """The model that a round made. Raises ContractError `UnknownModel` if it made none."""
        return self._read(Model, "getModel", task_id, round_, block=block)

    def get_models(self, task_id: int, start: int, limit: int, block: BlockId = "latest") -> tuple[Model, ...]:
        """The models of the `limit` rounds from `start` on, oldest first; rounds that made none are left out."""
        return tuple(self._read(tuple, "getModels", task_id, start, limit, block=block))

    def model_count(self, task_id: int, block: BlockId = "latest") -> int:
        """How many models a task has, the first included; 0 if there is no such task."""
        return self._read(int, "modelCount", task_id, block=block)

    def start_of(self, task_id: int, block: BlockId = "latest") -> int:
        """The block in which a task was published: no event of it is older. Raises ContractError `UnknownModel`."""
        return self._read(int, "startOf", task_id, block=block)

    def get_record(self, task_id: int, round_: int, block: BlockId = "latest") -> Record:
        """The model that a round made, with its lineage. Raises ContractError `UnknownModel` if it made none."""
        return self._read(Record, "getRecord", task_id, round_, block=block)

    def get_records(self, task_id: int, start: int, limit: int, block: BlockId = "latest") -> tuple[Record, ...]:
        """The records of the `limit` rounds from `start` on, as `get_models` pages."""
        return tuple(self._read(tuple, "getRecords", task_id, start, limit, block=block))

    def round_of(self, task_id: int, model_hash: bytes, block: BlockId = "latest") -> int:
        """The newest round whose model has this hash. Raises ContractError `UnknownModelHash` if there is none."""
        return self._read(int, "roundOf", task_id, model_hash, block=block)

    def get_parents(self, task_id: int, round_: int, block: BlockId = "latest") -> tuple[tuple[Parent, ...], int]:
        """What a model is made of, and what the sum was divided by: of a first model without parents nothing, and 0.

        Raises ContractError `UnknownModel` if the round made none.
        """
        parents, divisor = self._read_all("getParents", task_id, round_, block=block)
        return parents, divisor

    def added(self, task_id: int, round_: int) -> ModelAdded:
        """The event of the model that a round made: it carries the commitment, of which the contract keeps the hash.

        Raises:
            ChainError: the node knows no such event.
        """
        for event in self.events(ModelAdded, task_id=task_id, round=round_):
            return event
        raise ChainError(f"no ModelAdded of task {task_id}, round {round_}", "the node may be behind: try another")
