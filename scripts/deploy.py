"""Deploy TaskManager with its StakeManager, ModelRegistry, ChallengeManager and Lens: `scripts/brownie run deploy`.

For a development chain and for brownie's console and tests. `headwater deploy` does it for a real network and records
the addresses under deployments/.
"""

from __future__ import annotations

from typing import Any

from brownie import ChallengeManager, Lens, ModelRegistry, StakeManager, TaskManager, accounts, chain


def main() -> None:
    """Deploy from the first account and print the addresses."""
    names = ("TaskManager", "StakeManager", "ModelRegistry", "ChallengeManager", "Lens")
    for name, contract in zip(names, deploy(accounts[0]), strict=True):
        print(f"{name:16} {contract.address}")
    chain.snapshot()  # brownie takes one of its own after each transaction, in a thread: wait, or it misses the chain


def deploy(deployer: Any) -> tuple[Any, Any, Any, Any, Any]:
    """TaskManager, StakeManager, ModelRegistry, ChallengeManager and Lens as brownie contracts, knowing each other.

    Those that serve TaskManager are told its address before it exists: it follows from the deployer's nonce. Its
    constructor reverts where another transaction of the deployer came between.
    """
    challenge_manager, task_manager = (deployer.get_deployment_address(deployer.nonce + n) for n in (2, 3))
    stakes = StakeManager.deploy(task_manager, challenge_manager, {"from": deployer})
    models = ModelRegistry.deploy(task_manager, {"from": deployer})
    challenges = ChallengeManager.deploy(task_manager, {"from": deployer})
    tasks = TaskManager.deploy(stakes, models, challenges, {"from": deployer})
    return tasks, stakes, models, challenges, Lens.deploy(tasks, {"from": deployer})
