"""What is deployed where: deployments/<network>/<Contract>.json for each contract, as hardhat-deploy writes them.

Addresses alone would be trusted blindly; with the recorded code hash, whoever opens a deployment sees at once whether
the chain still is the one that was deployed to. hardhat-deploy's fields come first in a file, ours after them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from eth_utils.address import to_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.codec import CONTRACTS
from headwater.errors import ChainError, ConfigError

CHAIN_ID = ".chainId"
ADDRESSES = "addresses.json"
LOCAL_CHAINS = {31337: "anvil"}

Address = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$"), AfterValidator(to_checksum_address)]
Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Hex = Annotated[str, Field(pattern="^0x([0-9a-f]{2})*$")]
Natural = Annotated[int, Field(ge=0)]
Amount = Annotated[str, Field(pattern="^[0-9]+$", description="a number, as ethers writes large ones")]


def network_name(chain_id: int) -> str:
    """The folder of a chain's deployments, unless the user names another."""
    return LOCAL_CHAINS.get(chain_id, f"chain-{chain_id}")


class _Part(BaseModel):
    """A part of a record: the fields of its file in camelCase, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class CreationReceipt(_Part):
    """The receipt of the transaction that deployed a contract. Constructors here emit nothing."""

    to: None
    sender: Annotated[Address, Field(alias="from")]
    contract_address: Address
    transaction_index: Natural
    gas_used: Amount
    logs_bloom: Hex
    block_hash: Hash
    transaction_hash: Hash
    logs: tuple[()]
    block_number: Natural
    cumulative_gas_used: Amount
    status: Literal[1]


class Compiler(_Part):
    """With what, and how, a contract was compiled."""

    version: str
    evm_version: str
    optimizer_runs: Natural


class Record(_Part):
    """One deployed contract. Hashes and code are hex with 0x.

    Attributes:
        args: the constructor's arguments; here all are addresses, or a struct of them.
        num_deployments: how often a contract of this name was deployed on the network.
        metadata: solc's, as JSON: the hash of every source, and all settings.
        bytecode: creation code without arguments, with libraries' addresses in it.
        deployed_bytecode: runtime code with zeros in the place of immutables.
        code_hash: keccak256 of the code on chain (EXTCODEHASH).
        creation_code_hash: keccak256 of what was sent: creation code and arguments.
        start_block: the first block that can hold an event of it.
        commit: the repository's; with `-dirty` where the contracts differed from it, None where there was no git.
    """

    address: Address
    abi: tuple[dict[str, Any], ...]
    transaction_hash: Hash
    receipt: CreationReceipt
    args: tuple[Address | tuple[Address, ...], ...]
    num_deployments: Annotated[int, Field(ge=1)]
    metadata: str
    bytecode: Hex
    deployed_bytecode: Hex
    code_hash: Hash
    creation_code_hash: Hash
    start_block: Natural
    compiler: Compiler
    commit: Annotated[str, Field(pattern="^[0-9a-f]{40}(-dirty)?$")] | None

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> Self:
        receipt = self.receipt
        ours = (self.address, self.transaction_hash, self.start_block)
        if ours != (receipt.contract_address, receipt.transaction_hash, receipt.block_number):
            raise ValueError("the record and its receipt disagree")
        return self

    @property
    def gas_used(self) -> int:
        """What deploying it took."""
        return int(self.receipt.gas_used)

    @property
    def code_size(self) -> int:
        """Bytes of its code on chain."""
        return len(self.deployed_bytecode) // 2 - 1


@dataclass(frozen=True)
class Deployment:
    """The contracts on one network."""

    network: str
    chain_id: int
    records: Mapping[str, Record]

    @property
    def start_block(self) -> int:
        """The first block that can hold an event."""
        return min(record.start_block for record in self.records.values())

    @classmethod
    def exists(cls, network: str, root: Path) -> bool:
        """Whether `root` records a deployment on the network."""
        return (root / network / CHAIN_ID).exists()

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
        hint = "restore its files, or remove the folder and deploy again"
        try:
            chain_id = int((folder / CHAIN_ID).read_text())
            return cls(network, chain_id, {name: _read(folder / f"{name}.json") for name in CONTRACTS})
        except (OSError, ValueError) as error:
            raise ConfigError(f"the deployment in {folder} is damaged: {error}", hint) from error

    def save(self, root: Path) -> None:
        """Write the deployment's files under `root`; .chainId, which makes it count, comes last.

        Of any but a local chain, `root`/addresses.json gets the addresses too, for those who want nothing else. A local
        chain forgets, so its entry says what a fresh one gives its first account.
        """
        folder = root / self.network
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CHAIN_ID).unlink(missing_ok=True)
        for name, record in self.records.items():
            _write(folder / f"{name}.json", record.model_dump(mode="json", by_alias=True))
        if self.chain_id not in LOCAL_CHAINS:
            path = root / ADDRESSES
            known = json.loads(path.read_text()) if path.exists() else {}
            _write(path, dict(sorted({**known, **self.summary()}.items())))
        (folder / CHAIN_ID).write_text(f"{self.chain_id}\n")

    def summary(self) -> dict[str, dict[str, str | int]]:
        """Its entry in addresses.json: by the chain's id, each contract's address, and the first block."""
        addresses = {name: record.address for name, record in sorted(self.records.items())}
        return {str(self.chain_id): {**addresses, "startBlock": self.start_block}}

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
                file.write(bytes(1 << 20))
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
        for name, record in self.records.items():
            actual = "0x" + chain.code_hash(record.address).hex()
            if actual != record.code_hash:
                raise ChainError(
                    f"{name} is recorded at {record.address}, and other code or none stands there now",
                    "anvil was restarted? run `headwater deploy` again"
                    if self.chain_id in LOCAL_CHAINS
                    else "is the node in sync, and is this deployment yours? see --rpc and --deployments",
                )


def _read(path: Path) -> Record:
    try:
        return Record.model_validate_json(path.read_text())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{path.name}: {'.'.join(map(str, first['loc']))} {first['msg']}") from error


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
