"""What every deployment must stand: to be verified, and to be found again."""

from __future__ import annotations

from pathlib import Path

from eth_account.signers.local import LocalAccount

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.opened import Contracts, open_contracts
from headwater.chain.deploying.compile import compile_contracts
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import Deployment
from headwater.chain.deploying.verify import Check, verify
from headwater.chain.sending.sender import Sender
from headwater.tools import ROOT

HOME = ROOT / "build" / "headwater"


def failed(deployment: Deployment, chain: Chain, *, rebuild: bool = True) -> list[Check]:
    """The checks that do not hold; with `rebuild`, against this repository's contracts, too."""
    checks = list(verify(deployment, chain, compile_contracts(HOME) if rebuild else None))
    assert len(checks) > 30
    return [check for check in checks if not check.ok]


def stands(root: Path, network: str, chain: Chain, key: LocalAccount) -> Contracts:
    """The recorded contracts, verified; whoever deploys again sends nothing."""
    deployment = Deployment.load(network, root)  # every file of its schema
    assert failed(deployment, chain) == []
    sender = Sender(chain, key)
    nonce = sender.next_nonce()
    again = deploy(sender, root, HOME, network)
    assert not again.fresh
    assert again.deployment == deployment
    assert sender.next_nonce() == nonce
    return open_contracts(chain, root, network)
