"""On Hardhat's node: deployed, verified, and a task played as far as a trainer's seat."""

from __future__ import annotations

import os
import socket
import subprocess
import time

import pytest

from headwater.chain.asking.rpc import connect
from headwater.chain.contracts.events import Joined, TaskCreated
from headwater.chain.contracts.lens import NEWEST
from headwater.chain.deploying.anvil import derive_accounts
from headwater.chain.deploying.deploy import deploy
from headwater.chain.sending.sender import Sender
from headwater.errors import ChainError
from headwater.protocol import possession
from headwater.protocol.curve import multiply
from headwater.protocol.masks import GENERATOR, mask_key
from headwater.protocol.phases import Phase
from headwater.protocol.structs import ZERO_ADDRESS, ZERO_HASH, Origin, TaskConfig
from headwater.tools import ROOT, find_tool
from scripts.export_addresses import addresses
from tests.support.deploying import HOME, stands
from tests.support.toy_srs import ToySrs

pytestmark = pytest.mark.deploy

HARDHAT = ROOT / "build" / "hardhat"
COMMAND = HARDHAT / "node_modules" / "hardhat" / "internal" / "cli" / "bootstrap.js"
START_SECONDS = 120
STAKE = 10**18
SRS, DIMENSION = ToySrs(10, 123_456_789), 3
CODE = bytes.fromhex("60016000f3")  # a constructor that leaves a byte of code behind, for a verifier's


@pytest.fixture
def node(tmp_path):
    """A chain of Hardhat's, which has anvil's accounts."""
    assert COMMAND.exists(), "run `make deploy-check`: it installs Hardhat"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [find_tool("node"), COMMAND, "node", "--hostname", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "CI": "true"}
    log = tmp_path / "hardhat.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=HARDHAT, stdout=output, stderr=output, env=environment) as process,
    ):
        try:
            yield wait(process, f"http://127.0.0.1:{port}", log)
        finally:
            process.kill()


def wait(process, url, log):
    """The chain, as soon as it answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return connect(url)
        except ChainError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


def config(verifier, code_hash):
    points = SRS.basis(DIMENSION)
    return TaskConfig(
        train_verifier=verifier,
        train_code_hash=code_hash,
        average_verifier=verifier,
        average_code_hash=code_hash,
        score_verifier=ZERO_ADDRESS,
        score_code_hash=ZERO_HASH,
        manifest=b"\x01" * 32,
        srs=b"\x02" * 32,
        k=SRS.k,
        dimension=DIMENSION,
        rounds=1,
        min_trainers=3,
        max_trainers=3,
        max_links=1,
        review_period=0,
        quiet_bound=0,
        admission=ZERO_ADDRESS,
        join_period=3600,
        train_period=3600,
        mask_period=3600,
        aggregate_period=3600,
        challenge_period=3600,
        answer_period=3600,
        unbonding_period=3600,
        stake=STAKE,
        aggregator_fee=0,
        challenge_bond=0,
        fault_slash=0,
        absence_slash=0,
        offset=points.offset,
        basis0=points.basis0,
        basis1=points.basis1,
        basis_d=points.basis_d,
        tau=SRS.tau_g2,
    )


def test_deployment__on_hardhats_node__carries_a_task_to_its_roster(node, tmp_path):
    keys = derive_accounts(4)
    creator, *trainers = (Sender(node, key) for key in keys)
    assert node.chain_id == 31337
    made = deploy(creator, tmp_path, HOME, "hardhat").deployment
    assert made.summary()["31337"] == addresses()["31337"], "a chain is a chain"
    contracts = stands(tmp_path, "hardhat", node, keys[0])

    verifier, _ = creator.deploy(CODE, "verifier")
    terms, origin = config(verifier, node.code_hash(verifier)), Origin(SRS.commit([0] * DIMENSION))
    create = contracts.tasks.create_task(terms, SRS.basis_quotient(DIMENSION), origin, b"\x04" * 32, 0)
    task_id = creator.send(create).event(TaskCreated).task_id
    for i, trainer in enumerate(trainers):
        trainer.send(contracts.stakes.deposit(STAKE))
        data, shown = (
            multiply(GENERATOR, 100 + i),
            possession.prove(200 + i, contracts.tasks.tag(task_id), trainer.address),
        )
        trainer.send(contracts.trainers.enrol(task_id, [data], mask_key(200 + i), shown))
        assert trainer.send(contracts.rounds.join(task_id)).event(Joined).joined == i + 1
    (task,), total, *_ = contracts.lens.get_tasks(NEWEST, 10)
    assert (task.task_id, total, task.phase, task.joined) == (task_id, 1, Phase.TRAIN, 3)
