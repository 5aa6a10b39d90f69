"""A deployment's files: what is written is what is read, and damage is found before it is used."""

import json
from dataclasses import replace

import pytest

from headwater.chain.contracts.codec import CONTRACTS, load_abi
from headwater.chain.deploying.records import Deployment, Record, network_name
from headwater.errors import ConfigError

HARDHAT_DEPLOYS = {"address", "abi", "transactionHash", "receipt", "args", "numDeployments", "metadata"} | {
    "bytecode",
    "deployedBytecode",
}
OURS = {"codeHash", "creationCodeHash", "startBlock", "compiler", "commit"}
RECEIPT = {
    *("to", "from", "contractAddress", "transactionIndex", "gasUsed", "logsBloom", "blockHash", "transactionHash"),
    *("logs", "blockNumber", "cumulativeGasUsed", "status"),
}


def record(name, block):
    address, transaction = "0x" + f"{block:02x}" * 20, "0x" + "aa" * 32
    return Record.model_validate(
        {
            "address": address,
            "abi": load_abi(name),
            "transactionHash": transaction,
            "receipt": {
                "to": None,
                "from": "0x" + "bb" * 20,
                "contractAddress": address,
                "transactionIndex": 0,
                "gasUsed": "50000",
                "logsBloom": "0x" + "00" * 256,
                "blockHash": "0x" + "ab" * 32,
                "transactionHash": transaction,
                "logs": [],
                "blockNumber": block,
                "cumulativeGasUsed": "50000",
                "status": 1,
            },
            "args": ["0x" + "cc" * 20],
            "numDeployments": 1,
            "metadata": "{}",
            "bytecode": "0x6000",
            "deployedBytecode": "0x600000",
            "codeHash": "0x" + "dd" * 32,
            "creationCodeHash": "0x" + "ee" * 32,
            "startBlock": block,
            "compiler": {"version": "0.8.37", "evmVersion": "cancun", "optimizerRuns": 200},
            "commit": "ff" * 20 + "-dirty",
        }
    )


@pytest.fixture
def deployment():
    return Deployment("testnet", 5, {name: record(name, block) for block, name in enumerate(CONTRACTS, start=7)})


def test_deployment__when_saved__then_loaded_as_it_was(deployment, tmp_path):
    assert not Deployment.exists("testnet", tmp_path)
    deployment.save(tmp_path)

    assert Deployment.exists("testnet", tmp_path)
    assert Deployment.load("testnet", tmp_path) == deployment
    assert deployment.start_block == 7
    assert (deployment.records["Lens"].gas_used, deployment.records["Lens"].code_size) == (50_000, 3)


def test_deployment__when_saved__then_files_are_hardhat_deploys_and_some_fields_more(deployment, tmp_path):
    deployment.save(tmp_path)

    folder = tmp_path / "testnet"
    assert {path.name for path in folder.iterdir()} == {".chainId", *(f"{name}.json" for name in CONTRACTS)}
    assert (folder / ".chainId").read_text() == "5\n"
    for name in CONTRACTS:
        content = json.loads((folder / f"{name}.json").read_text())
        assert set(content) == HARDHAT_DEPLOYS | OURS
        assert set(content["receipt"]) == RECEIPT
        assert content["abi"] == load_abi(name)


def test_addresses__when_networks_are_deployed_to__then_each_chain_is_listed_but_local_ones(deployment, tmp_path):
    for chain_id, network in ((5, "testnet"), (1, "mainnet"), (31337, "anvil")):
        replace(deployment, chain_id=chain_id, network=network).save(tmp_path)

    listed = json.loads((tmp_path / "addresses.json").read_text())
    assert list(listed) == ["1", "5"]
    assert listed["5"] == {**{name: r.address for name, r in deployment.records.items()}, "startBlock": 7}


def test_load__when_nothing_was_deployed__then_says_what_to_run(tmp_path):
    with pytest.raises(ConfigError, match="headwater deploy"):
        Deployment.load("anvil", tmp_path)


def test_load__when_an_address_was_edited__then_it_is_damaged(deployment, tmp_path):
    deployment.save(tmp_path)
    path = tmp_path / "testnet" / "TaskManager.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "address": "0x" + "99" * 20}))

    with pytest.raises(ConfigError, match=r"TaskManager\.json: .*disagree"):
        Deployment.load("testnet", tmp_path)


@pytest.mark.parametrize("change", ({"codeHash": "0x12"}, {"commit": "main"}, {"extra": 1}, {"args": [1]}))
def test_load__when_a_field_is_no_such_thing__then_it_is_damaged(deployment, tmp_path, change):
    deployment.save(tmp_path)
    path = tmp_path / "testnet" / "TaskManager.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    with pytest.raises(ConfigError, match=rf"TaskManager\.json: {next(iter(change))}"):
        Deployment.load("testnet", tmp_path)


@pytest.mark.parametrize("content", ("", "{}", "[]", "nonsense"))
@pytest.mark.parametrize("name", (".chainId", "StakeManager.json"))
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
