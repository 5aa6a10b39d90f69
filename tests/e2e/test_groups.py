"""A task that admits members of two groups: its commands, as an admin, a creator and trainers type them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.support.anvil import run_anvil
from tests.support.commands import SECONDS, Commands, write_rows

TRAINERS, ROWS = 3, 12
ADMIN, CREATOR, AGAIN, AGGREGATOR = 9, 0, 7, 6  # accounts
pytestmark = pytest.mark.e2e


@pytest.fixture
def world(tmp_path, home):
    for number in range(TRAINERS):
        write_rows(tmp_path / f"trainer-{number}.csv", seed=number, count=ROWS)
    tmp_path.chmod(0o700)
    with run_anvil(tmp_path / "anvil.log", "--mixed-mining", "--block-time", "1") as anvil:
        yield Commands(tmp_path, anvil, home)


def test_groups__admit_their_members_and_nobody_twice(world):
    world.run("deploy")
    for number in range(2):
        assert f"group {number}" in world.run("group", "create", account=ADMIN)
    numbers = [commitment(world, f"person-{number}") for number in range(TRAINERS)]
    assert commitment(world, "person-0") == numbers[0], "an identity that is there is kept"
    assert (world.folder / "person-0").stat().st_mode & 0o777 == 0o600
    (world.folder / "list").write_text("\n".join([*numbers, "4711"]))
    assert "group 0 has 4 members" in world.run("group", "add", "0", "--file", "list", account=ADMIN)
    assert "group 1 has 3 members" in world.run("group", "add", "1", *numbers[:2], "4712", account=ADMIN)
    refused = world.run("group", "add", "1", numbers[2], account=CREATOR, code=1)
    assert "only the group's admin changes it" in " ".join(refused.replace("│", " ").split())

    assert "task 1" in world.create(1, ROWS, "--group", "1", "--group", "0")
    shown = " ".join(world.run("task", "show", "1").replace("│", " ").split())
    admin = world.anvil.accounts[ADMIN].address
    assert f"group 0 (4 members, admin {admin}) and group 1 (3 members, admin {admin}): 2 are in all" in shown

    said = world.run("trainer", "run", "--task", "1", "--data", "trainer-0.csv", account=1, code=1)
    assert "and no identity is named" in " ".join(said.replace("│", " ").split())
    logs = [world.folder / f"log-{number}" for number in range(TRAINERS)]
    nodes = []
    for number, log in enumerate(logs):
        words = ("--data", f"trainer-{number}.csv", "--identity", f"person-{number}", "--poll", "0.5")
        with log.open("w") as file:
            nodes.append(world.start(number + 1, "trainer", "run", "--task", "1", *words, err=file))
    says(logs[2], "is not in group 1 yet")
    for log in logs[:2]:
        says(log, "enrolled")
    assert "enrolled" not in logs[2].read_text()
    again = ("--task", "1", "--data", "trainer-0.csv", "--identity", "person-0")
    said = world.run("trainer", "run", *again, account=AGAIN, code=1)
    assert "this identity has its seat in task 1 already" in " ".join(said.replace("│", " ").split())

    assert "group 1 has 4 members" in world.run("group", "add", "1", numbers[2], account=ADMIN)
    nodes.append(world.start(AGGREGATOR, "aggregator", "run", "--task", "1", "--poll", "0.5"))
    for node in nodes:
        out, err = node.communicate(timeout=300)
        assert node.returncode == 0, out + (err or "") + logs[0].read_text()
    assert "Finalized" in world.run("task", "list")
    told = "".join(log.read_text() for log in logs)
    assert not any(number in told for number in numbers), "a log that is shared connects no account with a member"


def says(log: Path, text: str) -> None:
    """Wait until a process has said something."""
    deadline = time.monotonic() + SECONDS
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def commitment(world: Commands, name: str) -> str:
    """What `group join` prints, of an identity that stays in a file."""
    return re.search(r"^[0-9]{60,}$", world.run("group", "join", "--identity", name), re.MULTILINE)[0]
