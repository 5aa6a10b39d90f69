"""Wants: to be paid twice, with other people's money.

Tries: a contract that calls `claim` or `withdraw` again while it is being paid.
Stopped: amounts are gone before coin leaves, and a guard refuses the second call. Each of the two is enough.
"""

from __future__ import annotations

import pytest

from headwater.chain.contracts.events import Challenged
from headwater.chain.contracts.reverts import refusal
from tests.support.agents import deploy
from tests.support.arena import BOND, OUTSIDER, Arena
from tests.support.weakened_contracts import Weakness

CLAIM = """    function claim() external nonReentrant returns (uint256 amount) {
        amount = claimable[msg.sender];
        if (amount == 0) revert NothingToClaim(msg.sender);
        claimable[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        _pay(msg.sender, amount);
    }"""
WITHDRAW = """    function withdraw(uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        uint256 free = _takeFree(msg.sender, amount);
        emit Withdrawn(msg.sender, amount, free);
        _pay(msg.sender, amount);
    }"""
CLAIM_PAYS_FIRST = Weakness(
    "StakeManager",
    CLAIM,
    """    function claim() external returns (uint256 amount) {
        amount = claimable[msg.sender];
        if (amount == 0) revert NothingToClaim(msg.sender);
        emit Claimed(msg.sender, amount);
        _pay(msg.sender, amount);
        claimable[msg.sender] = 0;
    }""",
    summary="`claim` without `nonReentrant`, which pays before it takes off what it pays",
)
WITHDRAW_PAYS_FIRST = Weakness(
    "StakeManager",
    WITHDRAW,
    """    function withdraw(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        if (amount > stakeOf[msg.sender].free) revert InsufficientStake(msg.sender, stakeOf[msg.sender].free, amount);
        emit Withdrawn(msg.sender, amount, 0);
        _pay(msg.sender, amount);
        stakeOf[msg.sender].free = 0;
    }""",
    summary="`withdraw` without `nonReentrant`, which pays before it takes off what it pays",
)
CLAIM_UNGUARDED = Weakness("StakeManager", "claim() external nonReentrant", "claim() external")
WITHDRAW_UNGUARDED = Weakness(
    "StakeManager", "withdraw(uint256 amount) external nonReentrant", "withdraw(uint256 amount) external"
)


class Greedy:
    """The contract that calls again, in the arena."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.contract = deploy(arena, "tests/attacks/Greedy.sol", "Greedy")
        self.address = self.contract.address

    def call(self, call, again: bytes = b""):
        """Let it call, and again with `again` when it is paid."""
        function = self.contract.functions.call(call.to, call.value, call.data, again)
        sender = self.arena.address(OUTSIDER)
        sent = function.transact({"from": sender, "value": call.value, "gas": 5_000_000})
        return self.arena.anvil.web3.eth.wait_for_transaction_receipt(sent)

    @property
    def gained(self) -> int:
        """What it has, wei."""
        return self.arena.chain.balance(self.address)

    def refused(self) -> None:
        """Raise what its second call was refused with."""
        raise refusal(self.contract.functions.refusal().call(), "the second call")


def with_claim(arena: Arena) -> tuple[Greedy, int, object]:
    """It can claim a bond that nobody earned, among others' money."""
    arena.at("aggregating")
    greedy = Greedy(arena)
    greedy.call(arena.challenges.challenge_update(arena.task_id, arena.address(1), BOND))
    (event,) = arena.challenges.events(Challenged)
    arena.pass_phase()
    greedy.call(arena.challenges.reclaim_bond(event.challenge_id))
    assert arena.stakes.claimable(greedy.address) == BOND
    return greedy, BOND, arena.stakes.claim()


def with_stake(arena: Arena) -> tuple[Greedy, int, object]:
    """It has free stake, among others' money."""
    arena.at("aggregating")
    greedy = Greedy(arena)
    greedy.call(arena.stakes.deposit(BOND))
    return greedy, BOND, arena.stakes.withdraw(BOND)


CASES = {
    "claim": (with_claim, CLAIM_PAYS_FIRST, CLAIM_UNGUARDED, "NothingToClaim"),
    "withdraw": (with_stake, WITHDRAW_PAYS_FIRST, WITHDRAW_UNGUARDED, "InsufficientStake"),
}


@pytest.mark.parametrize(("prepare", "weakness", "unguarded", "second"), CASES.values(), ids=CASES)
def test_payment__claimed_again_while_it_is_paid(arena, attack, prepare, weakness, unguarded, second):
    greedy, amount, call = prepare(arena)
    with attack.works_on(weakness), arena.weakened(weakness):
        greedy.call(call, again=call.data)
        assert greedy.gained > amount
    with arena.weakened(unguarded), attack.stopped_by(second):
        greedy.call(call, again=call.data)
        assert greedy.gained == amount
        greedy.refused()
    greedy.call(call, again=call.data)
    assert greedy.gained == amount
    with attack.stopped_by("ReentrancyGuardReentrantCall"):
        greedy.refused()
