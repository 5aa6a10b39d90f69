"""ModelRegistry: the models that tasks have accepted, append-only."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable

from headwater.protocol.curve import Point
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.points import point_hash
from headwater.protocol.structs import ZERO_HASH, Model, Record, Round, TaskConfig, TaskState

PROOF_SYSTEM = b"ezkl-halo2-kzg-bn254-v23"
CID_HEAD = b"\x01\x55\x12\x20"
"""How the CID of a raw block starts: version 1, codec raw, hash sha2-256 of 32 bytes."""


class Models:
    """For each task the rounds that made a model, ascending, with its hash and the CID of its document."""

    def __init__(
        self,
        task_manager: str,
        get_task: Callable[[int], tuple[TaskConfig, TaskState]],
        get_round: Callable[[int, int], Round],
    ) -> None:
        self.task_manager = task_manager
        self.get_task = get_task
        self.get_round = get_round
        self.entries: dict[int, dict[int, tuple[bytes, bytes]]] = {}

    def add(self, sender: str, task_id: int, number: int, commitment: Point, cid: bytes) -> bytes:
        """Adds the model of a round; only the TaskManager does."""
        if sender != self.task_manager:
            raise Refused("UnauthorizedCaller", sender)
        model_hash = point_hash(commitment)
        self.entries.setdefault(task_id, {})[number] = (model_hash, cid)
        return model_hash

    def latest(self, task_id: int) -> Model:
        """The task's newest model."""
        return self.get_model(task_id, max(self.entries.get(task_id, {}), default=0))

    def get_model(self, task_id: int, number: int) -> Model:
        """The model that a round made. Who posted it, when and of how many updates, the round knows."""
        entry = self.entries.get(task_id, {}).get(number)
        if entry is None:
            raise Refused("UnknownModel", task_id, number)
        made = self.get_round(task_id, number)
        return Model(*entry, number, made.masked, made.aggregator, made.ended_at)

    def get_models(self, task_id: int, start: int, limit: int) -> list[Model]:
        """The models of rounds `start` to `start + limit - 1`."""
        made = self.entries.get(task_id, {})
        return [self.get_model(task_id, number) for number in made if start <= number < start + limit]

    def model_count(self, task_id: int) -> int:
        """How many models a task has."""
        return len(self.entries.get(task_id, {}))

    def get_record(self, task_id: int, number: int) -> Record:
        """The model that a round made, with its lineage."""
        model = self.get_model(task_id, number)
        config, state = self.get_task(task_id)
        made = self.entries[task_id]
        parent = max((other for other in made if other < number), default=0)
        return Record(
            model_hash=model.model_hash,
            circuit_hash=config.manifest,
            vk_hash=keccak256(config.train_code_hash + config.average_code_hash),
            proof_system_id=keccak256(PROOF_SYSTEM)[:4],
            uri="ipfs://b" + b32encode(CID_HEAD + model.cid).decode().lower().rstrip("="),
            task_id=task_id,
            round=number,
            parent=parent,
            parent_hash=made[parent][0] if number else ZERO_HASH,
            trainers=model.trainers,
            aggregator=model.aggregator,
            timestamp=model.timestamp,
            creator=state.creator,
            manifest=config.manifest,
        )

    def get_records(self, task_id: int, start: int, limit: int) -> list[Record]:
        """The records of rounds `start` to `start + limit - 1`."""
        return [self.get_record(task_id, model.round) for model in self.get_models(task_id, start, limit)]

    def round_of(self, task_id: int, model_hash: bytes) -> int:
        """The newest round whose model has this hash."""
        made = self.entries.get(task_id, {})
        found = [number for number, entry in made.items() if entry[0] == model_hash]
        if not found:
            raise Refused("UnknownModelHash", task_id, model_hash)
        return max(found)
