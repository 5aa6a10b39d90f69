"""Generated verifiers on a chain, called with calldata of any form."""

from __future__ import annotations

from web3.contract import Contract
from web3.exceptions import Web3Exception

from tests.support.anvil import Anvil

ABI = [
    {
        "type": "function",
        "name": "verifyProof",
        "stateMutability": "view",
        "inputs": [{"name": "proof", "type": "bytes"}, {"name": "instances", "type": "uint256[]"}],
        "outputs": [{"name": "", "type": "bool"}],
    }
]


def deploy(anvil: Anvil, bytecode: str) -> Contract:
    """A verifier, of any size."""
    transaction = {"from": anvil.accounts[0].address, "data": bytecode, "gas": 20_000_000}
    receipt = anvil.web3.eth.wait_for_transaction_receipt(anvil.web3.eth.send_transaction(transaction))
    return anvil.web3.eth.contract(address=receipt["contractAddress"], abi=ABI)


def plain(verifier: Contract, proof: bytes) -> bytes:
    """Calldata as the compiler lays it out."""
    return bytes.fromhex(verifier.encode_abi("verifyProof", [proof, []])[2:])


def answer(anvil: Anvil, verifier: Contract, data: bytes) -> str:
    """What the verifier answers: `true`, `false`, or the node's words for a revert."""
    try:
        found = anvil.web3.eth.call({"to": verifier.address, "data": data})
    except Web3Exception as error:
        return error.message or type(error).__name__
    return "true" if int.from_bytes(found, "big") == 1 else "false"


def accepts(anvil: Anvil, verifier: Contract, data: bytes) -> bool:
    """Whether the verifier answers yes."""
    return answer(anvil, verifier, data) == "true"
