"""Members that follow from events, evidence as the ABI has it, and identities in files."""

from __future__ import annotations

import base64
import json
import stat

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from headwater.chain.contracts.codec import encode_call
from headwater.chain.contracts.events import MemberAdded, MemberRemoved, MembersAdded, MemberUpdated
from headwater.errors import CircuitError, ConfigError
from headwater.groups import prover
from headwater.groups.identity import make_identity, read_identity
from headwater.groups.members import Group, GroupFacts, _replayed, in_all
from headwater.groups.prover import Membership, check, commitment_of, prove, siblings_of
from headwater.protocol.field import P
from headwater.protocol.groups import DEPTH, SemaphoreProof, evidence_of, is_commitment, message_of, signal
from headwater.tools import ROOT

PROOFS = "(uint256,uint256,uint256,uint256,uint256,uint256[8])[]"
TRAINER, HASHES = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", [b"\x01" * 32, b"\x02" * 32]
WHERE = {"address": TRAINER, "block_number": 1, "transaction_hash": b"", "log_index": 0}
VECTORS = ROOT / "tests" / "vectors" / "groups.json"
IDENTITY = base64.b64encode(bytes(range(32))).decode()
words = st.integers(0, 2**256 - 1)


def test_message__is_that_of_the_contract():
    expected = keccak(encode(["address", "bytes32[]"], [TRAINER, HASHES]))
    assert message_of(TRAINER, HASHES) == int.from_bytes(expected, "big")
    assert message_of(TRAINER, HASHES[:1]) != message_of(TRAINER, HASHES)


@given(st.lists(st.tuples(words, words, words, words, words, st.tuples(*[words] * 8)), max_size=3))
def test_evidence__is_the_abis_encoding(proofs):
    assert evidence_of([SemaphoreProof(*proof) for proof in proofs]) == encode([PROOFS], [proofs])


def test_signal__of_a_message_or_a_scope__is_a_circuits_input():
    assert signal(7) == int.from_bytes(keccak((7).to_bytes(32, "big")), "big") >> 8
    assert signal(2**256 - 1) < P


@pytest.mark.parametrize(("value", "is_one"), ((0, False), (1, True), (P - 1, True), (P, False)))
def test_commitment__is_a_field_element_and_not_zero(value, is_one):
    assert is_commitment(value) is is_one


def test_create_group__of_functions_of_one_name__is_that_with_as_many_arguments():
    assert encode_call("Semaphore", "createGroup", (TRAINER, 60))[:4] == keccak(text="createGroup(address,uint256)")[:4]
    assert encode_call("Semaphore", "createGroup", ())[:4] == keccak(text="createGroup()")[:4]


# members


def added(index, commitment, root=1):
    return MemberAdded(0, index, commitment, root, **WHERE)


def test_members__follow_from_all_that_was_added_exchanged_and_removed():
    events = [
        added(0, 5),
        MembersAdded(0, 1, (6, 7), 2, **WHERE),
        MemberUpdated(0, 1, 6, 8, 3, **WHERE),
        MemberRemoved(0, 0, 5, 4, **WHERE),
        MemberUpdated(0, 2, 7, 0, 9, **WHERE),
    ]
    assert _replayed(events) == ([0, 8, 0], 9)
    group = Group(GroupFacts(0, TRAINER, 3, 9, 60), (0, 8, 0))
    assert group.members == {8}
    assert group.membership == Membership((0, 8, 0), 9)


@pytest.mark.parametrize(
    "events",
    (
        [added(1, 5)],
        [added(0, 5), added(0, 6)],
        [MemberRemoved(0, 0, 5, 1, **WHERE)],
        [added(0, 5), MemberRemoved(0, 0, 6, 1, **WHERE)],
    ),
)
def test_members__of_events_that_do_not_fit__are_refused(events):
    with pytest.raises((ValueError, IndexError)):
        _replayed(events)


def test_in_all__of_several_groups__is_who_is_in_each():
    groups = [Group(GroupFacts(0, TRAINER, 3, 9, 60), leaves) for leaves in ((1, 2, 0), (2, 3, 0))]
    assert in_all(groups) == {2}
    assert in_all([]) == set()


# identities


def test_identity__is_made_once__for_its_owner_alone(tmp_path):
    tmp_path.chmod(0o700)
    path = tmp_path / "new" / "identity"
    assert make_identity(path)
    text = read_identity(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(text)) == 32
    assert not make_identity(path), "one that is there is kept"
    assert read_identity(path) == text


@pytest.mark.parametrize(
    ("text", "mode", "said"), (("another secret", 0o600, "holds no identity"), (IDENTITY, 0o644, "can be read"))
)
def test_identity__that_is_none__or_not_private__is_refused__and_not_shown(tmp_path, text, mode, said):
    tmp_path.chmod(0o700)
    path = tmp_path / "identity"
    path.write_text(text)
    path.chmod(mode)
    for read in (read_identity, make_identity):
        with pytest.raises(ConfigError, match=said) as caught:
            read(path)
        assert text not in str(caught.value)
    with pytest.raises(ConfigError, match="group join"):
        read_identity(tmp_path / "none")


# the process that proves


def test_prover__of_people_in_a_group__knows_its_root_and_who_is_in():
    mine, vectors = commitment_of(IDENTITY), json.loads(VECTORS.read_text())
    ((shown,),) = decode([PROOFS], bytes.fromhex(vectors["one"][2:]))
    members = [int(member, 16) for member in vectors["first"]]
    check(Membership(members, shown[1]))
    with pytest.raises(CircuitError, match="have the root"):
        check(Membership(members[:-1], shown[1]))
    with pytest.raises(CircuitError, match="no member"):
        prove(IDENTITY, [Membership(members)], 1, 2)
    assert len(siblings_of(Membership([*members, mine]), mine)) == 3, "the last of eight"


def test_prover__without_its_files__says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(prover, "ARTIFACTS", tmp_path)
    with pytest.raises(ConfigError, match=rf"semaphore-{DEPTH}\.wasm"):
        prove(IDENTITY, [Membership([1])], 1, 2)


def test_prover__that_ends_without_an_answer__says_what_it_said(tmp_path, monkeypatch):
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho out of memory >&2; exit 9")
    program.chmod(0o700)
    monkeypatch.setattr(prover, "find_tool", lambda _: program)
    with pytest.raises(CircuitError, match="code 9: out of memory"):
        commitment_of(IDENTITY)
