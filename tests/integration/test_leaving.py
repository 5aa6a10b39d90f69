"""A trainer that leaves a task with nothing but its key: its data, its home and its store are lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from headwater.chain.contracts.screens import Stake
from headwater.errors import HeadwaterError
from headwater.protocol.decisions import Advance, Claim, Collect, Done, Release, Unenrol, Wait, Withdraw
from headwater.roles.leaving import Leaver
from headwater.roles.report import silent
from headwater.tools import ROOT
from tests.support.roles import ETHER, OUTSIDER, TERMS, World

SECONDS = 60


def leaver(world: World, account: int = 1) -> Leaver:
    return Leaver(world.contracts, world.task_id, world.senders[account], silent)


def wealth(world: World, account: int = 1) -> int:
    """Coin and free stake, wei."""
    address = world.senders[account].address
    return world.chain.balance(address) + world.stakes.stake_of(address).free


def test_leaver__between_rounds__has_its_whole_stake_back_after_the_unbonding_time(enrolled: World):
    me, role, before = enrolled.senders[1].address, leaver(enrolled), wealth(enrolled)

    assert isinstance(role.step(), Unenrol)
    waiting = role.step()
    assert isinstance(waiting, Wait)
    enrolled.pass_until(waiting.until)
    actions = [role.step() for _ in range(4)]

    assert [type(action) for action in actions] == [Advance, Release, Withdraw, Done]
    assert enrolled.stakes.stake_of(me).locked == 0
    assert wealth(enrolled) - before == pytest.approx(TERMS.stake, abs=ETHER // 100)  # but for gas
    assert not enrolled.trainers.get_enrolment(enrolled.task_id, me).exists


def test_leaver__with_a_seat__waits_for_the_rounds_end_and_pays_for_its_absence(training: World):
    role, before = leaver(training), wealth(training)

    assert isinstance(role.step(), Unenrol)
    seated = role.step()
    assert isinstance(seated, Wait)
    assert "has a seat" in seated.reason
    with pytest.raises(HeadwaterError):
        training.senders[1].send(training.trainers.release(training.task_id))
    training.pass_until(training.trainers.get_enrolment(training.task_id, training.senders[1].address).releasable_at)
    actions = []
    while not isinstance(action := role.step(), Done):
        assert not isinstance(action, Wait)
        actions.append(type(action))

    assert actions[-2:] == [Release, Withdraw]
    absence = TERMS.stake * TERMS.absence_slash // 10_000
    assert wealth(training) - before == pytest.approx(TERMS.stake - absence, abs=ETHER // 100)


def test_leaver__after_a_round__takes_its_reward_too(finalized: World):
    owed = finalized.rewards.reward_of(finalized.task_id, 1, finalized.senders[1].address)
    role, before = leaver(finalized), wealth(finalized)

    finalized.steps(role, Unenrol, Collect, Claim)
    finalized.pass_until(role.step().until)
    while not isinstance(role.step(), Done):
        pass

    assert owed > 0
    assert wealth(finalized) - before == pytest.approx(TERMS.stake + owed, abs=ETHER // 100)


def test_leaver__that_never_enrolled__has_nothing_to_do(training: World):
    account = training.senders[OUTSIDER].address
    free = training.stakes.stake_of(account).free
    assert leaver(training, OUTSIDER).step() == (Withdraw(free) if free else Done())


def test_command__with_an_empty_home__leaves__stops_in_order__and_goes_on(enrolled: World, tmp_path):
    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from headwater.cli.main import cli; cli()", "trainer", "leave", "--task", "1"]
        command += ["--poll", "0.2", "--rpc", enrolled.anvil.url, "--deployments", f"{enrolled.folder}/deployments"]
        key = enrolled.anvil.accounts[1].key.hex()
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "node"), "HEADWATER_PRIVATE_KEY": key}
        environment |= {"HEADWATER_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
        log = (tmp_path / "log").open("a")
        return subprocess.Popen(command, env=environment, stderr=log, text=True)

    def until(text: str) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in (tmp_path / "log").read_text():
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)

    me, before = enrolled.senders[1].address, wealth(enrolled)
    process = start()
    try:
        until("the stake is unbonding")
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        enrolled.pass_until(enrolled.trainers.get_enrolment(enrolled.task_id, me).releasable_at)
        process = start()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "log").read_text().count("] unenrolled") == 1
    assert enrolled.stakes.stake_of(me) == Stake(0, 0)
    assert wealth(enrolled) - before == pytest.approx(TERMS.stake, abs=ETHER // 100)
