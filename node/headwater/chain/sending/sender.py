"""Sending transactions from one key: simulate, deliver, and explain what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3.types import TxReceipt

from headwater.chain.asking.rpc import BlockId, Call, Chain
from headwater.chain.contracts.codec import decode_log
from headwater.chain.contracts.events import Event
from headwater.chain.sending.delivery import MINED_SECONDS, MOST_IN_FLIGHT, Delivery
from headwater.chain.sending.fees import BumpingFees, FeeStrategy
from headwater.errors import ChainError
from headwater.journal.intents import Intents

E = TypeVar("E", bound=Event)


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


class Sender:
    """An account that signs, on one chain. Threads may share it: what they send is on its way at the same time."""

    def __init__(
        self,
        chain: Chain,
        key: LocalAccount,
        mined_seconds: float = MINED_SECONDS,
        *,
        intents: Intents | None = None,
        fees: FeeStrategy | None = None,
        most: int = MOST_IN_FLIGHT,
    ) -> None:
        """intents: the account's journal; without one, what is on its way is forgotten when this process ends, and
            what a chain drops is not sent again.

        fees: by default, an eighth more each minute, see `BumpingFees`.

        most: transactions that may be on their way at once; callers beyond them wait.
        """
        self.chain = chain
        self.address: ChecksumAddress = key.address
        self._delivery = Delivery(chain, key, intents or Intents(), fees or BumpingFees(), mined_seconds, most)

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

    def next_nonce(self) -> int:
        """The account's lowest free nonce, once what an earlier call or an earlier process has left is finished.

        Raises:
            ChainError: it is still not mined, or the node fails.
        """
        return self._delivery.next_nonce()

    def _transact(self, call: Call) -> TxReceipt:
        receipt = self._delivery.send(call)
        if receipt["status"] != 1:
            raise self._failure(call, receipt)
        return receipt

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
