"""A deployment's files: what is written is what is read, and damage is found before it is used."""

import json

import pytest

from headwater.chain.deployment import Deployment, Record, network_name
from headwater.errors import ConfigError


def record(name, block):
    return Record(
        contract=name,
        address="0x" + f"{block:02x}" * 20,
        transaction_hash="0x" + "aa" * 32,
        block_number=block,
        deployer="0x" + "bb" * 20,
        constructor_args=("0x" + "cc" * 20,),
        code_hash="0x" + "dd" * 32,
        code_size=100,
        creation_code_hash="0x" + "ee" * 32,
        gas_used=50_000,
        compiler={"version": "0.8.37", "evmVersion": "cancun", "optimizerRuns": 200},
    )


@pytest.fixture
def deployment():
    names = ("StakeManager", "ModelRegistry", "ChallengeManager", "TaskManager", "Lens")
    return Deployment("testnet", 5, {name: record(name, block) for block, name in enumerate(names, start=7)})


def test_deployment__when_saved__then_loaded_as_it_was(deployment, tmp_path):
    assert not Deployment.exists("testnet", tmp_path)
    deployment.save(tmp_path)

    assert Deployment.exists("testnet", tmp_path)
    assert Deployment.load("testnet", tmp_path) == deployment
    assert deployment.start_block == 7


def test_deployment__when_saved__then_dapps_find_addresses_and_abis(deployment, tmp_path):
    deployment.save(tmp_path)

    assert json.loads((tmp_path / "testnet" / "addresses.json").read_text()) == {
        "network": "testnet",
        "chainId": 5,
        "startBlock": 7,
        "contracts": {name: r.address for name, r in deployment.records.items()},
    }
    contract = json.loads((tmp_path / "testnet" / "TaskManager.json").read_text())
    assert contract["abi"] == "../abi/TaskManager.json"
    assert contract["codeHash"] == "0x" + "dd" * 32
    assert contract["transactionHash"] == "0x" + "aa" * 32


def test_load__when_nothing_was_deployed__then_says_what_to_run(tmp_path):
    with pytest.raises(ConfigError, match="headwater deploy"):
        Deployment.load("anvil", tmp_path)


def test_load__when_a_contract_was_edited__then_it_is_damaged(deployment, tmp_path):
    deployment.save(tmp_path)
    path = tmp_path / "testnet" / "TaskManager.json"
    path.write_text(path.read_text().replace(deployment.records["TaskManager"].address, "0x" + "99" * 20))

    with pytest.raises(ConfigError, match="disagree"):
        Deployment.load("testnet", tmp_path)


@pytest.mark.parametrize("content", ("", "{}", "[]", "nonsense"))
@pytest.mark.parametrize("name", ("addresses.json", "StakeManager.json"))
def test_load__when_a_file_is_no_record__then_it_is_damaged(deployment, tmp_path, name, content):
    deployment.save(tmp_path)
    (tmp_path / "testnet" / name).write_text(content)

    with pytest.raises(ConfigError, match="damaged"):
        Deployment.load("testnet", tmp_path)


def test_network_name__when_the_chain_is_known__then_its_name_else_its_id():
    assert network_name(31337) == "anvil"
    assert network_name(11155111) == "chain-11155111"


def test_check_writable__where_nothing_can_be_written__is_refused_before_anything_is_deployed(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        Deployment.check_writable("anvil", tmp_path / "file")
    Deployment.check_writable("anvil", tmp_path / "new")
    assert list((tmp_path / "new" / "anvil").iterdir()) == []
