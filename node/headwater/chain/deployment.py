"""What is deployed where: deployments/<network>/<Contract>.json for each contract, and addresses.json for all.

Addresses alone would be trusted blindly; with the recorded code hash, whoever opens a deployment sees at once whether
the chain still is the one that was deployed to.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from headwater.chain.codec import CONTRACTS
from headwater.chain.rpc import Chain
from headwater.errors import ChainError, ConfigError

ADDRESSES = "addresses.json"
LOCAL_CHAINS = {31337: "anvil"}


def network_name(chain_id: int) -> str:
    """The folder of a chain's deployments, unless the user names another."""
    return LOCAL_CHAINS.get(chain_id, f"chain-{chain_id}")


@dataclass(frozen=True)
class Record:
    """One deployed contract. Hashes are hex with 0x.

    Attributes:
        constructor_args: as they were passed; here all are addresses.
        code_hash: keccak256 of the code on chain.
        creation_code_hash: keccak256 of what was sent: creation code and arguments.
        compiler: version, evmVersion and optimizerRuns.
    """

    contract: str
    address: str
    transaction_hash: str
    block_number: int
    deployer: str
    constructor_args: tuple[str, ...]
    code_hash: str
    code_size: int
    creation_code_hash: str
    gas_used: int
    compiler: Mapping[str, Any]


@dataclass(frozen=True)
class Deployment:
    """The contracts on one network."""

    network: str
    chain_id: int
    records: Mapping[str, Record]

    @property
    def start_block(self) -> int:
        """The first block that can hold an event."""
        return min(record.block_number for record in self.records.values())

    @classmethod
    def exists(cls, network: str, root: Path) -> bool:
        """Whether `root` records a deployment on the network."""
        return (root / network / ADDRESSES).exists()

    @classmethod
    def load(cls, network: str, root: Path) -> Self:
        """The deployment recorded under `root`, the deployments folder.

        Raises:
            ConfigError: there is none, or a file of it is missing or damaged.
        """
        folder = root / network
        if not cls.exists(network, root):
            raise ConfigError(
                f"no deployment on {network!r} is recorded in {root}",
                "run `headwater deploy`, or name --deployments or --network",
            )
        try:
            summary = json.loads((folder / ADDRESSES).read_text())
            records = {name: _read(folder / f"{name}.json") for name in CONTRACTS}
            recorded = {name: record.address for name, record in records.items()}
            if summary["contracts"] != recorded:
                raise ValueError(f"{ADDRESSES} and the contracts' files disagree")
            return cls(network, int(summary["chainId"]), records)
        except (OSError, ValueError, KeyError, TypeError) as error:
            hint = "restore its files, or remove the folder and deploy again"
            raise ConfigError(f"the deployment in {folder} is damaged: {error}", hint) from error

    def save(self, root: Path) -> None:
        """Write the deployment's files under `root`; addresses.json, which makes it count, comes last."""
        folder = root / self.network
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ADDRESSES).unlink(missing_ok=True)
        for name, record in self.records.items():
            content = {_camel(key): value for key, value in asdict(record).items()}
            _write(folder / f"{name}.json", content | {"abi": f"../abi/{name}.json", "chainId": self.chain_id})
        summary = {name: record.address for name, record in self.records.items()}
        _write(
            folder / ADDRESSES,
            {"network": self.network, "chainId": self.chain_id, "startBlock": self.start_block, "contracts": summary},
        )

    @staticmethod
    def check_writable(network: str, root: Path) -> None:
        """Whether `save` will be able to write, tried out.

        Raises:
            ConfigError: it will not.
        """
        folder = root / network
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(bytes(1 << 16))
        except OSError as error:
            raise ConfigError(
                f"{folder} cannot be written: {error.strerror}", "name another folder with --deployments"
            ) from error

    def check(self, chain: Chain) -> None:
        """Whether these contracts are what stands on the chain.

        Raises:
            ChainError: it is another chain, or other code or none stands at the addresses.
        """
        if chain.chain_id != self.chain_id:
            raise ChainError(
                f"deployment {self.network!r} is on chain {self.chain_id}, but {chain.where} serves {chain.chain_id}",
                "name another node with --rpc, or another deployment with --network",
            )
        for record in self.records.values():
            actual = "0x" + chain.code_hash(record.address).hex()
            if actual != record.code_hash:
                raise ChainError(
                    f"{record.contract} is recorded at {record.address}, and other code or none stands there now",
                    "anvil was restarted? run `headwater deploy` again"
                    if self.chain_id in LOCAL_CHAINS
                    else "is the node in sync, and is this deployment yours? see --rpc and --deployments",
                )


def _read(path: Path) -> Record:
    content = json.loads(path.read_text())
    fields = {key: content[_camel(key)] for key in Record.__dataclass_fields__}
    return Record(**fields | {"constructor_args": tuple(fields["constructor_args"])})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
