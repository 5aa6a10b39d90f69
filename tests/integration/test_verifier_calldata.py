"""Rule 2 of soundness: one proof is shown to the caller's contract, and the same one to the verifier."""

from __future__ import annotations

import pytest

from headwater.circuits.verifier import compile_verifier, patch
from headwater.errors import CircuitError

ABI = [
    {
        "type": "function",
        "name": "verifyProof",
        "stateMutability": "view",
        "inputs": [{"name": "proof", "type": "bytes"}, {"name": "instances", "type": "uint256[]"}],
        "outputs": [{"name": "", "type": "bool"}],
    }
]
LAYOUT = "let success := and(eq(proof.offset, 0x64), eq(instances.offset, add(0x84, proof.length)))"
ORIGINAL = "let success := true"
SELECTOR = bytes.fromhex("1e8e1e13")


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def two_faced(real: bytes, shown: bytes) -> bytes:
    """Calldata whose offsets lead to `shown`, while `real` stands where the generated assembly reads by constants.

    The transcript is absorbed from the one and the evaluations and openings are taken from the other, so a forger could
    choose the latter knowing all challenges.
    """
    assert len(real) == len(shown)
    start = 0x64 + len(real)
    head = word(start + 0x20 - 4) + word(start - 4) + word(len(real))
    return SELECTOR + head + real + word(0) + word(len(shown)) + shown


def deploy(anvil, bytecode):
    transaction = {"from": anvil.accounts[0].address, "data": bytecode, "gas": 20_000_000}
    receipt = anvil.web3.eth.wait_for_transaction_receipt(anvil.web3.eth.send_transaction(transaction))
    return anvil.web3.eth.contract(address=receipt["contractAddress"], abi=ABI)


def accepts(anvil, verifier, data: bytes) -> bool:
    try:
        return int.from_bytes(anvil.web3.eth.call({"to": verifier.address, "data": data}), "big") == 1
    except Exception:  # noqa: BLE001 - a revert is a refusal, whatever web3 calls it
        return False


@pytest.fixture
def patched(anvil, train):
    return deploy(anvil, train.verifier.bytecode)


def test_verifier__accepts_an_honest_proof__and_no_changed_one(anvil, patched, train_proof):
    proof = train_proof.data
    assert patched.functions.verifyProof(proof, []).call()
    other = train_proof.points[3].encode()
    for changed in (other + proof[64:], proof[:192] + proof[:64] + proof[256:], proof[:-1] + b"\0", proof[:-32]):
        call = patched.encode_abi("verifyProof", [changed, []])
        assert not accepts(anvil, patched, bytes.fromhex(call[2:]))


def test_two_faced_calldata__passes_the_generated_verifier__and_not_the_patched_one(anvil, patched, train, train_proof):
    real = train_proof.data
    shown = real[:-64] + train_proof.points[0].encode()  # a proof whose last opening is another point: not valid
    assert not accepts(anvil, patched, bytes.fromhex(patched.encode_abi("verifyProof", [shown, []])[2:]))
    generated = train.path("verifier_source").read_text().replace(LAYOUT, ORIGINAL)
    unpatched = deploy(anvil, compile_verifier(generated).bytecode)
    assert accepts(anvil, unpatched, two_faced(real, shown))
    assert not accepts(anvil, patched, two_faced(real, shown))


def test_patch__of_a_source_it_does_not_know__is_refused():
    with pytest.raises(CircuitError, match="form known here"):
        patch("contract Halo2Verifier { /* let success := true twice: let success := true */ }")


def test_code_on_chain__is_what_the_manifest_says(anvil, patched, train):
    code = anvil.web3.eth.get_code(patched.address)
    assert "0x" + anvil.web3.keccak(code).hex() == train.manifest["verifier"]["code_hash"]
