"""Deploying the contracts, which know each other for good."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eth_utils.crypto import keccak
from web3.types import Nonce
from web3.utils import get_create_address

from headwater.chain.codec import encode_arguments
from headwater.chain.compiling import Compiled, compile_contracts
from headwater.chain.deployment import LOCAL_CHAINS, Deployment, Record, network_name
from headwater.chain.rpc import Chain
from headwater.chain.sender import Sender
from headwater.errors import ChainError, ConfigError

_SERVED = {
    "StakeManager": ("TaskManager", "ChallengeManager"),
    "ModelRegistry": ("TaskManager",),
    "ChallengeManager": ("TaskManager",),
    "TaskManager": ("StakeManager", "ModelRegistry", "ChallengeManager"),
    "Lens": ("TaskManager",),
}
"""The contracts whose addresses a constructor takes, in the order in which they are deployed."""


@dataclass(frozen=True)
class Deployed:
    """A deployment, and whether it was made now or stood already."""

    deployment: Deployment
    fresh: bool


def deploy(sender: Sender, root: Path, home: Path, network: str | None = None, *, replace: bool = False) -> Deployed:
    """Deploy the contracts of this repository and record them under `root`; nothing to do where they stand already.

    home: where compiled contracts are cached. network: the deployment's name; by default the chain's.
    replace: give up a deployment that stands, with all its tasks, for one of other code. A local chain that was
    restarted needs no such word.

    Raises:
        ConfigError: other contracts are deployed, the contracts cannot be compiled, or `root` cannot be written.
        ChainError: a transaction failed. Nothing is recorded then; deploying again starts afresh.
    """
    chain = sender.chain
    network = network or network_name(chain.chain_id)
    compiled = compile_contracts(home)
    if Deployment.exists(network, root):
        known = Deployment.load(network, root)
        if _is_current(known, compiled, chain):
            return Deployed(known, fresh=False)
        if not replace and not _is_gone(known, chain):
            raise ConfigError(
                f"other contracts than this repository's are recorded as {network!r} in {root}",
                "name another --network or --deployments; or say --replace to forget them with all their tasks",
            )
    Deployment.check_writable(network, root)
    deployment = _deploy(sender, compiled, network)
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


def _deploy(sender: Sender, compiled: dict[str, Compiled], network: str) -> Deployment:
    """Those that TaskManager uses, told the addresses that others will have; TaskManager, which checks them; Lens."""
    nonce, order = sender.next_nonce(), tuple(_SERVED)
    at: dict[str, str] = {name: get_create_address(sender.address, Nonce(nonce + n)) for n, name in enumerate(order)}
    records = {}
    for name in order:
        args = tuple(at[served] for served in _SERVED[name])
        records[name] = _deploy_one(sender, name, compiled[name], args)
        at[name] = records[name].address
    return Deployment(network, sender.chain.chain_id, records)


def _deploy_one(sender: Sender, name: str, compiled: Compiled, args: tuple[str, ...]) -> Record:
    creation_code = _creation_code(name, compiled, args)
    address, receipt = sender.deploy(creation_code, name)
    code = sender.chain.code(address)
    return Record(
        contract=name,
        address=address,
        transaction_hash="0x" + receipt.transaction_hash.hex(),
        block_number=receipt.block_number,
        deployer=sender.address,
        constructor_args=args,
        code_hash="0x" + keccak(code).hex(),
        code_size=len(code),
        creation_code_hash="0x" + keccak(creation_code).hex(),
        gas_used=receipt.gas_used,
        compiler=compiled.compiler,
    )


def _creation_code(name: str, compiled: Compiled, args: tuple[str, ...]) -> bytes:
    return bytes.fromhex(compiled.creation_code) + encode_arguments(name, args)


def _is_current(known: Deployment, compiled: dict[str, Compiled], chain: Chain) -> bool:
    """Whether what is recorded stands on the chain and is what would be deployed now."""
    for name, record in known.records.items():
        creation_code = _creation_code(name, compiled[name], record.constructor_args)
        if record.creation_code_hash != "0x" + keccak(creation_code).hex():
            return False
    try:
        known.check(chain)
    except ChainError:
        return False
    return True


def _is_gone(known: Deployment, chain: Chain) -> bool:
    """Whether a local chain was restarted: no code is left at any of the addresses."""
    return chain.chain_id in LOCAL_CHAINS and not any(chain.code(record.address) for record in known.records.values())
