"""What the Python node says about a story, for the TypeScript package to say the same: written as JSON.

Nothing here is typed by hand: every value is computed by the node's own code, from the same chain and documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from headwater.chain.contracts.events import Convicted, PoolClosed, RowLeftOut, Submitted
from headwater.chain.deploying.records import Deployment
from headwater.errors import Unavailable
from headwater.foreign import plain, unseen
from headwater.groups.members import in_all, read_group
from headwater.groups.prover import siblings_of
from headwater.protocol.curve import add, multiply
from headwater.protocol.field import P
from headwater.protocol.structs import ZERO_ADDRESS, Model
from headwater.reading.admission import read_groups
from headwater.reading.ancestry import read_ancestry
from headwater.reading.history import Attempt, Part, RoundHistory, read_history
from headwater.roles.pools.rows import see
from headwater.roles.task import Task, point_hash
from headwater.storage.cid import Cid
from headwater.storage.unixfs import cid_of
from tests.js.documents import document_cases
from tests.js.learners import Case, cases, first_rows
from tests.js.predictions import prediction_facts
from tests.support.groups import make_group, number
from tests.support.story import Story

Json = dict[str, Any]
TEXTS = ("as it is: é 日本 😀", "a\x1b[2J\x9b", "\u202edlrow\u2069", "a\nb\tc", "\U000e0041", "x" * 500, "x" * 501)
TASKS = ("long", "short", "plain", "withheld", "warm", "merged", "pooled")


def facts(story: Story, folder: Path) -> Json:
    """Everything that the TypeScript tests compare with. folder: for files that are made on the way."""
    world = story.world
    return {
        "rpc": world.anvil.url,
        "addresses": addresses(Deployment.load("anvil", world.folder / "deployments")),
        "accounts": [sender.address for sender in world.senders],
        "groups": group_facts(story),
        "tasks": {name: task_facts(getattr(story, name)) for name in TASKS},
        "cids": [{"hex": data.hex(), "cid": str(cid_of(data))} for data in contents()],
        "documents": list(document_cases(story.long)),
        "pools": [pool_facts(story.pooled, number) for number in (1, 2)],
        "unseen": unseen_ranges(),
        "plain": [{"text": text, "shown": plain(text)} for text in TEXTS],
        "commitments": list(commitment_cases(story.long)),
        "predictions": [prediction_facts(case) for case in (flowers(story, folder), *cases(folder))],
    }


def pool_facts(task: Task, number: int) -> Json:
    """A pool: its terms, and who is in it."""
    contracts, seen = task.contracts, see(task.contracts, number)
    pool = seen.pool
    closed = next(contracts.pools.events(PoolClosed, task_id=task.id, pool_id=number), None)
    return {
        "poolId": number,
        "taskId": pool.task_id,
        **{name: getattr(pool, name) for name in ("owner", "slots", "admission")},
        "closesAt": pool.closes_at,
        "expiresAt": pool.expires_at,
        "key": "0x" + pool.key.hex(),
        "contributors": [
            {
                "contributor": member.contributor,
                "slot": member.slot,
                "commitment": [str(coordinate) for coordinate in member.commitment],
                "cid": "0x" + member.cid.hex(),
            }
            for member in seen.members
        ],
        "gone": [
            {
                "contributor": event.contributor,
                "slot": event.slot,
                "reason": event.reason.text if isinstance(event, RowLeftOut) else None,
            }
            for event in seen.gone
        ],
        "closed": None
        if closed is None
        else {
            "pooled": [str(coordinate) for coordinate in closed.pooled],
            "blinding": [str(coordinate) for coordinate in closed.blinding],
            "cid": "0x" + closed.cid.hex(),
            "dataHash": "0x" + closed.data_hash.hex(),
        },
    }


def group_facts(story: Story) -> Json:
    """Two groups, of one of which somebody was removed, and what the node says of a module of both."""
    contracts, admin = story.world.contracts, story.world.senders[0]
    for people in (("ada", "grace", "emmy"), ("ada", "alan")):
        make_group(contracts, admin, people)
    siblings = siblings_of(read_group(contracts, 0).membership, number("grace"))
    admin.send(contracts.semaphore.remove_member(0, number("grace"), siblings))
    admin.send(contracts.admissions.module_for([0, 1]))
    module = contracts.admissions.address_of([0, 1])
    groups = read_groups(contracts, module, contracts.chain.block().number) or []
    return {
        "module": module,
        "inAll": len(in_all(groups)),
        "groups": [
            {
                "id": str(group.facts.id),
                "admin": group.facts.admin,
                "members": [str(leaf) for leaf in group.leaves if leaf],
                "root": str(group.facts.root),
                "expiry": str(group.facts.expiry),
            }
            for group in groups
        ],
    }


def unseen_ranges() -> list[tuple[int, int]]:
    """First and last of each range of characters that are no text."""
    found: list[tuple[int, int]] = []
    for code in range(0x110000):
        if unseen(chr(code)):
            first = found.pop()[0] if found and found[-1][1] == code - 1 else code
            found.append((first, code))
    return found


def flowers(story: Story, folder: Path) -> Case:
    """The story's last model on held-out flowers."""
    rows = first_rows(story.world.held_out, folder / "flowers.csv", 40)
    return Case(story.long.learner, story.long.current_model(), rows)


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
        "data": {
            "0x" + data_hash.hex(): place(event) | {"trainer": event.trainer, "round": event.round}
            for data_hash, event in history.registered.items()
        },
        **origin_facts(task),
        "rests": resting_facts(task),
        "rounds": [round_facts(round_) for round_ in history.rounds.values()],
        "outcomes": [
            {"round": number, "account": sender, "outcome": str(history.outcome(number, sender))}
            for number in history.rounds
            for sender in (*history.accounts, contracts.tasks.address)
        ],
        "withheld": next((str(r.withheld.slashed) for r in history.rounds.values() if r.withheld), None),
        "models": [model_facts(task, number) for number in range(len(history.rounds) + 1)],
    }


def resting_facts(task: Task) -> Json:
    """On whose data the newest model rests."""
    ancestry = read_ancestry(task.contracts, task.id)
    used = [
        {"trainer": use.trainer, "dataHash": "0x" + use.data_hash.hex(), "models": list(map(list, use.models))}
        for use in ancestry.data
    ]
    left_out = [{"trainer": who, "models": list(map(list, models))} for who, models in ancestry.left_out.items()]
    return {"data": used, "leftOut": left_out}


def origin_facts(task: Task) -> Json:
    """What the first model is made of."""
    parents, divisor = task.contracts.models.get_parents(task.id, 0)
    told = [{"taskId": str(p.task_id), "round": p.round, "coefficient": str(p.coefficient)} for p in parents]
    return {"parents": told, "divisor": str(divisor)}


def round_facts(round_: RoundHistory) -> Json:
    return {
        "round": round_.number,
        "phase": str(round_.phase),
        "phases": [str(event.to_phase) for event in round_.phases],
        "attempts": [attempt_facts(attempt) for attempt in round_.attempts],
        "averages": [place(event) | {"aggregator": event.aggregator} for event in round_.averages],
        "revoked": [place(event) | {"slashed": str(event.slashed)} for event in round_.revoked],
        "averaged": round_.averaged,
        "counted": round_.counted,
        "parts": [part_facts(part) for part in round_.parts.values()],
    }


def attempt_facts(attempt: Attempt) -> Json:
    drawn = attempt.drawn and "0x" + attempt.drawn.seed.hex()
    return {"members": attempt.members, "seedBlock": str(attempt.named.seed_block), "seed": drawn}


def part_facts(part: Part) -> Json:
    return {
        "trainer": part.trainer,
        "joined": place(part.joined),
        "submitted": submission_facts(part.submitted),
        "masked": [place(event) | {"attempt": attempt} for attempt, event in part.masked.items()],
        "accused": place(part.accused),
        "acquitted": place(part.acquitted),
        "convicted": conviction_facts(part.convicted),
        "slashed": part.slashed and {"fault": part.slashed.fault, "amount": str(part.slashed.slashed)},
        "rewarded": part.rewarded and str(part.rewarded.amount),
    }


def submission_facts(event: Submitted | None) -> Json | None:
    where = place(event)
    return where and event and where | {"dataHashes": ["0x" + each.hex() for each in event.data_hashes]}


def conviction_facts(event: Convicted | None) -> Json | None:
    if event is None:
        return None
    payee = None if event.payee == ZERO_ADDRESS else event.payee
    return (place(event) or {}) | {"payee": payee, "owed": str(event.owed)}


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
    """The commitment of zeros with an entry at the tag's basis point, and its hash."""
    random = Random(2)
    offset, basis = task.config.offset, task.config.basis_d
    for entry in (0, 1, -1, P, P - 1, P // 2, P // 2 + 1, task.tag, random.randrange(P), -random.randrange(4096)):
        point = add(offset, multiply(basis, entry % P))
        yield {"entry": str(entry), "x": str(point.x), "y": str(point.y), "hash": "0x" + point_hash(point).hex()}
