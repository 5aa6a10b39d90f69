"""Getting signed transactions of one account into blocks, whatever happens to this process and to the node.

A transaction is written down before it is broadcast, and one is in flight at a time: the next waits for it. So no nonce
is skipped or used twice. One that nobody mines is replaced, under its own nonce, by one that offers more. Where the
chain drops blocks, what was in them goes first, in its order.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

import structlog
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound, Web3RPCError
from web3.types import TxReceipt

from headwater.chain.asking.rpc import Chain
from headwater.chain.sending.fees import Fees, FeeStrategy
from headwater.errors import ChainError
from headwater.journal.intents import Intent, Intents, State

MINED_SECONDS = 180.0
"""How long to wait until a transaction is mined."""

REBROADCAST_SECONDS = 30.0
"""How often it is broadcast meanwhile though the node says that it knows it: some remember what they have dropped."""

_LOOKS = 5
"""How often a receipt may be missing of a nonce that is used: behind a load balancer, nodes differ for a moment."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class _Lost(ChainError):
    """A transaction that will never be mined."""


class _NotMined(ChainError):
    """A transaction that may still be mined."""


class Delivery:
    """The transactions of one account on one chain. Not for threads: `Sender` lets one in at a time."""

    def __init__(
        self, chain: Chain, key: LocalAccount, intents: Intents, fees: FeeStrategy, mined_seconds: float
    ) -> None:
        self.fees = fees
        self._chain, self._key, self._intents = chain, key, intents
        self._mined_seconds = mined_seconds

    def send(self, transaction: dict[str, Any], name: str) -> TxReceipt:
        """Sign a complete transaction, broadcast it, and wait until it is mined; it may have failed there.

        Raises:
            ChainError: the node refuses it, or it is not mined in time.
            JournalError: it could not be written down, so it was not sent.
        """
        intent = self._sign(transaction, name)
        self._intents.prepare(intent)
        return self._finish(intent)

    def settle(self) -> int:
        """Finish what is still open, in the order of nonces. The account's next nonce.

        Raises:
            ChainError: it is not mined in time, or the node is behind what it has said before.
        """
        deadline = time.monotonic() + self._mined_seconds
        while True:
            used, known = self._count("latest"), self._count("pending")
            if pending := self._intents.open(self._chain.name, self._key.address, used):
                self._settle_one(pending[0], used)
            elif known <= used:
                return used
            elif time.monotonic() > deadline:
                raise self._still_waiting(used)
            else:
                time.sleep(min(1.0, self._mined_seconds))

    def market(self) -> Fees:
        """What a transaction offers now to be mined soon: room for six blocks of rising base fee."""
        eth = self._chain.web3.eth
        with self._chain.explained("eth_maxPriorityFeePerGas"):
            base_fee, tip = eth.get_block("latest")["baseFeePerGas"], eth.max_priority_fee
        return Fees(2 * base_fee + tip, tip)

    def _settle_one(self, intent: Intent, used: int) -> None:
        if intent.nonce > used:
            raise ChainError(
                f"{self._chain.where} has seen {used} transactions of {intent.sender}, which has sent {intent.nonce}",
                "the node is behind, or has lost blocks: wait, or name another with --rpc",
            )
        _log.info("resuming", call=intent.name, transaction=HexBytes(intent.hash).to_0x_hex(), state=intent.state.value)
        try:
            self._finish(intent)
        except _Lost as error:
            _log.warning("transaction lost", call=intent.name, reason=error.message)
        except _NotMined:
            raise self._still_waiting(intent.nonce) from None

    def _still_waiting(self, nonce: int) -> ChainError:
        return ChainError(
            f"an earlier transaction of {self._key.address}, nonce {nonce}, is still not mined",
            "replace it from a wallet with a higher fee, or run again later",
        )

    def _sign(self, transaction: dict[str, Any], name: str) -> Intent:
        signed = self._key.sign_transaction(transaction)
        return Intent(
            chain=self._chain.name,
            sender=self._key.address,
            nonce=transaction["nonce"],
            name=name,
            raw=bytes(signed.raw_transaction),
            hash=bytes(signed.hash),
        )

    def _finish(self, intent: Intent) -> TxReceipt:
        """Broadcast, wait, and replace where waiting does not help."""
        intent = self._broadcast(intent)
        begun = broadcast = offered = time.monotonic()
        pause, missed = 0.02, 0
        while True:
            used = self._count("latest")
            for earlier in self._intents.open(intent.chain, intent.sender, used):
                if earlier.nonce < intent.nonce:
                    self._settle_one(earlier, used)
            if used > intent.nonce:
                if receipt := self._mined(intent):
                    return receipt
                missed += 1
                if missed == _LOOKS:
                    self._intents.mark(intent, State.FAILED)
                    raise _Lost(
                        f"another transaction of {intent.sender} was mined as number {intent.nonce}, not {intent.name}",
                        "is this key used elsewhere? a node needs a key of its own",
                    )
            now = time.monotonic()
            if now - begun > self._mined_seconds:
                raise _NotMined(
                    f"{intent.name} is not mined after {self._mined_seconds:g} s:"
                    f" transaction {HexBytes(intent.hash).to_0x_hex()}",
                    "it may still be: run again, and the next transaction waits for it",
                )
            if now - offered >= self.fees.after:
                intent, offered = self._raised(intent), now
            elif now - broadcast >= REBROADCAST_SECONDS or not self._is_known(intent.hash, waiting=True):
                intent, broadcast = self._again(intent), now
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def _mined(self, intent: Intent) -> TxReceipt | None:
        """The receipt of whichever of the transactions with this nonce is in a block."""
        for candidate in self._intents.at(intent.chain, intent.sender, intent.nonce):
            try:
                with self._chain.explained("eth_getTransactionReceipt"):
                    receipt = self._chain.web3.eth.get_transaction_receipt(HexBytes(candidate.hash))
            except ChainError as error:
                if not isinstance(error.__cause__, TransactionNotFound):
                    raise
                continue
            self._intents.mark(candidate, State.MINED)
            _log.debug("mined", call=intent.name, block=receipt["blockNumber"], gas=receipt["gasUsed"])
            return receipt
        return None

    def _raised(self, intent: Intent) -> Intent:
        """A replacement that offers more; the same intent where the strategy or the node wants none."""
        better = self._better(intent)
        if better is None:
            return intent
        try:
            return self._broadcast(better)
        except _Lost as error:
            _log.warning("offer refused", call=intent.name, reason=error.message)
            self._intents.mark(intent, State.SENT)
            return intent

    def _again(self, intent: Intent) -> Intent:
        """Broadcast what the node has forgotten. Where that is refused, prices may have risen: once, offer more."""
        try:
            return self._broadcast(intent)
        except _Lost:
            better = self._better(intent)
            if better is None:
                raise
            return self._broadcast(better)

    def _better(self, intent: Intent) -> Intent | None:
        """A transaction that offers more, written down in place of this one; None where the strategy wants none."""
        signed = TypedTransaction.from_bytes(HexBytes(intent.raw)).as_dict()
        fields = {name: value for name, value in signed.items() if name not in ("v", "r", "s")}
        fees = self.fees.next(Fees(fields["maxFeePerGas"], fields["maxPriorityFeePerGas"]), self.market())
        if fees is None:
            return None
        better = self._sign({**fields, "maxFeePerGas": fees.most, "maxPriorityFeePerGas": fees.tip}, intent.name)
        self._intents.prepare(better, replaces=intent.hash)
        _log.info("offering more", call=intent.name, nonce=intent.nonce, wei_per_gas=fees.most)
        return better

    def _broadcast(self, intent: Intent) -> Intent:
        """Hand it to the node. A failure does not count where the node knows the transaction, or used its nonce."""
        try:
            with self._chain.explained(intent.name):
                self._chain.web3.eth.send_raw_transaction(HexBytes(intent.raw))
        except ChainError as error:
            if not isinstance(error.__cause__, Web3RPCError):
                raise  # nobody said no: it may have arrived, and is sent again
            if not self._is_known(intent.hash) and self._count("latest") <= intent.nonce:
                self._intents.mark(intent, State.FAILED)
                raise _Lost(error.message, error.hint) from error
        if intent.state is not State.SENT:
            self._intents.mark(intent, State.SENT)
            _log.debug("sent", call=intent.name, nonce=intent.nonce, transaction=HexBytes(intent.hash).to_0x_hex())
        return replace(intent, state=State.SENT)

    def _is_known(self, transaction_hash: bytes, *, waiting: bool = False) -> bool:
        """Whether the node knows a transaction. waiting: as one in no block, be it one that was dropped since."""
        try:
            with self._chain.explained("eth_getTransactionByHash"):
                found = self._chain.web3.eth.get_transaction(HexBytes(transaction_hash))
        except ChainError as error:
            if not isinstance(error.__cause__, TransactionNotFound):
                raise
            return False
        return not waiting or found.get("blockHash") is None

    def _count(self, block: Literal["latest", "pending"]) -> int:
        """How many transactions of the account are in blocks, or in blocks and the node's queue."""
        with self._chain.explained("eth_getTransactionCount"):
            return self._chain.web3.eth.get_transaction_count(self._key.address, block)
