"""Through brownie: the same contracts, in the same records."""

from __future__ import annotations

import os
import subprocess

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.records import Deployment
from headwater.tools import ROOT
from scripts.export_addresses import addresses
from tests.support.deploying import stands

pytestmark = pytest.mark.deploy


def run_deploy(folder, network, **environment):
    """The output of `brownie run deploy`."""
    command = [ROOT / "scripts" / "brownie", "run", "deploy", "main", "", folder, "--network", network]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_deployment__through_brownie__is_headwaters_and_not_made_twice(anvil, tmp_path):
    port = anvil.url.rpartition(":")[2]
    assert "deployed now" in run_deploy(tmp_path, "anvil", HEADWATER_ANVIL_PORT=port)
    contracts = stands(tmp_path, "anvil", connect(anvil.url), anvil.accounts[0])
    assert contracts.tasks.task_count() == 0
    before = anvil.web3.eth.get_transaction_count(anvil.accounts[0].address)
    assert "nothing to do" in run_deploy(tmp_path, "anvil", HEADWATER_ANVIL_PORT=port)
    assert anvil.web3.eth.get_transaction_count(anvil.accounts[0].address) == before


def test_deployment__to_brownies_own_chain__is_recorded_like_any_other(tmp_path):
    run_deploy(tmp_path, "development")
    deployment = Deployment.load("development", tmp_path)
    assert deployment.summary()["31337"] == addresses()["31337"]
