"""A deployment's records held against its chain: whatever was tampered with is found, in records, code or wiring."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.deploying.compile import compile_contracts
from headwater.chain.deploying.deploy import deploy
from headwater.chain.deploying.records import Deployment
from headwater.chain.deploying.verify import WRAPPERS, verify
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError
from headwater.tools import ROOT
from tests.support.anvil import run_anvil
from tests.support.deploying import HOME, failed

OTHER = "0x" + "12" * 32
KNOWS = "it knows all contracts of this deployment"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A chain with two deployments, `anvil` and `other`; their folder; and the chain."""
    folder = tmp_path_factory.mktemp("verifying")
    with run_anvil(folder / "anvil.log") as anvil:
        sender = Sender(connect(anvil.url), anvil.accounts[0])
        for network in ("anvil", "other"):
            deploy(sender, folder, HOME, network)
        yield anvil, folder, sender.chain


@pytest.fixture
def deployment(place):
    return Deployment.load("anvil", place[1])


def changed(deployment, name, **changes):
    """The deployment with a record changed."""
    record = deployment.records[name].model_copy(update=changes)
    return replace(deployment, records={**deployment.records, name: record})


def found(checks):
    """What does not hold, by contract."""
    return {(check.contract, check.what) for check in checks}


@pytest.mark.parametrize("rebuild", (False, True))
@pytest.mark.parametrize("network", ("anvil", "other"))
def test_verify__of_what_was_deployed__holds(place, network, rebuild):
    _, folder, chain = place
    assert failed(Deployment.load(network, folder), chain, rebuild=rebuild) == []


@pytest.mark.parametrize(
    ("change", "what"),
    (
        ({"code_hash": OTHER}, "the code at its address has codeHash"),
        ({"creation_code_hash": OTHER}, "bytecode and arguments give creationCodeHash"),
        ({"bytecode": "0x6000"}, "bytecode and arguments give creationCodeHash"),
        ({"transaction_hash": OTHER}, "the recorded transaction created it, in the recorded block"),
        ({"start_block": 99}, "the recorded transaction created it, in the recorded block"),
        ({"args": ("0x" + "11" * 20,)}, "its constructor got the other contracts' addresses"),
        ({"deployed_bytecode": "0xdeadbeef"}, "this checkout compiles to its bytecodes"),
        ({"metadata": "{}"}, "this checkout has its metadata"),
        ({"abi": ()}, "this checkout has its ABI"),
    ),
)
def test_verify__of_a_record_that_was_changed__finds_it(place, deployment, change, what):
    assert ("ModelRegistry", what) in found(failed(changed(deployment, "ModelRegistry", **change), place[2]))


@pytest.mark.parametrize(
    ("part", "change", "what"),
    (
        ("receipt", {"gas_used": "1"}, "it took the recorded gas, at the recorded place"),
        ("compiler", {"optimizer_runs": 9}, "this checkout's compiler and settings made it"),
    ),
)
def test_verify__of_a_part_of_a_record_that_was_changed__finds_it(place, deployment, part, change, what):
    whole = getattr(deployment.records["ModelRegistry"], part)
    other = changed(deployment, "ModelRegistry", **{part: whole.model_copy(update=change)})
    assert found(failed(other, place[2])) == {("ModelRegistry", what)}


def test_verify__of_records_of_two_deployments__finds_that_they_do_not_know_each_other(place, deployment):
    other = Deployment.load("other", place[1])
    mixed = replace(deployment, records={**deployment.records, "StakeManager": other.records["StakeManager"]})
    wrong = found(failed(mixed, place[2], rebuild=False))
    assert {(wrapper.name, KNOWS) for wrapper in WRAPPERS} <= wrong, "the others do not know it, nor does it know them"
    assert ("StakeManager", "the code at its address has codeHash") not in wrong


def test_verify__of_an_address_with_other_code__finds_it__also_where_the_record_says_that_code(place, deployment):
    anvil, _, chain = place
    address = deployment.records["StakeManager"].address
    honest = chain.code(address)
    other = honest.replace(bytes.fromhex(deployment.records["TaskManager"].address[2:]), bytes(20))
    assert other != honest
    try:
        anvil.web3.provider.make_request("anvil_setCode", [address, "0x" + other.hex()])
        code = ("StakeManager", "the code at its address has codeHash")
        assert code in found(failed(deployment, chain, rebuild=False))
        agreeing = changed(deployment, "StakeManager", code_hash="0x" + chain.code_hash(address).hex())
        assert code not in found(failed(agreeing, chain))
        what = "the code on chain is this checkout's, with the deployment's addresses in it"
        assert ("StakeManager", what) in found(failed(agreeing, chain))
    finally:
        anvil.web3.provider.make_request("anvil_setCode", [address, "0x" + honest.hex()])


def test_verify__where_no_code_is__finds_it_and_goes_on(place, deployment):
    empty = changed(deployment, "Lens", address="0x" + "34" * 20)
    wrong = found(failed(empty, place[2]))
    assert ("Lens", KNOWS) in wrong
    assert {contract for contract, _ in wrong} == {"Lens"}


def test_verify__against_other_sources__finds_it(place, deployment):
    compiled = dict(compile_contracts(HOME))
    other = compiled["Lens"].runtime_code
    compiled["Lens"] = replace(compiled["Lens"], creation_code="6000", runtime_code="00" + other[2:])
    wrong = {check.what for check in verify(deployment, place[2], compiled) if not check.ok}
    assert wrong == {
        "this checkout compiles to its bytecodes",
        "the code on chain is this checkout's, with the deployment's addresses in it",
    }


def test_verify__on_another_chain__is_refused(deployment, tmp_path):
    with run_anvil(tmp_path / "log", "--chain-id", "5") as other, pytest.raises(ChainError, match="serves 5"):
        failed(deployment, connect(other.url))


def test_script__where_addresses_json_names_another_contract__finds_it(tmp_path):
    with run_anvil(tmp_path / "log", "--chain-id", "5") as anvil:
        deploy(Sender(connect(anvil.url), anvil.accounts[0]), tmp_path / "deployments", HOME)
        assert run_script(tmp_path / "deployments", anvil.url, "chain-5").returncode == 0
        path = tmp_path / "deployments" / "addresses.json"
        known = json.loads(path.read_text())
        known["5"]["Lens"] = "0x" + "34" * 20
        path.write_text(json.dumps(known))
        done = run_script(tmp_path / "deployments", anvil.url, "chain-5")
    assert done.returncode == 1
    assert "✗  addresses.json" in done.stdout


def run_script(folder, url, network, *options):
    command = [sys.executable, "scripts/verify_deployment.py", "--network", network, "--rpc", url, *options]
    return subprocess.run(
        [*command, "--deployments", str(folder), "--home", str(HOME)], cwd=ROOT, capture_output=True, text=True
    )


def test_script__tells_what_holds_and_what_does_not__by_its_exit_code_too(place):
    anvil, folder, _ = place
    done = run_script(folder, anvil.url, "anvil", "--rebuild")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout

    path = folder / "anvil" / "Lens.json"
    honest = path.read_text()
    try:
        path.write_text(json.dumps({**json.loads(honest), "codeHash": OTHER}))
        done = run_script(folder, anvil.url, "anvil")
        assert done.returncode == 1
        assert done.stdout.count("✗") == 1
    finally:
        path.write_text(honest)
    assert "no deployment on 'nowhere'" in run_script(folder, anvil.url, "nowhere").stderr
