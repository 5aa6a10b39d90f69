"""The verifier that stands on chain: what it accepts, how it is patched, and that it is the manifest's."""

from __future__ import annotations

import pytest

from headwater.circuits.verifier import patch
from headwater.errors import CircuitError
from tests.support.verifying import accepts, deploy, plain


@pytest.fixture
def patched(anvil, train):
    return deploy(anvil, train.verifier.bytecode)


def test_verifier__accepts_an_honest_proof__and_no_changed_one(anvil, patched, train_proof):
    proof = train_proof.data
    assert patched.functions.verifyProof(proof, []).call()
    other = train_proof.points[3].encode()
    for changed in (other + proof[64:], proof[:192] + proof[:64] + proof[256:], proof[:-1] + b"\0", proof[:-32]):
        assert not accepts(anvil, patched, plain(patched, changed))


def test_patch__of_a_source_it_does_not_know__is_refused():
    with pytest.raises(CircuitError, match="form known here"):
        patch("contract Halo2Verifier { /* let success := true twice: let success := true */ }")


def test_code_on_chain__is_what_the_manifest_says(anvil, patched, train):
    code = anvil.web3.eth.get_code(patched.address)
    assert "0x" + anvil.web3.keccak(code).hex() == train.manifest["verifier"]["code_hash"]
