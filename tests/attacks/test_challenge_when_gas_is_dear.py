"""Wants: honest members to pay more for their answers than the bonds that they get for them.

Tries: to challenge when gas is dear, with the bond of cheap times; or when it is cheap, to be answered when it is dear.
Stopped: a challenge costs twice the gas of an answer at the block's base fee, if that is more than the task's bond. So
an answer at the same price earns more than it costs, and one in dearer times loses what the base fee has more than
doubled by.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headwater.chain.contracts.events import BondReturned, Challenged
from headwater.protocol.phases import Kind
from tests.support.arena import BOND, OUTSIDER, Arena, Masking
from tests.support.weakened_contracts import Weakness

FIXED = Weakness(
    "ChallengeManager",
    "return Math.max(config.challengeBond, 2 * block.basefee * answerGas);",
    "return config.challengeBond;",
)
MEMBER, GRIEFER = 1, OUTSIDER
GWEI = 10**9
CHEAP, DEAR, DEARER = 16 * GWEI, 200 * GWEI, 450 * GWEI  # a sender offers 500 gwei at most


@pytest.fixture
def priced(arena: Arena) -> Iterator[Arena]:
    """Aggregate. What a test has made of the base fee outlives snapshots, so it is set right in the end."""
    yield arena.at("aggregating")
    arena.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    arena.rpc("evm_mine")


def base_fee(arena: Arena, fee: int) -> None:
    """The next block's base fee, and what nodes that ask for the last one's see."""
    for _ in range(2):
        arena.rpc("anvil_setNextBlockBaseFeePerGas", hex(fee))
        arena.rpc("evm_mine")
    arena.rpc("anvil_setNextBlockBaseFeePerGas", hex(fee))


def challenged(arena: Arena, bond: int) -> int:
    call = arena.challenges.challenge_update(arena.task_id, arena.address(MEMBER), bond)
    return arena.send(GRIEFER, call).event(Challenged).challenge_id


def lost(arena: Arena, challenge_id: int, masking: Masking, fee: int) -> int:
    """What an answer at a base fee costs the member more than it earns, wei; tips are not counted."""
    base_fee(arena, fee)
    receipt = arena.send(MEMBER, arena.update_answer(challenge_id, masking))
    paid = arena.anvil.web3.eth.get_block(receipt.block_number)["baseFeePerGas"]
    return receipt.gas_used * int(paid) - receipt.event(BondReturned).bond


def test_challenge__with_the_bond_of_cheap_times(priced, attack):
    arena, masking = priced, priced.masking(MEMBER)
    base_fee(arena, DEAR)
    with attack.works_on(FIXED), arena.weakened(FIXED):
        assert lost(arena, challenged(arena, BOND), masking, DEAR) > 0
    base_fee(arena, DEAR)
    with attack.stopped_by("InsufficientBond"):
        challenged(arena, BOND)
    bond = 2 * arena.challenges.bond_of(arena.task_id, Kind.UPDATE)  # for a base fee that rises until it is mined
    assert lost(arena, challenged(arena, bond), masking, DEAR) < 0


def test_challenge__raised_when_gas_is_cheap_and_answered_when_it_is_dear(priced, attack):
    arena, masking = priced, priced.masking(MEMBER)
    base_fee(arena, CHEAP)
    with attack.works_on(FIXED), arena.weakened(FIXED):
        assert lost(arena, challenged(arena, BOND), masking, DEARER) > 0
    base_fee(arena, CHEAP)
    bond = arena.challenges.bond_of(arena.task_id, Kind.UPDATE)
    challenge_id = challenged(arena, bond)
    losses = {}
    for times in (1, 2, 30):
        with arena.forgotten():
            losses[times] = lost(arena, challenge_id, masking, times * CHEAP)
    assert losses[1] < losses[2] < 0 < losses[30]
    attack.gains(
        f"at the same base fee and at twice it the answer earns {-losses[1] / bond:.0%} and {-losses[2] / bond:.0%} of"
        f" the bond; at thirty times it costs {losses[30] / bond:.1f} bonds more than it earns, if the member waits for"
        " no cheaper block in its time to answer"
    )
