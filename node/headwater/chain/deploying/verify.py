"""Whether a chain has what a deployment's records say, and whether this repository's contracts are what it has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eth_utils.crypto import keccak
from hexbytes import HexBytes

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.attestations import Attestations
from headwater.chain.contracts.challenge_manager import ChallengeManager
from headwater.chain.contracts.codec import ADDRESSED
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.groups import GroupAdmission, GroupAdmissions, Semaphore
from headwater.chain.contracts.inferences import Inferences
from headwater.chain.contracts.lens import Lens
from headwater.chain.contracts.model_registry import ModelRegistry
from headwater.chain.contracts.openings import Openings
from headwater.chain.contracts.pools import Pools
from headwater.chain.contracts.proof_manager import ProofManager
from headwater.chain.contracts.reward_manager import RewardManager
from headwater.chain.contracts.round_manager import RoundManager
from headwater.chain.contracts.stake_manager import StakeManager
from headwater.chain.contracts.task_manager import TaskManager
from headwater.chain.contracts.trainer_registry import TrainerRegistry
from headwater.chain.deploying.compile import Compiled
from headwater.chain.deploying.deploy import Arguments, arguments, creation_code, runtime_code
from headwater.chain.deploying.records import ADDRESSES, LOCAL_CHAINS, Deployment, Record
from headwater.errors import ChainError, HeadwaterError
from headwater.foreign import plain
from headwater.protocol.structs import Addresses

WRAPPERS: tuple[type[Contract], ...] = (
    TaskManager,
    RoundManager,
    TrainerRegistry,
    RewardManager,
    StakeManager,
    ModelRegistry,
    ChallengeManager,
    Openings,
    ProofManager,
    Attestations,
    Inferences,
    Pools,
    GroupAdmission,
    GroupAdmissions,
    Lens,
)


@dataclass(frozen=True)
class Check:
    """One thing that must hold of a contract. `detail` says what was found where it does not."""

    contract: str
    what: str
    ok: bool
    detail: str = ""


def verify(deployment: Deployment, chain: Chain, compiled: Mapping[str, Compiled] | None = None) -> Iterator[Check]:
    """Compare a deployment's records with a chain.

    compiled: what the repository's contracts compile to; with them, code is compared byte for byte, immutables too.

    Raises:
        ChainError: it is another chain. Of whatever else is wrong a check tells.
    """
    if chain.chain_id != deployment.chain_id:
        raise ChainError(
            f"deployment {deployment.network!r} is on chain {deployment.chain_id}, but {chain.where} serves"
            f" {chain.chain_id}",
            "name another node with --rpc, or another deployment with --network",
        )
    at = {name: record.address for name, record in deployment.records.items()}
    for name, record in deployment.records.items():
        yield from _record(name, record, at)
        yield from _on_chain(name, record, chain)
        if compiled is not None:
            yield from _rebuilt(name, record, compiled[name], at, chain)
    yield from _wiring(chain, at)
    yield from _groups(chain, at)


def listed(deployment: Deployment, root: Path) -> Iterator[Check]:
    """Whether addresses.json under `root`, which dApps read, names a deployment's contracts.

    Of a local chain it says where a fresh one would have them, so nothing is compared.
    """
    if deployment.chain_id in LOCAL_CHAINS:
        return
    ((chain_id, recorded),) = deployment.summary().items()
    try:
        found = json.loads((root / ADDRESSES).read_text()).get(chain_id)
    except (OSError, ValueError, AttributeError) as error:
        found = error
    yield _same(ADDRESSES, f"its entry of chain {chain_id} is this deployment", found, recorded)


def _record(name: str, record: Record, at: Mapping[str, str]) -> Iterator[Check]:
    """What the record says of itself."""
    served = arguments(name, at)
    yield _same(name, "its constructor got the other contracts' addresses", record.args, served)
    if not _are_like(record.args, served):
        return  # no constructor takes them
    sent = "0x" + keccak(creation_code(name, record.bytecode[2:], record.args)).hex()
    yield _same(name, "bytecode and arguments give creationCodeHash", sent, record.creation_code_hash)


def _on_chain(name: str, record: Record, chain: Chain) -> Iterator[Check]:
    """What the chain says of it."""
    code = "0x" + chain.code_hash(record.address).hex()
    yield _same(name, "the code at its address has codeHash", code, record.code_hash)
    what = "the recorded transaction created it, in the recorded block"
    try:
        receipt = chain.web3.eth.get_transaction_receipt(HexBytes(record.transaction_hash))
        sent = chain.web3.eth.get_transaction(HexBytes(record.transaction_hash))
    except Exception as error:  # noqa: BLE001 - web3 raises its own, requests' and the node's
        yield Check(name, what, ok=False, detail=f"the node does not tell of {record.transaction_hash}: {plain(error)}")
        return
    found = (receipt["contractAddress"], receipt["status"], receipt["from"], receipt["blockNumber"])
    recorded = (record.address, 1, record.receipt.sender, record.start_block)
    yield _same(name, what, found, recorded)
    block = receipt["blockHash"].to_0x_hex()
    yield _same(name, "that block is still the chain's", block, record.receipt.block_hash)
    cost = (receipt["gasUsed"], receipt["cumulativeGasUsed"], receipt["transactionIndex"])
    written = record.receipt
    told = (int(written.gas_used), int(written.cumulative_gas_used), written.transaction_index)
    yield _same(name, "it took the recorded gas, at the recorded place", cost, told)
    data = "0x" + keccak(bytes(sent["input"])).hex()
    yield _same(name, "that transaction sent what has creationCodeHash", data, record.creation_code_hash)


def _rebuilt(name: str, record: Record, compiled: Compiled, at: Mapping[str, str], chain: Chain) -> Iterator[Check]:
    """What this repository makes of it. No constructor is run again: what it would leave is known.

    Runtime code is the compiler's but for immutables and libraries, and each of these is another contract's address.
    """
    codes, linked = (record.bytecode[2:], record.deployed_bytecode[2:]), compiled.linked(at)
    yield _same(name, "this checkout compiles to its bytecodes", codes, (linked.creation_code, linked.runtime_code))
    yield _same(name, "this checkout has its ABI", list(record.abi), compiled.abi)
    compiler = record.compiler.model_dump(by_alias=True)
    yield _same(name, "this checkout's compiler and settings made it", compiler, compiled.compiler)
    yield _same(name, "this checkout has its metadata", record.metadata, compiled.metadata)
    expected = runtime_code(name, compiled, at)
    what = "the code on chain is this checkout's, with the deployment's addresses in it"
    yield _same(name, what, chain.code(record.address).hex(), expected.hex())


def _are_like(found: Arguments, expected: Arguments) -> bool:
    """Whether these arguments have the shape of those."""
    shapes = [[len(argument) if isinstance(argument, tuple) else 0 for argument in args] for args in (found, expected)]
    return shapes[0] == shapes[1]


def _wiring(chain: Chain, at: Mapping[str, str]) -> Iterator[Check]:
    """Who says that it knows whom."""
    known = Addresses(*(at[name] for name in ADDRESSED))
    for wrapper in WRAPPERS:
        what = "it knows all contracts of this deployment"
        try:
            yield _same(wrapper.name, what, wrapper(chain, at[wrapper.name]).deployment(), known)
        except HeadwaterError as error:
            yield Check(wrapper.name, what, ok=False, detail=error.message)


def _groups(chain: Chain, at: Mapping[str, str]) -> Iterator[Check]:
    """Who checks memberships."""
    semaphore, admissions = Semaphore(chain, at["Semaphore"]), GroupAdmissions(chain, at["GroupAdmissions"])
    wired = (
        (Semaphore.name, "this deployment's verifier checks its proofs", semaphore.verifier, "SemaphoreVerifier"),
        (GroupAdmissions.name, "its groups are this deployment's", admissions.semaphore, "Semaphore"),
    )
    for name, what, read, other in wired:
        try:
            yield _same(name, what, read(), at[other])
        except HeadwaterError as error:
            yield Check(name, what, ok=False, detail=error.message)


def _same(name: str, what: str, found: object, expected: object) -> Check:
    if found == expected:
        return Check(name, what, ok=True)
    if isinstance(found, dict) and isinstance(expected, dict):
        names = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
        found, expected = ({key: side.get(key) for key in names} for side in (found, expected))
    return Check(name, what, ok=False, detail=f"{_short(found)} and not {_short(expected)}")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:60]}… ({len(text)} characters)"
