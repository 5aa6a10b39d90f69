"""Deploy through brownie, with the same code and the same records as `headwater deploy`.

    brownie run deploy --network NETWORK
    brownie run deploy main ACCOUNT [FOLDER] --network NETWORK

ACCOUNT is one of `brownie accounts`; on a local network it is the node's first. Records go to deployments/NETWORK, or
into FOLDER. Where the contracts stand already as recorded, nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brownie import accounts, chain, network, web3

from headwater.chain.asking.rpc import Chain, connect
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import Deployment
from headwater.errors import HeadwaterError
from headwater.tools import ROOT


@dataclass(frozen=True)
class Transaction:
    """A transaction that brownie has sent."""

    transaction_hash: bytes


@dataclass
class BrownieDeployer:
    """An account of brownie's, as `headwater.chain.deploying.deploy` takes it."""

    account: Any
    chain: Chain

    @property
    def address(self) -> str:
        """The account's address."""
        return str(self.account.address)

    def next_nonce(self) -> int:
        """Its next nonce."""
        return int(self.account.nonce)

    def deploy(self, creation_code: bytes, name: str, /) -> tuple[str, Transaction]:
        """Deploy a contract, and wait until it is mined."""
        fees = {"max_fee": 2 * chain.base_fee + chain.priority_fee, "priority_fee": chain.priority_fee}
        sent = self.account.transfer(data="0x" + creation_code.hex(), silent=True, **fees)
        print(f"{name:16} {sent.contract_address}  {sent.gas_used:9,} gas")
        return str(sent.contract_address), Transaction(bytes.fromhex(sent.txid.removeprefix("0x")))


def main(account: str = "", folder: str = "") -> None:
    """Deploy to brownie's active network, unless the contracts stand there, and say where they are recorded."""
    root = Path(folder) if folder else ROOT / "deployments"
    try:
        deployment = deploy_to_active(account, root)
    except HeadwaterError as error:
        raise SystemExit(f"deploy: {error.message}\n  {error.hint}") from error
    print(f"{deployment.network}, chain {deployment.chain_id}: recorded in {root / deployment.network}")
    if network.show_active() == "development":
        chain.snapshot()  # brownie takes one after each transaction, in a thread: wait, or it misses the chain


def deploy_to_active(account: str, root: Path) -> Deployment:
    """The deployment on brownie's active network, made now or found.

    Raises:
        HeadwaterError: as `headwater.chain.deploying.deploy.deploy` does.
    """
    if not account and not len(accounts):
        raise SystemExit("deploy: this network has no accounts of its own: brownie run deploy main ACCOUNT --network …")
    sender = BrownieDeployer(accounts.load(account) if account else accounts[0], connect((web3.provider.endpoint_uri,)))
    deployed = deploy(sender, root, ROOT / "build" / "headwater", network.show_active())
    print("deployed now" if deployed.fresh else "nothing to do: they stand as recorded")
    return deployed.deployment
