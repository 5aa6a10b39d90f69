"""Write deployments/abi/<Contract>.json for every deployable contract: what dApps and the node read.

The files are committed; `make generated` fails when they differ from the contracts.
"""

from __future__ import annotations

from scripts.artifacts import ROOT, artifact, deployable, write_json

ABI = ROOT / "deployments" / "abi"


def main() -> None:
    """Write one file a contract, and remove those of contracts that are no more."""
    contracts = deployable()
    for stale in {path.stem for path in ABI.glob("*.json")} - set(contracts):
        (ABI / f"{stale}.json").unlink()
    for contract in contracts:
        write_json(ABI / f"{contract}.json", artifact(contract)["abi"])
    print(f"deployments/abi: {', '.join(contracts)}")


if __name__ == "__main__":
    main()
