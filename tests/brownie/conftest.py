"""Freshly deployed contracts for every test of brownie."""

from typing import Any, NamedTuple

import pytest
from brownie import accounts

from scripts.deploy import deploy


class Deployed(NamedTuple):
    tasks: Any
    stakes: Any
    models: Any
    challenges: Any
    lens: Any


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    """Deployed once a module; brownie's `fn_isolation` takes every test's changes back."""
    return Deployed(*deploy(accounts[0]))


@pytest.fixture(autouse=True)
def isolated(fn_isolation: None) -> None:
    """Each test starts from the chain as `deployed` left it."""
