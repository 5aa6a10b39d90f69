"""Signed transactions of one account, handed to the node, replaced by better offers, and found in blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import structlog
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound, Web3RPCError
from web3.types import TxReceipt

from headwater.chain.asking.rpc import Call, Chain
from headwater.chain.sending.fees import Fees, FeeStrategy
from headwater.chain.sending.pace import Market
from headwater.errors import ChainError
from headwater.journal.intents import Intent, Intents, State

GAS_MARGIN = 1.2
GAS_CAP = 1 << 24
"""The most gas that a transaction may ask for (EIP-7825); what takes nearly as much goes without the margin."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Lost(ChainError):
    """A transaction that will never be mined."""


def gas_limit(estimate: int) -> int:
    """The gas that a transaction is sent with: some more than was estimated, if it may have that much."""
    return max(estimate, min(int(estimate * GAS_MARGIN), GAS_CAP))


class Broadcaster:
    """Every method raises ChainError where the chain's nodes fail, JournalError where the journal does."""

    def __init__(self, chain: Chain, key: LocalAccount, intents: Intents, fees: FeeStrategy, market: Market) -> None:
        self.fees, self.market = fees, market
        self._chain, self._key, self._intents = chain, key, intents

    def fill(self, call: Call) -> dict[str, Any]:
        """The transaction of a call, complete but for its nonce.

        Raises:
            ContractError: the contract would refuse it.
        """
        self._chain.call(call, self._key.address)
        transaction = call.transaction(self._key.address)
        with self._chain.explained(call.name):
            gas = self._chain.web3.eth.estimate_gas(transaction)
        fees = self.fees.first(self.market.fees())
        return {
            **transaction,
            "type": 2,
            "chainId": self._chain.chain_id,
            "gas": gas_limit(gas),
            "maxFeePerGas": fees.most,
            "maxPriorityFeePerGas": fees.tip,
        }

    def reserve(self, transaction: dict[str, Any], name: str, used: int) -> Intent:
        """Sign it under the lowest free nonce from `used` on, and write it down; see `Intents.reserve`."""
        return self._intents.reserve(
            self._chain.name, self._key.address, used, lambda nonce: self._sign({**transaction, "nonce": nonce}, name)
        )

    def broadcast(self, intent: Intent) -> Intent:
        """Hand it to the node. A failure does not count where the node knows the transaction, or used its nonce.

        Raises:
            Lost: the node refuses it.
        """
        try:
            with self._chain.explained(intent.name):
                self._chain.web3.eth.send_raw_transaction(HexBytes(intent.raw))
        except ChainError as error:
            if not isinstance(error.__cause__, Web3RPCError):
                raise  # nobody said no: it may have arrived, and is sent again
            if not self._is_known(intent.hash) and self.count("latest") <= intent.nonce:
                self._intents.mark(intent, State.FAILED)
                self.market.forget()
                raise Lost(error.message, error.hint) from error
        if intent.state is not State.SENT:
            self._intents.mark(intent, State.SENT)
            _log.debug("sent", call=intent.name, nonce=intent.nonce, transaction=HexBytes(intent.hash).to_0x_hex())
        return replace(intent, state=State.SENT)

    def again(self, intent: Intent) -> Intent:
        """Broadcast what the node may have forgotten. Where that is refused, prices may have risen: once, offer more.

        Raises:
            Lost: the node refuses that too.
        """
        try:
            return self.broadcast(intent)
        except Lost:
            better = self._better(intent)
            if better is None:
                raise
            return self.broadcast(better)

    def raised(self, intent: Intent) -> Intent:
        """A replacement that offers more; the same intent where the strategy or the node wants none."""
        better = self._better(intent)
        if better is None:
            return intent
        try:
            return self.broadcast(better)
        except Lost as error:
            _log.warning("offer refused", call=intent.name, reason=error.message)
            self._intents.mark(intent, State.SENT)
            return intent

    def mined(self, nonce: int) -> tuple[Intent, TxReceipt] | None:
        """Whichever of the transactions with this nonce is in a block, and its receipt; None where none is."""
        for candidate in self._intents.at(self._chain.name, self._key.address, nonce):
            try:
                with self._chain.explained("eth_getTransactionReceipt"):
                    receipt = self._chain.web3.eth.get_transaction_receipt(HexBytes(candidate.hash))
            except ChainError as error:
                if not isinstance(error.__cause__, TransactionNotFound):
                    raise
                continue
            self._intents.mark(candidate, State.MINED)
            _log.debug("mined", call=candidate.name, block=receipt["blockNumber"], gas=receipt["gasUsed"])
            return candidate, receipt
        return None

    def count(self, block: Literal["latest", "pending"]) -> int:
        """How many transactions of the account are in blocks, or in blocks and the node's queue."""
        with self._chain.explained("eth_getTransactionCount"):
            return self._chain.web3.eth.get_transaction_count(self._key.address, block)

    def _better(self, intent: Intent) -> Intent | None:
        """A transaction that offers more, written down in place of this one; None where the strategy wants none."""
        fields = _fields(intent)
        fees = self.fees.next(Fees(fields["maxFeePerGas"], fields["maxPriorityFeePerGas"]), self.market.fees())
        if fees is None:
            return None
        better = self._sign({**fields, "maxFeePerGas": fees.most, "maxPriorityFeePerGas": fees.tip}, intent.name)
        self._intents.replace(intent, better)
        _log.info("offering more", call=intent.name, nonce=intent.nonce, wei_per_gas=fees.most)
        return better

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

    def _is_known(self, transaction_hash: bytes) -> bool:
        try:
            with self._chain.explained("eth_getTransactionByHash"):
                self._chain.web3.eth.get_transaction(HexBytes(transaction_hash))
        except ChainError as error:
            if not isinstance(error.__cause__, TransactionNotFound):
                raise
            return False
        return True


def is_same_call(one: Intent, other: Intent) -> bool:
    """Whether two transactions do the same, whatever they offer for it."""
    ours, theirs = _fields(one), _fields(other)
    return all(ours.get(name) == theirs.get(name) for name in ("to", "value", "data"))


def _fields(intent: Intent) -> dict[str, Any]:
    """What was signed, without the signature."""
    signed = TypedTransaction.from_bytes(HexBytes(intent.raw)).as_dict()
    return {name: value for name, value in signed.items() if name not in ("v", "r", "s")}
