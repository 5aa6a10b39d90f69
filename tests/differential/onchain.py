"""The contracts on anvil, driven at its speed: transactions of anybody, blocks at any time, all views in one call."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from eth_utils.address import to_checksum_address
from web3 import Web3
from web3.types import LogReceipt

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.codec import ADDRESSED, decode_log
from headwater.chain.contracts.events import Event
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.protocol.keccak import keccak256
from headwater.protocol.machine import Addresses
from headwater.solc import compile_standard
from headwater.tools import ROOT
from tests.support.anvil import Anvil, run_anvil

GAS = 16_000_000
"""Of every transaction: so none is estimated, and refused ones are mined too."""

RICH = hex(2**120)
REFUSES_COIN = "0x60006000fd"
OPTIONS = ("--auto-impersonate", "--base-fee=0", "--gas-price=0", "--order=fifo", "--gas-limit=100000000000")

HISTORY_STORAGE = "0x0000F90827F1C53a10cb7A02335B175320002935"
KNOWN_BLOCKS = 256
"""How many block hashes the EVM has. EIP-2935 keeps 8,191, which take a while to forget: its contract is taken away."""


class Transaction(NamedTuple):
    """A call of a contract by somebody. `value` is in wei."""

    sender: str
    to: str
    data: bytes
    value: int


class Mined(NamedTuple):
    """A transaction that was mined: what it returned or was refused with, and its hash."""

    output: bytes
    transaction_hash: str


@dataclass
class Onchain:
    """A deployment on a chain that mines when told so.

    Attributes:
        at: where the contracts stand that know each other.
        lens: where the one stands that only reads them.
        verifiers: two, of `Verdict`.
        gate: a `Gate`.
        code_hash: of the verifiers.
        first: the block to which `reset` returns.
        start: its time, Unix seconds.
        number: of the newest block.
        hashes: of the blocks that were mined since, by number; of those of `forget`, only the last one's.
        times: of the same, Unix seconds.
    """

    anvil: Anvil
    at: Addresses
    lens: str
    reader: str
    verifiers: tuple[str, str]
    gate: str
    code_hash: bytes
    connection: http.client.HTTPConnection
    first: int = 0
    start: int = 0
    number: int = 0
    hashes: dict[int, bytes] = field(default_factory=dict)
    times: dict[int, int] = field(default_factory=dict)
    snapshot: str = ""

    @property
    def chain_id(self) -> int:
        """As contracts see it."""
        return self.anvil.web3.eth.chain_id

    @property
    def codes(self) -> dict[str, bytes]:
        """EXTCODEHASH of the accounts with code that tasks may name."""
        gate = self.anvil.web3.eth.get_code(to_checksum_address(self.gate))
        return dict.fromkeys(self.verifiers, self.code_hash) | {self.gate: keccak256(bytes(gate))}

    def fund(self, accounts: Sequence[str], refusing: Sequence[str]) -> None:
        """Make accounts rich, and some of them contracts that cannot be paid; `reset` returns to here."""
        for account in accounts:
            self.rpc("anvil_setBalance", account, RICH)
        for account in refusing:
            self.rpc("anvil_setCode", account, REFUSES_COIN)
        self.rpc("anvil_setCode", HISTORY_STORAGE, "0x")
        self.snapshot = self.rpc("evm_snapshot")
        block = self.rpc("eth_getBlockByNumber", "latest", False)
        self.first, self.start = int(block["number"], 16), int(block["timestamp"], 16)

    def reset(self) -> None:
        """Forget all but the deployment."""
        assert self.rpc("evm_revert", self.snapshot)
        self.snapshot = self.rpc("evm_snapshot")
        self.hashes, self.times = {}, {}
        self._look_at(self.rpc("eth_getBlockByNumber", "latest", False))

    def address(self, target: str) -> str:
        """Where a contract stands."""
        return self.lens if target == "lens" else str(getattr(self.at, target))

    def mine(self, transactions: Sequence[Transaction], time: int, base_fee: int = 0) -> list[Mined]:
        """Mine a block of transactions in this order; what each returned or was refused with."""
        self.rpc("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
        hashes = []
        for sender, to, data, value in transactions:
            transaction = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
            price = {"gas": hex(GAS), "gasPrice": hex(base_fee)}
            hashes.append(self.rpc("eth_sendTransaction", transaction | price))
        (block,) = self.rpc("evm_mine_detailed", {"timestamp": time, "blocks": 1})
        mined = block["transactions"]
        assert [transaction["hash"] for transaction in mined] == hashes, "not all were mined, or in another order"
        assert int(block["baseFeePerGas"], 16) == base_fee
        self._look_at(block)
        return [Mined(bytes.fromhex(transaction["output"][2:]), transaction["hash"]) for transaction in mined]

    def forget(self, time: int) -> int:
        """Mine so many empty blocks that the chain forgets the newest one's hash, each a second after; how many."""
        count = KNOWN_BLOCKS + 1
        for second in range(time + 1, time + count + 1):  # anvil_mine would go by the clock of this machine
            self.rpc("evm_mine", {"timestamp": second})
        self._look_at(self.rpc("eth_getBlockByNumber", "latest", False))
        return count

    def known(self) -> dict[int, bytes]:
        """Hashes that the next block's contracts can have, by number."""
        return {number: found for number, found in self.hashes.items() if self.number + 1 - number <= KNOWN_BLOCKS}

    def _look_at(self, block: Mapping[str, Any]) -> None:
        self.number = int(block["number"], 16)
        self.hashes[self.number] = bytes.fromhex(block["hash"][2:])
        self.times[self.number] = int(block["timestamp"], 16)

    def receipt(self, transaction_hash: str) -> tuple[int, list[Event]]:
        """The gas that a transaction burnt, and the contracts' events in it."""
        receipt = self.rpc("eth_getTransactionReceipt", transaction_hash)
        logs = [_log(log) for log in receipt["logs"]]
        return int(receipt["gasUsed"], 16), [event for event in map(decode_log, logs) if event]

    def read(self, queries: bytes) -> bytes:
        """What `Reader` answers, at the newest block."""
        answer: str = self.rpc("eth_call", {"to": self.reader, "data": "0x" + queries.hex()}, "latest")
        return bytes.fromhex(answer[2:])

    def logs(self) -> list[LogReceipt]:
        """All logs since `reset`, in order."""
        return self.anvil.web3.eth.get_logs(
            {"fromBlock": self.first + 1, "address": [*map(to_checksum_address, astuple(self.at))]}
        )

    def time_of(self, number: int) -> int:
        """When a block was mined, Unix seconds."""
        return self.times[number]

    def balance(self, account: str) -> int:
        """An account's coin, wei."""
        return int(self.rpc("eth_getBalance", account, "latest"), 16)

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of a JSON-RPC call."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self.connection.getresponse().read())
        assert "result" in answer, f"{method}: {answer['error']}"
        return answer["result"]


def _log(log: Mapping[str, Any]) -> dict[str, Any]:
    """A log as web3 gives it."""
    return {
        **log,
        "topics": [bytes.fromhex(topic[2:]) for topic in log["topics"]],
        "data": bytes.fromhex(log["data"][2:]),
        "blockNumber": int(log["blockNumber"], 16),
        "transactionHash": bytes.fromhex(log["transactionHash"][2:]),
        "logIndex": int(log["logIndex"], 16),
    }


@contextmanager
def run_onchain() -> Iterator[Onchain]:
    """Deploy on a chain of one's own, for as long as a `with` lasts."""
    with tempfile.TemporaryDirectory() as folder, run_anvil(Path(folder) / "anvil.log", *OPTIONS) as anvil:
        chain = connect(anvil.url)
        sender = Sender(chain, anvil.accounts[0])
        records = deploy(sender, Path(folder) / "deployments", ROOT / "build" / "headwater").deployment.records
        codes = probes()
        reader, verifier, other, gate = (
            sender.deploy(codes[name], name)[0].lower() for name in ("Reader", "Verdict", "Verdict", "Gate")
        )
        onchain = Onchain(
            anvil,
            Addresses(*(records[name].address.lower() for name in ADDRESSED)),
            records["Lens"].address.lower(),
            reader,
            (verifier, other),
            gate,
            chain.code_hash(Web3.to_checksum_address(verifier)),
            http.client.HTTPConnection(urlsplit(anvil.url).netloc),
        )
        onchain.rpc("evm_setAutomine", False)
        yield onchain


def probes() -> dict[str, bytes]:
    """Creation code of the contracts of Probes.sol."""
    source = (Path(__file__).parent / "Probes.sol").read_text()
    settings = {"evmVersion": "cancun", "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}}
    contracts = compile_standard({"Probes.sol": source}, settings)["contracts"]["Probes.sol"]
    return {name: bytes.fromhex(output["evm"]["bytecode"]["object"]) for name, output in contracts.items()}
