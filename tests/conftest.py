"""Fixtures for all tests of pytest; those of brownie stand apart, in tests/brownie."""

pytest_plugins = ["tests.support.anvil", "tests.support.circuits", "tests.support.ipfs", "tests.support.roles"]
