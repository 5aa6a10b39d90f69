"""Every view of the contracts, with what the machine says it returns, as bytes of the ABI."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple

from eth_abi.abi import encode as encode_abi
from eth_utils.abi import abi_to_signature, collapse_if_tuple

from headwater.chain.contracts.codec import load_abi
from headwater.chain.contracts.lens import NEWEST
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Machine, Refused
from headwater.protocol.machine.challenges import REVIEW
from headwater.protocol.machine.rounds import peer_count
from headwater.protocol.phases import Kind
from headwater.protocol.structs import Claim
from tests.differential import screens

NAMES = {
    "tasks": "TaskManager",
    "rounds": "RoundManager",
    "trainers": "TrainerRegistry",
    "rewards": "RewardManager",
    "stakes": "StakeManager",
    "models": "ModelRegistry",
    "challenges": "ChallengeManager",
    "openings": "Openings",
    "proofs": "ProofManager",
    "lens": "Lens",
}

DYNAMIC = ("getRecord", "getRecords", "getParents")
"""Views that return more than static values, or one array of them; all of the lens do."""

GATE_ERROR = "InvalidTicket(address)"


class View(NamedTuple):
    """A view: a key of `NAMES`, its name in Solidity, its arguments, and the machine's answer."""

    target: str
    function: str
    arguments: tuple[Any, ...]
    answer: Callable[[], Any]


def encode(value: Any) -> bytes:
    """Values in the ABI, where they are static, or one array of static ones."""
    words: list[bytes] = []
    _add_words(value, words)
    return b"".join(words)


def _add_words(value: Any, words: list[bytes]) -> None:
    if isinstance(value, int):
        words.append(value.to_bytes(32, "big", signed=value < 0))
    elif isinstance(value, bytes):
        words.append(value.ljust(32, b"\0"))
    elif isinstance(value, str):
        words.append(_address(value))
    elif isinstance(value, tuple):
        for item in value:
            _add_words(item, words)
    elif isinstance(value, list):
        _add_words((32, len(value), *value), words)  # 32: where the only dynamic value of an answer starts
    else:
        for name in _fields(type(value)):
            _add_words(getattr(value, name), words)


def encode_outputs(view: View, value: Any) -> bytes:
    """What a view returns whose values are dynamic, as its ABI has them: slower, and right for all."""
    outputs = _outputs(NAMES[view.target], view.function)
    return encode_abi(outputs, _plain(value if isinstance(value, tuple) else (value,)))


@cache
def _outputs(contract: str, function: str) -> tuple[str, ...]:
    entry = next(e for e in load_abi(contract) if e["type"] == "function" and e["name"] == function)
    return tuple(collapse_if_tuple(output) for output in entry["outputs"])


def _plain(value: Any) -> Any:
    """Dataclasses as tuples, and what is in them."""
    if is_dataclass(value):
        return tuple(_plain(getattr(value, name)) for name in _fields(type(value)))
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def _address(text: str) -> bytes:
    return bytes.fromhex(text[2:]).rjust(32, b"\0")


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def selectors(kind: str) -> dict[tuple[str, str], bytes]:
    """First four bytes of the hash of each function or error, by contract and name."""
    return {
        (name, entry["name"]): keccak256(abi_to_signature(entry).encode())[:4]
        for name in NAMES.values()
        for entry in load_abi(name)
        if entry["type"] == kind
    }


@cache
def errors() -> dict[str, bytes]:
    """First four bytes of each custom error, that of `Gate` included."""
    found = {error: selector for (_, error), selector in selectors("error").items()}
    assert all(found[error] == selector for (_, error), selector in selectors("error").items()), "one name, two errors"
    return found | {GATE_ERROR.split("(", maxsplit=1)[0]: keccak256(GATE_ERROR.encode())[:4]}


def encode_refusal(refused: Refused) -> bytes:
    """What a call reverts with."""
    return errors()[refused.error] + encode(refused.arguments)


@cache
def query(address: str, target: str, function: str, arguments: tuple[Any, ...]) -> bytes:
    """A question to `Reader`."""
    data = selectors("function")[NAMES[target], function] + encode(arguments)
    return bytes.fromhex(address[2:]) + len(data).to_bytes(2, "big") + data


def answer(view: View) -> bytes:
    """What `Reader` answers if the machine is right."""
    try:
        value = view.answer()
        dynamic = view.target == "lens" or view.function in DYNAMIC
        success, data = 1, encode_outputs(view, value) if dynamic else encode(value)
    except Refused as refused:
        success, data = 0, encode_refusal(refused)
    return bytes([success]) + len(data).to_bytes(3, "big") + data


def money_views(machine: Machine, accounts: Sequence[str]) -> Iterator[View]:
    """What accounts have, and what nobody has."""
    stakes = machine.stakes
    yield View("stakes", "bonded", (), lambda: stakes.bonded)
    yield View("stakes", "burnt", (), lambda: stakes.burnt)
    for who in accounts:
        yield View("stakes", "stakeOf", (who,), lambda who=who: stakes.stake_of(who))
        yield View("stakes", "claimable", (who,), lambda who=who: stakes.claimable[who])


def task_views(machine: Machine, task_id: int, accounts: Sequence[str]) -> Iterator[View]:
    """What changes of a task, but of its rounds."""
    rounds, trainers, stakes = machine.rounds, machine.trainers, machine.stakes
    yield View("rounds", "getState", (task_id,), lambda: rounds.get_state(task_id))
    yield View("rounds", "currentPhase", (task_id,), lambda: rounds.current_phase(task_id))
    yield View("rewards", "poolOf", (task_id,), lambda: machine.rewards.pool_of(task_id))
    yield View("stakes", "escrowOf", (task_id,), lambda: stakes.escrow_of[task_id])
    yield View("models", "latest", (task_id,), lambda: machine.models.latest(task_id))
    yield View("models", "startOf", (task_id,), lambda: machine.models.start_of(task_id))
    for who in accounts:
        key = (task_id, who)
        yield View("trainers", "getEnrolment", key, lambda key=key: trainers.get_enrolment(*key))
        yield View("trainers", "slashOf", key, lambda key=key: trainers.slash_of(*key))
        yield View("stakes", "lockOf", key, lambda key=key: stakes.lock_of[key])


def round_views(machine: Machine, task_id: int, number: int, accounts: Sequence[str]) -> Iterator[View]:
    """What there is to see of a round."""
    rounds, rewards, challenges, made = machine.rounds, machine.rewards, machine.challenges, (task_id, number)
    yield View("rounds", "getRound", made, lambda: rounds.get_round(*made))
    yield View("models", "getModel", made, lambda: machine.models.get_model(*made))
    for who in accounts:
        part = (task_id, number, who)
        yield View("rounds", "getRosterEntry", part, lambda part=part: rounds.get_roster_entry(*part))
        yield View("rewards", "rewardOf", part, lambda part=part: rewards.reward_of(*part))
        head = machine.proofs.head_of(*part)
        yield View("proofs", "headOf", part, lambda part=part: machine.proofs.head_of(*part))
        for link in [(*part, index) for index in range(head.count + 1)]:
            yield View("proofs", "isProved", link, lambda link=link: machine.proofs.is_proved(*link))
        for attempt in (*range(rounds.get_round(*made).attempt + 1), REVIEW):
            at = (task_id, number, attempt, who)
            yield View("challenges", "opened", at, lambda at=at: challenges.opened(*at))
            yield View("challenges", "challengeOf", at, lambda at=at: challenges.challenge_of(*at))


def recent_views(machine: Machine, accounts: Sequence[str]) -> Iterator[View]:
    """What a call may have changed: money, tasks, their last two rounds, and the newest claims."""
    yield from money_views(machine, accounts)
    for task_id, state in machine.rounds.states.items():
        yield from task_views(machine, task_id, accounts)
        for number in range(state.round - 1, state.round + 1):
            yield from round_views(machine, task_id, number, accounts)
    yield from claim_views(machine, [*machine.openings.shown][-3:])


def claim_views(machine: Machine, claims: Collection[Claim]) -> Iterator[View]:
    """What is known of claims."""
    for claim in claims:
        yield View("openings", "isOpen", (claim,), lambda claim=claim: machine.openings.is_open(claim))
        yield View("openings", "progressOf", (claim,), lambda claim=claim: machine.openings.progress_of(claim))


def screen_views(machine: Machine, accounts: Sequence[str]) -> Iterator[View]:
    """What the lens makes of it."""
    count = len(machine.tasks.records)
    for page in ((NEWEST, NEWEST), (count, 1), (1, 5), (0, 1)):
        yield View("lens", "getTasks", page, lambda page=page: screens.tasks(machine, *page))
        yield View("lens", "getModels", page, lambda page=page: screens.models(machine, *page))
    for task_id in range(count + 2):
        yield View("lens", "getTask", (task_id,), lambda task_id=task_id: screens.task(machine, task_id))
        for page in ((task_id, 0, NEWEST), (task_id, 1, 2)):
            yield View("lens", "getRounds", page, lambda page=page: screens.rounds(machine, *page))
        for who in accounts:
            page = (task_id, who, 1, 2)
            yield View("lens", "getAccount", page, lambda page=page: screens.account(machine, *page))


def settled_views(machine: Machine, task_id: int, accounts: Sequence[str]) -> Iterator[View]:
    """What of a task is only looked at in the end: what does not change, or with what is looked at in between."""
    tasks, rounds, models, rewards = machine.tasks, machine.rounds, machine.models, machine.rewards
    last = rounds.states[task_id].round if task_id in rounds.states else 0
    yield View("tasks", "getTask", (task_id,), lambda: tasks.get_task(task_id))
    yield View("tasks", "tag", (task_id,), lambda: tasks.tag(task_id))
    yield View("rounds", "runningRound", (task_id,), lambda: rounds.running_round(task_id))
    yield View("rounds", "answerTime", (task_id,), lambda: rounds.answer_time(task_id))
    for kind in Kind:
        yield View("challenges", "bondOf", (task_id, kind), lambda kind=kind: machine.challenges.bond_of(task_id, kind))
    page = (task_id, 1, last + 1)
    yield View("models", "getModels", page, lambda: models.get_models(*page))
    yield View("models", "modelCount", (task_id,), lambda: models.model_count(task_id))
    yield View("models", "getRecords", page, lambda: models.get_records(*page))
    for key in ((task_id, who) for who in accounts):
        yield View("trainers", "maskKeyHash", key, lambda key=key: machine.trainers.mask_key_hash(*key))
    for model_hash in {entry[0] for entry in models.entries.get(task_id, {}).values()} | {bytes(32)}:
        known = (task_id, model_hash)
        yield View("models", "roundOf", known, lambda known=known: models.round_of(*known))
    for at in ((task_id, number) for number in range(last + 2)):
        yield View("models", "getRecord", at, lambda at=at: models.get_record(*at))
        yield View("models", "getParents", at, lambda at=at: models.get_parents(*at))
        for who in accounts:
            part = (*at, who)
            yield View("rounds", "dutyOf", part, lambda part=part: rounds.duty_of(*part))
            yield View("rounds", "contributed", part, lambda part=part: rounds.contributed(*part))
            yield View("rewards", "collected", part, lambda part=part: rewards.collected(*part))


def all_views(machine: Machine, accounts: Sequence[str], claims: Collection[Claim] = ()) -> Iterator[View]:
    """All there is to see, and a task, a round and a challenge that there are not; of claims, only of these."""
    yield from screen_views(machine, accounts)
    count, challenges = len(machine.tasks.records), machine.challenges
    yield View("tasks", "taskCount", (), lambda: count)
    yield View("rounds", "peerCount", (count,), lambda: peer_count(count))
    yield from money_views(machine, accounts)
    for task_id in range(count + 2):
        last = machine.rounds.states[task_id].round if task_id in machine.rounds.states else 0
        yield from task_views(machine, task_id, accounts)
        for number in range(last + 2):
            yield from round_views(machine, task_id, number, accounts)
        yield from settled_views(machine, task_id, accounts)
    for key in (*machine.trainers.data, (count, bytes(32))):
        yield View("trainers", "getData", key, lambda key=key: machine.trainers.get_data(*key))
    yield View("challenges", "challengeCount", (), lambda: len(challenges.challenges))
    for number in range(len(challenges.challenges) + 2):
        yield View("challenges", "getChallenge", (number,), lambda number=number: challenges.get_challenge(number))
    yield from claim_views(machine, claims)
