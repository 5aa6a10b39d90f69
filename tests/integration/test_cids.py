"""The text of a CID, as the registry and as the node write it."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.chain.asking.rpc import Call, connect
from headwater.chain.deploying.compile import _add_source
from headwater.chain.sending.sender import Sender
from headwater.solc import compile_standard
from headwater.storage.cid import Cid
from headwater.tools import ROOT
from tests.support.anvil import run_anvil

PROBE = """
import {Cids} from "contracts/libraries/Cids.sol";
contract Probe { function uri(bytes32 digest) external pure returns (string memory) { return Cids.uri(digest); } }
"""


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    """`Cids.uri`, asked of a contract."""
    sources = {"Probe.sol": PROBE}
    _add_source(sources, "contracts/libraries/Cids.sol", ROOT)
    settings_ = {"evmVersion": "cancun", "outputSelection": {"Probe.sol": {"Probe": ["evm.bytecode.object"]}}}
    output = compile_standard(sources, settings_)["contracts"]["Probe.sol"]["Probe"]
    with run_anvil(tmp_path_factory.mktemp("cids") / "anvil.log") as anvil:
        chain = connect(anvil.url)
        address, _ = Sender(chain, anvil.accounts[0]).deploy(
            bytes.fromhex(output["evm"]["bytecode"]["object"]), "Probe"
        )
        selector = bytes(anvil.web3.keccak(text="uri(bytes32)")[:4])

        def ask(digest: bytes) -> str:
            answer = chain.call(Call(address, selector + encode(["bytes32"], [digest]), 0, "uri"), block="latest")
            (text,) = decode(["string"], answer)
            return str(text)

        yield ask


@settings(max_examples=300, deadline=None)
@given(digest=st.binary(min_size=32, max_size=32))
def test_uri__of_any_digest__is_the_text_of_the_nodes_cid(uri, digest):
    assert uri(digest) == f"ipfs://{Cid.from_digest(digest)}"
