"""A borrower whose row nobody sees: issued by a bank, proved with the journal's count, taken by a lender on chain."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from eth_utils.address import to_checksum_address
from web3.contract import Contract

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.events import InferenceRecorded
from headwater.cli.main import cli
from headwater.errors import ConfigError, ContractError, TaskError
from headwater.protocol.inferences import MOST_ROW_PROOFS, NOBODY, ROW_SALTS, context_of
from headwater.protocol.machine import Addresses
from headwater.protocol.openings import Encoding, encode
from headwater.protocol.phases import Question
from headwater.protocol.structs import Query, Setup
from headwater.roles import inferring
from headwater.roles.inferring import infer, issue
from headwater.roles.rows import CommittedRow
from headwater.roles.task import point_hash
from tests.support.agents import deploy
from tests.support.anvil import run_anvil
from tests.support.asked import BORROWER, ISSUER, Asked, row_of, z_of
from tests.support.indexing import Index, lowered
from tests.support.roles import CREATOR, OUTSIDER, SharedCircuit, steady_journal


@pytest.fixture(scope="module")
def asked_world(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    with run_anvil(folder / "anvil.log") as anvil:
        yield Asked(anvil, folder, home)


@pytest.fixture
def asked(asked_world: Asked) -> Asked:
    """Round 1 is finalized."""
    world = asked_world.at("finalized")
    world.task.check_inference()
    circuit = world.task.infer
    world.task.__dict__["infer"] = SharedCircuit(circuit.folder, circuit.statement, circuit.srs, circuit.manifest)
    return world


@pytest.fixture
def secret(asked: Asked) -> Any:
    """The borrower's journal."""
    return steady_journal(asked.anvil.accounts[BORROWER], asked.task, asked.trainer(0).dataset)


def lender_of(world: Asked, threshold: int) -> Contract:
    """The example's contract, which uses round 1's model."""
    arguments = (
        *(world.models.address, world.contracts.inferences.address, world.contracts.openings.address),
        *(world.tasks.address, world.task_id, world.senders[ISSUER].address, threshold),
    )
    lender = deploy(world, "contracts/examples/Lender.sol", "Lender", *arguments)  # type: ignore[arg-type]
    send(world, OUTSIDER, lender, "accept", 1, world.models.get_model(world.task_id, 1).model_hash)
    return lender


def send(world: Asked, account: int, contract: Contract, function: str, *arguments: Any) -> Any:
    """Call a contract of the tests'."""
    data = bytes.fromhex(contract.encode_abi(function, list(arguments))[2:])
    return world.senders[account].send(Call(str(contract.address), data, 0, function))


def test_lender__approves_by_a_proof__and_not_twice_by_one(asked, secret):
    row = row_of(asked, [16, 20, -3, 40])
    threshold = z_of(asked, list(row.features))  # met to the unit
    lender = lender_of(asked, threshold)
    made = infer(asked.task, secret, row, 1, Question.AT_LEAST, threshold, consumer=str(lender.address))
    assert made.answer
    assert made.made == 1
    receipt = send(asked, BORROWER, lender, "approve", made.proof)
    assert receipt.gas_used <= 700_000
    assert lender.functions.approvals(row.account).call() == 1
    with pytest.raises(ContractError, match="PublicMismatch"):
        send(asked, BORROWER, lender, "approve", made.proof)
    with pytest.raises(ContractError, match="WrongAccount"):
        send(asked, OUTSIDER, lender, "approve", made.proof)


def test_lender__refuses_who_is_one_unit_below(asked, secret):
    row = row_of(asked, [16, 20, -3, 40])
    threshold = z_of(asked, list(row.features)) + 1
    lender = lender_of(asked, threshold)
    made = infer(asked.task, secret, row, 1, Question.AT_LEAST, threshold, consumer=str(lender.address))
    assert not made.answer
    with pytest.raises(ContractError):
        send(asked, BORROWER, lender, "approve", made.proof)


def test_lender__computes_a_public_row_by_one_opening(asked):
    features = [16, 20, -3, 40]
    lender = lender_of(asked, z_of(asked, features))
    model = asked.models.get_model(asked.task_id, 1)
    opened = asked.task.read_model(1, model.cid, model.model_hash)
    packed = encode(opened.weights, Encoding.PACKED)
    points = ((point.x, point.y) for point in (opened.commitment, opened.opening))
    commitment, quotient = points
    send(asked, OUTSIDER, lender, "show", commitment, packed, quotient)
    borrower = asked.senders[BORROWER].address
    send(asked, ISSUER, lender, "approvePublic", borrower, features, packed)
    assert lender.functions.approvals(borrower).call() == 1
    worse = [f - (w > 0) + (w < 0) for f, w in zip(features, opened.weights, strict=True)]  # a unit less of each
    with pytest.raises(ContractError):
        send(asked, ISSUER, lender, "approvePublic", borrower, worse, packed)


def test_record__keeps_a_score_for_everybody(asked, secret):
    row = row_of(asked, [16, 20, -3, 40])
    z = z_of(asked, list(row.features))
    made = infer(asked.task, secret, row, 1, Question.EXACTLY, z)
    receipt = asked.senders[BORROWER].send(asked.contracts.inferences.record(made.query, made.proof))
    event = receipt.event(InferenceRecorded)
    assert (event.account, event.value, event.answer, event.row_hash) == (row.account, z, True, made.row_hash)
    assert receipt.gas_used <= 700_000
    index = indexed(asked)
    inferences = asked.contracts.inferences
    assert index.setups == {asked.task_id: lowered(inferences.get_setup(asked.task_id))}
    for (task_id, issuer, row_hash), kept in index.rows.items():
        assert kept == lowered(inferences.get_row(task_id, to_checksum_address(issuer), row_hash))
    assert index.inferences == {event.inference_id: inferences.get_inference(event.inference_id)}


def indexed(world: Asked) -> Index:
    """What an indexer makes of the logs of Inferences alone."""
    chain, inferences = world.chain, world.contracts.inferences
    at = Addresses(*(address.lower() for address in astuple(inferences.deployment())))
    index = Index(chain.chain_id, at, lambda number: chain.block(number).timestamp)
    index.read(world.anvil.web3.eth.get_logs({"address": inferences.address, "fromBlock": 0}))
    return index


def test_proof__of_the_same_question__is_the_same_again_and_is_counted_once(asked, secret):
    row = row_of(asked, [16, 20, -3, 40])
    z = z_of(asked, list(row.features))
    first = infer(asked.task, secret, row, 1, Question.EXACTLY, z)
    again = infer(asked.task, secret, row, 1, Question.EXACTLY, z)
    assert again == first
    assert again.made == 1


def test_proofs__about_one_row__are_fewer_than_its_salts(asked, secret, monkeypatch):
    assert MOST_ROW_PROOFS == ROW_SALTS - 1
    monkeypatch.setattr(inferring, "MOST_ROW_PROOFS", 1)
    row = row_of(asked, [16, 20, -3, 40])
    made = infer(asked.task, secret, row, 1, Question.AT_LEAST, 0)
    with pytest.raises(ConfigError, match="would give it away"):
        infer(asked.task, secret, row, 1, Question.AT_LEAST, 1)
    assert infer(asked.task, secret, row, 1, Question.AT_LEAST, 0) == made


def test_row__that_is_not_issued__or_anothers__or_taken_back__is_not_proved_about(asked, secret):
    issuer, borrower = (asked.senders[number].address for number in (ISSUER, BORROWER))
    row = CommittedRow.draw(asked.task.place, issuer, borrower, [16, 0, 0, 0])
    ask = (1, Question.AT_LEAST, 0)
    with pytest.raises(ConfigError, match="has not issued"):
        infer(asked.task, secret, row, *ask)
    issue(asked.task, asked.senders[ISSUER], replace(row, account=issuer))
    with pytest.raises(ConfigError, match="was issued for"):
        infer(asked.task, secret, row, *ask)
    other = row_of(asked, [16, 0, 0, 1])
    row_hash = point_hash(asked.task.infer.commit(other.vector))
    asked.senders[ISSUER].send(asked.contracts.inferences.take_back(asked.task_id, row_hash))
    with pytest.raises(ConfigError, match="took this row back"):
        infer(asked.task, secret, other, *ask)
    with pytest.raises(ConfigError, match="another task"):
        infer(asked.task, secret, replace(other, place="elsewhere/1"), *ask)
    with pytest.raises(ConfigError, match="do not answer"):
        infer(asked.task, secret, other, 1, Question.CLASS, 0)


def test_context__is_the_contracts(asked):
    addresses = [sender.address for sender in asked.senders[:3]]
    query = Query(asked.task_id, 1, addresses[0], addresses[1], Question.AT_LEAST, -4, 2**255)
    inferences = asked.contracts.inferences
    for consumer in (NOBODY, addresses[2]):
        assert inferences.context_of(consumer, query) == context_of(31337, inferences.address, consumer, query)


def test_task__whose_verifier_is_not_the_manifests__is_found_out(asked):
    other = asked.create()  # of the same manifest, and not open
    task = asked.open(other)
    with pytest.raises(TaskError, match="not open for inferences"):
        task.check_inference()
    verifier = asked.task.config.train_verifier
    setup = Setup(verifier, 1, asked.chain.code_hash(verifier))
    asked.senders[CREATOR].send(asked.contracts.inferences.open(other, setup))
    with pytest.raises(TaskError, match="is not the one rebuilt here"):
        task.check_inference()


def test_threshold__is_the_least_z_that_says_so_much(asked):
    learner = asked.task.learner
    assert learner.threshold(0.5) == 0
    assert learner.threshold(0.75) == 1 << learner.z_bits
    for value in (0.0, 0.999, 2.0, float("nan")):
        with pytest.raises(ConfigError, match="always or never"):
            learner.threshold(value)
    assert learner.says(0).endswith("0.5000")
    with pytest.raises(ConfigError, match="is no class that these models pick"):
        learner.class_index("virginica")


def test_row_file__is_its_owners_alone__and_is_never_written_over(tmp_path):
    row = CommittedRow.draw("here/1", f"0x{'11' * 20}", f"0x{'22' * 20}", [1, -2])
    path = tmp_path / "row.json"
    row.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert CommittedRow.read(path) == row
    with pytest.raises(ConfigError, match="is there already"):
        row.write(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by every user"):
        CommittedRow.read(path)
    path.chmod(0o600)
    fields = json.loads(path.read_text())
    broken = (
        {"salts": fields["salts"][1:]},
        {"features": ["1"]},
        {"features": [2**70]},
        {"schema": "else"},
        {"account": "0x1"},
        {"place": 1},
        {"salts": ["x"] * 32},
    )
    for change in broken:
        path.write_text(json.dumps(fields | change))
        with pytest.raises(ConfigError, match="holds no row"):
            CommittedRow.read(path)
    path.write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="holds no row"):
        CommittedRow.read(path)


@pytest.fixture
def commands(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`headwater infer ...` of an account."""
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in ("circuits", "contracts", "srs"):
        (home / name).symlink_to(asked.home / name)

    def run(account: int, *words: str, code: int = 0) -> str:
        environment = {
            "HEADWATER_RPC": asked.anvil.url,
            "HEADWATER_HOME": str(home),
            "HEADWATER_STORE": f"dir:{asked.folder}/store",
            "HEADWATER_DEPLOYMENTS": str(asked.folder / "deployments"),
            "HEADWATER_PRIVATE_KEY": asked.anvil.accounts[account].key.hex(),
        }
        found = CliRunner().invoke(cli, ["infer", *words], env=environment)
        assert found.exit_code == code, found.output
        return found.output

    return run


def test_commands__from_a_row_to_its_record(asked, commands, tmp_path):
    with asked.files[0].open() as file:
        header, first, *_ = file.read().splitlines()
    data = tmp_path / "row.csv"
    data.write_text(f"{header}\n{first}\n")
    data.chmod(0o600)
    borrower = asked.senders[BORROWER].address
    task = ("--task", str(asked.task_id))
    said = commands(ISSUER, "row", *task, "--data", "row.csv", "--account", borrower)
    row_hash = re.search(r"row\.json (0x[0-9a-f]{64})", said)[1]
    assert "vouches for a row" in said
    assert "belongs to" not in said
    assert "the row is" in commands(OUTSIDER, "prove", *task, "--row", "row.json", "--at-least", "0.5", code=1)
    assert "ask one question" in commands(BORROWER, "prove", *task, "--row", "row.json", code=2)
    said = commands(BORROWER, "prove", *task, "--row", "row.json", "--at-least", "0.5", "--record")
    assert "probability of" in said
    assert "1 of 31 proofs" in said
    assert "recorded" in said
    made = json.loads(Path("proof.json").read_text())
    assert made["rowHash"] == row_hash
    assert made["query"]["value"] == "0"
    listed = commands(OUTSIDER, "list", *task)
    assert borrower[:8] in listed
    commands(ISSUER, "take-back", *task, "--row", row_hash)
    assert "took this row back" in commands(BORROWER, "prove", *task, "--row", "row.json", "--at-least", "0.6", code=1)
