"""ModelRegistry: the models that tasks have accepted, and what they come from, append-only."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.protocol.curve import Point
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine.call import Refused
from headwater.protocol.machine.contract import Contract
from headwater.protocol.machine.points import point_hash, words
from headwater.protocol.structs import ZERO_HASH, Model, Parent, Record

if TYPE_CHECKING:
    from headwater.protocol.machine import Machine

PROOF_SYSTEM = b"ezkl-halo2-kzg-bn254-v23"
CID_HEAD = b"\x01\x55\x12\x20"
"""How the CID of a raw block starts: version 1, codec raw, hash sha2-256 of 32 bytes."""


class Models(Contract):
    """The ModelRegistry.

    Attributes:
        entries: for each task the rounds that made a model, ascending, with its hash and the CID of its document.
        origins: what a task's first model is made of: parents, and by what their sum is divided.
        starts: the block in which a task was published.
    """

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__(machine, address)
        self.entries: dict[int, dict[int, tuple[bytes, bytes]]] = {}
        self.origins: dict[int, tuple[list[Parent], int]] = {}
        self.starts: dict[int, int] = {}

    # ---- only the TaskManager and the RoundManager

    def begin(
        self, sender: str, task_id: int, commitment: Point, cid: bytes, parents: Sequence[Parent], divisor: int
    ) -> None:
        """Adds a task's first model, with what it is made of."""
        self._only(sender, self.machine.at.tasks)
        self.entries[task_id] = {0: (point_hash(commitment), cid)}
        self.origins[task_id] = (list(parents), divisor)
        self.starts[task_id] = self.machine.block.number

    def add(self, sender: str, task_id: int, number: int, commitment: Point, cid: bytes) -> None:
        """Adds the model of a round."""
        self._only(sender, self.machine.at.rounds)
        self.entries[task_id][number] = (point_hash(commitment), cid)

    # ---- views

    def latest(self, task_id: int) -> Model:
        """The task's newest model."""
        return self.get_model(task_id, max(self.entries.get(task_id, {}), default=0))

    def get_model(self, task_id: int, number: int) -> Model:
        """The model that a round made. Who posted it, when and of how many updates, the round knows."""
        entry = self._entry(task_id, number)
        made = self.machine.rounds.get_round(task_id, number)
        return Model(*entry, number, made.masked, made.aggregator, made.ended_at)

    def get_models(self, task_id: int, start: int, limit: int) -> list[Model]:
        """The models of rounds `start` to `start + limit - 1`."""
        made = self.entries.get(task_id, {})
        return [self.get_model(task_id, number) for number in made if start <= number < start + limit]

    def model_count(self, task_id: int) -> int:
        """How many models a task has."""
        return len(self.entries.get(task_id, {}))

    def start_of(self, task_id: int) -> int:
        """The block in which a task was published."""
        self._entry(task_id, 0)
        return self.starts[task_id]

    def get_record(self, task_id: int, number: int) -> Record:
        """The model that a round made, with its lineage."""
        model = self.get_model(task_id, number)
        record = self.machine.tasks.get_task(task_id)
        config, parent = record.config, self._before(task_id, number)
        return Record(
            model_hash=model.model_hash,
            circuit_hash=config.manifest,
            vk_hash=keccak256(config.train_code_hash + config.average_code_hash + words(*config.tau)),
            proof_system_id=keccak256(PROOF_SYSTEM)[:4],
            uri="ipfs://b" + b32encode(CID_HEAD + model.cid).decode().lower().rstrip("="),
            task_id=task_id,
            round=number,
            parent=parent,
            parent_hash=self.entries[task_id][parent][0] if number else ZERO_HASH,
            trainers=model.trainers,
            aggregator=model.aggregator,
            timestamp=model.timestamp,
            creator=record.creator,
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

    def get_parents(self, task_id: int, number: int) -> tuple[list[Parent], int]:
        """What a model is made of: of a first one what its creator said, of others the model before it."""
        self._entry(task_id, number)
        if number == 0:
            return self.origins[task_id]
        return [Parent(task_id, self._before(task_id, number), 1)], 1

    # ---- how

    def _entry(self, task_id: int, number: int) -> tuple[bytes, bytes]:
        """Hash and CID of a model that there is."""
        if number not in self.entries.get(task_id, {}):
            raise Refused("UnknownModel", task_id, number)
        return self.entries[task_id][number]

    def _before(self, task_id: int, number: int) -> int:
        """The round that made the model before this round's; 0 if there is none."""
        return max((other for other in self.entries[task_id] if other < number), default=0)
