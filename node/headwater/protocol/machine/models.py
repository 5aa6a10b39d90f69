"""ModelRegistry: the models that tasks have accepted, append-only."""

from __future__ import annotations

from collections.abc import Callable

from headwater.protocol.curve import Point
from headwater.protocol.machine.points import point_hash
from headwater.protocol.machine.structs import Model, Refused, Round


class Models:
    """For each task the rounds that made a model, ascending, with its hash and the CID of its document."""

    def __init__(self, task_manager: str, get_round: Callable[[int, int], Round]) -> None:
        self.task_manager = task_manager
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

    def round_of(self, task_id: int, model_hash: bytes) -> int:
        """The newest round whose model has this hash."""
        made = self.entries.get(task_id, {})
        found = [number for number, entry in made.items() if entry[0] == model_hash]
        if not found:
            raise Refused("UnknownModelHash", task_id, model_hash)
        return max(found)
