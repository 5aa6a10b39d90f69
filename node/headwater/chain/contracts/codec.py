"""Between Python values and the ABI's bytes, driven by the ABIs that are packaged in `abi/`.

Structs become the dataclasses of `protocol.structs` and `screens`, enums their Python twins, addresses checksummed
text, `bytes32` bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.abi import abi_to_signature, collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from headwater.chain.contracts import events, screens
from headwater.chain.contracts.decoding import decode
from headwater.errors import ConfigError
from headwater.protocol import structs
from headwater.protocol.curve import Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.groups import SemaphoreProof
from headwater.protocol.openings import Encoding
from headwater.protocol.pairing import G2
from headwater.protocol.phases import Duty, Kind, Phase, Question, TrainerStatus
from headwater.protocol.possession import PossessionProof
from headwater.protocol.slots import Reason

ADDRESSED = (
    "TaskManager",
    "RoundManager",
    "TrainerRegistry",
    "RewardManager",
    "StakeManager",
    "ModelRegistry",
    "ChallengeManager",
    "Openings",
    "ProofManager",
)
"""The contracts that know each other, in the order of `IDeployed.Addresses`: each is told where all of them stand."""

BESIDE = (
    "Attestations",
    "Inferences",
    "Pools",
    "PoseidonT3",
    "SemaphoreVerifier",
    "Semaphore",
    "GroupAdmission",
    "GroupAdmissions",
)
"""Contracts of which those know nothing."""

CONTRACTS = (*ADDRESSED, *BESIDE, "Lens")
"""All contracts, in the order in which they are deployed. The lens, the last, checks that all were told the same."""

VALUES: dict[str, Any] = {
    "G1": Point,
    "G2": G2,
    "Addresses": structs.Addresses,
    "TaskConfig": structs.TaskConfig,
    "Task": structs.TaskRecord,
    "Origin": structs.Origin,
    "Parent": structs.Parent,
    "TaskState": structs.TaskState,
    "Round": structs.Round,
    "RosterEntry": structs.RosterEntry,
    "Enrolment": structs.Enrolment,
    "Registration": structs.Registration,
    "PossessionProof": PossessionProof,
    "Pool": structs.Pool,
    "Posting": structs.Posting,
    "PeerMask": structs.PeerMask,
    "Challenge": structs.Challenge,
    "Link": structs.Link,
    "DataPool": structs.DataPool,
    "Contribution": structs.Contribution,
    "Head": structs.Head,
    "Score": structs.Score,
    "Shown": structs.Shown,
    "Opening": structs.Opening,
    "Claim": structs.Claim,
    "Scoring": structs.Scoring,
    "HeldOut": structs.HeldOut,
    "Holding": structs.Holding,
    "Attestation": structs.Attestation,
    "Composition": structs.Composition,
    "EqualLogProof": EqualLogProof,
    "SemaphoreProof": SemaphoreProof,
    "Call": screens.Call,
    "Result": screens.Result,
    "Setup": structs.Setup,
    "Row": structs.Row,
    "Query": structs.Query,
    "ModelCommitment": structs.ModelCommitment,
    "Model": structs.Model,
    "Record": structs.Record,
    "TaskSummary": screens.TaskSummary,
    "TaskScreen": screens.TaskScreen,
    "RoundSummary": screens.RoundSummary,
    "AccountScreen": screens.AccountScreen,
    "Phase": Phase,
    "TrainerStatus": TrainerStatus,
    "Duty": Duty,
    "Kind": Kind,
    "Encoding": Encoding,
    "Question": Question,
    "Reason": Reason,
}
"""The Python type of each struct and enum, by its Solidity name."""

E = TypeVar("E", bound=events.Event)


class CustomError(NamedTuple):
    """A decoded revert: the error's name and its arguments, by Solidity's names."""

    name: str
    arguments: dict[str, Any]


@cache
def load_abi(contract: str) -> list[dict[str, Any]]:
    """The ABI of a contract of `CONTRACTS`."""
    text = files("headwater.chain.contracts").joinpath("abi", f"{contract}.json").read_text()
    return [dict(entry) for entry in json.loads(text)]


def encode_call(contract: str, function: str, arguments: Sequence[Any]) -> bytes:
    """Calldata of a function: selector and encoded arguments.

    Raises:
        ConfigError: an argument does not fit the function's types.
    """
    entry = _entry(contract, "function", function, len(arguments))
    try:
        return _id(entry)[:4] + encode(_types(entry["inputs"]), [_to_abi(value) for value in arguments])
    except EncodingError as error:
        raise ConfigError(
            f"{contract}.{function} cannot take these values: {error}", "ids, counts and amounts must be smaller"
        ) from error


def decode_call(contract: str, function: str, data: bytes) -> tuple[Any, ...]:
    """The arguments in a function's calldata.

    Raises:
        ValueError: it calls another function, or is not such calldata.
    """
    entry = _entry(contract, "function", function)
    if data[:4] != _id(entry)[:4]:
        raise ValueError(f"not a call of {contract}.{function}")
    return _decode(entry["inputs"], data[4:])


def called(contract: str, data: bytes) -> str:
    """The name of the function of a contract that calldata calls.

    Raises:
        ValueError: it has none of that selector.
    """
    for entry in load_abi(contract):
        if entry["type"] == "function" and _id(entry)[:4] == data[:4]:
            return str(entry["name"])
    raise ValueError(f"{contract} has no function 0x{data[:4].hex()}")


def decode_result(contract: str, function: str, data: bytes) -> tuple[Any, ...]:
    """The values that a function returned.

    Raises:
        ValueError: the bytes are not such values.
    """
    return _decode(_entry(contract, "function", function)["outputs"], data)


def encode_arguments(contract: str, arguments: Sequence[Any]) -> bytes:
    """A constructor's arguments, as they follow its creation code; none where it has no constructor."""
    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in load_abi(contract) if entry["type"] == "constructor"), []
    )
    return encode(_types(inputs), [_to_abi(value) for value in arguments])


def decode_error(data: bytes) -> CustomError | None:
    """The custom error of a revert, `Error(string)` and `Panic(uint256)` included; None where no ABI knows it."""
    entry = _errors().get(data[:4])
    if entry is None:
        return None
    try:
        values = _decode(entry["inputs"], data[4:])
    except ValueError:
        return None
    return CustomError(entry["name"], dict(zip((i["name"] for i in entry["inputs"]), values, strict=True)))


def event_topics(kind: type[events.Event], filters: Mapping[str, Any]) -> list[bytes | None]:
    """The topics of an event's logs, with values for some of its indexed arguments, by the dataclass's names.

    Raises:
        TypeError: a filter names no indexed argument.
    """
    entry = _entry_of_event(kind.__name__)
    names = [field.name for field in _own_fields(kind)]
    indexed = {name: i["type"] for name, i in zip(names, entry["inputs"], strict=True) if i["indexed"]}
    if unknown := filters.keys() - indexed.keys():
        raise TypeError(f"{kind.__name__} has no indexed {', '.join(sorted(unknown))}; it has {', '.join(indexed)}")
    topics = [encode([typ], [filters[name]]) if name in filters else None for name, typ in indexed.items()]
    return [_id(entry), *topics]


def decode_log(log: Mapping[str, Any]) -> events.Event | None:
    """The event of a log as web3 gives it; None where it is none that an ABI knows."""
    topics = [bytes(topic) for topic in log["topics"]]
    entry = _events().get(topics[0]) if topics else None
    if entry is None or len(topics) != 1 + sum(i["indexed"] for i in entry["inputs"]):
        return None
    kind: type[events.Event] = getattr(events, entry["name"])
    indexed = iter(topics[1:])
    try:
        plain = iter(_decode([i for i in entry["inputs"] if not i["indexed"]], bytes(log["data"])))
        values = [_decode([i], next(indexed))[0] if i["indexed"] else next(plain) for i in entry["inputs"]]
    except ValueError:
        return None
    named = dict(zip((field.name for field in _own_fields(kind)), values, strict=True))
    return kind(
        **named,
        address=to_checksum_address(log["address"]),
        block_number=log["blockNumber"],
        transaction_hash=bytes(log["transactionHash"]),
        log_index=log["logIndex"],
    )


def _own_fields(kind: type[events.Event]) -> list[Any]:
    """The fields that an event adds to `Event`: its arguments."""
    return [field for field in fields(kind) if not field.kw_only]


@cache
def _entry(contract: str, typ: str, name: str, inputs: int | None = None) -> dict[str, Any]:
    """The entry of a name; of functions that share it, that with so many inputs."""
    return next(
        entry
        for entry in load_abi(contract)
        if (entry["type"], entry.get("name")) == (typ, name) and inputs in (None, len(entry["inputs"]))
    )


@cache
def _entry_of_event(name: str) -> dict[str, Any]:
    return next(entry for entry in _events().values() if entry["name"] == name)


@cache
def _events() -> dict[bytes, dict[str, Any]]:
    return {_id(entry): entry for name in CONTRACTS for entry in load_abi(name) if entry["type"] == "event"}


@cache
def _errors() -> dict[bytes, dict[str, Any]]:
    builtin = [
        {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
        {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
    ]
    declared = [entry for name in CONTRACTS for entry in load_abi(name) if entry["type"] == "error"]
    return {_id(entry)[:4]: entry for entry in builtin + declared}


def _id(entry: dict[str, Any]) -> bytes:
    """keccak256 of a function's, error's or event's signature."""
    return keccak(text=abi_to_signature(entry))  # type: ignore[arg-type]


def _types(params: Sequence[dict[str, Any]]) -> list[str]:
    return [collapse_if_tuple(param) for param in params]


def _decode(params: Sequence[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    try:
        values = decode(_types(params), data)
        return tuple(_to_python(param, value) for param, value in zip(params, values, strict=True))
    except (DecodingError, ValueError, OverflowError) as error:
        raise ValueError(f"not the ABI encoding of ({', '.join(_types(params))}): {error}") from error


def _to_python(param: dict[str, Any], value: Any) -> Any:
    typ: str = param["type"]
    if typ.endswith("[]"):
        return tuple(_to_python({**param, "type": typ[:-2]}, item) for item in value)
    if typ == "address":
        return to_checksum_address(value)
    if typ == "tuple":
        return _python_type(param)(*(_to_python(c, v) for c, v in zip(param["components"], value, strict=True)))
    return _python_type(param)(value) if param.get("internalType", "").startswith("enum ") else value


def _python_type(param: dict[str, Any]) -> Any:
    """The Python type of a struct or enum, whose `internalType` is such as `struct ITaskManager.Round[]`."""
    return VALUES[param["internalType"].split(" ")[1].split(".")[-1].removesuffix("[]")]


def _to_abi(value: Any) -> Any:
    if is_dataclass(value):
        return tuple(_to_abi(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return tuple(_to_abi(item) for item in value)
    return value
