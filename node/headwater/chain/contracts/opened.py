"""The contracts of one deployment, checked and ready to use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headwater.chain.asking.rpc import Chain
from headwater.chain.contracts.attestations import Attestations
from headwater.chain.contracts.challenge_manager import ChallengeManager
from headwater.chain.contracts.contract import Contract
from headwater.chain.contracts.groups import GroupAdmissions, Semaphore
from headwater.chain.contracts.inferences import Inferences
from headwater.chain.contracts.lens import Lens
from headwater.chain.contracts.model_registry import ModelRegistry
from headwater.chain.contracts.openings import Openings
from headwater.chain.contracts.pools import Pools
from headwater.chain.contracts.proof_manager import ProofManager
from headwater.chain.contracts.reward_manager import RewardManager
from headwater.chain.contracts.round_manager import RoundManager
from headwater.chain.contracts.stake_manager import StakeManager
from headwater.chain.contracts.starts import Starts
from headwater.chain.contracts.task_manager import TaskManager
from headwater.chain.contracts.trainer_registry import TrainerRegistry
from headwater.chain.deploying.records import Deployment, network_name


@dataclass(frozen=True)
class Contracts:
    """The contracts, on the chain they stand on."""

    chain: Chain
    tasks: TaskManager
    rounds: RoundManager
    trainers: TrainerRegistry
    rewards: RewardManager
    stakes: StakeManager
    models: ModelRegistry
    challenges: ChallengeManager
    openings: Openings
    proofs: ProofManager
    attestations: Attestations
    inferences: Inferences
    pools: Pools
    lens: Lens
    starts: Starts
    semaphore: Semaphore
    admissions: GroupAdmissions

    @property
    def all(self) -> tuple[Contract, ...]:
        """Every one of them that knows tasks. Groups are anybody's, and what their logs tell is nothing of a task."""
        return (
            *(self.tasks, self.rounds, self.trainers, self.rewards, self.stakes),
            *(self.models, self.challenges, self.openings, self.proofs, self.attestations, self.inferences),
            *(self.pools, self.lens),
        )

    def start_of(self, task_id: int, round_: int = 0) -> int:
        """A block that no event of a task, or of a round of it, is older than, see `Starts.of`."""
        return self.starts.of(task_id, round_)

    @property
    def place(self) -> str:
        """How a journal names the deployment, among all of all chains."""
        return f"{self.chain.name}/{self.tasks.address}"


def open_contracts(chain: Chain, root: Path, network: str | None = None) -> Contracts:
    """The contracts that `root`, the deployments folder, records for a network; by default the chain's.

    Raises:
        ConfigError: no such deployment is recorded.
        ChainError: it is not what stands on this chain.
    """
    deployment = Deployment.load(network or network_name(chain.chain_id), root)
    deployment.check(chain)
    at = {name: record.address for name, record in deployment.records.items()}
    start = deployment.start_block
    models, rounds = ModelRegistry(chain, at["ModelRegistry"], start), RoundManager(chain, at["RoundManager"], start)
    contracts = Contracts(
        chain,
        TaskManager(chain, at["TaskManager"], start),
        rounds,
        TrainerRegistry(chain, at["TrainerRegistry"], start),
        RewardManager(chain, at["RewardManager"], start),
        StakeManager(chain, at["StakeManager"], start),
        models,
        ChallengeManager(chain, at["ChallengeManager"], start),
        Openings(chain, at["Openings"], start),
        ProofManager(chain, at["ProofManager"], start),
        Attestations(chain, at["Attestations"], start),
        Inferences(chain, at["Inferences"], start),
        Pools(chain, at["Pools"], start),
        Lens(chain, at["Lens"], start),
        Starts(chain, models, rounds),
        Semaphore(chain, at["Semaphore"], start),
        GroupAdmissions(chain, at["GroupAdmissions"], start),
    )
    chain.watch([contract.address for contract in contracts.all])
    for contract in contracts.all:
        contract.starts = contracts.starts
    return contracts
