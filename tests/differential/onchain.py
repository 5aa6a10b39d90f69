"""The contracts on anvil, driven at its speed: transactions of anybody, blocks at any time, all views in one call."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from eth_utils.address import to_checksum_address

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.protocol.machine import Addresses
from headwater.solc import compile_standard
from headwater.tools import ROOT
from tests.support.anvil import Anvil, run_anvil

GAS = 16_000_000
"""Of every transaction: so none is estimated, and refused ones are mined too."""

RICH = hex(2**120)
REFUSES_COIN = "0x60006000fd"
OPTIONS = ("--auto-impersonate", "--base-fee=0", "--gas-price=0", "--order=fifo", "--gas-limit=100000000000")


class Transaction(NamedTuple):
    """A call of a contract by somebody. `value` is in wei."""

    sender: str
    to: str
    data: bytes
    value: int


@dataclass
class Onchain:
    """A deployment on a chain that mines when told so.

    Attributes:
        at: where the contracts stand that know each other.
        lens: where the one stands that only reads them.
        verifiers: two, of `Verdict`.
        code_hash: of both.
        first: the block to which `reset` returns.
        start: its time, Unix seconds.
        number: of the newest block.
        parent_hash: its hash.
    """

    anvil: Anvil
    at: Addresses
    lens: str
    reader: str
    verifiers: tuple[str, str]
    code_hash: bytes
    connection: http.client.HTTPConnection
    first: int = 0
    start: int = 0
    number: int = 0
    parent_hash: bytes = b""
    snapshot: str = ""

    @property
    def chain_id(self) -> int:
        """As contracts see it."""
        return self.anvil.web3.eth.chain_id

    def fund(self, accounts: Sequence[str], refusing: Sequence[str]) -> None:
        """Make accounts rich, and some of them contracts that cannot be paid; `reset` returns to here."""
        for account in accounts:
            self.rpc("anvil_setBalance", account, RICH)
        for account in refusing:
            self.rpc("anvil_setCode", account, REFUSES_COIN)
        self.snapshot = self.rpc("evm_snapshot")
        block = self.rpc("eth_getBlockByNumber", "latest", False)
        self.first, self.start = int(block["number"], 16), int(block["timestamp"], 16)

    def reset(self) -> None:
        """Forget all but the deployment."""
        assert self.rpc("evm_revert", self.snapshot)
        self.snapshot = self.rpc("evm_snapshot")
        self._look_at(self.rpc("eth_getBlockByNumber", "latest", False))

    def address(self, target: str) -> str:
        """Where a contract stands."""
        return self.lens if target == "lens" else str(getattr(self.at, target))

    def mine(self, transactions: Sequence[Transaction], time: int) -> list[bytes]:
        """Mine a block of transactions in this order, and return what each returned or was refused with."""
        for sender, to, data, value in transactions:
            transaction = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
            self.rpc("eth_sendTransaction", transaction | {"gas": hex(GAS), "gasPrice": "0x0"})
        (block,) = self.rpc("evm_mine_detailed", {"timestamp": time, "blocks": 1})
        mined = block["transactions"]
        assert len(mined) == len(transactions), f"{len(mined)} of {len(transactions)} transactions were mined"
        self._look_at(block)
        return [bytes.fromhex(transaction["output"][2:]) for transaction in mined]

    def _look_at(self, block: dict[str, Any]) -> None:
        self.number, self.parent_hash = int(block["number"], 16), bytes.fromhex(block["hash"][2:])

    def read(self, queries: bytes) -> bytes:
        """What `Reader` answers, at the newest block."""
        answer: str = self.rpc("eth_call", {"to": self.reader, "data": "0x" + queries.hex()}, "latest")
        return bytes.fromhex(answer[2:])

    def logs(self) -> list[Any]:
        """All logs since `reset`, in order."""
        return self.anvil.web3.eth.get_logs(
            {"fromBlock": self.first + 1, "address": [*map(to_checksum_address, astuple(self.at))]}
        )

    def time_of(self, number: int) -> int:
        """When a block was mined, Unix seconds."""
        return int(self.rpc("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)

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


@contextmanager
def run_onchain() -> Iterator[Onchain]:
    """Deploy on a chain of one's own, for as long as a `with` lasts."""
    with tempfile.TemporaryDirectory() as folder, run_anvil(Path(folder) / "anvil.log", *OPTIONS) as anvil:
        chain = connect(anvil.url)
        sender = Sender(chain, anvil.accounts[0])
        records = deploy(sender, Path(folder) / "deployments", ROOT / "build" / "headwater").deployment.records
        at = Addresses(
            **{
                field: records[name].address.lower()
                for field, name in (
                    ("tasks", "TaskManager"),
                    ("stakes", "StakeManager"),
                    ("challenges", "ChallengeManager"),
                    ("models", "ModelRegistry"),
                )
            }
        )
        codes = probes()
        reader, verifier, other = (sender.deploy(codes[name], name)[0] for name in ("Reader", "Verdict", "Verdict"))
        onchain = Onchain(
            anvil,
            at,
            records["Lens"].address.lower(),
            reader,
            (verifier.lower(), other.lower()),
            chain.code_hash(verifier),
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
