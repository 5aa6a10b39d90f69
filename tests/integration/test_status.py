"""`headwater status` at every stage of a round, for everybody in it."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from headwater.cli.main import cli
from headwater.cli.status import screen
from headwater.errors import ChainError
from headwater.protocol.decisions import Claim, Collect, Unenrol
from headwater.reading.overview import Observer, coin, done_in_round, next_of, progress
from headwater.tools import ROOT
from tests.support.proxy import drop, run_proxy
from tests.support.roles import AGGREGATOR, CHALLENGER, CREATOR, ETHER, OUTSIDER, TERMS, World


def look(world: World, account: int, task_id: int | None = None):
    """An account's part in the task: what it did, what comes next, and until when."""
    overview = Observer(world.contracts, world.senders[account].address).look([task_id or world.task_id])
    (task,) = overview.tasks
    text, until = next_of(task, task.part, overview.account, overview.block.timestamp)
    return done_in_round(task.part, task.state), text, until, task


def status(world: World, *words: str, columns: int = 100, **environment: str):
    options = ["--rpc", world.anvil.url, "--deployments", str(world.folder / "deployments")]
    return CliRunner().invoke(cli, ["status", *options, *words], env={"COLUMNS": str(columns), **environment})


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    for name in ("HEADWATER_PRIVATE_KEY", "HEADWATER_PRIVATE_KEY_FILE", "HEADWATER_RPC"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("stage", "done", "following", "where"),
    (
        ("enrolled", [], "join", "0 joined, of 3 to 3"),
        ("training", ["joined"], "train, and submit an update", "0 of 3 submitted"),
        ("masking", ["joined", "submitted"], "mask its update", "0 of 3 masked"),
        ("aggregating", ["joined", "submitted", "masked"], "waiting for the average", "3 updates"),
        ("averaged", ["joined", "submitted", "masked"], "waiting for the average to be final", "model posted"),
    ),
)
def test_status__when_a_round_runs__then_a_trainer_sees_what_it_did_and_what_is_next(
    world: World, stage: str, done: list[str], following: str, where: str
):
    found, text, until, task = look(world.at(stage), 1)

    assert found == done
    assert text == following
    assert until == task.state.deadline > 0
    assert progress(task) == where


def test_status__when_the_block_that_makes_the_seed_is_the_newest__then_it_waits_for_the_next(masking: World):
    overview = Observer(masking.contracts, masking.senders[1].address).look([masking.task_id])
    (task,) = overview.tasks
    newest = replace(task, state=replace(task.state, seed_block=task.seen))

    text, until = next_of(newest, task.part, overview.account, overview.block.timestamp)
    assert text == "the next block shows who is whose peer"
    assert until == task.state.deadline


def test_status__when_an_average_was_posted__then_its_aggregator_waits_with_its_stake_locked(averaged: World):
    done, text, until, task = look(averaged, AGGREGATOR)

    assert done == ["aggregated"]
    assert text == "waiting for the average to be final"
    assert until == task.state.deadline
    assert task.part.locked == TERMS.stake


def test_status__when_a_round_is_over__then_rewards_are_shown_until_they_are_collected(finalized: World):
    observer = Observer(finalized.contracts, finalized.senders[1].address)
    expected = finalized.rewards.reward_of(finalized.task_id, 1, finalized.senders[1].address)

    assert observer.look().tasks[0].part.owed == {1: expected}
    finalized.senders[1].send(finalized.rewards.collect(finalized.task_id, [1]))
    after = observer.look()
    assert after.tasks[0].part.owed == {}
    assert after.account.claimable == expected > 0


def test_status__when_a_trainer_is_challenged__then_it_is_told_what_to_show_and_by_when(aggregating: World):
    accused = aggregating.senders[1].address
    call = aggregating.contracts.challenges.challenge_update(aggregating.task_id, accused, TERMS.challenge_bond)
    aggregating.senders[CHALLENGER].send(call)
    number = aggregating.contracts.challenges.challenge_count()

    _, text, until, task = look(aggregating, 1)
    assert text == f"show the masked update that challenge {number} demands"
    assert until == task.state.deadline
    assert progress(task) == "3 updates, 1 challenged"
    assert look(aggregating, 2)[1] == "waiting for the average"

    aggregating.pass_deadline()
    assert look(aggregating, 1)[1:3] == (f"did not answer challenge {number} in time", 0)


def test_status__when_the_average_is_challenged__then_its_aggregator_is_told_to_show_it(averaged: World):
    call = averaged.contracts.challenges.challenge_model(averaged.task_id, TERMS.challenge_bond)
    averaged.senders[CHALLENGER].send(call)
    number = averaged.contracts.challenges.challenge_count()

    assert look(averaged, AGGREGATOR)[1] == f"show the model that challenge {number} demands"
    assert look(averaged, 1)[1] == "waiting for the average to be final"


def test_status__when_the_first_model_is_challenged__then_the_creator_is_told_to_show_it(created: World):
    document = bytes(31) + b"\1"  # that nobody has
    task_id = created.create(created.task.basis.commit([3, -1, 4, 1]), document)
    creator = created.senders[CREATOR].address
    created.senders[CHALLENGER].send(created.contracts.challenges.challenge_model(task_id, TERMS.challenge_bond))
    number = created.contracts.challenges.challenge_count()

    _, text, until, task = look(created, CREATOR, task_id)
    assert text == f"show the model that challenge {number} demands"
    assert until == task.state.deadline > 0
    assert progress(task) == "0 joined, of 3 to 3, first model demanded"
    shown = status(created, "--task", str(task_id), "--address", creator).output
    assert f"show the model that challenge {number} demands (" in " ".join(shown.split())
    assert look(created, 1, task_id)[1] == "nothing to do now"

    created.pass_deadline(task_id)
    assert look(created, CREATOR, task_id)[1:3] == (f"did not answer challenge {number} in time", 0)


def test_status__when_a_deadline_has_passed__then_it_says_that_anyone_may_advance(training: World):
    training.pass_deadline()

    assert look(training, 1)[1:3] == ("the deadline has passed: anyone may advance the round", 0)


def test_status__when_a_trainer_leaves__then_the_stake_is_unbonding_until_it_can_be_released(enrolled: World):
    enrolled.senders[1].send(enrolled.trainers.unenrol(enrolled.task_id))

    _, text, until, task = look(enrolled, 1)
    assert text == "the stake is unbonding"
    assert until == task.part.enrolment.releasable_at > 0
    enrolled.pass_until(until)
    assert "free in" not in status(enrolled, "--address", enrolled.senders[1].address).output
    enrolled.senders[OUTSIDER].send(enrolled.rounds.advance(enrolled.task_id))
    assert look(enrolled, 1)[1] == "release its stake"


def test_status__when_trainers_were_absent__then_what_they_will_be_slashed_is_shown(training: World):
    training.advance()

    part = look(training, 1)[3].part
    assert part.slash == TERMS.stake * TERMS.absence_slash // 10_000 > 0
    assert not part.fault
    assert "to be slashed for an absence" in " ".join(
        status(training, "--address", training.senders[1].address, columns=200).output.split()
    )


def test_status__when_all_is_over__then_rewards_come_before_the_end(finalized: World):
    finalized.advance()  # nobody joins round 2
    trainer = finalized.trainer(0)

    finalized.steps(trainer, Unenrol)
    assert look(finalized, 1)[1] == "collect the reward of 1 round(s)"
    finalized.steps(trainer, Collect)
    assert look(finalized, 1)[1].startswith("claim ")
    finalized.steps(trainer, Claim)
    assert look(finalized, 1)[1] == "the stake is unbonding"


def test_status__when_no_account_is_named__then_only_tasks_are_shown(training: World):
    done = status(training)

    assert done.exit_code == 0, done.output
    assert "Train" in done.output
    assert "Name an account" in done.output
    assert "free stake" not in done.output


def test_status__when_a_keystore_is_named__then_its_account_is_shown_without_its_password(
    training: World, tmp_path: Path
):
    keystore = tmp_path / "key.json"
    keystore.write_text(json.dumps({"address": training.senders[1].address[2:].lower()}))

    done = status(training, "--keystore", str(keystore))

    assert done.exit_code == 0, done.output
    assert training.senders[1].address in done.output
    assert "train, and submit an update" in done.output


def test_status__when_an_account_has_no_part__then_it_says_so(training: World):
    assert "It has no part in these tasks." in status(training, "--address", training.senders[9].address).output
    assert "created it" in status(training, "--address", training.senders[CREATOR].address).output


@pytest.mark.parametrize("words", (["--task", "9"], ["--address", "0x12"]))
def test_status__when_there_is_no_such_task_or_address__then_an_error_says_so(training: World, words: list[str]):
    done = status(training, *words)

    assert done.exit_code != 0
    assert words[1] in done.stderr


@pytest.mark.parametrize("columns", (80, 120))
def test_status__when_the_terminal_is_narrow__then_no_line_is_longer(averaged: World, columns: int):
    done = status(averaged, "--address", averaged.senders[AGGREGATOR].address, columns=columns)

    assert max(len(line) for line in done.output.splitlines()) <= columns
    assert averaged.senders[AGGREGATOR].address in done.output


def test_status__when_the_node_fails_while_watching__then_the_last_state_stays_and_says_that_it_is_old(
    training: World, capsys
):
    from headwater.cli.console import out

    overview = Observer(training.contracts).look()
    out.print(screen(overview, overview.block.timestamp, ChainError("no Ethereum node answers")))

    shown = capsys.readouterr().out
    assert "not up to date: no Ethereum node answers" in shown
    assert "Train" in shown


def read_until(terminal: int, text: str) -> str:
    """What a program writes to a terminal, up to a text that it must write within some seconds."""
    shown, deadline = "", time.monotonic() + 20
    while text not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 1 << 16).decode(errors="replace")
    return shown


def test_status__when_it_watches__then_it_follows_the_chain_survives_its_node_and_ends_in_order(training: World):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from headwater.cli.main import cli; cli()", "status", "--watch", "--poll", "0.5"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "node"), "COLUMNS": "100", "LINES": "30", "TERM": "xterm"}
    with run_proxy(training.anvil.url) as node:
        command += ["--rpc", node.url, "--deployments", f"{training.folder}/deployments"]
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        try:
            read_until(ours, "Train")
            training.advance()
            read_until(ours, "2 of 2")
            node.do(drop)
            read_until(ours, "not up to date")
            process.send_signal(signal.SIGINT)
            read_until(ours, "Name an account")
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
            os.close(ours)
            os.close(theirs)


def test_status__when_it_ran__then_neither_torch_nor_ezkl_was_loaded(training: World):
    code = (
        "import sys\nfrom headwater.cli.main import cli\n"
        f"cli(['status', '--rpc', '{training.anvil.url}', '--deployments', '{training.folder}/deployments',"
        f" '--address', '{training.senders[1].address}'], standalone_mode=False)\n"
        "print({'torch', 'ezkl', 'onnx'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "node")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert done.stdout.splitlines()[-1] == "set()"


def test_observer__when_it_looks_again__then_it_asks_little(finalized: World, monkeypatch):
    observer = Observer(finalized.contracts, finalized.senders[OUTSIDER].address)
    observer.look()
    asked = []
    call = finalized.chain.call
    monkeypatch.setattr(finalized.chain, "call", lambda *a, **k: asked.append(a[0].name) or call(*a, **k))
    observer.look()

    assert len(asked) <= 5
    assert "RewardManager.rewardOf" not in asked


def test_coin__when_an_amount_has_many_digits__then_six_are_shown():
    assert coin(ETHER // 3) == "0.333333 ETH"
    assert coin(ETHER) == "1 ETH"
    assert coin(7) == "7 wei"
