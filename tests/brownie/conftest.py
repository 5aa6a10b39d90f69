"""The contracts for every test of brownie, deployed as `brownie run deploy` does."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from brownie import (
    ChallengeManager,
    Lens,
    ModelRegistry,
    Openings,
    ProofManager,
    RewardManager,
    RoundManager,
    StakeManager,
    TaskManager,
    TrainerRegistry,
)

from scripts.deploy import deploy_to_active

CONTAINERS = (
    TaskManager,
    RoundManager,
    TrainerRegistry,
    RewardManager,
    StakeManager,
    ModelRegistry,
    ChallengeManager,
    Openings,
    ProofManager,
    Lens,
)


class Deployed(NamedTuple):
    tasks: Any
    rounds: Any
    trainers: Any
    rewards: Any
    stakes: Any
    models: Any
    challenges: Any
    openings: Any
    proofs: Any
    lens: Any


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Deployed once a module; brownie's `fn_isolation` takes every test's changes back."""
    root: Path = tmp_path_factory.mktemp("deployments")
    records = deploy_to_active("", root).records
    return Deployed(*(container.at(records[container._name].address) for container in CONTAINERS))


@pytest.fixture(autouse=True)
def isolated(fn_isolation: None) -> None:
    """Each test starts from the chain as `deployed` left it."""
