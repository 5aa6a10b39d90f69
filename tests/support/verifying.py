"""Generated verifiers on a chain, called with calldata of any form."""

from __future__ import annotations

from web3.contract import Contract

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


def accepts(anvil: Anvil, verifier: Contract, data: bytes) -> bool:
    """Whether the verifier answers yes: a revert is a refusal, whatever web3 calls it."""
    try:
        return int.from_bytes(anvil.web3.eth.call({"to": verifier.address, "data": data}), "big") == 1
    except Exception:  # noqa: BLE001
        return False
