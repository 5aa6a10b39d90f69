"""Accounts that are contracts of the tests' own: attackers with code, and modules."""

from __future__ import annotations

from functools import cache
from typing import Any

from web3.contract import Contract

from headwater.chain.asking.rpc import Call
from headwater.chain.deploying.compile import _add_source
from headwater.chain.sending.sender import Receipt
from headwater.solc import compile_standard
from headwater.tools import ROOT
from tests.support.arena import OUTSIDER, Arena

GAS = 16_000_000


@cache
def compiled(unit: str, name: str) -> dict[str, Any]:
    """solc's output of a contract of the tests'. unit: the path of its file in the repository."""
    sources: dict[str, str] = {}
    _add_source(sources, unit, ROOT)
    settings = {"evmVersion": "cancun", "outputSelection": {unit: {name: ["abi", "evm.bytecode.object"]}}}
    found: dict[str, Any] = compile_standard(sources, settings)["contracts"][unit][name]
    return found


def deploy(arena: Arena, unit: str, name: str, *arguments: Any, account: int = OUTSIDER) -> Contract:
    """A contract of the tests' on the arena's chain."""
    found = compiled(unit, name)
    contract = arena.anvil.web3.eth.contract(abi=found["abi"], bytecode=found["evm"]["bytecode"]["object"])
    code = bytes.fromhex(contract.constructor(*arguments).data_in_transaction[2:])
    address, _ = arena.senders[account].deploy(code, name)
    return arena.anvil.web3.eth.contract(address=address, abi=found["abi"])


class Agent:
    """`Agent.sol` in the arena: an account that is a contract, and calls what it is told."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.contract = deploy(arena, "tests/attacks/Agent.sol", "Agent")
        self.address = str(self.contract.address)

    def call(self, call: Call, function: str = "call", *arguments: int) -> Call:
        """The call that lets it make a call, by one of its functions."""
        encoded = self.contract.encode_abi(function, [call.to, call.data, *arguments])
        return Call(self.address, bytes.fromhex(encoded[2:]), call.value, call.name)

    def send(self, call: Call) -> Receipt:
        """Let it make a call. Raises ContractError where that is refused."""
        return self.arena.send(OUTSIDER, self.call(call))

    def tries(self, call: Call) -> bool:
        """Send one of `call`, unasked whether it would succeed: whether it did."""
        sent = self.arena.anvil.web3.eth.send_transaction(
            {"from": self.arena.address(OUTSIDER), "to": self.address, "data": call.data, "gas": GAS}  # type: ignore[typeddict-item]
        )
        return bool(self.arena.anvil.web3.eth.wait_for_transaction_receipt(sent)["status"])
