from dataclasses import replace

import pytest
from eth_account import Account

from headwater.circuits.circuit import Proof
from headwater.errors import JournalError
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.protocol.curve import Point
from headwater.roles.proofs import KeptProofs

PROOF = Proof(b"\x01" * 96, (Point(1, 2),), (5, 6), 1.5, 10.0, 900.0)
INPUTS = [[1, 2], [3]]
KEY = Account.from_key("0x" + "11" * 32)


@pytest.fixture
def secrets():
    return SecretStore(Database(None), KEY)


@pytest.mark.parametrize("journalled", (True, False))
def test_proof__of_the_same_inputs__is_found_again__and_of_others_it_is_not(secrets, journalled):
    kept = KeptProofs(secrets if journalled else None, "here/1")
    assert (kept.get(1, INPUTS), kept.has(1)) == (None, False)
    kept.keep(1, INPUTS, PROOF)
    assert (kept.get(1, INPUTS), kept.has(1)) == (PROOF, True)
    assert kept.get(1, [[1, 2], [4]]) is None
    assert kept.get(1, [[1], [2, 3]]) is None
    assert kept.get(2, INPUTS) is None


def test_proof__after_a_restart__is_the_same__for_its_task_alone(secrets):
    KeptProofs(secrets, "here/1").keep(3, INPUTS, PROOF)
    again = KeptProofs(secrets, "here/1")
    assert again.get(3, INPUTS) == PROOF
    assert again.seconds == 11.5
    assert KeptProofs(secrets, "here/11").get(3, INPUTS) is None
    assert KeptProofs(secrets, "here/11").seconds == 0


def test_proof__kept_a_second_time__takes_the_place_of_the_first(secrets):
    kept, other = KeptProofs(secrets, "here/1"), replace(PROOF, data=b"\x02" * 96)
    kept.keep(1, INPUTS, PROOF)
    kept.keep(1, [[7]], other)
    for found in (kept, KeptProofs(secrets, "here/1")):
        assert found.get(1, INPUTS) is None
        assert found.get(1, [[7]]) == other


def test_proofs__of_rounds_that_are_over__are_gone__and_those_of_other_tasks_are_not(secrets):
    one, other = KeptProofs(secrets, "here/1"), KeptProofs(secrets, "here/2")
    one.keep(1, INPUTS, PROOF)
    other.keep(1, INPUTS, PROOF)
    one.forget_all_but(2)
    assert one.get(1, INPUTS) is None
    assert one.seconds == 11.5
    one.keep(2, INPUTS, PROOF)
    one.forget_all_but(2)
    assert one.get(2, INPUTS) == PROOF
    one.forget_all_but(0)
    assert secrets.names() == ["proof/here/2/1", "proving-seconds/here/2"]


def test_proof__of_another_release__is_as_none(secrets):
    kept = KeptProofs(secrets, "here/1")
    kept.keep(1, INPUTS, PROOF)
    secrets.put("proof/here/1/1", (secrets.get("proof/here/1/1") or b"")[:32] + b"{}")
    assert KeptProofs(secrets, "here/1").get(1, INPUTS) is None


def test_proof__that_cannot_be_written_down__is_not_kept():
    database = Database(None)
    kept = KeptProofs(SecretStore(database, KEY), "here/1")
    database.close()
    with pytest.raises(JournalError):
        kept.keep(1, INPUTS, PROOF)
