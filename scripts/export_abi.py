"""Write the ABI of every deployable contract: to deployments/abi for dApps, and into the package for the node.

The files are committed; `make generated` fails when they differ from the contracts.
"""

from __future__ import annotations

from scripts.artifacts import ROOT, artifact, deployable, write_json

FOLDERS = (ROOT / "deployments" / "abi", ROOT / "node" / "headwater" / "chain" / "contracts" / "abi")


def main() -> None:
    """Write one file a contract, and remove those of contracts that are no more."""
    contracts = deployable()
    for folder in FOLDERS:
        for stale in {path.stem for path in folder.glob("*.json")} - set(contracts):
            (folder / f"{stale}.json").unlink()
        for contract in contracts:
            write_json(folder / f"{contract}.json", artifact(contract)["abi"])
        print(f"{folder.relative_to(ROOT)}: {', '.join(contracts)}")


if __name__ == "__main__":
    main()
