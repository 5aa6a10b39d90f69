"""`headwater pool` as people type it: from the opening to a trainer that starts on the rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from headwater.chain.deploying.anvil import run_anvil
from headwater.cli.main import cli
from headwater.protocol.phases import TrainerStatus
from headwater.tools import ROOT
from tests.support.commands import PROGRAM, SECONDS
from tests.support.groups import identity, make_group
from tests.support.pooling import row_file
from tests.support.roles import World

OWNER, ANNA, BEN, CHRIS = 1, 4, 5, 7


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, home):
    """A world whose time was never moved."""
    folder = tmp_path_factory.mktemp("fresh")
    with run_anvil(folder / "anvil.log") as anvil:
        yield World(anvil, folder, home)


class Shell:
    """Types commands for accounts, each with a home of its own."""

    def __init__(self, world: World, folder) -> None:
        self.world, self.folder = world, folder

    def __call__(self, account: int | None, *words: str, fails: bool = False) -> str:
        done = CliRunner().invoke(cli, list(words), env=self.environment(account))
        assert (done.exit_code != 0) == fails, done.output
        return done.output

    def start(self, account: int, *words: str) -> subprocess.Popen[str]:
        """A process of its own."""
        own = os.environ | self.environment(account) | {"PYTHONPATH": f"{ROOT / 'node'}:{ROOT}"}
        command = [sys.executable, "-c", PROGRAM, *words]
        return subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def environment(self, account: int | None) -> dict[str, str]:
        """Where all is, and whose key."""
        world = self.world
        home = self.folder / f"home-{account}"
        if not home.exists():
            home.mkdir(mode=0o700)
            for name in ("circuits", "contracts", "srs"):
                (home / name).symlink_to(world.home / name)
        return {
            "HEADWATER_RPC": world.anvil.url,
            "HEADWATER_DEPLOYMENTS": str(world.folder / "deployments"),
            "HEADWATER_STORE": f"dir:{world.folder}/store",
            "HEADWATER_HOME": str(home),
            "HEADWATER_PRIVATE_KEY": world.anvil.accounts[account].key.hex() if account is not None else "",
            "COLUMNS": "200",
        }


def test_pool__by_commands__from_its_opening_to_its_checks(fresh, tmp_path):
    shell, world = Shell(fresh, tmp_path), fresh
    row = {account: str(row_file(world, account)) for account in (ANNA, BEN, CHRIS)}
    terms = ("--task", str(world.task_id), "--slots", "4", "--closes", "10m", "--closing", "10m")

    opened = shell(OWNER, "pool", "open", *terms)
    key = re.search(r"^key ([0-9a-f]{64})$", opened, re.MULTILINE)[1]  # type: ignore[index]
    assert "pool 1 of task" in opened
    refused = shell(OWNER, "pool", "open", *terms[:3], "9", *terms[4:], fails=True)
    assert "1 to 8 slots" in refused

    contribute = ("pool", "contribute", "--pool", "1", "--row")
    assert "your row has slot" in shell(ANNA, *contribute, row[ANNA], "--key", key, "--slot", "1")
    assert "compare the key" in shell(BEN, *contribute, row[BEN], "--slot", "3", "--package", str(tmp_path / "ben"))
    assert (tmp_path / "ben").stat().st_size > 1000
    assert "do not contribute" in shell(CHRIS, *contribute, row[CHRIS], "--key", "11" * 32, fails=True)
    shell(CHRIS, *contribute, row[CHRIS])
    assert "no longer in pool 1" in shell(CHRIS, "pool", "withdraw", "--pool", "1")

    shown = shell(None, "pool", "show", "--pool", "1")
    assert "2 of 4 taken" in shown
    assert f"{world.senders[CHRIS].address} withdrew" in shown
    assert key in shown
    assert "is still open" in shell(OWNER, "pool", "close", "--pool", "1", fails=True)

    assert "2 of 2 rows fit" in shell(OWNER, "pool", "collect", "--pool", "1", "--leave-out")
    before = shell(ANNA, "pool", "check", "--pool", "1", "--row", row[ANNA])
    assert "the pool is not closed" in before
    world.pass_until(world.contracts.pools.get_pool(1).closes_at)
    assert "pool 1 is closed, with 2 rows" in shell(OWNER, "pool", "close", "--pool", "1")

    checked = shell(ANNA, "pool", "check", "--pool", "1", "--row", row[ANNA])
    assert "✗" not in checked
    assert "?" not in checked
    assert f"{world.senders[ANNA].address} is in the pool" in checked
    wrong = shell(ANNA, "pool", "check", "--pool", "1", "--row", row[BEN], fails=True)
    assert "✗" in wrong
    assert "it has withdrawn" in shell(
        None, "pool", "check", "--pool", "1", "--account", world.senders[CHRIS].address, fails=True
    )
    assert "✗" not in shell(None, "pool", "check", "--pool", "1")

    # what is in the way of training is said before anything is sent
    train = ("trainer", "run", "--task", str(world.task_id))
    assert "name the data" in shell(OWNER, *train, fails=True)
    assert "name the data" in shell(OWNER, *train, "--pool", "1", "--data", row[ANNA], fails=True)
    process = shell.start(OWNER, *train, "--pool", "1")
    try:
        deadline = time.monotonic() + SECONDS
        while not world.rounds.get_state(world.task_id).joined:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)
    entry = world.rounds.get_roster_entry(world.task_id, 1, world.senders[OWNER].address)
    assert entry.status is TrainerStatus.JOINED

    assert "--yes deletes 4 secret(s)" in shell(OWNER, "pool", "forget", "--pool", "1")
    assert "deleted 4 secret(s)" in shell(OWNER, "pool", "forget", "--pool", "1", "--yes")


def test_pool__of_members_of_a_group__takes_a_row_of_each_person(world, tmp_path):
    world.at("created")
    shell = Shell(world, tmp_path)
    group = str(make_group(world.contracts, world.senders[OWNER], ["ada", "grace"]))
    own = tmp_path / "ada"
    own.write_text(identity("ada"))
    own.chmod(0o600)
    row = str(row_file(world, ANNA))
    terms = ("pool", "open", "--task", str(world.task_id), "--slots", "4", "--closes", "10m", "--closing", "10m")
    assert "give one of them" in shell(
        OWNER, *terms, "--group", group, "--admission", world.senders[BEN].address, fails=True
    )
    shell(OWNER, *terms, "--group", group)
    contribute = ("pool", "contribute", "--pool", "1", "--row", row)
    assert f"members of the groups {group} only" in shell(ANNA, *contribute, fails=True)
    assert f"members of group {group} (2 members" in shell(None, "pool", "show", "--pool", "1")
    assert "your row has slot" in shell(ANNA, *contribute, "--identity", str(own))
    again = shell(BEN, *contribute, "--identity", str(own), fails=True)
    assert "has a row in pool 1 already" in again
    stranger = tmp_path / "mallory"
    stranger.write_text(identity("mallory"))
    stranger.chmod(0o600)
    assert "is not in group" in shell(BEN, *contribute, "--identity", str(stranger), fails=True)
