"""Python's view of the contracts is the ABIs': every error has its message, every struct and event its fields."""

import re
import string
from dataclasses import fields

import pytest
from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak

from headwater.chain.contracts import decoding, events
from headwater.chain.contracts.codec import (
    CONTRACTS,
    VALUES,
    decode_error,
    decode_log,
    decode_result,
    encode_call,
    event_topics,
    load_abi,
)
from headwater.chain.contracts.reverts import MESSAGES, format_wei, refusal
from headwater.protocol.curve import Point
from headwater.protocol.equal_log import EqualLogProof
from headwater.protocol.phases import Phase, TrainerStatus
from headwater.protocol.possession import PossessionProof
from headwater.protocol.structs import Opening, PeerMask, Posting, RosterEntry, Round

ENTRIES = [entry for contract in CONTRACTS for entry in load_abi(contract)]
ERRORS = {entry["name"]: entry for entry in ENTRIES if entry["type"] == "error"}
EVENTS = {entry["name"]: entry for entry in ENTRIES if entry["type"] == "event"}
SOLIDITYS_OWN = {"Error": ["reason"], "Panic": ["code"]}
RENAMED = {"PhaseChanged.from": "from_phase", "PhaseChanged.to": "to_phase"}  # `from` is a keyword of Python
SAMPLES = {
    "bool": True,
    "uint8": 2,
    "uint256": 1_700_000_000,
    "int64": -40,
    "address": "0x" + "11" * 20,
    "bytes29": b"\xab" * 29,
    "bytes31": b"\xab" * 31,
    "bytes32": b"\xab" * 32,
}
ENUMS = {"Phase", "TrainerStatus", "Duty", "Kind", "Encoding", "Question", "Reason"}
ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def snake(name, of=""):
    return RENAMED.get(f"{of}.{name}", re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())


def structs(entries):
    """Every struct of the ABIs, by its name, with the names of its fields."""
    found, pending = {}, [p for entry in entries for p in entry.get("inputs", []) + entry.get("outputs", [])]
    while pending:
        param = pending.pop()
        if param["type"].startswith("tuple"):
            name = param["internalType"].split(" ")[1].split(".")[-1].split("[")[0]
            found[name] = [snake(component["name"]) for component in param["components"]]
            pending += param["components"]
    return found


def enums(entries):
    return {
        param["internalType"].split(".")[-1]
        for entry in entries
        for outer in entry.get("inputs", []) + entry.get("outputs", [])
        for param in [outer, *outer.get("components", [])]
        if param["internalType"].startswith("enum ")
    }


def selector(signature):
    return keccak(text=signature)[:4]


def test_messages__when_a_contract_declares_an_error__then_there_is_one_and_no_other():
    assert set(MESSAGES) == set(ERRORS) | set(SOLIDITYS_OWN)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_messages__when_filled_in__then_they_name_only_what_the_error_carries_and_say_what_to_do(name):
    carried = SOLIDITYS_OWN.get(name) or [i["name"] for i in ERRORS[name]["inputs"]]
    message, hint = MESSAGES[name]

    assert {field for _, field, _, _ in string.Formatter().parse(message) if field} <= set(carried)
    assert message
    assert hint


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_refusal__when_a_contract_raises_an_error__then_it_is_decoded_and_explained(name):
    types = [i["type"] for i in ERRORS[name]["inputs"]]
    data = selector(f"{name}({','.join(types)})") + encode(types, [SAMPLES[typ] for typ in types])

    error = refusal(data, "TaskManager.call")

    assert error.name == name
    assert list(error.arguments) == [i["name"] for i in ERRORS[name]["inputs"]]
    assert error.message.startswith(f"TaskManager.call was refused: {name}: ")
    assert error.hint == MESSAGES[name][1]


def test_refusal__when_an_admission_module_has_its_own_reason__then_it_says_whom_to_ask():
    assert "admission module" in refusal(b"\x01\x02\x03\x04", "TrainerRegistry.enrol").hint
    assert "admission module" not in refusal(b"\x01\x02\x03\x04", "RoundManager.join").hint


def test_refusal__when_an_error_names_phases_times_and_amounts__then_people_can_read_them():
    wrong_phase = refusal(selector("WrongPhase(uint8,uint8)") + encode(["uint8", "uint8"], [2, 1]), "submit")
    late = refusal(selector("DeadlinePassed(uint256,uint256)") + encode(["uint256"] * 2, [10**9, 10**9 + 5]), "submit")
    poor = refusal(
        selector("InsufficientStake(address,uint256,uint256)")
        + encode(["address", "uint256", "uint256"], [ALICE, 5 * 10**17, 10**18]),
        "enrol",
    )

    assert wrong_phase.arguments == {"expected": Phase.TRAIN, "actual": Phase.JOIN}
    assert "in phase Join, and this needs Train" in wrong_phase.message
    assert "2001-09-09 01:46:40 UTC" in late.message
    assert f"{ALICE} has 0.5 ETH of free stake, and 1 ETH are needed" in poor.message


@pytest.mark.parametrize(
    "data",
    (b"", b"\x01\x02\x03\x04", selector("UnknownTask(uint256)") + b"\x00", b"\xff" * 36),
    ids=lambda d: d.hex()[:8],
)
def test_refusal__when_the_data_are_of_no_known_error__then_it_says_so(data):
    error = refusal(data, "TaskManager.join")

    assert decode_error(data) is None
    assert error.name == (f"0x{data[:4].hex()}" if data else "without a reason")
    assert "another contract" in error.hint


def test_structs__when_the_contracts_return_them__then_the_dataclasses_have_their_fields_in_order():
    in_abi = structs(ENTRIES)
    ours = {name: kind for name, kind in VALUES.items() if name not in ENUMS}

    assert set(ours) == set(in_abi)
    assert {name: list(kind.__annotations__) for name, kind in ours.items()} == in_abi
    assert enums(ENTRIES) == ENUMS


def test_events__when_the_contracts_emit_them__then_the_dataclasses_have_their_arguments_in_order():
    beside = (events.GroupEvent, events.PoolEvent)
    kinds = [*events.Event.__subclasses__(), *(kind for base in beside for kind in base.__subclasses__())]
    ours = {kind.__name__: kind for kind in kinds if kind not in beside}

    assert set(ours) == set(EVENTS)
    for name, kind in ours.items():
        arguments = [snake(i["name"], of=name) for i in EVENTS[name]["inputs"]]
        assert [f.name for f in fields(kind) if not f.kw_only] == arguments


@pytest.mark.parametrize("name", sorted(EVENTS.keys() - {"ContractURIUpdated"}))
def test_events__when_an_indexer_looks_for_them__then_it_can_by_what_they_are_about(name):
    first, *_ = inputs = EVENTS[name]["inputs"]
    assert first["indexed"]
    known = ("taskId", "challengeId", "trainer", "account", "commitmentHash", "groupId", "module", "poolId")
    assert first["name"] in (*known, "modelId", "inferenceId")
    assert sum(i["indexed"] for i in inputs) <= 3
    assert all(i["name"] for i in inputs)


def test_decode_result__when_a_view_returns_a_struct__then_its_dataclass():
    data = encode(["(uint8,uint16,uint16,address,uint8,uint40)"], [(7, 2, 4, ALICE.lower(), 1, 99)])

    assert decode_result("RoundManager", "getRound", data) == (Round(Phase.FINALIZED, 2, 4, ALICE, 1, 99),)


def test_decode_result__when_a_view_returns_an_enum_in_a_struct__then_its_member():
    data = encode(["(uint8,uint16,bytes29,bytes32)"], [(2, 1, b"\x07" * 29, b"\x08" * 32)])

    (entry,) = decode_result("RoundManager", "getRosterEntry", data)
    assert entry == RosterEntry(TrainerStatus.SUBMITTED, 1, b"\x07" * 29, b"\x08" * 32)
    assert entry.status is TrainerStatus.SUBMITTED


@pytest.mark.parametrize(
    "data",
    (b"", b"\x00" * 31, encode(["(uint8,uint16,bytes29,bytes32)"], [(9, 0, b"", b"")])),
    ids=("none", "cut", "enum"),
)
def test_decode_result__when_the_bytes_are_something_else__then_value_error(data):
    with pytest.raises(ValueError, match="not the ABI encoding"):
        decode_result("RoundManager", "getRosterEntry", data)


def test_decode__of_whatever_the_contracts_tell__reads_no_byte_as_often_as_it_may(monkeypatch):
    monkeypatch.setattr(decoding, "MOST_READS", decoding.MOST_READS // 2)
    entries = [entry for name in CONTRACTS for entry in load_abi(name)]
    for params in (entry[side] for entry in entries for side in ("inputs", "outputs") if entry.get(side)):
        values = [some(param) for param in params]
        types = [collapse_if_tuple(param) for param in params]
        assert len(decoding.decode(types, encode(types, values))) == len(params)


def some(param):
    """A value of a type; of an array without a length, three."""
    within, _, length = param["type"].removesuffix("]").rpartition("[")
    if param["type"].endswith("]"):
        return [some({**param, "type": within})] * int(length or 3)
    if param["type"] == "tuple":
        return tuple(some(component) for component in param["components"])
    plain = {"bool": True, "string": "text", "bytes": b"bytes", "address": "0x" + "11" * 20}
    return plain.get(param["type"], 0 if "int" in param["type"] else b"")


def test_encode_call__when_arguments_are_points_and_proofs__then_tuples_of_words():
    arguments = (7, (Point(1, 2),), Point(3, 4), PossessionProof(5, 6), b"\x07")
    data = encode_call("TrainerRegistry", "enrol", arguments)

    types = ["uint256", "(uint256,uint256)[]", "(uint256,uint256)", "(uint256,uint256)", "bytes"]
    expected = encode(types, [7, [(1, 2)], (3, 4), (5, 6), b"\x07"])
    assert data == selector(f"enrol({','.join(types)})") + expected


POSTING = Posting(b"\x09" * 32, Point(5, 6), b"\x08" * 32, (PeerMask(ALICE, Point(1, 2)), PeerMask(ALICE, Point(3, 4))))
POSTING_TYPE = "(bytes32,(uint256,uint256),bytes32,(address,(uint256,uint256))[])"
POSTING_ABI = (b"\x09" * 32, (5, 6), b"\x08" * 32, [(ALICE, (1, 2)), (ALICE, (3, 4))])


def test_encode_call__when_an_argument_is_a_struct_of_structs__then_tuples_and_arrays_of_them():
    types = ["uint256", POSTING_TYPE]
    assert encode_call("RoundManager", "mask", (7, POSTING)) == selector(f"mask({','.join(types)})") + encode(
        types, [7, POSTING_ABI]
    )


def test_encode_call__when_an_argument_is_a_pair__then_an_array_of_two():
    opening = Opening(quotient=Point(7, 8))
    pair = (Point(1, 2), Point(3, 4))
    arguments = (1, (POSTING, POSTING), pair, Point(5, 6), EqualLogProof(9, 10), True, Point(11, 12), opening)
    point = "(uint256,uint256)"
    types = ["uint256", f"{POSTING_TYPE}[2]", f"{point}[2]", point, point, "bool", point, f"(bytes32,bytes,{point})"]
    values = [1, [POSTING_ABI] * 2, [(1, 2), (3, 4)], (5, 6), (9, 10), True, (11, 12), (bytes(32), b"", (7, 8))]
    data = encode_call("ChallengeManager", "answerMask", arguments)
    assert data == selector(f"answerMask({','.join(types)})") + encode(types, values)


def test_event__when_it_carries_a_struct_of_structs__then_the_dataclasses():
    log = {
        "address": ALICE,
        "topics": event_topics(events.Masked, {"task_id": 1, "round": 2, "trainer": ALICE}),
        "data": encode(["uint256", POSTING_TYPE, "uint256"], [3, POSTING_ABI, 4]),
        "blockNumber": 10,
        "transactionHash": b"\x01" * 32,
        "logIndex": 4,
    }

    masked = decode_log(log)
    assert isinstance(masked, events.Masked)
    assert (masked.trainer, masked.attempt, masked.posting, masked.masked) == (ALICE, 3, POSTING, 4)


def test_event__when_its_log_is_decoded__then_indexed_and_other_arguments_are_in_their_place():
    log = {
        "address": ALICE.lower(),
        "topics": [*event_topics(events.Joined, {"task_id": 1, "round": 2, "trainer": ALICE})],
        "data": encode(["uint256"], [3]),
        "blockNumber": 10,
        "transactionHash": b"\x01" * 32,
        "logIndex": 4,
    }

    assert decode_log(log) == events.Joined(
        1, 2, ALICE, 3, address=ALICE, block_number=10, transaction_hash=b"\x01" * 32, log_index=4
    )
    assert decode_log({**log, "topics": [b"\x00" * 32]}) is None
    assert decode_log({**log, "topics": []}) is None
    assert decode_log({**log, "topics": [*log["topics"][:-1], b"\xff" * 32]}) is None
    assert decode_log({**log, "data": b"\xff" * 31}) is None


def test_event_topics__when_a_filter_is_not_indexed__then_type_error_names_what_is():
    with pytest.raises(TypeError, match="no indexed joined; it has task_id, round, trainer"):
        event_topics(events.Joined, {"joined": 3})


@pytest.mark.parametrize(
    ("wei", "text"),
    (
        (0, "0 ETH"),
        (1, "1 wei"),
        (10**12 - 1, "999999999999 wei"),
        (10**12, "0.000001 ETH"),
        (1_500_000_000_000_000_000, "1.5 ETH"),
        (100 * 10**18, "100 ETH"),
    ),
)
def test_format_wei__when_shown__then_exact_and_short(wei, text):
    assert format_wei(wei) == text
