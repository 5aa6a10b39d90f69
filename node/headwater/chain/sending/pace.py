"""How often a chain is asked: about as often as it makes blocks, and what holds for a block is asked once."""

from __future__ import annotations

import time

from headwater.chain.asking.rpc import Chain
from headwater.chain.sending.fees import Fees

QUICKEST, SLOWEST = 0.25, 12.0
"""Seconds between two looks at the least, also on a chain too young to tell; and at the most."""

LEARN_SECONDS = 600.0
"""How often it is learned anew how fast blocks come."""

REBROADCAST_SECONDS = 30.0
"""After how long a transaction is broadcast again at the latest: nodes forget, and remember what they have dropped."""

PATIENCE = 4  # blocks that a transaction may miss until it is broadcast again; usually the next one has it


class Pace:
    """How fast a chain makes blocks. Not for threads. Its properties raise ChainError where the chain's nodes fail."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._seconds, self._learned = QUICKEST, -LEARN_SECONDS

    @property
    def seconds(self) -> float:
        """From one look to the next."""
        now = time.monotonic()
        if now - self._learned >= LEARN_SECONDS:
            self._seconds = min(max(self._chain.block_seconds() or 0.0, QUICKEST), SLOWEST)
            self._learned = now
        return self._seconds

    @property
    def patience(self) -> float:
        """Seconds until what should be on its way is seen to."""
        return min(REBROADCAST_SECONDS, PATIENCE * self.seconds)


class Market:
    """What a transaction offers now to be mined soon, asked once a block. Not for threads."""

    def __init__(self, chain: Chain, pace: Pace) -> None:
        self._chain, self._pace = chain, pace
        self._fees, self._asked = Fees(0, 0), -SLOWEST

    def fees(self) -> Fees:
        """Room for six blocks of rising base fee. Raises ChainError where the chain's nodes fail."""
        now = time.monotonic()
        if now - self._asked >= self._pace.seconds:
            eth = self._chain.web3.eth
            with self._chain.explained("eth_maxPriorityFeePerGas"):
                base_fee, tip = eth.get_block("latest")["baseFeePerGas"], eth.max_priority_fee
            self._fees, self._asked = Fees(2 * base_fee + tip, tip), now
        return self._fees

    def forget(self) -> None:
        """Ask anew: there is a new block, or the price was refused."""
        self._asked = -SLOWEST
