"""Deploying the contracts, which know each other for good."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3.types import Nonce, TxReceipt
from web3.utils import get_create_address

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.codec import ADDRESSED, CONTRACTS, encode_arguments
from headwater.chain.deploying.compile import Compiled, compile_contracts
from headwater.chain.deploying.records import LOCAL_CHAINS, Deployment, Record, network_name
from headwater.errors import ChainError, ConfigError
from headwater.processes import environment_for_child
from headwater.tools import ROOT

TOLD: Mapping[str, tuple[str, ...]] = {
    "PoseidonT3": (),
    "SemaphoreVerifier": (),
    "Semaphore": ("SemaphoreVerifier",),
    "GroupAdmission": ("*", "Semaphore", "Pools"),
    "GroupAdmissions": ("*", "Semaphore", "GroupAdmission"),
}
"""Whose addresses a constructor takes; `*` is the struct of those of `ADDRESSED`, which all others take alone."""

Arguments = tuple[str | tuple[str, ...], ...]
"""A constructor's arguments: addresses, and the struct of them."""

COMPILED_FROM = ("contracts", "foundry.toml", "package-lock.json")
"""What of the repository decides the contracts' code."""


class Mined(Protocol):
    """A transaction that was mined."""

    @property
    def transaction_hash(self) -> bytes:
        """Its hash."""


class Deployer(Protocol):
    """An account that deploys on a chain: a `Sender`, or brownie's."""

    chain: Chain

    @property
    def address(self) -> str:
        """The account."""

    def next_nonce(self) -> int:
        """Its next nonce: what was sent before is mined."""

    def deploy(self, creation_code: bytes, name: str, /) -> tuple[str, Mined]:
        """Deploy a contract, and wait: its address, and the transaction."""


@dataclass(frozen=True)
class Deployed:
    """A deployment, and whether it was made now or stood already."""

    deployment: Deployment
    fresh: bool


def deploy(
    deployer: Deployer, root: Path, home: Path, network: str | None = None, *, replace: bool = False
) -> Deployed:
    """Deploy the contracts of this repository and record them under `root`; nothing to do where they stand already.

    home: where compiled contracts are cached. network: the deployment's name; by default the chain's.
    replace: give up a deployment that stands, with all its tasks, for one of other code. A local chain that was
    restarted needs no such word.

    Raises:
        ConfigError: other contracts are deployed, the contracts cannot be compiled, or `root` cannot be written.
        ChainError: a transaction failed. Nothing is recorded then; deploying again starts afresh.
    """
    chain = deployer.chain
    network = network or network_name(chain.chain_id)
    compiled = compile_contracts(home)
    counts: dict[str, int] = {}
    if Deployment.exists(network, root):
        known = Deployment.load(network, root)
        if _is_current(known, compiled, chain):
            return Deployed(known, fresh=False)
        if not replace and not _is_gone(known, chain):
            raise ConfigError(
                f"other contracts than this repository's are recorded as {network!r} in {root}",
                "name another --network or --deployments; or say --replace to forget them with all their tasks",
            )
        counts = {name: record.num_deployments for name, record in known.records.items()}
    Deployment.check_writable(network, root)
    deployment = _deploy(deployer, compiled, network, counts)
    deployment.check(chain)
    try:
        deployment.save(root)
    except OSError as error:
        addresses = ", ".join(f"{name} {record.address}" for name, record in deployment.records.items())
        raise ConfigError(
            f"the contracts stand ({addresses}), but cannot be recorded in {root}: {error.strerror}",
            "mend the folder and deploy again: these contracts are then forgotten",
        ) from error
    return Deployed(deployment, fresh=True)


def _deploy(deployer: Deployer, compiled: dict[str, Compiled], network: str, counts: dict[str, int]) -> Deployment:
    """Each contract, told the addresses that all have or will have."""
    nonce, commit = deployer.next_nonce(), _commit()
    at: dict[str, str] = {
        name: get_create_address(to_checksum_address(deployer.address), Nonce(nonce + n))
        for n, name in enumerate(CONTRACTS)
    }
    records = {}
    for name in CONTRACTS:
        linked, args = compiled[name].linked(at), arguments(name, at)
        records[name] = _deploy_one(deployer, name, linked, args, counts.get(name, 0) + 1, commit)
        at[name] = records[name].address
    return Deployment(network, deployer.chain.chain_id, records)


def _deploy_one(
    deployer: Deployer, name: str, compiled: Compiled, args: Arguments, number: int, commit: str | None
) -> Record:
    code = creation_code(name, compiled.creation_code, args)
    address, mined = deployer.deploy(code, name)
    with deployer.chain.explained("eth_getTransactionReceipt"):
        receipt = deployer.chain.web3.eth.get_transaction_receipt(HexBytes(mined.transaction_hash))
    return Record.model_validate(
        {
            "address": address,
            "abi": compiled.abi,
            "transactionHash": receipt["transactionHash"].to_0x_hex(),
            "receipt": _receipt(receipt),
            "args": args,
            "numDeployments": number,
            "metadata": compiled.metadata,
            "bytecode": "0x" + compiled.creation_code,
            "deployedBytecode": "0x" + compiled.runtime_code,
            "codeHash": "0x" + deployer.chain.code_hash(address).hex(),
            "creationCodeHash": "0x" + keccak(code).hex(),
            "startBlock": receipt["blockNumber"],
            "compiler": compiled.compiler,
            "commit": commit,
        }
    )


def _receipt(receipt: TxReceipt) -> dict[str, object]:
    """A receipt as hardhat-deploy writes it."""
    return {
        "to": receipt.get("to"),
        "from": receipt["from"],
        "contractAddress": receipt["contractAddress"],
        "transactionIndex": receipt["transactionIndex"],
        "gasUsed": str(receipt["gasUsed"]),
        "logsBloom": receipt["logsBloom"].to_0x_hex(),
        "blockHash": receipt["blockHash"].to_0x_hex(),
        "transactionHash": receipt["transactionHash"].to_0x_hex(),
        "logs": list(receipt["logs"]),
        "blockNumber": receipt["blockNumber"],
        "cumulativeGasUsed": str(receipt["cumulativeGasUsed"]),
        "status": receipt["status"],
    }


def arguments(name: str, at: Mapping[str, str]) -> Arguments:
    """What a contract's constructor is told. at: where all contracts stand, or will."""
    return tuple(
        tuple(at[other] for other in ADDRESSED) if told == "*" else at[told] for told in TOLD.get(name, ("*",))
    )


def creation_code(name: str, bytecode: str, args: Arguments) -> bytes:
    """What is sent to create a contract: its bytecode, hex without 0x and linked, and the constructor's arguments."""
    return bytes.fromhex(bytecode) + encode_arguments(name, args)


def runtime_code(name: str, compiled: Compiled, at: Mapping[str, str]) -> bytes:
    """The code that stands on chain where a contract was created in this deployment.

    Its immutables are addresses, and named so: TASK_MANAGER is where the TaskManager stands. A library has its own.
    """
    linked = compiled.linked(at)
    code = filled(linked.runtime_code, linked.immutables, at)
    return code[:1] + bytes.fromhex(at[name][2:]) + code[21:] if linked.is_library else code


def filled(runtime_code: str, immutables: Mapping[str, Sequence[int]], at: Mapping[str, str]) -> bytes:
    """Runtime code, hex without 0x, with the addresses that its immutables are named for in their places."""
    code = bytearray.fromhex(runtime_code)
    for immutable, places in immutables.items():
        address = at[immutable.title().replace("_", "")]
        for place in places:
            code[place : place + 32] = bytes.fromhex(address[2:]).rjust(32, b"\0")
    return bytes(code)


def _commit() -> str | None:
    """The repository's commit, marked where what is compiled differs from it; None where there is no git."""
    try:
        head = _git("rev-parse", "HEAD").strip()
        return head + ("-dirty" if _git("status", "--porcelain", "--", *COMPILED_FROM) else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment_for_child()).stdout


def _is_current(known: Deployment, compiled: dict[str, Compiled], chain: Chain) -> bool:
    """Whether what is recorded stands on the chain and is what would be deployed now."""
    at = {name: record.address for name, record in known.records.items()}
    for name, record in known.records.items():
        code = creation_code(name, compiled[name].linked(at).creation_code, record.args)
        if record.creation_code_hash != "0x" + keccak(code).hex():
            return False
    try:
        known.check(chain)
    except ChainError:
        return False
    return True


def _is_gone(known: Deployment, chain: Chain) -> bool:
    """Whether a local chain was restarted: no code is left at any of the addresses."""
    return chain.chain_id in LOCAL_CHAINS and not any(chain.code(record.address) for record in known.records.values())
