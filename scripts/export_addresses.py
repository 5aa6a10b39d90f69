"""Write deployments/addresses.json: by chain id, where the contracts stand and since which block.

For 31337 these are the addresses that anvil's or Hardhat's first account gets on a fresh chain, taken from one; for
other chains, those of the networks that are recorded beside the file. `make deploy-check` compares it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.codec import CONTRACTS
from headwater.chain.deploying.anvil import run_anvil
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import ADDRESSES, CHAIN_ID, LOCAL_CHAINS, Deployment
from headwater.chain.sending.sender import Sender
from scripts.artifacts import ROOT, write_json

DEPLOYMENTS = ROOT / "deployments"
HOME = ROOT / "build" / "headwater"


def main() -> None:
    """Write the file."""
    found = addresses()
    write_json(DEPLOYMENTS / ADDRESSES, found)
    for chain_id, entry in found.items():
        print(f"chain {chain_id}: {', '.join(entry[name] for name in CONTRACTS)}")


def addresses() -> dict[str, Any]:
    """What the file has to say."""
    with tempfile.TemporaryDirectory() as folder, run_anvil(Path(folder) / "anvil.log") as anvil:
        sender = Sender(connect(anvil.url), anvil.accounts[0])
        local = deploy(sender, Path(folder) / "deployments", HOME).deployment.summary()
    recorded = (Deployment.load(path.parent.name, DEPLOYMENTS) for path in sorted(DEPLOYMENTS.glob(f"*/{CHAIN_ID}")))
    entries = (deployment.summary() for deployment in recorded if deployment.chain_id not in LOCAL_CHAINS)
    merged: dict[str, Any] = local
    for entry in entries:
        merged |= entry
    return dict(sorted(merged.items()))


if __name__ == "__main__":
    main()
