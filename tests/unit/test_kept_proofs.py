import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from eth_account import Account

from headwater.chain.asking.rpc import Block
from headwater.circuits.circuit import Proof
from headwater.errors import ChainError, JournalError
from headwater.journal.cursor import KEPT
from headwater.journal.database import Database
from headwater.journal.secrets import SecretStore
from headwater.protocol.curve import Point
from headwater.protocol.decisions import RoundView
from headwater.protocol.phases import Phase
from headwater.roles.commitments import DataCommitments
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


class Chain:
    """A chain that is read at three places: its final block, its height, and a block's hash."""

    def __init__(self, final: int | None) -> None:
        self.final, self.fork = final, 0

    def block(self, which: str) -> Block:
        assert which == "finalized"
        if self.final is None:
            raise ChainError("unknown tag")
        return self.at(self.final)

    def block_hash(self, number: int) -> bytes:
        return self.at(number).hash

    def seen(self, kept: KeptProofs, number: int, running: int, is_done: bool = False) -> None:
        """Forget, having seen a round run in a block."""
        at = RoundView(number, running, 5, Phase.JOIN, number + 1, 0)
        kept.forget(self, self.at(number), at, is_done=is_done)

    def at(self, number: int) -> Block:
        return Block(number, f"{number} {self.fork}".encode(), number)


@pytest.fixture
def two(secrets):
    """The proofs of rounds 1 and 2, and those of another task."""
    kept = KeptProofs(secrets, "here/1")
    for each, round_ in ((kept, 1), (kept, 2), (KeptProofs(secrets, "here/2"), 1)):
        each.keep(round_, INPUTS, PROOF)
    return kept


def test_proofs__of_rounds_that_are_over_in_a_final_block__are_gone__and_no_others(two, secrets):
    chain = Chain(final=99)
    chain.seen(two, 100, 2)
    chain.seen(two, 101, 2)
    assert two.has(1)
    chain.final = 100
    chain.seen(two, 102, 2)
    assert (two.has(1), two.get(1, INPUTS), two.get(2, INPUTS)) == (False, None, PROOF)
    assert secrets.names("proof/") == ["proof/here/1/2/0", "proof/here/2/1/0"]
    chain.seen(two, 103, 2, is_done=True)
    assert secrets.names() == ["proof/here/2/1/0", "proving-seconds/here/2"]


def test_proofs__while_an_endpoint_is_behind__are_kept(two):
    """It shows an older round, or no end of the task: the newer proof must be sent again, not another one."""
    chain = Chain(final=100)
    for number in (70, 71, 72):
        chain.seen(two, number, 1)
    assert two.get(2, INPUTS) == PROOF
    chain.seen(two, 130, 3)  # the task has ended, as one look shows
    for number in (90, 91):
        chain.seen(two, number, 2)
    assert (two.get(1, INPUTS), two.get(2, INPUTS)) == (PROOF, PROOF)


def test_proofs__of_a_round_whose_end_the_chain_has_dropped__are_kept(two):
    chain = Chain(final=50)
    chain.seen(two, 100, 3)
    chain.final, chain.fork = 110, 1
    chain.seen(two, 150, 2)
    assert (two.get(1, INPUTS), two.get(2, INPUTS)) == (PROOF, PROOF)


def test_proofs__on_a_chain_without_finality__are_kept_until_the_block_is_deep(two):
    chain = Chain(final=None)
    chain.seen(two, 0, 2)
    chain.seen(two, KEPT - 1, 2)
    assert two.has(1)
    chain.seen(two, KEPT, 2)
    assert (two.has(1), two.has(2)) == (False, True)


def test_proof__of_another_release__is_as_none(secrets):
    kept = KeptProofs(secrets, "here/1")
    kept.keep(1, INPUTS, PROOF)
    secrets.put("proof/here/1/1/0", (secrets.get("proof/here/1/1/0") or b"")[:32] + b"{}")
    assert KeptProofs(secrets, "here/1").get(1, INPUTS) is None


def test_proof__that_cannot_be_written_down__is_not_kept():
    database = Database(None)
    kept = KeptProofs(SecretStore(database, KEY), "here/1")
    database.close()
    with pytest.raises(JournalError):
        kept.keep(1, INPUTS, PROOF)


def test_proofs__made_side_by_side__are_all_counted():
    class Slow(SecretStore):
        """A journal in which each look takes a moment."""

        def get(self, name):
            found = super().get(name)
            time.sleep(0.005)
            return found

    known, point = DataCommitments(Slow(Database(None), KEY), "here/1", "shape"), Point(1, 2)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(12):
            pool.submit(known.count, point)
    assert known.proofs(point) == 12
