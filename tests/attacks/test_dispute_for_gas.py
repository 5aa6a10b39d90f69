"""Wants: to save a stake that is slashed, or a part of it.

Tries: two accomplices dispute a mask with each other: one has posted a wrong one, the other answers and is paid for its
gas out of the slash. It makes that gas as large as it can: by base fee, by calldata, as a contract that has paid for
none.
Stopped: what is owed is the gas that the call has burnt, at the base fee, which is burnt too. So at least as much is
lost as was slashed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import Compensated, Convicted, Slashed
from headwater.chain.sending.sender import Receipt
from headwater.protocol import possession
from headwater.protocol.masks import mask_key
from tests.support.agents import Agent
from tests.support.arena import MEMBERS, OUTSIDER, STAKE, Arena, Masking, secret
from tests.support.weakened_contracts import Weakness

OWED = "_gasSince(gasBefore) * block.basefee"
ANY_AMOUNT = Weakness("ChallengeManager", OWED, "type(uint96).max")
ANY_LENGTH = Weakness("ChallengeManager", "if (plain) burnt +=", "burnt +=")
CHEAT, ACCOMPLICE = PAIR = (1, 2)
ZEROS = 400_000
"""So many bytes of memory cost a third of a million gas, and as calldata of a transaction 1.6 million."""


def cheating(arena: Arena) -> Masking:
    own = arena.masking(CHEAT)
    wrong = [7] * len(own.update)
    return own.masking_with(arena.address(ACCOMPLICE), wrong, arena.train.commit(wrong))


class Dispute(NamedTuple):
    """A dispute of accomplices, and the call that answers it rightly."""

    arena: Arena
    answer: Call

    def saved(self, receipt: Receipt) -> tuple[int, int]:
        """What comes back of the cheat's slash, and what the answer's transaction has burnt for it, wei."""
        block = self.arena.anvil.web3.eth.get_block(receipt.block_number)
        convicted = receipt.event(Convicted)
        assert self.arena.number(convicted.trainer) == CHEAT
        while self.arena.rounds.get_round(self.arena.task_id, 1).ended_at == 0:
            self.arena.pass_phase()
        settled = self.arena.settle(CHEAT)
        back = sum(event.amount for event in settled.events if isinstance(event, Compensated))
        assert back == min(convicted.owed, settled.event(Slashed).amount)
        return back, receipt.gas_used * int(block["baseFeePerGas"])


@pytest.fixture
def dispute(arena: Arena) -> Dispute:
    """Aggregate: the two have posted different masks, and are disputed."""
    arena.at("masking")
    postings = (cheating(arena).posting, arena.masking(ACCOMPLICE).posting)
    for i in MEMBERS:
        arena.mask(i, cheating(arena) if i == CHEAT else None)
    challenge_id = arena.challenge_mask(PAIR, postings)
    return Dispute(arena, arena.mask_answer(challenge_id, PAIR, postings, by=1))


def test_accomplice__paid_for_its_answer(dispute, attack):
    arena, answer = dispute
    with attack.works_on(ANY_AMOUNT), arena.weakened(ANY_AMOUNT):
        back, burnt = dispute.saved(arena.send(ACCOMPLICE, answer))
        assert back == STAKE // 2 > burnt
    shares = []
    for zeros in (0, 50_000):
        with arena.forgotten():
            padded = Call(answer.to, answer.data + bytes(zeros), answer.value, answer.name)
            back, burnt = dispute.saved(arena.send(ACCOMPLICE, padded))
            assert 0 < back < burnt
            shares.append(back / burnt)
    attack.gains(f"{shares[0]:.0%} of the gas that its answer burns comes back, {shares[1]:.0%} with padded calldata")


@pytest.fixture
def contract(arena: Arena) -> Iterator[tuple[Dispute, Agent]]:
    """The same of a task in which the accomplice is a contract."""
    arena.at("created")
    agent, own = Agent(arena), secret(ACCOMPLICE)
    others = [i for i in MEMBERS if i != ACCOMPLICE]
    for i in others:
        arena.enrol(i, arena.data(i)[1])
        arena.send(i, arena.rounds.join(arena.task_id))
    agent.send(arena.stakes.deposit(STAKE))
    shown = possession.prove(own, arena.tag, agent.address)
    agent.send(arena.trainers.enrol(arena.task_id, [arena.data(ACCOMPLICE)[1]], mask_key(own), shown))
    agent.send(arena.rounds.join(arena.task_id))
    with arena.standing_in(ACCOMPLICE, agent.address):
        for i in others:
            arena.submit(i)
        agent.send(arena.contracts.proofs.submit(arena.task_id, [arena.proof(ACCOMPLICE).data]))
        postings = (cheating(arena).posting, arena.masking(ACCOMPLICE).posting)
        for i in others:
            arena.mask(i, cheating(arena) if i == CHEAT else None)
        agent.send(arena.rounds.mask(arena.task_id, postings[1]))
        challenge_id = arena.challenge_mask(PAIR, postings)
        yield Dispute(arena, arena.mask_answer(challenge_id, PAIR, postings, by=1)), agent


def test_accomplice__that_is_a_contract_and_pads_its_calldata(contract, attack):
    (arena, answer), agent = contract
    padded = agent.call(answer, "callPadded", ZEROS)
    with attack.works_on(ANY_LENGTH), arena.weakened(ANY_LENGTH):
        back, burnt = contract[0].saved(arena.send(OUTSIDER, padded))
        assert back > burnt
    back, burnt = contract[0].saved(arena.send(OUTSIDER, padded))
    assert 0 < back < burnt
    attack.gains(f"{back / burnt:.0%} of the gas that its answer burns comes back")
