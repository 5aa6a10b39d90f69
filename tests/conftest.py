"""Fixtures for all tests of pytest; those of brownie stand apart, in tests/brownie."""

import os

os.environ.pop("COLUMNS", None)  # each test says how wide a screen it wants: what a module reads at import would stay
import headwater.cli.console  # noqa: F401

pytest_plugins = [
    "tests.support.anvil",
    "tests.support.circuits",
    "tests.support.ipfs",
    "tests.support.lineages",
    "tests.support.roles",
    "tests.support.scored",
]
