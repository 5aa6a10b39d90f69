"""On anvil: deployed by the command, recorded, verified, found again; and the addresses that are committed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from headwater.chain.asking.rpc import connect
from headwater.cli.main import cli
from scripts.export_addresses import DEPLOYMENTS, addresses
from tests.support.deploying import HOME, stands

pytestmark = pytest.mark.deploy


def test_deployment__by_the_command__is_verified_and_not_made_twice(anvil, tmp_path):
    arguments = ["deploy", "--rpc", anvil.url, "--deployments", str(tmp_path), "--home", str(HOME)]
    done = CliRunner().invoke(cli, arguments, env={"HEADWATER_PRIVATE_KEY": anvil.accounts[0].key.hex()})
    assert done.exit_code == 0, done.stderr
    contracts = stands(tmp_path, "anvil", connect(anvil.url), anvil.accounts[0])
    assert contracts.tasks.task_count() == 0


def test_addresses__that_are_committed__are_what_a_fresh_chain_gives():
    assert json.loads((DEPLOYMENTS / "addresses.json").read_text()) == addresses(), "run `make addresses`"
