"""A chain over JSON-RPC: connecting, and reading at a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Any, Literal, TypeVar, cast

from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import BlockNotFound
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import FilterParams, TxParams

from headwater.chain.asking.endpoints import Endpoints
from headwater.chain.asking.failures import explained
from headwater.chain.asking.logs import Logs
from headwater.errors import ChainError
from headwater.journal.database import Database
from headwater.journal.logs import Log, LogJournal, Query
from headwater.protocol.structs import ZERO_ADDRESS

BlockId = int | Literal["latest", "finalized"]
T = TypeVar("T")

_INTERVALS = 5  # between blocks, of which the median is taken: a missed block or a clock set forward does not show

NEAR = 256
"""Blocks by which one that is looked for by its time may be missed."""


@dataclass(frozen=True)
class Block:
    """A block to read at: pass its number to every read, and all of them see one state."""

    number: int
    hash: bytes
    timestamp: int


@dataclass(frozen=True)
class Call:
    """A call that changes state, not yet sent. `to` is None where it deploys a contract.

    Attributes:
        value: wei sent along.
        name: what errors and reports call it, for example `TaskManager.submit`.
    """

    to: str | None
    data: bytes
    value: int
    name: str

    def transaction(self, sender: str) -> TxParams:
        """The call as JSON-RPC takes it."""
        to = {} if self.to is None else {"to": self.to}
        return cast(TxParams, {"from": sender, **to, "data": Web3.to_hex(self.data), "value": self.value})


class Chain:
    """A connection to one chain, made by `connect`. Every method raises ChainError where its nodes fail."""

    def __init__(self, web3: Web3, endpoints: Endpoints) -> None:
        self.web3 = web3
        self.where = endpoints.where
        self._endpoints = endpoints
        self._logs = Logs(self._ask_logs, self.block_hash, lambda: endpoints.teller)
        with self.explained("eth_chainId"):
            self.chain_id = web3.eth.chain_id

    @cached_property
    def name(self) -> str:
        """The chain id and the start of the first block's hash: chains begun anew share an id, not that."""
        return f"{self.chain_id}-{self.block(0).hash[:8].hex()}"

    @property
    def endpoints(self) -> dict[str, bool]:
        """Whether each node that is named is left alone for now, by where it is."""
        return {endpoint.where: endpoint.backoff.resting for endpoint in self._endpoints.endpoints}

    def explained(self, doing: str) -> AbstractContextManager[None]:
        """A context that turns web3's exceptions into headwater's; `doing` names the call."""
        return explained(self.where, doing)

    def agreed(self, read: Callable[[Chain], T]) -> T:
        """What more than half of the chain's nodes tell, each asked by itself; of a single one, its word.

        For what must not rest on one node's word where there are others: who answers is not chosen by who lies.

        Raises:
            ChainError: so many do not answer, or not the same.
        """
        told, failures = [], []
        for url in self._endpoints.urls:
            try:
                told.append(read(connect(url, self.chain_id)))
            except ChainError as error:
                failures.append(error.message)
        for answer in told:
            if 2 * told.count(answer) > len(self._endpoints.urls):
                return answer
        raise ChainError(
            "; ".join([f"{len(told)} of the nodes at {self.where} answer, and no majority says the same", *failures]),
            "one lies or is behind: name others with --rpc",
        )

    def block(self, which: BlockId = "latest") -> Block:
        """The newest block, the newest that cannot be reorganized away, or one by its number."""
        if which == "latest":
            self._endpoints.begin_look()
        with self.explained("eth_getBlockByNumber"):
            found = self.web3.eth.get_block(which)
            block = Block(found["number"], bytes(found["hash"]), found["timestamp"])
            parent = bytes(found["parentHash"]) if "parentHash" in found else None
        if which == "latest":
            self._logs.saw_head(block.number, block.hash, parent)
        return block

    def block_hash(self, number: int) -> bytes | None:
        """The hash of a block; None where the chain is shorter."""
        try:
            return self.block(number).hash
        except ChainError as error:
            if isinstance(error.__cause__, BlockNotFound):
                return None
            raise

    def block_before(self, timestamp: int, first: int, last: Block) -> int:
        """A block between `first` and `last` that is not after the first one of a time, and not long before it.

        Found from the times of a few: guessed by how fast blocks come, first from below, then from above, and halved
        where that misleads.
        """
        low, high, step = self.block(first), last, 0
        if low.timestamp >= timestamp:
            return first
        while high.number - low.number > NEAR and high.timestamp >= timestamp:
            blocks, seconds = high.number - low.number, high.timestamp - low.timestamp
            at = low.number + (timestamp - low.timestamp) * blocks // seconds
            at = (at - NEAR // 2, at + NEAR // 2, (low.number + high.number) // 2)[step % 3]
            found = self.block(min(max(at, low.number + 1), high.number - 1))
            low, high = (found, high) if found.timestamp < timestamp else (low, found)
            step += 1
        return low.number + 1

    def base_fee(self, block: BlockId = "latest") -> int:
        """What a unit of gas costs at least in a block, wei; 0 on a chain without EIP-1559.

        To be asked of the block: many nodes let a contract that is only called see a base fee of 0.
        """
        with self.explained("eth_getBlockByNumber"):
            return int(self.web3.eth.get_block(block).get("baseFeePerGas", 0))

    def block_seconds(self) -> float | None:
        """Seconds from a block to the next: the median of the newest, whole seconds; None where they are too few."""
        with self.explained("eth_getBlockByNumber"):
            newest = self.web3.eth.get_block("latest")
            numbers = range(newest["number"] - _INTERVALS, newest["number"])
            if numbers.start < 0:
                return None
            times = [*(self.web3.eth.get_block(number)["timestamp"] for number in numbers), newest["timestamp"]]
        return median(later - earlier for earlier, later in pairwise(times))

    def call(self, call: Call, sender: str = ZERO_ADDRESS, block: BlockId = "latest") -> bytes:
        """What the call would return, changing nothing.

        Raises:
            ContractError: the contract refuses it.
        """
        with self.explained(call.name):
            return bytes(self.web3.eth.call(call.transaction(sender), block))

    def calldata(self, transaction_hash: bytes) -> tuple[str | None, bytes]:
        """To whom a mined transaction went (None: it deployed a contract), and with which calldata."""
        with self.explained("eth_getTransactionByHash"):
            found = self.web3.eth.get_transaction(HexBytes(transaction_hash))
            return found.get("to"), bytes(found["input"])

    def code(self, address: str, block: BlockId = "latest") -> bytes:
        """The code at an address; empty where there is no contract."""
        with self.explained("eth_getCode"):
            return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address), block))

    def code_hash(self, address: str, block: BlockId = "latest") -> bytes:
        """keccak256 of the code at an address, as contracts see it (EXTCODEHASH)."""
        return keccak(self.code(address, block))

    def balance(self, address: str, block: BlockId = "latest") -> int:
        """An account's coin, wei."""
        with self.explained("eth_getBalance"):
            return self.web3.eth.get_balance(Web3.to_checksum_address(address), block)

    def watch(self, addresses: Sequence[str]) -> None:
        """Read the logs of these contracts together, once a new block, and those of settled blocks once for good."""
        self._logs.watch([Web3.to_checksum_address(address) for address in addresses])

    def keep_logs(self, database: Database) -> None:
        """Keep the watched contracts' logs of settled blocks in a journal, so that a restart goes on where it was."""
        self._logs.keep_in(LogJournal(database, self.name))

    def logs(
        self, address: str, topics: Sequence[bytes | None], first: int, last: int, by: str | None = None
    ) -> Iterator[Log]:
        """The logs of a contract in the blocks `first` to `last`, oldest first, see `Logs.read`."""
        return self._logs.read(Query(address, tuple(topics)), first, last, by)

    def kept_from(self, address: str, topics: Sequence[bytes | None]) -> int | None:
        """From which block on these logs are kept: none that is asked for is older. None where they are not."""
        return self._logs.kept_from(Query(address, tuple(topics)))

    def recent_logs(self, address: str, topics: Sequence[bytes | None]) -> list[Log]:
        """Of these logs, those in blocks that are not settled, as far as they are held."""
        return self._logs.recent(Query(address, tuple(topics)))

    @property
    def settled(self) -> int:
        """The last block whose logs may be kept; -1 for none."""
        return self._logs.settled

    @property
    def teller(self) -> str:
        """A name of the endpoint that answered last."""
        return self._endpoints.teller

    def logs_since(self, block: int) -> list[Log] | None:
        """All logs of watched contracts in the blocks after `block`, up to the newest that was read, oldest first.

        They cost nothing beyond what the first read of any log in the newest block costs. None where not all are known:
        the block is more than some sixty old, or the blocks since have too many logs. Then anything may have happened.
        """
        return self._logs.since(block)

    def doubt_logs(self, task_id: int) -> None:
        """Ask again for the newest logs and a task's settled ones, since they do not fit what the contracts say."""
        self._logs.forget(topic_of(task_id))

    def lacks(self, what: str, task_id: int) -> ChainError:
        """An error that says that the node does not know what it should; what it told of a task is asked for again."""
        self.doubt_logs(task_id)
        return ChainError(f"the node does not know {what}", "it may be behind: try again, or name another with --rpc")

    @property
    def forgotten(self) -> int:
        """How often settled blocks turned out to be others; what was concluded from logs before may be wrong."""
        return self._logs.forgotten

    def _ask_logs(self, addresses: Sequence[str], topics: Sequence[bytes | None], first: int, last: int) -> Any:
        blocks = {"fromBlock": first, "toBlock": last}
        texts = [None if topic is None else Web3.to_hex(topic) for topic in topics]
        asked = cast(FilterParams, {"address": list(addresses), "topics": texts, **blocks})
        with self.explained("eth_getLogs"):
            return self.web3.eth.get_logs(asked)


def topic_of(number: int) -> bytes:
    """A number as a log's topic."""
    return number.to_bytes(32, "big")


def connect(rpc: str | Sequence[str], chain_id: int | None = None) -> Chain:
    """A connection to the nodes at http or https URLs, the preferred first; to chain `chain_id` only, where given.

    Raises:
        ConfigError: one is no such URL.
        ChainError: no node answers, or one serves another chain than `chain_id` or than the others.
    """
    endpoints = Endpoints([rpc] if isinstance(rpc, str) else rpc)
    endpoints.agree(chain_id)
    web3 = Web3(endpoints)
    web3.middleware_onion.remove("validation")  # it asks for the chain's id, which `agree` has checked, at every call
    web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)  # proof of authority: longer block headers
    return Chain(web3, endpoints)
