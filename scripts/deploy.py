"""Deploy TaskManager with its StakeManager and ModelRegistry: `scripts/brownie run deploy`.

For a development chain and for brownie's console and tests. `headwater deploy` does it for a real network and records
the addresses under deployments/.
"""

from __future__ import annotations

from typing import Any

from brownie import ModelRegistry, StakeManager, TaskManager, accounts, chain


def main() -> None:
    """Deploy from the first account and print the addresses."""
    for name, contract in zip(("TaskManager", "StakeManager", "ModelRegistry"), deploy(accounts[0]), strict=True):
        print(f"{name:14} {contract.address}")
    chain.snapshot()  # brownie takes one of its own after each transaction, in a thread: wait, or it misses the chain


def deploy(deployer: Any) -> tuple[Any, Any, Any]:
    """TaskManager, StakeManager and ModelRegistry as brownie contracts, knowing each other.

    The two that serve TaskManager are told its address before it exists: it follows from the deployer's nonce. Its
    constructor reverts where another transaction of the deployer came between.
    """
    task_manager = deployer.get_deployment_address(deployer.nonce + 2)
    stakes = StakeManager.deploy(task_manager, {"from": deployer})
    models = ModelRegistry.deploy(task_manager, {"from": deployer})
    return TaskManager.deploy(stakes, models, {"from": deployer}), stakes, models
