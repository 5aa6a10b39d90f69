"""Deploying, again and again: recorded once, found again, and never mistaken for what it is not."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.codec import CONTRACTS
from headwater.chain.contracts.opened import open_contracts
from headwater.chain.deploying.compile import compile_contracts
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import Deployment
from headwater.chain.sending.sender import Sender
from headwater.cli.main import cli
from headwater.errors import ChainError, ConfigError, ContractError
from tests.support.anvil import run_anvil


@pytest.fixture
def sender(anvil):
    return Sender(connect(anvil.url), anvil.accounts[0])


@pytest.fixture
def invoke(anvil, home, tmp_path):
    """`headwater deploy` on the chain of the test."""

    def run(*options):
        arguments = ["deploy", "--rpc", anvil.url, "--deployments", str(tmp_path), "--home", str(home), *options]
        return CliRunner().invoke(cli, arguments, env={"HEADWATER_PRIVATE_KEY": anvil.accounts[0].key.hex()})

    return run


def test_deploy__when_the_chain_is_empty__then_contracts_that_open(sender, home, tmp_path):
    deployed = deploy(sender, tmp_path, home)

    assert deployed.fresh
    assert deployed.deployment == Deployment.load("anvil", tmp_path)
    contracts = open_contracts(sender.chain, tmp_path)
    assert contracts.tasks.start_block == 1
    assert contracts.tasks.task_count() == 0
    sizes = {name: record.code_size for name, record in deployed.deployment.records.items()}
    assert all(0 < size < 20_000 for size in sizes.values())


def test_deploy__when_it_stands_already__then_nothing_is_sent(sender, home, tmp_path):
    first = deploy(sender, tmp_path, home)
    nonce = sender.next_nonce()

    again = deploy(sender, tmp_path, home)

    assert not again.fresh
    assert again.deployment == first.deployment
    assert sender.next_nonce() == nonce


def test_deploy__when_anvil_was_restarted__then_opening_says_so_and_deploying_mends_it(home, tmp_path):
    networks = tmp_path / "deployments"
    with run_anvil(tmp_path / "first.log") as anvil:
        deploy(Sender(connect(anvil.url), anvil.accounts[0]), networks, home)
    with run_anvil(tmp_path / "second.log") as anvil:
        chain = connect(anvil.url)
        with pytest.raises(ChainError, match="anvil was restarted"):
            open_contracts(chain, networks)
        assert deploy(Sender(chain, anvil.accounts[1]), networks, home).fresh
        open_contracts(chain, networks)


def test_deploy__when_other_contracts_are_recorded__then_they_are_replaced_only_on_demand(sender, home, tmp_path):
    deployment = deploy(sender, tmp_path, home).deployment
    older = deployment.records["StakeManager"].model_copy(update={"creation_code_hash": "0x" + "00" * 32})
    replace(deployment, records={**deployment.records, "StakeManager": older}).save(tmp_path)

    with pytest.raises(ConfigError, match="--replace"):
        deploy(sender, tmp_path, home)
    again = deploy(sender, tmp_path, home, replace=True)
    assert again.fresh
    assert {record.num_deployments for record in again.deployment.records.values()} == {2}


def test_deploy__when_the_deployers_nonce_moves_meanwhile__then_the_contracts_refuse_and_nothing_is_recorded(
    sender, home, tmp_path, monkeypatch
):
    nonces = iter((17, *range(9)))
    monkeypatch.setattr(sender, "next_nonce", lambda: next(nonces))

    with pytest.raises(ContractError, match="another transaction of the deployer came between") as caught:
        deploy(sender, tmp_path, home)
    assert caught.value.name == "NotOneDeployment"
    assert not Deployment.exists("anvil", tmp_path)


def test_open__when_the_deployment_is_of_another_chain__then_says_so(sender, home, tmp_path):
    deploy(sender, tmp_path, home)
    with run_anvil(tmp_path / "other.log", "--chain-id", "5") as other, pytest.raises(ChainError, match="serves 5"):
        open_contracts(connect(other.url), tmp_path, "anvil")


def test_open__when_other_code_stands_there__then_says_so(anvil, sender, home, tmp_path):
    deployment = deploy(sender, tmp_path, home).deployment
    address = deployment.records["StakeManager"].address
    anvil.web3.provider.make_request("anvil_setCode", [address, "0x00"])

    with pytest.raises(ChainError, match=f"StakeManager is recorded at {address}"):
        open_contracts(sender.chain, tmp_path)


def test_compile__when_it_was_done_before__then_the_compiler_is_not_needed(home, tmp_path, monkeypatch):
    compiled = compile_contracts(home)
    monkeypatch.setattr("headwater.chain.deploying.compile.compile_standard", None)

    assert compile_contracts(home) == compiled


def test_compile__when_there_is_no_repository__then_says_that_one_is_needed(tmp_path):
    with pytest.raises(ConfigError, match="clone it"):
        compile_contracts(tmp_path, root=tmp_path)


def test_headwater_deploy__when_run_twice__then_the_second_time_there_is_nothing_to_do(invoke, tmp_path):
    first, second = invoke(), invoke()

    assert first.exit_code == second.exit_code == 0, first.stderr + second.stderr
    for name in CONTRACTS:
        record = json.loads((tmp_path / "anvil" / f"{name}.json").read_text())
        assert name in first.stdout
        assert record["address"] in first.stdout
    assert "Recorded in" in first.stdout
    assert "Nothing to do" in second.stdout


def test_headwater_deploy__when_a_network_is_named__then_recorded_under_it(invoke, tmp_path):
    assert invoke("--network", "mine").exit_code == 0
    assert (tmp_path / "mine" / "TaskManager.json").exists()


def test_headwater_deploy__when_no_key_is_given__then_exit_code_1_and_a_hint(anvil, home, tmp_path, monkeypatch):
    monkeypatch.delenv("HEADWATER_PRIVATE_KEY", raising=False)
    result = CliRunner().invoke(
        cli, ["deploy", "--rpc", anvil.url, "--deployments", str(tmp_path), "--home", str(home)]
    )

    assert result.exit_code == 1
    assert "--keystore" in result.stderr
