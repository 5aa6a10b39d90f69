"""Sending transactions from one key: simulate, sign here, send, wait, and explain what failed.

One transaction of a key is in flight at a time: the next waits for it. So no nonce is skipped or used twice.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TypeVar, cast

import structlog
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound
from web3.types import TxParams, TxReceipt

from headwater.chain.codec import decode_log
from headwater.chain.events import Event
from headwater.chain.rpc import BlockId, Call, Chain
from headwater.errors import ChainError

MINED_SECONDS = 180
"""How long to wait until a transaction is mined."""

GAS_MARGIN = 1.2
GAS_CAP = 1 << 24
"""The most gas that a transaction may ask for (EIP-7825); what takes nearly as much goes without the margin."""

E = TypeVar("E", bound=Event)

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True)
class Receipt:
    """A mined transaction that succeeded.

    Attributes:
        name: the call's, for example `TaskManager.submit`.
        fee: what the sender paid for gas, wei.
    """

    name: str
    transaction_hash: bytes
    block_number: int
    gas_used: int
    fee: int
    calldata_bytes: int
    events: tuple[Event, ...]

    def event(self, kind: type[E]) -> E:
        """The first event of a kind.

        Raises:
            ChainError: there is none.
        """
        for event in self.events:
            if isinstance(event, kind):
                return event
        raise ChainError(f"{self.name} emitted no {kind.__name__}", "the address may hold another contract")


def gas_limit(estimate: int) -> int:
    """The gas that a transaction is sent with: some more than was estimated, if it may have that much."""
    return max(estimate, min(int(estimate * GAS_MARGIN), GAS_CAP))


class Sender:
    """An account that signs, on one chain. Threads may share it."""

    def __init__(self, chain: Chain, key: LocalAccount, mined_seconds: float = MINED_SECONDS) -> None:
        self.chain = chain
        self.address: ChecksumAddress = key.address
        self._key = key
        self._mined_seconds = mined_seconds
        self._lock = threading.Lock()

    def simulate(self, call: Call, block: BlockId = "latest") -> bytes:
        """What the call would return if this account sent it now.

        Raises:
            ContractError: the contract would refuse it.
        """
        return self.chain.call(call, self.address, block)

    def send(self, call: Call) -> Receipt:
        """Send the call and wait until it is mined. Where the contract would refuse it, nothing is sent or paid.

        Raises:
            ContractError: the contract refuses it; `name` says with which error.
            ChainError: no funds, the node fails, or it is not mined in time.
        """
        return _decode(call, self._transact(call))

    def deploy(self, creation_code: bytes, name: str) -> tuple[str, Receipt]:
        """Deploy a contract, for example a generated verifier: its address, and the receipt. `name` is for errors.

        Raises as `send`.
        """
        call = Call(None, creation_code, 0, f"deploy {name}")
        receipt = self._transact(call)
        address = receipt["contractAddress"]
        if address is None:
            raise ChainError(f"the node gives no address for {name}, which it says it deployed", "try another node")
        return address, _decode(call, receipt)

    def _transact(self, call: Call) -> TxReceipt:
        with self._lock:
            nonce = self.next_nonce()
            self.simulate(call)
            signed = self._key.sign_transaction(self._fill(call, nonce))  # type: ignore[arg-type]
            log = _log.bind(call=call.name, sender=self.address, transaction=signed.hash.to_0x_hex())
            self._broadcast(signed.raw_transaction, signed.hash, call.name)
            log.debug("sent", nonce=nonce)
            receipt = self._wait(signed.hash, call.name)
            log.debug("mined", block=receipt["blockNumber"], gas=receipt["gasUsed"], status=receipt["status"])
        if receipt["status"] != 1:
            raise self._failure(call, receipt)
        return receipt

    def next_nonce(self) -> int:
        """The account's next nonce, once nothing of it is in flight any more."""
        deadline = time.monotonic() + self._mined_seconds
        while True:
            with self.chain.explained("eth_getTransactionCount"):
                mined, known = (
                    self.chain.web3.eth.get_transaction_count(self.address, block) for block in ("latest", "pending")
                )
            if known <= mined:
                return mined
            if time.monotonic() > deadline:
                raise ChainError(
                    f"an earlier transaction of {self.address}, nonce {mined}, is still not mined",
                    "replace it from a wallet with a higher fee, or run again later",
                )
            time.sleep(1)

    def _fill(self, call: Call, nonce: int) -> TxParams:
        """The transaction with nonce, gas and fees (EIP-1559: room for six blocks of rising base fee)."""
        transaction, eth = call.transaction(self.address), self.chain.web3.eth
        with self.chain.explained(call.name):
            gas = eth.estimate_gas(transaction)
            base_fee, tip = eth.get_block("latest")["baseFeePerGas"], eth.max_priority_fee
        filled = {
            **transaction,
            "type": 2,
            "chainId": self.chain.chain_id,
            "nonce": nonce,
            "gas": gas_limit(gas),
            "maxFeePerGas": 2 * base_fee + tip,
            "maxPriorityFeePerGas": tip,
        }
        return cast(TxParams, filled)

    def _broadcast(self, raw: bytes, transaction_hash: HexBytes, name: str) -> None:
        """Hand the transaction to the node. A failure does not count where the node knows the transaction after it."""
        try:
            with self.chain.explained(name):
                self.chain.web3.eth.send_raw_transaction(raw)
        except ChainError:
            if not self._is_known(transaction_hash):
                raise

    def _is_known(self, transaction_hash: HexBytes) -> bool:
        try:
            with self.chain.explained("eth_getTransactionByHash"):
                self.chain.web3.eth.get_transaction(transaction_hash)
        except ChainError:
            return False
        return True

    def _wait(self, transaction_hash: HexBytes, name: str) -> TxReceipt:
        """The receipt, asked for at growing intervals."""
        deadline, pause = time.monotonic() + self._mined_seconds, 0.02
        while time.monotonic() < deadline:
            try:
                with self.chain.explained(name):
                    return self.chain.web3.eth.get_transaction_receipt(transaction_hash)
            except ChainError as error:
                if not isinstance(error.__cause__, TransactionNotFound):
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
        raise ChainError(
            f"{name} is not mined after {self._mined_seconds:g} s: transaction {transaction_hash.to_0x_hex()}",
            "it may still be: run again, and the next transaction waits for it",
        )

    def _failure(self, call: Call, receipt: TxReceipt) -> ChainError:
        """Why a mined transaction failed: what the contract says to it in the state after its block."""
        try:
            self.simulate(call, receipt["blockNumber"])
        except ChainError as error:
            return error
        return ChainError(
            f"{call.name} failed in block {receipt['blockNumber']}: {receipt['transactionHash'].to_0x_hex()}",
            "the state changed while it was on its way, or its gas did not suffice: run again",
        )


def _decode(call: Call, receipt: TxReceipt) -> Receipt:
    decoded = (decode_log(log) for log in receipt["logs"])
    return Receipt(
        name=call.name,
        transaction_hash=bytes(receipt["transactionHash"]),
        block_number=receipt["blockNumber"],
        gas_used=receipt["gasUsed"],
        fee=receipt["gasUsed"] * receipt["effectiveGasPrice"],
        calldata_bytes=len(call.data),
        events=tuple(event for event in decoded if event is not None),
    )
