"""What the Python node says about a story, for the TypeScript package to say the same: written as JSON.

Nothing here is typed by hand: every value is computed by the node's own code, from the same chain and documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from headwater.chain.deploying.records import Deployment
from headwater.errors import Unavailable
from headwater.protocol.field import P
from headwater.protocol.structs import Model
from headwater.reading.history import Part, RoundHistory, read_history
from headwater.roles.task import Task, point_hash
from headwater.storage.cid import Cid
from headwater.storage.unixfs import cid_of
from tests.js.documents import document_cases
from tests.js.predictions import prediction_cases, prediction_facts
from tests.support.story import Story

Json = dict[str, Any]


def facts(story: Story, folder: Path) -> Json:
    """Everything that the TypeScript tests compare with. folder: for files that are made on the way."""
    world = story.world
    return {
        "rpc": world.anvil.url,
        "addresses": addresses(Deployment.load("anvil", world.folder / "deployments")),
        "accounts": [sender.address for sender in world.senders],
        "tasks": {name: task_facts(getattr(story, name)) for name in ("long", "short", "plain", "withheld")},
        "cids": [{"hex": data.hex(), "cid": str(cid_of(data))} for data in contents()],
        "documents": list(document_cases(story.long)),
        "commitments": list(commitment_cases(story.long)),
        "predictions": [prediction_facts(*case) for case in prediction_cases(story, folder)],
    }


def addresses(deployment: Deployment) -> Json:
    """A deployment as its users name it."""
    contracts = {name: record.address for name, record in deployment.records.items()}
    return {"chainId": deployment.chain_id, "startBlock": deployment.start_block, "contracts": contracts}


def task_facts(task: Task) -> Json:
    """A task: its documents, rounds, models, and what became of everybody's part."""
    contracts = task.contracts
    history = read_history(contracts, task.id)
    return {
        "id": task.id,
        "manifest": str(Cid.from_digest(task.config.manifest)),
        "name": task.manifest.name,
        "dimension": task.config.dimension,
        "tag": str(task.tag),
        "enrolled": {trainer: [place(event) for event in events] for trainer, events in history.enrolled.items()},
        "rounds": [round_facts(round_) for round_ in history.rounds.values()],
        "outcomes": [
            {"round": number, "account": sender, "outcome": str(history.outcome(number, sender))}
            for number in history.rounds
            for sender in (*history.accounts, contracts.tasks.address)
        ],
        "withheld": next((str(r.withheld.slashed) for r in history.rounds.values() if r.withheld), None),
        "models": [model_facts(task, number) for number in range(len(history.rounds) + 1)],
    }


def round_facts(round_: RoundHistory) -> Json:
    return {
        "round": round_.number,
        "phase": str(round_.phase),
        "phases": [str(event.to_phase) for event in round_.phases],
        "attempts": [event.members for event in round_.attempts],
        "averages": [place(event) | {"aggregator": event.aggregator} for event in round_.averages],
        "revoked": [place(event) | {"slashed": str(event.slashed)} for event in round_.revoked],
        "counted": round_.counted,
        "parts": [part_facts(part) for part in round_.parts.values()],
    }


def part_facts(part: Part) -> Json:
    return {
        "trainer": part.trainer,
        "joined": place(part.joined),
        "submitted": place(part.submitted),
        "masked": [place(event) | {"attempt": attempt} for attempt, event in part.masked.items()],
        "accused": place(part.accused),
        "acquitted": place(part.acquitted),
        "convicted": place(part.convicted),
        "slashed": part.slashed and {"fault": part.slashed.fault, "amount": str(part.slashed.slashed)},
        "rewarded": part.rewarded and str(part.rewarded.amount),
    }


def model_facts(task: Task, round_: int) -> Json | None:
    """The model of a round, with its weights; None where it made none."""
    found = task.contracts.models.get_models(task.id, round_, 1)
    if not found:
        return None
    (model,) = found
    return {
        "round": round_,
        "hash": "0x" + model.model_hash.hex(),
        "cid": str(Cid.from_digest(model.cid)),
        "trainers": model.trainers,
        "aggregator": model.aggregator,
        "weights": [str(weight) for weight in weights_of(task, model)],
    }


def weights_of(task: Task, model: Model) -> list[int]:
    """A model's weights; none where nobody has its bytes."""
    try:
        return task.weights(model)
    except Unavailable:
        return []


def place(event: Any) -> Json | None:
    """Where an event stands."""
    return event and {
        "block": event.block_number,
        "transaction": "0x" + event.transaction_hash.hex(),
        "logIndex": event.log_index,
    }


def contents() -> Iterator[bytes]:
    """Bytes whose CIDs are compared: every length of base32's last characters, and the largest block."""
    random = Random(1)
    yield from (random.randbytes(length) for length in range(9))
    yield bytes(1 << 20)


def commitment_cases(task: Task) -> Iterator[Json]:
    """Vectors and their commitments' hashes, on the task's basis."""
    random = Random(2)
    length = len(task.basis.points)
    vectors: list[Sequence[int]] = [
        [],
        [0] * length,
        [1],
        [-1],
        [P],
        [P - 1],
        [P // 2, P // 2 + 1],
        [random.randrange(P) for _ in range(length)],
        [random.randrange(-4096, 4096) for _ in range(length)],
    ]
    for vector in vectors:
        point = task.basis.commit(vector)
        yield {
            "vector": [str(entry) for entry in vector],
            "x": str(point.x),
            "y": str(point.y),
            "hash": "0x" + point_hash(point).hex(),
        }
