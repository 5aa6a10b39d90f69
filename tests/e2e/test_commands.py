"""The README's commands, as separate processes over one chain and one store: what an operator types."""

from __future__ import annotations

import csv
import re

import pytest

from tests.support.anvil import run_anvil
from tests.support.commands import Commands, write_rows

TRAINERS, ROWS = 3, 12
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def world(tmp_path_factory, home):
    folder = tmp_path_factory.mktemp("commands")
    for number in range(TRAINERS):
        write_rows(folder / f"trainer-{number}.csv", seed=number, count=ROWS)
    write_rows(folder / "new.csv", seed=11, count=40)
    with run_anvil(folder / "anvil.log", "--mixed-mining", "--block-time", "1") as anvil:
        yield Commands(folder, anvil, home)


@pytest.fixture(scope="module")
def task(world):
    """A task of one round, published and trained to its end by five processes."""
    assert "Recorded in deployments/anvil" in world.run("deploy")
    assert "Nothing to do" in world.run("deploy")
    assert "task 1" in world.create(1, ROWS)
    nodes = [
        world.start(number + 1, "trainer", "run", "--task", "1", "--poll", "0.5", "--data", f"trainer-{number}.csv")
        for number in range(TRAINERS)
    ]
    for number, role in enumerate(("aggregator", "challenger"), start=TRAINERS + 1):
        nodes.append(world.start(number, role, "run", "--task", "1", "--poll", "0.5"))
    logs = []
    for node in nodes:
        out, err = node.communicate(timeout=300)
        assert node.returncode == 0, out + err
        logs.append(err)
    return logs


def test_daemons__carry_a_task_to_its_end__and_say_what_they_did(task):
    for log in task[:TRAINERS]:
        for stage in ("submitted", "masked", "published"):
            assert len(re.findall(rf"\] {stage} ", log)) == 1
        for stage in ("claimed", "released", "withdrawn"):
            assert stage in log
    assert task[TRAINERS].count("aggregated") == 1
    assert "challenged" not in task[-1]


def test_task_show__gives_terms_columns_and_models__and_checks_the_verifiers(world, task):
    shown = world.run("task", "show", "1", "--check")
    assert "Finalized" in world.run("task", "list")
    terms = (
        "0.5 ETH, free 5s after leaving",
        "100% for a fault, 2.5% for an absence",
        "at least 0.01 ETH; to be answered in 1h;",
        "admission",
        "anybody",
        "zeros",
    )
    for text in ("pets", "size, weight", "cat, dog", *terms, "Finalized", "those of the SRS", "rebuilt here"):
        assert text in shown


def test_model__is_pulled_verified_and_applied(world, task):
    assert "round 1, average of 3 proved updates" in world.run("model", "pull", "--task", "1", "--out", "model")
    assert "these are its weights" in world.run("model", "verify", "model")
    predicted = world.run("model", "predict", "model", "--data", "new.csv", "--out", "predictions.csv")
    assert float(re.search(r"([\d.]+)% of 40 labelled rows are right", predicted)[1]) > 80
    rows = list(csv.DictReader((world.folder / "predictions.csv").open()))
    assert len(rows) == 40
    assert {row["kind"] for row in rows} <= {"cat", "dog"}


def test_model_verify__when_a_weight_was_changed__is_refused(world, task):
    world.run("model", "pull", "--task", "1", "--out", "changed")
    document = world.folder / "changed" / "model.bin"
    data = document.read_bytes()
    document.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "was changed" in world.run("model", "verify", "changed", code=1)
    assert "was changed" in world.run("model", "predict", "changed", "--data", "new.csv", code=1)


@pytest.mark.parametrize(
    ("words", "said"),
    (
        (("task", "show", "99"), "there is no task 99"),
        (("model", "pull", "--task", "1", "--round", "7"), "round 7 of task 1 made no model"),
        (("trainer", "run", "--task", "1", "--data", "broken.csv"), "broken.csv:2: column 'size' has 'big'"),
        (("model", "verify", "."), "no pulled model"),
        (("task", "show", "1", "--rpc", "http://127.0.0.1:1"), "no Ethereum node answers"),
        (("task", "show", "1", "--deployments", "elsewhere"), "run `headwater deploy`"),
    ),
)
def test_a_mistake__ends_with_what_to_do__and_exit_code_1(world, task, words, said):
    (world.folder / "broken.csv").write_text("size,weight,kind\nbig,7,dog\n")
    (world.folder / "broken.csv").chmod(0o600)
    shown = " ".join(world.run(*words, code=1).replace("│", " ").split())
    assert said in shown, shown
