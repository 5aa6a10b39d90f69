"""The invariants that every fault test closes with fail where something is wrong: of each, a fleet that is doctored."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from headwater.chain.contracts.codec import decode_call, encode_call
from headwater.chain.contracts.events import Convicted, TrainerSlashed
from headwater.chain.sending.sender import Sender
from headwater.protocol.masks import mask_key, shared_point
from headwater.protocol.structs import ZERO_ADDRESS
from headwater.reading.history import Outcome
from headwater.roles.secrets import mask_secret, secret_of
from headwater.roles.task import open_task
from tests.support import invariants
from tests.support.fleet import ALL, CREATOR, SIGNED, run_fleet

pytestmark = pytest.mark.faults


class Doctored:
    """A fleet of which something is told otherwise."""

    def __init__(self, fleet, **otherwise):
        self.__dict__.update(otherwise, _fleet=fleet)

    def __getattr__(self, name):
        return getattr(self._fleet, name)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, home):
    """One round of three, to which nothing happened. Whatever a test changes, it changes back."""
    with run_fleet(tmp_path_factory.mktemp("invariants"), home, [("trainer",), ("trainer",), ALL]) as fleet:
        fleet.run_to_end(300)
        yield fleet


@pytest.fixture
def task(fleet):
    return open_task(fleet.contracts, fleet.store, fleet.home, fleet.task_id)


@pytest.fixture
def history(fleet):
    """To be changed."""
    return copy.deepcopy(fleet.history)


def test_fleet__to_which_nothing_happened__passes(fleet):
    assert invariants.check_fleet(fleet) == {Outcome.COUNTED: 3}


# no double submission


@pytest.mark.parametrize("function", ("submit", "mask"))
def test_second_proof_or_masked_update__that_ever_left_a_node__is_found(fleet, monkeypatch, function):
    """Also one that was never mined: who saw it has two equations, or two vectors under one mask."""
    node = fleet.trainers[0]
    transaction, (task_id, sent) = node.signed(function)[0]
    other = (sent[0][:-1] + b"\x01",) if function == "submit" else dataclasses.replace(sent, cid=b"\x01" * 32)
    fields = {name: value for name, value in transaction.items() if name not in ("v", "r", "s")}
    signed = node.key.sign_transaction({**fields, "data": encode_call(SIGNED[function], function, (task_id, other))})
    invariants.check_sent_once(fleet)
    monkeypatch.setattr(node.proxy, "sent", [*node.proxy.sent, "0x" + bytes(signed.raw_transaction).hex()])
    with pytest.raises(AssertionError, match=node.name):
        invariants.check_sent_once(fleet)


def test_transaction__sent_again_as_it_is__is_no_second_one(fleet, monkeypatch):
    node = fleet.trainers[0]
    monkeypatch.setattr(node.proxy, "sent", node.proxy.sent * 2)
    invariants.check_sent_once(fleet)


# no lost stake


def test_coin__that_is_nobodys__is_found(fleet):
    stakes, creator = fleet.contracts.stakes, Sender(fleet.chain, fleet.anvil.accounts[CREATOR])
    creator.send(stakes.deposit(1))
    true = fleet.chain.balance(stakes.address)
    for wrong in (true - 1, true + 1):
        fleet.rpc("anvil_setBalance", stakes.address, hex(wrong))
        with pytest.raises(AssertionError):
            invariants.check_money(fleet)
    fleet.rpc("anvil_setBalance", stakes.address, hex(true))
    invariants.check_money(fleet)
    creator.send(stakes.withdraw(1))


def test_stake__left_behind_by_a_node_that_has_ended__is_found(fleet):
    node = fleet.trainers[0]
    sender, stakes = Sender(fleet.chain, node.key), fleet.contracts.stakes
    sender.send(stakes.deposit(1))
    with pytest.raises(AssertionError, match="has something left"):
        invariants.check_money(fleet)
    sender.send(stakes.withdraw(1))
    invariants.check_money(fleet)


def slashed(fleet, *, fault):
    """A slash of the first trainer in the first round."""
    place = {"address": "", "block_number": 1, "transaction_hash": b"", "log_index": 0}
    return TrainerSlashed(fleet.task_id, 1, fleet.trainers[0].address, fault, 1, **place)


class Told:
    """The TrainerRegistry, of whose events there is one more."""

    def __init__(self, trainers, event):
        self._trainers, self._event = trainers, event

    def __getattr__(self, name):
        return getattr(self._trainers, name)

    def events(self, kind, **wanted):
        yield from self._trainers.events(kind, **wanted)
        if isinstance(self._event, kind):
            yield self._event


def with_event(fleet, event):
    contracts = dataclasses.replace(fleet.contracts, trainers=Told(fleet.contracts.trainers, event))
    return Doctored(fleet, contracts=contracts)


def test_slash__that_was_not_burnt__or_burnt_without_one__is_found(fleet):
    with pytest.raises(AssertionError):
        invariants.check_money(with_event(fleet, slashed(fleet, fault=False)))


@pytest.mark.parametrize(("fault", "said"), ((True, "slashed for a fault"), (False, "slashed, and counted")))
def test_slash__of_an_honest_trainer__is_found(fleet, fault, said):
    with pytest.raises(AssertionError, match=said):
        invariants.check_outcomes(with_event(fleet, slashed(fleet, fault=fault)))


# no seed leaked


def secrets_of(fleet, task):
    one, other = (mask_secret(secret_of(node.key), task.tag) for node in fleet.trainers[:2])
    point = shared_point(one, mask_key(other))
    return {"key": int.from_bytes(fleet.trainers[0].key.key), "mask secret": one, "shared point": point.y}


FORMS = {
    "bytes": lambda secret: secret.to_bytes(32, "big"),
    "hexadecimal": lambda secret: secret.to_bytes(32, "big").hex().encode(),
    "little-endian hexadecimal": lambda secret: secret.to_bytes(32, "little").hex().encode(),
    "decimal": lambda secret: str(secret).encode(),
}


@pytest.mark.parametrize("name", ("key", "mask secret", "shared point"))
def test_secret__in_a_log_a_node_s_files_or_the_store__is_found(fleet, task, name):
    secret, node = secrets_of(fleet, task)[name], fleet.trainers[1]
    for path in (node.folder / "log", node.folder / "home" / "journal" / "left.over", fleet.folder / "store" / "stray"):
        for form in FORMS.values():
            before = path.read_bytes() if path.exists() else None
            path.write_bytes((before or b"") + b"... " + form(secret) + b" ...")
            with pytest.raises(AssertionError, match=name.split()[0]):
                invariants.check_secrets(fleet, task)
            path.unlink() if before is None else path.write_bytes(before)
    invariants.check_secrets(fleet, task)


# no wrong model accepted


def test_model__that_is_not_the_proved_average__is_found(fleet, task):
    """The registry's storage says another hash than that of the average which was accepted."""
    slot = keccak((1).to_bytes(32, "big") + keccak(fleet.task_id.to_bytes(32, "big") + bytes(32)))
    registry = fleet.contracts.models.address
    place = "0x" + slot.hex()
    true = fleet.rpc("eth_getStorageAt", registry, place, "latest")
    assert bytes(HexBytes(true)) == fleet.contracts.models.latest(fleet.task_id).model_hash
    fleet.rpc("anvil_setStorageAt", registry, place, "0x" + "01" * 32)
    with pytest.raises(AssertionError, match="its models are those that were added"):
        invariants.check_audit(task)
    fleet.rpc("anvil_setStorageAt", registry, place, true)
    invariants.check_audit(task)


def test_average__of_others_than_those_who_masked__is_found(fleet, task, history, monkeypatch):
    history.rounds[1].parts[fleet.trainers[0].address].masked.clear()
    monkeypatch.setattr("headwater.reading.audit.read_history", lambda *_: history)
    with pytest.raises(AssertionError, match="the sum of exactly the 2 masked updates"):
        invariants.check_audit(task)


def test_proof__that_does_not_hold__is_found(fleet, task, monkeypatch):
    """In the calldata of a submission: the contract's verifier must have been another."""
    calldata = type(fleet.chain).calldata

    def forged(chain, transaction_hash):
        to, data = calldata(chain, transaction_hash)
        try:
            task_id, (proof,) = decode_call("ProofManager", "submit", data)
        except ValueError:
            return to, data
        return to, encode_call("ProofManager", "submit", (task_id, (proof[:-1] + bytes([proof[-1] ^ 1]),)))

    monkeypatch.setattr(type(fleet.chain), "calldata", forged)
    with pytest.raises(AssertionError, match="proof"):
        invariants.check_audit(task)


# every contribution counts, or it is said why not


def test_round__that_is_not_over__is_found(fleet, history):
    history.rounds[1].phases.pop()
    with pytest.raises(AssertionError, match="round 1 is in"):
        invariants.check_outcomes(Doctored(fleet, history=history))


def test_honest_trainer__whose_contribution_is_gone__or_that_is_convicted__is_found(fleet, history):
    me = fleet.trainers[0].address
    place = {"address": "", "block_number": 1, "transaction_hash": b"", "log_index": 0}
    convicted, unknown = copy.deepcopy(history), copy.deepcopy(history)
    part = convicted.rounds[1].parts[me]
    part.masked.clear()
    part.convicted = Convicted(fleet.task_id, 1, 1, me, ZERO_ADDRESS, 0, 0, **place)
    unknown.enrolled.pop(me)
    unknown.rounds[1].parts.pop(me)
    for doctored in (convicted, unknown):
        with pytest.raises(AssertionError, match="Outcome"):
            invariants.check_outcomes(Doctored(fleet, history=doctored))


def test_round__told_as_counted_that_had_no_submission_of_it__is_found(fleet, monkeypatch):
    """The node's transactions are what says what it has sent: a chain that counts more has somebody else's."""
    monkeypatch.setattr(fleet.trainers[0].proxy, "sent", [])
    with pytest.raises(AssertionError, match=fleet.trainers[0].name):
        invariants.check_sent_once(fleet)
